/* Requests that are cut off half-way. */
#include "cut.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "owner.h"

#define LOOKS 200 /* of 10 ms: a module itself waits for a lock for 3 s only */
#define REQUEST_BYTES 4096

static PGconn *connect_as(const char *role) {
    char text[4300];
    snprintf(text, sizeof text, "%s user=%s", owner_conninfo(), role);
    PGconn *conn = PQconnectdb(text);
    if (PQstatus(conn) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(conn));
    return conn;
}

/* First value as a number, 0 for none. */
static long run(PGconn *conn, const char *sql, const char *const *values, int n) {
    PGresult *result = PQexecParams(conn, sql, n, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_msg("%s\n%s", PQerrorMessage(conn), sql);
    long value = PQntuples(result) > 0 && PQnfields(result) > 0 ? strtol(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    return value;
}

static PGconn *hold(const struct cut *cut) {
    PGconn *conn = connect_as("dastern");
    run(conn, "BEGIN", NULL, 0);
    run(conn, cut->hold, &cut->id, cut->id ? 1 : 0);
    return conn;
}

static void pause_10ms(void) {
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

/* Process of the module's connection that waits for `holder`. */
static long await_blocked(PGconn *admin, PGconn *holder, const char *role) {
    char pid[16];
    snprintf(pid, sizeof pid, "%d", PQbackendPID(holder));
    const char *const values[] = {role, pid};
    for (int i = 0; i < LOOKS; i++, pause_10ms()) {
        long found = run(admin, "SELECT pid FROM pg_stat_activity WHERE usename = $1 AND $2::int = ANY (pg_blocking_pids(pid))", values, 2);
        if (found)
            return found;
    }
    fail_msg("nothing of %s waits", role);
    return 0;
}

static void await_idle(PGconn *admin, long backend) {
    char pid[16];
    snprintf(pid, sizeof pid, "%ld", backend);
    const char *const values[] = {pid};
    for (int i = 0; i < LOOKS; i++, pause_10ms())
        if (!run(admin, "SELECT pid FROM pg_stat_activity WHERE pid = $1::int AND state <> 'idle'", values, 1))
            return;
    fail_msg("the module does not come to an end");
}

static void *send_call(void *call) {
    return client_call(call);
}

struct answer *cut_from_database(const struct cut *cut, const struct call *call) {
    PGconn *admin = connect_as("postgres"), *holder = hold(cut);
    struct call sent = *call;
    pthread_t thread;
    void *result;
    char pid[16];
    const char *const values[] = {pid};
    assert_int_equal(pthread_create(&thread, NULL, send_call, &sent), 0);
    snprintf(pid, sizeof pid, "%ld", await_blocked(admin, holder, cut->role));
    run(admin, "SELECT pg_terminate_backend($1::int, 5000)", values, 1);
    PQfinish(holder);
    PQfinish(admin);
    pthread_join(thread, &result);
    return result;
}

void cut_from_client(const struct cut *cut, const char *token, const char *path, const char *body) {
    char request[REQUEST_BYTES];
    PGconn *admin = connect_as("postgres"), *holder = hold(cut);
    int n = snprintf(request, sizeof request,
                     "POST /api/v1%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                     "Authorization: Bearer %s\r\n\r\n%s", path, strlen(body), token, body);
    int fd = client_connect();
    assert_int_equal(send(fd, request, (size_t)n, MSG_NOSIGNAL), n);
    long backend = await_blocked(admin, holder, cut->role);
    close(fd);
    pause_10ms(); /* for nginx to see it */
    PQfinish(holder);
    await_idle(admin, backend);
    PQfinish(admin);
}
