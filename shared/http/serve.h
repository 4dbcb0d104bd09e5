/* main() of every module. */
#ifndef DASTERN_HTTP_SERVE_H
#define DASTERN_HTTP_SERVE_H

#include "core/config.h"
#include "db/pool.h"
#include "http/request.h"
#include "http/route.h"

struct area {
    const char *name;
    const struct route *routes;                  /* ends with method 0 */
    const struct sql_stmt *const *statements;    /* SQL_ALL_<area>, for --check-sql */
    const struct config_item *config;            /* the area's own items or NULL */
    enum err (*start)(void);                     /* once per worker process, before the first request; or NULL */
};

/*
 * Parent: takes the socket, keeps DASTERN_WORKERS processes running, rolls them on SIGHUP, ends them on SIGTERM.
 * Worker: DASTERN_THREADS threads over one epoll. Options: --help, --routes (the table as JSON), --check-sql.
 * Returns the exit status.
 */
int serve(const struct area *area, int argc, char **argv);

#endif
