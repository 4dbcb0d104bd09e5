/* Answers that go on: server-sent events, written a turn at a time while the request is parked in between. */
#include <pthread.h>

#include "core/clock.h"
#include "core/config.h"
#include "core/limits.h"
#include "http/exchange.h"

#define RETRY_MS 1000               /* when a client comes again after a stream has ended */
#define RETRY_FULL_S 5              /* when one that has too many is to try again */
#define SILENCE_US (15 * 1000000LL) /* then a comment: below every time-out on the way, and a client that is gone shows */

struct buf *stream_open(struct request *r)
{
    struct exchange *x = r->exchange;
    r->reply.status = 200;
    r->reply.content_type = "text/event-stream; charset=utf-8";
    reply_header(r, "X-Accel-Buffering", "no");
    if (!x->streaming)
        buf_printf(&r->reply.body, "retry: %d\n\n", RETRY_MS);
    return &r->reply.body;
}

void stream_event(struct buf *to, const char *id, const char *name, const struct rows *rows, size_t row)
{
    struct json_out out = {.to = to};
    buf_printf(to, "id: %s\nevent: %s\ndata: ", id, name);
    rows_write_object(&out, rows, row);
    buf_str(to, "\n\n");
}

/* --- one account's streams ---------------------------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    struct exchange *streams;
} opened = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t count_streams(const char *user_id)
{
    size_t n = 0;
    for (const struct exchange *x = opened.streams; x; x = x->next_stream)
        n += str_eq(x->stream_user, user_id);
    return n;
}

static void leave(void *exchange)
{
    pthread_mutex_lock(&opened.lock);
    struct exchange **at = &opened.streams;
    while (*at != exchange)
        at = &(*at)->next_stream;
    *at = (*at)->next_stream;
    pthread_mutex_unlock(&opened.lock);
}

/* Each stream asks the database every second or oftener: a client that opens them without end must not have all the room.
 * In a stream's first turn, whose arena is the whole request's: with it the stream leaves. */
static bool enter(struct request *r)
{
    struct exchange *x = r->exchange;
    pthread_mutex_lock(&opened.lock);
    bool room = count_streams(r->who.user_id) < LIMIT_STREAMS_PER_USER;
    if (room) {
        x->stream_user = r->who.user_id;
        x->next_stream = opened.streams;
        opened.streams = x;
    }
    pthread_mutex_unlock(&opened.lock);
    if (room)
        arena_defer(r->mem, leave, x);
    return room;
}

/* --- waiting ------------------------------------------------------------------------------------------------------- */

enum err stream_wait(struct request *r, int ms)
{
    struct exchange *x = r->exchange;
    if (x->head_only || clock_us() - r->started_us > config_int("DASTERN_STREAM_SECONDS") * 1000000L)
        return OK;
    if (r->who.signed_in && !x->stream_user && !enter(r)) {
        enum err full = fail(r, E_RATE_LIMITED, "stream.too_many");
        r->problem.retry_after_s = RETRY_FULL_S;
        return full;
    }
    enum err err = request_later(r, ms);
    x->stream_waits = err == E_LATER;
    return err;
}

bool stream_push(struct request *r)
{
    struct exchange *x = r->exchange;
    struct buf head = {.mem = r->mem};
    bool silent = x->streaming && r->reply.body.len == 0;
    if (!x->stream_waits || (silent && clock_us() - x->pushed_us < SILENCE_US))
        return true;
    if (silent)
        buf_str(&r->reply.body, ":\n\n");
    if (!x->streaming)
        reply_render_head(r, &head);
    x->streaming = true;
    x->pushed_us = clock_us();
    return fcgi_push(x->fcgi, head.data, head.len, r->reply.body.data, r->reply.body.len);
}
