/* Proofs that a request brings along: a new password that is good enough, the own password again, a recent proof. */
#ifndef DASTERN_AUTH_PROOF_H
#define DASTERN_AUTH_PROOF_H

#include "http/request.h"

/* 429 with Retry-After. */
enum err too_often(struct request *r, long wait_s) MUST_CHECK;
/* 202 with an empty object: a code is on its way, or nothing is, and the answer does not tell which. */
enum err reply_sent(struct request *r) MUST_CHECK;

/* Whether input `name` may be the password of the person with these words: 422 naming the field otherwise. */
enum err password_judge(struct request *r, const char *name, const char *email, const char *first_name,
                        const char *last_name) MUST_CHECK;
/* Hashes input `name` in the lane; may park the request (E_LATER), so call it before anything that must happen once. */
enum err password_make(struct request *r, const char *name, char **hash) MUST_CHECK;

/* Is input `name` the caller's own password? Parks like password_make. 403 auth.password_wrong, counted like a failed
 * sign-in; 429 after too many. An account without a password (outside identity) has none that is right. */
enum err password_confirm(struct request *r, const char *name) MUST_CHECK;

/* Handler of POST /auth/step-up: the password again, or a code of the second factor; good for five minutes. */
enum err step_up(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
/* Handler of POST /auth/password. */
enum err change_password(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

#endif
