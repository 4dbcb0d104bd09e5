/* A batch of statements in one round trip: send everything, one Sync, then read the answers in order. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "db/conn.h"
#include "db/rows.h"

#define PREPARED_SLOTS (LIMIT_STATEMENTS * 2)

/* Where `sql` is or would be remembered; the table is never more than half full. */
static size_t prepared_slot(const struct db_conn *conn, const struct sql_stmt *sql)
{
    size_t i = ((size_t)(const void *)sql / sizeof *sql) % PREPARED_SLOTS;
    while (conn->prepared[i] && conn->prepared[i] != sql)
        i = (i + 1) % PREPARED_SLOTS;
    return i;
}

static bool is_prepared(const struct db_conn *conn, const struct sql_stmt *sql)
{
    return conn->prepared[prepared_slot(conn, sql)] == sql;
}

/* A statement that stands twice in one batch is prepared once: *prepares says whether a Parse was sent. */
static bool send_call(struct db_conn *conn, const struct db_call *call, bool *prepares)
{
    const struct sql_stmt *sql = call->sql;
    int n = (int)sql->count;
    *prepares = false;
    if (!pool_prepares(conn->pool) || conn->prepared_count >= LIMIT_STATEMENTS)
        return PQsendQueryParams(conn->pg, sql->text, n, NULL, call->values, NULL, NULL, 1) == 1;
    if (!is_prepared(conn, sql)) {
        if (PQsendPrepare(conn->pg, sql->name, sql->text, n, NULL) != 1)
            return false;
        conn->prepared[prepared_slot(conn, sql)] = sql;
        conn->prepared_count++;
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

/* The next result, or NULL at the end of a statement's results. `*ok` false: time is up or the connection failed. */
static PGresult *next_result(struct db_conn *conn, int64_t deadline, bool *ok)
{
    while (PQisBusy(conn->pg)) {
        int64_t ms = (deadline - clock_us()) / 1000;
        if (ms <= 0 || !conn_wait(conn, false, (int)ms) || !PQconsumeInput(conn->pg)) {
            *ok = false;
            return NULL;
        }
    }
    return PQgetResult(conn->pg);
}

/* Reads the one result of a statement (or of its Parse) and the NULL behind it. */
static PGresult *read_answer(struct db_conn *conn, int64_t deadline, bool *ok)
{
    PGresult *result = next_result(conn, deadline, ok);
    if (!result) {
        *ok = false;
        return NULL;
    }
    PGresult *more = next_result(conn, deadline, ok);
    if (more) { /* one statement a call: more than one result cannot be */
        PQclear(more);
        *ok = false;
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

/* The first fault counts; what follows it in a pipeline is only PGRES_PIPELINE_ABORTED. */
static void note_fault(struct arena *mem, const PGresult *result, struct db_fault *fault, enum err *err)
{
    if (*err == OK && PQresultStatus(result) != PGRES_PIPELINE_ABORTED)
        *err = db_fault_read(mem, result, fault);
}

static void forget_prepared(struct db_conn *conn)
{
    conn->broken = true; /* some Parse was skipped: the table of prepared statements no longer tells the truth */
}

static enum err read_call(struct db_conn *conn, struct arena *mem, struct db_call *call, bool prepares,
                          int64_t deadline, struct db_fault *fault, bool *ok)
{
    enum err err = OK;
    if (prepares) {
        PGresult *parsed = read_answer(conn, deadline, ok);
        if (parsed && is_error(parsed)) {
            note_fault(mem, parsed, fault, &err);
            forget_prepared(conn);
        }
        PQclear(parsed);
        if (!*ok)
            return err;
    }
    PGresult *result = read_answer(conn, deadline, ok);
    if (!result)
        return err;
    arena_defer(mem, clear_result, result);
    if (is_error(result))
        note_fault(mem, result, fault, &err);
    else if (call->rows)
        rows_set(call->rows, result);
    return err;
}

static bool read_sync(struct db_conn *conn, int64_t deadline)
{
    bool ok = true;
    PGresult *sync = next_result(conn, deadline, &ok);
    bool good = ok && PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
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
    int64_t deadline = clock_us() + ANSWER_WAIT_MS * 1000L;
    bool *prepares = arena_array(mem, count, sizeof *prepares);
    bool ok = true;
    enum err err = OK;
    if (!send_all(conn, calls, count, prepares, deadline))
        return give_up(conn, fault);
    for (size_t i = 0; ok && i < count; i++) {
        struct db_fault later;
        enum err one = read_call(conn, mem, &calls[i], prepares[i], deadline, err == OK ? fault : &later, &ok);
        err = err == OK ? one : err;
    }
    if (!ok || !read_sync(conn, deadline))
        return give_up(conn, fault);
    return err;
}

enum err db_listen(struct db_conn *conn, const char *channel)
{
    char text[80];
    snprintf(text, sizeof text, "LISTEN %s", channel);
    if (PQsendQueryParams(conn->pg, text, 0, NULL, NULL, NULL, NULL, 0) != 1 || PQpipelineSync(conn->pg) != 1)
        return E_UNAVAILABLE;
    int64_t deadline = clock_us() + ANSWER_WAIT_MS * 1000L;
    bool ok = flush_all(conn, deadline);
    PGresult *result = ok ? read_answer(conn, deadline, &ok) : NULL;
    bool good = ok && !is_error(result) && read_sync(conn, deadline);
    PQclear(result);
    return good ? OK : E_UNAVAILABLE;
}

enum err db_wait_notification(struct db_conn *conn, int ms, bool *came)
{
    *came = false;
    bool readable = conn_wait(conn, false, ms);
    if (readable && !PQconsumeInput(conn->pg)) {
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
