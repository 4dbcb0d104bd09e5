/* Keys are kept per user with a fingerprint of the request; the answer is stored in the transaction of its effect, so
 * there is never an effect without its answer, nor an answer without its effect. Refused requests store nothing. */
#include "http/idempotency.h"

#include <string.h>

#include "access/seal.h"
#include "core/config.h"
#include "events_sql.h"
#include "http/exchange.h"
#include "json/json_read.h"

#define KEY_BYTES_MAX 128

enum err idempotency_read(struct request *r)
{
    const char *key = request_header(r, "Idempotency-Key");
    if (!key || r->method != POST || !r->who.signed_in)
        return OK;
    size_t n = strlen(key);
    for (size_t i = 0; i < n; i++)
        if (key[i] <= ' ' || key[i] > '~')
            return fail(r, E_INVALID, "idempotency.key_format");
    if (n == 0 || n > KEY_BYTES_MAX)
        return fail(r, E_INVALID, "idempotency.key_format");
    r->exchange->idempotency_key = key;
    return OK;
}

/* The concrete path belongs to the fingerprint: the same key on another dose is another request. */
struct db_call idempotency_begin_call(struct request *r, struct rows *rows)
{
    const char **values = arena_array(r->mem, 3, sizeof *values);
    values[0] = r->exchange->idempotency_key;
    values[1] = arena_printf(r->mem, "%s %s", method_name(r->method), r->path);
    values[2] = arena_printf(r->mem, "\\x%s", r->exchange->body_hash);
    return (struct db_call){.sql = &SQL_idempotency_begin, .values = values, .rows = rows};
}

static void replay_headers(struct request *r, const char *text)
{
    struct json_fault fault;
    const char *name;
    json_t *value;
    json_t *headers = text ? json_read(r->mem, text, strlen(text), &fault) : NULL;
    if (!json_is_object(headers))
        return;
    json_object_foreach(headers, name, value)
        if (json_is_string(value))
            reply_header(r, arena_strdup(r->mem, name), json_string_value(value));
}

/* The body as it was. Empty when its seal does not open any more, because the key was changed: the effect stands, the
 * secret is gone. */
static const char *stored_body(struct request *r, const struct rows *rows)
{
    size_t n;
    char *opened = NULL;
    const unsigned char *sealed = rows_bytes(rows, 0, "sealed", &n);
    const char *body = sealed ? NULL : rows_text(rows, r->mem, 0, "body");
    if (sealed && unseal(r->mem, config_text("DASTERN_ANSWER_KEY"), "answer", r->exchange->idempotency_key, sealed, n, &opened) == OK)
        body = opened;
    return body ? body : "";
}

/* What a secret's answer leaves in the database is of no use without the key. */
static const char *body_to_store(struct request *r)
{
    const char *body = r->reply.body.data ? r->reply.body.data : "";
    char *sealed = NULL;
    if (!(r->route->flags & R_SECRET))
        return body;
    enum err err = seal(r->mem, config_text("DASTERN_ANSWER_KEY"), "answer", r->exchange->idempotency_key, body, &sealed);
    return err == OK ? sealed : "";
}

bool idempotency_replay(struct request *r, const struct rows *rows)
{
    if (rows_count(rows) == 0 || !rows_bool(rows, 0, "replay"))
        return false;
    r->reply.status = (int)rows_long(rows, 0, "status");
    buf_str(&r->reply.body, stored_body(r, rows));
    replay_headers(r, rows_text(rows, r->mem, 0, "headers"));
    reply_header(r, "Idempotent-Replayed", "true");
    r->exchange->replayed = true;
    return true;
}

struct db_call idempotency_finish_call(struct request *r)
{
    struct buf headers = {.mem = r->mem};
    struct json_out out = {.to = &headers};
    json_open(&out, '{');
    for (size_t i = 0; i < r->reply.header_count; i++)
        json_key_str(&out, r->reply.headers[i].name, r->reply.headers[i].value);
    json_close(&out, '}');
    const char **values = arena_array(r->mem, 4, sizeof *values);
    values[0] = r->exchange->idempotency_key;
    values[1] = arena_printf(r->mem, "%d", r->reply.status);
    values[2] = headers.data;
    values[3] = body_to_store(r);
    return (struct db_call){.sql = &SQL_idempotency_finish, .values = values};
}
