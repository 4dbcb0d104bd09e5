/* Preparing statements on a real schema without running them: names and types are right, or the build fails. */
#ifndef DASTERN_DB_CHECK_H
#define DASTERN_DB_CHECK_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "db/statement.h"

/* Called for each parameter of a statement that prepared, with the type PostgreSQL gave it. */
typedef bool db_check_param(const struct sql_stmt *sql, const char *param, Oid type, void *arg);

/* Prepares every statement of the NULL-terminated list, prints each fault to stderr and returns their number:
 * it does not prepare, a column has a type that cannot be answered, `check` (may be NULL) refused a parameter. */
int db_check_statements(const char *conninfo, const struct sql_stmt *const *statements, db_check_param *check, void *arg);

#endif
