/* Changing the signing key under load: nothing fails, old tokens live on until their key is forgotten. Needs the stack's
 * state directory ($DASTERN_VAR), whose keys it changes. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/arena.h"
#include "core/str.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

static char keys[4096];

static int find_keys(void **state)
{
    (void)state;
    const char *var = getenv("DASTERN_VAR");
    if (!var)
        print_message("DASTERN_VAR is not set: the keys cannot be changed here\n");
    snprintf(keys, sizeof keys, "%s/keys", var ? var : "");
    return var ? owner_forgive(NULL) : -1;
}

static int rotate(const char *option, const char *kid)
{
    pid_t child = fork();
    if (child == 0) {
        execl("scripts/rotate-keys", "rotate-keys", keys, option, kid, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void kid_of(const char *token, char kid[80])
{
    struct arena *mem = arena_new(4096);
    unsigned char *head;
    size_t n;
    assert_true(base64url_decode(mem, token, strcspn(token, "."), &head, &n));
    json_t *json = json_loadb((const char *)head, n, 0, NULL);
    snprintf(kid, 80, "%s", json_string_value(json_object_get(json, "kid")));
    json_decref(json);
    arena_free(mem);
}

struct load {
    atomic_bool stop;
    atomic_int good, bad;
    struct person person;
};

/* Refreshes and asks, over and over: signing and verifying both go on while the key changes. */
static void *ask(void *arg)
{
    struct load *load = arg;
    char refresh[256];
    snprintf(refresh, sizeof refresh, "%s", load->person.refresh);
    while (!atomic_load(&load->stop)) {
        struct answer *a = post(NULL, json_pack("{s:s}", "refresh_token", refresh), "/auth/refresh");
        const char *token = json_string_value(answer_at(a, "tokens.access_token"));
        const char *next = json_string_value(answer_at(a, "tokens.refresh_token"));
        bool good = a->status == 200 && token && next && get(token, "/auth/me")->status == 200;
        atomic_fetch_add(good ? &load->good : &load->bad, 1);
        if (next)
            snprintf(refresh, sizeof refresh, "%s", next);
    }
    return NULL;
}

static void a_rotation_fails_no_request(void **state)
{
    (void)state;
    struct load loads[3] = {0};
    pthread_t threads[3];
    struct person before;
    char old_kid[80], new_kid[80];
    person_new(&before, "patient");
    kid_of(before.token, old_kid);
    for (int i = 0; i < 3; i++) {
        person_register(&loads[i].person);
        pthread_create(&threads[i], NULL, ask, &loads[i]);
    }
    assert_int_equal(rotate(NULL, NULL), 0);
    int good = 0, bad = 0;
    for (int i = 0; i < 3; i++) {
        atomic_store(&loads[i].stop, true);
        pthread_join(threads[i], NULL);
        good += loads[i].good;
        bad += loads[i].bad;
    }
    print_message("%d rounds of refresh and use, %d failed\n", good, bad);
    assert_int_equal(bad, 0);
    assert_true(good > 20);
    struct person after = before;
    person_login(&after);
    kid_of(after.token, new_kid);
    assert_string_not_equal(old_kid, new_kid);
    expect(get(before.token, "/auth/me"), 200); /* signed by the old key, which still verifies */
    assert_int_equal(rotate("--retire", NULL), 0);
    expect(get(before.token, "/auth/me"), 200); /* too early to forget it */
    assert_int_equal(rotate("--revoke", old_kid), 0);
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    static const char *const paths[] = {"/auth/me", "/prescriptions", "/doses/today", "/notifications", "/reports", "/family/members"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        expect_problem(get(before.token, "%s", paths[i]), 401, "auth.token_invalid");
    expect(get(after.token, "/auth/me"), 200);
}

static void the_last_key_cannot_be_lost(void **state)
{
    (void)state;
    struct person p;
    char kid[80];
    person_register(&p);
    kid_of(p.token, kid);
    assert_int_equal(rotate("--revoke", kid), 0);
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    expect_problem(get(p.token, "/auth/me"), 401, "auth.token_invalid");
    person_login(&p);
    expect(get(p.token, "/auth/me"), 200);
    assert_int_not_equal(rotate("--revoke", "no-such-key"), 0);
    assert_int_equal(rotate("--nonsense", NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rotation_fails_no_request),
        cmocka_unit_test(the_last_key_cannot_be_lost),
    };
    return cmocka_run_group_tests_name("auth: key rotation", tests, find_keys, NULL);
}
