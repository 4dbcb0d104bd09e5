/* The cache of good signatures: only the very token, only under the keys it was verified with. */
#include "unit.h"

#include "access/token_cache.h"
#include "core/limits.h"
#include "core/random.h"

static void only_the_whole_digest_counts(void **state)
{
    (void)state;
    unsigned char good[TOKEN_DIGEST_BYTES], other[TOKEN_DIGEST_BYTES];
    random_bytes(good, sizeof good);
    token_cache_put(good, 7);
    assert_true(token_cache_has(good, 7));
    for (size_t bit = 0; bit < sizeof good * 8; bit++) { /* most of these fall into the same slot */
        memcpy(other, good, sizeof other);
        other[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_false(token_cache_has(other, 7));
    }
}

static void other_keys_make_it_forget(void **state)
{
    (void)state;
    unsigned char digest[TOKEN_DIGEST_BYTES];
    random_bytes(digest, sizeof digest);
    assert_false(token_cache_has(digest, 1));
    token_cache_put(digest, 2);
    assert_false(token_cache_has(digest, 1));
    assert_false(token_cache_has(digest, 3));
    assert_true(token_cache_has(digest, 2));
}

static void a_newer_token_takes_the_slot(void **state)
{
    (void)state;
    unsigned char old[TOKEN_DIGEST_BYTES] = {1}, new[TOKEN_DIGEST_BYTES] = {1, [31] = 1};
    token_cache_put(old, 1);
    token_cache_put(new, 1);
    assert_false(token_cache_has(old, 1));
    assert_true(token_cache_has(new, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(only_the_whole_digest_counts),
        in_arena(other_keys_make_it_forget),
        in_arena(a_newer_token_takes_the_slot),
    };
    return cmocka_run_group_tests_name("access/token_cache", tests, NULL, NULL);
}
