/* Signing in at an OpenID provider: authorization code with PKCE (OpenID Connect Core 1.0 §3.1, RFC 7636). One provider. */
#ifndef DASTERN_AUTH_OIDC_H
#define DASTERN_AUTH_OIDC_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/err.h"

/* A person as the provider vouches for them. */
struct oidc_person {
    const char *subject;    /* never changes, never another person's; what accounts are linked by */
    const char *email;      /* NULL when the provider tells none */
    bool email_verified;
    const char *first_name, *last_name; /* NULL when not told */
};

/* Reads the configuration. Once per process, before threads start. */
enum err oidc_start(void) MUST_CHECK;
bool oidc_configured(void);

/* Where to send the browser. `verifier` is this attempt's PKCE secret. E_UNAVAILABLE: the provider does not answer. */
enum err oidc_authorization_url(struct arena *mem, const char *state, const char *nonce, const char *verifier, char **url) MUST_CHECK;

/* Exchanges the code and verifies the ID token: signature (RS256 by a key of the provider's set), iss, aud, azp, exp, iat,
 * nonce. E_UNAUTHENTICATED: the provider refuses the code, or the token is not good. E_UNAVAILABLE as above. Takes as long
 * as the provider does, up to a few seconds. */
enum err oidc_exchange(struct arena *mem, const char *code, const char *nonce, const char *verifier, struct oidc_person *out) MUST_CHECK;

#endif
