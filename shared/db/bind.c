/* Name, value pairs of variadic calls. */
#include "db/bind.h"

#include <stdlib.h>

void bindings_read(struct bindings *b, va_list args)
{
    const char *name;
    b->count = 0;
    while ((name = va_arg(args, const char *))) {
        if (b->count == LIMIT_STATEMENT_PARAMS)
            abort(); /* no statement has that many parameters */
        b->pairs[b->count].name = name;
        b->pairs[b->count++].value = va_arg(args, const char *);
    }
}

bool bindings_find(const struct bindings *b, const char *name, const char **value)
{
    for (size_t i = 0; i < b->count; i++) {
        if (str_eq(b->pairs[i].name, name)) {
            *value = b->pairs[i].value;
            return true;
        }
    }
    return false;
}
