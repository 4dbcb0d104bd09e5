/* Medicines, reminders and doses for tests. Medicines are put straight into the database, as confirmed ones of a
 * prescription written by hand; doses too where the test needs one at a moment that no plan gives. */
#ifndef DASTERN_TESTS_COURSE_H
#define DASTERN_TESTS_COURSE_H

#include <stdbool.h>

#include "people.h"

/* A current medicine of the patient. An as-needed one allows 3 doses a day, 60 minutes apart. */
void medicine_new(const struct person *patient, bool as_needed, char id[37]);
/* A reminder through the API, so far ahead that it has no doses of its own yet. */
void reminder_new(const struct person *patient, const char *medication_id, char id[37]);
/* A pending dose of 1 unit, due in `due_in_s` seconds (negative: it was), with this grace. */
void dose_new(const char *reminder_id, int due_in_s, int grace_s, char id[37]);
/* All three at once: a dose due in an hour. */
void dose_of(const struct person *patient, char medication_id[37], char dose_id[37]);
/* Status of a dose in the database. Good until the next look. */
const char *dose_status(const char *id);

#endif
