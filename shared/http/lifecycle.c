/* One request from its first byte to its log line. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/ratelimit.h"
#include "access/token.h"
#include "core/clock.h"
#include "core/config.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/random.h"
#include "http/exchange.h"
#include "http/idempotency.h"
#include "http/message.h"
#include "http/metrics.h"

#define API_PREFIX "/api/v1"
#define STATUS_GONE 499  /* as in nginx's log: the client did not wait for the answer */
#define STALE_SECONDS 38 /* just under nginx's fastcgi_read_timeout */

/* --- reading the request line and headers ------------------------------------------------------------------------ */

const char *request_header(const struct request *r, const char *name)
{
    char param[80] = "HTTP_";
    size_t n = 5;
    for (const char *p = name; *p && n < sizeof param - 1; p++)
        param[n++] = *p == '-' ? '_' : (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
    return fcgi_param(r->exchange->fcgi, param);
}

static const char *param_or(const struct request *r, const char *name, const char *fallback)
{
    const char *value = fcgi_param(r->exchange->fcgi, name);
    return value && *value ? value : fallback;
}

/* nginx has checked it or made its own; without nginx we make one. */
static const char *read_request_id(struct request *r)
{
    const char *given = fcgi_param(r->exchange->fcgi, "REQUEST_ID");
    size_t n = given ? strspn(given, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") : 0;
    if (n >= 8 && n <= 64 && given[n] == '\0')
        return given;
    char *made = arena_alloc(r->mem, 37);
    random_uuid(made);
    return made;
}

/* What nginx chose the area by: decoded, dots and double slashes resolved. Never REQUEST_URI, in which "/metrics/../api/v1/…"
 * still stands as it was sent: what nginx took for one path must not be another here. */
static enum err read_path(struct request *r)
{
    const char *path = param_or(r, "DOCUMENT_URI", "/");
    size_t n = strlen(path);
    if (n > LIMIT_PATH_BYTES || !utf8_valid(path, n))
        return fail(r, E_INVALID, "request.path");
    r->path = str_starts(path, API_PREFIX "/") ? path + strlen(API_PREFIX) : path;
    return OK;
}

static const char *unquoted_etag(struct request *r, const char *header)
{
    const char *value = request_header(r, header);
    size_t n = value ? strlen(value) : 0;
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"')
        return arena_strndup(r->mem, value + 1, n - 2);
    return str_eq(value, "*") ? NULL : value;
}

static void read_head(struct request *r)
{
    r->id = read_request_id(r);
    const char *method = param_or(r, "REQUEST_METHOD", "");
    r->exchange->head_only = str_eq(method, "HEAD");
    r->method = r->exchange->head_only ? GET : method_parse(method);
    r->ip = param_or(r, "REMOTE_ADDR", "");
    r->language = language_choose(request_header(r, "Accept-Language"));
    r->exchange->if_match = unquoted_etag(r, "If-Match");
    r->inputs = arena_array(r->mem, LIMIT_FIELDS, sizeof *r->inputs);
    r->faults.mem = r->mem;
    r->reply.body.mem = r->mem;
}

/* A request that lay in the socket's queue until nginx had given its client up must not take effect afterwards. */
static enum err refuse_stale(struct request *r)
{
    const char *started = fcgi_param(r->exchange->fcgi, "REQUEST_STARTED"); /* Unix seconds with milliseconds */
    if (r->method == GET || !started || (double)clock_unix() - strtod(started, NULL) < STALE_SECONDS)
        return OK;
    return fail(r, E_UNAVAILABLE, "request.too_late");
}

/* --- deciding ----------------------------------------------------------------------------------------------------- */

static enum err find_route(struct request *r)
{
    struct route_match m;
    struct buf allow = {.mem = r->mem};
    route_find(r->mem, r->exchange->area->routes, r->method, r->path, &m);
    r->route = m.route;
    if (!m.route && !m.allowed)
        return fail(r, E_NOT_FOUND, "not_found");
    for (enum method method = GET; !m.route && method <= DELETE; method++)
        if (m.allowed & 1u << method)
            buf_printf(&allow, "%s%s", allow.len ? ", " : "", method == GET ? "GET, HEAD" : method_name(method));
    r->exchange->allow = allow.data;
    if (!m.route)
        return fail_with(r, E_INVALID, 405, "request.method", NULL);
    r->is_form = r->route->flags & R_UPLOAD && body_is_form(r);
    for (size_t i = 0; i < m.capture_count; i++)
        r->inputs[r->input_count++] = (struct input){m.captures[i].name, m.captures[i].value, true};
    return OK;
}

static enum err authenticate(struct request *r)
{
    const char *header = request_header(r, "Authorization");
    struct token_claims claims;
    if (r->route->access == ANYONE)
        return OK;
    if (!header || strncasecmp(header, "Bearer ", 7) != 0)
        return fail(r, E_UNAUTHENTICATED, "auth.token_missing");
    enum err err = token_verify(r->mem, header + 7, &claims, NULL);
    if (err != OK)
        return fail(r, err, "auth.token_invalid");
    r->who = (struct auth){true, claims.user_id, claims.session_id, claims.role};
    return OK;
}

/* Bucket sizes are what people need with room to spare; machines guessing need far more. */
static const struct {
    enum route_flag flag;
    const char *name;
    bool per_user;
    struct ratelimit_policy policy;
} rate_classes[] = {
    {R_LIMIT_SIGN_IN, "sign_in", false, {.burst = 30, .per_seconds = 60}},
    {R_LIMIT_UPLOAD, "upload", true, {.burst = 30, .per_seconds = 600}},
    {R_LIMIT_GUESS, "guess", true, {.burst = 10, .per_seconds = 600}},
    {R_LIMIT_GUESS, "guess_address", false, {.burst = 30, .per_seconds = 600}},
    {R_LIMIT_CODES, "codes", false, {.burst = 60, .per_seconds = 3600}},
};

/* The upload class counts pictures; JSON sent to the same route is none. */
static bool is_limited(const struct request *r, enum route_flag flag)
{
    bool is_json = r->route->flags & R_UPLOAD && !r->is_form;
    return r->route->flags & flag && !(flag == R_LIMIT_UPLOAD && is_json);
}

/* An IPv6 client is its /64, as in nginx and in address_prefix() of the database: one host has as many addresses in it as it
 * likes. */
static const char *client_prefix(struct request *r)
{
    struct in6_addr address;
    if (inet_pton(AF_INET6, r->ip, &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address))
        return r->ip;
    return hex_encode(r->mem, &address, 8);
}

static enum err limit_rate(struct request *r)
{
    for (size_t i = 0; i < sizeof rate_classes / sizeof rate_classes[0]; i++) {
        struct ratelimit_policy policy = rate_classes[i].policy;
        const char *subject = rate_classes[i].per_user ? r->who.user_id : client_prefix(r);
        long retry_after = 1;
        if (!is_limited(r, rate_classes[i].flag) || !subject)
            continue;
        policy.burst *= config_int("DASTERN_RATE_FACTOR");
        if (ratelimit_take(rate_classes[i].name, subject, policy, &retry_after) == OK)
            continue;
        enum err err = fail(r, E_RATE_LIMITED, "request.rate_limited");
        r->problem.retry_after_s = retry_after;
        return err;
    }
    return OK;
}

/* Being allowed comes before being right: wrong input of somebody whose session has ended is answered 401. */
static enum err prefer_refusal(struct request *r, enum err invalid)
{
    struct problem about_input = r->problem;
    struct field_faults *kept = arena_alloc(r->mem, sizeof *kept);
    if (!r->who.signed_in || r->exchange->entered)
        return invalid;
    *kept = r->faults;
    r->faults.count = 0;
    enum err err = request_enter(r);
    if (err != OK)
        return err;
    r->faults = *kept;
    r->problem = about_input;
    return invalid;
}

static enum err run_handler(struct request *r)
{
    r->exchange->park_ms = 0;
    r->exchange->stream_waits = false;
    enum err err = r->route->run(r, r->route->sql);
    if (r->exchange->replayed)
        return request_commit(r); /* whatever the handler made of it */
    if (err == E_LATER)
        return E_LATER;
    if (err == OK && r->reply.status == 0)
        return fail(r, E_INTERNAL, "internal"); /* a handler that forgot to answer */
    if (err == OK && r->who.signed_in && !r->exchange->entered)
        err = request_enter(r); /* nothing is ever answered to a session that was not checked */
    return err == OK ? request_commit(r) : err;
}

static enum err answer(struct request *r)
{
    enum err err = find_route(r);
    if (err == OK)
        err = refuse_stale(r);
    if (err == OK)
        err = authenticate(r);
    if (err == OK)
        err = limit_rate(r);
    if (err == OK)
        err = idempotency_read(r);
    if (err != OK)
        return err;
    err = request_read_input(r);
    if (err != OK)
        return prefer_refusal(r, err);
    err = run_handler(r);
    return err == E_INVALID && !r->exchange->conn ? prefer_refusal(r, err) : err; /* a handler's own look at the input */
}

/* --- ending ------------------------------------------------------------------------------------------------------- */

static void write_log(struct request *r, long us)
{
    struct log_line *l = log_begin(LOG_INFO, "request");
    log_str(l, "request_id", r->id);
    log_str(l, "method", r->method ? method_name(r->method) : NULL);
    log_str(l, "route", r->route ? r->route->path : NULL); /* the pattern: paths hold ids and codes */
    log_int(l, "status", r->reply.status);
    log_str(l, "code", r->reply.status >= 400 || r->exchange->streaming ? r->problem.code : NULL);
    log_int(l, "us", us);
    log_int(l, "rows", (long)r->exchange->rows);
    log_end(l);
}

static void take_down(struct request *r)
{
    long us = (long)(clock_us() - r->started_us);
    metrics_count(r->exchange->area, r->route, r->reply.status, us - (long)r->waited_us);
    write_log(r, us);
}

static enum err conclude(struct request *r, enum err err)
{
    if (err == E_LATER && stream_push(r))
        return E_LATER;
    request_release(r);
    if (r->exchange->streaming)
        r->reply.status = 200; /* that is out already: a problem can only end the stream */
    else if (err != OK)
        problem_render(r, err);
    reply_send(r);
    take_down(r);
    return OK;
}

enum err request_serve(struct request *r)
{
    r->started_us = clock_us();
    read_head(r);
    enum err err = read_path(r);
    if (err == OK && system_serve(r)) {
        reply_send(r);
        return OK;
    }
    return conclude(r, err == OK ? answer(r) : err);
}

enum err request_resume(struct request *r)
{
    r->reply = (struct reply){.body = {.mem = r->mem}};
    r->faults = (struct field_faults){.mem = r->mem};
    r->problem = (struct problem){0};
    r->exchange->entered = false; /* the session may have ended while it waited */
    if (!fcgi_peer_gone(r->exchange->fcgi))
        return conclude(r, run_handler(r));
    r->reply.status = r->exchange->streaming ? 200 : STATUS_GONE; /* most streams end so */
    take_down(r);
    return OK;
}

void request_note(struct request *r, const char *text)
{
    snprintf(r->seen, sizeof r->seen, "%s", text ? text : "");
}

enum err request_later(struct request *r, int ms)
{
    if (!r->exchange->may_park)
        return OK;
    request_release(r);
    r->exchange->park_ms = ms;
    return E_LATER;
}

enum err request_wait(struct request *r, int ms)
{
    if (place_take(r, PLACE_WAIT))
        return request_later(r, ms);
    enum err full = fail(r, E_RATE_LIMITED, "request.too_many_waiting");
    r->problem.retry_after_s = RETRY_FULL_S;
    return full;
}
