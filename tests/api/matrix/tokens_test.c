/* Tokens of every wrong kind against one route of every module, and headers that claim to know who is asking. The forgeries
 * are made with the stack's own key ($DASTERN_VAR), so that each is wrong in one point only; those that are wrong in what
 * every token test tries first are in tests/api/auth/forged_token_test.c. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>
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

#include "access/es256.h"
#include "core/arena.h"
#include "core/str.h"
#include "expect.h"
#include "forge.h"
#include "owner.h"
#include "people.h"
#include "served.h"

static struct arena *mem;
static struct forge forge;
static struct person person, other;

/* --- one route of every module ---------------------------------------------------------------------------------------------- */

static const char *doors[16]; /* paths without a capture, one GET for each module */

static void find_doors(void)
{
    size_t i, n = 0;
    json_t *route;
    const char *area = "";
    json_array_foreach(served_routes(), i, route) {
        bool asks = json_array_size(json_object_get(route, "access")) > 0;
        const char *path = served_text(route, "path"), *of = served_text(route, "area");
        if (served_has_body(route) || !asks || strchr(path, '{') || strstr(path, "/stream") || strcmp(of, area) == 0)
            continue;
        assert_true(n + 1 < sizeof doors / sizeof *doors);
        doors[n++] = path;
        area = of;
    }
    assert_int_equal(n, served_area_count());
}

static void refused_everywhere(const char *what, const char *token)
{
    for (const char *const *door = doors; *door; door++) {
        struct answer *a = get(token, "%s", *door);
        if (a->status != 401 || !answer_header(a, "WWW-Authenticate"))
            fail_msg("%s: %s answered %d %s", what, *door, a->status, a->body);
    }
    client_forget();
}

/* --- making tokens ------------------------------------------------------------------------------------------------------------ */

static char *signed_by(EVP_PKEY *by, const char *header, const char *claims)
{
    return forge_token(mem, by, header, claims);
}

/* `more`: members before the usual three, with their comma. */
static const char *header_with(const char *more)
{
    return arena_printf(mem, "{%s\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", more, forge.kid);
}

struct claims {
    const char *sub, *sid, *aud, *iat, *nbf, *exp, *jti, *role; /* as JSON; NULL: the right one */
};

static const char *or_text(const char *json, const char *right)
{
    return json ? json : arena_printf(mem, "\"%s\"", right);
}

static const char *or_time(const char *json, long offset)
{
    return json ? json : arena_printf(mem, "%ld", (long)time(NULL) + offset);
}

static const char *claims_text(const struct claims *c)
{
    return arena_printf(mem, "{\"iss\":\"dastern\",\"aud\":%s,\"sub\":%s,\"sid\":%s,\"jti\":%s,\"role\":%s,\"iat\":%s,\"nbf\":%s,\"exp\":%s}",
                        or_text(c->aud, "dastern-api"), or_text(c->sub, person.id), or_text(c->sid, forge_session(mem, &person)),
                        or_text(c->jti, nobody_id()), or_text(c->role, "patient"), or_time(c->iat, 0), or_time(c->nbf, 0), or_time(c->exp, 600));
}

static char *forged(const struct claims *c)
{
    return signed_by(forge.key, header_with(""), claims_text(c));
}

static const char *quoted(const char *text) { return arena_printf(mem, "\"%s\"", text); }

static int set_up(void **state)
{
    mem = arena_new(1 << 20);
    if (!forge_open(mem, &forge))
        return -1;
    find_doors();
    owner_forgive(state);
    person_new(&person, "patient");
    person_new(&other, "patient");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    forge_close(&forge);
    arena_free(mem);
    return 0;
}

/* --- tests ------------------------------------------------------------------------------------------------------------------- */

static void a_right_one_is_good(void **state)
{
    (void)state;
    expect(get(forged(&(struct claims){0}), "/auth/me"), 200); /* else the refusals below would prove nothing */
}

static void headers_that_bring_their_key_are_refused(void **state)
{
    (void)state;
    unsigned char x[32], y[32];
    EVP_PKEY *own = EVP_EC_gen("P-256");
    assert_true(es256_point(own, x, y));
    const char *jwk = arena_printf(mem, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}",
                                   base64url_encode(mem, x, 32), base64url_encode(mem, y, 32));
    const char *claims = claims_text(&(struct claims){0});
    refused_everywhere("jwk", signed_by(own, header_with(arena_printf(mem, "\"jwk\":%s,", jwk)), claims));
    refused_everywhere("jwk in place of a kid", signed_by(own, arena_printf(mem, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"jwk\":%s}", jwk), claims));
    refused_everywhere("x5c", signed_by(own, header_with("\"x5c\":[\"MIIB\"],"), claims));
    refused_everywhere("x5t", signed_by(own, header_with("\"x5t\":\"AAAA\","), claims));
    refused_everywhere("jku on this machine", signed_by(own, header_with("\"jku\":\"http://127.0.0.1/keys\","), claims));
    EVP_PKEY_free(own);
}

static void headers_that_ask_for_more_are_refused(void **state)
{
    (void)state;
    const char *claims = claims_text(&(struct claims){0});
    refused_everywhere("b64", signed_by(forge.key, header_with("\"b64\":false,\"crit\":[\"b64\"],"), claims));
    refused_everywhere("zip", signed_by(forge.key, header_with("\"zip\":\"DEF\","), claims));
    refused_everywhere("cty", signed_by(forge.key, header_with("\"cty\":\"JWT\","), claims));
    refused_everywhere("kid twice", signed_by(forge.key, header_with("\"kid\":\"x\","), claims));
    for (const char *const *alg = (const char *const[]){"none", "None", "NONE", "nOnE", "HS256", "ES256K", "ES512", "PS256", "EdDSA", "", NULL}; *alg; alg++)
        refused_everywhere(*alg, signed_by(forge.key, arena_printf(mem, "{\"alg\":\"%s\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", *alg, forge.kid), claims));
    for (const char *const *typ = (const char *const[]){"JWT", "at+JWT ", "application/at+jwt", "AT+JWT", "refresh+jwt", "", NULL}; *typ; typ++)
        refused_everywhere(*typ, signed_by(forge.key, arena_printf(mem, "{\"alg\":\"ES256\",\"typ\":\"%s\",\"kid\":\"%s\"}", *typ, forge.kid), claims));
}

/* The public key is known to everybody: as text, as DER, as bare point it must be no secret that signs. */
static void the_public_key_is_no_secret(void **state)
{
    (void)state;
    unsigned char point[65] = {4}, mac[32], *der = NULL;
    unsigned n = sizeof mac;
    assert_true(es256_point(forge.key, point + 1, point + 33));
    int der_bytes = i2d_PUBKEY(forge.key, &der);
    assert_true(der_bytes > 0);
    const struct { const void *bytes; int n; } secrets[] = {{point, 65}, {point + 1, 64}, {point + 1, 32}, {der, der_bytes},
                                                            {forge.kid, (int)strlen(forge.kid)}, {"", 0}};
    const char *header = arena_printf(mem, "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", forge.kid), *claims = claims_text(&(struct claims){0});
    char *text = arena_printf(mem, "%s.%s", forge_part(mem, header), forge_part(mem, claims));
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        HMAC(EVP_sha256(), secrets[i].bytes, secrets[i].n, (unsigned char *)text, strlen(text), mac, &n);
        refused_everywhere("HS256", arena_printf(mem, "%s.%s", text, base64url_encode(mem, mac, n)));
    }
    OPENSSL_free(der);
}

static void claims_of_other_types_are_refused(void **state)
{
    (void)state;
    long now = (long)time(NULL);
    const char *whole = arena_printf(mem, "%ld", now + 600);
    refused_everywhere("aud a list", forged(&(struct claims){.aud = "[\"dastern-api\"]"}));
    refused_everywhere("aud null", forged(&(struct claims){.aud = "null"}));
    refused_everywhere("sub null", forged(&(struct claims){.sub = "null"}));
    refused_everywhere("sub a list", forged(&(struct claims){.sub = arena_printf(mem, "[\"%s\"]", person.id)}));
    refused_everywhere("sub and a blank", forged(&(struct claims){.sub = arena_printf(mem, "\"%s \"", person.id)}));
    refused_everywhere("sub with a quote", forged(&(struct claims){.sub = arena_printf(mem, "\"%s'--\"", person.id)}));
    refused_everywhere("sid null", forged(&(struct claims){.sid = "null"}));
    refused_everywhere("jti a number", forged(&(struct claims){.jti = "1"}));
    refused_everywhere("role a list", forged(&(struct claims){.role = "[\"patient\",\"admin\"]"}));
    refused_everywhere("role with more", forged(&(struct claims){.role = "\"patient'\""}));
    refused_everywhere("exp as text", forged(&(struct claims){.exp = quoted(whole)}));
    refused_everywhere("exp as a fraction", forged(&(struct claims){.exp = arena_printf(mem, "%s.5", whole)}));
    refused_everywhere("exp as a power", forged(&(struct claims){.exp = "1e300"}));
    refused_everywhere("exp enormous", forged(&(struct claims){.exp = "9223372036854775807"}));
    refused_everywhere("exp past what a number can be", forged(&(struct claims){.exp = "92233720368547758070"}));
    refused_everywhere("exp below zero", forged(&(struct claims){.exp = "-1"}));
    refused_everywhere("iat at the beginning of all", forged(&(struct claims){.iat = "-9223372036854775808", .exp = "9223372036854775807"}));
    refused_everywhere("a day's life", forged(&(struct claims){.exp = arena_printf(mem, "%ld", now + 86400)}));
}

/* The token is ours, but not for this person. */
static void a_session_of_somebody_else_is_refused(void **state)
{
    (void)state;
    refused_everywhere("another's session", forged(&(struct claims){.sid = quoted(forge_session(mem, &other))}));
    refused_everywhere("another's name", forged(&(struct claims){.sub = quoted(other.id)}));
}

/* What a token says of the role is not believed: the account does. */
static void a_role_in_the_token_counts_for_nothing(void **state)
{
    (void)state;
    expect_problem(get(forged(&(struct claims){.role = "\"admin\""}), "/admin/users"), 403, "auth.role_not_allowed");
    expect_problem(get(forged(&(struct claims){.role = "\"family_member\""}), "/family/patients"), 403, "auth.role_not_allowed");
    expect(get(forged(&(struct claims){.role = "null"}), "/prescriptions"), 200);
}

static void texts_around_a_good_token_are_refused(void **state)
{
    (void)state;
    const char *good = person.token, *dot = strchr(good, '.');
    const char *const texts[] = {
        arena_printf(mem, "%s.", good), arena_printf(mem, ".%s", good), arena_printf(mem, "%s.e30", good), arena_printf(mem, "%s=", good),
        arena_printf(mem, "%s==", good), arena_printf(mem, "%.*s.%s", (int)(dot - good), good, dot),
        arena_printf(mem, "%.*s=%s", (int)(dot - good), good, dot), arena_printf(mem, "%s %s", good, good), arena_printf(mem, "%s,%s", good, good),
        arena_printf(mem, "\"%s\"", good), arena_printf(mem, "Bearer %s", good), arena_printf(mem, "%.*s", (int)strlen(good) - 1, good),
        arena_printf(mem, "%sA", good), arena_printf(mem, "%.20s %s", good, good + 20), person.refresh};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refused_everywhere(texts[i], texts[i]);
}

static void a_closed_account_is_refused(void **state)
{
    (void)state;
    struct person gone;
    person_new(&gone, "patient");
    owner_sql("UPDATE users SET is_active = false, deactivated_reason = 'x' WHERE id = $1::uuid", gone.id, NULL);
    refused_everywhere("a deactivated account", gone.token);
    owner_sql("UPDATE users SET is_active = true, deactivated_reason = NULL WHERE id = $1::uuid", gone.id, NULL);
    refused_everywhere("its token after it was opened again", gone.token);
}

/* --- other headers ------------------------------------------------------------------------------------------------------------ */

static struct answer *with_header(const char *token, const char *path, const char *header)
{
    const char *const headers[] = {header, NULL};
    return client_call(&(struct call){.path = path, .token = token, .headers = headers});
}

static void other_headers_are_no_identity(void **state)
{
    (void)state;
    const char *const headers[] = {
        arena_printf(mem, "X-User-Id: %s", other.id), arena_printf(mem, "User-Id: %s", other.id), arena_printf(mem, "X-Patient-Id: %s", other.id),
        "X-Role: admin", "X-Remote-User: admin", "Remote-User: admin", arena_printf(mem, "X-Session-Id: %s", forge_session(mem, &other)),
        arena_printf(mem, "X-Access-Token: %s", other.token), arena_printf(mem, "Cookie: access_token=%s; session=%s", other.token, forge_session(mem, &other)),
        arena_printf(mem, "X-Authorization: Bearer %s", other.token), arena_printf(mem, "Proxy-Authorization: Bearer %s", other.token),
        "X-Original-URL: /api/v1/admin/users", "X-Rewrite-URL: /api/v1/admin/users", "X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE",
        "X-Accel-Redirect: /_private/x.jpg", "X-Accel-Internal: /_private/", "X-Sendfile: /etc/passwd", "Proxy: http://127.0.0.1:9/",
        "X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "X-Real-IP: 203.0.113.9", "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: https", "Host: evil.example", "Content-Length: 0", "SCRIPT_FILENAME: /etc/passwd", "REMOTE_ADDR: 203.0.113.9",
        "DOCUMENT_URI: /api/v1/admin/users"};
    struct answer *plain = expect(get(person.token, "/auth/me"), 200);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        expect_problem(with_header(NULL, "/auth/me", headers[i]), 401, "auth.token_missing");
        struct answer *a = expect(with_header(person.token, "/auth/me", headers[i]), 200);
        assert_string_equal(a->body, plain->body);
        expect_problem(with_header(person.token, "/admin/users", headers[i]), 403, "auth.role_not_allowed");
    }
}

/* Where the refusals above are told of in the log of the account, the address is the connection's. */
static void the_address_is_the_connections(void **state)
{
    (void)state;
    assert_int_equal(owner_count("SELECT count(*) FROM audit_logs WHERE ip = '203.0.113.9'", NULL), 0);
    assert_int_equal(owner_count("SELECT count(*) FROM user_sessions WHERE ip = '203.0.113.9'", NULL), 0);
    expect(get(person.token, "/auth/me"), 200); /* and nothing of all this has ended the session */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_one_is_good),
        cmocka_unit_test(headers_that_bring_their_key_are_refused),
        cmocka_unit_test(headers_that_ask_for_more_are_refused),
        cmocka_unit_test(the_public_key_is_no_secret),
        cmocka_unit_test(claims_of_other_types_are_refused),
        cmocka_unit_test(a_session_of_somebody_else_is_refused),
        cmocka_unit_test(a_role_in_the_token_counts_for_nothing),
        cmocka_unit_test(texts_around_a_good_token_are_refused),
        cmocka_unit_test(a_closed_account_is_refused),
        cmocka_unit_test(other_headers_are_no_identity),
        cmocka_unit_test(the_address_is_the_connections),
    };
    return cmocka_run_group_tests_name("tokens of every wrong kind", tests, set_up, tear_down);
}
