/* Persons for tests. */
#include "people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/random.h"
#include "expect.h"

static void take_tokens(struct person *p, struct answer *a) {
    snprintf(p->id, sizeof p->id, "%s", answer_text(a, "user.id"));
    snprintf(p->token, sizeof p->token, "%s", answer_text(a, "tokens.access_token"));
    snprintf(p->refresh, sizeof p->refresh, "%s", answer_text(a, "tokens.refresh_token"));
}

void person_register(struct person *p) {
    snprintf(p->email, sizeof p->email, "%s", fresh_email());
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "email", p->email, "password", PERSON_PASSWORD,
                             "first_name", "Sok", "last_name", "Dara", "language", "en");
    take_tokens(p, expect(post(NULL, body, "/auth/register"), 201));
}

void person_login(struct person *p) {
    json_t *body = json_pack("{s:s, s:s}", "email", p->email, "password", PERSON_PASSWORD);
    take_tokens(p, expect(post(NULL, body, "/auth/login"), 200));
}

json_t *person_profile(const char *role) {
    char id[37];
    random_uuid(id);
    if (strcmp(role, "patient") == 0)
        return json_pack("{s:s, s:[], s:[]}", "date_of_birth", "1980-04-13", "allergies", "conditions");
    if (strcmp(role, "doctor") == 0)
        return json_pack("{s:s, s:s, s:s, s:i}", "license_number", id, "specialization", "General medicine",
                         "hospital_name", "Calmette", "years_of_experience", 7);
    return json_pack("{s:s}", "relationship", "daughter");
}

void person_new(struct person *p, const char *role) {
    person_register(p);
    expect(post(p->token, json_pack("{s:s}", "role", role), "/auth/role"), 200);
    expect(put(p->token, person_profile(role), "/auth/profile"), 200);
    person_login(p);
}

void person_link(struct person *patient, struct person *relative, json_t *permissions, char link_id[37]) {
    json_t *wanted = permissions ? permissions : json_object();
    struct answer *a = post(patient->token, json_pack("{s:s, s:O}", "relationship", "daughter", "permissions", wanted),
                            "/family/invitations");
    const char *code = answer_text(expect(a, 201), "code");
    a = post(relative->token, json_pack("{s:s}", "code", code), "/family/connect");
    a = post(patient->token, json_object(), "/family/requests/%s/approve", answer_text(expect(a, 202), "id"));
    snprintf(link_id, 37, "%s", answer_text(expect(a, 200), "id"));
    json_decref(wanted);
}

const char *nobody_id(void) {
    static _Thread_local char id[37];
    random_uuid(id);
    return id;
}

const char *fresh_email(void) {
    static _Thread_local char email[80];
    snprintf(email, sizeof email, "test-%s@example.org", nobody_id());
    return email;
}

const char *fresh_phone(void) {
    static _Thread_local char phone[24];
    unsigned number;
    random_bytes(&number, sizeof number);
    snprintf(phone, sizeof phone, "+8551%08u", number % 100000000);
    return phone;
}
