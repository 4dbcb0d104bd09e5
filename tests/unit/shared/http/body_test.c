/* Query strings and JSON bodies against a route's fields, from the bytes on. */
#include "fake_fcgi.h"

static const struct field search_fields[] = {{.name = "name", .type = F_TEXT, .max = 20}, {.name = "on", .type = F_DATE}, {.name = NULL}};
static const struct field dose_fields[] = {{.name = "amount", .type = F_DECIMAL, .required = true, .min = 0.25, .max = 100},
                                           {.name = "note", .type = F_TEXT, .nullable = true}, {.name = NULL}};
static const struct route list = {GET, "/things", PATIENT, R_LIST, search_fields, NULL, NULL};
static const struct route take = {POST, "/doses", PATIENT, 0, dose_fields, NULL, NULL};
static const struct route bare = {POST, "/read", PATIENT, 0, NULL, NULL, NULL};

static struct request *r;

static enum err query(const char *text)
{
    r = fake_request(&list);
    fake_param("QUERY_STRING", text);
    return request_read_input(r);
}

static enum err body_n(const struct route *route, const char *bytes, size_t n, const char *type)
{
    r = fake_request(route);
    fake_body = bytes;
    fake_body_n = n;
    fake_param("CONTENT_LENGTH", arena_printf(mem, "%zu", n));
    fake_param("CONTENT_TYPE", type);
    return request_read_input(r);
}

static enum err body(const char *text)
{
    return body_n(&take, text, strlen(text), "application/json");
}

static bool has_fault(const char *pointer, const char *code)
{
    for (size_t i = 0; i < r->faults.count; i++)
        if (str_eq(r->faults.items[i].pointer, pointer) && str_eq(r->faults.items[i].code, code))
            return true;
    return false;
}

/* --- query strings ------------------------------------------------------------------------------------------------- */

static void broken_query_strings_are_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {"name=%", "name=%4", "name=%zz", "name=%00", "name=%ff", "%ff=1", "name=%c3%28", "name=a%0"};
    for (size_t i = 0; i < COUNT(broken); i++) {
        assert_int_equal(query(broken[i]), E_INVALID);
        assert_string_equal(r->problem.code, "request.query");
        assert_int_equal(r->problem.status, 400);
    }
}

static void query_strings_have_limits(void **state)
{
    (void)state;
    struct buf many = {.mem = mem}, longest = {.mem = mem};
    for (int i = 0; i <= LIMIT_QUERY_PARAMS; i++)
        buf_str(&many, "a=1&");
    assert_int_equal(query(many.data), E_INVALID);
    assert_string_equal(r->problem.code, "request.query");
    while (longest.len <= LIMIT_QUERY_BYTES)
        buf_str(&longest, "&&&&&&&&");
    assert_int_equal(query(longest.data), E_INVALID);
    assert_string_equal(r->problem.code, "request.query");
}

static void faults_of_parameters_are_all_told(void **state)
{
    (void)state;
    assert_int_equal(query("name=&on=2026-02-30&who=x&limit=0&cursor=!&user_id=1&on=2026-01-01"), E_INVALID);
    assert_int_equal(r->problem.status, 400);
    assert_true(has_fault("/on", "format") && has_fault("/who", "unknown") && has_fault("/user_id", "unknown") && has_fault("/on", "duplicate"));
    assert_true(has_fault("/limit", "min") && has_fault("/cursor", "format"));
    static const char *const limits[] = {"-1", "101", "1e1", "x", "", "1.0", "99999999999999999999", "+5", "05"};
    for (size_t i = 0; i < COUNT(limits); i++) {
        assert_int_equal(query(arena_printf(mem, "limit=%s", limits[i])), E_INVALID);
        assert_int_equal(r->faults.count, 1);
    }
    assert_int_equal(query("limit=5&limit=6"), E_INVALID);
    assert_int_equal(query("cursor="), E_INVALID);
    assert_int_equal(query("cursor=AAAA"), E_INVALID); /* NUL bytes */
    assert_int_equal(query("cursor=_w"), E_INVALID);   /* 0xff is no UTF-8 */
    assert_int_equal(query("cursor=YQ=="), E_INVALID);
}

static void good_parameters_are_taken(void **state)
{
    (void)state;
    assert_int_equal(query("name=a%26b%3d+%E1%9E%80&&on=2024-02-29&"), OK);
    assert_string_equal(input(r, "name"), "a&b= ក");
    assert_string_equal(input(r, "on"), "2024-02-29");
    assert_string_equal(r->exchange->limit, "20");
    assert_null(r->exchange->cursor_1);
    assert_int_equal(query(""), OK);
    assert_false(input_present(r, "name"));
    assert_int_equal(query("limit=100&cursor=YR9i"), OK); /* "a", unit separator, "b" */
    assert_string_equal(r->exchange->limit, "100");
    assert_string_equal(r->exchange->cursor_1, "a");
    assert_string_equal(r->exchange->cursor_2, "b");
}

/* --- bodies ------------------------------------------------------------------------------------------------------------ */

static void broken_bodies_are_refused(void **state)
{
    (void)state;
    static const struct { const char *text, *code; } broken[] = {
        {"{", "json.syntax"}, {"{\"amount\":1}}", "json.syntax"}, {"[]", "json.not_object"}, {"null", "json.not_object"}, {"1", "json.not_object"},
        {"{\"amount\":1,\"amount\":2}", "json.duplicate_key"}, {"{\"note\":\"\\u0000\"}", "json.nul"}, {"{\"note\":\"\xff\"}", "json.encoding"},
        {"{\"amount\":NaN}", "json.syntax"}, {"{\"amount\":1e999}", "json.number"}, {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "json.depth"},
        {"\xef\xbb\xbf{}", "json.syntax"}, {" ", "json.syntax"},
    };
    for (size_t i = 0; i < COUNT(broken); i++) {
        assert_int_equal(body(broken[i].text), E_INVALID);
        assert_string_equal(r->problem.code, broken[i].code);
        assert_int_equal(r->problem.status, 400);
    }
}

static void lengths_that_lie_are_refused(void **state)
{
    (void)state;
    static const char *const lengths[] = {"0", "11", "13", "-12", "x", "12x", "99999999999999999999", "1e1"};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        r = fake_request(&take);
        fake_body = "{\"amount\":1}";
        fake_body_n = 12;
        fake_param("CONTENT_TYPE", "application/json");
        fake_param("CONTENT_LENGTH", lengths[i]);
        assert_int_equal(request_read_input(r), E_INVALID);
        assert_string_equal(r->problem.code, "request.cut_off");
    }
}

static void a_body_that_breaks_off_is_refused(void **state)
{
    (void)state;
    r = fake_request(&take);
    fake_breaks_off = true;
    fake_param("CONTENT_TYPE", "application/json");
    assert_int_equal(request_read_input(r), E_INVALID);
    assert_string_equal(r->problem.code, "request.cut_off");
}

static void a_body_over_the_limit_is_not_read_on(void **state)
{
    (void)state;
    size_t n = LIMIT_JSON_BODY_BYTES + 100000;
    char *huge = arena_alloc(mem, n);
    memset(huge, ' ', n);
    assert_int_equal(body_n(&take, huge, n, "application/json"), E_INVALID);
    assert_int_equal(r->problem.status, 413);
    assert_true(fake_body_n > 50000);
}

static void other_types_are_refused(void **state)
{
    (void)state;
    static const char *const types[] = {"", "text/plain", "application/json5", "application/jsonx; charset=utf-8", "multipart/form-data; boundary=x",
                                        "application/x-www-form-urlencoded", " application/json"};
    for (size_t i = 0; i < COUNT(types); i++) {
        assert_int_equal(body_n(&take, "{\"amount\":1}", 12, types[i]), E_INVALID);
        assert_int_equal(r->problem.status, 415);
    }
    assert_int_equal(body_n(&take, "{\"amount\":1}", 12, NULL), E_INVALID);
    assert_int_equal(r->problem.status, 415);
}

static void faults_of_members_are_all_told(void **state)
{
    (void)state;
    assert_int_equal(body("{\"amount\":0,\"note\":5,\"user_id\":\"x\",\"a/b\":1}"), E_INVALID);
    assert_int_equal(r->problem.status, 422);
    assert_true(has_fault("/amount", "min") && has_fault("/note", "type") && has_fault("/user_id", "unknown") && has_fault("/a~1b", "unknown"));
    assert_int_equal(body("{}"), E_INVALID);
    assert_true(has_fault("/amount", "required"));
    assert_int_equal(body("{\"amount\":null}"), E_INVALID);
    assert_true(has_fault("/amount", "type"));
    assert_int_equal(body_n(&take, "", 0, NULL), E_INVALID); /* no body at all stands for {} */
    assert_true(has_fault("/amount", "required"));
}

static void a_body_where_none_belongs_is_refused(void **state)
{
    (void)state;
    assert_int_equal(body_n(&bare, "{\"a\":1}", 7, "application/json"), E_INVALID);
    assert_true(has_fault("/a", "unknown"));
    assert_int_equal(body_n(&bare, "", 0, NULL), OK);
    assert_int_equal(body_n(&bare, "{}", 2, "application/json"), OK);
}

static void good_members_are_taken(void **state)
{
    (void)state;
    assert_int_equal(body_n(&take, "{\"amount\":0.50,\"note\":null}", 27, "Application/JSON; charset=UTF-8"), OK);
    assert_string_equal(input(r, "amount"), "0.5");
    assert_null(input(r, "note"));
    assert_true(input_present(r, "note"));
    assert_string_equal(r->exchange->body, "{\"amount\":0.50,\"note\":null}");
    const char *hash = r->exchange->body_hash;
    assert_int_equal(body("{\"amount\":0.5}"), OK);
    assert_false(input_present(r, "note"));
    assert_int_equal(strlen(hash), 64);
    assert_string_not_equal(hash, r->exchange->body_hash);
}

/* A query string belongs to GET: on others it is not ignored but refused. */
static void a_body_and_a_query_do_not_mix(void **state)
{
    (void)state;
    r = fake_request(&take);
    fake_body = "{\"amount\":1}";
    fake_body_n = 12;
    fake_param("CONTENT_TYPE", "application/json");
    fake_param("QUERY_STRING", "amount=2");
    assert_int_equal(request_read_input(r), E_INVALID);
    assert_true(has_fault("/amount", "unknown"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(broken_query_strings_are_refused), in_arena(query_strings_have_limits), in_arena(faults_of_parameters_are_all_told),
        in_arena(good_parameters_are_taken), in_arena(broken_bodies_are_refused), in_arena(lengths_that_lie_are_refused),
        in_arena(a_body_that_breaks_off_is_refused), in_arena(a_body_over_the_limit_is_not_read_on), in_arena(other_types_are_refused),
        in_arena(faults_of_members_are_all_told), in_arena(a_body_where_none_belongs_is_refused), in_arena(good_members_are_taken),
        in_arena(a_body_and_a_query_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
