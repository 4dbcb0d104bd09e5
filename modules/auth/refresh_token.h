/*
 * Refresh tokens: base64url(session id || generation || HMAC-SHA256(key, session id || generation)). Opaque to clients,
 * 256 bits that only the key's holder can make; the database has the SHA-256. As a token follows from its session and
 * generation, the same child can be handed out again to a client that lost the answer, without having been stored.
 */
#ifndef DASTERN_AUTH_REFRESH_TOKEN_H
#define DASTERN_AUTH_REFRESH_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"

/* `secret` is DASTERN_REFRESH_KEY. Once per process, before threads start. */
void refresh_key_set(const char *secret);

char *refresh_token_make(struct arena *mem, const char *session_id, uint32_t generation);
/* False unless it is one of ours; says nothing about whether its session lives. */
bool refresh_token_read(struct arena *mem, const char *token, const char **session_id, uint32_t *generation);
/* Its SHA-256 as PostgreSQL's bytea text ("\x…"). */
char *refresh_token_hash(struct arena *mem, const char *token);

#endif
