/* Waiting for the next step of a reading: the request is parked between looks, no thread and no connection waits. */
#include "progress.h"

#include <string.h>

#include "db/rows.h"
#include "json/json_write.h"

#define LOOK_AGAIN_MS 250
#define STREAM_WAIT_S 25 /* below what proxies on the way take for a dead connection */

/* ETags are sent in quotes, as event ids they stand bare. */
static const char *bare_etag(struct request *r, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    bool quoted = n >= 2 && text[0] == '"' && text[n - 1] == '"';
    return quoted ? arena_strndup(r->mem, text + 1, n - 2) : text;
}

/* Is there nothing new for who saw `known`, but something to come within the time? */
static bool must_wait(const struct request *r, const struct rows *rows, const char *known, long seconds)
{
    const char *state = rows_text(rows, r->mem, 0, "_etag");
    return str_eq(state, known) && !rows_bool(rows, 0, "_settled") && r->waited_us < seconds * 1000000L;
}

static enum err look(struct request *r, const struct sql_stmt *sql, struct rows *rows)
{
    enum err err = db_query_once(r, sql, rows, NULL);
    if (err == OK && rows_count(rows) == 0)
        err = fail(r, E_NOT_FOUND, "not_found");
    return err;
}

enum err progress_show(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = look(r, sql, &rows);
    if (err != OK)
        return err;
    if (!r->seen) {
        const char *known = bare_etag(r, request_header(r, "If-None-Match"));
        r->seen = known ? known : rows_text(&rows, r->mem, 0, "_etag");
    }
    if (must_wait(r, &rows, r->seen, input_long(r, "wait")) && request_later(r, LOOK_AGAIN_MS) == E_LATER)
        return E_LATER;
    return reply_row(r, 200, &rows);
}

static enum err reply_event(struct request *r, const struct rows *rows, bool is_new)
{
    struct buf *body = reply_json(r, 200).to;
    r->reply.content_type = "text/event-stream; charset=utf-8";
    buf_printf(body, "retry: %d\n", LOOK_AGAIN_MS);
    if (is_new) {
        struct json_out out = {.to = body};
        buf_printf(body, "id: %s\nevent: progress\ndata: ", rows_text(rows, r->mem, 0, "_etag"));
        rows_write_object(&out, rows, 0);
    } else {
        buf_str(body, ": nothing new");
    }
    buf_str(body, "\n\n");
    return OK;
}

enum err progress_stream(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = look(r, sql, &rows);
    if (err != OK)
        return err;
    const char *last = request_header(r, "Last-Event-ID");
    bool is_new = !str_eq(rows_text(&rows, r->mem, 0, "_etag"), last);
    if (!is_new && rows_bool(&rows, 0, "_settled"))
        return reply_no_content(r);
    if (must_wait(r, &rows, last, STREAM_WAIT_S) && request_later(r, LOOK_AGAIN_MS) == E_LATER)
        return E_LATER;
    return reply_event(r, &rows, is_new);
}
