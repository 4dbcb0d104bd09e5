/* Reports about a patient: asked for here, made by report_worker. */
#include "http/serve.h"
#include "reports_sql.h"

/* All types of the contract; the database says which of them can be had. */
static const char *const types[] = {"prescription_history", "medication_adherence", "medical_summary", "risk_analysis",
                                    "trend_analysis", NULL};
static const char *const languages[] = {"km", "en", "fr", NULL};

static const struct field request_fields[] = {
    {.name = "type", .type = F_CHOICE, .required = true, .choices = types},
    {.name = "patient_id", .type = F_UUID},
    {.name = "language", .type = F_CHOICE, .choices = languages},
    {.name = "from", .type = F_DATE},
    {.name = "to", .type = F_DATE},
    {0}};

static const struct field list_fields[] = {
    {.name = "patient_id", .type = F_UUID}, {.name = "type", .type = F_CHOICE, .choices = types}, {0}};

static const struct route routes[] = {
    {POST, "/reports",                  ACTIVE, 0,      request_fields, run_accept, &SQL_request_report},
    {GET,  "/reports",                  ACTIVE, R_LIST, list_fields,    run_list,   &SQL_list_reports},
    {GET,  "/reports/{report_id:uuid}", ACTIVE, 0,      NULL,           run_one,    &SQL_get_report},
    {0}};

static const struct area reports = {.name = "reports", .routes = routes, .statements = SQL_ALL_reports};

int main(int argc, char **argv)
{
    return serve(&reports, argc, argv);
}
