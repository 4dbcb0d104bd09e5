/* Prescriptions: photographed or entered by hand, checked by a person, and the medicines they name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/log.h"
#include "http/serve.h"
#include "prescriptions_sql.h"
#include "progress.h"
#include "storage.h"
#include "upload.h"

#define DOSE_MAX 500.0       /* units of one dose, as in the constraint medication.dose_range */
#define MEDICATIONS_MAX 40.0 /* medicines of one prescription */

/* --- what comes in ------------------------------------------------------------------------------------------------ */

static const char *const genders[] = {"male", "female", "other", NULL};
static const char *const meal_relations[] = {"before", "after", "with", NULL};
static const char *const states[] = {"processing", "completed", "error", "archived", NULL};

/* The head of a prescription: when it is entered, and when it is corrected. */
#define HEAD_FIELDS \
    {.name = "hospital_name", .type = F_TEXT, .nullable = true, .min = 1, .max = 200}, \
    {.name = "prescribing_doctor_name", .type = F_TEXT, .nullable = true, .min = 1, .max = 200}, \
    {.name = "patient_age", .type = F_INT, .nullable = true, .min = 0, .max = 130}, \
    {.name = "patient_gender", .type = F_CHOICE, .nullable = true, .choices = genders}, \
    {.name = "diagnosis", .type = F_TEXT, .nullable = true, .min = 1, .max = 1000}, \
    {.name = "prescription_date", .type = F_DATE, .nullable = true}, \
    {.name = "notes", .type = F_TEXT, .nullable = true, .min = 1, .max = 4000}

static const struct field dose_fields[] = {
    {.name = "morning", .type = F_DECIMAL, .min = 0, .max = DOSE_MAX},
    {.name = "noon", .type = F_DECIMAL, .min = 0, .max = DOSE_MAX},
    {.name = "evening", .type = F_DECIMAL, .min = 0, .max = DOSE_MAX},
    {.name = "night", .type = F_DECIMAL, .min = 0, .max = DOSE_MAX},
    {0}};

/* A medicine but for its name, which is required only where there is none yet. */
#define MEDICATION_FIELDS \
    {.name = "generic_name", .type = F_TEXT, .nullable = true, .min = 1, .max = 200}, \
    {.name = "strength", .type = F_TEXT, .nullable = true, .min = 1, .max = 100}, \
    {.name = "form", .type = F_TEXT, .nullable = true, .min = 1, .max = 50}, \
    {.name = "quantity", .type = F_DECIMAL, .nullable = true, .min = 0, .max = 10000}, \
    {.name = "quantity_unit", .type = F_TEXT, .nullable = true, .min = 1, .max = 50}, \
    {.name = "duration_days", .type = F_INT, .nullable = true, .min = 1, .max = 3650}, \
    {.name = "doses", .type = F_OBJECT, .fields = dose_fields}, \
    {.name = "dose_unit", .type = F_TEXT, .nullable = true, .min = 1, .max = 50}, \
    {.name = "instructions", .type = F_TEXT, .nullable = true, .min = 1, .max = 1000}, \
    {.name = "meal_relation", .type = F_CHOICE, .nullable = true, .choices = meal_relations}, \
    {.name = "as_needed", .type = F_BOOL}, \
    {.name = "max_doses_per_day", .type = F_INT, .nullable = true, .min = 1, .max = 48}, \
    {.name = "min_interval_minutes", .type = F_INT, .nullable = true, .min = 15, .max = 10080}

static const struct field medication_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .min = 1, .max = 200},
    MEDICATION_FIELDS,
    {0}};

static const struct field medication_change_fields[] = {
    {.name = "name", .type = F_TEXT, .min = 1, .max = 200},
    MEDICATION_FIELDS,
    {0}};

/* What the person who checked a draft says about one medicine: changed fields, fields accepted as they were read, or that
 * there is no such medicine. Without an id it is one that the reader missed. */
static const struct field field_name = {.type = F_TEXT, .min = 1, .max = 50};
static const struct field correction_fields[] = {
    {.name = "id", .type = F_UUID},
    {.name = "remove", .type = F_BOOL},
    {.name = "accept", .type = F_LIST, .item = &field_name, .max = 20},
    {.name = "name", .type = F_TEXT, .min = 1, .max = 200},
    MEDICATION_FIELDS,
    {0}};

static const struct field medication_item = {.type = F_OBJECT, .fields = medication_fields};
static const struct field correction_item = {.type = F_OBJECT, .fields = correction_fields};

/* A form brings patient_id and the picture; JSON brings the rest (see create_prescription). */
static const struct field create_fields[] = {
    {.name = "patient_id", .type = F_UUID},
    HEAD_FIELDS,
    {.name = "medications", .type = F_LIST, .item = &medication_item, .min = 1, .max = MEDICATIONS_MAX},
    {0}};

static const struct field change_fields[] = {HEAD_FIELDS, {0}};

static const struct field list_fields[] = {
    {.name = "patient_id", .type = F_UUID},
    {.name = "status", .type = F_CHOICE, .choices = states},
    {.name = "from", .type = F_DATE},
    {.name = "to", .type = F_DATE},
    {.name = "q", .type = F_TEXT, .min = 1, .max = 100},
    {0}};

static const struct field wait_fields[] = {
    {.name = "wait", .type = F_INT, .min = 0, .max = 30, .def = "0"},
    {0}};

static const struct field confirm_fields[] = {
    {.name = "medications", .type = F_LIST, .item = &correction_item, .max = MEDICATIONS_MAX, .def = "[]"},
    {.name = "create_reminders", .type = F_BOOL, .def = "true"},
    {.name = "template_id", .type = F_UUID},
    {.name = "start_date", .type = F_DATE},
    {0}};

static const struct field medication_list_fields[] = {
    {.name = "patient_id", .type = F_UUID},
    {.name = "active", .type = F_BOOL},
    {0}};

/* --- handlers ------------------------------------------------------------------------------------------------------ */

/* Entered by hand: a person wrote it, so nothing has to be checked and it is complete at once. Confirming it makes reminders. */
static enum err create_prescription(struct request *r, const struct sql_stmt *sql)
{
    if (r->is_form)
        return upload_take(r);
    if (!input(r, "medications")) {
        fault(r, "/medications", "required");
        return fail_fields(r);
    }
    return reply_changed(r, sql, &SQL_find_new_prescription, "prescription_id", 201);
}

static enum err change_prescription(struct request *r, const struct sql_stmt *sql)
{
    return reply_changed(r, sql, &SQL_find_prescription, "prescription_id", 200);
}

static enum err reprocess_prescription(struct request *r, const struct sql_stmt *sql)
{
    return reply_changed(r, sql, &SQL_find_upload, "prescription_id", 202);
}

/* Done again it answers the same: reminders_created counts what there is, not what this call has made. */
static enum err confirm_prescription(struct request *r, const struct sql_stmt *sql)
{
    return reply_changed(r, sql, &SQL_find_confirmed_prescription, "prescription_id", 200);
}

static enum err create_medication(struct request *r, const struct sql_stmt *sql)
{
    return reply_changed(r, sql, &SQL_find_new_medication, "medication_id", 201);
}

static enum err change_medication(struct request *r, const struct sql_stmt *sql)
{
    return reply_changed(r, sql, &SQL_find_medication, "medication_id", 200);
}

/* Only what our own reader has re-encoded is ever served; until then there is nothing to show. */
static enum err show_picture(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = db_query_once(r, sql, &rows, NULL);
    if (err != OK)
        return err;
    const char *name = rows_count(&rows) > 0 ? rows_text(&rows, r->mem, 0, "name") : NULL;
    if (!name)
        return fail(r, E_NOT_FOUND, "not_found");
    if (!storage_is_servable(name))
        return fail(r, E_CONFLICT, "prescription.image_not_ready");
    reply_header(r, "Content-Disposition", "inline; filename=\"prescription.jpg\"");
    return reply_file(r, name, "image/jpeg");
}

#define PRESCRIPTION "/prescriptions/{prescription_id:uuid}"
#define MEDICATION "/medications/{medication_id:uuid}"
static const struct route routes[] = {
    {POST,   "/prescriptions",                 ACTIVE, R_UPLOAD | R_LIMIT_UPLOAD, create_fields, create_prescription, &SQL_create_prescription},
    {GET,    "/prescriptions",                 ACTIVE, R_LIST, list_fields,      run_list,             &SQL_list_prescriptions},
    {GET,    PRESCRIPTION,                     ACTIVE, 0, NULL,                  run_one,              &SQL_find_prescription},
    {PATCH,  PRESCRIPTION,                     ACTIVE, 0, change_fields,         change_prescription,  &SQL_change_prescription},
    {DELETE, PRESCRIPTION,                     ACTIVE, 0, NULL,                  run_no_content,       &SQL_archive_prescription},
    {GET,    PRESCRIPTION "/image",            ACTIVE, 0, NULL,                  show_picture,         &SQL_find_image},
    {GET,    PRESCRIPTION "/thumbnail",        ACTIVE, 0, NULL,                  show_picture,         &SQL_find_thumbnail},
    {GET,    PRESCRIPTION "/rectified",        ACTIVE, 0, NULL,                  show_picture,         &SQL_find_rectified},
    {GET,    PRESCRIPTION "/processing",       ACTIVE, 0, wait_fields,           progress_show,        &SQL_find_processing},
    {GET,    PRESCRIPTION "/processing/events", ACTIVE, 0, NULL,                 progress_stream,      &SQL_find_processing},
    {POST,   PRESCRIPTION "/reprocess",        ACTIVE, R_LIMIT_UPLOAD, NULL, reprocess_prescription, &SQL_reprocess_prescription},
    {GET,    PRESCRIPTION "/review",           ACTIVE, 0, NULL,                  run_one,              &SQL_find_review},
    {POST,   PRESCRIPTION "/confirm",          ACTIVE, 0, confirm_fields,        confirm_prescription, &SQL_confirm_prescription},
    {POST,   PRESCRIPTION "/medications",      ACTIVE, 0, medication_fields,     create_medication,    &SQL_create_medication},
    {GET,    "/medications",                   ACTIVE, R_LIST, medication_list_fields, run_list,       &SQL_list_medications},
    {GET,    MEDICATION,                       ACTIVE, 0, NULL,                  run_one,              &SQL_find_medication},
    {PATCH,  MEDICATION,                       ACTIVE, 0, medication_change_fields, change_medication, &SQL_change_medication},
    {DELETE, MEDICATION,                       ACTIVE, 0, NULL,                  run_no_content,       &SQL_end_medication},
    {GET,    MEDICATION "/provenance",         ACTIVE, 0, NULL,                  run_list,             &SQL_list_provenance},
    {0}};

static const struct config_item config[] = {
    {"DASTERN_STORAGE_DIR", CONFIG_PATH, NULL, "folder of the pictures; nginx serves it at /_private/"},
    {"DASTERN_UPLOAD_QUOTA_BYTES", CONFIG_INT, "1073741824", "bytes of pictures that one person may keep"},
    {"DASTERN_UPLOAD_QUOTA_COUNT", CONFIG_INT, "2000", "pictures that one person may keep"},
    {0}};

static enum err start(void)
{
    enum err err = storage_open(config_text("DASTERN_STORAGE_DIR"));
    if (err != OK)
        log_note(LOG_ERROR, "storage.unavailable", "folder", config_text("DASTERN_STORAGE_DIR"));
    return err;
}

static const struct area prescriptions = {.name = "prescriptions", .routes = routes, .statements = SQL_ALL_prescriptions,
                                          .config = config, .start = start};

int main(int argc, char **argv)
{
    return serve(&prescriptions, argc, argv);
}
