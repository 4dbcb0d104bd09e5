/* A batch of statements in one round trip: send everything, one Sync, then read the answers in order. */
#include <poll.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "db/conn.h"
#include "db/rows.h"

/* A few dozen pointers to look through: nothing beside the round trip that follows. */
static bool is_prepared(const struct db_conn *conn, const struct sql_stmt *sql)
{
    for (size_t i = 0; i < conn->prepared_count; i++)
        if (conn->prepared[i] == sql)
            return true;
    return false;
}

/* A statement that stands twice in one batch is prepared once: *prepares says whether a Parse was sent. */
static bool send_call(struct db_conn *conn, const struct db_call *call, bool *prepares)
{
    const struct sql_stmt *sql = call->sql;
    int n = (int)sql->count;
    bool known = is_prepared(conn, sql);
    *prepares = false;
    if (!pool_prepares(conn->pool) || (!known && conn->prepared_count == LIMIT_STATEMENTS))
        return PQsendQueryParams(conn->pg, sql->text, n, NULL, call->values, NULL, NULL, 1) == 1;
    if (!known) {
        if (PQsendPrepare(conn->pg, sql->name, sql->text, n, NULL) != 1)
            return false;
        conn->prepared[conn->prepared_count++] = sql;
        *prepares = true;
    }
    return PQsendQueryPrepared(conn->pg, sql->name, n, call->values, NULL, NULL, 1) == 1;
}

static bool flush_all(struct db_conn *conn, int64_t deadline)
{
    int rest;
    while ((rest = PQflush(conn->pg)) == 1) {
        int64_t ms = (deadline - clock_us()) / 1000;
        if (ms <= 0 || !conn_wait(conn, true, (int)ms))
            return false;
        if (!PQconsumeInput(conn->pg))
            return false;
    }
    return rest == 0;
}

/* What is known while the answers of a batch come in. */
struct answers {
    struct db_conn *conn;
    struct arena *mem;
    int64_t deadline;
    bool lost;              /* time is up or the connection failed */
    enum err err;           /* of the first fault; what follows it in a pipeline is only PGRES_PIPELINE_ABORTED */
    struct db_fault *fault;
    size_t prepared;        /* statements that the server has prepared. A fault skips all Parses behind it: a prefix. */
};

/* The next result, or NULL at the end of a statement's results or when the connection is lost. */
static PGresult *next_result(struct answers *a)
{
    while (PQisBusy(a->conn->pg)) {
        int64_t ms = (a->deadline - clock_us()) / 1000;
        if (ms <= 0 || !conn_wait(a->conn, false, (int)ms) || !PQconsumeInput(a->conn->pg)) {
            a->lost = true;
            return NULL;
        }
    }
    return PQgetResult(a->conn->pg);
}

/* Reads the one result of a statement (or of its Parse) and the NULL behind it. */
static PGresult *read_answer(struct answers *a)
{
    PGresult *result = next_result(a);
    if (!result) {
        a->lost = true;
        return NULL;
    }
    PGresult *more = next_result(a);
    if (more) { /* one statement a call: more than one result cannot be */
        PQclear(more);
        a->lost = true;
    }
    return result;
}

static void clear_result(void *result)
{
    PQclear(result);
}

static bool is_error(const PGresult *result)
{
    ExecStatusType s = PQresultStatus(result);
    return s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK;
}

static void note_fault(struct answers *a, const struct sql_stmt *sql, const PGresult *result)
{
    if (a->err != OK || PQresultStatus(result) == PGRES_PIPELINE_ABORTED)
        return;
    a->err = db_fault_read(a->mem, result, a->fault);
    a->fault->statement = sql->name;
}

static void read_parse(struct answers *a, const struct db_call *call)
{
    PGresult *parsed = read_answer(a);
    if (parsed && is_error(parsed))
        note_fault(a, call->sql, parsed);
    else if (parsed)
        a->prepared++;
    PQclear(parsed);
}

static void read_call(struct answers *a, struct db_call *call, bool prepares)
{
    if (prepares)
        read_parse(a, call);
    PGresult *result = a->lost ? NULL : read_answer(a);
    if (!result)
        return;
    arena_defer(a->mem, clear_result, result);
    if (is_error(result))
        note_fault(a, call->sql, result);
    else if (call->rows)
        rows_set(call->rows, result);
}

static bool read_sync(struct answers *a)
{
    PGresult *sync = a->lost ? NULL : next_result(a);
    bool good = PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
    PQclear(sync);
    return good;
}

static bool send_all(struct db_conn *conn, struct db_call *calls, size_t count, bool *prepares, int64_t deadline)
{
    for (size_t i = 0; i < count; i++)
        if (!send_call(conn, &calls[i], &prepares[i]))
            return false;
    return PQpipelineSync(conn->pg) == 1 && flush_all(conn, deadline);
}

static enum err give_up(struct db_conn *conn, struct db_fault *fault)
{
    log_note(LOG_WARN, "db.connection_lost", "reason", PQerrorMessage(conn->pg));
    conn->broken = true;
    return db_fault_unavailable(fault);
}

enum err db_run(struct db_conn *conn, struct arena *mem, struct db_call *calls, size_t count, struct db_fault *fault)
{
    struct answers a = {.conn = conn, .mem = mem, .deadline = clock_us() + ANSWER_WAIT_MS * 1000L, .fault = fault,
                        .prepared = conn->prepared_count};
    bool *prepares = arena_array(mem, count, sizeof *prepares);
    if (!send_all(conn, calls, count, prepares, a.deadline))
        return give_up(conn, fault);
    for (size_t i = 0; !a.lost && i < count; i++)
        read_call(&a, &calls[i], prepares[i]);
    if (!read_sync(&a))
        return give_up(conn, fault);
    conn->prepared_count = a.prepared;
    if (a.err == E_INTERNAL)
        conn->broken = true; /* a plan that a migration has outdated, say: another connection makes a new one */
    return a.err;
}

enum err db_listen(struct db_conn *conn, const char *channel)
{
    char text[80];
    struct db_fault fault;
    struct answers a = {.conn = conn, .deadline = clock_us() + ANSWER_WAIT_MS * 1000L};
    snprintf(text, sizeof text, "LISTEN %s", channel);
    if (PQsendQueryParams(conn->pg, text, 0, NULL, NULL, NULL, NULL, 0) != 1 || PQpipelineSync(conn->pg) != 1 ||
        !flush_all(conn, a.deadline))
        return give_up(conn, &fault);
    PGresult *result = read_answer(&a);
    bool good = result && !is_error(result);
    PQclear(result);
    return read_sync(&a) && good ? OK : give_up(conn, &fault);
}

/* A signal ends the wait as well: the caller looks whether it is to stop. */
enum err db_wait_notification(struct db_conn *conn, int ms, bool *came)
{
    struct pollfd p = {.fd = PQsocket(conn->pg), .events = POLLIN};
    *came = false;
    if (poll(&p, 1, ms) > 0 && !PQconsumeInput(conn->pg)) {
        conn->broken = true;
        return E_UNAVAILABLE;
    }
    PGnotify *notify;
    while ((notify = PQnotifies(conn->pg))) {
        *came = true;
        PQfreemem(notify);
    }
    return OK;
}
