/* The local buckets: exact arithmetic on a made-up clock, and what happens when there are too many. */
#include "unit.h"

#include "access/ratelimit_local.h"
#include "core/limits.h"
#include "core/random.h"

#define STEP 1000
#define SPAN 5000

static int64_t take(unsigned char key[RATELIMIT_KEY_BYTES], int64_t now)
{
    return ratelimit_local_take(key, STEP, SPAN, now);
}

static void a_bucket_fills_up_step_by_step(void **state)
{
    (void)state;
    unsigned char key[RATELIMIT_KEY_BYTES];
    random_bytes(key, sizeof key);
    int64_t now = 1000000000;
    for (int i = 0; i < 5; i++)
        assert_int_equal(take(key, now), 0);
    assert_int_equal(take(key, now), 1000);
    assert_int_equal(take(key, now + 1), 999);
    assert_int_equal(take(key, now + 999), 1);
    assert_int_equal(take(key, now + 1000), 0);
    assert_int_equal(take(key, now + 1000), 1000);
    for (int i = 0; i < 5; i++)
        assert_int_equal(take(key, now + 1000000), 0);
    assert_int_equal(take(key, now + 1000000), 1000);
}

/* An attacker with endless keys pushes out buckets that are nearly full first: the exhausted one of a victim stays. */
static void full_buckets_make_room_first(void **state)
{
    (void)state;
    unsigned char exhausted[RATELIMIT_KEY_BYTES], other[RATELIMIT_KEY_BYTES];
    int64_t now = 2000000000;
    random_bytes(exhausted, sizeof exhausted);
    for (int i = 0; i < 5; i++)
        assert_int_equal(take(exhausted, now), 0);
    for (int i = 0; i < LIMIT_RATE_KEYS * 10; i++) {
        random_bytes(other, sizeof other);
        assert_int_equal(take(other, now), 0);
    }
    assert_int_equal(take(exhausted, now), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(a_bucket_fills_up_step_by_step),
        in_arena(full_buckets_make_room_first),
    };
    return cmocka_run_group_tests_name("access/ratelimit_local", tests, NULL, NULL);
}
