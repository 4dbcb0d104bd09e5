/* A short request to a server named in the configuration: never a redirect, never long, never much. */
#ifndef DASTERN_AUTH_FETCH_H
#define DASTERN_AUTH_FETCH_H

#include <jansson.h>

#include "core/arena.h"
#include "core/err.h"

/* Once per process, before threads start. */
enum err fetch_start(void) MUST_CHECK;

/* Percent-encodes for a query or a form. */
char *fetch_escape(struct arena *mem, const char *text);

/* GET, or POST of `form` when it is not NULL. A JSON object from a 200 answer, living as long as the arena. `https` alone,
 * unless the URL starts with http://127.0.0.1 (tests). E_UNAVAILABLE: no answer, or a 5xx; E_UNAUTHENTICATED: any other. */
enum err fetch_json(struct arena *mem, const char *url, const char *form, json_t **out) MUST_CHECK;

#endif
