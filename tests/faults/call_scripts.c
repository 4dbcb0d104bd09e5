/* What is asked of each module while its calls fail: right requests, whose effects are looked for afterwards, and requests that
 * must be refused whatever happens. */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "course.h"
#include "expect.h"
#include "faults.h"
#include "load.h"
#include "owner.h"
#include "people.h"
#include "picture.h"
#include "stack.h"

#define KEY_BYTES 80

static struct person patient, stranger;

static void keyed(char header[KEY_BYTES]) { snprintf(header, KEY_BYTES, "Idempotency-Key: %s", nobody_id()); }

static bool text_is(const struct answer *a, const char *path, const char *wanted) {
    const char *is = json_string_value(answer_at(a, path));
    return is && strcmp(is, wanted) == 0;
}

static int status_of(const char *token, const char *path) {
    return settled(&(struct call){.path = path, .token = token})->status;
}

/* --- auth ---------------------------------------------------------------------------------------------------------- */

static struct person ended;       /* whose session is over */
static char new_email[80];
static char session[2048];        /* of the script's own sign-in; "" when it had no answer */
static char name_before[40], name_asked[40];
static bool registered, name_changed, signed_out;

static void prepare_auth(void) {
    person_new(&patient, "patient");
    person_new(&ended, "patient");
    expect(post(ended.token, NULL, "/auth/logout"), 204);
}

static struct answer *login(const char *email, const char *password) {
    return post(NULL, json_pack("{s:s, s:s}", "email", email, "password", password), "/auth/login");
}

static void sign_in_and_out(void) {
    struct answer *a = asked(login(patient.email, PERSON_PASSWORD));
    snprintf(session, sizeof session, "%s", a ? answer_text(a, "tokens.access_token") : "");
    if (a)
        asked(post(NULL, json_pack("{s:s}", "refresh_token", answer_text(a, "tokens.refresh_token")), "/auth/refresh"));
    signed_out = a && asked(post(session, NULL, "/auth/logout"));
}

static void run_auth(void) {
    char forged[2048];
    size_t n = strlen(patient.token);
    snprintf(forged, sizeof forged, "%s", patient.token);
    forged[n - 10] = forged[n - 10] == 'A' ? 'B' : 'A';
    snprintf(name_before, sizeof name_before, "%s", owner_sql("SELECT first_name FROM users WHERE id = $1::uuid", patient.id, NULL));
    snprintf(name_asked, sizeof name_asked, "Sok %.8s", nobody_id());
    snprintf(new_email, sizeof new_email, "%s", fresh_email());
    refused(get(forged, "/auth/me"), "a forged token refused");
    refused(get(ended.token, "/auth/me"), "an ended session refused");
    refused(login(patient.email, "wrong horse 27 battery"), "a wrong password refused");
    refused(login(fresh_email(), PERSON_PASSWORD), "an unknown account refused");
    asked(get(patient.token, "/auth/me"));
    name_changed = asked(patch(patient.token, json_pack("{s:s}", "first_name", name_asked), "/auth/me")) != NULL;
    sign_in_and_out();
    registered = asked(post(NULL, json_pack("{s:s, s:s, s:s, s:s}", "email", new_email, "password", PERSON_PASSWORD, "first_name",
                                            "Sok", "last_name", "Dara"), "/auth/register"));
}

static void verify_auth(void) {
    const struct answer *me = settled(&(struct call){.path = "/auth/me", .token = patient.token});
    bool has_new = text_is(me, "first_name", name_asked);
    must(name_changed ? has_new : has_new || text_is(me, "first_name", name_before), "a change is there when it was answered so");
    must(!signed_out || status_of(session, "/auth/me") == 401, "who has signed out is out");
    json_t *body = json_pack("{s:s, s:s}", "email", new_email, "password", PERSON_PASSWORD);
    int status = settled(&(struct call){.method = "POST", .path = "/auth/login", .json = body})->status;
    must(status == 200 || (!registered && status == 401), "an account is there, whole, when it was answered so");
    owner_forgive(NULL);
}

/* All its processes end, and the parent starts others. */
static void run_start(void) {
    pid_t pids[64];
    size_t n = stack_modules(pids, sizeof pids / sizeof *pids, false);
    for (size_t i = 0; i < n; i++)
        if (stack_runs(pids[i], "auth"))
            send_signal(pids[i], SIGKILL);
    sleep_seconds(0.3);
    refused(get(ended.token, "/auth/me"), "an ended session refused");
    asked(get(patient.token, "/auth/me"));
}

static void verify_start(void) { must(status_of(patient.token, "/auth/me") == 200, "it serves again"); }

/* --- prescriptions -------------------------------------------------------------------------------------------------- */

static char own_id[37], foreign_id[37], key[KEY_BYTES], marker[40], upload_id[37];
static int upload_status;
static long uploads_before;

static json_t *written(const char *hospital) {
    return json_pack("{s:s, s:[{s:s, s:{s:i}}]}", "hospital_name", hospital, "medications", "name", "Paracetamol", "doses",
                     "morning", 1);
}

static long uploads(void) {
    return owner_count("SELECT count(*) FROM prescriptions WHERE patient_id = $1::uuid AND hospital_name IS NULL", patient.id, NULL);
}

static void prepare_prescriptions(void) {
    person_new(&patient, "patient");
    person_new(&stranger, "patient");
    snprintf(own_id, sizeof own_id, "%s", answer_text(expect(post(patient.token, written("own"), "/prescriptions"), 201), "id"));
    snprintf(foreign_id, sizeof foreign_id, "%s",
             answer_text(expect(post(stranger.token, written("foreign"), "/prescriptions"), 201), "id"));
}

static void run_prescriptions(void) {
    const char *headers[] = {key, NULL};
    keyed(key);
    snprintf(marker, sizeof marker, "%s", nobody_id());
    uploads_before = uploads();
    refused(get(patient.token, "/prescriptions/%s", foreign_id), "another's prescription refused");
    refused(patch(patient.token, json_pack("{s:s}", "hospital_name", "mine"), "/prescriptions/%s", foreign_id),
            "changing another's prescription refused");
    refused(post_raw(patient.token, "/prescriptions", "{\"medications\":[{}]}", 20), "a prescription without its names refused");
    asked(client_call(&(struct call){.method = "POST", .path = "/prescriptions", .token = patient.token, .json = written(marker),
                                     .headers = headers}));
    asked(get(patient.token, "/prescriptions?limit=5"));
    asked(get(patient.token, "/prescriptions/%s", own_id));
    struct answer *a = picture_good(patient.token, NULL);
    upload_status = a->status;
    if (asked(a))
        snprintf(upload_id, sizeof upload_id, "%s", answer_text(a, "id"));
}

/* Files on their way, and files of pictures that no row knows. */
static void count_leftovers(size_t *drafts, size_t *orphans) {
    DIR *dir = opendir(stack_path("storage"));
    *drafts = *orphans = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char id[37];
        snprintf(id, sizeof id, "%.36s", entry->d_name);
        *drafts += strstr(entry->d_name, ".part") != NULL;
        *orphans += strstr(entry->d_name, ".upload") != NULL &&
                    owner_count("SELECT count(*) FROM prescriptions WHERE id = $1::uuid", id, NULL) == 0;
    }
    must(dir != NULL, "the folder of pictures");
    if (dir)
        closedir(dir);
}

static void verify_prescriptions(void) {
    const char *headers[] = {key, NULL};
    struct call again = {.method = "POST", .path = "/prescriptions", .token = patient.token, .json = written(marker), .headers = headers};
    size_t drafts, orphans;
    must(settled(&again)->status == 201, "what may not be stored can be sent again");
    must(owner_count("SELECT count(*) FROM prescriptions p JOIN medications m ON m.prescription_id = p.id"
                     " WHERE p.patient_id = $1::uuid AND p.hospital_name = $2", patient.id, marker, NULL) == 1,
         "stored once, and whole");
    must(upload_status != 202 || owner_count("SELECT count(*) FROM prescriptions p JOIN prescription_processing_queue q"
                                             " ON q.prescription_id = p.id WHERE p.id = $1::uuid", upload_id, NULL) == 1,
         "a picture that was taken is there and will be read");
    must(uploads() - uploads_before <= (upload_status == 202 || upload_status == 0 || upload_status >= 500), "no picture stored that was refused");
    count_leftovers(&drafts, &orphans);
    must(drafts == 0, "no half-written file");
    note_unkept(orphans);
}

/* --- reminders ------------------------------------------------------------------------------------------------------ */

static char reminder[37], dose[37], foreign_dose[37], path[80];
static bool taken;

static void next_dose(void) {
    dose_new(reminder, 3600, 7200, dose);
    snprintf(path, sizeof path, "/doses/%s/take", dose);
}

static void prepare_reminders(void) {
    person_new(&patient, "patient");
    person_new(&stranger, "patient");
    char medication[37];
    dose_of(&stranger, medication, foreign_dose);
    medicine_new(&patient, false, medication);
    reminder_new(&patient, medication, reminder);
    next_dose();
}

static void run_reminders(void) {
    const char *headers[] = {key, NULL};
    keyed(key);
    refused(post(patient.token, json_object(), "/doses/%s/take", foreign_dose), "another's dose refused");
    refused(post_raw(patient.token, "/doses/log", "{\"dose_taken\":-1}", 17), "a dose below nothing refused");
    asked(get(patient.token, "/doses/today"));
    asked(get(patient.token, "/reminders"));
    taken = asked(client_call(&(struct call){.method = "POST", .path = path, .token = patient.token, .json = json_object(),
                                             .headers = headers})) != NULL;
}

static void verify_reminders(void) {
    const char *headers[] = {key, NULL};
    must(!taken || strcmp(dose_status(dose), "pending") != 0, "a dose is taken when it was answered so");
    struct call again = {.method = "POST", .path = path, .token = patient.token, .json = json_object(), .headers = headers};
    must(settled(&again)->status == 200, "what may not be stored can be sent again");
    must(owner_count("SELECT count(*) FROM dose_events WHERE dose_id = $1::uuid", dose, NULL) == 1, "taken once");
    next_dose();
}

const struct script scripts[] = {{"auth", "auth", prepare_auth, run_auth, verify_auth},
                                 {"prescriptions", "prescriptions", prepare_prescriptions, run_prescriptions, verify_prescriptions},
                                 {"reminders", "reminders", prepare_reminders, run_reminders, verify_reminders},
                                 {"auth's start", "auth", prepare_auth, run_start, verify_start}};
const size_t script_count = sizeof scripts / sizeof *scripts;
