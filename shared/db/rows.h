/* The rows of an answer: read by column name, or written out as JSON by the columns' types. */
#ifndef DASTERN_DB_ROWS_H
#define DASTERN_DB_ROWS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "json/json_write.h"

/* Zero-initialise; filled by db_run. Lives as long as the arena given there. */
struct rows {
    PGresult *result;
};

void rows_set(struct rows *rows, PGresult *result);
size_t rows_count(const struct rows *rows);
/* Bytes that the rows take in memory; as JSON they are of the same order. */
size_t rows_size(const struct rows *rows);
/* Rows changed by an INSERT, UPDATE or DELETE (also without RETURNING). */
size_t rows_affected(const struct rows *rows);

/* The value as the text JSON would show (without quotes); NULL for SQL null. A column that is not there aborts. */
const char *rows_text(const struct rows *rows, struct arena *mem, size_t row, const char *column);
/* A column of another type aborts: a numeric, say, would be taken for 0. Null is false, or 0. */
bool rows_bool(const struct rows *rows, size_t row, const char *column);
long rows_long(const struct rows *rows, size_t row, const char *column); /* int2/4/8 */
/* Raw bytes of a bytea column; NULL (and *n = 0) for SQL null. */
const unsigned char *rows_bytes(const struct rows *rows, size_t row, const char *column, size_t *n);
bool rows_has_column(const struct rows *rows, const char *column);

/* Writes one row as an object. Columns whose name starts with '_' are left out; adjacent columns "a.b", "a.c" become
 * the object "a"; json and jsonb go in as they are. */
void rows_write_object(struct json_out *out, const struct rows *rows, size_t row);

/* Can a column of this type be written? (for make check-sql; enums are text) */
bool rows_type_known(Oid type);

#endif
