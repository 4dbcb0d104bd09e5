/* Proofs that a request brings along. */
#include "proof.h"

#include <stdio.h>
#include <string.h>

#include "auth_sql.h"
#include "hash_lane.h"
#include "password.h"
#include "second_factor.h"

#define SERVICE_NAME "dastern"

enum err too_often(struct request *r, long wait_s)
{
    enum err err = fail(r, E_RATE_LIMITED, "auth.throttled");
    r->problem.retry_after_s = wait_s;
    return err;
}

enum err reply_sent(struct request *r)
{
    struct json_out out = reply_json(r, 202);
    json_open(&out, '{');
    json_close(&out, '}');
    return OK;
}

enum err password_judge(struct request *r, const char *name, const char *email, const char *first_name, const char *last_name)
{
    const char *words[] = {SERVICE_NAME, email, arena_strndup(r->mem, email, strcspn(email, "@")), first_name, last_name};
    const char *weakness = password_weakness(r->mem, input(r, name), words, sizeof words / sizeof words[0]);
    if (!weakness)
        return OK;
    fault(r, arena_printf(r->mem, "/%s", name), weakness);
    return fail_fields(r);
}

enum err password_make(struct request *r, const char *name, char **hash)
{
    enum err err = hash_lane_enter(r);
    if (err != OK)
        return err;
    err = password_hash(r->mem, input(r, name), hash);
    hash_lane_leave();
    return err == OK ? OK : fail(r, err, "auth.busy");
}

/* The count is kept although the request is refused, and before the lane lets the next guess in. */
static enum err refuse_password(struct request *r)
{
    enum err refusal = fail(r, E_FORBIDDEN, "auth.password_wrong");
    enum err err = db_query_apart(r, &SQL_sign_in_failed, "user", r->who.user_id, "identifier", NULL, "reason",
                                  "auth.password_wrong", NULL);
    return err == OK ? refusal : err;
}

/* `next`: the input that is to be the new password, judged while the person's names are at hand; or NULL. *judged: the hash that
 * the present one was compared with. */
static enum err compare_own(struct request *r, const char *name, const char *next, const char **judged)
{
    struct rows own = {0};
    enum err err = db_query_once(r, &SQL_find_own_password, &own, NULL);
    if (err != OK)
        return err;
    if (rows_long(&own, 0, "wait") > 0)
        return too_often(r, rows_long(&own, 0, "wait"));
    if (next)
        err = password_judge(r, next, rows_text(&own, r->mem, 0, "email"), rows_text(&own, r->mem, 0, "first_name"),
                             rows_text(&own, r->mem, 0, "last_name"));
    if (err != OK)
        return err;
    *judged = rows_text(&own, r->mem, 0, "password_hash");
    err = password_compare(input(r, name), *judged);
    if (err == E_UNAVAILABLE)
        return fail(r, err, "auth.busy");
    return err == OK ? OK : refuse_password(r);
}

enum err password_confirm(struct request *r, const char *name)
{
    const char *judged;
    enum err err = hash_lane_enter(r);
    if (err != OK)
        return err;
    err = compare_own(r, name, NULL, &judged);
    hash_lane_leave();
    return err;
}

enum err step_up(struct request *r, const struct sql_stmt *sql)
{
    struct rows done = {0};
    bool by_password = input(r, "password");
    if (by_password == (input(r, "totp_code") != NULL)) {
        fault(r, by_password ? "/totp_code" : "/password", by_password ? "unknown" : "required");
        return fail_fields(r);
    }
    enum err err = by_password ? password_confirm(r, "password") : own_code_confirm(r, "totp_code");
    if (err == OK)
        err = db_query(r, sql, &done, NULL);
    return err == OK ? reply_no_content(r) : err;
}

/* Both hashes in one stay in the lane: parking in between would compare the current password twice. */
static enum err compare_and_make(struct request *r, const char **judged, char **hash)
{
    enum err err = hash_lane_enter(r);
    if (err != OK)
        return err;
    err = compare_own(r, "current_password", "new_password", judged);
    if (err == OK && password_hash(r->mem, input(r, "new_password"), hash) != OK)
        err = fail(r, E_UNAVAILABLE, "auth.busy");
    hash_lane_leave();
    return err;
}

enum err change_password(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    struct rows done = {0};
    const char *judged;
    char *hash;
    enum err err = compare_and_make(r, &judged, &hash);
    if (err == OK)
        err = db_query(r, &SQL_change_password, &done, "judged_hash", judged, "new_hash", hash, NULL);
    return err == OK ? reply_no_content(r) : err;
}
