/* Inside shared/db: one binary value of an answer and its text. */
#ifndef DASTERN_DB_VALUE_H
#define DASTERN_DB_VALUE_H

#include <libpq-fe.h>
#include <stddef.h>

#include "core/str.h"
#include "json/json_write.h"

struct value {
    const unsigned char *bytes; /* NULL: SQL null */
    size_t size;
    Oid type;
};

struct value value_at(const PGresult *result, int row, int column);
/* int2, int4, int8; other types give 0. */
long long value_integer(struct value v);
/* Plain text of any known type (no quotes). */
void value_text(struct buf *out, struct value v);
/* The JSON form: number, true/false, string, array, or the json itself. */
void value_json(struct json_out *out, struct value v);

#endif
