/* One patient with one of everything, and everybody who may stand in some relation to it. */
#include "scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "course.h"
#include "expect.h"
#include "owner.h"

struct things owners, strangers;
char secret_diagnosis[48], secret_medicine[48];

struct caller callers[CALLERS] = {
    [NOBODY] = {"nobody"},
    [PENDING] = {"a pending user"},
    [OWNER] = {"the owner", "patient"},
    [STRANGER] = {"another patient", "patient"},
    [REL_VIEW_PRESCRIPTIONS] = {"a relative with view_prescriptions", "family_member", VIEW_PRESCRIPTIONS},
    [REL_VIEW_REMINDERS] = {"a relative with view_reminders", "family_member", VIEW_REMINDERS},
    [REL_MANAGE_REMINDERS] = {"a relative with manage_reminders", "family_member", MANAGE_REMINDERS},
    [REL_LOG_DOSES] = {"a relative with log_doses", "family_member", LOG_DOSES},
    [REL_VIEW_REPORTS] = {"a relative with view_reports", "family_member", VIEW_REPORTS},
    [REL_RECEIVE_ALERTS] = {"a relative with receive_alerts", "family_member", RECEIVE_ALERTS},
    [REL_NONE] = {"a relative without permissions", "family_member"},
    [REL_ALL] = {"a relative with all permissions", "family_member", ALL_PERMISSIONS},
    [REL_HIDDEN] = {"a relative the medicines are hidden from", "family_member", ALL_PERMISSIONS, .blind = true},
    [REL_REVOKED] = {"a relative whose link was revoked", "family_member"},
    [REL_EXPIRED] = {"a relative whose link has expired", "family_member"},
    [REL_REQUESTED] = {"a relative whose request waits", "family_member"},
    [DOC_UNVERIFIED] = {"a doctor no longer verified", "doctor"},
    [DOC_UNLINKED] = {"a doctor without a link", "doctor"},
    [DOC_REQUESTED] = {"a doctor whose request waits", "doctor"},
    [DOC_OTHER] = {"a doctor with another prescription", "doctor", .about = SELECTED},
    [DOC_SELECTED] = {"a doctor with this prescription", "doctor", .level = SELECTED, .about = SELECTED},
    [DOC_FULL] = {"a doctor with full access", "doctor", .level = FULL, .about = FULL},
    [DOC_REVOKED] = {"a doctor whose link was revoked", "doctor"},
    [ADMINISTRATOR] = {"an administrator", "admin"},
};

static char *thing(struct things *of, char name)
{
    const char *at = strchr(THINGS, name);
    assert_non_null(at);
    return of->id[at - THINGS];
}

static void keep(struct things *of, char name, const char *id)
{
    snprintf(thing(of, name), 37, "%s", id);
}

void scene_fill(char *out, size_t size, const char *text, struct things *own, struct things *foreign)
{
    static unsigned minute; /* two reminders of a medicine can't have the same time */
    size_t n = 0;
    for (; text && *text && n + 40 < size; text++) {
        struct things *of = *text == '$' ? own : foreign;
        if (*text != '$' && *text != '^') {
            out[n++] = *text;
        } else if (*++text == 'h') {
            n += (size_t)snprintf(out + n, size - n, "%02u:%02u", 9 + minute / 60 % 12, minute % 60);
            minute++;
        } else {
            n += (size_t)snprintf(out + n, size - n, "%s", of ? thing(of, *text) : nobody_id());
        }
    }
    out[n] = '\0';
}

/* --- Owner's prescriptions, medicines, reminder, dose -------------------------------------------------------------------- */

/* A draft as the reader leaves it, with a medicine that a person still has to confirm. */
static void draft_new(const struct person *patient, struct things *to)
{
    keep(to, 'w', owner_sql("INSERT INTO prescriptions (patient_id, created_by, source, original_image_url, image_type, image_bytes)"
                            " VALUES ($1::uuid, $1::uuid, 'upload', gen_random_uuid() || '.upload', 'image/jpeg', 1000) RETURNING id",
                            patient->id, NULL));
    keep(to, 'c', owner_sql("INSERT INTO medications (prescription_id, patient_id, sequence_number, name, dose_morning)"
                            " VALUES ($1::uuid, $2::uuid, 1, 'Amoxicillin', 1) RETURNING id", thing(to, 'w'), patient->id, NULL));
    owner_sql("INSERT INTO prescription_processing_queue (prescription_id, status, stage, progress, attempts)"
              " VALUES ($1::uuid, 'done', 'review', 100, 1)", thing(to, 'w'), NULL);
}

static void health_new(const struct person *patient, struct things *to)
{
    char id[37];
    medicine_new(patient, false, id);
    keep(to, 'm', id);
    keep(to, 'x', owner_sql("UPDATE prescriptions SET original_image_url = gen_random_uuid() || '.upload', image_type = 'image/jpeg', image_bytes = 9"
                            " WHERE id = (SELECT prescription_id FROM medications WHERE id = $1::uuid) RETURNING id", id, NULL));
    medicine_new(patient, true, id);
    keep(to, 'n', id);
    owner_sql("UPDATE medications SET max_doses_per_day = NULL, min_interval_minutes = NULL WHERE id = $1::uuid", id, NULL);
    medicine_new(patient, false, id);
    keep(to, 'y', owner_sql("SELECT prescription_id FROM medications WHERE id = $1::uuid", id, NULL));
    draft_new(patient, to);
    reminder_new(patient, thing(to, 'm'), id);
    keep(to, 'r', id);
    dose_new(id, -60, 7200, id);
    keep(to, 'd', id);
}

static void show_to(enum caller_id doctor, const char *first, const char *second)
{
    owner_sql("UPDATE doctor_patient_relationships SET prescription_ids = ARRAY[$2::uuid, $3::uuid] WHERE doctor_id = $1::uuid",
              callers[doctor].person.id, first, second, NULL);
}

void scene_renew(void)
{
    health_new(&callers[OWNER].person, &owners);
    owner_sql("UPDATE prescriptions SET diagnosis = $2 WHERE patient_id = $1::uuid AND diagnosis IS NULL", owners.id[0], secret_diagnosis, NULL);
    owner_sql("UPDATE medications SET name = $2 WHERE patient_id = $1::uuid AND name <> $2", owners.id[0], secret_medicine, NULL);
    show_to(DOC_SELECTED, thing(&owners, 'x'), thing(&owners, 'w'));
    show_to(DOC_OTHER, thing(&owners, 'y'), thing(&owners, 'y'));
    owner_sql("UPDATE family_relationships SET hidden_medication_ids = ARRAY[$2::uuid, $3::uuid, $4::uuid] WHERE family_member_id = $1::uuid",
              callers[REL_HIDDEN].person.id, thing(&owners, 'm'), thing(&owners, 'n'), thing(&owners, 'c'), NULL);
}

/* --- links ------------------------------------------------------------------------------------------------------------------ */

static json_t *permissions_object(unsigned wanted)
{
    static const char *const names[] = {"view_prescriptions", "view_reminders", "manage_reminders", "log_doses", "view_reports", "receive_alerts"};
    json_t *out = json_object();
    for (unsigned i = 0; i < 6; i++)
        json_object_set_new(out, names[i], json_boolean(wanted & 1u << i));
    return out;
}

static const char *ask_to_follow(struct person *relative)
{
    struct answer *a = post(callers[OWNER].person.token, json_pack("{s:s}", "relationship", "son"), "/family/invitations");
    a = post(relative->token, json_pack("{s:s}", "code", answer_text(expect(a, 201), "code")), "/family/connect");
    return answer_text(expect(a, 202), "id");
}

static void link_relative(enum caller_id who)
{
    struct person *relative = &callers[who].person, *patient = &callers[OWNER].person;
    char link[37];
    if (who == REL_REQUESTED) {
        keep(&owners, 'k', ask_to_follow(relative));
        return;
    }
    bool over = who == REL_REVOKED || who == REL_EXPIRED;
    person_link(patient, relative, permissions_object(over ? ALL_PERMISSIONS : callers[who].permissions), link);
    if (who == REL_ALL)
        keep(&owners, 'l', link);
    if (who == REL_REVOKED)
        expect(delete_(patient->token, "/family/members/%s", link), 204);
    if (who == REL_EXPIRED)
        owner_sql("UPDATE family_relationships SET expires_at = now() WHERE id = $1::uuid", link, NULL);
}

static void link_doctor(enum caller_id who)
{
    const char *doctor = callers[who].person.id;
    const char *level = who == DOC_SELECTED || who == DOC_OTHER ? "selected" : "full";
    const char *status = who == DOC_REQUESTED ? "requested" : who == DOC_REVOKED ? "revoked" : "active";
    owner_sql("UPDATE doctor_profiles SET verification_status = 'verified', verified_at = now(), verified_by = user_id WHERE user_id = $1::uuid", doctor, NULL);
    if (who != DOC_UNLINKED)
        owner_sql("INSERT INTO doctor_patient_relationships (doctor_id, patient_id, status, level, revoked_at)"
                  " VALUES ($1::uuid, $2::uuid, $3, $4, CASE $3 WHEN 'revoked' THEN now() END)", doctor, owners.id[0], status, level, NULL);
    if (who == DOC_UNVERIFIED)
        owner_sql("UPDATE doctor_profiles SET verification_status = 'rejected', verified_at = NULL, verified_by = NULL, rejection_reason = 'x'"
                  " WHERE user_id = $1::uuid", doctor, NULL);
}

/* --- what only Owner has ------------------------------------------------------------------------------------------------------ */

static const char *made(struct answer *a)
{
    return answer_text(expect(a, a->status == 202 ? 202 : 201), "id");
}

static const char *template_new(const struct person *p)
{
    return made(post(p->token, json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", "Mine", "morning_time", "06:00", "noon_time", "11:00",
                                         "evening_time", "17:00", "night_time", "22:00"), "/schedule-templates"));
}

static const char *session_new(const struct person *p)
{
    struct person other = *p;
    person_login(&other);
    return owner_sql("SELECT id FROM user_sessions WHERE user_id = $1::uuid ORDER BY id DESC LIMIT 1", p->id, NULL);
}

static const char *notification_new(const struct person *p)
{
    return owner_sql("INSERT INTO notifications (user_id, type, title, message) VALUES ($1::uuid, 'family.nudge', 'a', 'b') RETURNING id", p->id, NULL);
}

static const char *invitation_new(const struct person *p)
{
    return made(post(p->token, json_pack("{s:s}", "relationship", "son"), "/family/invitations"));
}

/* REL_ALL is linked again, as the same relative. */
static void link_again(void)
{
    char link[37];
    owner_sql("UPDATE family_relationships SET status = 'revoked', revoked_at = now() WHERE id = $1::uuid AND status = 'active'",
              thing(&owners, 'l'), NULL);
    person_link(&callers[OWNER].person, &callers[REL_ALL].person, permissions_object(ALL_PERMISSIONS), link);
    keep(&owners, 'l', link);
}

static void request_again(void)
{
    const char *relative = callers[REL_REQUESTED].person.id;
    owner_sql("UPDATE family_relationships SET status = 'revoked', revoked_at = now() WHERE family_member_id = $1::uuid AND status = 'active'",
              relative, NULL);
    owner_sql("UPDATE family_connection_requests SET status = 'withdrawn', decided_at = now() WHERE family_member_id = $1::uuid AND status = 'pending'",
              relative, NULL);
    keep(&owners, 'k', ask_to_follow(&callers[REL_REQUESTED].person));
}

void scene_renew_one(char name)
{
    const struct person *p = &callers[OWNER].person;
    switch (name) {
    case 's': keep(&owners, name, session_new(p)); break;
    case 't': keep(&owners, name, template_new(p)); break;
    case 'o': keep(&owners, name, notification_new(p)); break;
    case 'v': keep(&owners, name, invitation_new(p)); break;
    case 'k': request_again(); break;
    case 'l': link_again(); break;
    case 'j':
        keep(&owners, name, owner_sql("INSERT INTO jobs (kind, status, attempts, completed_at) VALUES ('matrix', 'dead', 5, now()) RETURNING id", NULL));
        break;
    default: fail_msg("no way to make another %c", name);
    }
}

/* Everything about Owner as a file, made by a worker. */
static void export_new(const struct person *p)
{
    keep(&owners, 'f', made(post(p->token, NULL, "/auth/me/exports")));
    for (int i = 0; i < 100 && owner_count("SELECT count(*) FROM jobs WHERE id = $1::uuid AND status = 'done'", thing(&owners, 'f'), NULL) == 0; i++)
        owner_sql("SELECT pg_sleep(0.1)", NULL);
}

static void own_things(void)
{
    struct person doctor;
    const char *one_by_one = "stovj";
    for (; *one_by_one; one_by_one++)
        scene_renew_one(*one_by_one);
    const struct person *p = &callers[OWNER].person;
    keep(&owners, 'z', made(post(p->token, json_pack("{s:s}", "type", "medication_adherence"), "/reports")));
    export_new(p);
    person_new(&doctor, "doctor");
    keep(&owners, 'e', doctor.id);
}

/* Stranger has the same of what is not handed out one by one, for what mixes the ids of two patients. */
static void strangers_things(void)
{
    const struct person *p = &callers[STRANGER].person;
    strangers = owners;
    keep(&strangers, 'p', p->id);
    health_new(p, &strangers);
    keep(&strangers, 't', template_new(p));
    keep(&strangers, 'v', invitation_new(p));
}

/* --- all of it ------------------------------------------------------------------------------------------------------------------ */

static void make_person(enum caller_id who)
{
    struct caller *c = &callers[who];
    if (c->role && strcmp(c->role, "admin") != 0) {
        person_new(&c->person, c->role);
        return;
    }
    person_register(&c->person);
    if (!c->role)
        return;
    owner_sql("UPDATE users SET role = 'admin', onboarding_status = 'active' WHERE id = $1::uuid", c->person.id, NULL);
    person_login(&c->person);
    expect(post(c->person.token, json_pack("{s:s}", "password", PERSON_PASSWORD), "/auth/step-up"), 204);
}

int scene_make(void **state)
{
    owner_forgive(state);
    snprintf(secret_diagnosis, sizeof secret_diagnosis, "Dx %s", nobody_id());
    snprintf(secret_medicine, sizeof secret_medicine, "Rx %s", nobody_id());
    for (int who = PENDING; who < CALLERS; who++)
        make_person(who);
    keep(&owners, 'p', callers[OWNER].person.id);
    for (int who = REL_VIEW_PRESCRIPTIONS; who <= REL_REQUESTED; who++)
        link_relative(who);
    for (int who = DOC_UNVERIFIED; who <= DOC_REVOKED; who++)
        link_doctor(who);
    scene_renew();
    own_things();
    strangers_things();
    client_forget();
    return 0;
}

const char *scene_digest(void)
{
    return owner_sql(
        "SELECT md5(concat("
        " (SELECT string_agg(p::text, '' ORDER BY id) FROM prescriptions p WHERE patient_id = $1::uuid),"
        " (SELECT string_agg(m::text, '' ORDER BY id) FROM medications m WHERE patient_id = $1::uuid),"
        " (SELECT string_agg(r::text, '' ORDER BY id) FROM medication_reminders r WHERE patient_id = $1::uuid),"
        " (SELECT string_agg(concat_ws(' ', id, status, actual_time, dose_taken, notes), '' ORDER BY id) FROM medication_reminder_logs"
        "   WHERE patient_id = $1::uuid),"
        " (SELECT string_agg(e::text, '' ORDER BY id) FROM dose_events e WHERE patient_id = $1::uuid),"
        " (SELECT string_agg(t::text, '' ORDER BY id) FROM medication_schedule_templates t WHERE user_id = $1::uuid),"
        " (SELECT string_agg(f::text, '' ORDER BY id) FROM family_relationships f WHERE patient_id = $1::uuid),"
        " (SELECT string_agg(i::text, '' ORDER BY id) FROM family_invitations i WHERE patient_id = $1::uuid),"
        " (SELECT string_agg(c::text, '' ORDER BY id) FROM family_connection_requests c WHERE patient_id = $1::uuid),"
        " (SELECT string_agg(concat_ws(' ', id, revoked_at), '' ORDER BY id) FROM user_sessions WHERE user_id = $1::uuid),"
        " (SELECT string_agg(concat_ws(' ', id, is_active, role, first_name, password_hash), '') FROM users WHERE id = $1::uuid),"
        " (SELECT string_agg(concat_ws(' ', id, is_read), '' ORDER BY id) FROM notifications WHERE user_id = $1::uuid AND type = 'family.nudge'),"
        " (SELECT count(*) FROM prescription_processing_queue q JOIN prescriptions p ON p.id = q.prescription_id"
        "   WHERE p.patient_id = $1::uuid),"
        " (SELECT count(*) FROM ai_reports WHERE patient_id = $1::uuid)))", owners.id[0], NULL);
}
