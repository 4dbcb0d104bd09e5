/* Paths against a route table. */
#include "http/route.h"
#include "unit.h"

static enum err nothing(struct request *r, const struct sql_stmt *sql)
{
    (void)r;
    (void)sql;
    return OK;
}

static const struct route routes[] = {
    {GET, "/doses", SIGNED_IN, 0, NULL, nothing, NULL},
    {GET, "/doses/{dose_id:uuid}", SIGNED_IN, 0, NULL, nothing, NULL},
    {GET, "/doses/today", SIGNED_IN, 0, NULL, nothing, NULL},
    {POST, "/doses/{dose_id:uuid}/take", SIGNED_IN, 0, NULL, nothing, NULL},
    {GET, "/calendar/{token:token}.ics", ANYONE, 0, NULL, nothing, NULL},
    {GET, "/names/{name:token}", ANYONE, 0, NULL, nothing, NULL},
    {GET, "/names/me", ANYONE, 0, NULL, nothing, NULL},
    {0}};

#define UUID "0190a0b0-0000-7000-8000-0123456789ab"

static struct route_match find(enum method method, const char *path)
{
    struct route_match m;
    route_find(mem, routes, method, path, &m);
    return m;
}

static void refuses_what_is_no_path_of_the_table(void **state)
{
    static const char *const strangers[] = {"", "/", "doses", "/dose", "/doses/", "//doses", "/doses//take", "/doses/../doses",
                                            "/doses/" UUID "/take/", "/doses/not-a-uuid", "/doses/" UUID "x", "/calendar/.ics",
                                            "/calendar/a b.ics", "/calendar/abc", "/names/", "/names/a%b"};
    (void)state;
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct route_match m = find(GET, strangers[i]);
        assert_null(m.route);
        assert_int_equal(m.allowed, 0);
    }
}

static void tells_the_methods_a_path_has(void **state)
{
    struct route_match m = find(GET, "/doses/" UUID "/take");
    (void)state;
    assert_null(m.route);
    assert_int_equal(m.allowed, 1u << POST);
}

static void captures_by_name(void **state)
{
    struct route_match m = find(POST, "/doses/" UUID "/take");
    (void)state;
    assert_ptr_equal(m.route, &routes[3]);
    assert_int_equal(m.capture_count, 1);
    assert_string_equal(m.captures[0].name, "dose_id");
    assert_string_equal(m.captures[0].value, UUID);
    m = find(GET, "/calendar/abc.def.ics");
    assert_string_equal(m.captures[0].name, "token");
    assert_string_equal(m.captures[0].value, "abc.def");
}

static void literal_wins_over_capture(void **state)
{
    (void)state;
    assert_ptr_equal(find(GET, "/names/me").route, &routes[6]);
    assert_ptr_equal(find(GET, "/names/you").route, &routes[5]);
}

static void names_captures_of_a_pattern(void **state)
{
    (void)state;
    assert_string_equal(route_capture_name(mem, "/a/{x:uuid}/b/{y:token}.ics", 1), "y");
    assert_null(route_capture_name(mem, "/a/{x:uuid}", 1));
}

static void knows_five_methods(void **state)
{
    (void)state;
    assert_int_equal(method_parse("GET"), GET);
    assert_int_equal(method_parse("DELETE"), DELETE);
    assert_int_equal(method_parse("get"), 0);
    assert_int_equal(method_parse("TRACE"), 0);
    assert_int_equal(method_parse(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(refuses_what_is_no_path_of_the_table), in_arena(tells_the_methods_a_path_has),
        in_arena(captures_by_name), in_arena(literal_wins_over_capture),
        in_arena(names_captures_of_a_pattern), cmocka_unit_test(knows_five_methods)};
    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
