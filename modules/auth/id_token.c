/* An OpenID provider's ID token. RS256 alone is accepted, whatever the token says of itself. */
#include "id_token.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "core/limits.h"
#include "core/str.h"
#include "json/json_read.h"

#define RSA_BITS_MIN 2048
#define SKEW_SECONDS 60

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* --- the key -------------------------------------------------------------------------------------------------------- */
static const json_t *find_jwk(const json_t *keys, const char *kid)
{
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(keys, "keys"), i, key)
        if (str_eq(text_of(key, "kid"), kid) && str_eq(text_of(key, "kty"), "RSA"))
            return key;
    return NULL;
}

static BIGNUM *number_of(struct arena *mem, const json_t *jwk, const char *name)
{
    const char *text = text_of(jwk, name);
    unsigned char *bytes;
    size_t n;
    if (!text || !base64url_decode(mem, text, strlen(text), &bytes, &n) || n > 1024)
        return NULL;
    return BN_bin2bn(bytes, (int)n, NULL);
}

static EVP_PKEY *rsa_key(const BIGNUM *n, const BIGNUM *e)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (build && ctx && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) && (params = OSSL_PARAM_BLD_to_param(build)) &&
        EVP_PKEY_fromdata_init(ctx) == 1)
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *key_of(struct arena *mem, const json_t *jwk)
{
    BIGNUM *n = number_of(mem, jwk, "n"), *e = number_of(mem, jwk, "e");
    EVP_PKEY *key = n && e && BN_num_bits(n) >= RSA_BITS_MIN ? rsa_key(n, e) : NULL;
    BN_free(n);
    BN_free(e);
    return key;
}

static bool signature_holds(struct arena *mem, const json_t *jwk, const char *token, const char *dot)
{
    unsigned char *signature;
    size_t n;
    if (!base64url_decode(mem, dot + 1, strlen(dot + 1), &signature, &n))
        return false;
    EVP_PKEY *key = key_of(mem, jwk);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool holds = key && ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                 EVP_DigestVerify(ctx, signature, n, (const unsigned char *)token, (size_t)(dot - token)) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return holds;
}

/* --- the claims ------------------------------------------------------------------------------------------------------ */

/* For us; a token for several has to name us as the party it was given to. */
static bool is_for(const json_t *claims, const char *audience)
{
    const json_t *aud = json_object_get(claims, "aud"), *azp = json_object_get(claims, "azp");
    size_t i;
    json_t *item;
    bool named = false;
    if (azp && !str_eq(json_string_value(azp), audience))
        return false;
    if (json_is_string(aud))
        return str_eq(json_string_value(aud), audience);
    json_array_foreach(aud, i, item)
        named = named || str_eq(json_string_value(item), audience);
    return named && (json_array_size(aud) == 1 || azp);
}

static bool claims_hold(const json_t *claims, const struct id_token_rules *rules)
{
    const json_t *exp = json_object_get(claims, "exp"), *iat = json_object_get(claims, "iat");
    const char *sub = text_of(claims, "sub"), *nonce = text_of(claims, "nonce");
    return str_eq(text_of(claims, "iss"), rules->issuer) && is_for(claims, rules->audience) && json_is_integer(exp) &&
           json_integer_value(exp) > rules->now && json_is_integer(iat) && json_integer_value(iat) <= rules->now + SKEW_SECONDS &&
           sub && *sub && strlen(sub) <= 255 && nonce && str_eq(nonce, rules->nonce);
}

enum err id_token_verify(struct arena *mem, const char *token, const json_t *keys, const struct id_token_rules *rules, json_t **claims)
{
    const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strchr(second + 1, '.') || strlen(token) > LIMIT_ID_TOKEN_BYTES)
        return E_UNAUTHENTICATED;
    const json_t *header = json_read_part(mem, token, (size_t)(first - token));
    const char *kid = header ? text_of(header, "kid") : NULL;
    if (!kid || !str_eq(text_of(header, "alg"), "RS256") || json_object_get(header, "crit"))
        return E_UNAUTHENTICATED;
    const json_t *jwk = find_jwk(keys, kid);
    if (!jwk)
        return E_NOT_FOUND;
    if (!signature_holds(mem, jwk, token, second))
        return E_UNAUTHENTICATED;
    *claims = json_read_part(mem, first + 1, (size_t)(second - first - 1));
    return *claims && claims_hold(*claims, rules) ? OK : E_UNAUTHENTICATED;
}
