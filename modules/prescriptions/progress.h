/* How far the reading of a picture has come, for clients that want to wait for the next step. */
#ifndef DASTERN_PRESCRIPTIONS_PROGRESS_H
#define DASTERN_PRESCRIPTIONS_PROGRESS_H

#include "http/request.h"

/* Handlers. The statement gives one row with `_etag` (changes with every step) and `_settled` (nothing more comes by itself). */

/* 200 with the state; with ?wait=N only once it differs from If-None-Match, or without one from the first look, or N s on.
 * 429 when the account has too many that wait. */
enum err progress_show(struct request *r, const struct sql_stmt *sql) MUST_CHECK;
/* The same as server-sent events: one for each step after Last-Event-ID; the stream ends when nothing more will come. A client that
 * comes again then, as clients of such streams do by themselves, is told 204, which ends that (WHATWG HTML §9.2). */
enum err progress_stream(struct request *r, const struct sql_stmt *sql) MUST_CHECK;

#endif
