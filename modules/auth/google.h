/* Handlers of signing in with Google (or another OpenID provider, by configuration). 404 while it is not configured. */
#ifndef DASTERN_AUTH_GOOGLE_H
#define DASTERN_AUTH_GOOGLE_H

#include "http/request.h"

enum err google_start(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err google_finish(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

#endif
