/* What nginx does for every answer, whoever made it: names, headers, origins, and which path goes where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "expect.h"
#include "people.h"

#define ALLOWED_ORIGIN "http://localhost:5173"

static struct answer *ask(const char *method, const char *path, const char *header) {
    const char *headers[] = {header, NULL};
    return client_call(&(struct call){.method = method, .path = path, .headers = headers});
}

static void must_have(struct answer *a, const char *name, const char *value) {
    const char *got = answer_header(a, name);
    if (!got || strcmp(got, value) != 0) {
        print_error("%s should be \"%s\" in\n%s\n", name, value, a->head);
        fail();
    }
}

static void must_lack(struct answer *a, const char *name) {
    if (answer_header(a, name)) {
        print_error("%s should not be in\n%s\n", name, a->head);
        fail();
    }
}

static unsigned count_header(const struct answer *a, const char *name) {
    unsigned n = 0;
    for (const char *at = a->head; (at = strstr(at, name)) != NULL; at++)
        n += at > a->head && at[-1] == '\n';
    return n;
}

static void security_headers_are_on_every_answer(void **state) {
    (void)state;
    struct answer *answers[] = {get(NULL, "@/healthz"), get(NULL, "@/readyz"), get(NULL, "@/nowhere"), get(NULL, "/nothing"),
                                get(NULL, "/auth/me"), post_raw(NULL, "/auth/login", "{", 1), delete_(NULL, "/auth/login")};
    const int statuses[] = {200, 200, 404, 404, 401, 400, 405};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct answer *a = expect(answers[i], statuses[i]);
        must_have(a, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        must_have(a, "Referrer-Policy", "no-referrer");
        must_have(a, "Server", "nginx");
        must_have(a, "Cache-Control", "no-store");
        assert_int_equal(count_header(a, "X-Request-Id:"), 1);
        assert_int_equal(count_header(a, "Cache-Control:"), 1);
        assert_int_equal(count_header(a, "X-Content-Type-Options:"), 1);
    }
}

static void a_sane_request_id_is_kept(void **state) {
    (void)state;
    const char *id = "phone-7.retry_2";
    must_have(ask("GET", "@/healthz", "X-Request-Id: phone-7.retry_2"), "X-Request-Id", id);
    must_have(ask("GET", "@/nowhere", "X-Request-Id: phone-7.retry_2"), "X-Request-Id", id);
    must_have(expect_problem(ask("GET", "/auth/me", "X-Request-Id: phone-7.retry_2"), 401, "auth.token_missing"), "X-Request-Id", id);
}

static void an_odd_request_id_is_replaced(void **state) {
    (void)state;
    const char *odd[] = {"X-Request-Id: short", "X-Request-Id: has\"quote-and-more", "X-Request-Id: two words here",
                         "X-Request-Id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct answer *a = expect_problem(ask("GET", "@/nowhere", odd[i]), 404, "not_found");
        assert_int_equal(strlen(answer_header(a, "X-Request-Id")), 32);
    }
}

/* Authorization is in every request, so a browser asks first, and names each header that it is going to send. */
static void an_allowed_origin_may_read(void **state) {
    (void)state;
    static const char *const sent[] = {"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID"};
    struct answer *a = expect(ask("GET", "/auth/me", "Origin: " ALLOWED_ORIGIN), 401);
    must_have(a, "Access-Control-Allow-Origin", ALLOWED_ORIGIN);
    must_have(a, "Vary", "Origin");
    must_lack(a, "Access-Control-Allow-Credentials");
    a = expect(ask("OPTIONS", "/auth/me", "Origin: " ALLOWED_ORIGIN), 204);
    must_have(a, "Access-Control-Allow-Origin", ALLOWED_ORIGIN);
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++)
        assert_non_null(strstr(answer_header(a, "Access-Control-Allow-Headers"), sent[i]));
    assert_non_null(strstr(answer_header(a, "Access-Control-Allow-Methods"), "PATCH"));
}

static void other_origins_may_not(void **state) {
    (void)state;
    const char *others[] = {"Origin: https://evil.example", "Origin: null", "Origin: http://localhost:5173.evil.example",
                            "Origin: http://localhost:517", "Origin: https://localhost:5173", "Origin: *"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        must_lack(ask("GET", "/auth/me", others[i]), "Access-Control-Allow-Origin");
        struct answer *a = ask("OPTIONS", "/auth/me", others[i]);
        must_lack(a, "Access-Control-Allow-Origin");
        must_lack(a, "Access-Control-Allow-Methods");
    }
}

/* The address that sessions show is the connection's, whatever headers claim. */
static void forwarding_headers_are_not_believed(void **state) {
    (void)state;
    struct person someone;
    person_new(&someone, "patient");
    const char *headers[] = {"X-Forwarded-For: 203.0.113.9", "X-Real-IP: 203.0.113.9", "Forwarded: for=203.0.113.9",
                             "X-User-Id: 00000000-0000-7000-8000-000000000001", "X-Accel-Redirect: /_private/x", "Proxy: http://x",
                             NULL};
    json_t *login = json_pack("{s:s, s:s}", "email", someone.email, "password", PERSON_PASSWORD);
    struct answer *a = expect(client_call(&(struct call){.method = "POST", .path = "/auth/login", .json = login, .headers = headers}), 200);
    a = expect(get(answer_text(a, "tokens.access_token"), "/auth/sessions"), 200);
    assert_true(answer_count(a, "items") > 0);
    assert_null(strstr(a->body, "203.0.113.9"));
    assert_non_null(strstr(a->body, "127.0.0.1"));
}

static void paths_outside_the_api_are_closed(void **state) {
    (void)state;
    const char *closed[] = {"@/", "@/_private/", "@/_private/x.jpg", "@/_problem", "@/metrics", "@/metrics/auth", "@/openapi/auth.yaml",
                            "@/docs/index.html", "@/app/nginx/nginx.conf", "/authx", "/auth%2f..%2fmetrics", "@/api/v2/auth/me"};
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        expect_problem(ask("GET", closed[i], NULL), 404, "not_found");
}

static void the_contract_is_served(void **state) {
    (void)state;
    struct answer *a = expect(get(NULL, "/openapi.json"), 200);
    must_have(a, "Content-Type", "application/json; charset=utf-8");
    assert_string_equal(answer_text(a, "openapi"), "3.1.0");
    a = expect(get(NULL, "@/api/docs"), 200);
    must_have(a, "Content-Type", "text/html; charset=utf-8");
    assert_non_null(strstr(answer_header(a, "Content-Security-Policy"), "script-src 'self'"));
    expect(get(NULL, "@/api/docs/docs.js"), 200);
    must_have(expect_problem(post_raw(NULL, "/openapi.json", "{}", 2), 405, "request.method"), "Allow", "GET, HEAD");
    expect_problem(get(NULL, "@/api/docs/nothing.js"), 404, "not_found");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(security_headers_are_on_every_answer),
        cmocka_unit_test(a_sane_request_id_is_kept),
        cmocka_unit_test(an_odd_request_id_is_replaced),
        cmocka_unit_test(an_allowed_origin_may_read),
        cmocka_unit_test(other_origins_may_not),
        cmocka_unit_test(forwarding_headers_are_not_believed),
        cmocka_unit_test(paths_outside_the_api_are_closed),
        cmocka_unit_test(the_contract_is_served),
    };
    return cmocka_run_group_tests(tests, NULL, client_teardown);
}
