/* Rows by column name. */
#include "db/rows.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "db/pg_types.h"
#include "db/value.h"

void rows_set(struct rows *rows, PGresult *result)
{
    rows->result = result;
}

size_t rows_count(const struct rows *rows)
{
    return rows->result ? (size_t)PQntuples(rows->result) : 0;
}

size_t rows_size(const struct rows *rows)
{
    return rows->result ? PQresultMemorySize(rows->result) : 0;
}

size_t rows_affected(const struct rows *rows)
{
    long n = 0;
    if (!rows->result || !str_to_long(PQcmdTuples(rows->result), &n))
        return 0;
    return (size_t)n;
}

bool rows_has_column(const struct rows *rows, const char *column)
{
    return rows->result && PQfnumber(rows->result, column) >= 0;
}

static _Noreturn void misuse(const char *what, const char *column, size_t row)
{
    fprintf(stderr, "rows: no %s %s in row %zu\n", what, column, row);
    abort();
}

/* Asking for a column that the statement does not select is a programming error. PQfnumber folds case and dots
 * are taken literally, as our names are lower case. */
static struct value cell(const struct rows *rows, size_t row, const char *column)
{
    int c = rows->result ? PQfnumber(rows->result, column) : -1;
    if (c < 0 || row >= rows_count(rows))
        misuse("column", column, row);
    return value_at(rows->result, (int)row, c);
}

const char *rows_text(const struct rows *rows, struct arena *mem, size_t row, const char *column)
{
    struct value v = cell(rows, row, column);
    if (!v.bytes)
        return NULL;
    struct buf text = {.mem = mem};
    value_text(&text, v);
    return text.data ? text.data : "";
}

bool rows_bool(const struct rows *rows, size_t row, const char *column)
{
    struct value v = cell(rows, row, column);
    if (v.type != PG_BOOL)
        misuse("boolean", column, row);
    return v.bytes && v.bytes[0] != 0;
}

long rows_long(const struct rows *rows, size_t row, const char *column)
{
    struct value v = cell(rows, row, column);
    if (v.type != PG_INT2 && v.type != PG_INT4 && v.type != PG_INT8)
        misuse("whole number", column, row); /* a numeric taken for 0 would be a lock that has run out */
    return v.bytes ? (long)value_integer(v) : 0;
}

const unsigned char *rows_bytes(const struct rows *rows, size_t row, const char *column, size_t *n)
{
    struct value v = cell(rows, row, column);
    *n = v.bytes ? v.size : 0;
    return v.bytes;
}
