/* Inside shared/db only: one connection. */
#ifndef DASTERN_DB_CONN_H
#define DASTERN_DB_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "core/limits.h"
#include "db/pool.h"

#define LEASE_WAIT_MS 2000
#define CONNECT_WAIT_S "2"
#define ANSWER_WAIT_MS 10000 /* above the roles' statement_timeout, so that only a hanging server meets it */

struct db_conn {
    struct db_pool *pool;
    struct db_conn *next_free;
    PGconn *pg;                                    /* NULL while closed */
    bool broken;                                   /* the protocol state is unclear: close at release */
    const struct sql_stmt *prepared[LIMIT_STATEMENTS]; /* what this server process knows by name, oldest first */
    size_t prepared_count;
};

enum err conn_open(struct db_conn *conn) MUST_CHECK;
void conn_close(struct db_conn *conn);
/* True while the server has not closed its end and nothing unexpected waits to be read. */
bool conn_alive(const struct db_conn *conn);
/* Waits until the socket can be read (or also written). false: time is up or the socket failed. */
bool conn_wait(const struct db_conn *conn, bool for_write, int ms);
bool pool_prepares(const struct db_pool *pool);
const char *pool_conninfo(const struct db_pool *pool);

#endif
