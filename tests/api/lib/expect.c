/* What an answer must be. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

static void must(bool holds, const char *what, const struct answer *a, const char *file, int line) {
    if (holds)
        return;
    print_error("%s:%d: expected %s, got %d\n%s%s\n", file, line, what, a->status, a->head, a->body);
    _fail(file, line);
}

struct answer *expect_status_at(struct answer *a, int status, const char *file, int line) {
    char what[64];
    snprintf(what, sizeof what, "status %d", status);
    must(a->status == status, what, a, file, line);
    must(answer_header(a, "X-Request-Id") != NULL, "an X-Request-Id", a, file, line);
    const char *nosniff = answer_header(a, "X-Content-Type-Options");
    must(nosniff && strcmp(nosniff, "nosniff") == 0, "nosniff", a, file, line);
    return a;
}

static bool is_text(const struct answer *a, const char *path) {
    const char *text = json_string_value(answer_at(a, path));
    return text && *text;
}

struct answer *expect_problem_at(struct answer *a, int status, const char *code, const char *file, int line) {
    expect_status_at(a, status, file, line);
    const char *type = answer_header(a, "Content-Type");
    must(type && strncmp(type, "application/problem+json", 24) == 0, "application/problem+json", a, file, line);
    must(is_text(a, "type") && is_text(a, "title") && is_text(a, "detail"), "type, title and detail", a, file, line);
    must(json_integer_value(answer_at(a, "status")) == status, "the status in the body", a, file, line);
    const char *got = json_string_value(answer_at(a, "code"));
    must(got && strcmp(got, code) == 0, code, a, file, line);
    const char *id = json_string_value(answer_at(a, "request_id"));
    must(id && strcmp(id, answer_header(a, "X-Request-Id")) == 0, "the request id in the body", a, file, line);
    must(status != 401 || answer_header(a, "WWW-Authenticate") != NULL, "WWW-Authenticate", a, file, line);
    must((status != 429 && status != 503) || answer_header(a, "Retry-After") != NULL, "Retry-After", a, file, line);
    return a;
}

struct answer *expect_fault_at(struct answer *a, const char *pointer, const char *code, const char *file, int line) {
    char what[256];
    snprintf(what, sizeof what, "422 with %s: %s", pointer, code);
    expect_status_at(a, 422, file, line);
    size_t i;
    json_t *item;
    json_array_foreach(answer_at(a, "errors"), i, item) {
        const char *at = json_string_value(json_object_get(item, "pointer"));
        const char *got = json_string_value(json_object_get(item, "code"));
        if (at && got && strcmp(at, pointer) == 0 && strcmp(got, code) == 0)
            return a;
    }
    must(false, what, a, file, line);
    return a;
}

void expect_same_refusal_at(struct answer *a, struct answer *b, const char *file, int line) {
    must(a->status >= 400 && a->status == b->status, "the same refusal", b, file, line);
    json_t *one = json_deep_copy(a->json), *other = json_deep_copy(b->json);
    json_object_del(one, "request_id");
    json_object_del(other, "request_id");
    bool same = json_equal(one, other) == 1;
    json_decref(one);
    json_decref(other);
    must(same, a->body, b, file, line);
}
