/* The loop of a background worker. Truth is the queue table; NOTIFY only wakes it sooner than the poll would. */
#include "jobs/worker.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "core/process.h"
#include "core/random.h"
#include "core/str.h"
#include "db/bind.h"
#include "db/check.h"
#include "db_sql.h"
#include "json/json_read.h"
#include "jobs_sql.h"

#define POLL_MS 1000      /* how late a job may start when its notification was lost */
#define OUTAGE_MS 200     /* pause while PostgreSQL is away */
#define ARENA_BYTES 65536
#define CONNECTIONS 2     /* one listens, one works */

static volatile sig_atomic_t stopping;

static struct {
    const struct worker *definition;
    struct db_pool *pool;
    struct db_conn *listener;
    char name[64];
} w;

static void on_stop(int signal)
{
    (void)signal;
    stopping = 1;
}

/* --- statements --------------------------------------------------------------------------------------------------- */

static void log_fault(const struct sql_stmt *sql, const struct db_fault *fault)
{
    struct log_line *l = log_begin(LOG_ERROR, "db.fault");
    log_str(l, "statement", sql->name);
    log_str(l, "sqlstate", fault->sqlstate);
    log_str(l, "code", fault->code);
    log_str(l, "message", fault->kind == E_INTERNAL ? fault->message : NULL);
    log_end(l);
}

enum err job_batch(struct arena *mem, struct db_call *calls, size_t count, struct db_fault *fault)
{
    struct db_conn *conn;
    if (db_lease(w.pool, &conn) != OK)
        return db_fault_unavailable(fault);
    enum err err = db_run(conn, mem, calls, count, fault);
    db_release(conn);
    return err;
}

static const char *const *bind(struct arena *mem, const struct sql_stmt *sql, const struct bindings *given)
{
    const char **values = arena_array(mem, sql->count + 1, sizeof *values);
    for (size_t i = 0; i < sql->count; i++) {
        if (!bindings_find(given, sql->params[i], &values[i])) {
            fprintf(stderr, "%s: parameter %s is not given\n", sql->name, sql->params[i]);
            abort();
        }
    }
    return values;
}

enum err job_query(struct arena *mem, const struct sql_stmt *sql, struct rows *rows, ...)
{
    struct bindings given;
    struct db_fault fault;
    va_list args;
    va_start(args, rows);
    bindings_read(&given, args);
    va_end(args);
    struct db_call call = {.sql = sql, .values = bind(mem, sql, &given), .rows = rows};
    enum err err = job_batch(mem, &call, 1, &fault);
    if (err != OK)
        log_fault(sql, &fault);
    return err;
}

/* --- one job -------------------------------------------------------------------------------------------------------- */

bool job_progress(struct job *job, const char *stage, int percent)
{
    struct rows rows = {0};
    const char *attempt = arena_printf(job->mem, "%ld", job->attempt);
    const char *percent_text = arena_printf(job->mem, "%d", percent);
    const char *lease = arena_printf(job->mem, "%d", job->definition->lease_s);
    enum err err = job_query(job->mem, &SQL_job_progress, &rows, "queue", job->definition->queue, "id", job->id, "worker",
                             job->worker, "attempt", attempt, "stage", stage, "percent", percent_text, "lease_s", lease,
                             NULL);
    return err == OK && rows_bool(&rows, 0, "held") && rows_bool(&rows, 0, "extended");
}

static void log_job(const struct job *job, const char *outcome)
{
    struct log_line *l = log_begin(str_eq(outcome, "done") ? LOG_INFO : LOG_WARN, "job");
    log_str(l, "queue", job->definition->queue);
    log_str(l, "kind", job->kind);
    log_str(l, "id", job->id);
    log_int(l, "attempt", job->attempt);
    log_str(l, "outcome", outcome);
    log_str(l, "error", job->error);
    log_end(l);
}

/* Whatever happens to these statements, the lease runs out and the job is claimed again: nothing is lost. */
static void end_job(struct job *job, enum err err)
{
    struct rows rows = {0};
    const char *queue = job->definition->queue;
    const char *attempt = arena_printf(job->mem, "%ld", job->attempt);
    if (err == OK && job->definition->self_completing) {
        log_job(job, "done");
    } else if (err == OK) {
        if (job_query(job->mem, &SQL_job_done, &rows, "queue", queue, "id", job->id, "worker", job->worker, "attempt",
                      attempt, NULL) == OK)
            log_job(job, rows_bool(&rows, 0, "held") ? "done" : "lease_lost");
    } else {
        const char *retryable = err == E_UNAVAILABLE ? "t" : "f";
        if (job_query(job->mem, &SQL_job_fail, &rows, "queue", queue, "id", job->id, "worker", job->worker, "attempt",
                      attempt, "error", job->error ? job->error : err_name(err), "retryable", retryable, NULL) == OK) {
            const char *status = rows_text(&rows, job->mem, 0, "status");
            log_job(job, status ? status : "lease_lost");
        }
    }
}

/* OK: a job was run. E_LATER: none is due. */
static enum err claim_and_run(void)
{
    struct arena *mem = arena_new(ARENA_BYTES);
    struct rows rows = {0};
    const char *lease = arena_printf(mem, "%d", w.definition->lease_s);
    enum err err = job_query(mem, &SQL_job_claim, &rows, "queue", w.definition->queue, "worker", w.name, "lease_s", lease,
                             "kinds", w.definition->kinds, NULL);
    if (err == OK && rows_count(&rows) == 0)
        err = E_LATER;
    if (err == OK) {
        struct job job = {
            .mem = mem, .definition = w.definition, .worker = w.name,
            .id = rows_text(&rows, mem, 0, "id"), .kind = rows_text(&rows, mem, 0, "kind"),
            .payload = rows_text(&rows, mem, 0, "payload"), .attempt = rows_long(&rows, 0, "attempt"),
            .max_attempts = rows_long(&rows, 0, "max_attempts"),
        };
        end_job(&job, w.definition->run(&job));
    }
    arena_free(mem);
    return err;
}

/* --- the loop ------------------------------------------------------------------------------------------------------- */

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

/* Sleeps until a notification, a signal or the time-out. Without a connection to listen on it is a plain pause. */
static void wait_for_work(int ms)
{
    bool came;
    if (!w.listener && w.definition->queue) {
        if (db_lease(w.pool, &w.listener) == OK && db_listen(w.listener, w.definition->queue) != OK) {
            db_release(w.listener);
            w.listener = NULL;
        }
        if (w.listener)
            return; /* something may have come before LISTEN: look at once */
    }
    if (!w.listener) {
        pause_ms(ms);
    } else if (db_wait_notification(w.listener, ms, &came) != OK) {
        db_release(w.listener);
        w.listener = NULL;
        pause_ms(OUTAGE_MS);
    }
}

static void run_round(void)
{
    int sleep_ms = POLL_MS;
    enum err err = E_LATER;
    if (w.definition->tick)
        err = w.definition->tick(&sleep_ms);
    if (w.definition->queue)
        err = claim_and_run();
    if (err == OK && w.definition->queue)
        sleep_ms = 0; /* there may be more; announcements are still read, or they pile up between PostgreSQL and us */
    if (!stopping)
        wait_for_work(err == OK || err == E_LATER ? sleep_ms : OUTAGE_MS);
}

static int check_statements(void)
{
    const struct sql_stmt *const *const lists[] = {SQL_ALL_db, SQL_ALL_jobs, w.definition->statements};
    int faults = 0;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        faults += lists[i] ? db_check_statements(config_text("DASTERN_DB"), lists[i], NULL, NULL) : 0;
    printf("%s: %d faults in its statements\n", w.definition->name, faults);
    return faults ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_stop}; /* no SA_RESTART: a sleep ends at once */
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGHUP, SIG_IGN);
}

/* Unique among all claims ever made: completion is fenced by it. */
static void name_claimant(const char *executable)
{
    char uuid[37];
    random_uuid(uuid);
    snprintf(w.name, sizeof w.name, "%.20s-%ld-%.8s", executable, (long)getpid(), uuid);
}

int worker_main(const struct worker *worker, int argc, char **argv)
{
    w.definition = worker;
    if (process_option(argc, argv, "--check-sql")) {
        config_load(process_config, NULL, 1, argv);
        return check_statements();
    }
    config_load(process_config, worker->config, argc, argv);
    log_init(worker->name, config_text("DASTERN_LOG_LEVEL"));
    process_harden();
    json_own_memory();
    catch_signals();
    name_claimant(worker->name);
    w.pool = db_pool_new(config_text("DASTERN_DB"), CONNECTIONS, config_bool("DASTERN_DB_PREPARE"));
    if (worker->start && worker->start() != OK)
        return EXIT_FAILURE;
    log_note(LOG_INFO, "worker.started", "claimant", w.name);
    while (!stopping)
        run_round();
    db_release(w.listener);
    return EXIT_SUCCESS;
}
