/* A seal is: version 1 | nonce (12, random) | ciphertext | tag (16). */
#include "access/seal.h"

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

#include "core/random.h"
#include "core/str.h"

#define VERSION 1
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define KEY_BYTES 32
#define HEAD_BYTES (1 + NONCE_BYTES)

/* HKDF-SHA-256 with a label of its own, so that the same secret used elsewhere would give another key. */
static bool derive_key(const char *secret, unsigned char key[KEY_BYTES])
{
    static const char label[] = "dastern outbox seal 1";
    size_t n = KEY_BYTES;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
    bool ok = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_CTX_set_hkdf_md(ctx, EVP_sha256()) == 1 &&
              EVP_PKEY_CTX_set1_hkdf_key(ctx, (const unsigned char *)secret, (int)strlen(secret)) == 1 &&
              EVP_PKEY_CTX_add1_hkdf_info(ctx, (const unsigned char *)label, sizeof label - 1) == 1 &&
              EVP_PKEY_derive(ctx, key, &n) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* One direction of AES-256-GCM up to the tag. The row's names are authenticated with a NUL between them. */
static EVP_CIPHER_CTX *cipher_run(bool encrypt, const char *secret, const char *kind, const char *dedupe_key,
                                  const unsigned char *nonce, const unsigned char *in, size_t n, unsigned char *out)
{
    unsigned char key[KEY_BYTES];
    int len;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && derive_key(secret, key) &&
              EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce, encrypt) == 1 &&
              EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *)kind, (int)strlen(kind) + 1) == 1 &&
              EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *)dedupe_key, (int)strlen(dedupe_key)) == 1 &&
              EVP_CipherUpdate(ctx, out, &len, in, (int)n) == 1;
    explicit_bzero(key, sizeof key);
    if (ok)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

enum err seal(struct arena *mem, const char *secret, const char *kind, const char *dedupe_key, const char *plaintext,
              char **sealed)
{
    size_t n = strlen(plaintext), size = HEAD_BYTES + n + TAG_BYTES;
    if (n > SEAL_TEXT_BYTES)
        return E_INVALID;
    unsigned char *bytes = arena_alloc(mem, size);
    bytes[0] = VERSION;
    random_bytes(bytes + 1, NONCE_BYTES);
    EVP_CIPHER_CTX *ctx = cipher_run(true, secret, kind, dedupe_key, bytes + 1, (const unsigned char *)plaintext, n,
                                     bytes + HEAD_BYTES);
    int len;
    bool ok = ctx && EVP_CipherFinal_ex(ctx, bytes + HEAD_BYTES + n, &len) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, bytes + HEAD_BYTES + n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        return E_INTERNAL;
    *sealed = arena_printf(mem, "\\x%s", hex_encode(mem, bytes, size));
    return OK;
}

enum err unseal(struct arena *mem, const char *secret, const char *kind, const char *dedupe_key,
                const unsigned char *sealed, size_t n, char **plaintext)
{
    if (n < HEAD_BYTES + TAG_BYTES || n > HEAD_BYTES + SEAL_TEXT_BYTES + TAG_BYTES || sealed[0] != VERSION)
        return E_INVALID;
    size_t length = n - HEAD_BYTES - TAG_BYTES;
    char *text = arena_alloc(mem, length + 1); /* zeroed, so the text ends */
    unsigned char tag[TAG_BYTES];
    memcpy(tag, sealed + n - TAG_BYTES, TAG_BYTES);
    EVP_CIPHER_CTX *ctx = cipher_run(false, secret, kind, dedupe_key, sealed + 1, sealed + HEAD_BYTES, length,
                                     (unsigned char *)text);
    int len;
    bool ok = ctx && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1 &&
              EVP_CipherFinal_ex(ctx, (unsigned char *)text + length, &len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok || strlen(text) != length) {
        explicit_bzero(text, length);
        return E_INVALID;
    }
    *plaintext = text;
    return OK;
}
