/* An ended session under load: no request that began after the answer succeeds, in any module. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/clock.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

static const char *const paths[] = {"/auth/me", "/prescriptions", "/doses/today", "/notifications", "/reports", "/family/members"};
#define MODULES (sizeof paths / sizeof *paths)
#define PAUSE_NS 15000000L /* six threads: above 50 requests a second in every module */

struct poller {
    const char *path, *token;
    atomic_bool *stop;
    _Atomic int64_t *ended_us;  /* when the answer was there; 0 before */
    long before, after, late;   /* successes; refusals; successes that began after the end */
};

static void *poll_path(void *arg)
{
    struct poller *p = arg;
    while (!atomic_load(p->stop)) {
        int64_t ended = atomic_load(p->ended_us);
        int status = get(p->token, "%s", p->path)->status;
        if (status == 200 && ended)
            p->late++;
        else if (status == 200)
            p->before++;
        else if (status == 401)
            p->after++;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return NULL;
}

/* Polls every module while `end` ends the session. */
static void end_under_load(const struct person *p, void (*end)(const struct person *))
{
    struct poller pollers[MODULES];
    pthread_t threads[MODULES];
    atomic_bool stop = false;
    _Atomic int64_t ended_us = 0;
    for (size_t i = 0; i < MODULES; i++) {
        pollers[i] = (struct poller){.path = paths[i], .token = p->token, .stop = &stop, .ended_us = &ended_us};
        pthread_create(&threads[i], NULL, poll_path, &pollers[i]);
    }
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    end(p);
    atomic_store(&ended_us, clock_us());
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    atomic_store(&stop, true);
    long before = 0, after = 0;
    for (size_t i = 0; i < MODULES; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(pollers[i].late, 0);
        assert_true(pollers[i].before > 20);
        assert_true(pollers[i].after > 20);
        before += pollers[i].before;
        after += pollers[i].after;
    }
    print_message("%ld answered before the end, %ld refused after it, 0 slipped through\n", before, after);
}

static void log_out(const struct person *p)
{
    expect(post(p->token, NULL, "/auth/logout"), 204);
}

static void deactivate(const struct person *p)
{
    owner_sql("UPDATE users SET is_active = false WHERE id = $1::uuid", p->id, NULL);
}

static void change_password(const struct person *p)
{
    struct person same = *p;
    person_login(&same); /* another device */
    expect(post(same.token, json_pack("{s:s, s:s}", "current_password", PERSON_PASSWORD, "new_password", "another horse 28 battery"),
                "/auth/password"), 204);
}

static void logout_ends_everything(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    end_under_load(&p, log_out);
}

static void deactivation_ends_everything(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    end_under_load(&p, deactivate);
}

static void a_new_password_ends_everything_else(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    end_under_load(&p, change_password);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(logout_ends_everything, owner_forgive),
        cmocka_unit_test_setup(deactivation_ends_everything, owner_forgive),
        cmocka_unit_test_setup(a_new_password_ends_everything_else, owner_forgive),
    };
    return cmocka_run_group_tests_name("auth: ends count at once", tests, NULL, NULL);
}
