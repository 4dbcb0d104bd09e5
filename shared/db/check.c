/* make check-sql, the database's half. */
#include "db/check.h"

#include <stdio.h>

#include "db/pg_types.h"
#include "db/rows.h"

#define FIRST_USER_OID 16384 /* types of our own schema: enums, which travel as text, and row types, which must not */

static int fault(const struct sql_stmt *sql, const char *what, const char *detail)
{
    fprintf(stderr, "%s: %s: %s\n", sql->name, what, detail);
    return 1;
}

static bool is_enum(PGconn *pg, Oid type)
{
    char text[16];
    snprintf(text, sizeof text, "%u", type);
    const char *const values[] = {text};
    PGresult *r = PQexecParams(pg, "SELECT 1 FROM pg_type WHERE oid = $1::oid AND typtype = 'e'", 1, NULL, values, NULL,
                               NULL, 0);
    bool found = PQntuples(r) == 1;
    PQclear(r);
    return found;
}

/* Columns that start with '_' are for handlers, which may also read raw bytes. */
static int check_columns(PGconn *pg, const struct sql_stmt *sql, const PGresult *described)
{
    int faults = 0;
    for (int c = 0; c < PQnfields(described); c++) {
        Oid type = PQftype(described, c);
        bool fine = rows_type_known(type) || type == PG_BYTEA || (type >= FIRST_USER_OID && is_enum(pg, type));
        if (!fine)
            faults += fault(sql, "the type of this column cannot be answered", PQfname(described, c));
    }
    return faults;
}

static int check_params(const struct sql_stmt *sql, const PGresult *described, db_check_param *check, void *arg)
{
    int faults = 0;
    for (size_t i = 0; check && i < sql->count; i++)
        if (!check(sql, sql->params[i], PQparamtype(described, (int)i), arg))
            faults += fault(sql, "the field does not fit this parameter's type", sql->params[i]);
    return faults;
}

static int check_statement(PGconn *pg, const struct sql_stmt *sql, db_check_param *check, void *arg)
{
    int faults = 0;
    PGresult *prepared = PQprepare(pg, sql->name, sql->text, 0, NULL);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) {
        faults = fault(sql, "does not prepare", PQresultErrorMessage(prepared));
    } else {
        PGresult *described = PQdescribePrepared(pg, sql->name);
        faults = check_columns(pg, sql, described) + check_params(sql, described, check, arg);
        PQclear(described);
    }
    PQclear(prepared);
    return faults;
}

int db_check_statements(const char *conninfo, const struct sql_stmt *const *statements, db_check_param *check, void *arg)
{
    int faults = 0;
    PGconn *pg = PQconnectdb(conninfo);
    if (PQstatus(pg) != CONNECTION_OK) {
        fprintf(stderr, "check-sql: %s", PQerrorMessage(pg));
        faults = 1;
    } else {
        for (; *statements; statements++)
            faults += check_statement(pg, *statements, check, arg);
    }
    PQfinish(pg);
    return faults;
}
