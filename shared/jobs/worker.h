/* main() of every background worker: claims jobs from one PostgreSQL queue, runs them, says how they ended. */
#ifndef DASTERN_JOBS_WORKER_H
#define DASTERN_JOBS_WORKER_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/config.h"
#include "core/err.h"
#include "db/pool.h"
#include "db/rows.h"
#include "db/statement.h"

struct job {
    struct arena *mem;    /* the job's memory */
    const char *id;       /* uuid */
    const char *kind;
    const char *payload;  /* JSON object text */
    const char *worker;   /* name this process claims under */
    long attempt;         /* 1 for the first; counted when claimed */
    long max_attempts;
    const char *error;    /* why it failed: a code, nothing personal; set before returning an error */
    const struct worker *definition;
};

/*
 * Runs one job with no transaction open and no row locked. OK: done (unless the run marked it done itself, see
 * self_completing). E_UNAVAILABLE: tried again after backoff until max_attempts, then dead. Any other error: dead at once.
 */
struct worker {
    const char *name;                         /* executable: "ocr_worker" */
    const char *queue;                        /* table: "outbox"; NULL for a worker that only has `tick` */
    const char *kinds;                        /* PostgreSQL text[] literal of the kinds it takes, or NULL for all */
    int lease_s;                              /* a job not finished or extended within this is somebody else's */
    enum err (*run)(struct job *job);
    bool self_completing;                     /* run() ends the job by its own statement, fenced by (id, worker, attempt) */
    enum err (*tick)(int *next_ms);           /* called every round; sets how long it may sleep at most; or NULL */
    const struct sql_stmt *const *statements; /* SQL_ALL_<area> */
    const struct config_item *config;
    enum err (*start)(void);                  /* once, before the first claim */
};

/* Returns the exit status. Options: --help, --check-sql. SIGTERM: finishes the job in hand, then ends. */
int worker_main(const struct worker *worker, int argc, char **argv);

/* One statement in a transaction of its own; "name", value pairs bind parameters, ended by NULL. Logs and maps faults. */
enum err job_query(struct arena *mem, const struct sql_stmt *sql, struct rows *rows, ...) MUST_CHECK __attribute__((sentinel));
/* Several statements in one transaction (all or nothing); values[i] in the order of the statement's parameters. */
enum err job_batch(struct arena *mem, struct db_call *calls, size_t count, struct db_fault *fault) MUST_CHECK;
/* Keeps the lease and tells how far it is; false: the lease is lost, stop without effect. */
bool job_progress(struct job *job, const char *stage, int percent);

#endif
