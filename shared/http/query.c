/* A request and the database: binding by name, the session check in the same round trip, one transaction. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "access_sql.h"
#include "core/log.h"
#include "db/bind.h"
#include "db_sql.h"
#include "events_sql.h"
#include "http/exchange.h"
#include "http/idempotency.h"
#include "http/message.h"

/* --- binding ---------------------------------------------------------------------------------------------------- */

static const struct input *find_input(const struct request *r, const char *name)
{
    for (size_t i = 0; i < r->input_count; i++)
        if (str_eq(r->inputs[i].name, name))
            return &r->inputs[i];
    return NULL;
}

/* What every statement may name; false: no such name. */
static bool built_in(const struct request *r, const char *name, const char **value)
{
    const struct { const char *name, *value; } known[] = {
        {"user_id", r->who.user_id}, {"session_id", r->who.session_id}, {"request_id", r->id}, {"ip", r->ip},
        {"limit", r->exchange->limit}, {"cursor_1", r->exchange->cursor_1}, {"cursor_2", r->exchange->cursor_2},
        {"if_match", r->exchange->if_match}, {"language", r->language}, {"body", r->exchange->body},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_eq(known[i].name, name)) {
            *value = known[i].value;
            return true;
        }
    }
    return false;
}

static bool bind_one(const struct request *r, const struct bindings *given, const char *name, const char **value)
{
    if (bindings_find(given, name, value))
        return true;
    const struct input *in = find_input(r, name);
    if (in) {
        *value = in->value;
        return true;
    }
    if (str_starts(name, "has_") && (in = find_input(r, name + 4))) {
        *value = in->present ? "t" : "f";
        return true;
    }
    return built_in(r, name, value);
}

/* NULL (after a line in the log) when a parameter has nothing to stand for it: a mistake in the handler. */
static const char *const *bind(const struct request *r, const struct sql_stmt *sql, const struct bindings *given)
{
    const char **values = arena_array(r->mem, sql->count + 1, sizeof *values);
    for (size_t i = 0; i < sql->count; i++) {
        if (!bind_one(r, given, sql->params[i], &values[i])) {
            log_note(LOG_ERROR, "sql.unbound_parameter", sql->name, sql->params[i]);
            return NULL;
        }
    }
    return values;
}

bool request_binds(struct arena *mem, const struct route *route, const char *param)
{
    struct exchange x = {0};
    struct request r = {.mem = mem, .exchange = &x};
    const char *bare = str_starts(param, "has_") ? param + 4 : param;
    const char *capture, *value;
    for (size_t k = 0; (capture = route_capture_name(mem, route->path, k)); k++)
        if (str_eq(capture, param))
            return true;
    for (const struct field *f = route->fields; f && f->name; f++)
        if (str_eq(f->name, bare) || str_eq(f->name, param))
            return true;
    return built_in(&r, param, &value);
}

/* --- the session check ------------------------------------------------------------------------------------------ */

/* Role names of the access bits as a text[] literal; NULL when any state of onboarding will do. */
static const char *roles_literal(unsigned access)
{
    static const char *const names[] = {"patient", "doctor", "family_member", "admin"};
    static _Thread_local char text[64];
    size_t n = 0;
    if (access & SIGNED_IN)
        return NULL;
    for (unsigned i = 0; i < 4; i++)
        if (access & ((unsigned)PATIENT << i))
            n += (size_t)snprintf(text + n, sizeof text - n, "%c%s", n ? ',' : '{', names[i]);
    snprintf(text + n, sizeof text - n, "}");
    return text;
}

/* A field of the route may be called like one of these: the identity never comes from input. */
static struct db_call enter_call(const struct request *r, struct rows *who)
{
    const struct sql_stmt *sql = r->who.signed_in ? &SQL_enter_session : &SQL_enter_anonymous;
    const struct bindings given = {
        .pairs = {{"roles", roles_literal(r->route->access)},
                  {"need_active", r->route->access & SIGNED_IN ? "f" : "t"},
                  {"ip", r->ip}, {"request_id", r->id},
                  {"user_id", r->who.user_id}, {"session_id", r->who.session_id}},
        .count = 6,
    };
    return (struct db_call){.sql = sql, .values = bind(r, sql, &given), .rows = who};
}

/* Whoever names no language is answered in that of the account, also when what follows enter() is refused. */
static void take_language(struct request *r, const struct rows *who)
{
    if (r->who.signed_in && rows_count(who) > 0 && !request_header(r, "Accept-Language"))
        r->language = language_choose(rows_text(who, r->mem, 0, "language")); /* a constant: outlives a turn of a stream */
}

/* --- faults ----------------------------------------------------------------------------------------------------- */

/* What is our fault, or PostgreSQL's; a missing GRANT too (42501), though clients are told 404. Never what is theirs. */
static void log_fault(const struct request *r, const struct db_fault *fault)
{
    if (fault->kind != E_INTERNAL && fault->kind != E_UNAVAILABLE && !str_eq(fault->sqlstate, "42501"))
        return;
    struct log_line *l = log_begin(LOG_ERROR, "db.fault");
    log_str(l, "request_id", r->id);
    log_str(l, "statement", fault->statement);
    log_str(l, "sqlstate", fault->sqlstate);
    log_str(l, "message", fault->message);
    log_end(l);
}

static enum err refuse(struct request *r, const struct db_fault *fault)
{
    log_fault(r, fault);
    r->problem = (struct problem){
        .status = fault->status,
        .code = fault->code,
        .detail = str_starts(fault->sqlstate, "DT") ? fault->message : NULL,
        .members = fault->detail,
        .retry_after_s = fault->kind == E_UNAVAILABLE ? 1 : 0,
    };
    return fault->kind;
}

static enum err run_batch(struct request *r, struct db_conn *conn, struct db_call *calls, size_t n)
{
    struct db_fault fault;
    if (db_run(conn, r->mem, calls, n, &fault) == OK)
        return OK;
    return refuse(r, &fault);
}

/* The same for a batch that holds enter_call(r, who). */
static enum err run_entering(struct request *r, struct db_conn *conn, struct db_call *calls, size_t n, const struct rows *who)
{
    enum err err = run_batch(r, conn, calls, n);
    take_language(r, who);
    r->exchange->entered = err == OK;
    return err;
}

static enum err lease(struct request *r, struct db_conn **conn)
{
    if (db_lease(r->exchange->pool, conn) == OK)
        return OK;
    r->problem = (struct problem){.status = 503, .code = "database.unavailable", .retry_after_s = 1};
    return E_UNAVAILABLE;
}

/* --- queries ---------------------------------------------------------------------------------------------------- */

/* The first statement of the request's transaction brings BEGIN and the session check along. An idempotency key is
 * claimed before anything else happens, as its answer may already be there. */
static enum err first_query(struct request *r, struct db_call call)
{
    struct exchange *x = r->exchange;
    struct rows who = {0};
    struct db_call calls[3] = {{.sql = &SQL_begin}, enter_call(r, &who), call};
    enum err err = lease(r, &x->conn);
    if (err != OK)
        return err;
    if (!x->idempotency_key)
        return run_entering(r, x->conn, calls, 3, &who);
    struct rows stored = {0};
    calls[2] = idempotency_begin_call(r, &stored);
    err = run_entering(r, x->conn, calls, 3, &who);
    if (err != OK)
        return err;
    if (idempotency_replay(r, &stored))
        return E_LATER; /* answered: the handler only has to return */
    return run_batch(r, x->conn, &call, 1);
}

static enum err query_in_transaction(struct request *r, struct db_call call)
{
    return r->exchange->conn ? run_batch(r, r->exchange->conn, &call, 1) : first_query(r, call);
}

/* The implicit transaction of a pipeline: session check and statement (NULL: none) succeed together, or neither has happened. */
static enum err query_alone(struct request *r, const struct db_call *call)
{
    struct db_conn *conn;
    struct rows who = {0};
    struct db_call calls[2] = {enter_call(r, &who)};
    if (call)
        calls[1] = *call;
    enum err err = lease(r, &conn);
    if (err != OK)
        return err;
    err = run_entering(r, conn, calls, call ? 2 : 1, &who);
    db_release(conn);
    return err;
}

static enum err query(struct request *r, const struct sql_stmt *sql, struct rows *rows, bool once, va_list args)
{
    struct bindings given;
    bindings_read(&given, args);
    struct db_call call = {.sql = sql, .values = bind(r, sql, &given), .rows = rows};
    if (!call.values)
        return fail(r, E_INTERNAL, "internal");
    if (r->exchange->replayed)
        return E_LATER; /* a handler that goes on regardless does nothing twice */
    bool joins = r->exchange->conn || r->exchange->idempotency_key;
    return once && !joins ? query_alone(r, &call) : query_in_transaction(r, call);
}

enum err db_query(struct request *r, const struct sql_stmt *sql, struct rows *rows, ...)
{
    va_list args;
    va_start(args, rows);
    enum err err = query(r, sql, rows, false, args);
    va_end(args);
    return err;
}

enum err db_query_once(struct request *r, const struct sql_stmt *sql, struct rows *rows, ...)
{
    va_list args;
    va_start(args, rows);
    enum err err = query(r, sql, rows, true, args);
    va_end(args);
    return err;
}

enum err db_query_apart(struct request *r, const struct sql_stmt *sql, ...)
{
    struct rows rows = {0};
    struct bindings given;
    va_list args;
    va_start(args, sql);
    bindings_read(&given, args);
    va_end(args);
    struct db_call call = {.sql = sql, .values = bind(r, sql, &given), .rows = &rows};
    request_release(r);
    return call.values ? query_alone(r, &call) : fail(r, E_INTERNAL, "internal");
}

enum err request_enter(struct request *r)
{
    return query_alone(r, NULL);
}

/* A handler that ignored a fault must not be answered with success for what PostgreSQL has undone. */
static enum err refuse_commit(struct request *r)
{
    log_note(LOG_ERROR, "commit.after_fault", "route", r->route->path);
    request_release(r);
    return r->problem.status ? E_INTERNAL : fail(r, E_INTERNAL, "internal");
}

enum err request_commit(struct request *r)
{
    struct exchange *x = r->exchange;
    if (!x->conn)
        return OK;
    if (db_transaction_failed(x->conn))
        return refuse_commit(r);
    struct db_call calls[2];
    size_t n = 0;
    if (x->idempotency_key && !x->replayed)
        calls[n++] = idempotency_finish_call(r);
    calls[n++] = (struct db_call){.sql = &SQL_commit};
    enum err err = run_batch(r, x->conn, calls, n);
    request_release(r);
    return err;
}

void request_release(struct request *r)
{
    db_release(r->exchange->conn);
    r->exchange->conn = NULL;
}
