/* Notices: list them, mark them read, choose what comes by which channel, and follow them as they arrive. */
#include <string.h>

#include "core/clock.h"
#include "http/serve.h"
#include "notifications_sql.h"

#define STREAM_WAIT_US (25 * 1000 * 1000LL) /* below the time-outs of nginx and of mobile networks */
#define STREAM_POLL_MS 1000
#define FIRST_ID "00000000-0000-0000-0000-000000000000"

static const struct field list_fields[] = {{.name = "unread", .type = F_BOOL}, {0}};

static const struct field channel_fields[] = {
    {.name = "in_app", .type = F_BOOL}, {.name = "email", .type = F_BOOL}, {.name = "push", .type = F_BOOL}, {0}};
static const struct field preference_fields[] = {
    {.name = "type", .type = F_TEXT, .required = true, .min = 1, .max = 80},
    {.name = "channels", .type = F_OBJECT, .required = true, .fields = channel_fields},
    {0}};
static const struct field preference_item = {.name = "item", .type = F_OBJECT, .fields = preference_fields};
static const struct field preferences_fields[] = {
    {.name = "items", .type = F_LIST, .required = true, .max = 100, .item = &preference_item}, {0}};

/* Stores all preferences and answers what now holds. */
static enum err replace_preferences(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = db_query(r, sql, &rows, NULL);
    if (!err)
        err = db_query(r, &SQL_list_notification_preferences, &rows, NULL);
    return err ? err : reply_rows(r, 200, &rows);
}

/* Where a client is in the stream: "<delivered_at>_<id>", as sent in the last event's id. */
struct position {
    const char *at, *id;
};

static bool read_position(struct request *r, const char *text, struct position *out)
{
    const char *bar = strchr(text, '_');
    if (!bar)
        return false;
    out->at = arena_strndup(r->mem, text, (size_t)(bar - text));
    out->id = bar + 1;
    return time_is_timestamp(out->at) && str_is_uuid(out->id);
}

static enum err reply_stream(struct request *r)
{
    r->reply.status = 200;
    r->reply.content_type = "text/event-stream";
    r->reply.body.mem = r->mem;
    buf_printf(&r->reply.body, "retry: %d\n", STREAM_POLL_MS);
    return OK;
}

/* An event without data only tells the position; the client asks again from there. */
static enum err start_stream(struct request *r)
{
    struct rows rows = {0};
    enum err err = db_query_once(r, &SQL_start_notification_stream, &rows, NULL);
    if (!err)
        err = reply_stream(r);
    if (!err)
        buf_printf(&r->reply.body, "id: %s_" FIRST_ID "\n\n", rows_text(&rows, r->mem, 0, "at"));
    return err;
}

static void write_event(struct request *r, const struct rows *rows, size_t row)
{
    struct buf *body = &r->reply.body;
    buf_printf(body, "id: %s_%s\n", rows_text(rows, r->mem, row, "_delivered_at"), rows_text(rows, r->mem, row, "id"));
    buf_str(body, "event: notification\ndata: ");
    struct json_out out = {.to = body};
    rows_write_object(&out, rows, row);
    buf_str(body, "\n\n");
}

/*
 * Server-sent events by long polling: the answer ends with the first events, or without any after STREAM_WAIT_US, and
 * the client comes back by itself with Last-Event-ID, as the standard has it. So no thread is held, a session that
 * ended is noticed at the next look, and a broken line loses nothing.
 */
static enum err follow_stream(struct request *r, const struct sql_stmt *sql)
{
    const char *last = request_header(r, "Last-Event-ID");
    struct position after;
    if (!last || !*last)
        return start_stream(r);
    if (!read_position(r, last, &after))
        return fail_with(r, E_INVALID, 400, "notification.stream_position", NULL);
    struct rows rows = {0};
    enum err err = db_query_once(r, sql, &rows, "after_at", after.at, "after_id", after.id, NULL);
    if (!err && !rows_count(&rows) && r->waited_us < STREAM_WAIT_US)
        err = request_later(r, STREAM_POLL_MS);
    if (!err)
        err = reply_stream(r);
    if (err)
        return err;
    for (size_t row = 0; row < rows_count(&rows); row++)
        write_event(r, &rows, row);
    buf_str(&r->reply.body, ":\n\n"); /* a comment, so that an answer without events is whole as well */
    return OK;
}

static const struct route routes[] = {
    {GET,  "/notifications",                             SIGNED_IN, R_LIST,    list_fields,        run_list,            &SQL_list_notifications},
    {POST, "/notifications/read-all",                    SIGNED_IN, 0, NULL,               run_one,             &SQL_read_all_notifications},
    {POST, "/notifications/{notification_id:uuid}/read", SIGNED_IN, 0, NULL,               run_one,             &SQL_read_notification},
    {GET,  "/notifications/preferences",                 SIGNED_IN, 0,         NULL,               run_list,            &SQL_list_notification_preferences},
    {PUT,  "/notifications/preferences",                 SIGNED_IN, 0,         preferences_fields, replace_preferences, &SQL_replace_notification_preferences},
    {GET,  "/notifications/stream",                      SIGNED_IN, 0,         NULL,               follow_stream,       &SQL_read_notification_stream},
    {0}};

static const struct area notifications = {.name = "notifications", .routes = routes, .statements = SQL_ALL_notifications};

int main(int argc, char **argv)
{
    return serve(&notifications, argc, argv);
}
