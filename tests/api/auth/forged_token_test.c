/* Access tokens that are not ours or no longer good: 401 in every module. With the stack's own private key at hand
 * ($DASTERN_VAR), so that each forgery is wrong in one point only. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/arena.h"
#include "core/str.h"
#include "expect.h"
#include "forge.h"
#include "owner.h"
#include "people.h"

#define LARGEST_TOKEN 4000

static struct arena *mem;
static struct forge forge;
static EVP_PKEY *stranger_key;
static struct person person;

static int set_up(void **state)
{
    mem = arena_new(1 << 20);
    if (!forge_open(mem, &forge))
        return -1;
    stranger_key = EVP_EC_gen("P-256");
    owner_forgive(state);
    person_new(&person, "patient");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    forge_close(&forge);
    EVP_PKEY_free(stranger_key);
    arena_free(mem);
    return 0;
}

static char *part(const char *text)
{
    return forge_part(mem, text);
}

static char *sign(const char *header, const char *claims, EVP_PKEY *by)
{
    return forge_token(mem, by, header, claims);
}

static char *hmac(const char *header, const char *claims, const char *secret)
{
    unsigned char mac[32];
    unsigned n = sizeof mac;
    char *signed_part = arena_printf(mem, "%s.%s", part(header), part(claims));
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)signed_part, strlen(signed_part), mac, &n);
    return arena_printf(mem, "%s.%s", signed_part, base64url_encode(mem, mac, n));
}

/* '@' stands for the id of the key that signs. */
static const char *header(const char *text)
{
    struct buf out = {.mem = mem};
    for (; *text; text++)
        buf_printf(&out, *text == '@' ? "%s" : "%.1s", *text == '@' ? forge.kid : text);
    return out.data;
}
#define GOOD_HEADER header("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}")

/* The right claims, one of them replaced by raw JSON, or left out (NULL). */
static const char *claims_with(const char *name, const char *json)
{
    long now = (long)time(NULL);
    const struct { const char *name; char *json; } all[] = {
        {"iss", "\"dastern\""}, {"aud", "\"dastern-api\""}, {"sub", arena_printf(mem, "\"%s\"", person.id)},
        {"sid", arena_printf(mem, "\"%s\"", forge_session(mem, &person))}, {"jti", arena_printf(mem, "\"%s\"", nobody_id())}, {"role", "\"patient\""},
        {"iat", arena_printf(mem, "%ld", now)}, {"nbf", arena_printf(mem, "%ld", now)}, {"exp", arena_printf(mem, "%ld", now + 600)}};
    struct buf out = {.mem = mem};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *value = name && strcmp(name, all[i].name) == 0 ? json : all[i].json;
        if (value)
            buf_printf(&out, "%s\"%s\":%s", out.len ? "," : "{", all[i].name, value);
    }
    buf_char(&out, '}');
    return out.data;
}

static const char *claim(const char *name, const char *json)
{
    return sign(GOOD_HEADER, claims_with(name, json), forge.key);
}

static const char *at_time(const char *name, long offset)
{
    return claim(name, arena_printf(mem, "%ld", (long)time(NULL) + offset));
}

static void refused_everywhere(const char *what, const char *token)
{
    static const char *const paths[] = {"/auth/me", "/prescriptions", "/medications", "/doses/today", "/reminders", "/family/members",
                                        "/notifications", "/reports", "/admin/users"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer *a = get(token, "%s", paths[i]);
        if (a->status != 401)
            fail_msg("%s: %s answered %d %s", what, paths[i], a->status, a->body);
    }
}

static void a_token_signed_here_is_good(void **state)
{
    (void)state;
    expect(get(claim(NULL, NULL), "/auth/me"), 200); /* so the forgeries below are wrong in one point only */
}

static void wrong_headers_are_refused(void **state)
{
    (void)state;
    const char *claims = claims_with(NULL, NULL);
    const struct { const char *what, *header; } headers[] = {
        {"alg ES384", "{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"@\"}"},
        {"alg RS256", "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}"},
        {"alg missing", "{\"typ\":\"at+jwt\",\"kid\":\"@\"}"},
        {"alg twice", "{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}"},
        {"alg es256", "{\"alg\":\"es256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}"},
        {"typ JWT", "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"@\"}"},
        {"typ missing", "{\"alg\":\"ES256\",\"kid\":\"@\"}"},
        {"other kid", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"other-@\"}"},
        {"kid a path", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"../public/@\"}"},
        {"kid missing", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"x\":\"@\"}"},
        {"kid a number", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":1,\"x\":\"@\"}"},
        {"crit", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"crit\":[\"exp\"]}"},
        {"jku", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"jku\":\"https://example.org/keys\"}"},
        {"x5u", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"x5u\":\"https://example.org/cert\"}"},
        {"jwk", "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"jwk\":{\"kty\":\"EC\"}}"},
        {"no object", "[\"@\"]"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        refused_everywhere(headers[i].what, sign(header(headers[i].header), claims, forge.key));
}

static void wrong_signatures_are_refused(void **state)
{
    (void)state;
    const char *claims = claims_with(NULL, NULL), *good = claim(NULL, NULL), *dot = strrchr(good, '.');
    const char *none = header("{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"@\"}");
    const char *hs256 = header("{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}");
    refused_everywhere("alg none", arena_printf(mem, "%s.%s.", part(none), part(claims)));
    refused_everywhere("alg none with a signature", sign(none, claims, forge.key));
    refused_everywhere("HS256 with the public key", hmac(hs256, claims, forge.public_pem));
    refused_everywhere("HS256 with no key", hmac(hs256, claims, ""));
    refused_everywhere("a stranger's key", sign(GOOD_HEADER, claims, stranger_key));
    refused_everywhere("no signature", arena_printf(mem, "%.*s", (int)(dot - good), good));
    refused_everywhere("an empty signature", arena_printf(mem, "%.*s.", (int)(dot - good), good));
    refused_everywhere("a signature of zeros", arena_printf(mem, "%.*s.%s", (int)(dot - good), good, base64url_encode(mem, (char[64]){0}, 64)));
    refused_everywhere("a cut signature", arena_printf(mem, "%.*s", (int)strlen(good) - 4, good));
    refused_everywhere("another token's signature", arena_printf(mem, "%s.%s%s", part(GOOD_HEADER), part(claims_with("role", "\"admin\"")), dot));
}

static void wrong_claims_are_refused(void **state)
{
    (void)state;
    refused_everywhere("other iss", claim("iss", "\"somebody\""));
    refused_everywhere("no iss", claim("iss", NULL));
    refused_everywhere("other aud", claim("aud", "\"another-api\""));
    refused_everywhere("no aud", claim("aud", NULL));
    refused_everywhere("no sub", claim("sub", NULL));
    refused_everywhere("sub not a uuid", claim("sub", "\"1 OR 1=1\""));
    refused_everywhere("other sub", claim("sub", arena_printf(mem, "\"%s\"", nobody_id())));
    refused_everywhere("no sid", claim("sid", NULL));
    refused_everywhere("unknown sid", claim("sid", arena_printf(mem, "\"%s\"", nobody_id())));
    refused_everywhere("no jti", claim("jti", NULL));
    refused_everywhere("expired", at_time("exp", -1));
    refused_everywhere("expires too late", at_time("exp", 100000));
    refused_everywhere("no exp", claim("exp", NULL));
    refused_everywhere("exp a text", claim("exp", "\"9999999999\""));
    refused_everywhere("not yet", at_time("nbf", 300));
    refused_everywhere("no nbf", claim("nbf", NULL));
    refused_everywhere("issued in the future", at_time("iat", 300));
    refused_everywhere("no iat", claim("iat", NULL));
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    struct person gone;
    char *long_text = arena_alloc(mem, LARGEST_TOKEN + 1);
    memset(long_text, 'a', LARGEST_TOKEN);
    refused_everywhere("a word", "token");
    refused_everywhere("three words", "a.b.c");
    refused_everywhere("dots", "..");
    refused_everywhere("very long", long_text);
    refused_everywhere("the refresh token", person.refresh);
    person_new(&gone, "patient");
    expect(post(gone.token, NULL, "/auth/logout"), 204);
    refused_everywhere("a logged-out session", gone.token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_signed_here_is_good),
        cmocka_unit_test(wrong_headers_are_refused),
        cmocka_unit_test(wrong_signatures_are_refused),
        cmocka_unit_test(wrong_claims_are_refused),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests_name("auth: forged and stale tokens", tests, set_up, tear_down);
}
