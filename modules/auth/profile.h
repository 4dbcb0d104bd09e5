/* Handlers of onboarding and of the account itself. */
#ifndef DASTERN_AUTH_PROFILE_H
#define DASTERN_AUTH_PROFILE_H

#include "http/request.h"

extern const struct field profile_fields[]; /* of all roles; which ones the caller's role takes is the handler's business */

/* Runs the statement, then answers as GET /me does. */
enum err change_and_show(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err change_me(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err put_profile(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err patch_profile(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

#endif
