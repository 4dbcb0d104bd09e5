/* When to take what: schedule templates, reminders, the doses they give, and how well they were kept. */
#include <stddef.h>

#include "core/str.h"
#include "http/serve.h"
#include "reminders_sql.h"

#define DOSE_MAX 500.0 /* units of one dose, as in the constraint dose.amount_range */

/* --- what comes in ------------------------------------------------------------------------------------------------ */

static const struct field patient_fields[] = {
    {.name = "patient_id", .type = F_UUID},
    {0}};

static const struct field template_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .min = 1, .max = 100},
    {.name = "morning_time", .type = F_CLOCK, .required = true},
    {.name = "noon_time", .type = F_CLOCK, .required = true},
    {.name = "evening_time", .type = F_CLOCK, .required = true},
    {.name = "night_time", .type = F_CLOCK, .required = true},
    {.name = "is_default", .type = F_BOOL, .def = "false"},
    {0}};

static const struct field template_change_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 100},
    {.name = "morning_time", .type = F_CLOCK},
    {.name = "noon_time", .type = F_CLOCK},
    {.name = "evening_time", .type = F_CLOCK},
    {.name = "night_time", .type = F_CLOCK},
    {.name = "is_default", .type = F_BOOL},
    {0}};

static const char *const slots[] = {"morning", "noon", "evening", "night", "custom", NULL};
static const char *const timezone_policies[] = {"local", "fixed", NULL};
static const char *const recurrence_types[] = {"daily", "every_n_days", "weekdays", "monthly", "cycle", NULL};

/* Which members a type wants is checked by recurrence_valid() in SQL, for whoever writes. */
static const struct field day_of = {.type = F_INT, .min = 1, .max = 31};
static const struct field recurrence_fields[] = {
    {.name = "type", .type = F_CHOICE, .required = true, .choices = recurrence_types},
    {.name = "n", .type = F_INT, .min = 2, .max = 90},
    {.name = "days", .type = F_LIST, .item = &day_of, .min = 1, .max = 31},
    {.name = "on", .type = F_INT, .min = 1, .max = 365},
    {.name = "off", .type = F_INT, .min = 1, .max = 365},
    {0}};

static const struct field reminder_list_fields[] = {
    {.name = "patient_id", .type = F_UUID},
    {.name = "medication_id", .type = F_UUID},
    {.name = "active", .type = F_BOOL},
    {0}};

static const struct field reminder_fields[] = {
    {.name = "medication_id", .type = F_UUID, .required = true},
    {.name = "template_id", .type = F_UUID},
    {.name = "time_slot", .type = F_CHOICE, .choices = slots, .required = true},
    {.name = "scheduled_time", .type = F_CLOCK},
    {.name = "dose_amount", .type = F_DECIMAL, .required = true, .min = 0.01, .max = DOSE_MAX},
    {.name = "dose_unit", .type = F_TEXT, .min = 1, .max = 50},
    {.name = "recurrence", .type = F_OBJECT, .fields = recurrence_fields, .def = "{\"type\": \"daily\"}"},
    {.name = "start_date", .type = F_DATE},
    {.name = "end_date", .type = F_DATE, .nullable = true},
    {.name = "timezone_policy", .type = F_CHOICE, .choices = timezone_policies, .def = "local"},
    {.name = "grace_minutes", .type = F_INT, .min = 15, .max = 720, .def = "120"},
    {.name = "is_active", .type = F_BOOL, .def = "true"},
    {.name = "critical", .type = F_BOOL, .def = "false"},
    {0}};

static const struct field reminder_change_fields[] = {
    {.name = "time_slot", .type = F_CHOICE, .choices = slots},
    {.name = "scheduled_time", .type = F_CLOCK},
    {.name = "dose_amount", .type = F_DECIMAL, .min = 0.01, .max = DOSE_MAX},
    {.name = "dose_unit", .type = F_TEXT, .min = 1, .max = 50, .nullable = true},
    {.name = "recurrence", .type = F_OBJECT, .fields = recurrence_fields},
    {.name = "start_date", .type = F_DATE},
    {.name = "end_date", .type = F_DATE, .nullable = true},
    {.name = "timezone_policy", .type = F_CHOICE, .choices = timezone_policies},
    {.name = "grace_minutes", .type = F_INT, .min = 15, .max = 720},
    {.name = "is_active", .type = F_BOOL},
    {.name = "critical", .type = F_BOOL},
    {0}};

static const struct field preview_fields[] = {
    {.name = "patient_id", .type = F_UUID},
    {.name = "scheduled_time", .type = F_CLOCK, .required = true},
    {.name = "dose_amount", .type = F_DECIMAL, .required = true, .min = 0.01, .max = DOSE_MAX},
    {.name = "dose_unit", .type = F_TEXT, .min = 1, .max = 50},
    {.name = "recurrence", .type = F_OBJECT, .fields = recurrence_fields, .def = "{\"type\": \"daily\"}"},
    {.name = "start_date", .type = F_DATE},
    {.name = "end_date", .type = F_DATE, .nullable = true},
    {0}};

static const struct field pause_fields[] = {
    {.name = "until", .type = F_TIMESTAMP},
    {0}};

static const struct field dose_range_fields[] = {
    {.name = "patient_id", .type = F_UUID},
    {.name = "from", .type = F_DATE},
    {.name = "to", .type = F_DATE},
    {.name = "medication_id", .type = F_UUID},
    {0}};

static const struct field take_fields[] = {
    {.name = "taken_at", .type = F_TIMESTAMP},
    {.name = "dose_taken", .type = F_DECIMAL, .min = 0.01, .max = DOSE_MAX},
    {.name = "notes", .type = F_TEXT, .min = 1, .max = 1000},
    {.name = "client_event_id", .type = F_UUID},
    {0}};

static const struct field skip_fields[] = {
    {.name = "reason", .type = F_TEXT, .min = 1, .max = 500},
    {.name = "client_event_id", .type = F_UUID},
    {0}};

static const struct field snooze_fields[] = {
    {.name = "minutes", .type = F_INT, .required = true, .min = 5, .max = 240},
    {.name = "client_event_id", .type = F_UUID},
    {0}};

static const struct field undo_fields[] = {
    {.name = "client_event_id", .type = F_UUID},
    {0}};

static const struct field log_fields[] = {
    {.name = "medication_id", .type = F_UUID, .required = true},
    {.name = "taken_at", .type = F_TIMESTAMP},
    {.name = "dose_taken", .type = F_DECIMAL, .required = true, .min = 0.01, .max = DOSE_MAX},
    {.name = "notes", .type = F_TEXT, .min = 1, .max = 1000},
    {.name = "client_event_id", .type = F_UUID},
    {0}};

/* What a device did while it was offline. dose_id, or medication_id for a logged as-needed dose. */
static const char *const dose_events[] = {"take", "skip", "snooze", "undo", "log", NULL};
static const struct field event_fields[] = {
    {.name = "client_event_id", .type = F_UUID, .required = true},
    {.name = "event", .type = F_CHOICE, .choices = dose_events, .required = true},
    {.name = "dose_id", .type = F_UUID},
    {.name = "medication_id", .type = F_UUID},
    {.name = "taken_at", .type = F_TIMESTAMP},
    {.name = "dose_taken", .type = F_DECIMAL, .min = 0.01, .max = DOSE_MAX},
    {.name = "minutes", .type = F_INT, .min = 5, .max = 240},
    {.name = "notes", .type = F_TEXT, .min = 1, .max = 1000},
    {.name = "reason", .type = F_TEXT, .min = 1, .max = 500},
    {0}};
static const struct field event = {.type = F_OBJECT, .fields = event_fields};
static const struct field sync_fields[] = {
    {.name = "events", .type = F_LIST, .item = &event, .required = true, .min = 1, .max = 100},
    {0}};

static const char *const buckets[] = {"day", "week", "month", "medication", NULL};
static const struct field adherence_fields[] = {
    {.name = "patient_id", .type = F_UUID},
    {.name = "from", .type = F_DATE},
    {.name = "to", .type = F_DATE},
    {.name = "by", .type = F_CHOICE, .choices = buckets, .def = "day"},
    {0}};

/* --- handlers ------------------------------------------------------------------------------------------------------ */

static enum err create_reminder(struct request *r, const struct sql_stmt *sql)
{
    if (str_eq(input(r, "time_slot"), "custom") && !input(r, "scheduled_time")) {
        fault(r, "/scheduled_time", "required");
        return fail_fields(r);
    }
    return reply_changed(r, sql, &SQL_get_reminder, "reminder_id", 201);
}

static enum err change_reminder(struct request *r, const struct sql_stmt *sql)
{
    return reply_changed(r, sql, &SQL_get_reminder, "reminder_id", 200);
}

static const struct route routes[] = {
    {GET,    "/schedule-templates",                   ACTIVE, R_LIST, NULL,                   run_list,       &SQL_list_schedule_templates},
    {POST,   "/schedule-templates",                   ACTIVE, 0,      template_fields,        run_create,     &SQL_create_schedule_template},
    {GET,    "/schedule-templates/{template_id:uuid}", ACTIVE, 0,     NULL,                   run_one,        &SQL_get_schedule_template},
    {PATCH,  "/schedule-templates/{template_id:uuid}", ACTIVE, 0,     template_change_fields, run_one,        &SQL_change_schedule_template},
    {DELETE, "/schedule-templates/{template_id:uuid}", ACTIVE, 0,     NULL,                   run_no_content, &SQL_archive_schedule_template},

    {GET,    "/reminders",                            ACTIVE, R_LIST, reminder_list_fields,   run_list,       &SQL_list_reminders},
    {POST,   "/reminders",                            ACTIVE, 0,      reminder_fields,        create_reminder, &SQL_create_reminder},
    {POST,   "/reminders/preview",                    ACTIVE, 0,      preview_fields,         run_one,        &SQL_preview_reminder},
    {GET,    "/reminders/{reminder_id:uuid}",         ACTIVE, 0,      NULL,                   run_one,        &SQL_get_reminder},
    {PATCH,  "/reminders/{reminder_id:uuid}",         ACTIVE, 0,      reminder_change_fields, change_reminder, &SQL_change_reminder},
    {DELETE, "/reminders/{reminder_id:uuid}",         ACTIVE, 0,      NULL,                   run_no_content, &SQL_end_reminder},
    {POST,   "/reminders/{reminder_id:uuid}/pause",   ACTIVE, 0,      pause_fields,           change_reminder, &SQL_pause_reminder},
    {POST,   "/reminders/{reminder_id:uuid}/resume",  ACTIVE, 0,      NULL,                   change_reminder, &SQL_resume_reminder},

    {GET,    "/doses",                                ACTIVE, R_LIST, dose_range_fields,      run_list,       &SQL_list_doses},
    {GET,    "/doses/today",                          ACTIVE, 0,      patient_fields,         run_list,       &SQL_list_doses_today},
    {GET,    "/doses/{dose_id:uuid}",                 ACTIVE, 0,      NULL,                   run_one,        &SQL_get_dose},
    {POST,   "/doses/{dose_id:uuid}/take",            ACTIVE, 0,      take_fields,            run_one,        &SQL_take_dose},
    {POST,   "/doses/{dose_id:uuid}/skip",            ACTIVE, 0,      skip_fields,            run_one,        &SQL_skip_dose},
    {POST,   "/doses/{dose_id:uuid}/snooze",          ACTIVE, 0,      snooze_fields,          run_one,        &SQL_snooze_dose},
    {POST,   "/doses/{dose_id:uuid}/undo",            ACTIVE, 0,      undo_fields,            run_one,        &SQL_undo_dose},
    {POST,   "/doses/log",                            ACTIVE, 0,      log_fields,             run_create,     &SQL_log_dose},
    {POST,   "/doses/sync",                           ACTIVE, 0,      sync_fields,            run_one,        &SQL_sync_doses},

    {GET,    "/adherence",                            ACTIVE, 0,      adherence_fields,       run_one,        &SQL_get_adherence},
    {0}};

static const struct area reminders = {.name = "reminders", .routes = routes, .statements = SQL_ALL_reminders};

int main(int argc, char **argv)
{
    return serve(&reminders, argc, argv);
}
