/* Waiting for the next step of a reading: the request is parked between looks, no thread and no connection waits. */
#include "progress.h"

#include <string.h>

#include "db/rows.h"

#define LOOK_AGAIN_MS 250

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
    if (!*r->seen) {
        const char *known = bare_etag(r, request_header(r, "If-None-Match"));
        request_note(r, known ? known : rows_text(&rows, r->mem, 0, "_etag"));
    }
    if (must_wait(r, &rows, r->seen, input_long(r, "wait")))
        err = request_wait(r, LOOK_AGAIN_MS);
    return err == OK ? reply_row(r, 200, &rows) : err;
}

enum err progress_stream(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = look(r, sql, &rows);
    if (err != OK)
        return err;
    const char *state = rows_text(&rows, r->mem, 0, "_etag");
    const char *last = *r->seen ? r->seen : request_header(r, "Last-Event-ID");
    bool is_new = !str_eq(state, last), settled = rows_bool(&rows, 0, "_settled");
    if (!is_new && settled)
        return reply_no_content(r); /* only in the first turn: later ones end with the event that settles it */
    struct buf *events = stream_open(r);
    if (is_new)
        stream_event(events, state, "progress", &rows, 0);
    request_note(r, state);
    return settled ? OK : stream_wait(r, LOOK_AGAIN_MS);
}
