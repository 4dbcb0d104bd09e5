/* One PostgreSQL connection: open, close, is it still good. */
#include "db/conn.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/log.h"

/* Half-open TCP is noticed by keepalives and by the limit on unacknowledged data; no effect on unix sockets. */
static PGconn *connect_with_limits(const char *conninfo)
{
    const char *const keys[] = {"dbname", "connect_timeout", "keepalives_idle", "keepalives_interval",
                                "keepalives_count", "tcp_user_timeout", "client_encoding", NULL};
    const char *const values[] = {conninfo, CONNECT_WAIT_S, "10", "5", "3", "10000", "UTF8", NULL};
    return PQconnectdbParams(keys, values, 1);
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result; /* notices may quote values: they stay out of the logs */
}

enum err conn_open(struct db_conn *conn)
{
    conn_close(conn);
    PGconn *pg = connect_with_limits(pool_conninfo(conn->pool));
    if (PQstatus(pg) != CONNECTION_OK || PQsetnonblocking(pg, 1) != 0 || PQenterPipelineMode(pg) != 1) {
        log_note(LOG_WARN, "db.connect_failed", "reason", PQerrorMessage(pg));
        PQfinish(pg);
        return E_UNAVAILABLE;
    }
    PQsetNoticeReceiver(pg, ignore_notice, NULL);
    PQsetErrorVerbosity(pg, PQERRORS_SQLSTATE); /* PQerrorMessage goes to the log: codes, no texts that quote values */
    conn->pg = pg;
    return OK;
}

void conn_close(struct db_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = NULL;
    conn->broken = false;
    conn->prepared_count = 0;
}

bool conn_alive(const struct db_conn *conn)
{
    if (!conn->pg || PQstatus(conn->pg) != CONNECTION_OK)
        return false;
    char byte;
    ssize_t n = recv(PQsocket(conn->pg), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    /* Idle, the server has nothing to say: end of file is a shutdown, bytes are its farewell or a notification. */
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool conn_wait(const struct db_conn *conn, bool for_write, int ms)
{
    struct pollfd p = {.fd = PQsocket(conn->pg), .events = (short)(POLLIN | (for_write ? POLLOUT : 0))};
    int n;
    do
        n = poll(&p, 1, ms);
    while (n < 0 && errno == EINTR);
    return n > 0;
}
