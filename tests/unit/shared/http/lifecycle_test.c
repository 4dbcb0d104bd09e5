/* A request from its first byte to its answer, as far as no database is needed. */
#include "fake_fcgi.h"

#include "access/ratelimit.h"
#include "core/config.h"
#include "core/log.h"

#define BURST 30       /* of the class for sign-in */
#define BURST_CODES 60 /* of the class for what sends codes */

static enum err answer_plain(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    return reply_no_content(r);
}

static const struct route routes[] = {{GET, "/limited", ANYONE, R_LIMIT_SIGN_IN, NULL, answer_plain, NULL},
                                      {GET, "/code", ANYONE, R_LIMIT_CODES, NULL, answer_plain, NULL},
                                      {0}};
static const struct area area = {.name = "test", .routes = routes};

static bool takes(const char *path, const char *address)
{
    struct request *r = fake_request(&routes[0]);
    r->exchange->area = &area;
    fake_param("REQUEST_METHOD", "GET");
    fake_param("DOCUMENT_URI", path);
    fake_param("REMOTE_ADDR", address);
    assert_int_equal(request_serve(r), OK);
    assert_true(strstr(fake_answer.data, "Status: 204") || strstr(fake_answer.data, "Status: 429"));
    return strstr(fake_answer.data, "Status: 204") != NULL;
}

static bool is_taken_from(const char *address)
{
    return takes("/api/v1/limited", address);
}

/* How many requests of twice the burst pass, each from another address behind the same beginning. */
static int passed(const char *beginning)
{
    int n = 0;
    for (int i = 1; i <= 2 * BURST; i++)
        n += is_taken_from(arena_printf(mem, "%s%d", beginning, i));
    return n;
}

static void an_address_is_limited(void **state)
{
    (void)state;
    for (int i = 0; i < BURST; i++)
        assert_true(is_taken_from("192.0.2.1"));
    assert_false(is_taken_from("192.0.2.1"));
    assert_true(is_taken_from("192.0.2.2"));
}

/* A host has 2^64 addresses to ask from. */
static void the_addresses_of_one_ipv6_network_are_one(void **state)
{
    (void)state;
    assert_int_equal(passed("2001:db8:0:1::"), BURST);
    assert_int_equal(passed("2001:db8:0:2:aaaa:bbbb:cccc:"), BURST);
    assert_true(is_taken_from("2001:db8:0:3::1"));
}

static void other_addresses_are_themselves(void **state)
{
    (void)state;
    assert_int_equal(passed("203.0.113."), 2 * BURST);
    assert_int_equal(passed("::ffff:198.51.100."), 2 * BURST);
}

/* Whoever has many accounts still has one address. */
static void codes_for_one_address_are_limited(void **state)
{
    (void)state;
    for (int i = 0; i < BURST_CODES; i++)
        assert_true(takes("/api/v1/code", "192.0.2.77"));
    assert_false(takes("/api/v1/code", "192.0.2.77"));
    assert_non_null(strstr(fake_answer.data, "request.rate_limited"));
    assert_true(takes("/api/v1/code", "192.0.2.78"));
    assert_true(takes("/api/v1/limited", "192.0.2.77"));
}

static int start(void **state)
{
    (void)state;
    static const struct config_item items[] = {{"DASTERN_RATE_FACTOR", CONFIG_COUNT, "1", ""}, {NULL, CONFIG_TEXT, NULL, NULL}};
    char *no_arguments[] = {(char *)(uintptr_t)"test", NULL};
    config_load(items, NULL, 1, no_arguments);
    log_init("test", "error");
    ratelimit_init(NULL, "a secret of the test");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(an_address_is_limited),
        in_arena(the_addresses_of_one_ipv6_network_are_one),
        in_arena(other_addresses_are_themselves),
        in_arena(codes_for_one_address_are_limited),
    };
    return cmocka_run_group_tests_name("lifecycle", tests, start, NULL);
}
