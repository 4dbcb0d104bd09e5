/* Handlers of register, login and refresh. */
#ifndef DASTERN_AUTH_SIGN_IN_H
#define DASTERN_AUTH_SIGN_IN_H

#include "http/request.h"

enum err register_account(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err login(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err refresh(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

#endif
