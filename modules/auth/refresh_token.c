/* Refresh tokens, derived from session and generation. */
#include "refresh_token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <string.h>

#include "core/str.h"

#define ID_BYTES 16
#define NAMED_BYTES (ID_BYTES + 4) /* session id, generation */
#define MAC_BYTES 32
#define TOKEN_BYTES (NAMED_BYTES + MAC_BYTES)
#define TOKEN_CHARS 70             /* of base64url */

static unsigned char key[SHA256_DIGEST_LENGTH];

void refresh_key_set(const char *secret)
{
    SHA256((const unsigned char *)secret, strlen(secret), key);
}

static void mac(const unsigned char named[NAMED_BYTES], unsigned char out[MAC_BYTES])
{
    unsigned n = MAC_BYTES;
    HMAC(EVP_sha256(), key, sizeof key, named, NAMED_BYTES, out, &n);
}

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* `uuid` is known to be one. */
static void id_bytes(const char *uuid, unsigned char out[ID_BYTES])
{
    for (size_t i = 0; i < ID_BYTES; i++) {
        uuid += *uuid == '-';
        out[i] = (unsigned char)(nibble(uuid[0]) << 4 | nibble(uuid[1]));
        uuid += 2;
    }
}

static const char *id_text(struct arena *mem, const unsigned char id[ID_BYTES])
{
    const char *h = hex_encode(mem, id, ID_BYTES);
    return arena_printf(mem, "%.8s-%.4s-%.4s-%.4s-%.12s", h, h + 8, h + 12, h + 16, h + 20);
}

char *refresh_token_make(struct arena *mem, const char *session_id, uint32_t generation)
{
    unsigned char token[TOKEN_BYTES];
    id_bytes(session_id, token);
    for (int i = 0; i < 4; i++)
        token[ID_BYTES + i] = (unsigned char)(generation >> (24 - 8 * i));
    mac(token, token + NAMED_BYTES);
    return base64url_encode(mem, token, sizeof token);
}

bool refresh_token_read(struct arena *mem, const char *token, const char **session_id, uint32_t *generation)
{
    unsigned char *bytes, expected[MAC_BYTES];
    size_t n;
    if (strlen(token) != TOKEN_CHARS || !base64url_decode(mem, token, TOKEN_CHARS, &bytes, &n) || n != TOKEN_BYTES)
        return false;
    mac(bytes, expected);
    if (!mem_eq_ct(expected, bytes + NAMED_BYTES, MAC_BYTES))
        return false;
    *session_id = id_text(mem, bytes);
    *generation = 0;
    for (int i = 0; i < 4; i++)
        *generation = *generation << 8 | bytes[ID_BYTES + i];
    return true;
}

char *refresh_token_hash(struct arena *mem, const char *token)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)token, strlen(token), digest);
    return arena_printf(mem, "\\x%s", hex_encode(mem, digest, sizeof digest));
}
