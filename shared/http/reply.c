/* Answers: built in memory, sent after COMMIT. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "http/exchange.h"

#define CURSOR_SEPARATOR "\x1f"

void reply_header(struct request *r, const char *name, const char *value)
{
    if (r->reply.header_count >= sizeof r->reply.headers / sizeof r->reply.headers[0])
        abort(); /* a handler's mistake, not input's */
    for (const unsigned char *p = (const unsigned char *)value; *p; p++)
        if (*p < 0x20 || *p == 0x7f)
            return; /* a line break here would be somebody else's header */
    r->reply.headers[r->reply.header_count++] = (struct pair){name, arena_strdup(r->mem, value)};
}

static const char *special(struct request *r, const struct rows *rows, const char *column)
{
    return rows_has_column(rows, column) ? rows_text(rows, r->mem, 0, column) : NULL;
}

/* `_etag`: the caller's If-None-Match may make the answer 304. */
static bool not_modified(struct request *r, const struct rows *rows)
{
    const char *etag = special(r, rows, "_etag");
    if (!etag)
        return false;
    const char *quoted = arena_printf(r->mem, "\"%s\"", etag);
    const char *known = request_header(r, "If-None-Match");
    reply_header(r, "ETag", quoted);
    return r->method == GET && known && (str_eq(known, "*") || strstr(known, quoted) != NULL);
}

enum err reply_row(struct request *r, int status, const struct rows *rows)
{
    if (rows_count(rows) == 0)
        return fail(r, E_NOT_FOUND, "not_found");
    const char *location = special(r, rows, "_location");
    if (location)
        reply_header(r, "Location", location);
    if (not_modified(r, rows)) {
        r->reply.status = 304;
        return OK;
    }
    const char *own_status = special(r, rows, "_status");
    r->reply.status = own_status ? (int)strtol(own_status, NULL, 10) : status;
    struct json_out out = {.to = &r->reply.body};
    rows_write_object(&out, rows, 0);
    r->exchange->rows = 1;
    return OK;
}

/* Opaque to clients: the last row's sort keys. Forging one only moves the window over the caller's own rows. */
static const char *cursor_text(struct request *r, const struct rows *rows, size_t row)
{
    const char *first = rows_text(rows, r->mem, row, "_cursor_1");
    const char *second = rows_has_column(rows, "_cursor_2") ? rows_text(rows, r->mem, row, "_cursor_2") : NULL;
    const char *both = arena_printf(r->mem, "%s%s%s", first, second ? CURSOR_SEPARATOR : "", second ? second : "");
    return base64url_encode(r->mem, both, strlen(both));
}

/* RFC 3986 unreserved characters stand for themselves. */
static void add_percent_encoded(struct buf *out, const char *s)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
        if (strchr(unreserved, *p))
            buf_char(out, (char)*p);
        else
            buf_printf(out, "%%%02X", *p);
    }
}

/* The same request with another cursor. */
static void add_next_link(struct request *r, const char *cursor)
{
    struct buf link = {.mem = r->mem};
    buf_printf(&link, "</api/v1%s?limit=%s&cursor=%s", r->path, r->exchange->limit, cursor);
    for (size_t i = 0; i < r->input_count; i++) {
        const struct input *in = &r->inputs[i];
        if (!in->present || !in->value || route_capture_name(r->mem, r->route->path, i))
            continue;
        buf_printf(&link, "&%s=", in->name);
        add_percent_encoded(&link, in->value);
    }
    buf_str(&link, ">; rel=\"next\"");
    reply_header(r, "Link", link.data);
}

enum err reply_rows(struct request *r, int status, const struct rows *rows)
{
    size_t total = rows_count(rows);
    size_t limit = r->exchange->limit ? (size_t)strtol(r->exchange->limit, NULL, 10) : total;
    size_t shown = total > limit ? limit : total;
    const char *cursor = total > limit && rows_has_column(rows, "_cursor_1") ? cursor_text(r, rows, shown - 1) : NULL;
    struct json_out out = {.to = &r->reply.body};
    buf_reserve(out.to, rows_size(rows) * 3 / 2); /* a list is long: grown step by step, it would be copied as often */
    json_open(&out, '{');
    json_key(&out, "items");
    json_open(&out, '[');
    for (size_t i = 0; i < shown; i++)
        rows_write_object(&out, rows, i);
    json_close(&out, ']');
    json_key_str(&out, "next_cursor", cursor);
    json_close(&out, '}');
    if (cursor)
        add_next_link(r, cursor);
    r->reply.status = status;
    r->exchange->rows = shown;
    return OK;
}

struct json_out reply_json(struct request *r, int status)
{
    r->reply.status = status;
    return (struct json_out){.to = &r->reply.body};
}

enum err reply_no_content(struct request *r)
{
    r->reply.status = 204;
    return OK;
}

enum err reply_file(struct request *r, const char *name, const char *content_type)
{
    if (name[0] == '/' || strstr(name, ".."))
        return fail(r, E_INTERNAL, "internal"); /* names come from our own storage; anything else is a bug */
    r->reply.status = 200;
    r->reply.content_type = content_type;
    reply_header(r, "X-Accel-Redirect", arena_printf(r->mem, "/_private/%s", name));
    return OK;
}

/* nginx adds the security headers; health data is never to be stored by anybody on the way. */
void reply_render_head(struct request *r, struct buf *head)
{
    const struct reply *a = &r->reply;
    bool cacheable = r->route && r->route->flags & R_CACHEABLE && a->status < 400;
    buf_printf(head, "Status: %d\r\n", a->status);
    if (a->body.len > 0 || a->content_type)
        buf_printf(head, "Content-Type: %s\r\n", a->content_type ? a->content_type : "application/json; charset=utf-8");
    if (a->body.len > 0 && !r->exchange->stream_waits)
        buf_printf(head, "Content-Length: %zu\r\n", a->body.len);
    if (!cacheable)
        buf_str(head, "Cache-Control: no-store\r\n");
    buf_printf(head, "X-Request-Id: %s\r\n", r->id);
    for (size_t i = 0; i < a->header_count; i++)
        buf_printf(head, "%s: %s\r\n", a->headers[i].name, a->headers[i].value);
    buf_str(head, "\r\n");
}

void reply_send(struct request *r)
{
    struct buf head = {.mem = r->mem};
    if (!r->exchange->streaming)
        reply_render_head(r, &head);
    fcgi_send(r->exchange->fcgi, head.data, head.len, r->reply.body.data, r->exchange->head_only ? 0 : r->reply.body.len);
}
