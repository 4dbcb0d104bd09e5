/* What the tests with hostile input share: whom each route is asked by, how a refusal must look, that nothing was stored. */
#ifndef DASTERN_TESTS_HOSTILE_H
#define DASTERN_TESTS_HOSTILE_H

#include <stdbool.h>

#include "client.h"
#include "served.h"

/* A route with somebody who may call it, and a path to something that is there. */
struct target {
    const json_t *route;
    const char *method, *token;
    char path[200];
};

/* Cmocka setup of a group: the scene, and what is stored in it. Teardown: says how many requests there were. */
int hostile_setup(void **state);
int hostile_teardown(void **state);
/* Calls `what` for every served route. */
void hostile_each(void (*what)(const struct target *));
/* The request with this body; NULL: none. */
struct answer *hostile_send(const struct target *t, const char *query, const char *body, size_t size, const char *content_type);
/* Counts a miss unless the answer is a problem with a 4xx status other than 401, 403 and 429, given within two seconds. */
bool hostile_refused(const struct target *t, const char *what, struct answer *a);
/* The same, and `errors` names this field: a pointer for a body ("/doses/morning"), a parameter for a query. Refusals of
 * the JSON itself (400 json.…) name none. */
void hostile_names(const struct target *t, const char *what, struct answer *a, const char *field);
/* Tells a miss. */
void hostile_miss(const struct target *t, const char *what, const struct answer *a);
/* Fails the test if there was a miss since the last time, or if any table has more or fewer rows than at the start. */
void hostile_done(void);

/* --- the tests: of bodies (hostile_body.c), and of all that stands in the request line (hostile_line.c) */
void every_field_refuses_what_does_not_fit(void **state);
void every_body_refuses_what_is_none(void **state);
void large_bodies_are_refused(void **state);
void many_keys_are_refused(void **state);
void bodies_in_pieces_and_cut_off_do_nothing(void **state);
void every_parameter_refuses_what_does_not_fit(void **state);
void every_query_refuses_what_is_none(void **state);
void paging_refuses_what_does_not_fit(void **state);
void other_methods_are_not_allowed(void **state);
void odd_paths_lead_nowhere(void **state);

#endif
