/* Inside shared/http only: what a request carries besides what handlers see. */
#ifndef DASTERN_HTTP_EXCHANGE_H
#define DASTERN_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "db/pool.h"
#include "http/fcgi.h"
#include "http/request.h"
#include "http/serve.h"

#define RETRY_FULL_S 5 /* when an account that has too many places is to try again */

enum place_kind { PLACE_NONE, PLACE_STREAM, PLACE_WAIT };

/* One of the parked requests that an account may have at a time. */
struct place {
    enum place_kind kind;
    const char *user;      /* NULL: none is held */
    struct exchange *next; /* of all that hold one */
};

struct exchange {
    struct fcgi *fcgi;
    const struct area *area;
    struct db_pool *pool;
    struct db_conn *conn;             /* leased while the request's transaction is open */
    bool entered;                     /* enter() has said yes in this request */
    const char *idempotency_key;      /* NULL without */
    bool replayed;                    /* the reply is a stored one */
    bool head_only;                   /* HEAD: answered like GET, without the body */
    const char *body_hash;            /* hex SHA-256 of the body, for the key's fingerprint */
    const char *limit, *cursor_1, *cursor_2;
    const char *if_match;             /* ETag without quotes */
    const char *body;                 /* the checked JSON object as it was sent; NULL without */
    const char *allow;                /* for 405 */
    int park_ms;                      /* > 0: parked */
    bool may_park;
    bool stream_waits;                /* this turn ended with stream_wait() */
    bool streaming;                   /* the head of a stream is out: only events can follow */
    int64_t pushed_us;                /* clock_us when something of it was sent last */
    struct place place;               /* among those its account holds in this process */
    size_t rows;                      /* answered rows, for the log */
};

/* lifecycle.c: the whole of a request. E_LATER: parked, r lives on; otherwise answered. */
enum err request_serve(struct request *r) MUST_CHECK;
enum err request_resume(struct request *r) MUST_CHECK;

/* body.c: reads and checks everything the client sent. */
enum err request_read_input(struct request *r) MUST_CHECK;
bool body_is_form(const struct request *r); /* by its Content-Type */

/* query.c */
enum err request_enter(struct request *r) MUST_CHECK;  /* session check alone */
enum err request_commit(struct request *r) MUST_CHECK; /* stores the idempotent answer, commits */
void request_release(struct request *r);               /* rolls back what is open */
/* Can this parameter be bound for the route? (start-up check) */
bool request_binds(struct arena *mem, const struct route *route, const char *param);

/* problem.c, reply.c */
void problem_render(struct request *r, enum err err);
void reply_send(struct request *r);
void reply_render_head(struct request *r, struct buf *head);

/* place.c: a place of the kind for the account, held until the request is over; false: it has as many as it may. To be taken in a
 * request's first turn, whose arena is the whole request's. Who is not signed in needs none. */
bool place_take(struct request *r, enum place_kind kind) MUST_CHECK;

/* stream.c: sends what the turn of a waiting stream has written, or a comment after a while of silence, without ever
 * waiting for the client; false: it does not take it, the stream is over. True for requests that are no streams. */
bool stream_push(struct request *r) MUST_CHECK;

/* system.c: /healthz, /readyz, /metrics */
bool system_serve(struct request *r); /* false: none of them */

#endif
