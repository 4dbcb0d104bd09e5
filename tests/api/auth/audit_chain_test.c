/* The audit log's verifier against a superuser who tampers with it: each change is found, and named; then it is undone.
 * Needs the stack's own cluster ($DASTERN_VAR), where the test may be superuser. */
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "expect.h"
#include "owner.h"
#include "people.h"

static PGconn *super;
static char anchors[] = "/tmp/dastern-anchors.XXXXXX", told[65536];
static char chain[8], row[37], seq[24];

/* As superuser, with every trigger off. */
static void tamper(const char *sql)
{
    PGresult *r = PQexecParams(super, sql, 2, NULL, (const char *const[]){chain, seq}, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s%s", PQerrorMessage(super), sql);
    PQclear(r);
}

static void plainly(const char *sql)
{
    PGresult *r = PQexec(super, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s%s", PQerrorMessage(super), sql);
    PQclear(r);
}

/* Runs the verifier; its words are in `told`. */
static int verify(void)
{
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl("scripts/audit-verify", "audit-verify", anchors, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t n = 0;
    for (ssize_t got; (got = read(ends[0], told + n, sizeof told - 1 - n)) > 0;)
        n += (size_t)got;
    told[n] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A chain with some rows of this test, and a row in the middle of it. */
static int open_chain(void **state)
{
    (void)state;
    char conninfo[4200];
    const char *var = getenv("DASTERN_VAR");
    if (!var) {
        print_message("DASTERN_VAR is not set: no superuser here\n");
        return -1;
    }
    snprintf(conninfo, sizeof conninfo, "host=%s/run dbname=dastern_db user=dastern", var);
    setenv("DASTERN_DB_ADMIN", conninfo, 1);
    snprintf(conninfo, sizeof conninfo, "host=%s/run dbname=dastern_db user=postgres", var);
    super = PQconnectdb(conninfo);
    if (PQstatus(super) != CONNECTION_OK)
        return -1;
    plainly("SET session_replication_role = replica");
    close(mkstemp(anchors));
    /* The owner's connection writes to one chain alone: nobody else's rows end up in it while this runs. */
    for (int i = 0; i < 5; i++)
        owner_sql("SELECT audit('test.chain', 'test', NULL, NULL)", NULL);
    snprintf(chain, sizeof chain, "%s", owner_sql("SELECT (pg_backend_pid() % 64)::text", NULL));
    snprintf(seq, sizeof seq, "%s", owner_sql("SELECT (seq - 2)::text FROM audit_heads WHERE chain = $1::smallint", chain, NULL));
    snprintf(row, sizeof row, "%s", owner_sql("SELECT id FROM audit_logs WHERE chain = $1::smallint AND seq = $2::bigint", chain, seq, NULL));
    plainly("CREATE TABLE public.audit_spare AS SELECT * FROM audit_logs");
    plainly("CREATE TABLE public.heads_spare AS SELECT * FROM audit_heads");
    return 0;
}

static int close_chain(void **state)
{
    (void)state;
    plainly("DROP TABLE IF EXISTS public.audit_spare, public.heads_spare");
    PQfinish(super);
    unlink(anchors);
    return 0;
}

static void expect_named(const char *fault)
{
    char place[128];
    snprintf(place, sizeof place, "chain %s seq %s row %s: %s", chain, seq, row, fault);
    if (!strstr(told, place))
        fail_msg("expected \"%s\" in:\n%s", place, told);
}

/* The head says that the chain ends before the row. */
static void set_head_back(void)
{
    tamper("UPDATE audit_heads h SET seq = a.seq, hash = a.hash FROM audit_logs a "
           "WHERE a.chain = h.chain AND h.chain = $1::smallint AND a.seq = $2::bigint - 1");
}

static void an_untouched_log_is_whole(void **state)
{
    (void)state;
    assert_int_equal(verify(), 0);
    assert_non_null(strstr(told, "are whole"));
    assert_int_equal(verify(), 0);
}

static void the_log_refuses_its_owner(void **state)
{
    (void)state;
    static const char *const acts[] = {"UPDATE audit_logs SET action = 'x'", "DELETE FROM audit_logs", "TRUNCATE audit_logs"};
    PGconn *owner = PQconnectdb(getenv("DASTERN_DB_ADMIN"));
    for (size_t i = 0; i < 3; i++) {
        PGresult *r = PQexec(owner, acts[i]);
        assert_int_equal(PQresultStatus(r), PGRES_FATAL_ERROR);
        PQclear(r);
    }
    PQfinish(owner);
}

static void a_changed_row_is_named(void **state)
{
    (void)state;
    tamper("UPDATE audit_logs SET action = 'test.forged' WHERE chain = $1::smallint AND seq = $2::bigint");
    assert_int_equal(verify(), 1);
    expect_named("row changed");
    tamper("UPDATE audit_logs SET action = 'test.chain' WHERE chain = $1::smallint AND seq = $2::bigint");
    assert_int_equal(verify(), 0);
}

/* With its own hash made right again: the next row's link, and the anchor, still tell. */
static void a_changed_row_with_a_new_hash_is_named(void **state)
{
    (void)state;
    tamper("UPDATE audit_logs a SET ip = '192.0.2.1' WHERE chain = $1::smallint AND seq = $2::bigint");
    tamper("UPDATE audit_logs a SET hash = audit_row_hash(a) WHERE chain = $1::smallint AND seq = $2::bigint");
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(told, "not joined"));
    tamper("UPDATE audit_logs a SET ip = s.ip, hash = s.hash FROM audit_spare s WHERE s.id = a.id AND a.chain = $1::smallint AND a.seq = $2::bigint");
    assert_int_equal(verify(), 0);
}

static void a_removed_row_is_named(void **state)
{
    (void)state;
    tamper("DELETE FROM audit_logs WHERE chain = $1::smallint AND seq = $2::bigint");
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(told, "row missing before"));
    tamper("INSERT INTO audit_logs SELECT * FROM audit_spare WHERE chain = $1::smallint AND seq = $2::bigint");
    assert_int_equal(verify(), 0);
}

/* The end of the chain cut off together with its head: inside the database nothing is left to tell. The anchor does. */
static void a_cut_tail_is_found_by_the_anchor(void **state)
{
    (void)state;
    tamper("DELETE FROM audit_logs WHERE chain = $1::smallint AND seq >= $2::bigint");
    set_head_back();
    assert_int_equal(owner_count("SELECT count(*) FROM audit_verify()", NULL), 0);
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(told, "anchored row is gone"));
    tamper("INSERT INTO audit_logs SELECT * FROM audit_spare WHERE chain = $1::smallint AND seq >= $2::bigint");
    tamper("UPDATE audit_heads h SET seq = s.seq, hash = s.hash FROM heads_spare s WHERE s.chain = h.chain AND h.chain = $1::smallint AND $2::bigint > 0");
    assert_int_equal(verify(), 0);
}

/* Cut and written on, so that there are as many rows as before. */
static void a_rewritten_tail_is_found_by_the_anchor(void **state)
{
    (void)state;
    tamper("DELETE FROM audit_logs WHERE chain = $1::smallint AND seq >= $2::bigint");
    set_head_back();
    for (int i = 0; i < 3; i++)
        owner_sql("SELECT audit('test.rewritten', 'test', NULL, NULL)", NULL);
    assert_int_equal(owner_count("SELECT count(*) FROM audit_verify()", NULL), 0);
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(told, "anchored row was replaced"));
    tamper("DELETE FROM audit_logs WHERE chain = $1::smallint AND seq >= $2::bigint");
    tamper("INSERT INTO audit_logs SELECT * FROM audit_spare WHERE chain = $1::smallint AND seq >= $2::bigint");
    tamper("UPDATE audit_heads h SET seq = s.seq, hash = s.hash FROM heads_spare s WHERE s.chain = h.chain AND h.chain = $1::smallint AND $2::bigint > 0");
    assert_int_equal(verify(), 0);
}

static void a_truncated_log_is_found(void **state)
{
    (void)state;
    plainly("TRUNCATE public.audit_spare");
    plainly("INSERT INTO public.audit_spare SELECT * FROM audit_logs");
    plainly("TRUNCATE audit_logs");
    assert_int_equal(verify(), 1);
    assert_non_null(strstr(told, "end missing"));
    assert_non_null(strstr(told, "anchored row is gone"));
    plainly("INSERT INTO audit_logs SELECT * FROM public.audit_spare");
    assert_int_equal(verify(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_untouched_log_is_whole),
        cmocka_unit_test(the_log_refuses_its_owner),
        cmocka_unit_test(a_changed_row_is_named),
        cmocka_unit_test(a_changed_row_with_a_new_hash_is_named),
        cmocka_unit_test(a_removed_row_is_named),
        cmocka_unit_test(a_cut_tail_is_found_by_the_anchor),
        cmocka_unit_test(a_rewritten_tail_is_found_by_the_anchor),
        cmocka_unit_test(a_truncated_log_is_found),
    };
    return cmocka_run_group_tests_name("auth: the audit chain", tests, open_chain, close_chain);
}
