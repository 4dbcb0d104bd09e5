/* One patient, Owner, with one of everything, and everybody who may stand in some relation to it. */
#ifndef DASTERN_TESTS_SCENE_H
#define DASTERN_TESTS_SCENE_H

#include <stdbool.h>
#include <stddef.h>

#include "people.h"

enum { VIEW_PRESCRIPTIONS = 1, VIEW_REMINDERS = 2, MANAGE_REMINDERS = 4, LOG_DOSES = 8, VIEW_REPORTS = 16, RECEIVE_ALERTS = 32, ALL_PERMISSIONS = 63 };

/* How much of a patient a doctor sees. */
enum level { NO_DOCTOR, SELECTED, FULL };

enum caller_id {
    NOBODY, PENDING, OWNER, STRANGER,
    REL_VIEW_PRESCRIPTIONS, REL_VIEW_REMINDERS, REL_MANAGE_REMINDERS, REL_LOG_DOSES, REL_VIEW_REPORTS, REL_RECEIVE_ALERTS,
    REL_NONE, REL_ALL, REL_HIDDEN, REL_REVOKED, REL_EXPIRED, REL_REQUESTED,
    DOC_UNVERIFIED, DOC_UNLINKED, DOC_REQUESTED, DOC_OTHER, DOC_SELECTED, DOC_FULL, DOC_REVOKED,
    ADMINISTRATOR,
    CALLERS
};

/* What each caller is, and may do with Owner's data now. The token is NULL for nobody. */
struct caller {
    const char *name;
    const char *role;       /* NULL: nobody, or not chosen yet */
    unsigned permissions;   /* of a link in force */
    enum level level;       /* of a link in force, for the prescription in question */
    enum level about;       /* the same for the patient as a whole: a doctor with another prescription may look at lists */
    bool blind;             /* all permissions, but these medicines are hidden */
    struct person person;
};
extern struct caller callers[CALLERS];

/* Owner's and Stranger's things. `name` is one letter, so that paths and bodies of the table stay readable:
 * p patient, x prescription, y another prescription, w draft, m medicine of x, n as-needed medicine, c medicine of w,
 * r reminder, d dose, t template, s session, o notification, z report, f export, v invitation, k connection request,
 * l link of REL_ALL, j dead job, e an unverified doctor. Those after s belong to Owner only. */
#define THINGS "pxywmncrdtsozfvklje"
struct things {
    char id[sizeof THINGS - 1][37];
};
extern struct things owners, strangers;
/* Text that stands in Owner's diagnosis, and in the names of Owner's medicines, and nowhere else. */
extern char secret_diagnosis[48], secret_medicine[48];

/* A cmocka setup function: makes all of it. */
int scene_make(void **state);
/* New prescriptions, medicines, reminder and dose for Owner, shown to and hidden from the same people. */
void scene_renew(void);
/* A new one of what the letter names and only Owner has: s t o v k l. */
void scene_renew_one(char name);
/* `text` with $x replaced by the id of that thing of `own`, and ^x by that of `foreign`; NULL: random ids. $h is a time of day. */
void scene_fill(char *out, size_t size, const char *text, struct things *own, struct things *foreign);
/* Digest of everything that Owner has, to see that nothing has changed. Good until the next look into the database. */
const char *scene_digest(void);

#endif
