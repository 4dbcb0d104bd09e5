/* One-time codes against the test vectors of RFC 6238 (appendix B, SHA-1, cut to 6 digits). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "../../../../modules/auth/totp.h"

/* "12345678901234567890" in base 32. */
#define RFC_SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

static void codes_are_those_of_the_rfc(void **state)
{
    (void)state;
    static const struct { int64_t time; const char *code; } vectors[] = {
        {59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"}, {1234567890, "005924"}, {2000000000, "279037"},
        {20000000000, "353130"}};
    struct arena *mem = arena_new(1024);
    char code[TOTP_DIGITS + 1];
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        assert_true(totp_code(mem, RFC_SECRET, vectors[i].time / 30, code));
        assert_string_equal(code, vectors[i].code);
    }
    arena_free(mem);
}

static void a_code_holds_for_three_steps_and_once(void **state)
{
    (void)state;
    struct arena *mem = arena_new(1024);
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
    arena_free(mem);
}

static void secrets_are_whole_and_differ(void **state)
{
    (void)state;
    struct arena *mem = arena_new(1024);
    char code[TOTP_DIGITS + 1];
    const char *one = totp_secret_make(mem), *other = totp_secret_make(mem);
    assert_int_equal(strlen(one), 32);
    assert_string_not_equal(one, other);
    assert_true(totp_code(mem, one, 1, code));
    assert_false(totp_code(mem, "not base 32!", 1, code));
    assert_false(totp_code(mem, "", 1, code));
    assert_string_equal(totp_uri(mem, "ABC", "a b@c"), "otpauth://totp/DasTern:a%20b@c?secret=ABC&issuer=DasTern&algorithm=SHA1&digits=6&period=30");
    arena_free(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_the_rfc),
        cmocka_unit_test(a_code_holds_for_three_steps_and_once),
        cmocka_unit_test(secrets_are_whole_and_differ),
    };
    return cmocka_run_group_tests_name("auth: one-time codes", tests, NULL, NULL);
}
