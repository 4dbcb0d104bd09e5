/* Answers that go on: server-sent events, written a turn at a time while the request is parked in between. */
#include "core/clock.h"
#include "core/config.h"
#include "http/exchange.h"

#define RETRY_MS 1000               /* when a client comes again after a stream has ended */
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

/* --- waiting ------------------------------------------------------------------------------------------------------- */

enum err stream_wait(struct request *r, int ms)
{
    struct exchange *x = r->exchange;
    if (x->head_only || clock_us() - r->started_us > config_int("DASTERN_STREAM_SECONDS") * 1000000L)
        return OK;
    if (!place_take(r, PLACE_STREAM)) {
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
