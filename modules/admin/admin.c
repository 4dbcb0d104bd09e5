/* The area of administrators: accounts, doctors' verification, the audit log, the queues. */
#include "admin_sql.h"
#include "http/serve.h"

static const char *const roles[] = {"patient", "doctor", "family_member", "admin", NULL};
static const char *const granted_roles[] = {"admin", NULL};
static const char *const states[] = {"pending", "role_selected", "profile_pending", "active", NULL};
static const char *const verifications[] = {"pending", "verified", "rejected", NULL};
static const char *const queues[] = {"jobs", "outbox", "prescription_processing_queue", NULL};
static const char *const job_states[] = {"queued", "running", "done", "dead", NULL};

static const struct field users_fields[] = {
    {.name = "q", .type = F_TEXT, .min = 1, .max = 200},
    {.name = "role", .type = F_CHOICE, .choices = roles},
    {.name = "status", .type = F_CHOICE, .choices = states},
    {.name = "is_active", .type = F_BOOL},
    {.name = "verification_status", .type = F_CHOICE, .choices = verifications},
    {0}};
static const struct field change_fields[] = {
    {.name = "is_active", .type = F_BOOL, .required = true},
    {.name = "reason", .type = F_TEXT, .min = 1, .max = 500},
    {0}};
static const struct field role_fields[] = {
    {.name = "role", .type = F_CHOICE, .required = true, .choices = granted_roles},
    {0}};
static const struct field reject_fields[] = {
    {.name = "reason", .type = F_TEXT, .required = true, .min = 1, .max = 1000},
    {0}};
static const struct field log_fields[] = {
    {.name = "user_id", .type = F_UUID},
    {.name = "patient_id", .type = F_UUID},
    {.name = "resource_id", .type = F_UUID},
    {.name = "action", .type = F_TEXT, .min = 1, .max = 100},
    {.name = "from", .type = F_TIMESTAMP},
    {.name = "to", .type = F_TIMESTAMP},
    {0}};
static const struct field jobs_fields[] = {
    {.name = "queue", .type = F_CHOICE, .choices = queues},
    {.name = "status", .type = F_CHOICE, .choices = job_states},
    {0}};

/* Runs the statement, then answers with the account as it is now. */
static enum err do_and_show(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = db_query(r, sql, &rows, NULL);
    if (err == OK)
        err = db_query(r, &SQL_admin_get_user, &rows, NULL);
    return err == OK ? reply_row(r, 200, &rows) : err;
}

/* Why an account was closed is asked for when it is closed. */
static enum err change_user(struct request *r, const struct sql_stmt *sql)
{
    if (!input_bool(r, "is_active") && !input(r, "reason")) {
        fault(r, "/reason", "required");
        return fail_fields(r);
    }
    return do_and_show(r, sql);
}

static const struct route routes[] = {
    {GET, "/admin/users", ADMIN, R_LIST, users_fields, run_list, &SQL_admin_list_users},
    {GET, "/admin/users/{id:uuid}", ADMIN, 0, NULL, do_and_show, &SQL_admin_view_user},
    {PATCH, "/admin/users/{id:uuid}", ADMIN, 0, change_fields, change_user, &SQL_admin_change_user},
    {POST, "/admin/users/{id:uuid}/role", ADMIN, 0, role_fields, do_and_show, &SQL_admin_grant_role},
    {POST, "/admin/doctors/{id:uuid}/verify", ADMIN, 0, NULL, do_and_show, &SQL_admin_verify_doctor},
    {POST, "/admin/doctors/{id:uuid}/reject", ADMIN, 0, reject_fields, do_and_show, &SQL_admin_reject_doctor},
    {GET, "/admin/audit-logs", ADMIN, R_LIST, log_fields, run_list, &SQL_admin_list_audit_logs},
    {GET, "/admin/queues", ADMIN, 0, NULL, run_list, &SQL_admin_list_queues},
    {GET, "/admin/queues/jobs", ADMIN, R_LIST, jobs_fields, run_list, &SQL_admin_list_jobs},
    {POST, "/admin/queues/jobs/{id:uuid}/retry", ADMIN, 0, NULL, run_no_content, &SQL_admin_retry_job},
    {GET, "/admin/statistics", ADMIN, 0, NULL, run_one, &SQL_admin_statistics},
    {0}};

static const struct area admin = {"admin", routes, SQL_ALL_admin, NULL, NULL};

int main(int argc, char **argv)
{
    return serve(&admin, argc, argv);
}
