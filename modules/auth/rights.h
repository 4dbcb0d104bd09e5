/* Handlers of the rights over one's data: a copy of everything, and its end. */
#ifndef DASTERN_AUTH_RIGHTS_H
#define DASTERN_AUTH_RIGHTS_H

#include "http/request.h"

enum err export_me(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err export_file(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err delete_me(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

#endif
