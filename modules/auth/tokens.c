/* The tokens of the REST contract. */
#include "tokens.h"

#include "access/token.h"
#include "refresh_token.h"

enum err tokens_make(struct request *r, const char *user_id, const char *role, const char *session_id,
                     uint32_t generation, const char *refresh_expires_at, struct tokens *out)
{
    struct token_claims claims = {.user_id = user_id, .session_id = session_id, .role = role};
    if (token_sign(r->mem, &claims, &out->access) != OK)
        return fail(r, E_UNAVAILABLE, "auth.no_key");
    out->refresh = refresh_token_make(r->mem, session_id, generation);
    out->refresh_expires_at = refresh_expires_at;
    return OK;
}

enum err tokens_reply(struct request *r, int status, const struct rows *account, const struct tokens *t)
{
    struct json_out out = reply_json(r, status);
    json_open(&out, '{');
    if (account) {
        json_key(&out, "user");
        rows_write_object(&out, account, 0);
    }
    json_key(&out, "tokens");
    json_open(&out, '{');
    json_key_str(&out, "access_token", t->access);
    json_key_str(&out, "token_type", "Bearer");
    json_key_long(&out, "expires_in", TOKEN_LIFETIME_SECONDS);
    json_key_str(&out, "refresh_token", t->refresh);
    json_key_str(&out, "refresh_expires_at", t->refresh_expires_at);
    json_close(&out, '}');
    json_close(&out, '}');
    return OK;
}
