/* Codes sent by e-mail. A code is 80 random bits, stored hashed, good once and for ten minutes; until the worker sends
 * it, it lies sealed in the outbox. */
#include "recovery.h"

#include "access/seal.h"
#include "auth_sql.h"
#include "core/clock.h"
#include "core/config.h"
#include "core/random.h"
#include "hash_lane.h"
#include "password.h"
#include "proof.h"
#include "sign_in.h"
#include "spelled_code.h"

#define CODE_CHARS 16 /* 80 bits */
#define FORGOT_ANSWER_US 200000 /* when "forgot" is answered, whatever there was to do */

struct code {
    char *hash;   /* bytea text */
    char *key;    /* of the outbox row */
    char *sealed; /* bytea text */
};

/* The code stands behind '#': a browser keeps that part to itself, so it is in no server's log. */
static char *mail_values(struct request *r, const char *page, const char *code)
{
    struct buf json = {.mem = r->mem};
    struct json_out out = {.to = &json};
    json_open(&out, '{');
    json_key_str(&out, "code", code);
    json_key_str(&out, "link", arena_printf(r->mem, "%s/%s#code=%s", config_text("DASTERN_PUBLIC_URL"), page, code));
    json_close(&out, '}');
    return json.data;
}

static enum err code_make(struct request *r, const char *page, struct code *out)
{
    char id[37];
    const char *code = spelled_code_make(r->mem, CODE_CHARS);
    random_uuid(id);
    out->hash = spelled_code_hash(r->mem, code);
    out->key = arena_printf(r->mem, "code %s", id);
    return seal(r->mem, config_text("DASTERN_OUTBOX_KEY"), "email", out->key, mail_values(r, page, code), &out->sealed);
}

static enum err refuse_code(struct request *r)
{
    fault(r, "/token", "code");
    return fail_fields(r);
}

/* --- forgotten password ------------------------------------------------------------------------------------------- */

/* Done at once, answered later at a fixed time: how long the work took would tell whether there is such an account. */
enum err forgot_password(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    struct rows done = {0};
    struct code code;
    if (r->waited_us == 0) {
        enum err err = code_make(r, "reset-password", &code);
        if (err == OK)
            err = db_query_once(r, &SQL_forgot_password, &done, "identifier", normal_identifier(r), "code_hash", code.hash, "key", code.key,
                                "sealed", code.sealed, NULL);
        if (err != OK)
            return err;
        int64_t left_us = FORGOT_ANSWER_US - (clock_us() - r->started_us);
        if (left_us > 0 && request_later(r, (int)(left_us / 1000)) == E_LATER)
            return E_LATER;
    }
    return reply_sent(r);
}

/* Inside the lane: parked requests have not looked at the code yet. */
static enum err hash_for_code(struct request *r, const char *code_hash, char **hash)
{
    struct rows whose = {0};
    enum err err = db_query_once(r, &SQL_find_recovery, &whose, "code_hash", code_hash, NULL);
    if (err != OK)
        return err;
    if (rows_count(&whose) == 0)
        return refuse_code(r);
    err = password_judge(r, "new_password", rows_text(&whose, r->mem, 0, "email"), rows_text(&whose, r->mem, 0, "first_name"),
                         rows_text(&whose, r->mem, 0, "last_name"));
    if (err == OK && password_hash(r->mem, input(r, "new_password"), hash) != OK)
        err = fail(r, E_UNAVAILABLE, "auth.busy");
    return err;
}

enum err reset_password(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    struct rows done = {0};
    char *hash, *given = spelled_code_hash(r->mem, input(r, "token"));
    enum err err = hash_lane_enter(r);
    if (err != OK)
        return err;
    err = hash_for_code(r, given, &hash);
    hash_lane_leave();
    if (err == OK)
        err = db_query_once(r, &SQL_reset_password, &done, "code_hash", given, "new_hash", hash, NULL);
    if (err != OK)
        return err;
    return rows_bool(&done, 0, "done") ? reply_no_content(r) : refuse_code(r);
}

/* --- the address -------------------------------------------------------------------------------------------------- */

static enum err send_code(struct request *r, const struct sql_stmt *sql)
{
    struct rows sent = {0};
    struct code code;
    enum err err = code_make(r, "verify-email", &code);
    if (err == OK)
        err = db_query(r, sql, &sent, "code_hash", code.hash, "key", code.key, "sealed", code.sealed, NULL);
    if (err != OK)
        return err;
    if (rows_count(&sent) == 0)
        return fail(r, E_CONFLICT, "email.already_verified");
    long wait = rows_long(&sent, 0, "wait");
    if (wait > 0)
        return too_often(r, wait);
    return reply_sent(r);
}

enum err send_email_code(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    return send_code(r, &SQL_send_email_code);
}

enum err change_email(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    enum err err = password_confirm(r, "password");
    return err == OK ? send_code(r, &SQL_change_email) : err;
}

enum err verify_email(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    struct rows proved = {0};
    const char *hash = spelled_code_hash(r->mem, input(r, "token"));
    enum err err = db_query_once(r, &SQL_verify_email, &proved, "code_hash", hash, NULL);
    if (err != OK)
        return err;
    return rows_text(&proved, r->mem, 0, "proved") ? reply_no_content(r) : refuse_code(r);
}
