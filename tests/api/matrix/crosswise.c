/* What belongs to two patients, mixed: allowed as far as it is one's own, and no word about the rest. */
#include "crosswise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "../prescriptions/picture.h"
#include "expect.h"
#include "owner.h"
#include "scene.h"

#define REMINDER "\"time_slot\":\"custom\",\"scheduled_time\":\"$h\",\"dose_amount\":1,\"start_date\":\"2198-01-01\""
#define MEDICATIONS "\"medications\":[{\"name\":\"Cetirizine\"}]"

/* $x is Owner's, ^x Stranger's. The answer must be the same as for a random id in place of ^x. */
static const struct mixture {
    enum caller_id by;
    const char *method, *path, *body;
    int status;
} mixtures[] = {
    {OWNER, "POST", "/reminders", "{\"medication_id\":\"$m\",\"template_id\":\"^t\"," REMINDER "}", 404},
    {OWNER, "POST", "/reminders", "{\"medication_id\":\"^m\",\"template_id\":\"$t\"," REMINDER "}", 404},
    {OWNER, "POST", "/prescriptions/$w/confirm", "{\"medications\":[{\"id\":\"^c\"}]}", 422},
    {OWNER, "POST", "/prescriptions/$w/confirm", "{\"medications\":[{\"id\":\"^c\",\"remove\":true}]}", 422},
    {OWNER, "POST", "/prescriptions/$w/confirm", "{\"template_id\":\"^t\"}", 404},
    {OWNER, "POST", "/prescriptions/^w/confirm", "{\"medications\":[{\"id\":\"$c\"}]}", 404},
    {OWNER, "PATCH", "/family/members/$l", "{\"hidden_medication_ids\":[\"^m\"]}", 422},
    {OWNER, "PATCH", "/family/members/$l", "{\"hidden_medication_ids\":[\"$m\",\"^m\"]}", 422},
    {OWNER, "POST", "/doses/log", "{\"medication_id\":\"^n\",\"dose_taken\":1}", 404},
    {OWNER, "GET", "/reminders?medication_id=^m", NULL, 200},
    {OWNER, "GET", "/doses?medication_id=^m", NULL, 200},
    {OWNER, "GET", "/prescriptions?patient_id=^p", NULL, 404},
    {OWNER, "GET", "/reports?patient_id=^p", NULL, 200},
    {REL_ALL, "GET", "/reminders?patient_id=$p&medication_id=^m", NULL, 200},
    {REL_ALL, "GET", "/reminders?patient_id=^p&medication_id=$m", NULL, 404},
    {REL_ALL, "GET", "/doses?patient_id=$p&medication_id=^m", NULL, 200},
    {REL_ALL, "GET", "/doses?patient_id=^p&medication_id=$m", NULL, 404},
    {REL_ALL, "GET", "/family/patients/^p/today", NULL, 404},
    {REL_ALL, "POST", "/family/patients/$p/nudge", "{\"dose_id\":\"^d\"}", 404},
    {REL_ALL, "POST", "/family/patients/^p/nudge", "{\"dose_id\":\"$d\"}", 404},
    {REL_ALL, "POST", "/reminders", "{\"medication_id\":\"$m\",\"template_id\":\"^t\"," REMINDER "}", 404},
    {REL_ALL, "POST", "/reminders", "{\"medication_id\":\"^m\"," REMINDER "}", 404},
    {REL_ALL, "POST", "/reminders/preview", "{\"patient_id\":\"^p\",\"scheduled_time\":\"08:00\",\"dose_amount\":1}", 404},
    {REL_ALL, "POST", "/prescriptions", "{\"patient_id\":\"^p\"," MEDICATIONS "}", 404},
    {REL_ALL, "POST", "/prescriptions/^w/confirm", "{\"medications\":[{\"id\":\"$c\"}]}", 404},
    {REL_ALL, "POST", "/prescriptions/$w/confirm", "{\"medications\":[{\"id\":\"^c\"}]}", 422},
    {REL_ALL, "POST", "/prescriptions/$w/confirm", "{\"template_id\":\"^t\"}", 404},
    {REL_ALL, "POST", "/reports", "{\"type\":\"medication_adherence\",\"patient_id\":\"^p\"}", 404},
    {DOC_FULL, "POST", "/prescriptions", "{\"patient_id\":\"^p\"," MEDICATIONS "}", 404},
    {DOC_FULL, "GET", "/medications?patient_id=^p", NULL, 404},
    {DOC_FULL, "GET", "/reminders?patient_id=$p&medication_id=^m", NULL, 200},
    {DOC_SELECTED, "GET", "/prescriptions?patient_id=^p", NULL, 404},
};

static struct answer *ask(const struct mixture *m, struct things *foreign)
{
    char path[256], body[512];
    scene_fill(path, sizeof path, m->path, &owners, foreign);
    scene_fill(body, sizeof body, m->body, &owners, foreign);
    return client_call(&(struct call){.method = m->method, .path = path, .token = callers[m->by].person.token,
                                      .raw = m->body ? body : NULL, .raw_size = strlen(body), .content_type = "application/json"});
}

static void check_mixture(const struct mixture *m)
{
    struct answer *a = ask(m, &strangers), *random = ask(m, NULL);
    if (a->status != m->status)
        fail_msg("%s %s %s by %s: %d %s", m->method, m->path, m->body ? m->body : "", callers[m->by].name, a->status, a->body);
    if (a->status >= 400) {
        expect_same_refusal(a, random);
        return;
    }
    assert_string_equal(a->body, random->body); /* a filter for what one may not see finds nothing */
    assert_int_equal(answer_count(a, "items"), 0);
}

static const char *strangers_digest(void)
{
    return owner_sql("SELECT md5(concat((SELECT string_agg(p::text, '' ORDER BY id) FROM prescriptions p WHERE patient_id = $1::uuid),"
                     " (SELECT string_agg(m::text, '' ORDER BY id) FROM medications m WHERE patient_id = $1::uuid),"
                     " (SELECT string_agg(r::text, '' ORDER BY id) FROM medication_reminders r WHERE patient_id = $1::uuid),"
                     " (SELECT string_agg(concat_ws(' ', id, status), '' ORDER BY id) FROM medication_reminder_logs WHERE patient_id = $1::uuid),"
                     " (SELECT count(*) FROM dose_events WHERE patient_id = $1::uuid),"
                     " (SELECT count(*) FROM notifications WHERE user_id = $1::uuid)))", strangers.id[0], NULL);
}

void things_of_two_patients_do_not_mix(void **state)
{
    (void)state;
    char before[80];
    size_t n = (size_t)snprintf(before, sizeof before, "%s", scene_digest());
    snprintf(before + n, sizeof before - n, "%s", strangers_digest());
    for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++)
        check_mixture(&mixtures[i]);
    assert_memory_equal(before, scene_digest(), n);
    assert_string_equal(before + n, strangers_digest());
    client_forget();
}

void a_picture_for_a_stranger_is_refused(void **state)
{
    (void)state;
    static const enum caller_id senders[] = {OWNER, REL_ALL, REL_VIEW_PRESCRIPTIONS, DOC_FULL, DOC_REVOKED, ADMINISTRATOR};
    long before = owner_count("SELECT count(*) FROM prescriptions", NULL);
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
        const char *token = callers[senders[i]].person.token;
        struct answer *a = expect_problem(picture_good(token, strangers.id[0]), 404, "not_found");
        expect_same_refusal(a, picture_good(token, nobody_id()));
    }
    assert_int_equal(owner_count("SELECT count(*) FROM prescriptions", NULL), before);
    client_forget();
}

/* In a batch a foreign dose is refused in its receipt, which says no more than that of a random one. */
void a_batch_reaches_nothing_foreign(void **state)
{
    (void)state;
    static const enum caller_id senders[] = {OWNER, REL_ALL, REL_NONE, DOC_FULL};
    static const char *const events[] = {
        "{\"client_event_id\":\"11111111-1111-4111-8111-111111111111\",\"event\":\"take\",\"dose_id\":\"^d\"}",
        "{\"client_event_id\":\"11111111-1111-4111-8111-111111111112\",\"event\":\"skip\",\"dose_id\":\"^d\"}",
        "{\"client_event_id\":\"11111111-1111-4111-8111-111111111113\",\"event\":\"snooze\",\"minutes\":5,\"dose_id\":\"^d\"}",
        "{\"client_event_id\":\"11111111-1111-4111-8111-111111111114\",\"event\":\"undo\",\"dose_id\":\"^d\"}",
        "{\"client_event_id\":\"11111111-1111-4111-8111-111111111115\",\"event\":\"log\",\"medication_id\":\"^n\",\"dose_taken\":1}",
    };
    for (size_t i = 0; i < sizeof senders / sizeof *senders; i++)
        for (size_t k = 0; k < sizeof events / sizeof *events; k++)
            for (int random = 0; random < 2; random++) {
                char event[300], body[330];
                scene_fill(event, sizeof event, events[k], NULL, random ? NULL : &strangers);
                int n = snprintf(body, sizeof body, "{\"events\":[%s]}", event);
                struct answer *a = expect(post_raw(callers[senders[i]].person.token, "/doses/sync", body, (size_t)n), 200);
                assert_string_equal(answer_text(a, "receipts.0.result"), "refused");
                assert_string_equal(answer_text(a, "receipts.0.code"), "not_found");
                assert_true(json_is_null(answer_at(a, "receipts.0.status")));
            }
    client_forget();
}

void a_cursor_carries_no_rights(void **state)
{
    (void)state;
    static const char *const lists[] = {"/prescriptions", "/medications", "/reminders", "/doses", "/schedule-templates", "/notifications",
                                        "/reports", "/family/members", "/family/invitations", "/family/requests", "/auth/sessions",
                                        "/auth/access-log"};
    unsigned cursors = 0;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct answer *a = expect(get(callers[OWNER].person.token, "%s?limit=1", lists[i]), 200);
        const char *cursor = json_string_value(answer_at(a, "next_cursor"));
        if (!cursor)
            continue;
        cursors++;
        struct answer *b = expect(get(callers[STRANGER].person.token, "%s?limit=100&cursor=%s", lists[i], cursor), 200);
        for (size_t k = 0; k < sizeof owners.id / sizeof *owners.id; k++)
            if (strcmp(owners.id[k], strangers.id[k]) != 0 && strstr(b->body, owners.id[k]))
                fail_msg("%s: a stranger's page shows %s", lists[i], owners.id[k]);
        assert_null(strstr(b->body, secret_diagnosis));
        assert_null(strstr(b->body, secret_medicine));
    }
    assert_true(cursors >= 6);
    client_forget();
}

/* The key of somebody else is just a text, and what was answered once is not told to one who has lost the right since. */
void an_idempotency_key_carries_no_rights(void **state)
{
    (void)state;
    char path[128], key[37];
    const char *relative = callers[REL_LOG_DOSES].person.id;
    snprintf(key, sizeof key, "%s", nobody_id());
    scene_fill(path, sizeof path, "/doses/$d/take", &owners, NULL);
    expect(post_once(callers[REL_LOG_DOSES].person.token, key, json_object(), path), 200);
    expect_problem(post_once(callers[STRANGER].person.token, key, json_object(), path), 404, "not_found");
    expect_problem(post_once(callers[REL_NONE].person.token, key, json_object(), path), 404, "not_found");
    expect(post_once(callers[REL_LOG_DOSES].person.token, key, json_object(), path), 200);
    owner_sql("UPDATE family_relationships SET log_doses = false WHERE family_member_id = $1::uuid", relative, NULL);
    struct answer *a = post_once(callers[REL_LOG_DOSES].person.token, key, json_object(), path);
    owner_sql("UPDATE family_relationships SET log_doses = true WHERE family_member_id = $1::uuid", relative, NULL);
    scene_renew();
    assert_null(strstr(a->body, secret_medicine));
    client_forget();
}
