/* How long a refused sign-in takes must not tell whether there is such an account. DASTERN_TIMING_PAIRS=250 for the whole
 * measurement (500 sign-ins), fewer by default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/random.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

#define PAIRS_MAX 1000
#define PER_ACCOUNT 4 /* failures that are not slowed down */

static double seconds_of(const char *email)
{
    unsigned char b[3];
    char from[24];
    random_bytes(b, sizeof b);
    snprintf(from, sizeof from, "127.%u.%u.%u", 1 + b[0] % 250u, (unsigned)b[1], 2 + b[2] % 250u);
    struct answer *a = client_call(&(struct call){.method = "POST", .path = "/auth/login", .from = from,
                                                  .json = json_pack("{s:s, s:s}", "email", email, "password", "not the password")});
    expect_problem(a, 401, "auth.invalid_credentials");
    return a->seconds;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, ascending);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* Measures `pairs` of sign-ins in turn; returns how far the medians are apart. */
static double distance(int pairs)
{
    static double known[PAIRS_MAX], unknown[PAIRS_MAX];
    struct person p;
    for (int i = 0; i < pairs; i++) {
        if (i % PER_ACCOUNT == 0)
            person_register(&p);
        if (i % 2)
            known[i] = seconds_of(p.email);
        unknown[i] = seconds_of(fresh_email());
        if (i % 2 == 0) /* now the one first, now the other, so that drift of the machine falls on both */
            known[i] = seconds_of(p.email);
        client_forget();
    }
    double k = median(known, pairs), u = median(unknown, pairs), apart = k > u ? k / u - 1 : u / k - 1;
    print_message("%d sign-ins: median known %.2f ms, unknown %.2f ms, %.2f %% apart\n", 2 * pairs, k * 1000, u * 1000, apart * 100);
    return apart;
}

/* What tells them apart does so every time; what a busy machine adds does not: one quiet round of three is enough. */
static void known_and_unknown_take_as_long(void **state)
{
    (void)state;
    const char *wanted = getenv("DASTERN_TIMING_PAIRS");
    int pairs = wanted ? (int)strtol(wanted, NULL, 10) : 60, round = 0;
    assert_in_range(pairs, 1, PAIRS_MAX);
    while (distance(pairs) > 0.05)
        assert_true(++round < 3);
}

static void forgetting_takes_as_long(void **state)
{
    (void)state;
    enum { TRIES = 15 };
    double known[TRIES], unknown[TRIES];
    for (int i = 0; i < TRIES; i++) {
        struct person p;
        person_register(&p);
        known[i] = expect(post(NULL, json_pack("{s:s}", "email", p.email), "/auth/password/forgot"), 202)->seconds;
        unknown[i] = expect(post(NULL, json_pack("{s:s}", "email", fresh_email()), "/auth/password/forgot"), 202)->seconds;
    }
    double k = median(known, TRIES), u = median(unknown, TRIES);
    print_message("forgotten password: median known %.0f ms, unknown %.0f ms\n", k * 1000, u * 1000);
    assert_true(k < u * 1.10 && u < k * 1.10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(known_and_unknown_take_as_long, owner_forgive),
        cmocka_unit_test_setup(forgetting_takes_as_long, owner_forgive),
    };
    return cmocka_run_group_tests_name("auth: times tell nothing", tests, NULL, NULL);
}
