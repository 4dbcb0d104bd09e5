/* Text: what hostile input can be made of, then what good input becomes. */
#include "unit.h"

#include <limits.h>

#include "core/str.h"

static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1e3", "0x10", "1.0", "00", "007", "-01", "--1", "1-",
                                      "9223372036854775808", "-9223372036854775809", "99999999999999999999999999", "١"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        long value = 42;
        assert_false(str_to_long(bad[i], &value));
        assert_int_equal(value, 42);
    }
}

static void numbers_are_read_to_their_limits(void **state)
{
    (void)state;
    static const struct { const char *text; long value; } good[] = {
        {"0", 0}, {"-0", 0}, {"7", 7}, {"-12", -12}, {"9223372036854775807", LONG_MAX}, {"-9223372036854775808", LONG_MIN}};
    for (size_t i = 0; i < COUNT(good); i++) {
        long value = 42;
        assert_true(str_to_long(good[i].text, &value));
        assert_int_equal(value, good[i].value);
    }
}

static void decimals_have_one_form(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", ".5", "5.", "1e3", "+1", "0007", "1.234", "1,5", "1.5 ", "-", "-.5", "1..2", "1.2.3",
                                      "NaN", "Infinity", "0x1"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(str_is_decimal(bad[i], 2));
    static const char *const good[] = {"0", "0.5", "1.25", "-3.1", "100000000000000000000", "0.00"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(str_is_decimal(good[i], 2));
    assert_false(str_is_decimal("1.0", 0));
    assert_true(str_is_decimal("1", 0));
}

static void uuids_have_one_form(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "0190b2c4-7b1e-7000-8000-00000000000", "0190b2c4-7b1e-7000-8000-0000000000001",
                                      "0190b2c47b1e70008000000000000001", "{190b2c4-7b1e-7000-8000-00000000001}",
                                      "0190b2c4-7b1e-7000-8000-00000000000g", "0190b2c4_7b1e_7000_8000_000000000001"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(str_is_uuid(bad[i]));
    assert_true(str_is_uuid("0190b2c4-7b1e-7000-8000-000000000001"));
    assert_true(str_is_uuid("0190B2C4-7B1E-7000-8000-00000000000F"));
}

static void utf8_refuses_what_unicode_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80", "\xed\xbf\xbf",                                                                        /* surrogates */
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe",                                                /* too large */
        "\xc2", "\xe1\x80", "\xf1\x80\x80", "\xe1\x80\x41", "\xf1\x80\x80\x41", "a\xc2", "\xc2\xc2\x80",       /* cut short */
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    static const char *const good[] = {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "ថ្នាំ"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(utf8_valid(good[i], strlen(good[i])));
    assert_true(utf8_valid("a\0b", 3));
}

/* The encoder of the standard's table against the checker, for every code point. */
static size_t encode(uint32_t c, unsigned char out[4])
{
    if (c < 0x80)
        return out[0] = (unsigned char)c, 1;
    if (c < 0x800)
        return out[0] = (unsigned char)(0xc0 | c >> 6), out[1] = (unsigned char)(0x80 | (c & 63)), 2;
    if (c < 0x10000)
        return out[0] = (unsigned char)(0xe0 | c >> 12), out[1] = (unsigned char)(0x80 | (c >> 6 & 63)),
               out[2] = (unsigned char)(0x80 | (c & 63)), 3;
    return out[0] = (unsigned char)(0xf0 | c >> 18), out[1] = (unsigned char)(0x80 | (c >> 12 & 63)),
           out[2] = (unsigned char)(0x80 | (c >> 6 & 63)), out[3] = (unsigned char)(0x80 | (c & 63)), 4;
}

static void utf8_knows_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x120000; c++) {
        unsigned char text[4];
        size_t n = encode(c, text);
        bool good = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        if (utf8_valid((char *)text, n) != good || (good && utf8_next((char *)text, n) != n))
            fail_msg("U+%X", c);
    }
}

static void length_counts_code_points(void **state)
{
    (void)state;
    assert_int_equal(utf8_length(""), 0);
    assert_int_equal(utf8_length("abc"), 3);
    assert_int_equal(utf8_length("ថ្នាំ"), 5);
    assert_int_equal(utf8_length("😀é"), 2);
}

static void base64url_has_one_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {"A", "AAAAA", "AA==", "AA=", "A A", "AA\n", "A+A", "A/A", "AB", "AAB", "A.", "\xc3\xa9"};
    unsigned char *out;
    size_t n;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(base64url_decode(mem, bad[i], strlen(bad[i]), &out, &n));
    assert_false(base64url_decode(mem, "AA\0A", 4, &out, &n));
}

static void base64url_gives_back_what_it_got(void **state)
{
    (void)state;
    static const struct { const char *plain, *coded; } vectors[] = { /* RFC 4648 §10 without padding */
        {"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "-__-"}};
    unsigned char *out, bytes[80];
    size_t n;
    for (size_t i = 0; i < COUNT(vectors); i++)
        assert_string_equal(base64url_encode(mem, vectors[i].plain, strlen(vectors[i].plain)), vectors[i].coded);
    for (size_t len = 0; len < sizeof bytes; len++) {
        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned char)(i * 89 + len);
        char *coded = base64url_encode(mem, bytes, len);
        assert_true(base64url_decode(mem, coded, strlen(coded), &out, &n));
        assert_int_equal(n, len);
        assert_memory_equal(out, bytes, len);
    }
}

static void percent_escapes_that_are_broken_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"%", "%1", "a%2", "%zz", "%0g", "%00", "a%00b", "%c0%80", "%ff", "\xff", "%ed%a0%80", "%%41"};
    char *out;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(percent_decode(mem, bad[i], strlen(bad[i]), false, &out));
    assert_false(percent_decode(mem, "a\0b", 3, false, &out));
    assert_false(percent_decode(mem, "%41", 2, false, &out)); /* the 1 lies outside */
}

static void percent_escapes_are_decoded_once(void **state)
{
    (void)state;
    static const struct { const char *in; bool plus; const char *out; } good[] = {
        {"", false, ""}, {"a%20b", false, "a b"}, {"a+b", false, "a+b"}, {"a+b", true, "a b"}, {"%2B", true, "+"},
        {"%2541", false, "%41"}, {"%E1%9E%90", false, "ថ"}, {"%e1%9e%90", false, "ថ"}};
    for (size_t i = 0; i < COUNT(good); i++) {
        char *out;
        assert_true(percent_decode(mem, good[i].in, strlen(good[i].in), good[i].plus, &out));
        assert_string_equal(out, good[i].out);
    }
}

static void comparisons(void **state)
{
    (void)state;
    assert_true(str_eq(NULL, NULL));
    assert_false(str_eq(NULL, ""));
    assert_false(str_eq("a", NULL));
    assert_true(str_eq("a", "a"));
    assert_true(str_ieq("Content-TYPE", "content-type"));
    assert_false(str_ieq("a", "ab"));
    assert_false(str_ieq("ab", "a"));
    assert_false(str_ieq("@", "`")); /* differ by the bit that is case in letters */
    assert_false(str_ieq("É", "é")); /* ASCII only */
    assert_true(str_starts("abc", "ab"));
    assert_false(str_starts("a", "ab"));
    assert_true(mem_eq_ct("abc", "abc", 3));
    assert_false(mem_eq_ct("abc", "abd", 3));
    assert_false(mem_eq_ct("bbc", "abc", 3));
    assert_true(mem_eq_ct("a", "b", 0));
}

static void a_buffer_grows_and_stays_terminated(void **state)
{
    (void)state;
    struct buf b = {.mem = mem};
    char expected[20001];
    size_t n = 0;
    while (n + 20 < sizeof expected - 1) {
        buf_printf(&b, "%d,", (int)n);
        n += (size_t)snprintf(expected + n, sizeof expected - n, "%d,", (int)n);
        buf_char(&b, 'x');
        buf_str(&b, "yz");
        n += (size_t)snprintf(expected + n, sizeof expected - n, "xyz");
        assert_int_equal(b.data[b.len], '\0');
    }
    assert_int_equal(b.len, n);
    assert_string_equal(b.data, expected);
    buf_printf(&b, "%030000d", 0);
    assert_int_equal(b.len, n + 30000);
    buf_add(&b, "\0\1", 2);
    assert_memory_equal(b.data + b.len - 2, "\0\1", 3);
}

static void hex_is_lower_case(void **state)
{
    (void)state;
    assert_string_equal(hex_encode(mem, "\x00\xfa\x10", 3), "00fa10");
    assert_string_equal(hex_encode(mem, "", 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(numbers_that_are_none_are_refused), in_arena(numbers_are_read_to_their_limits),
        in_arena(decimals_have_one_form), in_arena(uuids_have_one_form),
        in_arena(utf8_refuses_what_unicode_refuses), in_arena(utf8_knows_every_code_point),
        in_arena(length_counts_code_points), in_arena(base64url_has_one_spelling),
        in_arena(base64url_gives_back_what_it_got), in_arena(percent_escapes_that_are_broken_are_refused),
        in_arena(percent_escapes_are_decoded_once), in_arena(comparisons),
        in_arena(a_buffer_grows_and_stays_terminated), in_arena(hex_is_lower_case),
    };
    return cmocka_run_group_tests_name("core/str", tests, NULL, NULL);
}
