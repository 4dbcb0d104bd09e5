/* Inside shared/http: threads over one epoll; no thread is ever tied to an idle connection. */
#ifndef DASTERN_HTTP_DISPATCH_H
#define DASTERN_HTTP_DISPATCH_H

#include <stdbool.h>

#include "db/pool.h"
#include "http/serve.h"

/* Starts the threads. `listen_fd` must not block. */
void dispatch_start(const struct area *area, struct db_pool *pool, int listen_fd, int threads);
/* Closes each connection after its answer and wakes parked requests. New connections are taken only if `accepts`. */
void dispatch_drain(bool accepts);
/* Connections still open. */
int dispatch_connections(void);
/* Requests being worked on right now. */
int dispatch_busy(void);

#endif
