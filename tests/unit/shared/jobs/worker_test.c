/* The worker loop against the project's own schema: workers are child processes, killed and stopped as in life. */
#include "cluster.h"

#include <fcntl.h>
#include <time.h>

#include "core/clock.h"
#include "core/str.h"
#include "jobs/worker.h"

#define LEASE_S 2
#define ROLE "dastern_report_worker"
#define WORKERS_MAX 4

static const char *const record_params[] = {"id", "attempt", NULL};
static const struct sql_stmt record = {.name = "record", .params = record_params, .count = 2, .text = "INSERT INTO ran VALUES ($1::uuid, $2::int)"};
static const struct sql_stmt *const statements[] = {&record, NULL};

static pid_t workers[WORKERS_MAX];

/* --- what a worker of the test does: the payload's "do", "_once" meaning only the first time ------------------------- */

static void sleep_ms(long ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        continue;
}

static enum err keep_lease(struct job *job)
{
    for (int i = 1; i <= 10; i++) {
        sleep_ms(LEASE_S * 200);
        if (!job_progress(job, "working", i * 10))
            return E_CONFLICT;
    }
    return OK;
}

static enum err run(struct job *job)
{
    struct rows rows = {0};
    bool first = job->attempt == 1;
    if (job_query(job->mem, &record, &rows, "id", job->id, "attempt", arena_printf(job->mem, "%ld", job->attempt), NULL) != OK)
        return E_UNAVAILABLE;
    job->error = "test.error";
    if (strstr(job->payload, "abort"))
        abort();
    if (strstr(job->payload, "away"))
        return E_UNAVAILABLE;
    if (strstr(job->payload, "refuse"))
        return E_INVALID;
    if (strstr(job->payload, "hang_once") && first)
        sleep_ms(60000);
    if (strstr(job->payload, "slow_once") && first)
        sleep_ms(LEASE_S * 2000);
    if (strstr(job->payload, "second"))
        sleep_ms(1000);
    return strstr(job->payload, "progress") ? keep_lease(job) : OK;
}

static const struct worker definition = {.name = "test_worker", .queue = "jobs", .kinds = "{test}", .lease_s = LEASE_S, .run = run, .statements = statements};

static pid_t spawn(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    char name[] = "test_worker", *arguments[] = {name, NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    setenv("DASTERN_DB", cluster_conninfo(ROLE), 1);
    _exit(worker_main(&definition, 1, arguments));
}

static void start_workers(size_t n)
{
    for (size_t i = 0; i < n; i++)
        workers[i] = spawn();
}

static int wait_for(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* --- scenes ---------------------------------------------------------------------------------------------------------- */

static int begin_test(void **state)
{
    cluster_sql("TRUNCATE ran; DELETE FROM jobs");
    return unit_setup(state);
}

static int end_test(void **state)
{
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        if (workers[i] <= 0)
            continue;
        kill(workers[i], SIGKILL);
        wait_for(workers[i]);
        workers[i] = 0;
    }
    return unit_teardown(state);
}

#define with_workers(fn) cmocka_unit_test_setup_teardown(fn, begin_test, end_test)

static int make_schema(void **state)
{
    char command[256];
    if (cluster_start(state) != 0)
        return -1;
    cluster_sql("CREATE ROLE dastern LOGIN; ALTER DATABASE postgres OWNER TO dastern; ALTER SCHEMA public OWNER TO dastern");
    setenv("DASTERN_DB_ADMIN", cluster_conninfo("postgres"), 1);
    snprintf(command, sizeof command, "scripts/migrate.sh >%s/migrate.log 2>&1", cluster_dir);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/bash", "bash", "-c", command, (char *)NULL);
        _exit(127);
    }
    if (wait_for(pid) != 0)
        return -1;
    cluster_sql("SET search_path = public; CREATE TABLE ran (id uuid, attempt int); GRANT INSERT ON ran TO " ROLE);
    return 0;
}

static const char *add_job(const char *what, int max_attempts)
{
    return arena_strdup(mem, cluster_sql(arena_printf(mem, "INSERT INTO jobs (kind, payload, max_attempts) VALUES ('test', '{\"do\": \"%s\"}', %d)"
                                                           " RETURNING id", what, max_attempts)));
}

static const char *column(const char *id, const char *name)
{
    return arena_strdup(mem, cluster_sql(arena_printf(mem, "SELECT %s FROM jobs WHERE id = '%s'", name, id)));
}

static long attempts_run(const char *id)
{
    return strtol(cluster_sql(arena_printf(mem, "SELECT count(*) FROM ran WHERE id = '%s'", id)), NULL, 10);
}

/* Seconds until the column has the value; fails after `limit`. */
static double await(const char *id, const char *name, const char *value, double limit)
{
    int64_t began = clock_us();
    while (!str_eq(column(id, name), value)) {
        if ((double)(clock_us() - began) / 1e6 > limit)
            fail_msg("%s is %s and not %s after %g s", name, column(id, name), value, limit);
        sleep_ms(20);
    }
    return (double)(clock_us() - began) / 1e6;
}

/* --- tests ------------------------------------------------------------------------------------------------------------- */

static void a_job_that_kills_its_worker_reaches_the_dead_letter(void **state)
{
    (void)state;
    const char *id = add_job("abort", 2);
    for (int i = 0; i < 2; i++)
        assert_true(WIFSIGNALED(wait_for(spawn()))); /* the supervisor's part */
    start_workers(1);
    await(id, "status", "dead", LEASE_S + 4);
    assert_int_equal(attempts_run(id), 2);
    assert_string_equal(column(id, "last_error"), "the worker did not come back");
    await(add_job("nothing", 1), "status", "done", 3); /* and it does not block the queue */
}

static void a_refused_job_is_dead_at_once(void **state)
{
    (void)state;
    start_workers(1);
    const char *id = add_job("refuse", 5);
    await(id, "status", "dead", 3);
    assert_int_equal(attempts_run(id), 1);
    assert_string_equal(column(id, "last_error"), "test.error");
}

static void what_was_away_is_tried_again_later_then_dead_then_driven_again(void **state)
{
    (void)state;
    start_workers(1);
    const char *id = add_job("away", 2);
    /* In one look: on a busy machine the second attempt may come before another one. */
    await(id, "(status = 'queued' AND last_error = 'test.error' AND run_after < now() + interval '8 seconds')", "t", 3);
    cluster_sql("UPDATE jobs SET run_after = now()");
    await(id, "status", "dead", 3);
    assert_int_equal(attempts_run(id), 2);
    cluster_sql("UPDATE jobs SET payload = '{}'");
    cluster_sql(arena_printf(mem, "SELECT queue_retry('jobs', '%s')", id));
    await(id, "status", "done", 3);
    assert_string_equal(column(id, "attempts"), "1");
}

static void another_takes_over_from_a_killed_worker(void **state)
{
    (void)state;
    start_workers(1);
    const char *id = add_job("hang_once", 5);
    await(id, "(SELECT count(*) FROM ran WHERE ran.id = jobs.id)", "1", 3);
    workers[1] = spawn();
    kill(workers[0], SIGKILL);
    assert_true(await(id, "status", "done", LEASE_S + 3) > 0.5); /* not before the lease has run out */
    assert_int_equal(attempts_run(id), 2);
}

static void who_lost_the_lease_changes_nothing(void **state)
{
    (void)state;
    start_workers(2);
    const char *id = add_job("slow_once", 5);
    await(id, "status", "done", LEASE_S + 3);
    const char *completed = column(id, "completed_at");
    assert_string_equal(column(id, "attempts"), "2");
    sleep_ms(LEASE_S * 2000); /* the first one is through meanwhile */
    assert_string_equal(column(id, "completed_at"), completed);
    assert_string_equal(column(id, "status"), "done");
    kill(workers[0], SIGTERM);
    kill(workers[1], SIGTERM);
    for (size_t i = 0; i < 2; i++) { /* both are well */
        assert_int_equal(wait_for(workers[i]), 0);
        workers[i] = 0;
    }
}

static void progress_keeps_the_lease(void **state)
{
    (void)state;
    start_workers(2);
    const char *id = add_job("progress", 5);
    await(id, "progress >= 20", "t", 4);
    assert_string_equal(column(id, "stage"), "working");
    await(id, "status", "done", LEASE_S * 2 + 4);
    assert_int_equal(attempts_run(id), 1);
}

static void two_workers_run_each_job_once(void **state)
{
    (void)state;
    start_workers(2);
    cluster_sql("INSERT INTO jobs (kind, payload) SELECT 'test', '{}' FROM generate_series(1, 300)");
    for (int i = 0; i < 200 && !str_eq(cluster_sql("SELECT count(*) FROM jobs WHERE status <> 'done'"), "0"); i++)
        sleep_ms(100);
    assert_string_equal(cluster_sql("SELECT count(*) || ' ' || count(DISTINCT id) FROM ran"), "300 300");
    assert_string_equal(cluster_sql("SELECT count(*) FROM jobs WHERE status = 'done' AND attempts = 1"), "300");
}

static void a_job_is_begun_when_it_is_announced(void **state)
{
    (void)state;
    double total = 0;
    start_workers(1);
    await(add_job("nothing", 1), "status", "done", 5);
    for (int i = 0; i < 6; i++)
        total += await(add_job("nothing", 1), "status", "done", 3);
    assert_true(total < 2.0); /* by polling alone 6 × 0.5 s */
}

static void jobs_of_others_are_left_alone(void **state)
{
    (void)state;
    start_workers(1);
    const char *id = arena_strdup(mem, cluster_sql("INSERT INTO jobs (kind) VALUES ('other') RETURNING id"));
    await(add_job("nothing", 1), "status", "done", 3);
    assert_string_equal(column(id, "status"), "queued");
}

static void an_ending_worker_finishes_its_job(void **state)
{
    (void)state;
    start_workers(1);
    const char *id = add_job("second", 1), *next = NULL;
    await(id, "status", "running", 3);
    next = add_job("nothing", 1);
    kill(workers[0], SIGTERM);
    assert_int_equal(wait_for(workers[0]), 0);
    workers[0] = 0;
    assert_string_equal(column(id, "status"), "done");
    assert_string_equal(column(next, "status"), "queued");
}

static void an_idle_worker_ends_at_once(void **state)
{
    (void)state;
    start_workers(1);
    await(add_job("nothing", 1), "status", "done", 3);
    int64_t began = clock_us();
    kill(workers[0], SIGTERM);
    assert_int_equal(wait_for(workers[0]), 0);
    workers[0] = 0;
    assert_true(clock_us() - began < 1500000);
}

static void work_goes_on_after_postgresql_was_away(void **state)
{
    (void)state;
    start_workers(2);
    await(add_job("nothing", 1), "status", "done", 3);
    PQfinish(cluster_admin);
    assert_int_equal(cluster_control("stop", NULL), 0);
    sleep_ms(2000);
    assert_int_equal(cluster_restart(), 0);
    await(add_job("nothing", 1), "status", "done", 5);
    await(add_job("nothing", 1), "status", "done", 3);
    assert_int_equal(waitpid(workers[0], NULL, WNOHANG), 0); /* both still live */
    assert_int_equal(waitpid(workers[1], NULL, WNOHANG), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_workers(a_job_that_kills_its_worker_reaches_the_dead_letter),
        with_workers(a_refused_job_is_dead_at_once),
        with_workers(what_was_away_is_tried_again_later_then_dead_then_driven_again),
        with_workers(another_takes_over_from_a_killed_worker),
        with_workers(who_lost_the_lease_changes_nothing),
        with_workers(progress_keeps_the_lease),
        with_workers(two_workers_run_each_job_once),
        with_workers(a_job_is_begun_when_it_is_announced),
        with_workers(jobs_of_others_are_left_alone),
        with_workers(an_ending_worker_finishes_its_job),
        with_workers(an_idle_worker_ends_at_once),
        with_workers(work_goes_on_after_postgresql_was_away),
    };
    return cmocka_run_group_tests(tests, make_schema, cluster_stop);
}
