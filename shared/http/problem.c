/* Refusals: remembering them, and rendering application/problem+json (RFC 9457). */
#include <string.h>

#include "core/limits.h"
#include "http/exchange.h"
#include "http/message.h"
#include "json/json_read.h"
#include "json/json_write.h"

static int status_of(enum err err)
{
    switch (err) {
    case E_INVALID: return 400;
    case E_UNAUTHENTICATED: return 401;
    case E_FORBIDDEN: return 403;
    case E_NOT_FOUND: return 404;
    case E_CONFLICT: return 409;
    case E_RATE_LIMITED: return 429;
    case E_UNAVAILABLE: return 503;
    default: return 500;
    }
}

enum err fail(struct request *r, enum err err, const char *code)
{
    return fail_with(r, err, status_of(err), code, NULL);
}

enum err fail_with(struct request *r, enum err err, int status, const char *code, const char *members)
{
    r->problem = (struct problem){.status = status, .code = code, .members = members,
                                  .retry_after_s = status == 503 ? 1 : 0};
    return err;
}

void fault(struct request *r, const char *pointer, const char *code)
{
    field_fault_add(&r->faults, pointer, code);
}

enum err fail_fields(struct request *r)
{
    return fail_with(r, E_INVALID, r->method == GET ? 400 : 422, "request.invalid_fields", NULL);
}

static const char *field_text(struct request *r, const char *code)
{
    const char *text = message_text(arena_printf(r->mem, "field.%s", code), r->language);
    return text ? text : message_text("field.format", r->language);
}

static void write_faults(struct request *r, struct json_out *out)
{
    if (r->faults.count == 0)
        return;
    json_key(out, "errors");
    json_open(out, '[');
    for (size_t i = 0; i < r->faults.count; i++) {
        const struct field_fault *f = &r->faults.items[i];
        json_open(out, '{');
        json_key_str(out, r->method == GET ? "parameter" : "pointer", r->method == GET ? f->pointer + 1 : f->pointer);
        json_key_str(out, "code", f->code);
        json_key_str(out, "detail", field_text(r, f->code));
        json_close(out, '}');
    }
    json_close(out, ']');
}

/* Extra members come from our own SQL functions or handlers; a name of the standard ones would be a mistake there. */
static void write_members(struct request *r, struct json_out *out, const char *members)
{
    struct json_fault broken;
    const char *name;
    json_t *value;
    json_t *object = members ? json_read(r->mem, members, strlen(members), &broken) : NULL;
    if (!json_is_object(object))
        return;
    json_object_foreach(object, name, value) {
        const char *text = json_text(r->mem, value);
        json_key(out, name);
        json_raw(out, text, strlen(text));
    }
}

static void write_problem(struct request *r, const struct problem *p)
{
    const char *title = message_text(arena_printf(r->mem, "status.%d", p->status), r->language);
    const char *detail = message_text(p->code, r->language);
    struct json_out out = {.to = &r->reply.body};
    json_open(&out, '{');
    json_key_str(&out, "type", arena_printf(r->mem, "urn:dastern:problem:%s", p->code));
    json_key_str(&out, "title", title ? title : "Error");
    json_key_long(&out, "status", p->status);
    json_key_str(&out, "detail", detail ? detail : p->detail ? p->detail : title);
    json_key_str(&out, "code", p->code);
    json_key_str(&out, "request_id", r->id);
    write_faults(r, &out);
    write_members(r, &out, p->members);
    json_close(&out, '}');
}

static void add_problem_headers(struct request *r, const struct problem *p)
{
    if (p->status == 401)
        reply_header(r, "WWW-Authenticate", "Bearer");
    if (p->status == 405)
        reply_header(r, "Allow", r->exchange->allow);
    if (p->retry_after_s > 0)
        reply_header(r, "Retry-After", arena_printf(r->mem, "%ld", p->retry_after_s));
}

void problem_render(struct request *r, enum err err)
{
    if (r->problem.status == 0)
        r->problem = (struct problem){.status = status_of(err), .code = err_name(err)};
    struct problem p = r->problem;
    r->reply = (struct reply){.status = p.status, .content_type = "application/problem+json; charset=utf-8",
                                .body = {.mem = r->mem}};
    add_problem_headers(r, &p);
    write_problem(r, &p);
}
