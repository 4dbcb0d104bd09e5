/* Invitation codes: their alphabet and chance, how they are read, and what their hash depends on. */
#include "unit.h"

#include "../../../../modules/family/code.h"

static const char alphabet[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

static void codes_are_of_the_alphabet_and_differ(void **state)
{
    (void)state;
    static char seen[2000][INVITATION_CODE_CHARS + 1];
    bool used[256] = {false};
    for (size_t i = 0; i < COUNT(seen); i++) {
        const char *code = invitation_code_new(mem);
        assert_int_equal(strlen(code), INVITATION_CODE_CHARS);
        assert_int_equal(strspn(code, alphabet), INVITATION_CODE_CHARS);
        for (const char *c = code; *c; c++)
            used[(unsigned char)*c] = true;
        memcpy(seen[i], code, sizeof seen[i]);
    }
    for (const char *c = alphabet; *c; c++)
        assert_true(used[(unsigned char)*c]); /* 16,000 draws: each of 31 characters comes up but for a chance of e^-500 */
    qsort(seen, COUNT(seen), sizeof seen[0], (int (*)(const void *, const void *))strcmp);
    for (size_t i = 1; i < COUNT(seen); i++)
        assert_string_not_equal(seen[i - 1], seen[i]);
}

static void codes_are_read_as_people_type_them(void **state)
{
    (void)state;
    static const char *const same[] = {"7KQMP4XT", "7kqmp4xt", "7KQM-P4XT", " 7kqm p4xt ", "7-K-Q-M-P-4-X-T"};
    for (size_t i = 0; i < COUNT(same); i++)
        assert_string_equal(invitation_code_read(mem, same[i]), "7KQMP4XT");
}

static void what_is_no_code_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "        ", "7KQMP4X", "7KQMP4XTT", "0KQMP4XT", "OKQMP4XT", "1KQMP4XT", "IKQMP4XT", "LKQMP4XT",
                                        "7KQMP4X\n", "7KQMP4Xé", "7KQM_P4XT", "7KQMP4X%"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_null(invitation_code_read(mem, wrong[i]));
}

/* HMAC-SHA-256 of RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?". */
static void the_hash_is_hmac_sha256(void **state)
{
    (void)state;
    assert_string_equal(invitation_code_hash(mem, "Jefe", "what do ya want for nothing?"),
                        "\\x5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_string_not_equal(invitation_code_hash(mem, "Jefe", "7KQMP4XT"), invitation_code_hash(mem, "Jeff", "7KQMP4XT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(codes_are_of_the_alphabet_and_differ),
        in_arena(codes_are_read_as_people_type_them),
        in_arena(what_is_no_code_is_refused),
        in_arena(the_hash_is_hmac_sha256),
    };
    return cmocka_run_group_tests_name("invitation codes", tests, NULL, NULL);
}
