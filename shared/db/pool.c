/* The pool: a free list under a mutex. Connections are opened by who leases them, outside the lock. */
#include "db/pool.h"

#include <pthread.h>
#include <time.h>

#include "core/clock.h"
#include "db/conn.h"
#include "db_sql.h"

#define RECONNECT_PAUSE_US 100000 /* after a failed connect, fail at once for this long instead of queueing up */

struct db_pool {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct db_conn *free;
    char *conninfo;
    bool prepare;
    int64_t no_connect_before; /* clock_us */
};

bool pool_prepares(const struct db_pool *pool)
{
    return pool->prepare;
}

const char *pool_conninfo(const struct db_pool *pool)
{
    return pool->conninfo;
}

struct db_pool *db_pool_new(const char *conninfo, int size, bool prepare)
{
    struct db_pool *pool = xcalloc(1, sizeof *pool);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->freed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&pool->lock, NULL);
    pool->conninfo = xstrdup(conninfo);
    pool->prepare = prepare;
    for (int i = 0; i < size; i++) {
        struct db_conn *conn = xcalloc(1, sizeof *conn);
        conn->pool = pool;
        conn->next_free = pool->free;
        pool->free = conn;
    }
    return pool;
}

static struct db_conn *take_free(struct db_pool *pool)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LEASE_WAIT_MS / 1000;
    pthread_mutex_lock(&pool->lock);
    while (!pool->free)
        if (pthread_cond_timedwait(&pool->freed, &pool->lock, &until) != 0)
            break;
    struct db_conn *conn = pool->free;
    if (conn)
        pool->free = conn->next_free;
    pthread_mutex_unlock(&pool->lock);
    return conn;
}

static void give_back(struct db_conn *conn)
{
    struct db_pool *pool = conn->pool;
    pthread_mutex_lock(&pool->lock);
    conn->next_free = pool->free; /* last in, first out: few connections stay warm */
    pool->free = conn;
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
}

static bool may_connect(struct db_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    bool may = clock_us() >= pool->no_connect_before;
    pthread_mutex_unlock(&pool->lock);
    return may;
}

static void note_connect_failure(struct db_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->no_connect_before = clock_us() + RECONNECT_PAUSE_US;
    pthread_mutex_unlock(&pool->lock);
}

enum err db_lease(struct db_pool *pool, struct db_conn **out)
{
    struct db_conn *conn = take_free(pool);
    if (!conn)
        return E_UNAVAILABLE;
    if (!conn_alive(conn)) {
        if (!may_connect(pool)) {
            give_back(conn);
            return E_UNAVAILABLE;
        }
        if (conn_open(conn) != OK) {
            note_connect_failure(pool);
            give_back(conn);
            return E_UNAVAILABLE;
        }
    }
    *out = conn;
    return OK;
}

bool db_transaction_failed(const struct db_conn *conn)
{
    return PQtransactionStatus(conn->pg) == PQTRANS_INERROR;
}

/* Ends whatever transaction is still open; a connection where even that fails is not kept. */
static void roll_back(struct db_conn *conn)
{
    struct arena *mem = arena_new(1024);
    struct db_call call = {.sql = &SQL_rollback};
    struct db_fault fault;
    if (db_run(conn, mem, &call, 1, &fault) != OK)
        conn->broken = true;
    arena_free(mem);
}

void db_release(struct db_conn *conn)
{
    if (!conn)
        return;
    if (!conn->broken && PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
        roll_back(conn);
    if (conn->broken || PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
        conn_close(conn);
    give_back(conn);
}
