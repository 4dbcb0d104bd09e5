/* Keys: bad ones stop the start, and while running a key added, changed or removed counts within half a second, in all threads. */
#include "shared/access/keyfiles.h"

#include <pthread.h>
#include <stdatomic.h>

#include "access/keys.h"
#include "access/token.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/str.h"

#define USER "0190b2c4-7b1e-7000-8000-000000000001"
#define NOTICED_US ((TOKEN_KEYS_LOOK_MS + 50) * 1000)
#define ACTIVE_S 4 /* a key this old signs */

static EVP_PKEY *key;

static int make_keys(void **state)
{
    unit_setup(state);
    keyfiles_make_dirs();
    key = keyfiles_add("2026-01");
    assert_int_equal(keys_load(public_dir, private_dir), OK);
    return 0;
}

static int drop_keys(void **state)
{
    keyfiles_drop_dirs();
    EVP_PKEY_free(key);
    return unit_teardown(state);
}

static char *sign(void)
{
    struct token_claims claims = {.user_id = USER, .session_id = USER};
    char *token;
    assert_int_equal(token_sign(mem, &claims, &token), OK);
    return token;
}

/* The fault, or NULL when the token is good. */
static const char *verify(const char *token)
{
    struct token_claims claims;
    const char *fault;
    return token_verify(mem, token, &claims, &fault) == OK ? NULL : fault;
}

static const char *signer(void)
{
    static char kid[KEY_ID_BYTES + 1];
    EVP_PKEY *k = keys_signer(kid);
    EVP_PKEY_free(k);
    return k ? kid : NULL;
}

static void expect_no_start(void)
{
    assert_int_equal(keys_load(public_dir, private_dir), E_INVALID);
}

static void bad_keys_stop_the_start(void **state)
{
    (void)state;
    assert_int_equal(keys_load("/nonexistent", NULL), E_INVALID);
    assert_int_equal(keys_load(public_dir, "/nonexistent"), E_INVALID);
    keyfiles_write_text(public_dir, "broken", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    expect_no_start();
    keyfiles_write_text(public_dir, "broken", "");
    expect_no_start();
    EVP_PKEY *p384 = EVP_EC_gen("P-384");
    keyfiles_write_public("broken", p384);
    expect_no_start();
    EVP_PKEY_free(p384);
    unlink(keyfiles_path(public_dir, "broken"));
    assert_int_equal(mkdir(keyfiles_path(public_dir, "broken"), 0700), 0);
    expect_no_start();
    rmdir(keyfiles_path(public_dir, "broken"));
    assert_int_equal(keys_load(public_dir, private_dir), OK);
    keyfiles_empty(private_dir);
    expect_no_start();
    keyfiles_empty(public_dir);
    assert_int_equal(keys_load(public_dir, NULL), E_INVALID);
}

static void private_keys_others_can_read_stop_the_start(void **state)
{
    (void)state;
    static const mode_t bad[] = {0640, 0604, 0620, 0602, 0610, 0644};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(chmod(keyfiles_path(private_dir, "2026-01"), bad[i]), 0);
        expect_no_start();
        assert_null(signer());
    }
    assert_int_equal(chmod(keyfiles_path(private_dir, "2026-01"), 0400), 0);
    assert_int_equal(keys_load(public_dir, private_dir), OK);
    assert_string_equal(signer(), "2026-01");
}

static void a_verifier_cannot_sign(void **state)
{
    (void)state;
    struct token_claims claims = {.user_id = USER, .session_id = USER};
    char *token;
    assert_int_equal(keys_load(public_dir, NULL), OK);
    assert_int_equal(token_sign(mem, &claims, &token), E_UNAVAILABLE);
}

static void a_private_key_without_its_public_half_does_not_sign(void **state)
{
    (void)state;
    EVP_PKEY *other = EVP_EC_gen("P-256");
    keyfiles_write_private("2026-02", other); /* none published */
    assert_int_equal(keys_load(public_dir, private_dir), OK);
    sleep(ACTIVE_S);
    assert_string_equal(signer(), "2026-01");
    keyfiles_write_public("2026-02", key); /* another key published under its name */
    usleep(NOTICED_US);
    assert_string_equal(signer(), "2026-01");
    keyfiles_write_public("2026-02", other);
    usleep(NOTICED_US);
    assert_string_equal(signer(), "2026-02");
    EVP_PKEY_free(other);
}

static void a_new_key_signs_once_everybody_can_know_it(void **state)
{
    (void)state;
    char *old = sign();
    sleep(ACTIVE_S);
    EVP_PKEY *next = keyfiles_add("2026-02");
    int64_t added = clock_us();
    while (str_eq(signer(), "2026-01"))
        usleep(20000);
    assert_string_equal(signer(), "2026-02");
    assert_in_range(clock_us() - added, 2000000, ACTIVE_S * 1000000);
    assert_null(verify(sign()));
    assert_null(verify(old));
    EVP_PKEY_free(next);
}

static void a_removed_key_is_refused_at_once_remembered_or_not(void **state)
{
    (void)state;
    EVP_PKEY *next = keyfiles_add("2026-02");
    usleep(NOTICED_US);
    char *token = sign();
    assert_null(verify(token));
    assert_null(verify(token)); /* by now from the cache */
    unlink(keyfiles_path(public_dir, "2026-01"));
    usleep(NOTICED_US);
    assert_string_equal(verify(token), "token.unknown_key");
    keyfiles_write_public("2026-01", next); /* the name comes back with another key */
    usleep(NOTICED_US);
    assert_string_equal(verify(token), "token.signature");
    keyfiles_write_public("2026-01", key);
    usleep(NOTICED_US);
    assert_null(verify(token));
    EVP_PKEY_free(next);
}

static void the_first_question_after_a_pause_sees_the_removal(void **state)
{
    (void)state;
    char *token = sign();
    assert_null(verify(token));
    usleep(NOTICED_US);
    unlink(keyfiles_path(public_dir, "2026-01"));
    assert_string_equal(verify(token), "token.unknown_key");
    keyfiles_drop_dirs(); /* all gone: nothing is accepted, nothing breaks */
    usleep(NOTICED_US);
    assert_string_equal(verify(token), "token.unknown_key");
}

static void a_broken_file_leaves_the_others_in_force(void **state)
{
    (void)state;
    char *token = sign();
    keyfiles_write_text(public_dir, "2026-02", "half a key");
    keyfiles_write_text(private_dir, "2026-02", "half a key");
    usleep(NOTICED_US);
    assert_null(verify(token));
    assert_string_equal(signer(), "2026-01");
}

/* Without descriptors nothing can be looked at: that is no reason to sign everybody out. */
static void a_passing_fault_leaves_the_keys_in_force(void **state)
{
    (void)state;
    char *token = sign();
    struct rlimit limit, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 3;
    keyfiles_write_public("2026-02", key);
    usleep(NOTICED_US);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const char *fault = verify(token);
    unsigned long generation;
    EVP_PKEY *unseen = keys_verifier("2026-02", &generation);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_null(fault);
    assert_null(unseen); /* the look did fail */
    unlink(keyfiles_path(public_dir, "2026-01"));
    usleep(NOTICED_US);
    assert_string_equal(verify(token), "token.unknown_key");
}

static void names_that_are_no_key_ids_are_left_out(void **state)
{
    (void)state;
    keyfiles_write_public("bad name", key);
    keyfiles_write_public(".hidden", key);
    keyfiles_write_public("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaX", key); /* 65 */
    keyfiles_write_text(public_dir, "2026-01.pem.swp", "x");
    assert_int_equal(keys_load(public_dir, private_dir), OK);
    unsigned long generation;
    assert_null(keys_verifier("bad name", &generation));
    assert_null(keys_verifier("", &generation));
    assert_null(keys_verifier(".hidden", &generation));
}

static void count_key(const char *kid, EVP_PKEY *k, void *arg)
{
    (void)kid, (void)k;
    ++*(int *)arg;
}

static void of_too_many_keys_the_newest_names_count(void **state)
{
    (void)state;
    for (int i = 0; i < LIMIT_TOKEN_KEYS; i++)
        keyfiles_write_public(arena_printf(mem, "2027-%02d", i), key);
    assert_int_equal(keys_load(public_dir, private_dir), OK);
    int count = 0;
    unsigned long generation;
    keys_each(count_key, &count);
    assert_int_equal(count, LIMIT_TOKEN_KEYS);
    assert_null(keys_verifier("2026-01", &generation));
}

static atomic_bool stop;
static char *shared_token;

static void *verify_on(void *arg)
{
    (void)arg;
    struct arena *own = arena_new(4096);
    struct token_claims claims;
    long refused = 0;
    while (!stop) {
        refused += token_verify(own, shared_token, &claims, NULL) != OK;
        arena_reset(own);
    }
    arena_free(own);
    return (void *)refused;
}

static void threads_share_keys_that_change(void **state)
{
    (void)state;
    pthread_t threads[4];
    stop = false;
    shared_token = sign();
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_on, NULL), 0);
    for (int i = 0; i < 4; i++) {
        EVP_PKEY_free(keyfiles_add(i % 2 ? "2026-02" : "2026-03"));
        usleep(NOTICED_US);
        unlink(keyfiles_path(public_dir, i % 2 ? "2026-03" : "2026-02"));
    }
    stop = true;
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *refused;
        pthread_join(threads[i], &refused);
        assert_null(refused);
    }
}

#define key_test(fn) cmocka_unit_test_setup_teardown(fn, make_keys, drop_keys)

int main(void)
{
    const struct CMUnitTest tests[] = {
        key_test(bad_keys_stop_the_start),
        key_test(private_keys_others_can_read_stop_the_start),
        key_test(a_verifier_cannot_sign),
        key_test(a_private_key_without_its_public_half_does_not_sign),
        key_test(a_new_key_signs_once_everybody_can_know_it),
        key_test(a_removed_key_is_refused_at_once_remembered_or_not),
        key_test(the_first_question_after_a_pause_sees_the_removal),
        key_test(a_broken_file_leaves_the_others_in_force),
        key_test(a_passing_fault_leaves_the_keys_in_force),
        key_test(names_that_are_no_key_ids_are_left_out),
        key_test(of_too_many_keys_the_newest_names_count),
        key_test(threads_share_keys_that_change),
    };
    return cmocka_run_group_tests_name("access/keys", tests, NULL, NULL);
}
