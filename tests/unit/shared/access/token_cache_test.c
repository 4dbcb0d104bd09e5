/* The cache of good tokens: only the very token, only under the keys it was verified with. */
#include "unit.h"

#include "access/token_cache.h"
#include "core/limits.h"
#include "core/random.h"

static const struct token_claims ours = {
    .user_id = "0198c0de-0000-7000-8000-000000000001", .session_id = "0198c0de-0000-7000-8000-000000000002",
    .token_id = "0198c0de-0000-7000-8000-000000000003", .role = "family_member",
    .issued_at = 1000, .not_before = 1001, .expires_at = 1600,
};

static bool has(const unsigned char *digest, unsigned long generation)
{
    struct token_claims claims;
    return token_cache_get(digest, generation, mem, &claims);
}

static void it_gives_back_what_was_put(void **state)
{
    (void)state;
    const unsigned char digest[TOKEN_DIGEST_BYTES] = {9};
    struct token_claims without_role = ours, got;
    token_cache_put(digest, 1, &ours);
    assert_true(token_cache_get(digest, 1, mem, &got));
    assert_string_equal(got.user_id, ours.user_id);
    assert_string_equal(got.session_id, ours.session_id);
    assert_string_equal(got.token_id, ours.token_id);
    assert_string_equal(got.role, ours.role);
    assert_int_equal(got.issued_at, 1000);
    assert_int_equal(got.not_before, 1001);
    assert_int_equal(got.expires_at, 1600);

    without_role.role = NULL;
    token_cache_put(digest, 1, &without_role);
    assert_string_equal(got.role, ours.role); /* what was given is the caller's */
    assert_true(token_cache_get(digest, 1, mem, &got));
    assert_null(got.role);
}

static void only_the_whole_digest_counts(void **state)
{
    (void)state;
    unsigned char good[TOKEN_DIGEST_BYTES], other[TOKEN_DIGEST_BYTES];
    random_bytes(good, sizeof good);
    token_cache_put(good, 7, &ours);
    assert_true(has(good, 7));
    for (size_t bit = 0; bit < sizeof good * 8; bit++) { /* most of these fall into the same slot */
        memcpy(other, good, sizeof other);
        other[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_false(has(other, 7));
    }
}

static void other_keys_make_it_forget(void **state)
{
    (void)state;
    unsigned char digest[TOKEN_DIGEST_BYTES];
    random_bytes(digest, sizeof digest);
    assert_false(has(digest, 1));
    token_cache_put(digest, 2, &ours);
    assert_false(has(digest, 1));
    assert_false(has(digest, 3));
    assert_true(has(digest, 2));
}

static void a_newer_token_takes_the_slot(void **state)
{
    (void)state;
    unsigned char old[TOKEN_DIGEST_BYTES] = {1}, new[TOKEN_DIGEST_BYTES] = {1, [31] = 1};
    token_cache_put(old, 1, &ours);
    token_cache_put(new, 1, &ours);
    assert_false(has(old, 1));
    assert_true(has(new, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(it_gives_back_what_was_put),
        in_arena(only_the_whole_digest_counts),
        in_arena(other_keys_make_it_forget),
        in_arena(a_newer_token_takes_the_slot),
    };
    return cmocka_run_group_tests_name("access/token_cache", tests, NULL, NULL);
}
