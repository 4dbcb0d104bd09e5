/* From a draft to a prescription: what the reader was unsure of must be looked at by a person, and confirming happens once. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "draft.h"
#include "expect.h"

#define CELL(value, source, unsure) "{\"value\": " value ", \"confidence\": 0.9, \"source\": \"" source "\", \"unsure\": " unsure \
                                    ", \"box\": [10, 20, 30, 40]}"
#define OWN_WAITS 8 /* requests of an account that may wait in one process, whichever serves them */
#define PROCESSES 2 /* of a module */
#define BLANK "{\"value\": null, \"confidence\": 0, \"source\": null, \"unsure\": false, \"box\": null}"

/* Two medicines; of the second the evening dose could not be read and the noon dose not with certainty. */
static const char two_medicines[] =
    "{\"error\": null, \"page\": {\"width\": 2000, \"height\": 1400}, \"confidence\": 0.91,"
    " \"fields\": {\"hospital_name\": " CELL("\"Calmette\"", "ocr", "false") ", \"diagnosis\": " CELL("\"Flu\"", "ocr", "true") ","
    "              \"patient_age\": " CELL("\"45\"", "ocr", "false") ", \"patient_gender\": " BLANK "},"
    " \"medications\": ["
    "  {\"sequence_number\": 1, \"name\": \"Amoxicillin\", \"strength\": \"500mg\", \"quantity\": 15, \"duration_days\": 5,"
    "   \"doses\": {\"morning\": 1, \"noon\": 1, \"evening\": 1, \"night\": 0}, \"as_needed\": false, \"confidence\": 0.95, \"unsure\": [],"
    "   \"provenance\": {\"name\": " CELL("\"Amoxicillin\"", "ocr", "false") ", \"strength\": " CELL("\"500mg\"", "ocr", "false") ","
    "     \"quantity\": " CELL("\"15\"", "ocr", "false") ", \"duration_days\": " CELL("null", "rule", "false") ","
    "     \"doses.morning\": " CELL("\"1\"", "ocr", "false") ", \"doses.noon\": " CELL("\"1\"", "ocr", "false") ","
    "     \"doses.evening\": " CELL("\"1\"", "ocr", "false") ", \"doses.night\": " CELL("\"-\"", "ocr", "false") "}},"
    "  {\"sequence_number\": 2, \"name\": \"Paracetamol\", \"doses\": {\"morning\": 1, \"noon\": 4, \"evening\": null, \"night\": 0},"
    "   \"as_needed\": false, \"confidence\": 0.5, \"unsure\": [\"doses.noon\", \"doses.evening\"],"
    "   \"provenance\": {\"name\": " CELL("\"Paracetamol\"", "ocr", "false") ", \"strength\": " BLANK ","
    "     \"doses.morning\": " CELL("\"1\"", "ocr", "false") ", \"doses.noon\": " CELL("\"4\"", "ocr", "true") ","
    "     \"doses.evening\": " CELL("null", "ocr", "true") ", \"doses.night\": " CELL("\"\"", "ocr", "false") "}}]}";

static struct person patient;

static int make_people(void **state)
{
    (void)state;
    person_new(&patient, "patient");
    return 0;
}

static void draft_new(const struct person *of, char id[37])
{
    picture_claimed(of, id);
    assert_string_equal(draft_store(id, "1", two_medicines), "t");
}

static void medication_at(const char *token, const char *id, int row, char out[37])
{
    char path[40];
    snprintf(path, sizeof path, "medications.%d.id", row);
    snprintf(out, 37, "%s", answer_text(expect(get(token, "/prescriptions/%s", id), 200), path));
}

static long reminders_of(const char *id)
{
    return owner_count("SELECT count(*) FROM medication_reminders r JOIN medications m ON m.id = r.medication_id "
                       "WHERE m.prescription_id = $1::uuid AND r.is_active", id, NULL);
}

/* --- what the reader says ------------------------------------------------------------------------------------------- */

static void a_draft_shows_what_is_unsure(void **state)
{
    (void)state;
    char id[37];
    draft_new(&patient, id);
    struct answer *a = expect(get(patient.token, "/prescriptions/%s", id), 200);
    assert_string_equal(answer_text(a, "status"), "processing");
    assert_string_equal(answer_text(a, "stage"), "review");
    assert_string_equal(answer_text(a, "hospital_name"), "Calmette");
    assert_string_equal(answer_text(a, "unsure.0"), "diagnosis");
    assert_true(answer_number(a, "patient_age") == 45);
    assert_true(json_is_null(answer_at(a, "patient_gender")));
    assert_int_equal(answer_count(a, "medications.0.unsure"), 0);
    assert_true(answer_number(a, "medications.0.duration_days") == 5);
    assert_int_equal(answer_count(a, "medications.1.unsure"), 2);
    assert_true(answer_number(a, "medications.1.doses.evening") == 0);
}

/* A second table, or one that is cut off: what is missing has no row to be marked. */
static void a_draft_says_that_medicines_may_be_missing(void **state)
{
    static const char draft[] =
        "{\"error\": null, \"confidence\": 0.9, \"fields\": {\"hospital_name\": " BLANK ", \"medications\": {\"value\": null, \"confidence\": 0,"
        "   \"source\": \"rule\", \"unsure\": true, \"box\": null}},"
        " \"medications\": [{\"name\": \"Timolol\", \"doses\": {\"morning\": 1, \"noon\": 0, \"evening\": 0, \"night\": 0}, \"dose_unit\": \"drops\","
        "   \"provenance\": {\"name\": " CELL("\"Timolol\"", "ocr", "false") ", \"doses.morning\": " CELL("\"1\"", "ocr", "false") ","
        "     \"dose_unit\": " CELL("\"drops\"", "ocr", "true") "}}]}";
    (void)state;
    char id[37];
    picture_claimed(&patient, id);
    assert_string_equal(draft_store(id, "1", draft), "t");
    struct answer *a = expect(get(patient.token, "/prescriptions/%s", id), 200);
    assert_int_equal(answer_count(a, "unsure"), 1);
    assert_string_equal(answer_text(a, "unsure.0"), "medications");
    assert_string_equal(answer_text(a, "medications.0.dose_unit"), "drops");
    assert_string_equal(answer_text(a, "medications.0.unsure.0"), "dose_unit");
    a = expect(get(patient.token, "/prescriptions/%s/review", id), 200);
    assert_true(answer_true(a, "fields.medications.unsure"));
    a = expect(post(patient.token, json_object(), "/prescriptions/%s/confirm", id), 200);
    assert_int_equal(answer_count(expect(get(patient.token, "/prescriptions/%s", id), 200), "unsure"), 0);
}

static void a_review_can_be_drawn(void **state)
{
    (void)state;
    char id[37];
    draft_new(&patient, id);
    struct answer *a = expect(get(patient.token, "/prescriptions/%s/review", id), 200);
    assert_true(answer_number(a, "fields.hospital_name.box.3") == 40);
    assert_true(answer_true(a, "fields.diagnosis.unsure"));
    assert_int_equal(answer_count(a, "rows"), 2);
    assert_string_equal(answer_text(a, "rows.0.medication.name"), "Amoxicillin");
    assert_string_equal(answer_text(a, "rows.0.fields.name.source"), "ocr");
    assert_true(answer_number(a, "rows.0.fields.name.confidence") == 0.9);
}

static void a_dose_without_a_number_is_unsure_whatever_the_reader_says(void **state)
{
    (void)state;
    char id[37];
    picture_claimed(&patient, id);
    assert_string_equal(draft_store(id, "1", "{\"confidence\": 0.9, \"fields\": {}, \"medications\": [{\"name\": \"X\", \"doses\": {\"morning\": null},"
                                             "\"unsure\": [], \"provenance\": {\"name\": " CELL("\"X\"", "ocr", "false") ","
                                             "\"doses.morning\": " CELL("null", "ocr", "false") "}}]}"), "t");
    struct answer *a = expect(get(patient.token, "/prescriptions/%s", id), 200);
    assert_string_equal(answer_text(a, "medications.0.unsure.0"), "doses.morning");
}

/* A hostile picture may make the reader say anything: absurd values cost their field, not the page. */
static void absurd_values_become_unsure(void **state)
{
    (void)state;
    char id[37], reading[2048];
    picture_claimed(&patient, id);
    snprintf(reading, sizeof reading,
             "{\"confidence\": 7, \"fields\": {\"patient_age\": %s, \"prescription_date\": %s, \"patient_gender\": %s}, \"medications\": ["
             "{\"name\": \"X\", \"quantity\": 1e12, \"strength\": \"%0300d\", \"doses\": {\"morning\": -1, \"noon\": 1e9}, \"provenance\": {"
             "\"name\": {\"value\": \"X\", \"confidence\": -3, \"source\": \"ocr\", \"unsure\": false, \"box\": [-5, 1.5, 2, 3]},"
             "\"quantity\": %s, \"strength\": %s, \"doses.morning\": %s, \"doses.noon\": %s}}]}",
             CELL("\"999\"", "ocr", "false"), CELL("\"2026-02-31\"", "ocr", "false"), CELL("\"?\"", "ocr", "false"), 7,
             CELL("\"1\"", "ocr", "false"), CELL("\"1\"", "ocr", "false"), CELL("\"1\"", "ocr", "false"), CELL("\"1\"", "ocr", "false"));
    assert_string_equal(draft_store(id, "1", reading), "t");
    struct answer *a = expect(get(patient.token, "/prescriptions/%s", id), 200);
    assert_int_equal(answer_count(a, "unsure"), 3);
    assert_true(json_is_null(answer_at(a, "prescription_date")));
    assert_int_equal(answer_count(a, "medications.0.unsure"), 3);
    assert_int_equal(strlen(answer_text(a, "medications.0.strength")), 100);
    assert_true(json_is_null(answer_at(a, "medications.0.quantity")));
}

static void a_lost_lease_stores_nothing(void **state)
{
    (void)state;
    char id[37];
    picture_claimed(&patient, id);
    assert_string_equal(draft_store(id, "2", two_medicines), "f");
    assert_int_equal(owner_count("SELECT count(*) FROM medications WHERE prescription_id = $1::uuid", id, NULL), 0);
    expect(delete_(patient.token, "/prescriptions/%s", id), 204);
    assert_string_equal(draft_store(id, "1", two_medicines), "f");
    assert_int_equal(owner_count("SELECT count(*) FROM medications WHERE prescription_id = $1::uuid", id, NULL), 0);
}

/* --- confirming ------------------------------------------------------------------------------------------------------ */

static void not_before_it_is_read(void **state)
{
    (void)state;
    char id[37];
    picture_claimed(&patient, id);
    expect_problem(post(patient.token, json_object(), "/prescriptions/%s/confirm", id), 409, "prescription.not_ready");
    expect_problem(patch(patient.token, json_pack("{s:s}", "diagnosis", "x"), "/prescriptions/%s", id), 409, "prescription.not_editable");
    expect_problem(post(patient.token, json_pack("{s:s}", "name", "x"), "/prescriptions/%s/medications", id), 409, "prescription.not_editable");
    expect_problem(post(patient.token, NULL, "/prescriptions/%s/reprocess", id), 409, "prescription.already_queued");
}

static void unsure_doses_stand_in_the_way(void **state)
{
    (void)state;
    char id[37], second[37];
    draft_new(&patient, id);
    medication_at(patient.token, id, 1, second);
    struct answer *a = expect_problem(post(patient.token, json_object(), "/prescriptions/%s/confirm", id), 422, "prescription.unsure_doses");
    assert_int_equal(answer_count(a, "unsure"), 1);
    assert_string_equal(answer_text(a, "unsure.0.medication_id"), second);
    assert_int_equal(answer_count(a, "unsure.0.fields"), 2);
    /* one of the two is not enough */
    json_t *body = json_pack("{s:[{s:s, s:[s]}]}", "medications", "id", second, "accept", "doses.noon");
    a = expect_problem(post(patient.token, body, "/prescriptions/%s/confirm", id), 422, "prescription.unsure_doses");
    assert_string_equal(answer_text(a, "unsure.0.fields.0"), "doses.evening");
    /* and nothing of the refused call stays */
    a = expect(get(patient.token, "/prescriptions/%s", id), 200);
    assert_string_equal(answer_text(a, "stage"), "review");
    assert_int_equal(answer_count(a, "medications.1.unsure"), 2);
    assert_true(answer_number(a, "version") == 1);
    assert_int_equal(reminders_of(id), 0);
}

static void accepting_and_changing_makes_sure(void **state)
{
    (void)state;
    char id[37], second[37];
    draft_new(&patient, id);
    medication_at(patient.token, id, 1, second);
    json_t *body = json_pack("{s:[{s:s, s:[s], s:{s:f}}]}", "medications", "id", second, "accept", "doses.noon", "doses", "evening", 0.5);
    struct answer *a = expect(post(patient.token, body, "/prescriptions/%s/confirm", id), 200);
    assert_string_equal(answer_text(a, "status"), "completed");
    assert_int_equal(answer_count(a, "unsure"), 0);
    assert_int_equal(answer_count(a, "medications.1.unsure"), 0);
    assert_true(answer_number(a, "medications.1.doses.noon") == 4);
    assert_true(answer_number(a, "medications.1.doses.evening") == 0.5);
    assert_true(answer_number(a, "reminders_created") == 6);
    assert_int_equal(reminders_of(id), 6);
    a = expect(get(patient.token, "/medications/%s/provenance", second), 200);
    assert_int_equal(owner_count("SELECT count(*) FROM medication_provenance WHERE medication_id = $1::uuid AND source = 'human' "
                                 "AND field IN ('doses.noon', 'doses.evening')", second, NULL), 2);
    assert_string_equal(answer_text(a, "items.0.field"), "doses.evening");
    assert_string_equal(answer_text(a, "items.0.source"), "human");
    assert_string_equal(answer_text(a, "items.0.recorded_by"), patient.id);
}

static void rows_can_be_struck_and_added(void **state)
{
    (void)state;
    char id[37], second[37];
    draft_new(&patient, id);
    medication_at(patient.token, id, 1, second);
    json_t *body = json_pack("{s:[{s:s, s:b}, {s:s, s:{s:i}}], s:b}", "medications", "id", second, "remove", 1, "name", "Vitamin C",
                             "doses", "morning", 1, "create_reminders", 0);
    struct answer *a = expect(post(patient.token, body, "/prescriptions/%s/confirm", id), 200);
    assert_int_equal(answer_count(a, "medications"), 2);
    assert_string_equal(answer_text(a, "medications.1.name"), "Vitamin C");
    assert_int_equal(reminders_of(id), 0);
    /* reminders that were not asked for can still be made */
    a = expect(post(patient.token, json_object(), "/prescriptions/%s/confirm", id), 200);
    assert_true(answer_number(a, "reminders_created") == 4);
}

static void bad_corrections_are_refused(void **state)
{
    (void)state;
    char id[37], other[37], foreign[37];
    draft_new(&patient, id);
    draft_new(&patient, other);
    medication_at(patient.token, other, 0, foreign);
    static const struct { const char *item, *pointer, *code; } cases[] = {
        {"{\"id\": \"x\"}", "/medications/0/id", "format"},
        {"{\"doses\": {\"morning\": -1}}", "/medications/0/doses/morning", "min"},
        {"{\"doses\": {\"morning\": 501}}", "/medications/0/doses/morning", "max"},
        {"{\"doses\": {\"dawn\": 1}}", "/medications/0/doses/dawn", "unknown"},
        {"{\"doses\": {\"morning\": \"1\"}}", "/medications/0/doses/morning", "type"},
        {"{\"doses\": {\"morning\": null}}", "/medications/0/doses/morning", "type"},
        {"{\"accept\": \"doses.morning\"}", "/medications/0/accept", "type"},
        {"{\"is_active\": true}", "/medications/0/is_active", "unknown"},
        {"{\"unsure\": []}", "/medications/0/unsure", "unknown"},
        {"{\"patient_id\": null}", "/medications/0/patient_id", "unknown"},
        {"7", "/medications/0", "type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *body = json_pack("{s:[o]}", "medications", json_loads(cases[i].item, JSON_DECODE_ANY, NULL));
        expect_fault(post(patient.token, body, "/prescriptions/%s/confirm", id), cases[i].pointer, cases[i].code);
    }
    json_t *body = json_pack("{s:[{s:s, s:s}]}", "medications", "id", foreign, "name", "Another");
    expect_problem(post(patient.token, body, "/prescriptions/%s/confirm", id), 422, "prescription.unknown_medication");
    expect_problem(post(patient.token, json_pack("{s:s}", "template_id", nobody_id()), "/prescriptions/%s/confirm", id), 422,
                   "prescription.unsure_doses");
    assert_string_equal(answer_text(expect(get(patient.token, "/medications/%s", foreign), 200), "name"), "Amoxicillin");
}

static void nothing_left_is_no_prescription(void **state)
{
    (void)state;
    char id[37], first[37], second[37];
    draft_new(&patient, id);
    medication_at(patient.token, id, 0, first);
    medication_at(patient.token, id, 1, second);
    json_t *body = json_pack("{s:[{s:s, s:b}, {s:s, s:b}]}", "medications", "id", first, "remove", 1, "id", second, "remove", 1);
    expect_problem(post(patient.token, body, "/prescriptions/%s/confirm", id), 422, "prescription.no_medications");
}

struct racer {
    pthread_t thread;
    const char *id, *second;
    int status;
    double made;
};

static void *confirm_once(void *arg)
{
    struct racer *racer = arg;
    json_t *body = json_pack("{s:[{s:s, s:[s,s]}]}", "medications", "id", racer->second, "accept", "doses.noon", "doses.evening");
    struct answer *a = post(patient.token, body, "/prescriptions/%s/confirm", racer->id);
    racer->status = a->status;
    racer->made = a->status == 200 ? json_number_value(answer_at(a, "reminders_created")) : -1;
    return NULL;
}

static void confirming_eight_times_at_once_is_confirming_once(void **state)
{
    (void)state;
    char id[37], second[37];
    struct racer racers[8];
    draft_new(&patient, id);
    medication_at(patient.token, id, 1, second);
    for (size_t i = 0; i < 8; i++) {
        racers[i] = (struct racer){.id = id, .second = second};
        assert_int_equal(pthread_create(&racers[i].thread, NULL, confirm_once, &racers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(racers[i].thread, NULL);
        assert_int_equal(racers[i].status, 200);
        assert_true(racers[i].made == 5);
    }
    assert_int_equal(reminders_of(id), 5);
    assert_int_equal(owner_count("SELECT count(*) FROM prescription_versions WHERE prescription_id = $1::uuid", id, NULL), 1);
}

/* --- what could not be read ------------------------------------------------------------------------------------------ */

static void an_unreadable_page_can_be_entered_by_hand(void **state)
{
    (void)state;
    char id[37];
    picture_claimed(&patient, id);
    draft_refuse(id, "ocr.no_table");
    struct answer *a = expect(get(patient.token, "/prescriptions/%s/processing", id), 200);
    assert_string_equal(answer_text(a, "status"), "error");
    assert_string_equal(answer_text(a, "error"), "ocr.no_table");
    assert_string_equal(answer_text(expect(get(patient.token, "/prescriptions/%s", id), 200), "status"), "error");
    assert_int_equal(owner_count("SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND type = 'prescription.failed' "
                                 "AND data ->> 'prescription_id' = $2", patient.id, id, NULL), 1);
    expect_problem(post(patient.token, json_object(), "/prescriptions/%s/confirm", id), 422, "prescription.no_medications");
    expect(post(patient.token, json_pack("{s:s, s:{s:i}}", "name", "Amoxicillin", "doses", "night", 1), "/prescriptions/%s/medications", id), 201);
    a = expect(post(patient.token, json_object(), "/prescriptions/%s/confirm", id), 200);
    assert_string_equal(answer_text(a, "status"), "completed");
    assert_true(answer_number(a, "reminders_created") == 1);
}

static void only_an_unconfirmed_picture_is_read_again(void **state)
{
    (void)state;
    char id[37], second[37];
    draft_new(&patient, id);
    struct answer *a = expect(post(patient.token, NULL, "/prescriptions/%s/reprocess", id), 202);
    assert_string_equal(answer_text(a, "status"), "processing");
    assert_int_equal(owner_count("SELECT count(*) FROM prescription_processing_queue WHERE prescription_id = $1::uuid", id, NULL), 2);
    draft_new(&patient, id);
    medication_at(patient.token, id, 1, second);
    json_t *body = json_pack("{s:[{s:s, s:b}]}", "medications", "id", second, "remove", 1);
    expect(post(patient.token, body, "/prescriptions/%s/confirm", id), 200);
    expect_problem(post(patient.token, NULL, "/prescriptions/%s/reprocess", id), 409, "prescription.not_readable_again");
}

/* --- waiting --------------------------------------------------------------------------------------------------------- */

static void waiting_ends_when_time_is_up(void **state)
{
    (void)state;
    char id[37];
    picture_claimed(&patient, id);
    struct answer *a = expect(get(patient.token, "/prescriptions/%s/processing?wait=1", id), 200);
    assert_true(a->seconds >= 0.9 && a->seconds < 3);
    assert_string_equal(answer_text(a, "stage"), "rows");
    expect_problem(get(patient.token, "/prescriptions/%s/processing?wait=31", id), 400, "request.invalid_fields");
    expect_problem(get(patient.token, "/prescriptions/%s/processing?wait=x", id), 400, "request.invalid_fields");
}

static void *wait_long(void *id)
{
    return get(patient.token, "/prescriptions/%s/processing?wait=20", (const char *)id);
}

static void waiting_ends_when_it_changes(void **state)
{
    (void)state;
    char id[37];
    pthread_t thread;
    void *result;
    picture_claimed(&patient, id);
    assert_int_equal(pthread_create(&thread, NULL, wait_long, id), 0);
    nanosleep(&(struct timespec){.tv_nsec = 600000000}, NULL);
    assert_string_equal(draft_store(id, "1", two_medicines), "t");
    pthread_join(thread, &result);
    struct answer *a = expect(result, 200);
    assert_string_equal(answer_text(a, "stage"), "review");
    assert_true(a->seconds < 5);
    /* nothing more will come: no waiting */
    assert_true(expect(get(patient.token, "/prescriptions/%s/processing?wait=20", id), 200)->seconds < 2);
}

static void *wait_a_while(void *id)
{
    return get(patient.token, "/prescriptions/%s/processing?wait=2", (const char *)id);
}

/* One more than all processes let an account have. */
static void one_account_waits_only_so_often(void **state)
{
    (void)state;
    char id[37];
    pthread_t threads[PROCESSES * OWN_WAITS + 1];
    size_t refused = 0;
    picture_claimed(&patient, id);
    for (size_t i = 0; i < PROCESSES * OWN_WAITS + 1; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_a_while, id), 0);
    for (size_t i = 0; i < PROCESSES * OWN_WAITS + 1; i++) {
        void *result;
        pthread_join(threads[i], &result);
        struct answer *a = result;
        if (a->status == 200)
            continue;
        expect_problem(a, 429, "request.too_many_waiting");
        assert_string_equal(answer_header(a, "Retry-After"), "5");
        refused++;
    }
    assert_in_range(refused, 1, (PROCESSES - 1) * OWN_WAITS + 1);
    expect(get(patient.token, "/prescriptions/%s/processing?wait=1", id), 200);
}

/* Last "id:" of what has come. */
static void last_event(const struct stream *s, char out[40])
{
    const char *found = NULL;
    for (const char *at = stream_text(s); (at = strstr(at, "\nid: ")) != NULL;)
        found = at += 5;
    assert_non_null(found);
    snprintf(out, 40, "%.32s", found);
}

static void events_tell_each_step(void **state)
{
    (void)state;
    char id[37], path[100], last[40];
    picture_claimed(&patient, id);
    snprintf(path, sizeof path, "/prescriptions/%s/processing/events", id);
    struct stream *s = stream_begin(patient.token, path, NULL);
    assert_true(stream_brings(s, "event: progress\ndata: {\"status\":\"running\",\"stage\":\"rows\"", 5));
    assert_non_null(strstr(stream_text(s), "Content-Type: text/event-stream"));
    owner_sql("SELECT queue_progress('prescription_processing_queue', id, 'test', 1, 'header', 90) FROM prescription_processing_queue "
              "WHERE prescription_id = $1::uuid", id, NULL);
    assert_true(stream_brings(s, "\"stage\":\"header\",\"progress\":90", 5));
    assert_false(stream_ends(s, 1));
    last_event(s, last);
    assert_string_equal(draft_store(id, "1", two_medicines), "t");
    assert_true(stream_brings(s, "\"stage\":\"review\"", 5));
    assert_true(stream_ends(s, 5)); /* nothing more will come */
    stream_close(s);
    s = stream_begin(patient.token, path, last);
    assert_true(stream_ends(s, 5));
    assert_non_null(strstr(stream_text(s), "\"stage\":\"review\""));
    assert_null(strstr(stream_text(s), "\"stage\":\"header\""));
    last_event(s, last);
    stream_close(s);
    s = stream_begin(patient.token, path, last);
    assert_true(stream_ends(s, 5));
    assert_non_null(strstr(stream_text(s), "HTTP/1.1 204"));
    stream_close(s);
}

/* The right to look is asked for in every turn. */
static void a_relative_hears_no_more_once_the_link_ends(void **state)
{
    (void)state;
    char id[37], path[100], link[37];
    struct person relative;
    person_new(&relative, "family_member");
    person_link(&patient, &relative, json_pack("{s:b}", "view_prescriptions", 1), link);
    picture_claimed(&patient, id);
    snprintf(path, sizeof path, "/prescriptions/%s/processing/events", id);
    struct stream *s = stream_begin(relative.token, path, NULL);
    assert_true(stream_brings(s, "\"stage\":\"rows\"", 5));
    expect(delete_(patient.token, "/family/members/%s", link), 204);
    assert_true(stream_ends(s, 5));
    stream_close(s);
    s = stream_begin(relative.token, path, NULL);
    assert_true(stream_brings(s, "HTTP/1.1 404", 5));
    stream_close(s);
    draft_refuse(id, "ocr.no_table");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draft_shows_what_is_unsure),
        cmocka_unit_test(a_draft_says_that_medicines_may_be_missing),
        cmocka_unit_test(a_review_can_be_drawn),
        cmocka_unit_test(a_dose_without_a_number_is_unsure_whatever_the_reader_says),
        cmocka_unit_test(absurd_values_become_unsure),
        cmocka_unit_test(a_lost_lease_stores_nothing),
        cmocka_unit_test(not_before_it_is_read),
        cmocka_unit_test(unsure_doses_stand_in_the_way),
        cmocka_unit_test(accepting_and_changing_makes_sure),
        cmocka_unit_test(rows_can_be_struck_and_added),
        cmocka_unit_test(bad_corrections_are_refused),
        cmocka_unit_test(nothing_left_is_no_prescription),
        cmocka_unit_test(confirming_eight_times_at_once_is_confirming_once),
        cmocka_unit_test(an_unreadable_page_can_be_entered_by_hand),
        cmocka_unit_test(only_an_unconfirmed_picture_is_read_again),
        cmocka_unit_test(waiting_ends_when_time_is_up),
        cmocka_unit_test(waiting_ends_when_it_changes),
        cmocka_unit_test(one_account_waits_only_so_often),
        cmocka_unit_test(events_tell_each_step),
        cmocka_unit_test(a_relative_hears_no_more_once_the_link_ends),
    };
    return cmocka_run_group_tests_name("drafts", tests, make_people, NULL);
}
