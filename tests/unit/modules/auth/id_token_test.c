/* ID tokens: one that is right in every point, and the same with one point wrong. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "../../../../modules/auth/id_token.h"
#include "core/str.h"

#define HEADER "{\"alg\":\"RS256\",\"kid\":\"one\"}"
#define CLAIMS(iss, aud, exp, iat, nonce) \
    "{\"iss\":" iss ",\"aud\":" aud ",\"sub\":\"42\",\"exp\":" exp ",\"iat\":" iat ",\"nonce\":" nonce "}"
#define GOOD CLAIMS("\"https://op\"", "\"us\"", "2000", "1000", "\"n\"")

static struct arena *mem;
static EVP_PKEY *key, *small_key;
static json_t *keys;
static const struct id_token_rules rules = {.issuer = "https://op", .audience = "us", .nonce = "n", .now = 1500};

static char *number(EVP_PKEY *of, const char *name)
{
    BIGNUM *n = NULL;
    unsigned char bytes[1024];
    assert_int_equal(EVP_PKEY_get_bn_param(of, name, &n), 1);
    int size = BN_bn2bin(n, bytes);
    BN_free(n);
    return base64url_encode(mem, bytes, (size_t)size);
}

static json_t *jwk(EVP_PKEY *of, const char *kid)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "kty", "RSA", "kid", kid, "n", number(of, OSSL_PKEY_PARAM_RSA_N), "e",
                     number(of, OSSL_PKEY_PARAM_RSA_E));
}

static int set_up(void **state)
{
    (void)state;
    mem = arena_new(65536);
    key = EVP_RSA_gen(2048);
    small_key = EVP_RSA_gen(1024);
    keys = json_pack("{s:[o, o]}", "keys", jwk(key, "one"), jwk(small_key, "small"));
    return key && small_key && keys ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(keys);
    EVP_PKEY_free(key);
    EVP_PKEY_free(small_key);
    arena_free(mem);
    return 0;
}

static char *part(const char *text)
{
    return base64url_encode(mem, text, strlen(text));
}

static char *sign(const char *header, const char *claims, EVP_PKEY *by)
{
    unsigned char signature[512];
    size_t n = sizeof signature;
    char *text = arena_printf(mem, "%s.%s", part(header), part(claims));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, by), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &n, (unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(ctx);
    return arena_printf(mem, "%s.%s", text, base64url_encode(mem, signature, n));
}

static enum err judge(const char *token)
{
    json_t *claims;
    return id_token_verify(mem, token, keys, &rules, &claims);
}

static void a_right_one_is_taken(void **state)
{
    (void)state;
    json_t *claims;
    assert_int_equal(id_token_verify(mem, sign(HEADER, GOOD, key), keys, &rules, &claims), OK);
    assert_string_equal(json_string_value(json_object_get(claims, "sub")), "42");
    assert_int_equal(judge(sign(HEADER, CLAIMS("\"https://op\"", "[\"us\"]", "2000", "1000", "\"n\""), key)), OK);
    assert_int_equal(judge(sign(HEADER, CLAIMS("\"https://op\"", "[\"us\",\"them\"],\"azp\":\"us\"", "2000", "1000", "\"n\""), key)), OK);
}

static void wrong_claims_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        CLAIMS("\"https://other\"", "\"us\"", "2000", "1000", "\"n\""),
        CLAIMS("\"https://op/\"", "\"us\"", "2000", "1000", "\"n\""),
        CLAIMS("null", "\"us\"", "2000", "1000", "\"n\""),
        CLAIMS("\"https://op\"", "\"them\"", "2000", "1000", "\"n\""),
        CLAIMS("\"https://op\"", "[\"them\"]", "2000", "1000", "\"n\""),
        CLAIMS("\"https://op\"", "[\"us\",\"them\"]", "2000", "1000", "\"n\""),
        CLAIMS("\"https://op\"", "\"us\",\"azp\":\"them\"", "2000", "1000", "\"n\""),
        CLAIMS("\"https://op\"", "[]", "2000", "1000", "\"n\""),
        CLAIMS("\"https://op\"", "\"us\"", "1500", "1000", "\"n\""),
        CLAIMS("\"https://op\"", "\"us\"", "\"2000\"", "1000", "\"n\""),
        CLAIMS("\"https://op\"", "\"us\"", "null", "1000", "\"n\""),
        CLAIMS("\"https://op\"", "\"us\"", "2000", "1600", "\"n\""),
        CLAIMS("\"https://op\"", "\"us\"", "2000", "null", "\"n\""),
        CLAIMS("\"https://op\"", "\"us\"", "2000", "1000", "\"other\""),
        CLAIMS("\"https://op\"", "\"us\"", "2000", "1000", "null"),
        "{\"iss\":\"https://op\",\"aud\":\"us\",\"sub\":\"\",\"exp\":2000,\"iat\":1000,\"nonce\":\"n\"}",
        "{\"iss\":\"https://op\",\"aud\":\"us\",\"exp\":2000,\"iat\":1000,\"nonce\":\"n\"}",
        "[]", "{", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(judge(sign(HEADER, wrong[i], key)), E_UNAUTHENTICATED);
}

static void wrong_headers_and_signatures_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"one\"}", "{\"alg\":\"HS256\",\"kid\":\"one\"}", "{\"alg\":\"RS512\",\"kid\":\"one\"}",
        "{\"kid\":\"one\"}", "{\"alg\":\"RS256\"}", "{\"alg\":\"RS256\",\"kid\":\"one\",\"crit\":[\"x\"]}", "\"RS256\"", ""};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_int_equal(judge(sign(headers[i], GOOD, key)), E_UNAUTHENTICATED);
    assert_int_equal(judge(sign("{\"alg\":\"RS256\",\"kid\":\"two\"}", GOOD, key)), E_NOT_FOUND);
    assert_int_equal(judge(sign(HEADER, GOOD, small_key)), E_UNAUTHENTICATED);
    assert_int_equal(judge(sign("{\"alg\":\"RS256\",\"kid\":\"small\"}", GOOD, small_key)), E_UNAUTHENTICATED); /* 1024 bits */
    char *good = sign(HEADER, GOOD, key), *dot = strrchr(good, '.');
    assert_int_equal(judge(arena_printf(mem, "%.*s.", (int)(dot - good), good)), E_UNAUTHENTICATED);
    assert_int_equal(judge(arena_printf(mem, "%.*s", (int)(dot - good), good)), E_UNAUTHENTICATED);
    assert_int_equal(judge(arena_printf(mem, "%s.x", good)), E_UNAUTHENTICATED);
    assert_int_equal(judge(arena_printf(mem, "%s.%s%s", part(HEADER), part(CLAIMS("\"https://op\"", "\"us\"", "9000", "1000", "\"n\"")), dot)),
                     E_UNAUTHENTICATED);
    assert_int_equal(judge(""), E_UNAUTHENTICATED);
    assert_int_equal(judge(".."), E_UNAUTHENTICATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_one_is_taken),
        cmocka_unit_test(wrong_claims_are_refused),
        cmocka_unit_test(wrong_headers_and_signatures_are_refused),
    };
    return cmocka_run_group_tests_name("auth: ID tokens", tests, set_up, tear_down);
}
