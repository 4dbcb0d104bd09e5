/* Inside shared/http: threads over one epoll; no thread is ever tied to an idle connection. */
#ifndef DASTERN_HTTP_DISPATCH_H
#define DASTERN_HTTP_DISPATCH_H

#include "db/pool.h"
#include "http/serve.h"

/* Starts the threads. `listen_fd` must not block. */
void dispatch_start(const struct area *area, struct db_pool *pool, int listen_fd, int threads);
/* Takes no more connections, closes each after its answer, wakes parked requests. */
void dispatch_drain(void);
/* Connections still open. */
int dispatch_connections(void);
/* Requests being worked on right now. */
int dispatch_busy(void);

#endif
