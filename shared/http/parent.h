/* Inside shared/http: the process that holds the socket and keeps the worker processes running. */
#ifndef DASTERN_HTTP_PARENT_H
#define DASTERN_HTTP_PARENT_H

#include <sys/types.h>

/* Environment in which a worker finds what its parent prepared. */
#define ENV_LISTEN_FD "DASTERN_LISTEN_FD"
#define ENV_METRICS_FD "DASTERN_METRICS_FD"
#define ENV_READY_FD "DASTERN_READY_FD"
#define ENV_PARENT_PID "DASTERN_PARENT_PID"

/*
 * Binds `socket_path` (taking it over from a predecessor without a gap), runs `workers` processes of `executable`
 * with the argument --worker, and stays until SIGTERM or SIGINT. SIGHUP: replaces the workers one by one, each only
 * when its successor is ready; the new ones are started from the file as it is then. While workers can't be started,
 * who connects is turned away at once. Returns the exit status.
 */
int parent_run(const char *executable, const char *socket_path, int workers, size_t metrics_bytes);

#endif
