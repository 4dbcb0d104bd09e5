/* The routes that the executables serve, as each tells them itself (--routes). */
#ifndef DASTERN_TESTS_SERVED_H
#define DASTERN_TESTS_SERVED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* All of them: objects {area, method, path, access, multipart, list, sends_codes, fields}. Read once, from the executables in
 * $DASTERN_TEST_BIN (build/bin without it); one that can't be asked fails the test. */
json_t *served_routes(void);
/* How many modules they come from. */
size_t served_area_count(void);
/* Text of a member. */
const char *served_text(const json_t *route, const char *name);
/* Whether the route takes a body; a GET takes a query. */
bool served_has_body(const json_t *route);

#endif
