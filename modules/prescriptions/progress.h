/* How far the reading of a picture has come, for clients that want to wait for the next step. */
#ifndef DASTERN_PRESCRIPTIONS_PROGRESS_H
#define DASTERN_PRESCRIPTIONS_PROGRESS_H

#include "http/request.h"

/* Handlers. The statement gives one row with `_etag` (changes with every step) and `_settled` (nothing more comes by itself). */

/* 200 with the state; with ?wait=N only once it differs from If-None-Match, or without one from the first look, or N s on. */
enum err progress_show(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
/* The same as server-sent events: one event for the step after Last-Event-ID, and the client comes again by itself
 * (WHATWG HTML §9.2); 204 ends that, when the last event has been seen and nothing more will come. */
enum err progress_stream(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

#endif
