/* Refresh tokens: what is made is read again, and nothing else is. */
#include "../../../../modules/auth/refresh_token.h"
#include "unit.h"

#define SESSION "01a202ca-5c42-7e9a-8707-f8251c6a2aa9"

static void made_tokens_are_read(void **state)
{
    (void)state;
    const char *session;
    uint32_t generation;
    refresh_key_set("a key for tests that is long enough to be one");
    static const uint32_t generations[] = {0, 1, 255, 256, UINT32_MAX};
    for (size_t i = 0; i < sizeof generations / sizeof *generations; i++) {
        char *token = refresh_token_make(mem, SESSION, generations[i]);
        assert_true(refresh_token_read(mem, token, &session, &generation));
        assert_string_equal(session, SESSION);
        assert_int_equal(generation, generations[i]);
        assert_string_equal(token, refresh_token_make(mem, SESSION, generations[i]));
    }
}

static void no_other_text_is_a_token(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *session;
    uint32_t generation;
    char *token = refresh_token_make(mem, SESSION, 7), *forged = arena_strdup(mem, token);
    for (size_t i = 0; i < strlen(token); i++) {
        for (const char *c = alphabet; *c; c++) {
            forged[i] = *c;
            assert_true(refresh_token_read(mem, forged, &session, &generation) == (*c == token[i]));
        }
        forged[i] = token[i];
    }
    assert_false(refresh_token_read(mem, "", &session, &generation));
    assert_false(refresh_token_read(mem, arena_printf(mem, "%sA", token), &session, &generation));
    assert_false(refresh_token_read(mem, arena_printf(mem, "%.69s=", token), &session, &generation));
    refresh_key_set("another key for tests that is long enough too");
    assert_false(refresh_token_read(mem, token, &session, &generation));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(made_tokens_are_read),
        in_arena(no_other_text_is_a_token),
    };
    return cmocka_run_group_tests_name("auth: refresh tokens", tests, NULL, NULL);
}
