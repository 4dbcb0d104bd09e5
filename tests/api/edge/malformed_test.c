/* What is not even HTTP, or too much of it, ends at nginx: a problem of the usual shape and never a 500 or a hang. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "expect.h"

#define HOST "Host: localhost\r\nConnection: close\r\n"
#define LOGIN "POST /api/v1/auth/login HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n"

static const struct {
    const char *what, *bytes;
    int status;
    const char *code;
} malformed[] = {
    {"no HTTP at all", "\x16\x03\x01\x02\r\n\r\n", 400, "request.malformed"},
    {"a method in small letters", "get /healthz HTTP/1.1\r\n" HOST "\r\n", 400, "request.malformed"},
    {"a version from the future", "GET /healthz HTTP/9.1\r\n" HOST "\r\n", 505, "request.malformed"},
    {"no Host", "GET /healthz HTTP/1.1\r\n\r\n", 400, "request.malformed"},
    {"two Hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "request.malformed"},
    {"a NUL in the path", "GET /api/v1/auth/%00 HTTP/1.1\r\n" HOST "\r\n", 400, "request.malformed"},
    {"a path out of the tree", "GET /../../etc/passwd HTTP/1.1\r\n" HOST "\r\n", 400, "request.malformed"},
    {"an encoded path out of the tree", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" HOST "\r\n", 400, "request.malformed"},
    {"a module's figures under another area's path", "GET /metrics/../api/v1/auth/me HTTP/1.1\r\n" HOST "\r\n", 401, "auth.token_missing"},
    {"the same encoded", "GET /metrics/%2e%2e/api/v1/auth/me HTTP/1.1\r\n" HOST "\r\n", 401, "auth.token_missing"},
    {"both lengths", LOGIN "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400, "request.malformed"},
    {"two lengths", LOGIN "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "request.malformed"},
    {"a length below zero", LOGIN "Content-Length: -5\r\n\r\n", 400, "request.malformed"},
    {"an unknown transfer encoding", LOGIN "Transfer-Encoding: gzip\r\n\r\n", 501, "request.malformed"},
    {"a chunk without a size", LOGIN "Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n", 400, "request.malformed"},
    {"a length over the limit", LOGIN "Content-Length: 1048577\r\n\r\n", 413, "request.too_large"},
    {"a chunk over the limit", LOGIN "Transfer-Encoding: chunked\r\n\r\nFFFFFF\r\nabc", 413, "request.too_large"},
    {"TRACE", "TRACE /api/v1/auth/me HTTP/1.1\r\n" HOST "\r\n", 405, "request.method"},
    {"CONNECT", "CONNECT example.org:443 HTTP/1.1\r\n" HOST "\r\n", 400, "request.malformed"},
};

static void malformed_requests_are_problems(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        print_message("    %s\n", malformed[i].what);
        struct answer *a = client_raw(malformed[i].bytes, strlen(malformed[i].bytes), 5);
        expect_problem(a, malformed[i].status, malformed[i].code);
    }
}

/* `before`, then n times 'a', then `after`. */
static struct answer *send_long(const char *before, size_t n, const char *after) {
    size_t size = strlen(before) + n + strlen(after);
    char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    memset(bytes, 'a', size);
    memcpy(bytes, before, strlen(before));
    memcpy(bytes + strlen(before) + n, after, strlen(after) + 1);
    struct answer *a = client_raw(bytes, size, 5);
    free(bytes);
    return a;
}

static void too_long_requests_are_problems(void **state) {
    (void)state;
    expect_problem(send_long("GET /api/v1/", 9000, " HTTP/1.1\r\n" HOST "\r\n"), 414, "request.path_too_long");
    expect_problem(send_long("GET /healthz HTTP/1.1\r\n" HOST "X-Long: ", 9000, "\r\n\r\n"), 431, "request.headers_too_large");
    expect_problem(send_long("GET /api/v1/auth/me HTTP/1.1\r\n" HOST "Authorization: Bearer ", 9000, "\r\n\r\n"), 431,
                   "request.headers_too_large");
}

static void a_body_over_the_limit_is_refused(void **state) {
    (void)state;
    size_t n = 1024 * 1024 + 1;
    char *body = malloc(n);
    assert_non_null(body);
    memset(body, ' ', n);
    expect_problem(post_raw(NULL, "/auth/login", body, n), 413, "request.too_large");
    free(body);
}

/* A client that stops in the middle is cut off after 10 s; it can't hold a connection for ever. */
static void slow_requests_are_cut_off(void **state) {
    (void)state;
    const char head[] = "GET /healthz HTTP/1.1\r\nHos";
    const char body[] = LOGIN "Content-Length: 20\r\n\r\n{\"em";
    assert_int_equal(client_raw(head, sizeof head - 1, 12)->status, 0);
    assert_int_not_equal(client_raw(body, sizeof body - 1, 12)->status, 200);
}

static void the_server_lives(void **state) {
    (void)state;
    expect(get(NULL, "@/healthz"), 200);
    expect(get(NULL, "@/readyz"), 200);
    client_forget();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_requests_are_problems),
        cmocka_unit_test(too_long_requests_are_problems),
        cmocka_unit_test(a_body_over_the_limit_is_refused),
        cmocka_unit_test(slow_requests_are_cut_off),
        cmocka_unit_test(the_server_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
