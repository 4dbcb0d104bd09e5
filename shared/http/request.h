/* A request as a handler sees it, and everything a handler calls. */
#ifndef DASTERN_HTTP_REQUEST_H
#define DASTERN_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/limits.h"
#include "core/str.h"
#include "db/fault.h"
#include "db/rows.h"
#include "http/multipart.h"
#include "http/route.h"

/* Who is asking, from the verified token; that the session still lives is decided by enter() in the same batch. */
struct auth {
    bool signed_in;
    const char *user_id, *session_id;
    const char *role; /* NULL until chosen */
};

struct problem {
    int status;
    const char *code;
    const char *detail;   /* overrides the catalogue's text; NULL: from the catalogue */
    const char *members;  /* JSON object text whose members are merged in, or NULL */
    long retry_after_s;   /* > 0: Retry-After */
};

struct reply {
    int status;                /* 0 until answered */
    const char *content_type;  /* NULL: application/json */
    struct buf body;
    struct pair headers[16];
    size_t header_count;
};

struct request {
    struct arena *mem;         /* of this turn: what a handler allocates is gone when it runs again after having been parked */
    const char *id;            /* X-Request-Id */
    enum method method;
    const char *path;          /* decoded, below /api/v1 */
    const char *ip;            /* client address */
    const char *language;      /* km, en or fr: Accept-Language, or else the account's own once it is known */
    const struct route *route;
    struct auth who;
    struct input *inputs;      /* captures, then fields */
    size_t input_count;
    bool is_form;              /* R_UPLOAD and the body is multipart, not JSON */
    const struct multipart_part *file; /* the form's file, or NULL */
    struct problem problem;
    struct field_faults faults;
    struct reply reply;
    int64_t started_us;        /* clock_us at arrival */
    int64_t waited_us;         /* how long it has been parked so far */
    char seen[LIMIT_SEEN_BYTES]; /* a parked handler's note to itself: what it saw before it waited; "" at first */
    struct exchange *exchange; /* transport and database state, private to shared/http */
};

/* --- input -------------------------------------------------------------------------------------------------- */
/* Validated value of a field, capture or multipart field; NULL if absent or null. An unknown name aborts. */
const char *input(const struct request *r, const char *name);
bool input_present(const struct request *r, const char *name);
bool input_bool(const struct request *r, const char *name); /* absent is false */
long input_long(const struct request *r, const char *name); /* absent is 0 */
/* A request header by its HTTP name ("User-Agent"), or NULL. */
const char *request_header(const struct request *r, const char *name);

/* --- refusing -------------------------------------------------------------------------------------------------- */
/* return fail(r, E_CONFLICT, "dose.not_pending"); the status follows from err; the text from the catalogue. */
enum err fail(struct request *r, enum err err, const char *code) MUST_CHECK;
/* With a status of its own (e.g. 413, 507) and more members (JSON object text or NULL). */
enum err fail_with(struct request *r, enum err err, int status, const char *code, const char *members) MUST_CHECK;
/* One more field fault found by the handler; then return fail_fields(r) (422). */
void fault(struct request *r, const char *pointer, const char *code);
enum err fail_fields(struct request *r) MUST_CHECK;

/* --- database ------------------------------------------------------------------------------------------------- */
/*
 * Runs a statement in the request's transaction: the first call begins it and enters the session, both in the same
 * round trip; it is committed after the handler returns OK and before the client hears of it, rolled back otherwise.
 * Parameters are bound by name: from the pairs given here ("name", value, …, NULL), then inputs, then built-ins
 * (user_id session_id request_id ip limit cursor_1 cursor_2 if_match language has_<field>, and body: the JSON object as it
 * was sent, for statements that take many fields as one jsonb). Values are text; NULL is null.
 * A refusal by the database has already become the problem: just return the error.
 */
enum err db_query(struct request *r, const struct sql_stmt *sql, struct rows *rows, ...)
    MUST_CHECK __attribute__((sentinel));
/*
 * The same in a transaction of its own: session check, statement and commit in one round trip, no connection kept.
 * For the only statement of a handler, and for reads before slow work (hashing). With an Idempotency-Key it joins the
 * request's transaction instead, so that effect and answer are stored together.
 */
enum err db_query_once(struct request *r, const struct sql_stmt *sql, struct rows *rows, ...)
    MUST_CHECK __attribute__((sentinel));
/*
 * For what must be remembered of a request that is being refused, such as a wrong guess: rolls back what the request has
 * written and runs the statement in a transaction of its own, Idempotency-Key or not. The problem already set stays.
 */
enum err db_query_apart(struct request *r, const struct sql_stmt *sql, ...) MUST_CHECK __attribute__((sentinel));

/* --- answering ------------------------------------------------------------------------------------------------- */
void reply_header(struct request *r, const char *name, const char *value); /* value must hold no control bytes */
/* First row as an object; no row: 404 not_found. `_etag`, `_location`, `_status` columns are honoured. */
enum err reply_row(struct request *r, int status, const struct rows *rows) MUST_CHECK;
/* Runs `change`, whose row has the id of what it changed (no row: 404), and answers with the whole of that: what triggers have
 * made of it is seen by the next statement only. `show` takes the id as its parameter `id_name`. */
enum err reply_changed(struct request *r, const struct sql_stmt *change, const struct sql_stmt *show, const char *id_name,
                       int status) MUST_CHECK;
/* {"items": […], "next_cursor": …}; the statement selects limit + 1 rows; `_cursor_1`, `_cursor_2` make the cursor. */
enum err reply_rows(struct request *r, int status, const struct rows *rows) MUST_CHECK;
/* A JSON body that the handler writes itself: open, write, return OK. */
struct json_out reply_json(struct request *r, int status);
enum err reply_no_content(struct request *r) MUST_CHECK; /* 204 */
/* nginx sends the file: `name` below the storage directory, through the internal location. */
enum err reply_file(struct request *r, const char *name, const char *content_type) MUST_CHECK;
/*
 * Parks the request without holding a thread or a connection and runs the handler again after `ms`; r->waited_us then
 * tells how long it has waited. What db_query has written so far is rolled back. Returns E_LATER, which the handler
 * returns; or OK when there is no room to wait (draining, too many parked): then answer now.
 */
enum err request_later(struct request *r, int ms) MUST_CHECK;
/* The same where the client asked to wait, as it may without end: E_RATE_LIMITED when its account has LIMIT_WAITS_PER_USER others
 * waiting in this process. Return whatever is not OK. */
enum err request_wait(struct request *r, int ms) MUST_CHECK;
/* Keeps a text in r->seen for the next turn. A longer one is cut, and then equals nothing. */
void request_note(struct request *r, const char *text);

/* --- server-sent events (WHATWG HTML §9.2) ---------------------------------------------------------------------- */
/*
 * An answer of events. Each turn of the handler opens the stream, writes what is new since r->seen (or, in the first turn, since
 * the client's Last-Event-ID), notes it, and returns stream_wait(), or OK when nothing more can come. No thread is held
 * in between. The session is checked in every turn by the handler's query: an error ends the stream, and the client, which
 * then comes again by itself, is told why.
 */
struct buf *stream_open(struct request *r);
/* One event: its data is a row as an object. `id` is what the client sends as Last-Event-ID. */
void stream_event(struct buf *to, const char *id, const char *name, const struct rows *rows, size_t row);
/* Sends the turn's events and parks as request_later does. OK when the stream has to end now (DASTERN_STREAM_SECONDS, or what
 * request_later names), E_RATE_LIMITED when its account has LIMIT_STREAMS_PER_USER others: return it. */
enum err stream_wait(struct request *r, int ms) MUST_CHECK;

/* --- stock handlers: run their row's statement and answer ------------------------------------------------------ */
enum err run_one(struct request *r, const struct sql_stmt *sql);        /* 200, one object */
enum err run_list(struct request *r, const struct sql_stmt *sql);       /* 200, items */
enum err run_create(struct request *r, const struct sql_stmt *sql);     /* 201 */
enum err run_accept(struct request *r, const struct sql_stmt *sql);     /* 202 */
enum err run_no_content(struct request *r, const struct sql_stmt *sql); /* 204; no row returned or changed: 404 */

#endif
