/* An OpenID provider's ID token: whether it is one, for us, now. */
#ifndef DASTERN_AUTH_ID_TOKEN_H
#define DASTERN_AUTH_ID_TOKEN_H

#include <jansson.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"

struct id_token_rules {
    const char *issuer, *audience, *nonce;
    int64_t now; /* seconds since 1970 */
};

/* `keys` is the provider's JWK set. The claims live as long as the arena. E_NOT_FOUND: signed by a key that is not in the set
 * (it may have been changed: fetch it again); E_UNAUTHENTICATED: anything else is wrong. */
enum err id_token_verify(struct arena *mem, const char *token, const json_t *keys, const struct id_token_rules *rules,
                         json_t **claims) MUST_CHECK;

#endif
