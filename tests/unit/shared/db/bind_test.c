/* Parameters given as name, value pairs. */
#include "unit.h"

#include "db/bind.h"

static void read_pairs(struct bindings *b, ...)
{
    va_list args;
    va_start(args, b);
    bindings_read(b, args);
    va_end(args);
}

static void read_one_too_many(void *unused)
{
    struct bindings b;
    (void)unused;
#define EIGHT "a", "1", "a", "1", "a", "1", "a", "1", "a", "1", "a", "1", "a", "1", "a", "1"
    read_pairs(&b, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, EIGHT, "over", "1", NULL);
}

static void too_many_pairs_end_the_process(void **state)
{
    (void)state;
    unit_expect_abort(read_one_too_many, NULL);
}

static void a_name_that_was_not_given_is_not_found(void **state)
{
    struct bindings b;
    const char *value = "untouched";
    (void)state;
    read_pairs(&b, NULL);
    assert_false(bindings_find(&b, "a", &value));
    read_pairs(&b, "ab", "1", NULL);
    assert_false(bindings_find(&b, "a", &value));
    assert_false(bindings_find(&b, "1", &value));
    assert_string_equal(value, "untouched");
}

static void a_null_value_is_found_and_does_not_end_the_list(void **state)
{
    struct bindings b;
    const char *value = "something";
    (void)state;
    read_pairs(&b, "a", NULL, "b", "2", "a", "3", NULL);
    assert_int_equal(b.count, 3);
    assert_true(bindings_find(&b, "a", &value)); /* the first of a name */
    assert_null(value);
    assert_true(bindings_find(&b, "b", &value));
    assert_string_equal(value, "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many_pairs_end_the_process),
        cmocka_unit_test(a_name_that_was_not_given_is_not_found),
        cmocka_unit_test(a_null_value_is_found_and_does_not_end_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
