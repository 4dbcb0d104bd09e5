/* Handlers of register, login and refresh. */
#ifndef DASTERN_AUTH_SIGN_IN_H
#define DASTERN_AUTH_SIGN_IN_H

#include "http/request.h"

enum err register_account(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err login(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err refresh(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

/* Opens a session for an account that somebody else vouches for, with its second factor if it has one (input totp_code).
 * `row` holds totp_enabled, totp_sealed, totp_last_step. */
enum err sign_in_vouched(struct request *r, const char *user_id, const struct rows *row) MUST_CHECK;

/* Input `email` as accounts are looked up by: an address as it is, a phone number in E.164. */
const char *normal_identifier(struct request *r);

#endif
