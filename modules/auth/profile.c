/* Onboarding and the account itself. */
#include "profile.h"

#include "auth_sql.h"

static const char *const genders[] = {"male", "female", "other", NULL};
static const char *const blood_types[] = {"A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-", NULL};
static const struct field list_item = {.name = "item", .type = F_TEXT, .min = 1, .max = 200};
static const struct field contact_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .min = 1, .max = 200},
    {.name = "phone", .type = F_PHONE, .required = true},
    {0}};
static const struct field meal_fields[] = {
    {.name = "morning", .type = F_CLOCK},
    {.name = "noon", .type = F_CLOCK},
    {.name = "evening", .type = F_CLOCK},
    {.name = "night", .type = F_CLOCK},
    {0}};

const struct field profile_fields[] = {
    {.name = "date_of_birth", .type = F_DATE},
    {.name = "gender", .type = F_CHOICE, .nullable = true, .choices = genders},
    {.name = "blood_type", .type = F_CHOICE, .nullable = true, .choices = blood_types},
    {.name = "allergies", .type = F_LIST, .max = 50, .item = &list_item},
    {.name = "conditions", .type = F_LIST, .max = 50, .item = &list_item},
    {.name = "emergency_contact", .type = F_OBJECT, .nullable = true, .fields = contact_fields},
    {.name = "meal_times", .type = F_OBJECT, .nullable = true, .fields = meal_fields},
    {.name = "license_number", .type = F_TEXT, .min = 1, .max = 100},
    {.name = "specialization", .type = F_TEXT, .min = 1, .max = 200},
    {.name = "hospital_name", .type = F_TEXT, .min = 1, .max = 200},
    {.name = "years_of_experience", .type = F_INT, .min = 0, .max = 80},
    {.name = "relationship", .type = F_TEXT, .nullable = true, .min = 1, .max = 50},
    {0}};

/* Which of the fields a role takes; those with '!' must be there. */
static const struct role_profile {
    const char *role;
    const struct sql_stmt *sql;
    const char *fields[8];
} roles[] = {
    {"patient", &SQL_put_patient_profile,
     {"!date_of_birth", "gender", "blood_type", "allergies", "conditions", "emergency_contact", "meal_times"}},
    {"doctor", &SQL_put_doctor_profile, {"!license_number", "!specialization", "!hospital_name", "!years_of_experience"}},
    {"family_member", &SQL_put_family_profile, {"relationship"}},
};

static const struct role_profile *find_role(const char *role)
{
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (str_eq(roles[i].role, role))
            return &roles[i];
    return NULL;
}

static bool takes(const struct role_profile *p, const char *name)
{
    for (const char *const *f = p->fields; *f; f++)
        if (str_eq(*f + (**f == '!'), name))
            return true;
    return false;
}

static void refuse_foreign_fields(struct request *r, const struct role_profile *p)
{
    for (const struct field *f = profile_fields; f->name; f++)
        if (input_present(r, f->name) && !takes(p, f->name))
            fault(r, arena_printf(r->mem, "/%s", f->name), "unknown");
}

static void require_fields(struct request *r, const struct role_profile *p)
{
    for (const char *const *f = p->fields; *f; f++)
        if (**f == '!' && !input_present(r, *f + 1))
            fault(r, arena_printf(r->mem, "/%s", *f + 1), "required");
}

enum err change_and_show(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = db_query(r, sql, &rows, NULL);
    if (err == OK)
        err = db_query(r, &SQL_get_me, &rows, NULL);
    return err == OK ? reply_row(r, 200, &rows) : err;
}

/* Which kinds of notices there are stands in the database. */
static enum err check_preferences(struct request *r)
{
    struct rows faults = {0};
    enum err err = db_query(r, &SQL_find_preference_faults, &faults, NULL);
    for (size_t i = 0; err == OK && i < rows_count(&faults); i++)
        fault(r, arena_printf(r->mem, "/notification_preferences%s", rows_text(&faults, r->mem, i, "pointer")),
              rows_bool(&faults, i, "is_unknown") ? "unknown" : "type");
    return err == OK && r->faults.count ? fail_fields(r) : err;
}

enum err change_me(struct request *r, const struct sql_stmt *sql)
{
    enum err err = input_present(r, "notification_preferences") ? check_preferences(r) : OK;
    return err == OK ? change_and_show(r, sql) : err;
}

/* The role decides which fields are right. */
static enum err find_profile(struct request *r, const struct sql_stmt *sql, const struct role_profile **p)
{
    struct rows mine = {0};
    enum err err = db_query(r, sql, &mine, NULL);
    if (err != OK)
        return err;
    *p = find_role(rows_text(&mine, r->mem, 0, "role"));
    return *p ? OK : fail_with(r, E_FORBIDDEN, 403, "onboarding.role_first", rows_text(&mine, r->mem, 0, "wants"));
}

enum err put_profile(struct request *r, const struct sql_stmt *sql)
{
    const struct role_profile *p;
    enum err err = find_profile(r, sql, &p);
    if (err != OK)
        return err;
    refuse_foreign_fields(r, p);
    require_fields(r, p);
    return r->faults.count ? fail_fields(r) : change_and_show(r, p->sql);
}

enum err patch_profile(struct request *r, const struct sql_stmt *sql)
{
    const struct role_profile *p;
    enum err err = find_profile(r, sql, &p);
    if (err != OK)
        return err;
    refuse_foreign_fields(r, p);
    return r->faults.count ? fail_fields(r) : change_and_show(r, &SQL_change_profile);
}
