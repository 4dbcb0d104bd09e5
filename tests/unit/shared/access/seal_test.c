/* Seals open only with their key, on their row, unaltered. */
#include "access/seal.h"
#include "core/str.h"
#include "unit.h"

#define SECRET "0123456789abcdef0123456789abcdef"

/* The bytes behind "\x…". */
static unsigned char *bytes_of(const char *bytea, size_t *n)
{
    assert_int_equal(strncmp(bytea, "\\x", 2), 0);
    *n = strlen(bytea + 2) / 2;
    unsigned char *bytes = arena_alloc(mem, *n);
    for (size_t i = 0; i < *n; i++) {
        const char *digits = "0123456789abcdef";
        bytes[i] = (unsigned char)((strchr(digits, bytea[2 + 2 * i]) - digits) << 4 | (strchr(digits, bytea[3 + 2 * i]) - digits));
    }
    return bytes;
}

static unsigned char *sealed_text(const char *text, size_t *n)
{
    char *sealed;
    assert_int_equal(seal(mem, SECRET, "email", "reset:1", text, &sealed), OK);
    return bytes_of(sealed, n);
}

static enum err open_as(const char *secret, const char *kind, const char *key, const unsigned char *bytes, size_t n)
{
    char *text = NULL;
    enum err e = unseal(mem, secret, kind, key, bytes, n, &text);
    assert_true(e == OK || !text);
    return e;
}

static void opens_with_its_key_on_its_row(void **state)
{
    (void)state;
    const char *texts[] = {"", "493817", "លេខកូដ 493817 – été"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t n;
        unsigned char *bytes = sealed_text(texts[i], &n);
        char *text;
        assert_int_equal(unseal(mem, SECRET, "email", "reset:1", bytes, n, &text), OK);
        assert_string_equal(text, texts[i]);
    }
}

static void hides_the_text_and_never_repeats(void **state)
{
    (void)state;
    size_t n, m;
    unsigned char *one = sealed_text("493817", &n), *two = sealed_text("493817", &m);
    assert_int_equal(n, m);
    assert_memory_not_equal(one, two, n);
    assert_null(memmem(one, n, "493817", 6));
}

static void refuses_another_key_or_row(void **state)
{
    (void)state;
    size_t n;
    unsigned char *bytes = sealed_text("493817", &n);
    assert_int_equal(open_as("0123456789abcdef0123456789abcdeF", "email", "reset:1", bytes, n), E_INVALID);
    assert_int_equal(open_as(SECRET, "push", "reset:1", bytes, n), E_INVALID);
    assert_int_equal(open_as(SECRET, "email", "reset:2", bytes, n), E_INVALID);
    assert_int_equal(open_as(SECRET, "emailreset:1", "", bytes, n), E_INVALID);
}

static void refuses_every_altered_bit(void **state)
{
    (void)state;
    size_t n;
    unsigned char *bytes = sealed_text("493817", &n);
    for (size_t bit = 0; bit < n * 8; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_int_equal(open_as(SECRET, "email", "reset:1", bytes, n), E_INVALID);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    assert_int_equal(open_as(SECRET, "email", "reset:1", bytes, n), OK);
}

static void refuses_every_other_length(void **state)
{
    (void)state;
    size_t n;
    unsigned char *bytes = sealed_text("493817", &n);
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(open_as(SECRET, "email", "reset:1", bytes, cut), E_INVALID);
    unsigned char *longer = arena_alloc(mem, n + 1);
    memcpy(longer, bytes, n);
    assert_int_equal(open_as(SECRET, "email", "reset:1", longer, n + 1), E_INVALID);
}

static void has_a_longest_text(void **state)
{
    (void)state;
    char *text = arena_alloc(mem, SEAL_TEXT_BYTES + 2), *sealed;
    memset(text, 'x', SEAL_TEXT_BYTES);
    assert_int_equal(seal(mem, SECRET, "email", "k", text, &sealed), OK);
    size_t n;
    unsigned char *bytes = bytes_of(sealed, &n);
    assert_int_equal(open_as(SECRET, "email", "k", bytes, n), OK);
    text[SEAL_TEXT_BYTES] = 'x';
    assert_int_equal(seal(mem, SECRET, "email", "k", text, &sealed), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(opens_with_its_key_on_its_row),
        in_arena(hides_the_text_and_never_repeats),
        in_arena(refuses_another_key_or_row),
        in_arena(refuses_every_altered_bit),
        in_arena(refuses_every_other_length),
        in_arena(has_a_longest_text),
    };
    return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
