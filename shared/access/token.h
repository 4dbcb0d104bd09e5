/* Access tokens: JWT, ES256, `at+jwt` (RFC 9068). One function decides whether a token is good; auth alone signs.
 *
 * Done on OpenSSL without a JWT library: libjwt 1.10.2 lets the token choose its algorithm, cannot write or read the type
 * `at+jwt`, and parses the key anew for each token. */
#ifndef DASTERN_ACCESS_TOKEN_H
#define DASTERN_ACCESS_TOKEN_H

#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

#define TOKEN_ISSUER "dastern"
#define TOKEN_AUDIENCE "dastern-api"
#define TOKEN_LIFETIME_SECONDS 600 /* also the longest lifetime a verified token may have */
#define TOKEN_SKEW_SECONDS 60      /* how far iat and nbf may lie ahead of our clock; exp has no grace */
#define TOKEN_ROLE_BYTES 32

struct token_claims {
    const char *user_id;    /* sub, UUID */
    const char *session_id; /* sid, UUID */
    const char *token_id;   /* jti, UUID; token_sign makes it */
    const char *role;       /* NULL until the user has chosen one; at most TOKEN_ROLE_BYTES */
    int64_t issued_at;      /* iat; seconds since 1970, as those that follow; token_sign sets all three */
    int64_t not_before;     /* nbf; the same as iat when signed here */
    int64_t expires_at;     /* exp */
};

/* Loads <kid>.pem files: P-256 public keys, and for the signer the private ones (private_dir NULL: this program only
 * verifies). Changes of the directories are noticed within TOKEN_KEYS_LOOK_MS, no restart needed. E_INVALID, with the reason
 * in the log: unreadable directory, no key, a file that is no P-256 key, a private key that group or others may read. */
enum err token_keys_load(const char *public_dir, const char *private_dir) MUST_CHECK;
#define TOKEN_KEYS_LOOK_MS 500

/* Whether `token` is one of ours and in force. E_UNAUTHENTICATED otherwise, with *fault (may be NULL) one of token.malformed
 * .header .unknown_key .signature .claims .not_yet .expired. The claims live as long as the arena. Does not know whether the
 * session has ended: the database does. */
enum err token_verify(struct arena *mem, const char *token, struct token_claims *out, const char **fault) MUST_CHECK;

/* Signs a token of TOKEN_LIFETIME_SECONDS for claims' user, session and role, and fills in the rest of `claims`. Of the private
 * keys the one with the greatest file name signs, once it lies there for two seconds so that every program knows it.
 * E_UNAVAILABLE: no usable private key. */
enum err token_sign(struct arena *mem, struct token_claims *claims, char **token) MUST_CHECK;

/* Appends the public keys as a JWK set (RFC 7517). */
void token_jwks(struct buf *out);

#endif
