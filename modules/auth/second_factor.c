/* The second factor. Its secret lies sealed in the database under a key that never gets there. */
#include "second_factor.h"

#include <stdlib.h>
#include <string.h>

#include "access/seal.h"
#include "auth_sql.h"
#include "core/clock.h"
#include "core/config.h"
#include "core/qr.h"
#include "core/random.h"
#include "proof.h"
#include "spelled_code.h"
#include "totp.h"

#define SEAL_KIND "totp"
#define RECOVERY_CODES 10
#define RECOVERY_CHARS 12

/* --- reading a code ------------------------------------------------------------------------------------------------ */

static enum err open_secret(struct request *r, const struct rows *row, const char *user_id, char **secret)
{
    size_t n;
    const unsigned char *sealed = rows_bytes(row, 0, "totp_sealed", &n);
    if (sealed && unseal(r->mem, config_text("DASTERN_TOTP_KEY"), SEAL_KIND, user_id, sealed, n, secret) == OK)
        return OK;
    return fail(r, E_UNAVAILABLE, "auth.totp_unreadable"); /* another key than it was sealed with: an operator's matter */
}

enum err code_read(struct request *r, const struct rows *row, const char *user_id, const char *code, struct code_given *out)
{
    char *secret;
    int64_t step;
    *out = (struct code_given){0};
    if (strlen(code) != TOTP_DIGITS) {
        out->recovery_hash = spelled_code_hash(r->mem, code);
        return OK;
    }
    enum err err = open_secret(r, row, user_id, &secret);
    if (err != OK)
        return err;
    const char *last = rows_text(row, r->mem, 0, "totp_last_step");
    if (totp_matches(r->mem, secret, code, clock_unix(), last ? strtoll(last, NULL, 10) : -1, &step))
        out->step = arena_printf(r->mem, "%lld", (long long)step);
    return OK;
}

static enum err refuse_code(struct request *r)
{
    enum err refusal = fail(r, E_FORBIDDEN, "auth.totp_invalid");
    enum err err = db_query_apart(r, &SQL_sign_in_failed, "user", r->who.user_id, "identifier", NULL, "reason",
                                  "auth.totp_invalid", NULL);
    return err == OK ? refusal : err;
}

enum err own_code_confirm(struct request *r, const char *name)
{
    struct rows own = {0}, spent = {0};
    struct code_given given;
    enum err err = db_query_once(r, &SQL_find_own_totp, &own, NULL);
    if (err != OK)
        return err;
    if (rows_long(&own, 0, "wait") > 0)
        return too_often(r, rows_long(&own, 0, "wait"));
    if (!rows_bool(&own, 0, "enabled"))
        return fail(r, E_CONFLICT, "totp.not_enabled");
    err = code_read(r, &own, r->who.user_id, input(r, name), &given);
    if (err == OK)
        err = db_query(r, &SQL_spend_own_code, &spent, "step", given.step, "recovery_hash", given.recovery_hash, NULL);
    if (err != OK)
        return err;
    return rows_bool(&spent, 0, "spent") ? OK : refuse_code(r);
}

/* --- setting up and removing ------------------------------------------------------------------------------------- */

enum err enrol_totp(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    struct rows me = {0}, stored = {0};
    const char *secret = totp_secret_make(r->mem), *picture;
    char *sealed;
    enum err err = seal(r->mem, config_text("DASTERN_TOTP_KEY"), SEAL_KIND, r->who.user_id, secret, &sealed);
    if (err == OK)
        err = db_query(r, &SQL_enrol_totp, &stored, "sealed", sealed, NULL);
    if (err == OK)
        err = db_query(r, &SQL_get_account, &me, "account", r->who.user_id, NULL);
    if (err != OK)
        return err;
    const char *uri = totp_uri(r->mem, secret, rows_text(&me, r->mem, 0, "email"));
    if (qr_svg_url(r->mem, uri, &picture) != OK)
        picture = NULL;
    struct json_out out = reply_json(r, 200);
    json_open(&out, '{');
    json_key_str(&out, "secret", secret);
    json_key_str(&out, "otpauth_uri", uri);
    json_key_str(&out, "qr_svg_url", picture);
    json_close(&out, '}');
    return OK;
}

/* Makes the codes to be shown once; `hashes` becomes a text[] literal of bytea texts. */
static const char *const *recovery_make(struct request *r, const char **hashes)
{
    const char **codes = arena_array(r->mem, RECOVERY_CODES, sizeof *codes);
    struct buf list = {.mem = r->mem};
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        codes[i] = spelled_code_make(r->mem, RECOVERY_CHARS);
        buf_printf(&list, "%s\"\\%s\"", i ? "," : "{", spelled_code_hash(r->mem, codes[i]));
    }
    buf_char(&list, '}');
    *hashes = list.data;
    return codes;
}

enum err confirm_totp(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    struct rows own = {0}, done = {0};
    struct code_given given;
    const char *hashes;
    enum err err = db_query_once(r, &SQL_find_own_totp, &own, NULL);
    if (err != OK)
        return err;
    if (rows_bool(&own, 0, "enabled") || rows_text(&own, r->mem, 0, "totp_sealed") == NULL)
        return fail(r, E_CONFLICT, rows_bool(&own, 0, "enabled") ? "totp.already_enabled" : "totp.not_enrolled");
    err = code_read(r, &own, r->who.user_id, input(r, "code"), &given);
    if (err != OK)
        return err;
    if (!given.step)
        return refuse_code(r);
    const char *const *codes = recovery_make(r, &hashes);
    err = db_query(r, &SQL_confirm_totp, &done, "step", given.step, "hashes", hashes, NULL);
    if (err != OK)
        return err;
    struct json_out out = reply_json(r, 200);
    json_open(&out, '{');
    json_key(&out, "recovery_codes");
    json_open(&out, '[');
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        json_str(&out, codes[i]);
    json_close(&out, ']');
    json_close(&out, '}');
    return OK;
}

enum err remove_totp(struct request *r, const struct sql_stmt *sql)
{
    enum err err = password_confirm(r, "password");
    return err == OK ? run_no_content(r, sql) : err;
}
