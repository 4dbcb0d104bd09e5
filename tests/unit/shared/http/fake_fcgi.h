/* Stands in for shared/http/fcgi.c: a request's parameters and body from memory, its answer into memory. */
#ifndef DASTERN_TESTS_FAKE_FCGI_H
#define DASTERN_TESTS_FAKE_FCGI_H

#include "unit.h"
#undef fail /* cmocka's, in the way of request.h's */

#include "core/limits.h"
#include "http/exchange.h"

static struct pair fake_params[16];
static const char *fake_body;
static size_t fake_body_n;
static bool fake_breaks_off; /* the body ends with an error */
static struct buf fake_answer;

const char *fcgi_param(const struct fcgi *f, const char *name)
{
    (void)f;
    for (size_t i = 0; i < COUNT(fake_params) && fake_params[i].name; i++)
        if (str_eq(fake_params[i].name, name))
            return fake_params[i].value;
    return NULL;
}

long fcgi_read(struct fcgi *f, char *to, size_t n)
{
    (void)f;
    if (fake_breaks_off && fake_body_n < n)
        return -1;
    size_t got = fake_body_n < n ? fake_body_n : n;
    memcpy(to, fake_body, got);
    fake_body += got;
    fake_body_n -= got;
    return (long)got;
}

void fcgi_send(struct fcgi *f, const char *head, size_t head_n, const char *body, size_t body_n)
{
    (void)f;
    buf_add(&fake_answer, head, head_n);
    buf_add(&fake_answer, body, body_n);
}

bool fcgi_push(struct fcgi *f, const char *head, size_t head_n, const char *body, size_t body_n)
{
    fcgi_send(f, head, head_n, body, body_n);
    return true;
}

bool fcgi_peer_gone(const struct fcgi *f)
{
    (void)f;
    return false;
}

static inline void fake_param(const char *name, const char *value)
{
    size_t i = 0;
    while (fake_params[i].name && !str_eq(fake_params[i].name, name))
        i++;
    assert_true(i < COUNT(fake_params) - 1);
    fake_params[i] = (struct pair){name, value};
}

/* A request of this route, as lifecycle.c hands it on, on the test's arena; and nothing left of the one before. */
static inline struct request *fake_request(const struct route *route)
{
    struct request *r = arena_alloc(mem, sizeof *r);
    memset(fake_params, 0, sizeof fake_params);
    fake_body = "";
    fake_body_n = 0;
    fake_breaks_off = false;
    fake_answer = (struct buf){.mem = mem};
    r->mem = r->faults.mem = r->reply.body.mem = mem;
    r->id = "a-request";
    r->language = "en";
    r->route = route;
    r->method = route->method;
    r->path = route->path;
    r->inputs = arena_array(mem, LIMIT_FIELDS, sizeof *r->inputs);
    r->exchange = arena_alloc(mem, sizeof *r->exchange);
    return r;
}

#endif
