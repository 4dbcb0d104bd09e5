/* Relatives: a patient invites by a code, the relative asks with it, the patient decides and can take it back at once. */
#include <string.h>

#include "code.h"
#include "core/config.h"
#include "core/qr.h"
#include "family_sql.h"
#include "http/serve.h"
#include "json/json_write.h"

#define CODE_TRIES 3 /* two codes in a row that are taken among 31^8 mean that something else is wrong */

/* --- what comes in ------------------------------------------------------------------------------------------------ */

/* The closed set. Absent is not granted, except where the contract has a default: see family_permissions() in SQL. */
static const struct field permission_fields[] = {
    {.name = "view_prescriptions", .type = F_BOOL}, {.name = "view_reminders", .type = F_BOOL},
    {.name = "manage_reminders", .type = F_BOOL},   {.name = "log_doses", .type = F_BOOL},
    {.name = "view_reports", .type = F_BOOL},       {.name = "receive_alerts", .type = F_BOOL},
    {0}};

static const struct field invitation_fields[] = {
    {.name = "relationship", .type = F_TEXT, .required = true, .min = 1, .max = 50},
    {.name = "permissions", .type = F_OBJECT, .fields = permission_fields, .def = "{}"},
    {.name = "expires_in_hours", .type = F_INT, .min = 1, .max = 7 * 24, .def = "168"},
    {0}};

static const struct field connect_fields[] = {
    {.name = "code", .type = F_TEXT, .required = true, .min = INVITATION_CODE_CHARS, .max = 32},
    {.name = "message", .type = F_TEXT, .max = 500, .min = 1},
    {0}};

static const char *const request_states[] = {"pending", "approved", "rejected", "withdrawn", NULL};
static const struct field request_list_fields[] = {
    {.name = "status", .type = F_CHOICE, .choices = request_states},
    {0}};

static const struct field approve_fields[] = {
    {.name = "permissions", .type = F_OBJECT, .fields = permission_fields},
    {0}};

static const struct field reject_fields[] = {
    {.name = "reason", .type = F_TEXT, .min = 1, .max = 500},
    {0}};

static const struct field medication_id = {.type = F_UUID};
static const struct field member_fields[] = {
    {.name = "permissions", .type = F_OBJECT, .fields = permission_fields},
    {.name = "hidden_medication_ids", .type = F_LIST, .item = &medication_id, .max = 200},
    {.name = "expires_at", .type = F_TIMESTAMP, .nullable = true},
    {0}};

static const struct field nudge_fields[] = {
    {.name = "dose_id", .type = F_UUID, .required = true},
    {0}};

/* --- handlers ------------------------------------------------------------------------------------------------------ */

/* The code is in this answer and nowhere else: the database gets its hash, the QR code travels inside the answer. */
static enum err reply_invitation(struct request *r, const struct rows *rows, const char *code)
{
    const char *url;
    if (qr_svg_url(r->mem, code, &url) != OK)
        return fail(r, E_INTERNAL, "internal");
    const char *permissions = rows_text(rows, r->mem, 0, "permissions");
    struct json_out out = reply_json(r, 201);
    json_open(&out, '{');
    json_key_str(&out, "id", rows_text(rows, r->mem, 0, "id"));
    json_key_str(&out, "code", code);
    json_key_str(&out, "qr_svg_url", url);
    json_key_str(&out, "relationship", rows_text(rows, r->mem, 0, "relationship"));
    json_key(&out, "permissions");
    json_raw(&out, permissions, strlen(permissions));
    json_key_str(&out, "status", rows_text(rows, r->mem, 0, "status"));
    json_key_str(&out, "expires_at", rows_text(rows, r->mem, 0, "expires_at"));
    json_close(&out, '}');
    return OK;
}

static const char *hash_of(struct request *r, const char *code)
{
    return invitation_code_hash(r->mem, config_text("DASTERN_INVITATION_KEY"), code);
}

static enum err invite(struct request *r, const struct sql_stmt *sql)
{
    (void)sql; /* none: the code's hash is not among the inputs */
    for (int i = 0; i < CODE_TRIES; i++) {
        struct rows rows = {0};
        const char *code = invitation_code_new(r->mem);
        enum err err = db_query(r, &SQL_create_invitation, &rows, "code_hash", hash_of(r, code), NULL);
        if (err)
            return err;
        if (rows_count(&rows) > 0)
            return reply_invitation(r, &rows, code);
    }
    return fail(r, E_INTERNAL, "internal");
}

/* A wrong code is counted against the account and the address, apart from the request's transaction, which is undone. */
static enum err count_wrong_code(struct request *r)
{
    enum err err = db_query_apart(r, &SQL_count_wrong_code, NULL);
    return err == OK ? E_NOT_FOUND : err;
}

/* A code that was never given out, has run out, was used or taken back: all the same 404. */
static enum err use_code(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    (void)sql; /* none: the code's hash is not among the inputs */
    const char *code = invitation_code_read(r->mem, input(r, "code"));
    if (!code) {
        fault(r, "/code", "format");
        return fail_fields(r);
    }
    enum err err = db_query(r, &SQL_wait_for_guess, &rows, NULL);
    if (err != OK)
        return err;
    long wait_s = rows_long(&rows, 0, "wait_s");
    if (wait_s > 0) {
        err = fail(r, E_RATE_LIMITED, "invitation.too_many_guesses");
        r->problem.retry_after_s = wait_s;
        return err;
    }
    err = db_query(r, &SQL_connect_to_patient, &rows, "code_hash", hash_of(r, code), NULL);
    if (err == E_NOT_FOUND)
        return count_wrong_code(r);
    return err == OK ? reply_row(r, 202, &rows) : err;
}

static const struct route routes[] = {
    {POST,   "/family/invitations",                        PATIENT, R_SECRET,              invitation_fields,   invite,         NULL},
    {GET,    "/family/invitations",                        PATIENT, R_LIST,                NULL,                run_list,       &SQL_list_invitations},
    {DELETE, "/family/invitations/{invitation_id:uuid}",   PATIENT, 0,                     NULL,                run_no_content, &SQL_revoke_invitation},
    {POST,   "/family/connect",                            FAMILY_MEMBER, R_LIMIT_GUESS,   connect_fields,      use_code,       NULL},
    {GET,    "/family/requests",                           PATIENT | FAMILY_MEMBER, R_LIST, request_list_fields, run_list,       &SQL_list_connection_requests},
    {POST,   "/family/requests/{request_id:uuid}/approve", PATIENT, 0,                     approve_fields,      run_one,        &SQL_approve_connection},
    {POST,   "/family/requests/{request_id:uuid}/reject",  PATIENT, 0,                     reject_fields,       run_one,        &SQL_reject_connection},
    {GET,    "/family/members",                            PATIENT, R_LIST,                NULL,                run_list,       &SQL_list_family_members},
    {PATCH,  "/family/members/{link_id:uuid}",             PATIENT, 0,                     member_fields,       run_one,        &SQL_change_family_member},
    {DELETE, "/family/members/{link_id:uuid}",             PATIENT, 0,                     NULL,                run_no_content, &SQL_remove_family_member},
    {GET,    "/family/patients",                           FAMILY_MEMBER, R_LIST,          NULL,                run_list,       &SQL_list_followed_patients},
    {DELETE, "/family/patients/{link_id:uuid}",            FAMILY_MEMBER, 0,               NULL,                run_no_content, &SQL_unfollow_patient},
    {GET,    "/family/patients/{patient_id:uuid}/today",   FAMILY_MEMBER, 0,               NULL,                run_list,       &SQL_list_followed_doses_today},
    {POST,   "/family/patients/{patient_id:uuid}/nudge",   FAMILY_MEMBER, 0,               nudge_fields,        run_create,     &SQL_nudge_patient},
    {0}};

static const struct config_item config[] = {
    {"DASTERN_INVITATION_KEY", CONFIG_SECRET, NULL, "key under which invitation codes are hashed"},
    {0}};

static const struct area family = {.name = "family", .routes = routes, .statements = SQL_ALL_family, .config = config};

int main(int argc, char **argv)
{
    return serve(&family, argc, argv);
}
