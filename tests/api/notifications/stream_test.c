/* The stream of notices: waits, tells what arrives, loses nothing, ends with the session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>
#include <libpq-fe.h>

#include "expect.h"
#include "owner.h"
#include "people.h"

#define AT_ONCE_S 10.0 /* a look takes place every second, deliveries and a busy machine want some more */
#define OWN 8           /* streams that an account may have in one process, whichever serves them */
#define PEOPLE 5        /* with so many each: many more streams than threads, which serve others all the same */
#define PROCESSES 2     /* of a module */

static struct stream *follow(const struct person *p, const char *last)
{
    return stream_begin(p->token, "/notifications/stream", last);
}

/* Last whole "id:" of what has come. */
static void read_position(const struct stream *s, char out[100])
{
    const char *at = stream_text(s), *found = NULL;
    while ((at = strstr(at, "\nid: ")) != NULL)
        found = at += 5;
    assert_non_null(found);
    snprintf(out, 100, "%.*s", (int)strcspn(found, "\n"), found);
}

/* A stream of its own tells where now is. */
static void start_position(const struct person *p, char out[100])
{
    struct stream *s = follow(p, NULL);
    assert_true(stream_brings(s, "\n\n\r\n", AT_ONCE_S)); /* the end of a chunk */
    assert_non_null(strstr(stream_text(s), "Content-Type: text/event-stream"));
    assert_null(strstr(stream_text(s), "data:"));
    read_position(s, out);
    stream_close(s);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void tell(const struct person *p, const char *type)
{
    owner_sql("SELECT notify_user($1::uuid, $2, '{\"n\": 1}')", p->id, type, NULL);
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

static void tells_what_came_since(void **state)
{
    (void)state;
    struct person p, other;
    char position[100];
    person_new(&p, "patient");
    person_new(&other, "patient");
    tell(&p, "dose.missed");
    pause_ms(1500);
    start_position(&p, position);
    tell(&other, "dose.due");
    tell(&p, "dose.due");
    struct stream *s = follow(&p, position);
    assert_true(stream_brings(s, "event: notification\ndata: {", AT_ONCE_S));
    assert_true(stream_brings(s, "\"dose.due\"", AT_ONCE_S));
    tell(&p, "report.ready");
    assert_true(stream_brings(s, "\"report.ready\"", AT_ONCE_S));
    pause_ms(2500);
    stream_brings(s, "never", 0.1);
    assert_int_equal(count(stream_text(s), "data: "), 2); /* each once, nothing older, nothing of others */
    assert_null(strstr(stream_text(s), "\"dose.missed\""));
    stream_close(s);
    s = follow(&p, position);
    assert_true(stream_brings(s, "\"dose.due\"", AT_ONCE_S));
    assert_true(stream_brings(s, "\"report.ready\"", AT_ONCE_S));
    stream_close(s);
}

/* What came while the line was broken comes after it. */
static void goes_on_where_the_line_broke(void **state)
{
    (void)state;
    struct person p;
    char position[100];
    person_new(&p, "patient");
    struct stream *s = follow(&p, NULL);
    assert_true(stream_brings(s, "id: ", AT_ONCE_S));
    tell(&p, "dose.due");
    assert_true(stream_brings(s, "\"dose.due\"", AT_ONCE_S));
    read_position(s, position);
    stream_close(s);
    tell(&p, "report.ready");
    pause_ms(1500);
    s = follow(&p, position);
    assert_true(stream_brings(s, "\"report.ready\"", AT_ONCE_S));
    assert_null(strstr(stream_text(s), "\"dose.due\""));
    stream_close(s);
}

/* Delivers a notice as a worker would, in a transaction that goes on until late_commit(). */
static PGconn *late_delivery(const struct person *p, const char *type)
{
    const char *notice = owner_sql("INSERT INTO notifications (user_id, type, title, message) VALUES ($1::uuid, $2, 't', 'm') RETURNING id", p->id, type, NULL);
    PGconn *conn = PQconnectdb(owner_conninfo());
    PQclear(PQexec(conn, "BEGIN"));
    PGresult *done = PQexecParams(conn, "UPDATE notifications SET delivered_at = clock_timestamp() WHERE id = $1", 1, NULL, &notice, NULL, NULL, 0);
    assert_string_equal(PQcmdTuples(done), "1");
    PQclear(done);
    return conn;
}

static void late_commit(PGconn *conn)
{
    PGresult *done = PQexec(conn, "COMMIT");
    assert_int_equal(PQresultStatus(done), PGRES_COMMAND_OK);
    PQclear(done);
    PQfinish(conn);
}

/* Two workers deliver, and the first one's commit takes longest: of the streams that were there before, begin meanwhile, and go on
 * from where one broke meanwhile, none misses it. */
static void a_late_commit_is_not_passed_by(void **state)
{
    (void)state;
    struct person p;
    char position[100];
    person_new(&p, "patient");
    struct stream *before = follow(&p, NULL);
    assert_true(stream_brings(before, "id: ", AT_ONCE_S));
    PGconn *conn = late_delivery(&p, "dose.missed");
    tell(&p, "dose.due");
    assert_false(stream_brings(before, "\"dose.missed\"", 3)); /* far longer than a commit takes usually; the worker tries meanwhile */
    start_position(&p, position);
    late_commit(conn);
    struct stream *during = follow(&p, position);
    assert_true(stream_brings(before, "\"dose.missed\"", AT_ONCE_S));
    assert_true(stream_brings(before, "\"dose.due\"", AT_ONCE_S));
    assert_true(stream_brings(during, "\"dose.missed\"", AT_ONCE_S));
    assert_true(stream_brings(during, "\"dose.due\"", AT_ONCE_S));
    assert_int_equal(count(stream_text(before), "data: "), 2);
    stream_close(before);
    stream_close(during);
}

static void a_session_that_ends_ends_its_streams(void **state)
{
    (void)state;
    struct person p;
    char position[100];
    person_new(&p, "patient");
    struct stream *s = follow(&p, NULL);
    assert_true(stream_brings(s, "id: ", AT_ONCE_S));
    read_position(s, position);
    expect(post(p.token, NULL, "/auth/logout"), 204);
    tell(&p, "dose.due");
    assert_true(stream_ends(s, AT_ONCE_S));
    assert_null(strstr(stream_text(s), "data:"));
    stream_close(s);
    s = follow(&p, position);
    assert_true(stream_brings(s, "auth.session_ended", AT_ONCE_S));
    assert_non_null(strstr(stream_text(s), "HTTP/1.1 401"));
    stream_close(s);
}

/* Streams hold no thread: others are answered meanwhile, and all streams hear. */
static void many_at_once(void **state)
{
    (void)state;
    struct person p[PEOPLE];
    struct stream *streams[PEOPLE][OWN];
    for (size_t i = 0; i < PEOPLE; i++) {
        person_new(&p[i], "patient");
        for (size_t k = 0; k < OWN; k++)
            streams[i][k] = follow(&p[i], NULL);
    }
    for (size_t i = 0; i < PEOPLE; i++)
        for (size_t k = 0; k < OWN; k++)
            assert_true(stream_brings(streams[i][k], "id: ", AT_ONCE_S));
    for (size_t i = 0; i < PEOPLE; i++) {
        assert_true(expect(get(p[i].token, "/notifications"), 200)->seconds < 2);
        tell(&p[i], "dose.due");
    }
    for (size_t i = 0; i < PEOPLE; i++) {
        for (size_t k = 0; k < OWN; k++) {
            assert_true(stream_brings(streams[i][k], "\"dose.due\"", AT_ONCE_S));
            stream_close(streams[i][k]);
        }
    }
}

static bool is_refused(struct stream *s)
{
    assert_true(stream_brings(s, "\r\n\r\n", AT_ONCE_S));
    if (strstr(stream_text(s), "HTTP/1.1 200"))
        return false;
    assert_true(stream_brings(s, "\"stream.too_many\"", AT_ONCE_S));
    assert_non_null(strstr(stream_text(s), "HTTP/1.1 429"));
    assert_non_null(strstr(stream_text(s), "Retry-After: 5\r\n"));
    return true;
}

static void one_account_has_only_so_many(void **state)
{
    (void)state;
    struct person p, other;
    struct stream *streams[PROCESSES * OWN + 1];
    size_t refused = 0;
    person_new(&p, "patient");
    person_new(&other, "patient");
    for (size_t i = 0; i < PROCESSES * OWN + 1; i++) {
        streams[i] = follow(&p, NULL);
        bool full = is_refused(streams[i]);
        refused += full;
        assert_false(full && i < OWN);
    }
    assert_true(refused >= 1);
    struct stream *s = follow(&other, NULL);
    assert_false(is_refused(s));
    stream_close(s);
    for (size_t i = 0; i < PROCESSES * OWN + 1; i++)
        stream_close(streams[i]);
    bool full = true;
    for (int i = 0; full && i < 10; i++) { /* that they are gone shows at the next look */
        pause_ms(1000);
        s = follow(&p, NULL);
        full = is_refused(s);
        stream_close(s);
    }
    assert_false(full);
}

/* How long a stream of this stack lasts. */
static double stream_seconds(void)
{
    const char *seconds = getenv("DASTERN_STREAM_SECONDS");
    return seconds ? strtod(seconds, NULL) : 300;
}

/* A comment now and then, so that nobody on the way takes the line for dead. At last a whole answer, and its client comes again. */
static void silence_is_broken_and_the_end_is_a_good_one(void **state)
{
    (void)state;
    struct person p;
    char position[100];
    person_new(&p, "patient");
    struct stream *s = follow(&p, NULL);
    assert_true(stream_brings(s, "id: ", AT_ONCE_S));
    assert_true(stream_brings(s, "\n:\n\n", 15 + AT_ONCE_S));
    if (stream_seconds() > 60) {
        stream_close(s);
        print_message("streams last too long here to wait for the end of one (DASTERN_STREAM_SECONDS)\n");
        return;
    }
    assert_true(stream_ends(s, stream_seconds() - 15 + AT_ONCE_S));
    const char *text = stream_text(s), *last_chunk = "\r\n0\r\n\r\n";
    assert_non_null(strstr(text, "retry: 1000\n"));
    assert_string_equal(text + strlen(text) - strlen(last_chunk), last_chunk);
    read_position(s, position);
    stream_close(s);
    tell(&p, "dose.due");
    s = follow(&p, position);
    assert_true(stream_brings(s, "\"dose.due\"", AT_ONCE_S));
    stream_close(s);
}

static void refuses_a_position_it_did_not_give(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    static const char *const wrong[] = {"x", "_", "2026-01-31T01:00:00Z", "2026-01-31T01:00:00Z_x", "2026-02-31T01:00:00Z_00000000-0000-0000-0000-000000000000",
                                        "infinity_00000000-0000-0000-0000-000000000000", "'; SELECT 1_00000000-0000-0000-0000-000000000000"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char header[200];
        snprintf(header, sizeof header, "Last-Event-ID: %s", wrong[i]);
        const char *const headers[] = {header, NULL};
        expect_problem(client_call(&(struct call){.path = "/notifications/stream", .token = p.token, .headers = headers}), 400,
                       "notification.stream_position");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(tells_what_came_since, client_teardown),
        cmocka_unit_test_teardown(goes_on_where_the_line_broke, client_teardown),
        cmocka_unit_test_teardown(a_late_commit_is_not_passed_by, client_teardown),
        cmocka_unit_test_teardown(a_session_that_ends_ends_its_streams, client_teardown),
        cmocka_unit_test_teardown(many_at_once, client_teardown),
        cmocka_unit_test_teardown(one_account_has_only_so_many, client_teardown),
        cmocka_unit_test_teardown(silence_is_broken_and_the_end_is_a_good_one, client_teardown),
        cmocka_unit_test_teardown(refuses_a_position_it_did_not_give, client_teardown),
    };
    return cmocka_run_group_tests_name("notification stream", tests, NULL, NULL);
}
