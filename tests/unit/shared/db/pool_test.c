/* The pool and the pipeline on a real PostgreSQL: what a fault at each place of a batch leaves behind, and what happens when
 * the server ends, refuses or is not there. */
#include "cluster.h"

#include <pthread.h>
#include <stdatomic.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/str.h"
#include "db/conn.h"
#include "db/pool.h"
#include "db/rows.h"
#include "db_sql.h"

#define STATEMENT(var, params_n, sql) static const struct sql_stmt var = {.name = #var, .count = (params_n), .text = (sql)}
STATEMENT(insert, 1, "INSERT INTO kept VALUES ($1::int)");
STATEMENT(insert_again, 1, "INSERT INTO kept VALUES ($1::int) RETURNING n");
STATEMENT(divide, 1, "SELECT 12 / $1::int AS n");
STATEMENT(echo, 1, "SELECT $1::text AS n");
STATEMENT(echo_else, 1, "SELECT $1::text AS n, 'else' AS other");
STATEMENT(nowhere, 0, "SELECT n FROM nowhere");
STATEMENT(sleeps, 1, "SELECT pg_sleep($1::float8)");
STATEMENT(refuse, 0, "SELECT refuse()");
STATEMENT(prepared, 0, "SELECT count(*) AS n FROM pg_prepared_statements");
STATEMENT(backend, 0, "SELECT pg_backend_pid() AS n");
STATEMENT(star, 0, "SELECT * FROM changing");
STATEMENT(forbidden, 0, "SELECT n FROM closed");

static struct db_pool *pool;
static struct db_conn *conn;
static struct db_fault fault;

/* A pool lives as long as its process: the tests' pools are kept, so that they are no leaks. */
static struct db_pool *new_pool(const char *conninfo, int size, bool prepare)
{
    static struct db_pool *kept[64];
    static size_t count;
    assert_true(count < sizeof kept / sizeof kept[0]);
    return kept[count++] = db_pool_new(conninfo, size, prepare);
}

static int begin_test(void **state)
{
    unit_setup(state);
    cluster_sql("TRUNCATE kept");
    pool = new_pool(cluster_conninfo("one"), 2, true);
    assert_int_equal(db_lease(pool, &conn), OK);
    fault = (struct db_fault){0};
    return 0;
}

static int end_test(void **state)
{
    db_release(conn);
    conn = NULL;
    cluster_sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename <> 'postgres'");
    return unit_teardown(state);
}

static int prepare_tables(void **state)
{
    log_init("test", "error"); /* lost connections are what this is about */
    if (cluster_start(state) != 0)
        return -1;
    cluster_sql("CREATE TABLE kept (n int); CREATE TABLE closed (n int); CREATE TABLE changing (a int);"
                "CREATE ROLE one LOGIN; CREATE ROLE few LOGIN CONNECTION LIMIT 1;"
                "ALTER ROLE one SET statement_timeout = '400ms'; GRANT ALL ON kept, changing TO one;"
                "CREATE FUNCTION refuse() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'too late'"
                " USING ERRCODE = 'DT409', CONSTRAINT = 'dose.too_late', DETAIL = '{\"a\": 1}'; END $$");
    return 0;
}

#define in_cluster(fn) cmocka_unit_test_setup_teardown(fn, begin_test, end_test)

/* A call with one parameter at most. */
static struct db_call call(const struct sql_stmt *sql, const char *value, struct rows *rows)
{
    const char **values = arena_array(mem, 1, sizeof *values);
    values[0] = value;
    return (struct db_call){.sql = sql, .values = values, .rows = rows};
}

static enum err run(const struct sql_stmt *sql, const char *value, struct rows *rows)
{
    struct db_call one = call(sql, value, rows);
    return db_run(conn, mem, &one, 1, &fault);
}

static const char *answer(const struct sql_stmt *sql, const char *value)
{
    struct rows rows = {0};
    assert_int_equal(run(sql, value, &rows), OK);
    return rows_text(&rows, mem, 0, "n");
}

static long kept(void)
{
    return strtol(cluster_sql("SELECT count(*) FROM kept"), NULL, 10);
}

/* --- faults ------------------------------------------------------------------------------------------------------- */

static void a_fault_anywhere_undoes_the_batch(void **state)
{
    (void)state;
    for (size_t bad = 0; bad < 3; bad++) {
        for (int round = 0; round < 2; round++) { /* first with Parse messages in the batch, then without */
            struct rows rows = {0};
            const char *pid = answer(&backend, NULL);
            struct db_call calls[] = {call(&insert, "1", NULL), call(&insert_again, "2", NULL), call(&insert, "3", NULL)};
            calls[bad] = call(&divide, "0", &rows);
            assert_int_equal(db_run(conn, mem, calls, 3, &fault), E_INVALID);
            assert_int_equal(fault.status, 400);
            assert_string_equal(fault.sqlstate, "22012");
            assert_string_equal(fault.statement, "divide");
            assert_null(rows.result);
            assert_int_equal(kept(), 0);
            assert_string_equal(answer(&divide, "3"), "4"); /* the connection is as good as before, and the same */
            assert_string_equal(answer(&backend, NULL), pid);
        }
    }
}

static void statements_behind_a_fault_count_as_unprepared(void **state)
{
    (void)state;
    const char *pid = answer(&backend, NULL);
    struct db_call calls[] = {call(&divide, "0", NULL), call(&echo, "a", NULL), call(&echo_else, "b", NULL)};
    assert_int_equal(db_run(conn, mem, calls, 3, &fault), E_INVALID);
    assert_string_equal(answer(&echo_else, "c"), "c");
    assert_string_equal(answer(&echo, "d"), "d");
    db_release(conn);
    assert_int_equal(db_lease(pool, &conn), OK);
    assert_string_equal(answer(&backend, NULL), pid); /* a refused request does not cost a connection */
    assert_string_equal(answer(&prepared, NULL), "5");
}

static void a_statement_that_does_not_parse_costs_the_connection_only(void **state)
{
    (void)state;
    for (size_t at = 0; at < 3; at++) {
        const char *pid = answer(&backend, NULL);
        struct db_call calls[] = {call(&insert, "1", NULL), call(&insert, "2", NULL), call(&insert, "3", NULL)};
        calls[at] = call(&nowhere, NULL, NULL);
        assert_int_equal(db_run(conn, mem, calls, 3, &fault), E_INTERNAL);
        assert_string_equal(fault.sqlstate, "42P01");
        assert_string_equal(fault.statement, "nowhere");
        db_release(conn);
        assert_int_equal(db_lease(pool, &conn), OK);
        assert_string_not_equal(answer(&backend, NULL), pid);
        assert_int_equal(kept(), 0);
    }
}

static void an_outdated_plan_does_not_last(void **state)
{
    (void)state;
    assert_int_equal(run(&star, NULL, NULL), OK);
    cluster_sql("ALTER TABLE changing ADD COLUMN b int");
    assert_int_equal(run(&star, NULL, NULL), E_INTERNAL); /* cached plan must not change result type */
    db_release(conn);
    assert_int_equal(db_lease(pool, &conn), OK);
    assert_int_equal(run(&star, NULL, NULL), OK);
    cluster_sql("ALTER TABLE changing DROP COLUMN b");
}

static void refusals_of_our_own_functions_are_read(void **state)
{
    (void)state;
    assert_int_equal(run(&refuse, NULL, NULL), E_CONFLICT);
    assert_int_equal(fault.status, 409);
    assert_string_equal(fault.code, "dose.too_late");
    assert_string_equal(fault.message, "too late");
    assert_string_equal(fault.detail, "{\"a\": 1}");
}

static void a_missing_grant_is_no_answer_but_is_named(void **state)
{
    (void)state;
    assert_int_equal(run(&forbidden, NULL, NULL), E_NOT_FOUND);
    assert_string_equal(fault.code, "not_found");
    assert_string_equal(fault.message, "permission denied for table closed");
}

static void a_statement_that_takes_too_long_is_cancelled(void **state)
{
    (void)state;
    int64_t began = clock_us();
    assert_int_equal(run(&sleeps, "5", NULL), E_UNAVAILABLE);
    assert_int_equal(fault.status, 503);
    assert_string_equal(fault.code, "database.busy");
    assert_true(clock_us() - began < 2000000);
    assert_string_equal(answer(&echo, "still here"), "still here");
}

/* --- transactions --------------------------------------------------------------------------------------------------- */

static void an_open_transaction_is_rolled_back_at_release(void **state)
{
    (void)state;
    struct db_call calls[] = {call(&SQL_begin, NULL, NULL), call(&insert, "1", NULL)};
    const char *pid = answer(&backend, NULL);
    assert_int_equal(db_run(conn, mem, calls, 2, &fault), OK);
    assert_false(db_transaction_failed(conn));
    db_release(conn);
    assert_int_equal(kept(), 0);
    assert_int_equal(db_lease(pool, &conn), OK);
    assert_string_equal(answer(&backend, NULL), pid);
    assert_string_equal(cluster_sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'"), "0");
}

static void a_failed_transaction_is_told_apart(void **state)
{
    (void)state;
    struct db_call calls[] = {call(&SQL_begin, NULL, NULL), call(&insert, "1", NULL), call(&divide, "0", NULL)};
    assert_int_equal(db_run(conn, mem, calls, 3, &fault), E_INVALID);
    assert_true(db_transaction_failed(conn));
    assert_int_equal(run(&SQL_commit, NULL, NULL), OK); /* which is why somebody has to ask: this was a ROLLBACK */
    assert_false(db_transaction_failed(conn));
    assert_int_equal(kept(), 0);
}

static void a_clean_release_says_nothing_to_the_server(void **state)
{
    (void)state;
    const char *pid = answer(&backend, NULL);
    db_release(conn);
    assert_int_equal(db_lease(pool, &conn), OK);
    const char *last = cluster_sql(arena_printf(mem, "SELECT query FROM pg_stat_activity WHERE pid = %s", pid));
    assert_string_equal(last, backend.text);
}

/* --- statements --------------------------------------------------------------------------------------------------- */

static void a_statement_may_stand_twice_in_a_batch(void **state)
{
    (void)state;
    struct rows a = {0}, b = {0};
    struct db_call calls[] = {call(&echo, "first", &a), call(&echo, "second", &b)};
    assert_int_equal(db_run(conn, mem, calls, 2, &fault), OK);
    assert_string_equal(rows_text(&a, mem, 0, "n"), "first");
    assert_string_equal(rows_text(&b, mem, 0, "n"), "second");
}

static void more_statements_than_are_prepared_still_run(void **state)
{
    (void)state;
    enum { MANY = LIMIT_STATEMENTS + 40 };
    struct sql_stmt *many = arena_array(mem, MANY, sizeof *many);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < MANY; i++) {
            if (round == 0)
                many[i] = (struct sql_stmt){.name = arena_printf(mem, "s%zu", i), .text = arena_printf(mem, "SELECT %zu AS n", i)};
            assert_string_equal(answer(&many[i], NULL), arena_printf(mem, "%zu", i));
        }
    assert_string_equal(cluster_sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'one'"), "1");
}

static void without_preparing_nothing_is_prepared(void **state)
{
    (void)state;
    db_release(conn);
    assert_int_equal(db_lease(new_pool(cluster_conninfo("one"), 1, false), &conn), OK);
    struct db_call calls[] = {call(&insert, "1", NULL), call(&divide, "0", NULL), call(&insert, "1", NULL)};
    assert_int_equal(db_run(conn, mem, calls, 3, &fault), E_INVALID);
    assert_int_equal(kept(), 0);
    assert_string_equal(answer(&echo, "a"), "a");
    assert_string_equal(answer(&echo, NULL) ? "value" : "null", "null");
    assert_string_equal(answer(&prepared, NULL), "0");
}

/* --- the server goes ------------------------------------------------------------------------------------------------ */

static void a_connection_that_ended_while_idle_is_replaced(void **state)
{
    (void)state;
    const char *pid = answer(&backend, NULL);
    assert_string_equal(answer(&echo, "prepared here"), "prepared here");
    db_release(conn);
    cluster_sql(arena_printf(mem, "SELECT pg_terminate_backend(%s, 2000)", pid));
    assert_int_equal(db_lease(pool, &conn), OK);
    assert_string_not_equal(answer(&backend, NULL), pid);
    assert_string_equal(answer(&echo, "and here again"), "and here again");
}

static void *terminate_soon(void *pid)
{
    char sql[64];
    PGconn *pg = PQconnectdb(cluster_conninfo("postgres"));
    usleep(100000);
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%s)", (const char *)pid);
    PQclear(PQexec(pg, sql));
    PQfinish(pg);
    return NULL;
}

static void a_server_that_ends_in_the_middle_is_no_success(void **state)
{
    (void)state;
    pthread_t killer;
    struct db_call calls[] = {call(&insert, "1", NULL), call(&sleeps, "0.3", NULL), call(&insert, "2", NULL)};
    char pid[16];
    snprintf(pid, sizeof pid, "%s", answer(&backend, NULL));
    pthread_create(&killer, NULL, terminate_soon, pid);
    int64_t began = clock_us();
    assert_int_equal(db_run(conn, mem, calls, 3, &fault), E_UNAVAILABLE);
    assert_int_equal(fault.status, 503);
    assert_true(clock_us() - began < 1000000);
    pthread_join(killer, NULL);
    assert_int_equal(kept(), 0);
    db_release(conn);
    assert_int_equal(db_lease(pool, &conn), OK);
    assert_string_equal(answer(&echo, "back"), "back");
}

static void no_server_is_told_at_once(void **state)
{
    (void)state;
    struct db_conn *none;
    struct db_pool *nowhere_pool = new_pool("host=/nonexistent dbname=x", 1, true);
    int64_t began = clock_us();
    for (int i = 0; i < 3; i++)
        assert_int_equal(db_lease(nowhere_pool, &none), E_UNAVAILABLE);
    assert_true(clock_us() - began < 500000);
}

static void a_server_that_takes_no_more_connections_is_unavailable(void **state)
{
    (void)state;
    struct db_conn *first, *second;
    struct db_pool *few = new_pool(cluster_conninfo("few"), 2, true);
    assert_int_equal(db_lease(few, &first), OK);
    assert_int_equal(db_lease(few, &second), E_UNAVAILABLE);
    db_release(first);
    assert_int_equal(db_lease(few, &first), OK); /* the one there is, is used again */
    db_release(first);
}

/* --- many at once ----------------------------------------------------------------------------------------------------- */

static void *release_soon(void *leased)
{
    usleep(200000);
    db_release(leased);
    return NULL;
}

static void who_finds_none_free_waits_for_a_while(void **state)
{
    (void)state;
    pthread_t other;
    struct db_conn *second, *third;
    assert_int_equal(db_lease(pool, &second), OK);
    int64_t began = clock_us();
    assert_int_equal(db_lease(pool, &third), E_UNAVAILABLE);
    assert_in_range(clock_us() - began, 1900000, 4000000);
    pthread_create(&other, NULL, release_soon, second);
    assert_int_equal(db_lease(pool, &third), OK);
    pthread_join(other, NULL);
    db_release(third);
}

static atomic_int wrong;

/* Every third batch meets a fault; every answer must be the own one. */
static void run_batches(struct db_pool *from, unsigned id)
{
    struct arena *own = arena_new(4096);
    for (unsigned i = 0; i < 1000; i++) {
        struct db_conn *c;
        struct db_fault f;
        struct rows rows = {0};
        const char *mark = arena_printf(own, "%u-%u", id, i);
        const char *const marks[] = {mark}, *const zero[] = {i % 3 ? "2" : "0"};
        struct db_call calls[] = {{.sql = &SQL_begin}, {.sql = i % 2 ? &echo : &echo_else, .values = marks, .rows = &rows},
                                  {.sql = &divide, .values = zero}, {.sql = &SQL_commit}};
        if (db_lease(from, &c) != OK) {
            wrong++;
            continue;
        }
        enum err err = db_run(c, own, calls, 4, &f);
        wrong += err != (i % 3 ? OK : E_INVALID) || rows_count(&rows) != 1 || !str_eq(rows_text(&rows, own, 0, "n"), mark);
        db_release(c);
        arena_reset(own);
    }
    arena_free(own);
}

static void *batches(void *from)
{
    static atomic_uint ids;
    run_batches(from, ids++);
    return NULL;
}

static void threads_do_not_get_in_each_others_way(void **state)
{
    (void)state;
    pthread_t threads[8];
    struct db_pool *shared = new_pool(cluster_conninfo("one"), 4, true); /* fewer connections than threads */
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, batches, shared), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
    assert_string_equal(cluster_sql("SELECT count(*) <= 5 FROM pg_stat_activity WHERE usename = 'one'"), "t");
}

/* --- notifications ------------------------------------------------------------------------------------------------------ */

static void notifications_arrive(void **state)
{
    (void)state;
    bool came = true;
    assert_int_equal(db_listen(conn, "news"), OK);
    assert_int_equal(db_wait_notification(conn, 50, &came), OK);
    assert_false(came);
    cluster_sql("NOTIFY news; NOTIFY other");
    assert_int_equal(db_wait_notification(conn, 1000, &came), OK);
    assert_true(came);
    assert_int_equal(db_wait_notification(conn, 50, &came), OK);
    assert_false(came);
}

static void a_listener_notices_that_its_server_is_gone(void **state)
{
    (void)state;
    bool came;
    enum err err = OK;
    const char *pid = answer(&backend, NULL);
    assert_int_equal(db_listen(conn, "news"), OK);
    cluster_sql(arena_printf(mem, "SELECT pg_terminate_backend(%s, 2000)", pid));
    for (int i = 0; i < 3 && err == OK; i++)
        err = db_wait_notification(conn, 1000, &came);
    assert_int_equal(err, E_UNAVAILABLE);
}

static void nothing(int signal)
{
    (void)signal;
}

static void a_signal_ends_the_wait(void **state)
{
    (void)state;
    bool came;
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGALRM, &action, NULL);
    assert_int_equal(db_listen(conn, "news"), OK);
    int64_t began = clock_us();
    ualarm(100000, 0);
    assert_int_equal(db_wait_notification(conn, 5000, &came), OK);
    assert_true(clock_us() - began < 2000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_cluster(a_fault_anywhere_undoes_the_batch),
        in_cluster(statements_behind_a_fault_count_as_unprepared),
        in_cluster(a_statement_that_does_not_parse_costs_the_connection_only),
        in_cluster(an_outdated_plan_does_not_last),
        in_cluster(refusals_of_our_own_functions_are_read),
        in_cluster(a_missing_grant_is_no_answer_but_is_named),
        in_cluster(a_statement_that_takes_too_long_is_cancelled),
        in_cluster(an_open_transaction_is_rolled_back_at_release),
        in_cluster(a_failed_transaction_is_told_apart),
        in_cluster(a_clean_release_says_nothing_to_the_server),
        in_cluster(a_statement_may_stand_twice_in_a_batch),
        in_cluster(more_statements_than_are_prepared_still_run),
        in_cluster(without_preparing_nothing_is_prepared),
        in_cluster(a_connection_that_ended_while_idle_is_replaced),
        in_cluster(a_server_that_ends_in_the_middle_is_no_success),
        in_cluster(no_server_is_told_at_once),
        in_cluster(a_server_that_takes_no_more_connections_is_unavailable),
        in_cluster(who_finds_none_free_waits_for_a_while),
        in_cluster(threads_do_not_get_in_each_others_way),
        in_cluster(notifications_arrive),
        in_cluster(a_listener_notices_that_its_server_is_gone),
        in_cluster(a_signal_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, prepare_tables, cluster_stop);
}
