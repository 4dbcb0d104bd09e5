/* The second factor: an authenticator app's codes, and ten recovery codes for the day the app is lost. */
#ifndef DASTERN_AUTH_SECOND_FACTOR_H
#define DASTERN_AUTH_SECOND_FACTOR_H

#include "http/request.h"

/* What a given code stands for, as parameters of SQL code_spend(): the step of an app's code, or the hash of a recovery
 * code (bytea text). Both NULL: it is neither. Whether it was used before, the database decides. */
struct code_given {
    const char *step, *recovery_hash;
};

/* `row` holds totp_sealed and totp_last_step of the account. */
enum err code_read(struct request *r, const struct rows *row, const char *user_id, const char *code,
                   struct code_given *out) MUST_CHECK;

/* Is input `name` a code of the caller's own second factor? It is spent. 403 auth.totp_invalid, counted; 429. */
enum err own_code_confirm(struct request *r, const char *name) MUST_CHECK;

/* Handlers of POST /auth/totp, POST /auth/totp/confirm, DELETE /auth/totp. */
enum err enrol_totp(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err confirm_totp(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err remove_totp(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

#endif
