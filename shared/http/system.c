/* What operators ask of a module: is it up, can it work, what has it done. nginx decides who may ask. */
#include <string.h>

#include "access/ratelimit.h"
#include "db_sql.h"
#include "http/exchange.h"
#include "http/metrics.h"

static bool database_answers(struct request *r)
{
    struct db_conn *conn;
    struct db_fault fault;
    struct db_call call = {.sql = &SQL_ping};
    if (db_lease(r->exchange->pool, &conn) != OK)
        return false;
    bool up = db_run(conn, r->mem, &call, 1, &fault) == OK;
    db_release(conn);
    return up;
}

/* Redis down is not a reason to take the module out: it works without. It is named, so that somebody looks. */
static void answer_ready(struct request *r)
{
    bool database = database_answers(r);
    struct json_out out = reply_json(r, database ? 200 : 503);
    json_open(&out, '{');
    json_key_str(&out, "status", database ? "ready" : "unavailable");
    json_key_str(&out, "postgresql", database ? "up" : "down");
    json_key_str(&out, "redis", ratelimit_redis_up() ? "up" : "down");
    json_close(&out, '}');
    if (!database)
        reply_header(r, "Retry-After", "1");
}

static void answer_health(struct request *r)
{
    struct json_out out = reply_json(r, 200);
    json_open(&out, '{');
    json_key_str(&out, "status", "up");
    json_key_str(&out, "area", r->exchange->area->name);
    json_close(&out, '}');
}

bool system_serve(struct request *r)
{
    const char *path = r->path;
    if (str_eq(path, "/healthz")) {
        answer_health(r);
    } else if (str_eq(path, "/readyz")) {
        answer_ready(r);
    } else if (str_eq(path, "/metrics") || str_starts(path, "/metrics/")) {
        r->reply.status = 200;
        r->reply.content_type = "text/plain; version=0.0.4";
        metrics_write(&r->reply.body, r->exchange->area);
    } else {
        return false;
    }
    return true;
}
