/* JSON in: everything that must be refused, with its code and place; then what values look like. */
#include "unit.h"

#include "core/limits.h"
#include "core/str.h"
#include "json/json_read.h"

#define REFUSED(text, code_) {text, sizeof(text) - 1, code_, 0, 0}

static const struct bad {
    const char *text;
    size_t n;
    const char *code;
    long line, column; /* checked when not 0 */
} bad[] = {
    REFUSED("", "json.syntax"),
    REFUSED(" ", "json.syntax"),
    REFUSED("{", "json.syntax"),
    REFUSED("{\"a\":1,}", "json.syntax"),
    REFUSED("[1 2]", "json.syntax"),
    REFUSED("{'a':1}", "json.syntax"),
    REFUSED("{a:1}", "json.syntax"),
    REFUSED("nul", "json.syntax"),
    REFUSED("NaN", "json.syntax"),
    REFUSED("[NaN]", "json.syntax"),
    REFUSED("[Infinity]", "json.syntax"),
    REFUSED("[-Infinity]", "json.syntax"),
    REFUSED("1 2", "json.syntax"),
    REFUSED("{} {}", "json.syntax"),
    REFUSED("[01]", "json.syntax"),
    REFUSED("[+1]", "json.syntax"),
    REFUSED("[.5]", "json.syntax"),
    REFUSED("[1.]", "json.syntax"),
    REFUSED("[0x10]", "json.syntax"),
    REFUSED("// c\n1", "json.syntax"),
    REFUSED("\"\t\"", "json.syntax"),
    REFUSED("\"\\x41\"", "json.syntax"),
    REFUSED("\"\\ud800\"", "json.syntax"),
    REFUSED("\"\\udc00\\ud800\"", "json.syntax"),
    REFUSED("\"\\ud800\\u0041\"", "json.syntax"),
    REFUSED("\"abc", "json.syntax"),
    REFUSED("\"abc\\", "json.syntax"),
    REFUSED("[1e400]", "json.number"),
    REFUSED("[-1e400]", "json.number"),
    REFUSED("9223372036854775808", "json.number"),
    REFUSED("[-9223372036854775809]", "json.number"),
    REFUSED("1000000000000000000000000000000000000000000000000000000000000000000000000000000", "json.number"),
    REFUSED("{\"a\":1,\"a\":2}", "json.duplicate_key"),
    REFUSED("[{\"x\":{\"a\":1,\"\\u0061\":2}}]", "json.duplicate_key"),
    REFUSED("\"\\u0000\"", "json.nul"),
    REFUSED("{\"a\\u0000b\":1}", "json.nul"),
    REFUSED("[1,\0]", "json.nul"),
    REFUSED("\"a\0b\"", "json.nul"),
    REFUSED("1\0", "json.nul"),
    REFUSED("\"\xff\"", "json.encoding"),
    REFUSED("\"\xc0\xaf\"", "json.encoding"),
    REFUSED("\"\xed\xa0\x80\"", "json.encoding"),
    REFUSED("\xff\xfe{}", "json.encoding"),
    REFUSED("\xef\xbb\xbf{}", "json.syntax"), /* a byte order mark is no JSON */
    {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 35, "json.depth", 1, 17},
    {"{\"a\":\n\n  1, \"b\":\"\xff\"}", 20, "json.encoding", 3, 11},
    {"[\n[\n\"x\", \"\\u0000\"]]", 19, "json.nul", 3, 0},
};

static void what_is_not_json_is_refused_with_its_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct json_fault fault = {0};
        if (json_read(mem, bad[i].text, bad[i].n, &fault))
            fail_msg("accepted %s", bad[i].text);
        if (!str_eq(fault.code, bad[i].code))
            fail_msg("%s: %s", bad[i].text, fault.code);
        assert_true(fault.line >= 1 && fault.column >= 1);
        if (bad[i].line)
            assert_int_equal(fault.line, bad[i].line);
        if (bad[i].column)
            assert_int_equal(fault.column, bad[i].column);
    }
}

static json_t *read_text(const char *text)
{
    struct json_fault fault = {0};
    json_t *value = json_read(mem, text, strlen(text), &fault);
    if (!value)
        fail_msg("%s: %s", text, fault.code);
    return value;
}

static void depth_is_counted_outside_strings_only(void **state)
{
    (void)state;
    read_text("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]");
    read_text("[\"[[[[[[[[[[[[[[[[[[[[[[[[\", \"\\\"[[[[[[[[[[[[[[[[[[[[[[[[\"]");
    read_text("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]");
    char deep[100001];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    struct json_fault fault;
    assert_null(json_read(mem, deep, sizeof deep - 1, &fault));
    assert_string_equal(fault.code, "json.depth");
}

static void nothing_behind_the_text_is_read(void **state)
{
    (void)state;
    struct json_fault fault;
    char *text = malloc(3); /* not terminated: a sanitizer sees any byte more */
    memcpy(text, "123", 3);
    json_t *value = json_read(mem, text, 3, &fault);
    assert_int_equal(json_integer_value(value), 123);
    free(text);
}

/* Every dose that the database can hold, 0.01 to 9999.99, comes out as it went in. */
static void decimals_keep_their_value(void **state)
{
    (void)state;
    for (int hundredths = 1; hundredths < 1000000; hundredths += 7) {
        char text[16];
        snprintf(text, sizeof text, hundredths % 10 ? "%d.%02d" : "%d.%01d", hundredths / 100,
                 hundredths % 10 ? hundredths % 100 : hundredths % 100 / 10);
        struct arena *small = arena_new(512);
        struct json_fault fault;
        json_t *value = json_read(small, text, strlen(text), &fault);
        const char *back = json_number_text(small, value);
        if (strtod(back, NULL) != strtod(text, NULL) || strlen(back) > strlen(text))
            fail_msg("%s became %s", text, back);
        arena_free(small);
    }
}

static void numbers_are_written_in_decimals(void **state)
{
    (void)state;
    static const struct { const char *in, *out; } cases[] = {
        {"0.1", "0.1"}, {"0.10", "0.1"}, {"2.50", "2.5"}, {"1.005", "1.005"}, {"0.30000000000000004", "0.3"}, {"-0.0", "0"}, {"-0", "0"}, {"0", "0"},
        {"3.0", "3"}, {"1e2", "100"}, {"1.5E+1", "15"}, {"123456789012.345", "123456789012.345"}, {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"}, {"0.000123", "0.000123"}, {"1e20", "1e+20"}};
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(json_number_text(mem, read_text(cases[i].in)), cases[i].out);
}

static void a_value_becomes_the_same_text(void **state)
{
    (void)state;
    static const struct { const char *in, *out; } cases[] = {
        {"{ \"z\": 1, \"a\": [ 0.1, true, null, \"ថ\" ] }", "{\"z\":1,\"a\":[0.1,true,null,\"ថ\"]}"},
        {"\"a\\\"\\n\"", "\"a\\\"\\n\""}, {"[]", "[]"}, {"{}", "{}"}, {"null", "null"}, {"[2.50,1e-3]", "[2.5,0.001]"}};
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(json_text(mem, read_text(cases[i].in)), cases[i].out);
}

static void one_megabyte_is_read(void **state)
{
    (void)state;
    char *text = malloc(LIMIT_JSON_BODY_BYTES);
    memset(text, ' ', LIMIT_JSON_BODY_BYTES);
    memcpy(text, "[\"", 2);
    memset(text + 2, 'x', LIMIT_JSON_BODY_BYTES - 4);
    memcpy(text + LIMIT_JSON_BODY_BYTES - 2, "\"]", 2);
    struct json_fault fault;
    json_t *value = json_read(mem, text, LIMIT_JSON_BODY_BYTES, &fault);
    assert_non_null(value);
    assert_int_equal(json_string_length(json_array_get(value, 0)), LIMIT_JSON_BODY_BYTES - 4);
    free(text);
}

static void read_without_memory(void *text)
{
    struct json_fault fault;
    json_own_memory();
    unit_no_more_memory();
    json_read(mem, text, strlen(text), &fault);
}

/* Else whoever sent it would be told that it is no JSON. A sanitizer ends the process before we do, so how it ends is not looked at. */
static void no_memory_ends_the_process(void **state)
{
    (void)state;
    char out[4096], *text = malloc(LIMIT_JSON_BODY_BYTES);
    memset(text, 'x', LIMIT_JSON_BODY_BYTES);
    text[0] = text[LIMIT_JSON_BODY_BYTES - 2] = '"';
    text[LIMIT_JSON_BODY_BYTES - 1] = '\0';
    assert_int_not_equal(unit_run_child(read_without_memory, text, out, sizeof out), 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(what_is_not_json_is_refused_with_its_code), in_arena(depth_is_counted_outside_strings_only),
        in_arena(nothing_behind_the_text_is_read),           in_arena(decimals_keep_their_value),
        in_arena(numbers_are_written_in_decimals),           in_arena(a_value_becomes_the_same_text),
        in_arena(one_megabyte_is_read),                      in_arena(no_memory_ends_the_process),
    };
    return cmocka_run_group_tests_name("json/json_read", tests, NULL, NULL);
}
