/* Values for a statement's parameters, given as name, value pairs. */
#ifndef DASTERN_DB_BIND_H
#define DASTERN_DB_BIND_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/limits.h"
#include "core/str.h"

struct bindings {
    struct pair pairs[LIMIT_STATEMENT_PARAMS];
    size_t count;
};

/* Reads "name", value, "name", value, …, NULL. */
void bindings_read(struct bindings *b, va_list args);
/* false: no pair has that name. A value may be NULL. */
bool bindings_find(const struct bindings *b, const char *name, const char **value);

#endif
