/* What the area of accounts parses by hand. The first letter says what the rest is:
 *   T a provider's ID token     K its set of keys          C the claims of a token whose signature was good
 *   S a code as typed           A the secret of a second factor, a line's end, the account's name      L Accept-Language */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "http/message.h"

/* Their static functions are looked at as well. */
#include "../../modules/auth/id_token.c"
#include "../../modules/auth/spelled_code.c"
#include "../../modules/auth/totp.c"

#define NOW 1700000000

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct id_token_rules rules = {.issuer = "https://id.test", .audience = "dastern", .nonce = "n-1", .now = NOW};
static struct arena *kept;
static json_t *keys;
static const char *good; /* a token that the key has signed */

static void require(bool holds)
{
    if (!holds)
        abort();
}

static const char *number_text(const EVP_PKEY *key, const char *name)
{
    unsigned char bytes[512];
    BIGNUM *n = NULL;
    require(EVP_PKEY_get_bn_param(key, name, &n) == 1 && BN_num_bytes(n) <= (int)sizeof bytes);
    const char *text = base64url_encode(kept, bytes, (size_t)BN_bn2bin(n, bytes));
    BN_free(n);
    return text;
}

static const char *signed_text(EVP_PKEY *key, const char *header, const char *claims)
{
    unsigned char signature[512];
    size_t n = sizeof signature;
    const char *text = arena_printf(kept, "%s.%s", base64url_encode(kept, header, strlen(header)), base64url_encode(kept, claims, strlen(claims)));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    require(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
            EVP_DigestSign(ctx, signature, &n, (const unsigned char *)text, strlen(text)) == 1);
    EVP_MD_CTX_free(ctx);
    return arena_printf(kept, "%s.%s", text, base64url_encode(kept, signature, n));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    json_t *claims;
    kept = arena_new(16384);
    EVP_PKEY *key = EVP_RSA_gen(2048);
    keys = json_pack("{s:[{s:s, s:s, s:s, s:s}]}", "keys", "kid", "k1", "kty", "RSA", "n", number_text(key, OSSL_PKEY_PARAM_RSA_N), "e",
                     number_text(key, OSSL_PKEY_PARAM_RSA_E));
    good = signed_text(key, "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
                       "{\"iss\":\"https://id.test\",\"aud\":\"dastern\",\"sub\":\"1\",\"nonce\":\"n-1\",\"iat\":1699999990,\"exp\":1700000100}");
    require(id_token_verify(kept, good, keys, &rules, &claims) == OK);
    EVP_PKEY_free(key);
    return 0;
}

static void check_token(struct arena *mem, const char *text)
{
    json_t *claims = NULL;
    enum err err = id_token_verify(mem, text, keys, &rules, &claims);
    require(err == OK ? str_eq(text, good) : err == E_UNAUTHENTICATED || err == E_NOT_FOUND);
}

/* Nobody else's key has signed it. */
static void check_keys(struct arena *mem, const char *text, size_t n)
{
    json_t *claims = NULL;
    struct json_fault fault;
    const json_t *set = json_read(mem, text, n, &fault);
    require(!set || id_token_verify(mem, good, set, &rules, &claims) != OK);
}

static void check_id_claims(struct arena *mem, const char *text, size_t n)
{
    struct json_fault fault;
    const json_t *claims = json_read(mem, text, n, &fault);
    if (!json_is_object(claims) || !claims_hold(claims, &rules))
        return;
    const json_t *aud = json_object_get(claims, "aud");
    require(str_eq(text_of(claims, "iss"), "https://id.test") && str_eq(text_of(claims, "nonce"), "n-1") && text_of(claims, "sub")[0]);
    require(json_integer_value(json_object_get(claims, "exp")) > NOW && json_integer_value(json_object_get(claims, "iat")) <= NOW + SKEW_SECONDS);
    require(json_is_string(aud) ? str_eq(json_string_value(aud), "dastern") : json_array_size(aud) > 0);
    require(!json_object_get(claims, "azp") || str_eq(text_of(claims, "azp"), "dastern"));
}

/* Dashes, blanks and case do not matter, everything else does. */
static void check_spelling(struct arena *mem, const char *typed)
{
    struct buf other = {.mem = mem};
    buf_str(&other, "");
    for (const char *p = typed; *p; p++)
        buf_printf(&other, " %c-", *p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
    const char *hash = spelled_code_hash(mem, typed);
    require(str_eq(hash, spelled_code_hash(mem, other.data)));
    require(!str_eq(hash, spelled_code_hash(mem, arena_printf(mem, "%s7", typed))));
}

static void check_second_factor(struct arena *mem, char *text)
{
    char code[TOTP_DIGITS + 1], *line = strchr(text, '\n'), *back;
    const char *account = line ? line + 1 : "";
    if (line)
        *line = '\0';
    bool known = totp_code(mem, text, 1, code);
    require(!known || (strspn(text, base32) == strlen(text) && strspn(code, "0123456789") == TOTP_DIGITS));
    require(known || strlen(text) < 2 || strspn(text, base32) < strlen(text));
    const char *uri = totp_uri(mem, "ABC", account), *label = uri + strlen("otpauth://totp/DasTern:");
    require(strspn(uri, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/?&=%-._@") == strlen(uri));
    if (utf8_valid(account, strlen(account)))
        require(percent_decode(mem, label, strcspn(label, "?"), false, &back) && str_eq(back, account));
}

static void check_language(const char *text)
{
    const char *chosen = language_choose(text);
    require(str_eq(chosen, "km") || str_eq(chosen, "en") || str_eq(chosen, "fr"));
    require(str_eq(chosen, "en") || strcasestr(text, chosen));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct arena *mem = arena_new(8192);
    char *text = arena_strndup(mem, (const char *)data + 1, size - 1);
    switch (data[0]) {
    case 'T': check_token(mem, text); break;
    case 'K': check_keys(mem, text, strlen(text)); break;
    case 'C': check_id_claims(mem, text, strlen(text)); break;
    case 'S': check_spelling(mem, text); break;
    case 'A': check_second_factor(mem, text); break;
    case 'L': check_language(text); break;
    default: break;
    }
    arena_free(mem);
    return 0;
}
