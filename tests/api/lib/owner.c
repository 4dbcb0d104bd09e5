/* A look into the database as its owner. */
#include "owner.h"

#include <libpq-fe.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* after the standard headers it needs */
#include <cmocka.h>

#define PARAMS 16

static PGconn *conn;
static PGresult *last;

static void owner_end(void) {
    PQclear(last);
    PQfinish(conn);
}

const char *owner_conninfo(void) {
    static char text[PATH_MAX + 128];
    char here[PATH_MAX];
    const char *given = getenv("DASTERN_TEST_DB"), *state = getenv("DASTERN_VAR");
    if (given)
        return given;
    assert_non_null(getcwd(here, sizeof here));
    snprintf(text, sizeof text, "host=%s%s/run dbname=dastern_db user=dastern", state ? "" : here, state ? state : "/var");
    return text;
}

static void owner_connect(void) {
    conn = PQconnectdb(owner_conninfo());
    if (PQstatus(conn) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(conn));
    atexit(owner_end);
}

static const char *run(const char *sql, va_list args) {
    const char *values[PARAMS];
    int n = 0;
    for (const char *v; n < PARAMS && (v = va_arg(args, const char *)) != NULL;)
        values[n++] = v;
    if (!conn)
        owner_connect();
    PQclear(last);
    last = PQexecParams(conn, sql, n, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(last);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_msg("%s\n%s", PQerrorMessage(conn), sql);
    return PQntuples(last) > 0 && !PQgetisnull(last, 0, 0) ? PQgetvalue(last, 0, 0) : NULL;
}

const char *owner_sql(const char *sql, ...) {
    va_list args;
    va_start(args, sql);
    const char *value = run(sql, args);
    va_end(args);
    return value;
}

long owner_count(const char *sql, ...) {
    va_list args;
    va_start(args, sql);
    const char *value = run(sql, args);
    va_end(args);
    return value ? strtol(value, NULL, 10) : 0;
}

int owner_forgive(void **state) {
    (void)state;
    owner_sql("DELETE FROM sign_in_throttle", NULL);
    return 0;
}
