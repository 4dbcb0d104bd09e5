/* Pooled PostgreSQL connections. A thread leases one for a transaction and gives it back. */
#ifndef DASTERN_DB_POOL_H
#define DASTERN_DB_POOL_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/err.h"
#include "db/fault.h"
#include "db/statement.h"

struct db_pool;
struct db_conn;
struct rows;

/* `conninfo` as libpq reads it; connections are made when first leased. `prepare` false sends every statement
 * unprepared, for a PgBouncer in transaction mode. Lives until the process ends. */
struct db_pool *db_pool_new(const char *conninfo, int size, bool prepare);

/* Waits up to LEASE_WAIT_MS for a free connection and opens it if need be. A connection that the server closed while
 * it lay idle is replaced here. E_UNAVAILABLE: none free, or PostgreSQL is not reachable. */
enum err db_lease(struct db_pool *pool, struct db_conn **out) MUST_CHECK;

/* Back to the pool. An open transaction is rolled back; a connection in any unclear state is closed, not mended.
 * NULL is allowed. */
void db_release(struct db_conn *conn);

/* One statement of a batch: values[i] is the text of $i+1 or NULL; `rows` is filled, and lives on the batch's arena. */
struct db_call {
    const struct sql_stmt *sql;
    const char *const *values;
    struct rows *rows;
};

/*
 * Sends all calls in one round trip (libpq pipeline mode) and reads the answers. Without SQL_begin among them (and
 * none open) the batch is one implicit transaction: all of it happens, or nothing. On the first fault the rest is
 * skipped, `fault` is filled and its kind returned; an explicit transaction is then only good for db_release.
 * Never blocks longer than ANSWER_WAIT_MS.
 */
enum err db_run(struct db_conn *conn, struct arena *mem, struct db_call *calls, size_t count,
                struct db_fault *fault) MUST_CHECK;

/* A statement of the open transaction has failed. COMMIT would be a ROLLBACK then, and report no fault. */
bool db_transaction_failed(const struct db_conn *conn);

/* LISTEN on a channel (a fixed name, never input). After a fault only db_release is left to do. */
enum err db_listen(struct db_conn *conn, const char *channel) MUST_CHECK;
/* Waits up to `ms`, or until a signal, for a notification; *came is true when one came. E_UNAVAILABLE when the connection is gone. */
enum err db_wait_notification(struct db_conn *conn, int ms, bool *came) MUST_CHECK;

#endif
