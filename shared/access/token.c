/* Access tokens. The header of a token is a claim like any other: it may name one of our keys, nothing else; the algorithm
 * is ours. Nothing of the payload is read before its signature has been found good. */
#include "access/token.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "access/es256.h"
#include "access/keys.h"
#include "access/token_cache.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/random.h"
#include "json/json_read.h"
#include "json/json_write.h"

#define TOKEN_TYPE "at+jwt"
#define TOKEN_ALGORITHM "ES256"

/* The three parts as they stand, and how much of the text is signed. */
struct parts {
    const char *header, *payload, *signature;
    size_t header_len, payload_len, signature_len, signed_len;
};

enum err token_keys_load(const char *public_dir, const char *private_dir)
{
    return keys_load(public_dir, private_dir);
}

static bool split(const char *token, struct parts *out)
{
    size_t n = strnlen(token, LIMIT_TOKEN_BYTES + 1);
    const char *end = token + n;
    const char *first = memchr(token, '.', n);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (n > LIMIT_TOKEN_BYTES || !second)
        return false;
    *out = (struct parts){
        .header = token, .header_len = (size_t)(first - token),
        .payload = first + 1, .payload_len = (size_t)(second - first - 1),
        .signature = second + 1, .signature_len = (size_t)(end - second - 1),
        .signed_len = (size_t)(second - token),
    };
    return true; /* a third dot is no base64url character */
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool has_text(const json_t *object, const char *key, const char *expected)
{
    const char *text = text_of(object, key);
    return text && str_eq(text, expected);
}

/* The key's name, when the header is exactly {alg, typ, kid} and asks for what we do. No jku, x5u, jwk, crit, b64 … */
static const char *header_kid(struct arena *mem, const struct parts *p)
{
    const json_t *header = json_read_part(mem, p->header, p->header_len);
    if (!header || json_object_size(header) != 3)
        return NULL;
    if (!has_text(header, "alg", TOKEN_ALGORITHM) || !has_text(header, "typ", TOKEN_TYPE))
        return NULL;
    return text_of(header, "kid");
}

static bool signature_good(struct arena *mem, const struct parts *p, EVP_PKEY *key)
{
    unsigned char *signature;
    size_t len;
    return base64url_decode(mem, p->signature, p->signature_len, &signature, &len) && len == ES256_SIGNATURE_BYTES &&
           es256_verify(key, p->header, p->signed_len, signature);
}

static const char *uuid_of(const json_t *object, const char *key)
{
    const char *text = text_of(object, key);
    return text && str_is_uuid(text) ? text : NULL;
}

/* Absent and null both mean that no role was chosen yet. False for anything that is no role's name. */
static bool read_role(const json_t *payload, const char **role)
{
    const json_t *value = json_object_get(payload, "role");
    *role = json_string_value(value);
    if (!*role)
        return !value || json_is_null(value);
    size_t n = strspn(*role, "abcdefghijklmnopqrstuvwxyz_");
    return n >= 1 && n <= TOKEN_ROLE_BYTES && (*role)[n] == '\0';
}

static bool read_claims(const json_t *payload, struct token_claims *out)
{
    const json_t *iat = json_object_get(payload, "iat"), *nbf = json_object_get(payload, "nbf"),
                 *exp = json_object_get(payload, "exp");
    if (!has_text(payload, "iss", TOKEN_ISSUER) || !has_text(payload, "aud", TOKEN_AUDIENCE))
        return false;
    if (!json_is_integer(iat) || !json_is_integer(nbf) || !json_is_integer(exp))
        return false;
    out->user_id = uuid_of(payload, "sub");
    out->session_id = uuid_of(payload, "sid");
    out->token_id = uuid_of(payload, "jti");
    out->issued_at = json_integer_value(iat);
    out->not_before = json_integer_value(nbf);
    out->expires_at = json_integer_value(exp);
    return out->user_id && out->session_id && out->token_id && read_role(payload, &out->role);
}

/* Whether the claims are such as we give, whatever the time is. */
static bool claims_good(const json_t *payload, struct token_claims *out)
{
    return payload && read_claims(payload, out) && out->issued_at > 0 && out->expires_at > out->issued_at &&
           out->expires_at - out->issued_at <= TOKEN_LIFETIME_SECONDS;
}

static const char *time_fault(const struct token_claims *c)
{
    int64_t now = clock_unix();
    if (c->issued_at > now + TOKEN_SKEW_SECONDS || c->not_before > now + TOKEN_SKEW_SECONDS)
        return "token.not_yet";
    return c->expires_at <= now ? "token.expired" : NULL;
}

/* What is wrong with the token apart from the time, or NULL. `generation`: of the keys it was held against. */
static const char *content_fault(struct arena *mem, const char *token, struct token_claims *out, unsigned long *generation)
{
    struct parts p;
    if (!split(token, &p))
        return "token.malformed";
    const char *kid = header_kid(mem, &p);
    if (!kid)
        return "token.header";
    EVP_PKEY *key = keys_verifier(kid, generation);
    if (!key)
        return "token.unknown_key";
    bool good = signature_good(mem, &p, key);
    EVP_PKEY_free(key);
    if (!good)
        return "token.signature";
    return claims_good(json_read_part(mem, p.payload, p.payload_len), out) ? NULL : "token.claims";
}

static EVP_MD *sha256;

/* Looked up once: OpenSSL's search through its providers takes longer than the hash. */
static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sha256)
        abort();
}

static void digest_of(const char *token, unsigned char digest[TOKEN_DIGEST_BYTES])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch_sha256);
    if (EVP_Digest(token, strnlen(token, LIMIT_TOKEN_BYTES + 1), digest, NULL, sha256, NULL) != 1)
        abort();
}

/* What is wrong with the token, or NULL. */
static const char *token_fault(struct arena *mem, const char *token, struct token_claims *out)
{
    unsigned char digest[TOKEN_DIGEST_BYTES];
    unsigned long generation = keys_generation();
    digest_of(token, digest);
    if (!token_cache_get(digest, generation, mem, out)) {
        const char *fault = content_fault(mem, token, out, &generation);
        if (fault)
            return fault;
        token_cache_put(digest, generation, out);
    }
    return time_fault(out);
}

enum err token_verify(struct arena *mem, const char *token, struct token_claims *out, const char **fault)
{
    struct token_claims claims = {0};
    const char *found = token_fault(mem, token, &claims);
    if (fault)
        *fault = found;
    if (found)
        return E_UNAUTHENTICATED;
    *out = claims;
    return OK;
}

static void add_part(struct arena *mem, struct buf *token, const struct buf *json)
{
    buf_str(token, base64url_encode(mem, json->data, json->len));
}

static void write_header(struct buf *to, const char *kid)
{
    struct json_out o = {.to = to};
    json_open(&o, '{');
    json_key_str(&o, "alg", TOKEN_ALGORITHM);
    json_key_str(&o, "typ", TOKEN_TYPE);
    json_key_str(&o, "kid", kid);
    json_close(&o, '}');
}

static void write_payload(struct buf *to, const struct token_claims *c)
{
    struct json_out o = {.to = to};
    json_open(&o, '{');
    json_key_str(&o, "iss", TOKEN_ISSUER);
    json_key_str(&o, "aud", TOKEN_AUDIENCE);
    json_key_str(&o, "sub", c->user_id);
    json_key_str(&o, "sid", c->session_id);
    json_key_str(&o, "jti", c->token_id);
    json_key_str(&o, "role", c->role);
    json_key_long(&o, "iat", c->issued_at);
    json_key_long(&o, "nbf", c->not_before);
    json_key_long(&o, "exp", c->expires_at);
    json_close(&o, '}');
}

enum err token_sign(struct arena *mem, struct token_claims *claims, char **token)
{
    char kid[KEY_ID_BYTES + 1], id[37];
    EVP_PKEY *key = keys_signer(kid);
    if (!key)
        return E_UNAVAILABLE;
    random_uuid(id);
    claims->token_id = arena_strdup(mem, id);
    claims->issued_at = claims->not_before = clock_unix();
    claims->expires_at = claims->issued_at + TOKEN_LIFETIME_SECONDS;

    struct buf header = {.mem = mem}, payload = {.mem = mem}, out = {.mem = mem};
    unsigned char signature[ES256_SIGNATURE_BYTES];
    write_header(&header, kid);
    write_payload(&payload, claims);
    add_part(mem, &out, &header);
    buf_char(&out, '.');
    add_part(mem, &out, &payload);
    bool ok = es256_sign(key, out.data, out.len, signature);
    EVP_PKEY_free(key);
    if (!ok)
        return E_INTERNAL;
    buf_char(&out, '.');
    buf_str(&out, base64url_encode(mem, signature, sizeof signature));
    *token = out.data;
    return OK;
}

static void write_jwk(const char *kid, EVP_PKEY *key, void *arg)
{
    struct json_out *o = arg;
    unsigned char x[32], y[32];
    if (!es256_point(key, x, y))
        return;
    struct arena *mem = o->to->mem;
    json_open(o, '{');
    json_key_str(o, "kty", "EC");
    json_key_str(o, "crv", "P-256");
    json_key_str(o, "alg", TOKEN_ALGORITHM);
    json_key_str(o, "use", "sig");
    json_key_str(o, "kid", kid);
    json_key_str(o, "x", base64url_encode(mem, x, sizeof x));
    json_key_str(o, "y", base64url_encode(mem, y, sizeof y));
    json_close(o, '}');
}

void token_jwks(struct buf *out)
{
    struct json_out o = {.to = out};
    json_open(&o, '{');
    json_key(&o, "keys");
    json_open(&o, '[');
    keys_each(write_jwk, &o);
    json_close(&o, ']');
    json_close(&o, '}');
}
