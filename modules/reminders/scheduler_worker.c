/* Keeps the plan going: makes doses ahead, tells of those that are due, finds the missed ones, tidies up. All rules are in
 * SQL and by PostgreSQL's clock; any number of schedulers may run side by side, they pass over each other's rows. */
#include <stddef.h>

#include "core/clock.h"
#include "core/log.h"
#include "jobs/worker.h"
#include "reminders_sql.h"

#define ARENA_BYTES 8192
#define LONGEST_SLEEP_MS 1000  /* how late a dose may fire that was planned while we slept */
#define SHORTEST_SLEEP_MS 20   /* what is due now may be in another scheduler's hands */
#define UPKEEP_EVERY_US (10 * 60 * 1000000LL)

/* The order matters after a standstill: first what people wait for, then what they missed. */
static const struct sql_stmt *const rounds[] = {&SQL_scheduler_fire, &SQL_scheduler_miss, &SQL_scheduler_plan, NULL};
static const struct sql_stmt *const upkeep[] = {&SQL_scheduler_partitions, &SQL_scheduler_sweep, NULL};

/* Each statement is a transaction of its own, so a fault of one does not undo or hold up the others. Adds up in `done`
 * how many rows they handled. Returns the first fault. */
static enum err run_all(struct arena *mem, const struct sql_stmt *const *statements, long *done)
{
    enum err first = OK;
    for (; *statements; statements++) {
        struct rows rows = {0};
        enum err err = job_query(mem, *statements, &rows, NULL);
        long n = err == OK && rows_count(&rows) > 0 ? rows_long(&rows, 0, "n") : 0;
        *done += n;
        if (n > 0)
            log_note(LOG_INFO, (*statements)->name, "rows", arena_printf(mem, "%ld", n));
        if (first == OK)
            first = err;
    }
    return first;
}

static enum err keep_up(struct arena *mem)
{
    static int64_t next_us;
    long done = 0;
    if (clock_us() < next_us)
        return OK;
    enum err err = run_all(mem, upkeep, &done);
    if (err == OK)
        next_us = clock_us() + UPKEEP_EVERY_US;
    return err;
}

static enum err sleep_until_next(struct arena *mem, int *next_ms)
{
    struct rows rows = {0};
    enum err err = job_query(mem, &SQL_scheduler_next, &rows, NULL);
    if (err != OK)
        return err;
    long ms = rows_long(&rows, 0, "ms");
    *next_ms = ms < SHORTEST_SLEEP_MS ? SHORTEST_SLEEP_MS : ms > LONGEST_SLEEP_MS ? LONGEST_SLEEP_MS : (int)ms;
    return OK;
}

static enum err tick(int *next_ms)
{
    struct arena *mem = arena_new(ARENA_BYTES);
    long done = 0;
    enum err err = keep_up(mem);
    enum err of_rounds = run_all(mem, rounds, &done);
    if (err == OK)
        err = of_rounds;
    if (err == OK && done > 0)
        *next_ms = 0; /* there may be more than one round takes */
    else if (err == OK)
        err = sleep_until_next(mem, next_ms);
    arena_free(mem);
    return err;
}

static const struct worker scheduler = {.name = "scheduler_worker", .tick = tick, .statements = SQL_ALL_reminders};

int main(int argc, char **argv)
{
    return worker_main(&scheduler, argc, argv);
}
