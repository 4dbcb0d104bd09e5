/* Invitation codes are read aloud and typed by hand, so the alphabet leaves out what looks alike. */
#include "code.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "core/random.h"
#include "core/str.h"

/* Without 0 O, 1 I L. 31 characters: 8 of them make 39.6 bits. */
static const char alphabet[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

char *invitation_code_new(struct arena *mem)
{
    return random_code(mem, alphabet, INVITATION_CODE_CHARS);
}

char *invitation_code_read(struct arena *mem, const char *typed)
{
    char *code = arena_alloc(mem, INVITATION_CODE_CHARS + 1);
    size_t n = 0;
    for (; *typed; typed++) {
        if (*typed == ' ' || *typed == '-')
            continue;
        char c = (char)toupper((unsigned char)*typed);
        if (n == INVITATION_CODE_CHARS || !strchr(alphabet, c))
            return NULL;
        code[n++] = c;
    }
    return n == INVITATION_CODE_CHARS ? code : NULL;
}

char *invitation_code_hash(struct arena *mem, const char *key, const char *code)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (!HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)code, strlen(code), mac, &size))
        abort(); /* only when OpenSSL has no memory or no SHA-256 */
    return arena_printf(mem, "\\x%s", hex_encode(mem, mac, size));
}
