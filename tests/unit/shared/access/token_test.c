/* Access tokens: every known way to forge one, each properly signed where a signature is not the point. */
#include "shared/access/keyfiles.h"

#include <openssl/hmac.h>

#include "access/es256.h"
#include "access/token.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/random.h"
#include "core/str.h"
#include "json/json_read.h"

#define USER "0190b2c4-7b1e-7000-8000-000000000001"
#define SESSION "0190b2c4-7b1e-7000-8000-0000000000aa"
#define GOOD_HEADER "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}"

static EVP_PKEY *key;

static int make_keys(void **state)
{
    (void)state;
    keyfiles_make_dirs();
    key = keyfiles_add("k1");
    assert_int_equal(token_keys_load(public_dir, private_dir), OK);
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    keyfiles_drop_dirs();
    EVP_PKEY_free(key);
    return 0;
}

static const char *coded(const char *text)
{
    return base64url_encode(mem, text, strlen(text));
}

/* A token of these two texts, signed with the real key. */
static char *forge(const char *header, const char *payload)
{
    char *text = arena_printf(mem, "%s.%s", coded(header), coded(payload));
    unsigned char signature[ES256_SIGNATURE_BYTES];
    assert_true(es256_sign(key, text, strlen(text), signature));
    return arena_printf(mem, "%s.%s", text, base64url_encode(mem, signature, sizeof signature));
}

/* A good payload, but `claim` is written as `text` (a whole member, or "" to leave it out). */
static char *payload_with(const char *claim, const char *text)
{
    long now = (long)clock_unix();
    const char *const members[][2] = {
        {"iss", "\"iss\":\"dastern\""}, {"aud", "\"aud\":\"dastern-api\""}, {"sub", "\"sub\":\"" USER "\""}, {"sid", "\"sid\":\"" SESSION "\""},
        {"jti", "\"jti\":\"0190b2c4-7b1e-7000-8000-0000000000bb\""}, {"role", "\"role\":\"patient\""},
        {"iat", arena_printf(mem, "\"iat\":%ld", now)}, {"nbf", arena_printf(mem, "\"nbf\":%ld", now)},
        {"exp", arena_printf(mem, "\"exp\":%ld", now + 600)}};
    struct buf b = {.mem = mem};
    for (size_t i = 0; i < COUNT(members); i++) {
        const char *member = str_eq(members[i][0], claim) ? text : members[i][1];
        if (*member)
            buf_printf(&b, "%s%s", b.len ? "," : "", member);
    }
    return arena_printf(mem, "{%s}", b.data);
}

static char *good_payload(void)
{
    return payload_with(NULL, NULL);
}

static void expect_refused(const char *token, const char *expected_fault)
{
    struct token_claims claims = {.user_id = "untouched"};
    const char *fault = NULL;
    for (int i = 0; i < 2; i++) { /* the cache must not change its mind */
        if (token_verify(mem, token, &claims, &fault) != E_UNAUTHENTICATED)
            fail_msg("accepted: %s", token);
        if (!str_eq(fault, expected_fault))
            fail_msg("%s, not %s: %s", fault, expected_fault, token);
        assert_string_equal(claims.user_id, "untouched");
    }
}

static void expect_accepted(const char *token)
{
    struct token_claims claims;
    const char *fault = NULL;
    for (int i = 0; i < 2; i++)
        if (token_verify(mem, token, &claims, &fault) != OK)
            fail_msg("%s: %s", fault, token);
    assert_string_equal(claims.user_id, USER);
    assert_string_equal(claims.session_id, SESSION);
}

static void a_good_token_is_good(void **state)
{
    (void)state;
    expect_accepted(forge(GOOD_HEADER, good_payload()));
    expect_accepted(forge("{ \"kid\" : \"k1\", \"typ\":\"at+jwt\", \"alg\":\"ES256\" }", good_payload()));
    expect_accepted(forge(GOOD_HEADER, payload_with("role", "")));
    expect_accepted(forge(GOOD_HEADER, payload_with("role", "\"role\":null,\"later\":\"unknown claims are allowed\"")));
}

static void headers_that_ask_for_something_else_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}", "{\"alg\":\"None\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}", "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
        "{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}", "{\"alg\":\"es256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
        "{\"alg\":\"\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}", "{\"alg\":null,\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
        "{\"alg\":[\"ES256\"],\"typ\":\"at+jwt\",\"kid\":\"k1\"}", "{\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
        "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"}", "{\"alg\":\"ES256\",\"typ\":\"refresh+jwt\",\"kid\":\"k1\"}",
        "{\"alg\":\"ES256\",\"kid\":\"k1\"}", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":1}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":null}", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":[\"k1\"]}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\",\"jku\":\"https://evil.example/jwks\"}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\",\"x5u\":\"https://evil.example/x\"}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\",\"jwk\":{\"kty\":\"EC\"}}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\",\"crit\":[\"b64\"]}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\",\"crit\":[]}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\",\"b64\":false}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\",\"cty\":\"JWT\"}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"x5c\":[]}", "{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
        "[]", "null", "\"ES256\"",
        "", "{", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"} ,", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"k1\\u0000\"}",
        "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"\xff\"}"};
    for (size_t i = 0; i < COUNT(bad); i++)
        expect_refused(forge(bad[i], good_payload()), "token.header");
}

static void keys_that_are_not_ours_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "k2", "K1", "k1.pem", "k1 ", "../k1", "/etc/passwd", "k", "k11"};
    for (size_t i = 0; i < COUNT(bad); i++)
        expect_refused(forge(arena_printf(mem, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", bad[i]), good_payload()),
                       "token.unknown_key");
}

/* The trap of libraries that let the token choose: HMAC keyed with the public key, which everybody has. */
static void the_public_key_is_no_hmac_secret(void **state)
{
    (void)state;
    char pem[1024];
    FILE *f = fopen(keyfiles_path(public_dir, "k1"), "r");
    size_t n = fread(pem, 1, sizeof pem, f);
    fclose(f);
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}", GOOD_HEADER};
    for (size_t i = 0; i < COUNT(headers); i++) {
        char *text = arena_printf(mem, "%s.%s", coded(headers[i]), coded(good_payload()));
        unsigned char digest[64] = {0};
        HMAC(EVP_sha256(), pem, (int)n, (unsigned char *)text, strlen(text), digest, NULL);
        expect_refused(arena_printf(mem, "%s.%s", text, base64url_encode(mem, digest, 32)), i ? "token.signature" : "token.header");
        expect_refused(arena_printf(mem, "%s.%s", text, base64url_encode(mem, digest, 64)), i ? "token.signature" : "token.header");
    }
}

static void signatures_must_be_ours_and_whole(void **state)
{
    (void)state;
    char *good = forge(GOOD_HEADER, good_payload()), *dot = strrchr(good, '.');
    int unsigned_part = (int)(dot - good);
    expect_refused(arena_printf(mem, "%.*s.", unsigned_part, good), "token.signature");
    expect_refused(arena_printf(mem, "%.*s", (int)strlen(good) - 1, good), "token.signature");
    expect_refused(arena_printf(mem, "%sA", good), "token.signature");
    expect_refused(arena_printf(mem, "%s=", good), "token.signature");
    expect_refused(arena_printf(mem, "%s==", good), "token.signature");
    expect_refused(arena_printf(mem, "%s ", good), "token.signature");
    expect_refused(arena_printf(mem, "%s.x", good), "token.signature");
    unsigned char zero[64] = {0};
    expect_refused(arena_printf(mem, "%.*s.%s", unsigned_part, good, base64url_encode(mem, zero, 64)), "token.signature");
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (char *c = dot + 1; *c; c++) { /* every other last character too: only one spelling of the last bits */
        char kept = *c;
        *c = letters[((size_t)(strchr(letters, kept) - letters) + 1) % 64];
        expect_refused(good, "token.signature");
        *c = kept;
    }
    expect_accepted(good);
}

static void a_changed_text_does_not_verify(void **state)
{
    (void)state;
    char *good = forge(GOOD_HEADER, good_payload()), *other = forge(GOOD_HEADER, payload_with("role", "\"role\":\"admin\""));
    expect_accepted(good);
    const char *signature = strrchr(good, '.');
    expect_refused(arena_printf(mem, "%.*s%s", (int)(strrchr(other, '.') - other), other, signature), "token.signature");
    EVP_PKEY *mine = key, *stranger = EVP_EC_gen("P-256");
    key = stranger;
    char *forged = forge(GOOD_HEADER, good_payload());
    key = mine;
    EVP_PKEY_free(stranger);
    expect_refused(forged, "token.signature");
}

static void texts_that_are_no_token_are_refused(void **state)
{
    (void)state;
    static const char *const malformed[] = {"", ".", "a", "a.b", "Bearer", "0190b2c4-7b1e-7000-8000-000000000001"};
    for (size_t i = 0; i < COUNT(malformed); i++)
        expect_refused(malformed[i], "token.malformed");
    static const char *const headless[] = {"..", "...", ".a.b", "a.b.c", "e30.e30.", "\xff.\xff.\xff"};
    for (size_t i = 0; i < COUNT(headless); i++)
        expect_refused(headless[i], "token.header");
    char big[LIMIT_TOKEN_BYTES + 1000];
    memset(big, 'a', sizeof big);
    big[sizeof big - 1] = '\0';
    expect_refused(big, "token.malformed");
    expect_refused(forge(GOOD_HEADER, payload_with("jti", arena_printf(mem, "\"jti\":\"%01800d\"", 0))), "token.malformed");
}

/* Tokens that grow byte by byte across the limit: good up to it, and not even looked at beyond. */
static void tokens_are_only_so_long(void **state)
{
    (void)state;
    int within = 0, beyond = 0;
    for (int n = 1100; n < 1250; n++) {
        char *token = forge(GOOD_HEADER, payload_with("role", arena_printf(mem, "\"x\":\"%0*d\"", n, 0)));
        bool fits = strlen(token) <= LIMIT_TOKEN_BYTES;
        if (fits)
            expect_accepted(token);
        else
            expect_refused(token, "token.malformed");
        within += fits;
        beyond += !fits;
    }
    assert_true(within > 0 && beyond > 0);
}

static void claims_must_all_be_there_and_right(void **state)
{
    (void)state;
    long now = (long)clock_unix();
    static const char *const required[] = {"iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"};
    for (size_t i = 0; i < COUNT(required); i++) {
        expect_refused(forge(GOOD_HEADER, payload_with(required[i], "")), "token.claims");
        expect_refused(forge(GOOD_HEADER, payload_with(required[i], arena_printf(mem, "\"%s\":null", required[i]))), "token.claims");
        expect_refused(forge(GOOD_HEADER, payload_with(required[i], arena_printf(mem, "\"%s\":true", required[i]))), "token.claims");
        expect_refused(forge(GOOD_HEADER, payload_with(required[i], arena_printf(mem, "\"%s\":\"\"", required[i]))), "token.claims");
        expect_refused(forge(GOOD_HEADER, payload_with(required[i], arena_printf(mem, "\"%s\":[\"dastern\"]", required[i]))), "token.claims");
    }
    const char *const bad[][2] = {
        {"iss", "\"iss\":\"dastern2\""}, {"aud", "\"aud\":\"dastern\""}, {"aud", "\"aud\":[\"dastern-api\"]"}, {"sub", "\"sub\":\"1\""},
        {"sub", "\"sub\":\"" USER "x\""}, {"sid", "\"sid\":\"x\""}, {"jti", "\"jti\":\"x\""}, {"role", "\"role\":1"}, {"role", "\"role\":\"\""},
        {"role", "\"role\":[\"admin\"]"}, {"role", "\"role\":\"Patient\""}, {"role", "\"role\":\"a b\""}, {"role", "\"role\":true"},
        {"role", "\"role\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""}, {"exp", arena_printf(mem, "\"exp\":\"%ld\"", now + 60)},
        {"exp", arena_printf(mem, "\"exp\":%ld.5", now + 60)}, {"exp", "\"exp\":1e20"}, {"exp", "\"exp\":9223372036854775807"},
        {"exp", "\"exp\":99999999999999999999"}, {"exp", "\"exp\":0"}, {"exp", "\"exp\":-1"}, {"iat", "\"iat\":-9223372036854775808"},
        {"iat", "\"iat\":0"},
        {"exp", arena_printf(mem, "\"exp\":%ld", now + 660)}, {"iat", arena_printf(mem, "\"iat\":%ld", now - 60)},
        {"jti", "\"jti\":\"" USER "\",\"jti\":\"" USER "\""}};
    for (size_t i = 0; i < COUNT(bad); i++)
        expect_refused(forge(GOOD_HEADER, payload_with(bad[i][0], bad[i][1])), "token.claims");
    static const char *const payloads[] = {"", "{}", "[]", "null", "{\"iss\":\"dastern\"", "{\"sub\":\"\\u0000\"}"};
    for (size_t i = 0; i < COUNT(payloads); i++)
        expect_refused(forge(GOOD_HEADER, payloads[i]), "token.claims");
}

/* A payload for these three times. */
static char *timed(long iat, long nbf, long exp)
{
    char *payload = payload_with("iat", arena_printf(mem, "\"iat\":%ld", iat));
    char *end = strstr(payload, "\"nbf\"");
    return arena_printf(mem, "%.*s\"nbf\":%ld,\"exp\":%ld}", (int)(end - payload), payload, nbf, exp);
}

static void time_is_kept(void **state)
{
    (void)state;
    long now = (long)clock_unix();
    expect_refused(forge(GOOD_HEADER, timed(now - 600, now - 600, now)), "token.expired");
    expect_refused(forge(GOOD_HEADER, timed(now - 1200, now - 1200, now - 600)), "token.expired");
    expect_refused(forge(GOOD_HEADER, timed(now + 70, now, now + 600)), "token.not_yet");
    expect_refused(forge(GOOD_HEADER, timed(now, now + 70, now + 600)), "token.not_yet");
    expect_accepted(forge(GOOD_HEADER, timed(now + 50, now + 50, now + 600)));
    char *brief = forge(GOOD_HEADER, timed(now - 590, now - 590, now + 2));
    expect_accepted(brief);
    sleep(3);
    expect_refused(brief, "token.expired"); /* remembered or not */
}

static void what_auth_signs_every_module_takes(void **state)
{
    (void)state;
    struct token_claims in = {.user_id = USER, .session_id = SESSION, .role = "doctor"}, out;
    char *token, *again;
    assert_int_equal(token_sign(mem, &in, &token), OK);
    expect_accepted(token);
    assert_int_equal(token_verify(mem, token, &out, NULL), OK);
    assert_string_equal(out.role, "doctor");
    assert_string_equal(out.token_id, in.token_id);
    assert_true(str_is_uuid(out.token_id));
    assert_int_equal(out.issued_at, in.issued_at);
    assert_int_equal(out.expires_at - out.issued_at, TOKEN_LIFETIME_SECONDS);
    assert_in_range(clock_unix() - out.issued_at, 0, 2);
    assert_int_equal(token_sign(mem, &in, &again), OK);
    assert_string_not_equal(token, again);
    assert_string_not_equal(out.token_id, in.token_id);
    in.role = NULL;
    assert_int_equal(token_sign(mem, &in, &token), OK);
    assert_int_equal(token_verify(mem, token, &out, NULL), OK);
    assert_null(out.role);
}

static void the_jwk_set_holds_the_public_point_only(void **state)
{
    (void)state;
    struct buf b = {.mem = mem};
    struct json_fault fault;
    unsigned char x[32], y[32];
    token_jwks(&b);
    json_t *set = json_read(mem, b.data, b.len, &fault);
    assert_int_equal(json_array_size(json_object_get(set, "keys")), 1);
    json_t *jwk = json_array_get(json_object_get(set, "keys"), 0);
    assert_int_equal(json_object_size(jwk), 7);
    assert_true(es256_point(key, x, y));
    const char *const expected[][2] = {{"kty", "EC"}, {"crv", "P-256"}, {"alg", "ES256"}, {"use", "sig"}, {"kid", "k1"},
                                       {"x", base64url_encode(mem, x, 32)}, {"y", base64url_encode(mem, y, 32)}};
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(json_string_value(json_object_get(jwk, expected[i][0])), expected[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(a_good_token_is_good),
        in_arena(headers_that_ask_for_something_else_are_refused),
        in_arena(keys_that_are_not_ours_are_refused),
        in_arena(the_public_key_is_no_hmac_secret),
        in_arena(signatures_must_be_ours_and_whole),
        in_arena(a_changed_text_does_not_verify),
        in_arena(texts_that_are_no_token_are_refused),
        in_arena(tokens_are_only_so_long),
        in_arena(claims_must_all_be_there_and_right),
        in_arena(time_is_kept),
        in_arena(what_auth_signs_every_module_takes),
        in_arena(the_jwk_set_holds_the_public_point_only),
    };
    return cmocka_run_group_tests_name("access/token", tests, make_keys, drop_keys);
}
