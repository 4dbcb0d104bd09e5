/* Persons for tests: fresh accounts with random addresses, signed in. A refusal on the way fails the test. */
#ifndef DASTERN_TESTS_PEOPLE_H
#define DASTERN_TESTS_PEOPLE_H

#include <jansson.h>

#define PERSON_PASSWORD "correct horse 27 battery"

struct person {
    char id[37];
    char email[80];
    char token[2048];   /* access token */
    char refresh[256];
};

/* Registered, role not chosen. */
void person_register(struct person *p);
/* Registered with role "patient", "doctor" or "family_member" and a complete profile (status active). */
void person_new(struct person *p, const char *role);
/* Signs in again: new tokens of another session. */
void person_login(struct person *p);
/* The person's profile as PUT /auth/profile wants it for this role. */
json_t *person_profile(const char *role);
/* A family_member linked to the patient by invitation, connection and approval. `permissions` is released; NULL means
 * the default ones. Writes the link's id. */
void person_link(struct person *patient, struct person *relative, json_t *permissions, char link_id[37]);
/* Random UUID: an id that nobody has. Like the two below, good until the next call on this thread. */
const char *nobody_id(void);
/* An address and a number (E.164, Cambodian) that nobody uses yet. */
const char *fresh_email(void);
const char *fresh_phone(void);

#endif
