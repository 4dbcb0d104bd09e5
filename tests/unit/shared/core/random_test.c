/* Random: form, evenness, and that nothing repeats. */
#include "unit.h"

#include "core/random.h"
#include "core/str.h"

static void one_letter(void *arg)
{
    (void)arg;
    random_code(arena_new(64), "a", 4);
}

static void an_alphabet_of_one_is_a_mistake(void **state)
{
    (void)state;
    unit_expect_abort(one_letter, NULL);
}

static void uuids_are_version_4(void **state)
{
    (void)state;
    char seen[1000][37];
    for (size_t i = 0; i < COUNT(seen); i++) {
        random_uuid(seen[i]);
        assert_true(str_is_uuid(seen[i]));
        assert_int_equal(seen[i][14], '4');
        assert_non_null(strchr("89ab", seen[i][19]));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(seen[i], seen[k]);
    }
}

/* 31 letters: a plain modulo would favour the first 8 by 12.5 %. Chi-squared over 31 cells: above 90 is 1 in 10^7. */
static void letters_are_even(void **state)
{
    (void)state;
    static const char alphabet[] = "3456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    const size_t letters = sizeof alphabet - 1, draws = 62000;
    long count[sizeof alphabet - 1] = {0};
    assert_int_equal(letters, 31);
    char *code = random_code(mem, alphabet, draws);
    assert_int_equal(strlen(code), draws);
    for (size_t i = 0; i < draws; i++) {
        const char *at = strchr(alphabet, code[i]);
        assert_non_null(at);
        count[at - alphabet]++;
    }
    double chi = 0, expected = (double)draws / (double)letters;
    for (size_t i = 0; i < letters; i++)
        chi += ((double)count[i] - expected) * ((double)count[i] - expected) / expected;
    assert_true(chi < 90);
}

static void bytes_fill_all_and_only_what_was_asked(void **state)
{
    (void)state;
    unsigned char seen[70] = {0}, bytes[70];
    for (int round = 0; round < 64; round++) {
        memset(bytes, 0, sizeof bytes);
        random_bytes(bytes, 64);
        for (size_t i = 0; i < sizeof bytes; i++)
            seen[i] |= bytes[i];
    }
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(seen[i], 0xff); /* some bit of 64 x 8 never set: 2^-55 */
    for (size_t i = 64; i < 70; i++)
        assert_int_equal(seen[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(an_alphabet_of_one_is_a_mistake),
        in_arena(uuids_are_version_4),
        in_arena(letters_are_even),
        in_arena(bytes_fill_all_and_only_what_was_asked),
    };
    return cmocka_run_group_tests_name("core/random", tests, NULL, NULL);
}
