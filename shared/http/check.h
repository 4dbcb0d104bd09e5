/* Inside shared/http: is a route table sound? At start, for make check-sql, and for comparing with the contract. */
#ifndef DASTERN_HTTP_CHECK_H
#define DASTERN_HTTP_CHECK_H

#include <stdbool.h>

#include "http/serve.h"

/* Paths are distinct and well-formed, fields are few enough, a stock handler finds every parameter it has to bind.
 * Prints each fault to stderr. */
bool check_routes(const struct area *area);
/* --check-sql: every statement prepares on the schema behind DASTERN_DB, fields fit the parameters' types. */
int check_area(const struct area *area);
/* --routes: [{"method", "path", "access": […], "multipart", "list", "fields": [{"name", "type", "required", "nullable",
 * "choices"?, "fields"?, "item"?}]}] on stdout. */
int check_print_routes(const struct area *area);

#endif
