/* Handlers that prove a phone number by a code in a text message. Without a gateway for those they answer 404. */
#ifndef DASTERN_AUTH_PHONE_H
#define DASTERN_AUTH_PHONE_H

#include "http/request.h"

enum err send_phone_code(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
enum err verify_phone(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

#endif
