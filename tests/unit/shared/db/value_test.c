/* PostgreSQL's binary values as text and JSON, with a real server as the one who encodes them. */
#include "cluster.h"

#include "core/str.h"
#include "db/pool.h"
#include "db/rows.h"

static struct db_conn *conn;

static int start(void **state)
{
    if (cluster_start(state) != 0)
        return -1;
    cluster_sql("CREATE ROLE one LOGIN; CREATE TYPE colour AS ENUM ('red', 'light blue')");
    return db_lease(db_pool_new(cluster_conninfo("one"), 1, false), &conn) == OK ? 0 : -1;
}

static int stop(void **state)
{
    db_release(conn);
    return cluster_stop(state);
}

static struct rows rows_of(const char *select_list)
{
    struct rows rows = {0};
    struct db_fault fault;
    const struct sql_stmt sql = {.name = "select", .text = arena_printf(mem, "SELECT %s", select_list)};
    struct db_call call = {.sql = &sql, .rows = &rows};
    if (db_run(conn, mem, &call, 1, &fault) != OK)
        fail_msg("%s: %s", sql.text, fault.sqlstate);
    return rows;
}

/* The one row of a SELECT list as JSON. */
static const char *json_of(const char *select_list)
{
    struct buf text = {.mem = mem};
    struct json_out out = {.to = &text};
    struct rows rows = rows_of(select_list);
    rows_write_object(&out, &rows, 0);
    return text.data;
}

struct example {
    const char *sql, *json;
};

static void check(const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_string_equal(json_of(arena_printf(mem, "%s AS v", examples[i].sql)), arena_printf(mem, "{\"v\":%s}", examples[i].json));
}

static void what_json_cannot_say_is_null(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"'NaN'::numeric", "null"}, {"'Infinity'::numeric", "null"}, {"'-Infinity'::numeric", "null"}, {"'NaN'::float8", "null"},
        {"'Infinity'::float8", "null"}, {"'-Infinity'::float4", "null"}, {"NULL::int", "null"}, {"NULL::numeric", "null"},
        {"NULL::text", "null"}, {"NULL::jsonb", "null"}, {"NULL::text[]", "null"}, {"NULL::uuid", "null"}, {"NULL::date", "null"},
        {"NULL::colour", "null"}, {"pg_sleep(0)", "null"},
    };
    check(examples, COUNT(examples));
}

static void decimals_keep_every_digit(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"0::numeric", "0"}, {"0.00::numeric", "0"}, {"-0.0::numeric", "0"}, {"1::numeric", "1"}, {"0.5::numeric", "0.5"},
        {"0.50::numeric", "0.5"}, {"-0.5::numeric", "-0.5"}, {"0.05::numeric", "0.05"}, {"0.0001::numeric", "0.0001"},
        {"0.00001::numeric", "0.00001"}, {"0.000000001234::numeric", "0.000000001234"}, {"10::numeric", "10"}, {"100.00::numeric", "100"},
        {"9999::numeric", "9999"}, {"10000::numeric", "10000"}, {"10001::numeric", "10001"}, {"100000000::numeric", "100000000"},
        {"-10000.0001::numeric", "-10000.0001"}, {"123456789.01::numeric", "123456789.01"}, {"99990000.5::numeric", "99990000.5"},
        {"1e20::numeric", "100000000000000000000"}, {"1e-20::numeric", "0.00000000000000000001"}, {"1.10::numeric(6,2)", "1.1"},
        {"12345678901234567890.123456789::numeric", "12345678901234567890.123456789"},
    };
    check(examples, COUNT(examples));
}

/* PostgreSQL's own text is the oracle, after its trailing zeros of the fraction are cut. */
static void random_decimals_are_what_postgresql_says(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        const char *number = arena_printf(mem, "%s%ld%s%0*ld", random() % 2 ? "-" : "", random() % (i % 3 ? 20000 : 2000000000), ".",
                                          1 + i % 9, random() % 1000000 % (i % 9 ? 10 : 1000000));
        const char *expected = cluster_sql(arena_printf(mem, "SELECT trim_scale(%s::numeric)", number));
        assert_string_equal(json_of(arena_printf(mem, "%s::numeric AS v", number)), arena_printf(mem, "{\"v\":%s}", expected));
    }
}

static void whole_numbers_reach_their_ends(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"(-32768)::int2", "-32768"}, {"32767::int2", "32767"}, {"(-2147483648)::int4", "-2147483648"}, {"2147483647", "2147483647"},
        {"(-9223372036854775808)::int8", "-9223372036854775808"}, {"9223372036854775807", "9223372036854775807"},
        {"0.1::float8", "0.1"}, {"0.1::float4", "0.1"}, {"(-2.5)::float8", "-2.5"}, {"1e100::float8", "1e+100"}, {"true", "true"}, {"false", "false"},
    };
    check(examples, COUNT(examples));
}

static void times_have_one_form(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"'2000-01-01'::date", "\"2000-01-01\""}, {"'1999-12-31'::date", "\"1999-12-31\""}, {"'1900-02-28'::date", "\"1900-02-28\""},
        {"'2000-02-29'::date", "\"2000-02-29\""}, {"'2024-02-29'::date", "\"2024-02-29\""}, {"'2100-03-01'::date", "\"2100-03-01\""},
        {"'infinity'::date", "\"infinity\""}, {"'08:05'::time", "\"08:05\""}, {"'23:59:59'::time", "\"23:59:59\""},
        {"'1999-12-31 23:59:59.999999Z'::timestamptz", "\"1999-12-31T23:59:59.999999Z\""},
        {"'2026-05-01 08:00+07'::timestamptz", "\"2026-05-01T01:00:00Z\""}, {"'2026-05-01 08:00:00.5Z'::timestamptz", "\"2026-05-01T08:00:00.500000Z\""},
        {"'2026-05-01 08:00:00.000001Z'::timestamptz", "\"2026-05-01T08:00:00.000001Z\""}, {"'-infinity'::timestamptz", "\"-infinity\""},
    };
    check(examples, COUNT(examples));
}

static void texts_are_escaped_and_lists_kept(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"E'a\"b\\\\c\\n\\x01'", "\"a\\\"b\\\\c\\n\\u0001\""}, {"'ភាសាខ្មែរ'", "\"ភាសាខ្មែរ\""}, {"''", "\"\""}, {"'x'::varchar(3)", "\"x\""},
        {"'light blue'::colour", "\"light blue\""}, {"'0190A0B0-0000-7000-8000-0123456789AB'::uuid", "\"0190a0b0-0000-7000-8000-0123456789ab\""},
        {"'{}'::text[]", "[]"}, {"'{a,NULL,\"b \\\" c\",\"\"}'::text[]", "[\"a\",null,\"b \\\" c\",\"\"]"}, {"'{1,NULL,-3}'::int[]", "[1,null,-3]"},
        {"ARRAY['0190a0b0-0000-7000-8000-0123456789ab'::uuid, NULL]", "[\"0190a0b0-0000-7000-8000-0123456789ab\",null]"},
        {"'{\"a\": [1, \"ខ\"]}'::jsonb", "{\"a\": [1, \"ខ\"]}"}, {"'[ 1 ]'::json", "[ 1 ]"}, {"'null'::jsonb", "null"},
    };
    check(examples, COUNT(examples));
}

static void columns_make_the_shape(void **state)
{
    (void)state;
    assert_string_equal(json_of("1 AS a, 2 AS \"d.x\", 3 AS \"d.y\", 4 AS b"), "{\"a\":1,\"d\":{\"x\":2,\"y\":3},\"b\":4}");
    assert_string_equal(json_of("1 AS \"d.x\", 2 AS \"dd.x\", 3 AS \"e.x\""), "{\"d\":{\"x\":1},\"dd\":{\"x\":2},\"e\":{\"x\":3}}");
    assert_string_equal(json_of("1 AS _cursor_1, NULL::int AS \"d.x\", 2 AS _etag, 3 AS \"d.y\""), "{\"d\":{\"x\":null,\"y\":3}}");
    assert_string_equal(json_of("'a' AS _hidden"), "{}");
    assert_string_equal(json_of("1 AS \"d.x\""), "{\"d\":{\"x\":1}}");
}

static void read_long(void *rows)
{
    printf("%ld", rows_long(rows, 0, "x"));
}

static void read_bool(void *rows)
{
    printf("%d", rows_bool(rows, 0, "x"));
}

static void handlers_read_numbers_and_booleans_as_such(void **state)
{
    (void)state;
    static const char *const numbers[] = {"7::int2 AS x", "7::int4 AS x", "7::int8 AS x"};
    static const char *const others[] = {"7.0::numeric AS x", "extract(epoch FROM interval '7 s') AS x", "7::float8 AS x", "'7' AS x", "NULL::numeric AS x"};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        struct rows rows = rows_of(numbers[i]);
        assert_int_equal(rows_long(&rows, 0, "x"), 7);
    }
    struct rows absent = rows_of("NULL::int8 AS x, NULL::bool AS y"), yes = rows_of("true AS x");
    assert_int_equal(rows_long(&absent, 0, "x"), 0);
    assert_false(rows_bool(&absent, 0, "y"));
    assert_true(rows_bool(&yes, 0, "x"));
    for (size_t i = 0; i < COUNT(others); i++) {
        struct rows rows = rows_of(others[i]);
        unit_expect_abort(read_long, &rows);
        unit_expect_abort(read_bool, &rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(what_json_cannot_say_is_null), in_arena(decimals_keep_every_digit), in_arena(random_decimals_are_what_postgresql_says),
        in_arena(whole_numbers_reach_their_ends), in_arena(times_have_one_form), in_arena(texts_are_escaped_and_lists_kept),
        in_arena(columns_make_the_shape), in_arena(handlers_read_numbers_and_booleans_as_such),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
