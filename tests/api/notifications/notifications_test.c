/* One's own notices: listed, read, chosen by channel; nobody else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "expect.h"
#include "owner.h"
#include "people.h"

static void tell(const struct person *p, const char *type)
{
    assert_string_equal(owner_sql("SELECT notify_user($1::uuid, $2, '{\"medication\": \"X\", \"time\": \"07:00\"}')", p->id, type, NULL), "t");
}

static long unread_of(const struct person *p)
{
    return owner_count("SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND NOT is_read", p->id, NULL);
}

static void lists_own_newest_first(void **state)
{
    (void)state;
    struct person a, b;
    person_new(&a, "patient");
    person_new(&b, "patient");
    tell(&a, "dose.due");
    tell(&a, "report.ready");
    tell(&b, "dose.missed");
    struct answer *list = expect(get(a.token, "/notifications"), 200);
    assert_int_equal(answer_count(list, "items"), 2);
    assert_string_equal(answer_text(list, "items.0.type"), "report.ready");
    assert_string_equal(answer_text(list, "items.1.type"), "dose.due");
    assert_string_equal(answer_text(list, "items.1.data.medication"), "X");
    assert_false(answer_true(list, "items.0.is_read"));
    assert_true(json_is_null(answer_at(list, "items.0.read_at")));
    assert_true(json_is_null(answer_at(list, "next_cursor")));
    assert_string_equal(answer_header(list, "Cache-Control"), "no-store");
}

static void pages_give_each_notice_once(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    owner_sql("SELECT count(notify_user($1::uuid, 'dose.due', jsonb_build_object('n', i))) FROM generate_series(1, 7) AS i", p.id, NULL);
    char cursor[600] = "";
    bool seen[8] = {false};
    int pages = 0;
    do {
        struct answer *page = expect(get(p.token, "/notifications?limit=3%s%s", *cursor ? "&cursor=" : "", cursor), 200);
        for (size_t i = 0; i < answer_count(page, "items"); i++) {
            char path[64];
            snprintf(path, sizeof path, "items.%zu.data.n", i);
            int n = (int)answer_number(page, path);
            assert_true(n >= 1 && n <= 7 && !seen[n]);
            seen[n] = true;
        }
        const char *next = json_string_value(answer_at(page, "next_cursor"));
        snprintf(cursor, sizeof cursor, "%s", next ? next : "");
        pages++;
    } while (*cursor && pages < 10);
    assert_int_equal(pages, 3);
    for (int n = 1; n <= 7; n++)
        assert_true(seen[n]);
}

static void refuses_bad_queries(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    static const char *const queries[] = {"unread=maybe", "unread=", "limit=0", "limit=101", "limit=x", "cursor=%00", "cursor=!!",
                                          "user_id=1", "unread=true&unread=true", "cursor=MjAyNg", "unread=%ff"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        expect(get(p.token, "/notifications?%s", queries[i]), 400);
    expect_problem(get(NULL, "/notifications"), 401, "auth.token_missing");
}

static void reads_once_and_keeps_the_time(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    tell(&p, "dose.due");
    tell(&p, "dose.due");
    char id[37], read_at[40];
    snprintf(id, sizeof id, "%s", answer_text(expect(get(p.token, "/notifications"), 200), "items.0.id"));
    struct answer *first = expect(post(p.token, NULL, "/notifications/%s/read", id), 200);
    assert_true(answer_true(first, "is_read"));
    snprintf(read_at, sizeof read_at, "%s", answer_text(first, "read_at"));
    assert_string_equal(answer_text(expect(post(p.token, NULL, "/notifications/%s/read", id), 200), "read_at"), read_at);
    struct answer *unread = expect(get(p.token, "/notifications?unread=true"), 200);
    assert_int_equal(answer_count(unread, "items"), 1);
    assert_string_not_equal(answer_text(unread, "items.0.id"), id);
}

static void another_persons_is_as_good_as_none(void **state)
{
    (void)state;
    struct person owner, other;
    person_new(&owner, "patient");
    person_new(&other, "doctor");
    tell(&owner, "dose.due");
    char id[37];
    snprintf(id, sizeof id, "%s", owner_sql("SELECT id FROM notifications WHERE user_id = $1::uuid", owner.id, NULL));
    struct answer *none = expect_problem(post(other.token, NULL, "/notifications/%s/read", nobody_id()), 404, "not_found");
    expect_same_refusal(post(other.token, NULL, "/notifications/%s/read", id), none);
    expect(post(owner.token, NULL, "/notifications/nonsense/read"), 404);
    assert_int_equal(unread_of(&owner), 1);
}

static void read_all_marks_own_only(void **state)
{
    (void)state;
    struct person a, b;
    person_new(&a, "patient");
    person_new(&b, "patient");
    for (int i = 0; i < 3; i++)
        tell(&a, "dose.due");
    tell(&b, "dose.due");
    assert_int_equal((int)answer_number(expect(post(a.token, NULL, "/notifications/read-all"), 200), "marked"), 3);
    assert_int_equal((int)answer_number(expect(post(a.token, NULL, "/notifications/read-all"), 200), "marked"), 0);
    assert_int_equal(unread_of(&a), 0);
    assert_int_equal(unread_of(&b), 1);
}

static json_t *choice(const char *type, const char *channel, bool enabled)
{
    return json_pack("{s:s, s:{s:b}}", "type", type, "channels", channel, enabled);
}

static bool channel_of(struct answer *a, const char *type, const char *channel)
{
    for (size_t i = 0; i < answer_count(a, "items"); i++) {
        char path[64];
        snprintf(path, sizeof path, "items.%zu.type", i);
        if (strcmp(answer_text(a, path), type) != 0)
            continue;
        snprintf(path, sizeof path, "items.%zu.channels.%s", i, channel);
        return answer_true(a, path);
    }
    fail_msg("no kind %s", type);
    return false;
}

static void put_replaces_all_choices(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    struct answer *before = expect(get(p.token, "/notifications/preferences"), 200);
    assert_true(channel_of(before, "dose.due", "in_app") && !channel_of(before, "dose.due", "email"));
    struct answer *a = put(p.token, json_pack("{s:[o,o]}", "items", choice("dose.due", "email", true), choice("dose.due", "in_app", false)),
                           "/notifications/preferences");
    assert_true(channel_of(expect(a, 200), "dose.due", "email") && !channel_of(a, "dose.due", "in_app"));
    a = expect(put(p.token, json_pack("{s:[o,o]}", "items", choice("report.ready", "push", true), choice("report.ready", "push", false)),
                   "/notifications/preferences"), 200);
    assert_true(!channel_of(a, "report.ready", "push") && channel_of(a, "dose.due", "in_app") && !channel_of(a, "dose.due", "email"));
    a = expect(put(p.token, json_pack("{s:[]}", "items"), "/notifications/preferences"), 200);
    assert_true(json_equal(a->json, before->json));
}

static void what_is_not_wanted_is_neither_listed_nor_sent(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    expect(put(p.token, json_pack("{s:[{s:s, s:{s:b, s:b}}]}", "items", "type", "dose.due", "channels", "in_app", false, "push", false),
               "/notifications/preferences"), 200);
    tell(&p, "dose.due");
    tell(&p, "report.ready");
    struct answer *list = expect(get(p.token, "/notifications"), 200);
    assert_int_equal(answer_count(list, "items"), 1);
    assert_string_equal(answer_text(list, "items.0.type"), "report.ready");
    assert_int_equal(owner_count("SELECT count(*) FROM outbox WHERE user_id = $1::uuid AND kind = 'push' AND payload ->> 'type' = 'dose.due'",
                                 p.id, NULL), 0);
}

static void put_refuses_what_is_not_known(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    expect_problem(put(p.token, json_pack("{s:[o]}", "items", choice("no.such", "email", true)), "/notifications/preferences"), 422, "preference.type");
    struct answer *a = put(p.token, json_pack("{s:[o,i,{s:s}]}", "items", choice("dose.due", "sms", true), 3, "type", "x"), "/notifications/preferences");
    expect_fault(a, "/items/0/channels/sms", "unknown");
    expect_fault(a, "/items/1", "type");
    expect_fault(a, "/items/2/channels", "required");
    a = put(p.token, json_pack("{s:[{s:s, s:{s:s}}], s:i}", "items", "type", "dose.due", "channels", "email", "yes", "user_id", 1),
            "/notifications/preferences");
    expect_fault(a, "/items/0/channels/email", "type");
    expect_fault(a, "/user_id", "unknown");
    expect_fault(put(p.token, json_object(), "/notifications/preferences"), "/items", "required");
    assert_int_equal(owner_count("SELECT count(*) FROM notification_preferences WHERE user_id = $1::uuid", p.id, NULL), 0);
}

static void refuses_bad_bodies(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    static const struct { const char *bytes; int status; } bodies[] = {
        {"{", 400}, {"[]", 400}, {"{\"items\":[{\"type\":\"a\\u0000b\",\"channels\":{}}]}", 400}, {"{\"items\":\"\xff\"}", 400},
        {"{\"items\":[],\"items\":[]}", 400}, {"{\"items\":[]} x", 400}, {"{\"items\":1e999}", 400}};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct answer *a = client_call(&(struct call){.method = "PUT", .path = "/notifications/preferences", .token = p.token, .raw = bodies[i].bytes,
                                                      .raw_size = strlen(bodies[i].bytes), .content_type = "application/json"});
        expect(a, bodies[i].status);
    }
}

static void every_route_wants_a_session(void **state)
{
    (void)state;
    expect_problem(get(NULL, "/notifications/preferences"), 401, "auth.token_missing");
    expect_problem(get(NULL, "/notifications/stream"), 401, "auth.token_missing");
    expect_problem(post(NULL, NULL, "/notifications/read-all"), 401, "auth.token_missing");
    expect_problem(post(NULL, NULL, "/notifications/%s/read", nobody_id()), 401, "auth.token_missing");
    expect_problem(put(NULL, json_pack("{s:[]}", "items"), "/notifications/preferences"), 401, "auth.token_missing");
    expect(delete_(NULL, "/notifications/read-all"), 405);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(lists_own_newest_first, client_teardown),
        cmocka_unit_test_teardown(pages_give_each_notice_once, client_teardown),
        cmocka_unit_test_teardown(refuses_bad_queries, client_teardown),
        cmocka_unit_test_teardown(reads_once_and_keeps_the_time, client_teardown),
        cmocka_unit_test_teardown(another_persons_is_as_good_as_none, client_teardown),
        cmocka_unit_test_teardown(read_all_marks_own_only, client_teardown),
        cmocka_unit_test_teardown(put_replaces_all_choices, client_teardown),
        cmocka_unit_test_teardown(what_is_not_wanted_is_neither_listed_nor_sent, client_teardown),
        cmocka_unit_test_teardown(put_refuses_what_is_not_known, client_teardown),
        cmocka_unit_test_teardown(refuses_bad_bodies, client_teardown),
        cmocka_unit_test_teardown(every_route_wants_a_session, client_teardown),
    };
    return cmocka_run_group_tests_name("notifications", tests, NULL, NULL);
}
