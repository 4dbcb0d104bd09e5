/* Comparing passwords; which ones are too easy: the list, and what is made of a person's own words. */
#include <argon2.h>

#include "../../../../modules/auth/common_passwords.h"
#include "../../../../modules/auth/hash_lane.h"
#include "../../../../modules/auth/password.h"
#include "unit.h"

static bool memory_is_short;

/* Stands in for the library's, which is as its own one for all types. */
int argon2id_verify(const char *encoded, const void *password, const size_t n)
{
    return memory_is_short ? ARGON2_MEMORY_ALLOCATION_ERROR : argon2_verify(encoded, password, n, Argon2_id);
}

/* Whoever is told so would doubt the password, and five times is enough to be kept out. */
static void short_memory_is_no_wrong_password(void **state)
{
    (void)state;
    char *encoded;
    assert_int_equal(password_start(), OK);
    assert_int_equal(hash_lane_start("build/test-hash-lane", 1), OK);
    assert_int_equal(password_hash(mem, "a quiet river", &encoded), OK);
    for (int i = 0; i < 2; i++) {
        memory_is_short = i == 0;
        assert_int_equal(password_compare("a loud river", encoded), i ? E_UNAUTHENTICATED : E_UNAVAILABLE);
        assert_int_equal(password_compare("a quiet river", NULL), i ? E_UNAUTHENTICATED : E_UNAVAILABLE);
        assert_int_equal(password_compare("a quiet river", encoded), i ? OK : E_UNAVAILABLE);
    }
}

/* Every line of the file is found, and the file is sorted as the search needs it. */
static void every_listed_password_is_found(void **state)
{
    (void)state;
    char line[256], last[256] = "";
    int n = 0;
    FILE *f = fopen("modules/auth/common-passwords.txt", "r");
    assert_non_null(f);
    for (; fgets(line, sizeof line, f); n++) {
        line[strcspn(line, "\n")] = '\0';
        assert_true(strcmp(last, line) < 0);
        assert_true(strlen(line) >= PASSWORD_CHARS_MIN);
        assert_true(password_is_common(line));
        memcpy(last, line, sizeof last);
    }
    fclose(f);
    assert_true(n >= 3000);
}

static void others_are_not_found(void **state)
{
    (void)state;
    static const char *const others[] = {"", "!", "~~~~~~~~~~", "passwor", "passwordpasswordpasswordX", "correct horse battery", "ស្រឡាញ់កម្ពុជា"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(password_is_common(others[i]));
}

static void own_words_weaken(void **state)
{
    (void)state;
    const char *const words[] = {"dastern", "sok.dara@example.org", "sok.dara", "Sokhalay", "Lim", NULL};
    const struct { const char *password, *why; } cases[] = {
        {"PASSWORD1", "common"}, {"Dastern-2026", "personal"}, {"sok.dara@example.org", "personal"}, {"xxSOKHALAYxx", "personal"},
        {"sokhalaysokhalay1", "personal"}, {"sokhalay rides 4 horses", NULL}, {"limlimlimlim77", NULL}, {"a quiet river", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why = password_weakness(mem, cases[i].password, words, 6);
        if (cases[i].why)
            assert_string_equal(why, cases[i].why);
        else
            assert_null(why);
    }
}

static void weaker_hashes_are_outdated(void **state)
{
    (void)state;
    assert_false(password_is_outdated("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"));
    assert_false(password_is_outdated("$argon2id$v=19$m=65536,t=3,p=2$c2FsdHNhbHQ$aGFzaA"));
    assert_true(password_is_outdated("$argon2id$v=19$m=19455,t=2,p=1$c2FsdHNhbHQ$aGFzaA"));
    assert_true(password_is_outdated("$argon2id$v=19$m=19456,t=1,p=1$c2FsdHNhbHQ$aGFzaA"));
    assert_true(password_is_outdated("$2b$12$anything"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(short_memory_is_no_wrong_password),
        cmocka_unit_test(every_listed_password_is_found),
        cmocka_unit_test(others_are_not_found),
        in_arena(own_words_weaken),
        cmocka_unit_test(weaker_hashes_are_outdated),
    };
    return cmocka_run_group_tests_name("auth: passwords", tests, NULL, NULL);
}
