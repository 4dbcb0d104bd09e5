/* Prescriptions and medicines: entered by hand, listed, corrected, ended; and who gets to see them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "expect.h"
#include "owner.h"
#include "people.h"

static struct person patient, stranger, doctor, outsider;

static int make_people(void **state)
{
    (void)state;
    person_new(&patient, "patient");
    person_new(&stranger, "patient");
    person_new(&doctor, "doctor");
    person_new(&outsider, "family_member");
    return 0;
}

static json_t *good(const char *name)
{
    return json_pack("{s:s, s:s, s:s, s:[{s:s, s:s, s:{s:i, s:f}, s:i}]}", "hospital_name", "Calmette", "diagnosis", "Flu",
                     "prescription_date", "2026-03-04", "medications", "name", name, "strength", "500 mg", "doses", "morning", 1, "night", 0.5,
                     "duration_days", 5);
}

/* A prescription of one medicine; their ids. */
static void prescription_new(const struct person *of, const char *name, char id[37], char medication[37])
{
    struct answer *a = expect(post(of->token, good(name), "/prescriptions"), 201);
    snprintf(id, 37, "%s", answer_text(a, "id"));
    snprintf(medication, 37, "%s", answer_text(a, "medications.0.id"));
}

static long prescriptions_of(const struct person *of)
{
    return owner_count("SELECT count(*) FROM prescriptions WHERE patient_id = $1::uuid", of->id, NULL);
}

/* --- refused ---------------------------------------------------------------------------------------------------------- */

static void bad_fields_are_refused(void **state)
{
    (void)state;
    static const struct { const char *name, *value, *pointer, *code; } cases[] = {
        {"patient_id", "\"x\"", "/patient_id", "format"},
        {"hospital_name", "\"\"", "/hospital_name", "length"},
        {"hospital_name", "7", "/hospital_name", "type"},
        {"hospital_name", "\"a\\u0007b\"", "/hospital_name", "control"},
        {"patient_age", "131", "/patient_age", "max"},
        {"patient_age", "4.5", "/patient_age", "type"},
        {"patient_age", "\"45\"", "/patient_age", "type"},
        {"patient_gender", "\"f\"", "/patient_gender", "choice"},
        {"prescription_date", "\"2026-02-30\"", "/prescription_date", "format"},
        {"status", "\"completed\"", "/status", "unknown"},
        {"doctor_id", "null", "/doctor_id", "unknown"},
        {"unsure", "[]", "/unsure", "unknown"},
        {"ocr_confidence_score", "1", "/ocr_confidence_score", "unknown"},
        {"medications", "[]", "/medications", "length"},
        {"medications", "{}", "/medications", "type"},
        {"medications", "[7]", "/medications/0", "type"},
        {"medications", "[{}]", "/medications/0/name", "required"},
        {"medications", "[{\"name\": null}]", "/medications/0/name", "type"},
        {"medications", "[{\"name\": \"A\", \"id\": null}]", "/medications/0/id", "unknown"},
        {"medications", "[{\"name\": \"A\", \"doses\": {\"morning\": 0.125}}]", "/medications/0/doses/morning", "format"},
        {"medications", "[{\"name\": \"A\", \"doses\": {\"morning\": 500.01}}]", "/medications/0/doses/morning", "max"},
        {"medications", "[{\"name\": \"A\", \"meal_relation\": \"during\"}]", "/medications/0/meal_relation", "choice"},
        {"medications", "[{\"name\": \"A\", \"duration_days\": 0}]", "/medications/0/duration_days", "min"},
        {"medications", "[{\"name\": \"A\", \"quantity\": -1}]", "/medications/0/quantity", "min"},
        {"medications", "[{\"name\": \"A\", \"as_needed\": 1}]", "/medications/0/as_needed", "type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *body = good("A");
        json_object_set_new(body, cases[i].name, json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        expect_fault(post(patient.token, body, "/prescriptions"), cases[i].pointer, cases[i].code);
    }
    expect_fault(post(patient.token, json_object(), "/prescriptions"), "/medications", "required");
    assert_int_equal(prescriptions_of(&patient), 0);
}

static void bad_json_is_refused(void **state)
{
    (void)state;
    static const struct { const char *text, *code; } cases[] = {
        {"{\"medications\": [", "json.syntax"},
        {"{\"hospital_name\": \"a\\u0000b\", \"medications\": [{\"name\": \"A\"}]}", "json.nul"},
        {"{\"hospital_name\": \"\xff\", \"medications\": [{\"name\": \"A\"}]}", "json.encoding"},
        {"{\"notes\": \"a\", \"notes\": \"b\", \"medications\": [{\"name\": \"A\"}]}", "json.duplicate_key"},
        {"[]", "json.not_object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_problem(post_raw(patient.token, "/prescriptions", cases[i].text, strlen(cases[i].text)), 400, cases[i].code);
    static const char huge[] = "{\"medications\": [{\"name\": \"A\", \"doses\": {\"morning\": 1e400}}]}";
    struct answer *a = post_raw(patient.token, "/prescriptions", huge, sizeof huge - 1);
    assert_true(a->status == 400 || a->status == 422);
    assert_int_equal(prescriptions_of(&patient), 0);
}

static void a_name_of_blanks_is_no_name(void **state)
{
    (void)state;
    expect_problem(post(patient.token, good("   "), "/prescriptions"), 422, "medication.name_required");
    assert_int_equal(prescriptions_of(&patient), 0);
}

/* --- entered by hand ---------------------------------------------------------------------------------------------------- */

static void what_is_entered_is_complete(void **state)
{
    (void)state;
    struct answer *a = expect(post(stranger.token, good("Amoxicilline"), "/prescriptions"), 201);
    char location[80];
    snprintf(location, sizeof location, "/api/v1/prescriptions/%s", answer_text(a, "id"));
    assert_string_equal(answer_header(a, "Location"), location);
    assert_string_equal(answer_text(a, "patient_id"), stranger.id);
    assert_string_equal(answer_text(a, "status"), "completed");
    assert_string_equal(answer_text(a, "prescription_date"), "2026-03-04");
    assert_true(json_is_null(answer_at(a, "doctor_id")));
    assert_true(answer_number(a, "medications.0.doses.night") == 0.5);
    assert_true(answer_number(a, "medications.0.doses.noon") == 0);
    assert_int_equal(answer_count(a, "unsure"), 0);
    a = expect(post(stranger.token, json_object(), "/prescriptions/%s/confirm", answer_text(a, "id")), 200);
    assert_true(answer_number(a, "reminders_created") == 2);
}

static void khmer_stays_khmer(void **state)
{
    (void)state;
    static const char name[] = "ប៉ារ៉ាសេតាម៉ុល \"500\" \\ 😀";
    struct answer *a = expect(post(stranger.token, good(name), "/prescriptions"), 201);
    assert_string_equal(answer_text(a, "medications.0.name"), name);
    assert_int_equal(answer_count(expect(get(stranger.token, "/prescriptions?q=%s", "%E1%9E%94%E1%9F%89%E1%9E%B6%E1%9E%9A%E1%9F%89"), 200), "items"), 1);
}

/* --- lists ---------------------------------------------------------------------------------------------------------------- */

static void a_list_goes_from_new_to_old_without_gaps(void **state)
{
    (void)state;
    struct person reader;
    char id[37], medication[37], seen[45][37];
    person_new(&reader, "patient");
    for (int i = 0; i < 45; i++)
        prescription_new(&reader, "A", id, medication);
    size_t n = 0;
    const char *cursor = NULL;
    for (int page = 0; page < 4 && n < 45; page++) {
        struct answer *a = expect(cursor ? get(reader.token, "/prescriptions?cursor=%s", cursor) : get(reader.token, "/prescriptions"), 200);
        for (size_t i = 0; i < answer_count(a, "items"); i++) {
            char path[40];
            snprintf(path, sizeof path, "items.%zu.id", i);
            assert_true(n < 45);
            snprintf(seen[n++], 37, "%s", answer_text(a, path));
        }
        cursor = n < 45 ? answer_text(a, "next_cursor") : NULL;
        assert_true((answer_header(a, "Link") != NULL) == (cursor != NULL));
    }
    assert_int_equal(n, 45);
    for (size_t i = 1; i < n; i++)
        assert_true(strcmp(seen[i - 1], seen[i]) > 0);
}

static void lists_can_be_narrowed(void **state)
{
    (void)state;
    struct person reader;
    char id[37], medication[37];
    person_new(&reader, "patient");
    prescription_new(&reader, "Amoxicillin", id, medication);
    prescription_new(&reader, "Paracetamol", id, medication);
    expect(delete_(reader.token, "/prescriptions/%s", id), 204);
    static const struct { const char *query; size_t items; } cases[] = {
        {"", 1}, {"?status=archived", 1}, {"?status=completed", 1}, {"?status=error", 0}, {"?q=amoxi", 1}, {"?q=CALMETTE", 1},
        {"?q=%25", 0}, {"?q=paraceta", 0}, {"?q=paraceta&status=archived", 1}, {"?from=2026-03-04&to=2026-03-04", 1}, {"?from=2026-03-05", 0},
        {"?to=2026-03-03", 0}, {"?limit=1", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(answer_count(expect(get(reader.token, "/prescriptions%s", cases[i].query), 200), "items"), cases[i].items);
    static const char *const bad[] = {"?limit=0", "?limit=101", "?limit=x", "?cursor=!", "?cursor=AAAA", "?status=new", "?from=yesterday", "?page=2",
                                      "?q=", "?patient_id=1", "?from=2026-03-04&from=2026-03-05"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect(get(reader.token, "/prescriptions%s", bad[i]), 400);
}

static void the_current_list_holds_what_is_taken(void **state)
{
    (void)state;
    struct person reader;
    char id[37], kept[37], stopped[37];
    person_new(&reader, "patient");
    prescription_new(&reader, "Kept", id, kept);
    prescription_new(&reader, "Stopped", id, stopped);
    expect(delete_(reader.token, "/medications/%s", stopped), 204);
    struct answer *a = expect(get(reader.token, "/medications?active=true"), 200);
    assert_int_equal(answer_count(a, "items"), 1);
    assert_string_equal(answer_text(a, "items.0.id"), kept);
    a = expect(get(reader.token, "/medications?active=false"), 200);
    assert_string_equal(answer_text(a, "items.0.id"), stopped);
    assert_int_equal(answer_count(expect(get(reader.token, "/medications"), 200), "items"), 2);
    /* a draft is nobody's medicine yet */
    owner_sql("WITH p AS (INSERT INTO prescriptions (patient_id, created_by) VALUES ($1::uuid, $1::uuid) RETURNING id) "
              "INSERT INTO medications (prescription_id, patient_id, sequence_number, name) SELECT id, $1::uuid, 1, 'Draft' FROM p", reader.id, NULL);
    assert_int_equal(answer_count(expect(get(reader.token, "/medications?active=true"), 200), "items"), 1);
}

/* --- corrections ------------------------------------------------------------------------------------------------------------ */

static struct answer *patch_if(const struct person *by, const char *path, const char *etag, json_t *body)
{
    char line[128];
    snprintf(line, sizeof line, "If-Match: %s", etag);
    const char *const headers[] = {line, NULL};
    return client_call(&(struct call){.method = "PATCH", .path = path, .token = by->token, .json = body, .headers = headers});
}

static struct answer *get_if(const struct person *by, const char *path, const char *etag)
{
    char line[128];
    snprintf(line, sizeof line, "If-None-Match: %s", etag);
    const char *const headers[] = {line, NULL};
    return client_call(&(struct call){.path = path, .token = by->token, .headers = headers});
}

static void an_etag_guards_against_overwriting(void **state)
{
    (void)state;
    char id[37], medication[37], path[100], etag[100];
    prescription_new(&stranger, "A", id, medication);
    const char *const paths[] = {"/prescriptions/", "/medications/"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s", paths[i], i ? medication : id);
        snprintf(etag, sizeof etag, "%s", answer_header(expect(get(stranger.token, "%s", path), 200), "ETag"));
        assert_int_equal(get_if(&stranger, path, etag)->status, 304);
        const char *field = i ? "instructions" : "notes";
        struct answer *a = expect(patch_if(&stranger, path, etag, json_pack("{s:s}", field, "first")), 200);
        assert_string_not_equal(answer_header(a, "ETag"), etag);
        expect_problem(patch_if(&stranger, path, etag, json_pack("{s:s}", field, "second")), 412, "precondition.failed");
        assert_string_equal(answer_text(expect(get(stranger.token, "%s", path), 200), field), "first");
        assert_int_equal(get_if(&stranger, path, etag)->status, 200);
    }
}

static void null_empties_and_absent_keeps(void **state)
{
    (void)state;
    char id[37], medication[37];
    prescription_new(&stranger, "A", id, medication);
    struct answer *a = expect(patch(stranger.token, json_pack("{s:n, s:i}", "diagnosis", "patient_age", 45), "/prescriptions/%s", id), 200);
    assert_true(json_is_null(answer_at(a, "diagnosis")));
    assert_string_equal(answer_text(a, "hospital_name"), "Calmette");
    assert_true(answer_number(a, "version") == 2);
    assert_int_equal(owner_count("SELECT count(*) FROM prescription_versions WHERE prescription_id = $1::uuid AND snapshot ->> 'diagnosis' = 'Flu'", id,
                                 NULL), 1);
    expect_fault(patch(stranger.token, json_pack("{s:s}", "status", "error"), "/prescriptions/%s", id), "/status", "unknown");
    expect_fault(patch(stranger.token, json_pack("{s:n}", "name"), "/medications/%s", medication), "/name", "type");
}

static void reminders_follow_a_changed_dose(void **state)
{
    (void)state;
    char id[37], medication[37];
    prescription_new(&stranger, "A", id, medication);
    expect(post(stranger.token, json_object(), "/prescriptions/%s/confirm", id), 200);
    struct answer *a = expect(patch(stranger.token, json_pack("{s:{s:i, s:i, s:i}}", "doses", "morning", 2, "noon", 1, "night", 0), "/medications/%s",
                                    medication), 200);
    assert_true(answer_number(a, "doses.morning") == 2);
    const char *slots = owner_sql("SELECT string_agg(time_slot || '=' || trim_scale(dose_amount), ' ' ORDER BY time_slot) FROM medication_reminders "
                                  "WHERE medication_id = $1::uuid AND is_active", medication, NULL);
    assert_string_equal(slots, "morning=2 noon=1");
}

static void nothing_is_ever_destroyed(void **state)
{
    (void)state;
    char id[37], medication[37];
    prescription_new(&stranger, "A", id, medication);
    expect(post(stranger.token, json_object(), "/prescriptions/%s/confirm", id), 200);
    expect(delete_(stranger.token, "/prescriptions/%s", id), 204);
    expect(delete_(stranger.token, "/prescriptions/%s", id), 204);
    struct answer *a = expect(get(stranger.token, "/prescriptions/%s", id), 200);
    assert_string_equal(answer_text(a, "status"), "archived");
    assert_false(answer_true(a, "medications.0.is_active"));
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminders WHERE medication_id = $1::uuid AND is_active", medication, NULL), 0);
    expect_problem(patch(stranger.token, json_pack("{s:s}", "notes", "x"), "/prescriptions/%s", id), 409, "prescription.not_editable");
    expect_problem(patch(stranger.token, json_pack("{s:s}", "name", "x"), "/medications/%s", medication), 409, "prescription.not_editable");
    expect_problem(post(stranger.token, json_object(), "/prescriptions/%s/confirm", id), 409, "prescription.not_ready");
    expect_problem(post(stranger.token, json_pack("{s:s}", "name", "x"), "/prescriptions/%s/medications", id), 409, "prescription.not_editable");
}

static void a_prescription_by_hand_has_no_picture(void **state)
{
    (void)state;
    char id[37], medication[37];
    prescription_new(&stranger, "A", id, medication);
    static const char *const parts[] = {"image", "thumbnail", "rectified", "processing", "processing/events"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        expect_problem(get(stranger.token, "/prescriptions/%s/%s", id, parts[i]), 404, "not_found");
}

/* --- who sees ------------------------------------------------------------------------------------------------------------------ */

struct door { const char *method, *format_before, *format_after; bool of_medication; const char *body; };
static const struct door doors[] = {
    {"GET", "/prescriptions/", "", false, NULL},
    {"PATCH", "/prescriptions/", "", false, "{\"notes\": \"x\"}"},
    {"DELETE", "/prescriptions/", "", false, NULL},
    {"GET", "/prescriptions/", "/image", false, NULL},
    {"GET", "/prescriptions/", "/thumbnail", false, NULL},
    {"GET", "/prescriptions/", "/rectified", false, NULL},
    {"GET", "/prescriptions/", "/processing", false, NULL},
    {"GET", "/prescriptions/", "/processing?wait=2", false, NULL},
    {"GET", "/prescriptions/", "/processing/events", false, NULL},
    {"POST", "/prescriptions/", "/reprocess", false, NULL},
    {"GET", "/prescriptions/", "/review", false, NULL},
    {"POST", "/prescriptions/", "/confirm", false, "{}"},
    {"POST", "/prescriptions/", "/medications", false, "{\"name\": \"x\"}"},
    {"GET", "/medications/", "", true, NULL},
    {"PATCH", "/medications/", "", true, "{\"name\": \"x\"}"},
    {"DELETE", "/medications/", "", true, NULL},
    {"GET", "/medications/", "/provenance", true, NULL},
    {"GET", "/prescriptions?patient_id=", "", false, NULL},
    {"GET", "/medications?patient_id=", "", false, NULL},
};

static struct answer *knock(const struct door *door, const char *token, const char *id)
{
    char path[200];
    snprintf(path, sizeof path, "%s%s%s", door->format_before, id, door->format_after);
    return client_call(&(struct call){.method = door->method, .path = path, .token = token, .raw = door->body,
                                      .raw_size = door->body ? strlen(door->body) : 0});
}

/* Every way to a prescription, for somebody who may not see it: as if it did not exist, and nothing happens. `of` NULL: who may
 * list others of the same patient. */
static void expect_closed(const struct person *of, const char *id, const char *medication, const char *token)
{
    const char *before = owner_sql("SELECT md5(prescription_snapshot($1::uuid)::text)", id, NULL);
    char kept[33];
    snprintf(kept, sizeof kept, "%s", before);
    for (size_t i = 0; i < sizeof doors / sizeof doors[0]; i++) {
        bool by_patient = strstr(doors[i].format_before, "patient_id") != NULL;
        if (by_patient && !of)
            continue;
        struct answer *random = expect_problem(knock(&doors[i], token, nobody_id()), 404, "not_found");
        expect_same_refusal(knock(&doors[i], token, by_patient ? of->id : doors[i].of_medication ? medication : id), random);
    }
    assert_string_equal(owner_sql("SELECT md5(prescription_snapshot($1::uuid)::text)", id, NULL), kept);
}

static void others_see_nothing(void **state)
{
    (void)state;
    char id[37], medication[37];
    prescription_new(&patient, "Secret", id, medication);
    const char *const tokens[] = {stranger.token, doctor.token, outsider.token};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        expect_closed(&patient, id, medication, tokens[i]);
    for (size_t i = 0; i < sizeof doors / sizeof doors[0]; i++)
        expect_problem(knock(&doors[i], NULL, id), 401, "auth.token_missing");
}

static void a_relative_sees_what_is_permitted_until_it_is_not(void **state)
{
    (void)state;
    char id[37], medication[37], link[37];
    struct person relative;
    prescription_new(&patient, "Shared", id, medication);
    person_new(&relative, "family_member");
    person_link(&patient, &relative, json_pack("{s:b}", "view_prescriptions", 0), link);
    expect_problem(get(relative.token, "/prescriptions/%s", id), 404, "not_found");
    expect_problem(get(relative.token, "/prescriptions?patient_id=%s", patient.id), 404, "not_found");
    expect(patch(patient.token, json_pack("{s:{s:b}}", "permissions", "view_prescriptions", 1), "/family/members/%s", link), 200);
    expect(get(relative.token, "/prescriptions/%s", id), 200);
    expect(get(relative.token, "/medications/%s", medication), 200);
    assert_true(answer_count(expect(get(relative.token, "/prescriptions?patient_id=%s", patient.id), 200), "items") >= 1);
    assert_true(owner_count("SELECT count(*) FROM audit_logs WHERE patient_id = $1::uuid AND user_id = $2::uuid AND action = 'view'", patient.id,
                            relative.id, NULL) >= 3);
    /* seeing is not writing */
    expect_problem(patch(relative.token, json_pack("{s:s}", "notes", "x"), "/prescriptions/%s", id), 404, "not_found");
    expect_problem(delete_(relative.token, "/medications/%s", medication), 404, "not_found");
    expect_problem(post(relative.token, json_object(), "/prescriptions/%s/confirm", id), 404, "not_found");
    expect(delete_(patient.token, "/family/members/%s", link), 204);
    expect_closed(&patient, id, medication, relative.token);
}

static void a_hidden_medicine_hides_its_prescription(void **state)
{
    (void)state;
    char id[37], medication[37], other[37], other_medication[37], link[37];
    struct person relative;
    prescription_new(&patient, "Hidden", id, medication);
    prescription_new(&patient, "Open", other, other_medication);
    person_new(&relative, "family_member");
    person_link(&patient, &relative, json_pack("{s:b, s:b}", "view_prescriptions", 1, "manage_reminders", 1), link);
    json_t *body = json_pack("{s:[s]}", "hidden_medication_ids", medication);
    expect(patch(patient.token, body, "/family/members/%s", link), 200);
    struct answer *random = expect_problem(get(relative.token, "/prescriptions/%s", nobody_id()), 404, "not_found");
    expect_same_refusal(get(relative.token, "/prescriptions/%s", id), random);
    expect_same_refusal(get(relative.token, "/medications/%s", medication), random);
    expect_same_refusal(delete_(relative.token, "/prescriptions/%s", id), random);
    expect_same_refusal(post(relative.token, json_object(), "/prescriptions/%s/confirm", id), random);
    expect(get(relative.token, "/prescriptions/%s", other), 200);
    struct answer *list = expect(get(relative.token, "/prescriptions?patient_id=%s", patient.id), 200);
    assert_null(strstr(list->body, id));
    assert_null(strstr(list->body, medication));
    list = expect(get(relative.token, "/medications?patient_id=%s", patient.id), 200);
    assert_null(strstr(list->body, medication));
}

static void a_doctor_sees_what_is_shown_and_what_he_wrote(void **state)
{
    (void)state;
    struct person writer, owner;
    char id[37], medication[37];
    person_new(&writer, "doctor");
    person_new(&owner, "patient");
    prescription_new(&owner, "Private", id, medication);
    owner_sql("UPDATE doctor_profiles SET verification_status = 'verified', verified_at = now(), verified_by = user_id WHERE user_id = $1::uuid",
              writer.id, NULL);
    json_t *body = good("Prescribed");
    json_object_set_new(body, "patient_id", json_string(owner.id));
    expect_problem(post(writer.token, json_incref(body), "/prescriptions"), 404, "not_found"); /* not linked */
    owner_sql("INSERT INTO doctor_patient_relationships (doctor_id, patient_id, status, level, decided_at) "
              "VALUES ($1::uuid, $2::uuid, 'active', 'selected', now())", writer.id, owner.id, NULL);
    struct answer *a = expect(post(writer.token, body, "/prescriptions"), 201);
    char written[37];
    snprintf(written, sizeof written, "%s", answer_text(a, "id"));
    assert_string_equal(answer_text(a, "doctor_id"), writer.id);
    assert_string_equal(answer_text(expect(get(owner.token, "/prescriptions/%s", written), 200), "doctor_id"), writer.id);
    expect(get(writer.token, "/prescriptions/%s", written), 200);
    expect_closed(NULL, id, medication, writer.token);
    assert_int_equal(answer_count(expect(get(writer.token, "/prescriptions?patient_id=%s", owner.id), 200), "items"), 1);
    /* what to take is for the patient to say */
    expect_problem(post(writer.token, json_object(), "/prescriptions/%s/confirm", written), 404, "not_found");
    owner_sql("UPDATE doctor_profiles SET verification_status = 'rejected' WHERE user_id = $1::uuid", writer.id, NULL);
    expect_problem(get(writer.token, "/prescriptions/%s", written), 404, "not_found");
    owner_sql("UPDATE doctor_profiles SET verification_status = 'verified' WHERE user_id = $1::uuid", writer.id, NULL);
    expect(get(writer.token, "/prescriptions/%s", written), 200);
    owner_sql("UPDATE doctor_patient_relationships SET status = 'revoked', revoked_at = now() WHERE doctor_id = $1::uuid", writer.id, NULL);
    expect_problem(get(writer.token, "/prescriptions/%s", written), 404, "not_found");
}

static void ids_that_are_none_are_not_found(void **state)
{
    (void)state;
    static const char *const ids[] = {"x", "1", "%00", "..%2f..%2fetc%2fpasswd", "00000000-0000-0000-0000-00000000000g", "a'or'1'='1"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct answer *a = get(patient.token, "/prescriptions/%s", ids[i]);
        assert_true(a->status == 404 || a->status == 400);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_fields_are_refused),
        cmocka_unit_test(bad_json_is_refused),
        cmocka_unit_test(a_name_of_blanks_is_no_name),
        cmocka_unit_test(what_is_entered_is_complete),
        cmocka_unit_test(khmer_stays_khmer),
        cmocka_unit_test(a_list_goes_from_new_to_old_without_gaps),
        cmocka_unit_test(lists_can_be_narrowed),
        cmocka_unit_test(the_current_list_holds_what_is_taken),
        cmocka_unit_test(an_etag_guards_against_overwriting),
        cmocka_unit_test(null_empties_and_absent_keeps),
        cmocka_unit_test(reminders_follow_a_changed_dose),
        cmocka_unit_test(nothing_is_ever_destroyed),
        cmocka_unit_test(a_prescription_by_hand_has_no_picture),
        cmocka_unit_test(others_see_nothing),
        cmocka_unit_test(a_relative_sees_what_is_permitted_until_it_is_not),
        cmocka_unit_test(a_hidden_medicine_hides_its_prescription),
        cmocka_unit_test(a_doctor_sees_what_is_shown_and_what_he_wrote),
        cmocka_unit_test(ids_that_are_none_are_not_found),
    };
    return cmocka_run_group_tests_name("prescriptions", tests, make_people, NULL);
}
