/* Notices: list them, mark them read, choose what comes by which channel, and follow them as they arrive. */
#include <string.h>

#include "core/clock.h"
#include "http/serve.h"
#include "notifications_sql.h"

#define STREAM_POLL_MS 1000
#define LAST_ID "ffffffff-ffff-ffff-ffff-ffffffffffff" /* what stands at the start itself was there before */

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

/* An event without data only tells the position. */
static enum err start_stream(struct request *r)
{
    struct rows rows = {0};
    enum err err = db_query_once(r, &SQL_start_notification_stream, &rows, NULL);
    if (err)
        return err;
    request_note(r, arena_printf(r->mem, "%s_" LAST_ID, rows_text(&rows, r->mem, 0, "at")));
    buf_printf(stream_open(r), "id: %s\n\n", r->seen);
    return stream_wait(r, STREAM_POLL_MS);
}

static void write_events(struct request *r, const struct rows *rows)
{
    struct buf *events = stream_open(r);
    for (size_t row = 0; row < rows_count(rows); row++) {
        request_note(r, arena_printf(r->mem, "%s_%s", rows_text(rows, r->mem, row, "_delivered_at"), rows_text(rows, r->mem, row, "id")));
        stream_event(events, r->seen, "notification", rows, row);
    }
}

/* Server-sent events. Where a client is, is a matter of its Last-Event-ID alone: a broken line loses nothing. */
static enum err follow_stream(struct request *r, const struct sql_stmt *sql)
{
    const char *last = *r->seen ? r->seen : request_header(r, "Last-Event-ID");
    struct position after;
    if (!last || !*last)
        return start_stream(r);
    if (!read_position(r, last, &after))
        return fail_with(r, E_INVALID, 400, "notification.stream_position", NULL);
    if (!*r->seen)
        request_note(r, last);
    struct rows rows = {0};
    enum err err = db_query_once(r, sql, &rows, "after_at", after.at, "after_id", after.id, NULL);
    if (err)
        return err;
    write_events(r, &rows);
    return stream_wait(r, STREAM_POLL_MS);
}

static const struct route routes[] = {
    {GET,  "/notifications",                             SIGNED_IN, R_LIST, list_fields,        run_list,            &SQL_list_notifications},
    {POST, "/notifications/read-all",                    SIGNED_IN, 0,      NULL,               run_one,             &SQL_read_all_notifications},
    {POST, "/notifications/{notification_id:uuid}/read", SIGNED_IN, 0,      NULL,               run_one,             &SQL_read_notification},
    {GET,  "/notifications/preferences",                 SIGNED_IN, 0,      NULL,               run_list,            &SQL_list_notification_preferences},
    {PUT,  "/notifications/preferences",                 SIGNED_IN, 0,      preferences_fields, replace_preferences, &SQL_replace_notification_preferences},
    {GET,  "/notifications/stream",                      SIGNED_IN, 0,      NULL,               follow_stream,       &SQL_read_notification_stream},
    {0}};

static const struct area notifications = {.name = "notifications", .routes = routes, .statements = SQL_ALL_notifications};

int main(int argc, char **argv)
{
    return serve(&notifications, argc, argv);
}
