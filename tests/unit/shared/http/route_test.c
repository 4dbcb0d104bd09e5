/* Paths against a route table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/route.h"

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

static struct route_match find(struct arena *mem, enum method method, const char *path)
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
    struct arena *mem = arena_new(1024);
    (void)state;
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct route_match m = find(mem, GET, strangers[i]);
        assert_null(m.route);
        assert_int_equal(m.allowed, 0);
    }
    arena_free(mem);
}

static void tells_the_methods_a_path_has(void **state)
{
    struct arena *mem = arena_new(1024);
    struct route_match m = find(mem, GET, "/doses/" UUID "/take");
    (void)state;
    assert_null(m.route);
    assert_int_equal(m.allowed, 1u << POST);
    arena_free(mem);
}

static void captures_by_name(void **state)
{
    struct arena *mem = arena_new(1024);
    struct route_match m = find(mem, POST, "/doses/" UUID "/take");
    (void)state;
    assert_ptr_equal(m.route, &routes[3]);
    assert_int_equal(m.capture_count, 1);
    assert_string_equal(m.captures[0].name, "dose_id");
    assert_string_equal(m.captures[0].value, UUID);
    m = find(mem, GET, "/calendar/abc.def.ics");
    assert_string_equal(m.captures[0].name, "token");
    assert_string_equal(m.captures[0].value, "abc.def");
    arena_free(mem);
}

static void literal_wins_over_capture(void **state)
{
    struct arena *mem = arena_new(1024);
    (void)state;
    assert_ptr_equal(find(mem, GET, "/names/me").route, &routes[6]);
    assert_ptr_equal(find(mem, GET, "/names/you").route, &routes[5]);
    arena_free(mem);
}

static void names_captures_of_a_pattern(void **state)
{
    struct arena *mem = arena_new(1024);
    (void)state;
    assert_string_equal(route_capture_name(mem, "/a/{x:uuid}/b/{y:token}.ics", 1), "y");
    assert_null(route_capture_name(mem, "/a/{x:uuid}", 1));
    arena_free(mem);
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
        cmocka_unit_test(refuses_what_is_no_path_of_the_table), cmocka_unit_test(tells_the_methods_a_path_has),
        cmocka_unit_test(captures_by_name), cmocka_unit_test(literal_wins_over_capture),
        cmocka_unit_test(names_captures_of_a_pattern), cmocka_unit_test(knows_five_methods)};
    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
