/* A look into the database as its owner, past all row-level security: to see that nothing was stored, or to set a scene
 * that no endpoint makes. $DASTERN_TEST_DB is the conninfo; without it the stack in $DASTERN_VAR, or in var/ of the
 * working directory. */
#ifndef DASTERN_TESTS_OWNER_H
#define DASTERN_TESTS_OWNER_H

#include <stdbool.h>

/* First column of the first row as text, NULL for none or SQL null; parameters $1… are texts ended by NULL. The value
 * is good until the next call. A fault fails the test. */
const char *owner_sql(const char *sql, ...) __attribute__((sentinel));
/* The same as a number (0 for none). */
long owner_count(const char *sql, ...) __attribute__((sentinel));
/* All tests come from one address: what they did wrong from there is forgotten. A cmocka setup function. */
int owner_forgive(void **state);
/* How the owner reaches the database; append " user=…" to be somebody else. Good until the next call. */
const char *owner_conninfo(void);

#endif
