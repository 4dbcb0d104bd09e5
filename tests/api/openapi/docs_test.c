/* The contract as it is served, and the page to read it with: everything from here, nothing inline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "expect.h"

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static void the_document_is_served(void **state)
{
    (void)state;
    struct answer *a = expect(get(NULL, "@/api/v1/openapi.json"), 200);
    assert_true(starts(answer_header(a, "Content-Type"), "application/json"));
    assert_true(starts(answer_text(a, "openapi"), "3.1."));
    assert_true(json_object_size(answer_at(a, "paths")) > 30);
}

/* Every src="…" and href="…" of the page, fetched. */
static void the_page_needs_nothing_from_elsewhere(void **state)
{
    (void)state;
    struct answer *page = expect(get(NULL, "@/api/docs"), 200);
    assert_true(starts(answer_header(page, "Content-Type"), "text/html"));
    assert_null(strstr(page->body, "<style"));
    assert_null(strstr(page->body, "://"));
    int fetched = 0;
    for (const char *at = page->body; (at = strpbrk(at, "sh")) != NULL; at++) {
        if (!starts(at, "src=\"") && !starts(at, "href=\""))
            continue;
        at = strchr(at, '"') + 1;
        assert_true(*at == '/');
        expect(get(NULL, "@%.*s", (int)strcspn(at, "\""), at), 200);
        fetched++;
    }
    assert_true(fetched >= 5);
    for (const char *at = page->body; (at = strstr(at, "<script")) != NULL; at++)
        assert_true(starts(at, "<script src=\"/api/docs/"));
}

static void its_policy_allows_nothing_inline(void **state)
{
    (void)state;
    const char *policy = answer_header(expect(get(NULL, "@/api/docs"), 200), "Content-Security-Policy");
    assert_true(starts(policy, "default-src 'none'"));
    assert_non_null(strstr(policy, "script-src 'self'"));
    assert_null(strstr(policy, "unsafe"));
    assert_null(strchr(policy, '*'));
}

static void sources_are_not_served(void **state)
{
    (void)state;
    static const char *const paths[] = {"/openapi/document.yaml", "/bundle.mjs", "/package.json", "/node_modules/yaml/package.json", "/api/docs/nothing"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        expect(get(NULL, "@%s", paths[i]), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_document_is_served, client_teardown),
        cmocka_unit_test_teardown(the_page_needs_nothing_from_elsewhere, client_teardown),
        cmocka_unit_test_teardown(its_policy_allows_nothing_inline, client_teardown),
        cmocka_unit_test_teardown(sources_are_not_served, client_teardown),
    };
    return cmocka_run_group_tests_name("documentation", tests, NULL, NULL);
}
