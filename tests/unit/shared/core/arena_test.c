/* Arenas: zeroed, aligned, wiped, and ended in order. */
#include "unit.h"

#include <stdalign.h>

#define FIRST 1024

static void overflow_array(void *arg)
{
    (void)arg;
    arena_array(arena_new(64), SIZE_MAX / 2, 3);
}

static void ask_too_much(void *arg)
{
    (void)arg;
    arena_alloc(arena_new(64), SIZE_MAX - 64);
}

static void a_size_that_cannot_be_ends_the_process(void **state)
{
    (void)state;
    unit_expect_abort(overflow_array, NULL);
    unit_expect_abort(ask_too_much, NULL);
}

static bool all_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

static void every_piece_is_zero_aligned_and_its_own(void **state)
{
    (void)state;
    struct arena *a = arena_new(FIRST);
    for (int round = 0; round < 3; round++) {
        unsigned char *pieces[200];
        size_t sizes[200];
        for (size_t i = 0; i < COUNT(pieces); i++) {
            sizes[i] = 1 + i * 37 % 900; /* below and above a quarter of the first block */
            pieces[i] = arena_alloc(a, sizes[i]);
            assert_true(all_zero(pieces[i], sizes[i]));
            assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
            memset(pieces[i], (int)(i % 255 + 1), sizes[i]);
        }
        for (size_t i = 0; i < COUNT(pieces); i++)
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(pieces[i][k], i % 255 + 1);
        arena_reset(a);
    }
    arena_free(a);
}

#ifndef __SANITIZE_ADDRESS__ /* there each piece is its own malloc, and reading it after the reset is the error it is */
static void reset_wipes_what_was_used(void **state)
{
    (void)state;
    struct arena *a = arena_new(FIRST);
    char *secret = arena_strdup(a, "correct horse battery staple");
    arena_reset(a);
    assert_true(all_zero((unsigned char *)secret, 28)); /* the first block is kept, so this is still ours to look at */
    arena_free(a);
}
#endif

static char order[8];

static void note(void *thing)
{
    order[strlen(order)] = *(const char *)thing;
}

static void deferred_calls_run_newest_first_and_once(void **state)
{
    (void)state;
    struct arena *a = arena_new(FIRST);
    memset(order, 0, sizeof order);
    arena_defer(a, note, "1");
    arena_defer(a, note, "2");
    arena_defer(a, note, "3");
    arena_reset(a);
    assert_string_equal(order, "321");
    arena_defer(a, note, "4");
    arena_free(a);
    assert_string_equal(order, "3214");
    arena_free(NULL);
}

static void copies_are_copies(void **state)
{
    (void)state;
    char text[] = "abc";
    char *copy = arena_strdup(mem, text), *part = arena_strndup(mem, text, 2), *longer = arena_strndup(mem, text, 99);
    text[0] = 'X';
    assert_string_equal(copy, "abc");
    assert_string_equal(part, "ab");
    assert_string_equal(longer, "abc");
    assert_null(arena_strdup(mem, NULL));
    assert_string_equal(arena_printf(mem, "%s-%d", "x", 7), "x-7");
    char *long_text = arena_printf(mem, "%05000d", 1);
    assert_int_equal(strlen(long_text), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(a_size_that_cannot_be_ends_the_process),
        in_arena(every_piece_is_zero_aligned_and_its_own),
#ifndef __SANITIZE_ADDRESS__
        in_arena(reset_wipes_what_was_used),
#endif
        in_arena(deferred_calls_run_newest_first_and_once),
        in_arena(copies_are_copies),
    };
    return cmocka_run_group_tests_name("core/arena", tests, NULL, NULL);
}
