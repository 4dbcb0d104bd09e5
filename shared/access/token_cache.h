/* Tokens this process has already found good, with what they say. A verification costs about 100 µs, a look here about 1. */
#ifndef DASTERN_ACCESS_TOKEN_CACHE_H
#define DASTERN_ACCESS_TOKEN_CACHE_H

#include <stdbool.h>

#include "access/token.h"

#define TOKEN_DIGEST_BYTES 32

/* `digest` is the SHA-256 of the whole token. What was verified under another generation of keys does not count. The claims are
 * copied to the arena. */
bool token_cache_get(const unsigned char digest[TOKEN_DIGEST_BYTES], unsigned long generation, struct arena *mem,
                     struct token_claims *out) MUST_CHECK;
/* `claims` of a good signature: three UUIDs and a role of at most TOKEN_ROLE_BYTES, or none. */
void token_cache_put(const unsigned char digest[TOKEN_DIGEST_BYTES], unsigned long generation, const struct token_claims *claims);

#endif
