/* Redis emptied, slow, and out of reach: no ended session comes back, no limit on signing in opens, and people can still
 * sign in. Needs the stack's state directory ($DASTERN_VAR). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "expect.h"
#include "owner.h"
#include "people.h"

static char socket_path[4200], away[4300]; /* where it is, and where nobody looks for it */

/* redis-cli with up to four words; -e: an error answer is a failure. */
static int redis(const char *where, const char *a, const char *b, const char *c, const char *d)
{
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(126);
        execlp("redis-cli", "redis-cli", "-e", "-s", where, a, b, c, d, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int find_redis(void **state)
{
    const char *var = getenv("DASTERN_VAR");
    if (!var) {
        print_message("DASTERN_VAR is not set: Redis cannot be stopped here\n");
        return -1;
    }
    snprintf(socket_path, sizeof socket_path, "%s/run/redis.sock", var);
    snprintf(away, sizeof away, "%s.away", socket_path);
    return owner_forgive(state);
}

/* Back again for whoever comes next. */
static int let_go(void **state)
{
    (void)state;
    if (access(away, F_OK) == 0)
        assert_int_equal(rename(away, socket_path), 0);
    return redis(socket_path, "CLIENT", "UNPAUSE", NULL, NULL);
}

static struct answer *sign_in(const char *email, const char *password, const char *from)
{
    return client_call(&(struct call){.method = "POST", .path = "/auth/login", .from = from,
                                      .json = json_pack("{s:s, s:s}", "email", email, "password", password)});
}

struct scene {
    struct person gone, guessed, here;
};

static void set_scene(struct scene *s)
{
    person_new(&s->gone, "patient");
    person_new(&s->guessed, "patient");
    person_new(&s->here, "patient");
    expect(post(s->gone.token, NULL, "/auth/logout"), 204);
    for (int i = 0; i < 8; i++)
        sign_in(s->guessed.email, "guess", i % 2 ? "127.77.1.1" : "127.77.2.2");
    expect_problem(sign_in(s->guessed.email, PERSON_PASSWORD, "127.77.3.3"), 429, "auth.throttled");
}

static void all_is_as_before(struct scene *s)
{
    expect_problem(get(s->gone.token, "/auth/me"), 401, "auth.session_ended");
    expect_problem(post(NULL, json_pack("{s:s}", "refresh_token", s->gone.refresh), "/auth/refresh"), 401, "auth.session_ended");
    expect_problem(sign_in(s->guessed.email, PERSON_PASSWORD, "127.77.3.3"), 429, "auth.throttled");
    expect(get(s->here.token, "/auth/me"), 200);
    expect(sign_in(s->here.email, PERSON_PASSWORD, NULL), 200);
    expect_problem(sign_in(s->here.email, "wrong", "127.77.4.4"), 401, "auth.invalid_credentials");
}

static void emptied(void **state)
{
    (void)state;
    struct scene s;
    set_scene(&s);
    assert_int_equal(redis(socket_path, "FLUSHALL", NULL, NULL, NULL), 0);
    all_is_as_before(&s);
}

/* Every command waits; the modules must not. */
static void slow(void **state)
{
    (void)state;
    struct scene s;
    set_scene(&s);
    assert_int_equal(redis(socket_path, "CLIENT", "PAUSE", "60000", NULL), 0);
    all_is_as_before(&s);
}

/* Its socket is gone and every connection cut: for the modules it has stopped. */
static void stopped(void **state)
{
    (void)state;
    struct scene s;
    struct person fresh;
    set_scene(&s);
    assert_int_equal(rename(socket_path, away), 0);
    assert_int_equal(redis(away, "CLIENT", "KILL", "TYPE", "normal"), 0);
    all_is_as_before(&s);
    person_new(&fresh, "patient");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(emptied, owner_forgive),
        cmocka_unit_test_setup_teardown(slow, owner_forgive, let_go),
        cmocka_unit_test_setup_teardown(stopped, owner_forgive, let_go),
    };
    return cmocka_run_group_tests_name("auth: without Redis", tests, find_redis, let_go);
}
