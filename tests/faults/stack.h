/* The processes of the stack under test, by its state directory ($DASTERN_VAR). */
#ifndef DASTERN_TESTS_STACK_H
#define DASTERN_TESTS_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Processes of the project's own executables (app/bin/ of the state directory), parents and children alike; at most `room`. */
size_t stack_processes(pid_t *pids, size_t room);
/* The same, of modules only (those that serve HTTP), either their parents or the children that serve. */
size_t stack_modules(pid_t *pids, size_t room, bool parents);
/* Was the process started as this executable of app/bin/? */
bool stack_runs(pid_t pid, const char *name);

/* Processes that read pictures (their workers, not what those start). */
size_t stack_readers(pid_t *pids, size_t room);
/* The child that a worker has for the picture it is at; 0 when it has none at the moment. */
pid_t stack_reading_child(pid_t worker);
/* Process id of PostgreSQL's postmaster, or of Redis; 0 if it does not run. */
pid_t stack_postmaster(void);
pid_t stack_redis(void);
/* What the postmaster has started: backends and its helpers; at most `room`. */
size_t stack_backends(pid_t postmaster, pid_t *pids, size_t room);
/* Is it the backend of a connection of this executable? */
bool stack_serves(pid_t backend, const char *name);
/* Whether PostgreSQL accepts connections. */
bool stack_postgres_accepts(void);
/* A path below the state directory. Good until the next call. */
const char *stack_path(const char *name);
/* While held, the supervisor does not start Redis again. */
void stack_hold_redis(bool hold);

#endif
