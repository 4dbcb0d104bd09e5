/* Codes that people copy by hand. */
#include "spelled_code.h"

#include <openssl/sha.h>
#include <string.h>

#include "core/random.h"
#include "core/str.h"

/* Nothing in it looks like something else. */
#define ALPHABET "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#define GROUP 4

char *spelled_code_make(struct arena *mem, size_t chars)
{
    struct buf out = {.mem = mem};
    const char *bare = random_code(mem, ALPHABET, chars);
    for (size_t i = 0; i < chars; i++)
        buf_printf(&out, "%s%c", i > 0 && i % GROUP == 0 ? "-" : "", bare[i]);
    return out.data;
}

static char unspelled(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    return c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
}

char *spelled_code_hash(struct arena *mem, const char *typed)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct buf bare = {.mem = mem};
    buf_str(&bare, "");
    for (const char *p = typed; *p; p++)
        if (*p != '-' && *p != ' ')
            buf_char(&bare, unspelled(*p));
    SHA256((const unsigned char *)bare.data, bare.len, digest);
    return arena_printf(mem, "\\x%s", hex_encode(mem, digest, sizeof digest));
}
