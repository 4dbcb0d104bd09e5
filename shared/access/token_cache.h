/* Signatures this process has already found good. A verification costs about 100 µs, a look here about 1. */
#ifndef DASTERN_ACCESS_TOKEN_CACHE_H
#define DASTERN_ACCESS_TOKEN_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_DIGEST_BYTES 32

/* `digest` is the SHA-256 of the whole token. What was verified under another generation of keys does not count. */
bool token_cache_has(const unsigned char digest[TOKEN_DIGEST_BYTES], unsigned long generation);
void token_cache_put(const unsigned char digest[TOKEN_DIGEST_BYTES], unsigned long generation);

#endif
