/* A named SQL statement, generated from a queries.sql by scripts/embed-sql.awk. */
#ifndef DASTERN_DB_STATEMENT_H
#define DASTERN_DB_STATEMENT_H

#include <stddef.h>

struct sql_stmt {
    const char *name;          /* unique in the project; also the name of the prepared statement */
    const char *const *params; /* names of $1, $2, …; NULL-terminated */
    size_t count;              /* number of parameters */
    const char *text;
};

#endif
