/* The area of accounts: signing up and in, sessions, onboarding, one's own account. */
#include <limits.h>
#include <stdio.h>

#include "access/token.h"
#include "auth_sql.h"
#include "core/config.h"
#include "google.h"
#include "hash_lane.h"
#include "http/serve.h"
#include "oidc.h"
#include "password.h"
#include "phone.h"
#include "profile.h"
#include "proof.h"
#include "recovery.h"
#include "refresh_token.h"
#include "rights.h"
#include "second_factor.h"
#include "sign_in.h"

static const char *const languages[] = {"km", "en", "fr", NULL};
static const char *const roles[] = {"patient", "doctor", "family_member", NULL};

static const struct field register_fields[] = {
    {.name = "email", .type = F_EMAIL, .required = true},
    {.name = "password", .type = F_PASSWORD, .required = true, .min = PASSWORD_CHARS_MIN, .max = PASSWORD_CHARS_MAX},
    {.name = "first_name", .type = F_TEXT, .required = true, .min = 1, .max = 100},
    {.name = "last_name", .type = F_TEXT, .required = true, .min = 1, .max = 100},
    {.name = "phone_number", .type = F_PHONE, .nullable = true},
    {.name = "language", .type = F_CHOICE, .choices = languages},
    {.name = "timezone", .type = F_TEXT, .min = 1, .max = 64},
    {0}};
static const struct field login_fields[] = {
    {.name = "email", .type = F_TEXT, .required = true, .min = 1, .max = 254},
    /* No lower bound: a guess that is too short is wrong, like any other. */
    {.name = "password", .type = F_PASSWORD, .required = true, .min = 0, .max = PASSWORD_CHARS_MAX},
    {.name = "totp_code", .type = F_TEXT, .min = 1, .max = 32},
    {.name = "device_name", .type = F_TEXT, .min = 1, .max = 100},
    {0}};
static const struct field google_fields[] = {
    {.name = "code", .type = F_TEXT, .required = true, .min = 1, .max = 2048},
    {.name = "state", .type = F_TEXT, .required = true, .min = 1, .max = 2048},
    {.name = "totp_code", .type = F_TEXT, .min = 1, .max = 32},
    {.name = "device_name", .type = F_TEXT, .min = 1, .max = 100},
    {0}};
static const struct field refresh_fields[] = {
    {.name = "refresh_token", .type = F_TEXT, .required = true, .min = 1, .max = 256},
    {0}};
static const struct field role_fields[] = {
    {.name = "role", .type = F_CHOICE, .required = true, .choices = roles},
    {0}};
static const struct field sessions_fields[] = {
    {.name = "ended", .type = F_BOOL},
    {0}};
static const struct field access_log_fields[] = {
    {.name = "others", .type = F_BOOL},
    {0}};
static const struct field me_fields[] = {
    {.name = "first_name", .type = F_TEXT, .min = 1, .max = 100},
    {.name = "last_name", .type = F_TEXT, .min = 1, .max = 100},
    {.name = "phone_number", .type = F_PHONE, .nullable = true},
    {.name = "language", .type = F_CHOICE, .choices = languages},
    {.name = "timezone", .type = F_TEXT, .min = 1, .max = 64},
    {.name = "notification_preferences", .type = F_OBJECT},
    {0}};

static const struct field new_password_fields[] = {
    {.name = "current_password", .type = F_PASSWORD, .required = true, .max = PASSWORD_CHARS_MAX},
    {.name = "new_password", .type = F_PASSWORD, .required = true, .min = PASSWORD_CHARS_MIN, .max = PASSWORD_CHARS_MAX},
    {0}};
static const struct field forgot_fields[] = {
    {.name = "email", .type = F_TEXT, .required = true, .min = 1, .max = 254},
    {0}};
static const struct field reset_fields[] = {
    {.name = "token", .type = F_TEXT, .required = true, .min = 1, .max = 64},
    {.name = "new_password", .type = F_PASSWORD, .required = true, .min = PASSWORD_CHARS_MIN, .max = PASSWORD_CHARS_MAX},
    {0}};
static const struct field token_fields[] = {
    {.name = "token", .type = F_TEXT, .required = true, .min = 1, .max = 64},
    {0}};
static const struct field new_email_fields[] = {
    {.name = "email", .type = F_EMAIL, .required = true},
    {.name = "password", .type = F_PASSWORD, .required = true, .max = PASSWORD_CHARS_MAX},
    {0}};
static const struct field new_phone_fields[] = {
    {.name = "phone_number", .type = F_PHONE, .required = true},
    {.name = "password", .type = F_PASSWORD, .required = true, .max = PASSWORD_CHARS_MAX},
    {0}};
static const struct field password_fields[] = {
    {.name = "password", .type = F_PASSWORD, .required = true, .max = PASSWORD_CHARS_MAX},
    {0}};
static const struct field proof_fields[] = {
    {.name = "password", .type = F_PASSWORD, .max = PASSWORD_CHARS_MAX},
    {.name = "totp_code", .type = F_TEXT, .min = 1, .max = 32},
    {0}};
static const struct field code_fields[] = {
    {.name = "code", .type = F_TEXT, .required = true, .min = 6, .max = 6},
    {0}};

static enum err jwks(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    struct json_out out = reply_json(r, 200);
    reply_header(r, "Cache-Control", "public, max-age=300");
    token_jwks(out.to);
    return OK;
}

static const struct route routes[] = {
    {POST, "/auth/register", ANYONE, R_LIMIT_SIGN_IN, register_fields, register_account, NULL},
    {POST, "/auth/login", ANYONE, R_LIMIT_SIGN_IN, login_fields, login, NULL},
    {POST, "/auth/refresh", ANYONE, 0, refresh_fields, refresh, NULL},
    {POST, "/auth/google/start", ANYONE, R_LIMIT_SIGN_IN, NULL, google_start, NULL},
    {POST, "/auth/google/finish", ANYONE, R_LIMIT_SIGN_IN, google_fields, google_finish, NULL},
    {POST, "/auth/logout", SIGNED_IN, 0, NULL, run_no_content, &SQL_logout},
    {GET, "/auth/sessions", SIGNED_IN, R_LIST, sessions_fields, run_list, &SQL_list_sessions},
    {DELETE, "/auth/sessions", SIGNED_IN, 0, NULL, run_no_content, &SQL_end_other_sessions},
    {DELETE, "/auth/sessions/{id:uuid}", SIGNED_IN, 0, NULL, run_no_content, &SQL_end_session},
    {POST, "/auth/role", SIGNED_IN, 0, role_fields, change_and_show, &SQL_choose_role},
    {PUT, "/auth/profile", SIGNED_IN, 0, profile_fields, put_profile, &SQL_get_my_role},
    {PATCH, "/auth/profile", SIGNED_IN, 0, profile_fields, patch_profile, &SQL_get_my_role},
    {GET, "/auth/me", SIGNED_IN, 0, NULL, run_one, &SQL_get_me},
    {PATCH, "/auth/me", SIGNED_IN, 0, me_fields, change_me, &SQL_change_me},
    {DELETE, "/auth/me", SIGNED_IN, 0, password_fields, delete_me, &SQL_delete_me},
    {GET, "/auth/me/export", SIGNED_IN, 0, NULL, export_me, &SQL_export_me},
    {POST, "/auth/me/exports", SIGNED_IN, 0, NULL, run_accept, &SQL_request_export},
    {GET, "/auth/me/exports/{id:uuid}", SIGNED_IN, 0, NULL, run_one, &SQL_get_export},
    {GET, "/auth/me/exports/{id:uuid}/file", SIGNED_IN, 0, NULL, export_file, &SQL_find_export_file},
    {GET, "/auth/access-log", SIGNED_IN, R_LIST, access_log_fields, run_list, &SQL_list_access_log},
    {POST, "/auth/step-up", SIGNED_IN, 0, proof_fields, step_up, &SQL_step_up},
    {POST, "/auth/password", SIGNED_IN, 0, new_password_fields, change_password, NULL},
    {POST, "/auth/password/forgot", ANYONE, R_LIMIT_SIGN_IN | R_LIMIT_CODES, forgot_fields, forgot_password, NULL},
    {POST, "/auth/password/reset", ANYONE, R_LIMIT_SIGN_IN, reset_fields, reset_password, NULL},
    {POST, "/auth/email", SIGNED_IN, R_LIMIT_CODES, new_email_fields, change_email, NULL},
    {POST, "/auth/email/verification", SIGNED_IN, R_LIMIT_CODES, NULL, send_email_code, NULL},
    {POST, "/auth/email/verify", ANYONE, R_LIMIT_SIGN_IN, token_fields, verify_email, NULL},
    {POST, "/auth/phone", SIGNED_IN, R_LIMIT_CODES, new_phone_fields, send_phone_code, NULL},
    {POST, "/auth/phone/verify", SIGNED_IN, 0, code_fields, verify_phone, NULL},
    {POST, "/auth/totp", SIGNED_IN, R_SECRET, NULL, enrol_totp, NULL},
    {POST, "/auth/totp/confirm", SIGNED_IN, R_SECRET, code_fields, confirm_totp, NULL},
    {DELETE, "/auth/totp", SIGNED_IN, 0, password_fields, remove_totp, &SQL_remove_totp},
    {GET, "/auth/.well-known/jwks.json", ANYONE, R_CACHEABLE, NULL, jwks, NULL},
    {0}};

static const struct config_item config[] = {
    {"DASTERN_REFRESH_KEY", CONFIG_SECRET, NULL, "key that refresh tokens are derived with"},
    {"DASTERN_OUTBOX_KEY", CONFIG_SECRET, NULL, "key that secrets in the outbox are sealed with; the same as delivery_worker's"},
    {"DASTERN_TOTP_KEY", CONFIG_SECRET, NULL, "key that the secrets of second factors are sealed with"},
    {"DASTERN_PUBLIC_URL", CONFIG_TEXT, NULL, "where people reach this service; links in e-mails start with it"},
    {"DASTERN_SMS_URL", CONFIG_TEXT, "", "the same as delivery_worker's; empty: no phone number can be proved"},
    {"DASTERN_GOOGLE_CLIENT_ID", CONFIG_TEXT, "", "this service's name at the OpenID provider; empty: no signing in with Google"},
    {"DASTERN_GOOGLE_CLIENT_SECRET", CONFIG_SECRET, "", "this service's secret there"},
    {"DASTERN_GOOGLE_REDIRECT_URI", CONFIG_TEXT, "", "where the provider sends the browser back to"},
    {"DASTERN_GOOGLE_ISSUER", CONFIG_TEXT, "https://accounts.google.com", "the OpenID provider"},
    {"DASTERN_HASH_LANES", CONFIG_INT, "0", "how many passwords are hashed at once by all processes; 0: half as many as there are processors"},
    {"DASTERN_SESSION_IDLE_DAYS", CONFIG_INT, "30", "a session not refreshed for so long is over"},
    {"DASTERN_SESSION_DAYS", CONFIG_INT, "180", "a session is over after so long in any case"},
    {0}};

static enum err start(void)
{
    char lanes[PATH_MAX];
    refresh_key_set(config_text("DASTERN_REFRESH_KEY"));
    enum err err = password_start();
    snprintf(lanes, sizeof lanes, "%s.lanes", config_text("DASTERN_SOCKET"));
    if (err == OK)
        err = hash_lane_start(lanes, (int)config_int("DASTERN_HASH_LANES"));
    return err == OK ? oidc_start() : err;
}

static const struct area auth = {"auth", routes, SQL_ALL_auth, config, start};

int main(int argc, char **argv)
{
    return serve(&auth, argc, argv);
}
