/* Handlers around codes sent by e-mail: forgotten password, proof of an address, change of it. */
#ifndef DASTERN_AUTH_RECOVERY_H
#define DASTERN_AUTH_RECOVERY_H

#include "http/request.h"

enum err forgot_password(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err reset_password(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err send_email_code(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err change_email(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err verify_email(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

#endif
