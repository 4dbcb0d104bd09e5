/* The route table of an area: an endpoint is one row. */
#ifndef DASTERN_HTTP_ROUTE_H
#define DASTERN_HTTP_ROUTE_H

#include <stddef.h>

#include "core/err.h"
#include "db/statement.h"
#include "http/field.h"

struct request;

enum method { GET = 1, POST, PUT, PATCH, DELETE };

/* Who may call. Roles can be or-ed; a role or ACTIVE implies that onboarding is complete. */
enum access {
    ANYONE = 0,
    SIGNED_IN = 1,        /* any state of onboarding */
    PATIENT = 2,
    DOCTOR = 4,
    FAMILY_MEMBER = 8,
    ADMIN = 16,
    ACTIVE = PATIENT | DOCTOR | FAMILY_MEMBER | ADMIN,
};

enum route_flag {
    R_UPLOAD = 1,         /* also accepts multipart/form-data; the file is r->file */
    R_LIST = 2,           /* takes limit and cursor besides its fields */
    R_CACHEABLE = 4,      /* not no-store */
    R_LIMIT_SIGN_IN = 8,  /* rate class per address: sign-in, registration, recovery */
    R_LIMIT_UPLOAD = 16,  /* rate class per user */
    R_LIMIT_GUESS = 32,   /* rate class per user and per address: invitation codes */
    R_SECRET = 64,        /* the answer holds a secret: what is kept of it for an Idempotency-Key is sealed */
    R_LIMIT_CODES = 128,  /* rate class per address: what has a code sent to somebody */
};

/* Path captures: {name:uuid} or {name:token} ([A-Za-z0-9._-]{1,128}); literal segments win over captures. */
struct route {
    enum method method;
    const char *path; /* below /api/v1 */
    unsigned access;
    unsigned flags;
    const struct field *fields; /* NULL: none */
    enum err (*run)(struct request *, const struct sql_stmt *);
    const struct sql_stmt *sql; /* NULL when the handler names its own */
};

/* What a path matched. */
struct route_match {
    const struct route *route; /* NULL: nothing */
    unsigned allowed;          /* bit 1 << method for every method the path has */
    struct pair captures[4];
    size_t capture_count;
};

/* `path` is decoded and starts with '/'. */
void route_find(struct arena *mem, const struct route *routes, enum method method, const char *path,
                struct route_match *out);
/* Name of the k-th capture of a path pattern, NULL past the last. */
const char *route_capture_name(struct arena *mem, const char *pattern, size_t k);
/* 0 when the name is none of ours. */
enum method method_parse(const char *name);
const char *method_name(enum method m);

#endif
