/* JSON out: commas and escapes, with jansson reading it back. */
#include "unit.h"

#include "json/json_read.h"
#include "json/json_write.h"

static struct buf text;
static struct json_out out;

static int make_writer(void **state)
{
    unit_setup(state);
    text = (struct buf){.mem = mem};
    out = (struct json_out){.to = &text};
    return 0;
}

static void commas_stand_between_and_nowhere_else(void **state)
{
    (void)state;
    json_open(&out, '{');
    json_key_str(&out, "a", "x");
    json_key_str(&out, "b", NULL);
    json_key(&out, "list");
    json_open(&out, '[');
    json_long(&out, -5);
    json_bool(&out, true);
    json_bool(&out, false);
    json_nil(&out);
    json_raw(&out, "{\"raw\":1.50}", 12);
    json_open(&out, '[');
    json_close(&out, ']');
    json_open(&out, '{');
    json_close(&out, '}');
    json_close(&out, ']');
    json_key_long(&out, "n", INT64_MIN);
    json_key_bool(&out, "t", true);
    json_close(&out, '}');
    assert_string_equal(text.data, "{\"a\":\"x\",\"b\":null,\"list\":[-5,true,false,null,{\"raw\":1.50},[],{}],"
                                   "\"n\":-9223372036854775808,\"t\":true}");
}

static void escapes_are_the_short_ones(void **state)
{
    (void)state;
    json_str(&out, "\"\\/\b\f\n\r\t\x01\x1f\x7f ថ\u2027\u2028\u2029\u202a");
    assert_string_equal(text.data, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f ថ\u2027\\u2028\\u2029\u202a\"");
}

static void cut_sequences_are_not_read_past(void **state)
{
    (void)state;
    char *cut = malloc(2); /* what would be U+2028, were there a third byte */
    memcpy(cut, "\xe2\x80", 2);
    json_strn(&out, cut, 2);
    free(cut);
    assert_string_equal(text.data, "\"\xe2\x80\"");
}

static void every_character_comes_back(void **state)
{
    (void)state;
    for (int c = 1; c < 0x250; c++) {
        char in[8], key[8];
        if (c < 0x80)
            snprintf(in, sizeof in, "a%cb", c);
        else
            snprintf(in, sizeof in, "a%c%cb", 0xc0 | c >> 6, 0x80 | (c & 63));
        snprintf(key, sizeof key, "%s", in);
        text.len = 0;
        out.comma = false;
        json_open(&out, '{');
        json_key_str(&out, key, in);
        json_close(&out, '}');
        struct json_fault fault;
        json_t *value = json_read(mem, text.data, text.len, &fault);
        assert_non_null(value);
        assert_string_equal(json_string_value(json_object_get(value, key)), in);
    }
}

static void a_nul_is_written_not_ended_at(void **state)
{
    (void)state;
    json_strn(&out, "a\0b", 3);
    assert_string_equal(text.data, "\"a\\u0000b\"");
}

#define writer_test(fn) cmocka_unit_test_setup_teardown(fn, make_writer, unit_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        writer_test(commas_stand_between_and_nowhere_else), writer_test(escapes_are_the_short_ones),
        writer_test(cut_sequences_are_not_read_past),       writer_test(every_character_comes_back),
        writer_test(a_nul_is_written_not_ended_at),
    };
    return cmocka_run_group_tests_name("json/json_write", tests, NULL, NULL);
}
