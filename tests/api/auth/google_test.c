/* Signing in at an OpenID provider: a real one (tests/oidc), a browser's steps done by curl. Where the stack has none
 * configured, its endpoints must not exist. */
#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/arena.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

#define HOPS_MAX 10

static struct arena *mem;
static bool configured;

static struct answer *start(void)
{
    return post(NULL, NULL, "/auth/google/start");
}

static struct answer *finish(const char *code, const char *state)
{
    return post(NULL, json_pack("{s:s, s:s}", "code", code, "state", state), "/auth/google/finish");
}

static int set_up(void **state)
{
    (void)state;
    mem = arena_new(65536);
    configured = start()->status == 200;
    if (!configured)
        print_message("no OpenID provider is configured in this stack\n");
    return owner_forgive(NULL);
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

static size_t drop(char *bytes, size_t one, size_t n, void *unused)
{
    (void)bytes;
    (void)unused;
    return one * n;
}

/* Goes where the provider sends the browser, until it is sent back to us; returns that address. */
static const char *browse(const char *url)
{
    CURL *curl = curl_easy_init();
    const char *at = arena_strdup(mem, url);
    char *next = NULL;
    curl_easy_setopt(curl, CURLOPT_COOKIEFILE, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    for (int hop = 0; hop < HOPS_MAX && !strstr(at, "/back?"); hop++) {
        curl_easy_setopt(curl, CURLOPT_URL, at);
        assert_int_equal(curl_easy_perform(curl), CURLE_OK);
        curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &next);
        if (!next)
            fail_msg("the provider does not go on from %s", at);
        at = arena_strdup(mem, next);
    }
    curl_easy_cleanup(curl);
    return at;
}

static char *parameter(const char *url, const char *name)
{
    const char *at = strstr(url, arena_printf(mem, "%s=", name));
    assert_non_null(at);
    at += strlen(name) + 1;
    return arena_strndup(mem, at, strcspn(at, "&"));
}

/* The whole way for this person; returns the code, and the state to go with it. */
static const char *authorise(const char *subject, const char *email, bool verified, const char **state)
{
    struct answer *a = expect(start(), 200);
    char *hint = arena_printf(mem, "%s|%s|%s", subject, email, verified ? "true" : "false"), *escaped = curl_easy_escape(NULL, hint, 0);
    const char *back = browse(arena_printf(mem, "%s&login_hint=%s", answer_text(a, "authorization_url"), escaped));
    curl_free(escaped);
    *state = arena_strdup(mem, answer_text(a, "state"));
    assert_string_equal(parameter(back, "state"), *state);
    return parameter(back, "code");
}

static struct answer *sign_in(const char *subject, const char *email, bool verified)
{
    const char *state, *code = authorise(subject, email, verified, &state);
    return finish(code, state);
}

#define NEEDS_PROVIDER() \
    if (!configured)     \
        skip()

static void without_configuration_there_is_nothing(void **state)
{
    (void)state;
    if (configured)
        skip();
    expect_problem(start(), 404, "not_found");
    expect_problem(finish("code", "state"), 404, "not_found");
}

static void the_first_time_makes_an_account(void **state)
{
    (void)state;
    NEEDS_PROVIDER();
    const char *subject = arena_strdup(mem, nobody_id()), *email = arena_strdup(mem, fresh_email());
    struct answer *a = expect(sign_in(subject, email, true), 200);
    const char *id = answer_text(a, "user.id");
    assert_string_equal(answer_text(a, "user.email"), email);
    assert_true(answer_true(a, "user.email_verified"));
    assert_string_equal(answer_text(a, "user.first_name"), "Bopha");
    assert_string_equal(answer_text(a, "user.next_step"), "select_role");
    expect(get(answer_text(a, "tokens.access_token"), "/auth/me"), 200);
    /* The subject counts, also when the address has changed over there. */
    a = expect(sign_in(subject, fresh_email(), true), 200);
    assert_string_equal(answer_text(a, "user.id"), id);
    assert_string_equal(answer_text(a, "user.email"), email);
}

static void accounts_are_linked_by_an_address_both_sides_verified(void **state)
{
    (void)state;
    NEEDS_PROVIDER();
    struct person p;
    const char *subject = arena_strdup(mem, nobody_id());
    person_new(&p, "patient");
    expect_problem(sign_in(subject, p.email, true), 409, "identity.email_in_use");
    expect_problem(sign_in(subject, p.email, false), 409, "identity.email_in_use");
    owner_sql("UPDATE users SET email_verified = true WHERE id = $1::uuid", p.id, NULL);
    expect_problem(sign_in(subject, p.email, false), 409, "identity.email_in_use");
    struct answer *a = expect(sign_in(subject, p.email, true), 200);
    assert_string_equal(answer_text(a, "user.id"), p.id);
    assert_int_equal(owner_count("SELECT count(*) FROM auth_identities WHERE user_id = $1::uuid", p.id, NULL), 1);
    assert_int_equal(owner_count("SELECT count(*) FROM users WHERE lower(email) = lower($1)", p.email, NULL), 1);
}

static void an_address_nobody_verified_makes_no_account(void **state)
{
    (void)state;
    NEEDS_PROVIDER();
    const char *email = arena_strdup(mem, fresh_email());
    expect_problem(sign_in(nobody_id(), email, false), 403, "identity.email_unverified");
    assert_int_equal(owner_count("SELECT count(*) FROM users WHERE email = $1", email, NULL), 0);
}

static void codes_and_states_belong_together(void **state)
{
    (void)state;
    NEEDS_PROVIDER();
    const char *state_a, *state_b, *subject = arena_strdup(mem, nobody_id()), *email = arena_strdup(mem, fresh_email());
    const char *code = authorise(subject, email, true, &state_a);
    authorise(subject, email, true, &state_b);
    expect_problem(finish(code, "00"), 401, "identity.refused");
    expect_problem(finish(code, arena_printf(mem, "%s00", state_a)), 401, "identity.refused");
    expect_problem(finish("made-up", state_a), 401, "identity.refused");
    expect_problem(finish(code, state_b), 401, "identity.refused"); /* another attempt's verifier: the provider refuses */
    assert_int_equal(owner_count("SELECT count(*) FROM users WHERE email = $1", email, NULL), 0);
}

static void a_code_is_good_once(void **state)
{
    (void)state;
    NEEDS_PROVIDER();
    const char *once, *code = authorise(arena_strdup(mem, nobody_id()), arena_strdup(mem, fresh_email()), true, &once);
    expect(finish(code, once), 200);
    expect_problem(finish(code, once), 401, "identity.refused");
}

static void closed_accounts_stay_closed(void **state)
{
    (void)state;
    NEEDS_PROVIDER();
    const char *subject = arena_strdup(mem, nobody_id()), *email = arena_strdup(mem, fresh_email());
    struct answer *a = expect(sign_in(subject, email, true), 200);
    owner_sql("UPDATE users SET is_active = false WHERE id = $1::uuid", answer_text(a, "user.id"), NULL);
    expect_problem(sign_in(subject, email, true), 403, "auth.deactivated");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_configuration_there_is_nothing),
        cmocka_unit_test(the_first_time_makes_an_account),
        cmocka_unit_test(accounts_are_linked_by_an_address_both_sides_verified),
        cmocka_unit_test(an_address_nobody_verified_makes_no_account),
        cmocka_unit_test(codes_and_states_belong_together),
        cmocka_unit_test(a_code_is_good_once),
        cmocka_unit_test(closed_accounts_stay_closed),
    };
    return cmocka_run_group_tests_name("auth: OpenID provider", tests, set_up, tear_down);
}
