/* The `tokens` and `{user, tokens}` of the REST contract. */
#ifndef DASTERN_AUTH_TOKENS_H
#define DASTERN_AUTH_TOKENS_H

#include <stdint.h>

#include "core/err.h"
#include "http/request.h"

struct tokens {
    char *access, *refresh;
    const char *refresh_expires_at; /* RFC 3339 */
};

/* Makes both. E_UNAVAILABLE (503) without a signing key. `role` NULL: not chosen yet. */
enum err tokens_make(struct request *r, const char *user_id, const char *role, const char *session_id,
                     uint32_t generation, const char *refresh_expires_at, struct tokens *out) MUST_CHECK;
/* Answers {"tokens": …}, with "user" before it when `account` has a row. */
enum err tokens_reply(struct request *r, int status, const struct rows *account, const struct tokens *t) MUST_CHECK;

#endif
