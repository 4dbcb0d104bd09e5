/* Who may do what: for every route one row that says what each caller must be answered. */
#ifndef DASTERN_TESTS_TABLE_H
#define DASTERN_TESTS_TABLE_H

#include <stddef.h>

#include "scene.h"

/* Roles, as bits. ANY: signed in, whatever the state of the account. */
enum { PATIENTS = 1, RELATIVES = 2, DOCTORS = 4, ADMINS = 8, COMPLETE = 15, ANY = 16, EVERYBODY = 32 };

/* What the route is about. */
enum about {
    ONESELF,      /* the caller's own: everybody of these roles may */
    OWNERS,       /* one thing of Owner: nobody else may */
    RELATIVE,     /* the link of REL_ALL: only that relative may */
    HEALTH,       /* one thing of Owner's health data: Owner, and who is permitted */
    PATIENT,      /* Owner's health data as a whole: the same, and hidden medicines or single prescriptions do not matter */
    PATIENT_ALL,  /* the same, but a doctor needs the level for all of it */
};

struct verdict {
    const char *method, *route;  /* as served */
    const char *path, *body;     /* as sent; $x stands for a thing of the scene; NULL: no body */
    unsigned roles;              /* others: 403 */
    enum about about;
    unsigned permissions;        /* a relative needs all of these; 0: relatives never */
    enum level level;            /* a doctor needs this level; NO_DOCTOR: never */
    int status, or;              /* when allowed: success, or a refusal that depends on the state only */
    char spends;                 /* once allowed it is not the same again: '*' the health data, else the letter of the thing */
};
/* Ends with a NULL method. In the order in which they are tried. */
extern const struct verdict verdicts[];

#endif
