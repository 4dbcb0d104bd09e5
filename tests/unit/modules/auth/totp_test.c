/* One-time codes against the test vectors of RFC 6238 (appendix B, SHA-1, cut to 6 digits). */
#include "../../../../modules/auth/totp.h"
#include "unit.h"

/* "12345678901234567890" in base 32. */
#define RFC_SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

static void codes_are_those_of_the_rfc(void **state)
{
    (void)state;
    static const struct { int64_t time; const char *code; } vectors[] = {
        {59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"},
        {20000000000, "353130"}};
    char code[TOTP_DIGITS + 1];
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        assert_true(totp_code(mem, RFC_SECRET, vectors[i].time / 30, code));
        assert_string_equal(code, vectors[i].code);
    }
}

static void a_code_holds_for_three_steps_and_once(void **state)
{
    (void)state;
    int64_t step;
    assert_true(totp_matches(mem, RFC_SECRET, "287082", 59, -1, &step));
    assert_int_equal(step, 1);
    assert_true(totp_matches(mem, RFC_SECRET, "287082", 59 + 30, -1, &step));
    assert_true(totp_matches(mem, RFC_SECRET, "287082", 59 - 30, -1, &step));
    assert_false(totp_matches(mem, RFC_SECRET, "287082", 59 + 61, -1, &step));
    assert_false(totp_matches(mem, RFC_SECRET, "287082", 59, 1, &step));
    assert_false(totp_matches(mem, RFC_SECRET, "287083", 59, -1, &step));
    assert_false(totp_matches(mem, RFC_SECRET, "28708", 59, -1, &step));
    assert_false(totp_matches(mem, RFC_SECRET, "", 59, -1, &step));
}

static void secrets_are_whole_and_differ(void **state)
{
    (void)state;
    char code[TOTP_DIGITS + 1];
    const char *one = totp_secret_make(mem), *other = totp_secret_make(mem);
    assert_int_equal(strlen(one), 32);
    assert_string_not_equal(one, other);
    assert_true(totp_code(mem, one, 1, code));
    assert_false(totp_code(mem, "not base 32!", 1, code));
    assert_false(totp_code(mem, "", 1, code));
    assert_string_equal(totp_uri(mem, "ABC", "a b@c"), "otpauth://totp/DasTern:a%20b@c?secret=ABC&issuer=DasTern&algorithm=SHA1&digits=6&period=30");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(codes_are_those_of_the_rfc),
        in_arena(a_code_holds_for_three_steps_and_once),
        in_arena(secrets_are_whole_and_differ),
    };
    return cmocka_run_group_tests_name("auth: one-time codes", tests, NULL, NULL);
}
