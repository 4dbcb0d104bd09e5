/* What the stack's delivery_worker handed to the mail server of tests/mail, whose directory is $DASTERN_TEST_MAIL. */
#ifndef DASTERN_TESTS_MAILBOX_H
#define DASTERN_TESTS_MAILBOX_H

#include <stddef.h>

/* Whether e-mails can be read here; a test that needs them skips without. */
#define mailbox_exists() (getenv("DASTERN_TEST_MAIL") != NULL)

/* Waits up to 15 s for the n-th message to `address` that holds `word`, and returns the newest one's text; the test fails
 * without. Good until the next call. */
const char *mailbox_await(const char *address, const char *word, size_t n);
/* How many messages to `address` hold `word` now. */
size_t mailbox_count(const char *address, const char *word);
/* The code behind "#code=" in the link of a message. Good until the next call. */
const char *mailbox_code(const char *text);

#endif
