/* Register, login, refresh: hashing stands apart from transactions, and what a refusal has to remember is committed by
 * itself before the refusal is answered. */
#include "sign_in.h"

#include <string.h>

#include "auth_sql.h"
#include "core/config.h"
#include "core/random.h"
#include "hash_lane.h"
#include "password.h"
#include "proof.h"
#include "refresh_token.h"
#include "second_factor.h"
#include "tokens.h"

static const char *days(struct request *r, const char *config)
{
    return arena_printf(r->mem, "%ld days", config_int(config));
}

/* --- register --------------------------------------------------------------------------------------------------- */

enum err register_account(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    char session[37], *hash;
    struct rows opened = {0}, account = {0};
    struct tokens tokens;
    enum err err = password_judge(r, "password", input(r, "email"), input(r, "first_name"), input(r, "last_name"));
    if (err == OK)
        err = password_make(r, "password", &hash);
    if (err != OK)
        return err;
    random_uuid_v7(session);
    char *token = refresh_token_make(r->mem, session, 0);
    err = db_query(r, &SQL_register_account, &opened, "password_hash", hash, "session", session, "token_hash", refresh_token_hash(r->mem, token),
                   "user_agent", request_header(r, "User-Agent"), "idle", days(r, "DASTERN_SESSION_IDLE_DAYS"),
                   "absolute", days(r, "DASTERN_SESSION_DAYS"), NULL);
    if (err != OK)
        return err;
    const char *user_id = rows_text(&opened, r->mem, 0, "user_id");
    err = db_query(r, &SQL_get_account, &account, "account", user_id, NULL);
    if (err == OK)
        err = tokens_make(r, user_id, NULL, session, 0, rows_text(&opened, r->mem, 0, "refresh_expires_at"), &tokens);
    return err == OK ? tokens_reply(r, 201, &account, &tokens) : err;
}

/* --- login ------------------------------------------------------------------------------------------------------ */

struct candidate {
    const char *identifier; /* e-mail address or phone number in normal form */
    const char *user_id;    /* NULL: no such account */
    bool right;             /* the password */
    bool needs_code;        /* the account has a second factor and no code was given */
    struct code_given code;
    const char *judged_hash; /* what the password was compared with; NULL: somebody else vouches */
    char *new_hash;         /* made with today's parameters, or NULL */
};

/* A phone number in any spelling finds its account; whatever is neither finds none, at the same price. */
const char *normal_identifier(struct request *r)
{
    static const struct field phone = {.name = "email", .type = F_PHONE};
    const char *code, *given = input(r, "email");
    const char *number = strchr(given, '@') ? NULL : field_read_text(r->mem, &phone, given, &code);
    return number ? number : given;
}

/* Inside the lane: one look into the database, one hash whether or not there is such an account. */
static enum err judge_password(struct request *r, struct candidate *c)
{
    struct rows found = {0};
    c->identifier = normal_identifier(r);
    enum err err = db_query_once(r, &SQL_find_sign_in, &found, "identifier", c->identifier, NULL);
    if (err != OK)
        return err;
    if (rows_long(&found, 0, "wait") > 0)
        return too_often(r, rows_long(&found, 0, "wait"));
    c->user_id = rows_text(&found, r->mem, 0, "user_id");
    const char *hash = c->judged_hash = rows_text(&found, r->mem, 0, "password_hash");
    err = password_compare(input(r, "password"), hash);
    c->right = err == OK;
    if (c->right && password_is_outdated(hash))
        err = password_hash(r->mem, input(r, "password"), &c->new_hash);
    if (err == E_UNAVAILABLE)
        return fail(r, err, "auth.busy");
    if (!c->right || !rows_bool(&found, 0, "totp_enabled"))
        return OK;
    c->needs_code = !input(r, "totp_code");
    return c->needs_code ? OK : code_read(r, &found, c->user_id, input(r, "totp_code"), &c->code);
}

/* The count is committed at once; the refusal afterwards rolls nothing back. */
static enum err refuse_candidate(struct request *r, const struct candidate *c, const char *code)
{
    struct rows counted = {0};
    enum err err = db_query_once(r, &SQL_sign_in_failed, &counted, "user", c->user_id, "identifier", c->identifier,
                                 "reason", code, NULL);
    if (err != OK)
        return err;
    long wait = rows_long(&counted, 0, "wait");
    return wait > 0 ? too_often(r, wait) : fail(r, E_UNAUTHENTICATED, code);
}

static enum err refuse_outcome(struct request *r, const struct rows *opened)
{
    const char *outcome = rows_text(opened, r->mem, 0, "outcome");
    if (str_eq(outcome, "throttled"))
        return too_often(r, rows_long(opened, 0, "wait"));
    if (str_eq(outcome, "deactivated"))
        return fail(r, E_FORBIDDEN, "auth.deactivated");
    if (str_eq(outcome, "password_changed"))
        return fail(r, E_UNAUTHENTICATED, "auth.invalid_credentials");
    return str_eq(outcome, "opened") ? OK : fail(r, E_UNAUTHENTICATED, "auth.totp_invalid");
}

/* Committed at once, because a wrong code is counted by the same statement. What else has to be read is read before: a code that is
 * spent must not go for an answer that does not come about. */
static enum err open_session(struct request *r, const struct candidate *c)
{
    char session[37];
    struct rows opened = {0}, account = {0};
    struct tokens tokens;
    random_uuid_v7(session);
    char *token = refresh_token_make(r->mem, session, 0);
    enum err err = db_query_once(r, &SQL_get_account, &account, "account", c->user_id, NULL);
    if (err == OK)
        err = db_query_once(r, &SQL_sign_in_open, &opened, "user", c->user_id, "identifier", c->identifier, "session", session,
                            "token_hash", refresh_token_hash(r->mem, token), "user_agent", request_header(r, "User-Agent"),
                            "idle", days(r, "DASTERN_SESSION_IDLE_DAYS"), "absolute", days(r, "DASTERN_SESSION_DAYS"),
                            "new_hash", c->new_hash, "step", c->code.step, "recovery_hash", c->code.recovery_hash,
                            "judged_hash", c->judged_hash, NULL);
    if (err == OK)
        err = refuse_outcome(r, &opened);
    if (err == OK)
        err = tokens_make(r, c->user_id, rows_text(&opened, r->mem, 0, "role"), session, 0,
                          rows_text(&opened, r->mem, 0, "refresh_expires_at"), &tokens);
    return err == OK ? tokens_reply(r, 200, &account, &tokens) : err;
}

enum err login(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    struct candidate c = {0};
    enum err err = hash_lane_enter(r);
    if (err != OK)
        return err;
    err = judge_password(r, &c);
    hash_lane_leave();
    if (err != OK)
        return err;
    if (!c.right)
        return refuse_candidate(r, &c, "auth.invalid_credentials");
    return c.needs_code ? fail(r, E_UNAUTHENTICATED, "auth.totp_required") : open_session(r, &c);
}

enum err sign_in_vouched(struct request *r, const char *user_id, const struct rows *row)
{
    struct candidate c = {.user_id = user_id, .right = true};
    if (!rows_bool(row, 0, "totp_enabled"))
        return open_session(r, &c);
    if (!input(r, "totp_code"))
        return fail(r, E_UNAUTHENTICATED, "auth.totp_required");
    enum err err = code_read(r, row, user_id, input(r, "totp_code"), &c.code);
    return err == OK ? open_session(r, &c) : err;
}

/* --- refresh ---------------------------------------------------------------------------------------------------- */

enum err refresh(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    const char *session, *presented = input(r, "refresh_token");
    uint32_t generation;
    struct rows rotated = {0};
    struct tokens tokens;
    if (!refresh_token_read(r->mem, presented, &session, &generation))
        return fail(r, E_UNAUTHENTICATED, "auth.refresh_invalid");
    char *next = refresh_token_make(r->mem, session, generation + 1);
    enum err err = db_query_once(r, &SQL_refresh_session, &rotated, "session", session, "presented", refresh_token_hash(r->mem, presented),
                                 "next", refresh_token_hash(r->mem, next), "idle", days(r, "DASTERN_SESSION_IDLE_DAYS"), NULL);
    if (err != OK)
        return err;
    const char *outcome = rows_text(&rotated, r->mem, 0, "outcome");
    if (!str_eq(outcome, "rotated") && !str_eq(outcome, "same_child")) {
        const char *reason = rows_text(&rotated, r->mem, 0, "reason");
        return fail_with(r, E_UNAUTHENTICATED, 401, "auth.session_ended", arena_printf(r->mem, "{\"reason\":\"%s\"}", reason));
    }
    err = tokens_make(r, rows_text(&rotated, r->mem, 0, "user_id"), rows_text(&rotated, r->mem, 0, "role"), session,
                      (uint32_t)rows_long(&rotated, 0, "generation"), rows_text(&rotated, r->mem, 0, "refresh_expires_at"),
                      &tokens);
    return err == OK ? tokens_reply(r, 200, NULL, &tokens) : err;
}
