/* The one error type. Functions that can fail return it and hand values back by out-parameter. */
#ifndef DASTERN_CORE_ERR_H
#define DASTERN_CORE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
    OK = 0,
    E_INVALID,         /* the input is wrong: 400, or 422 when fields are named */
    E_UNAUTHENTICATED, /* nobody is signed in: 401 */
    E_FORBIDDEN,       /* signed in, but not allowed: 403 */
    E_NOT_FOUND,       /* does not exist, or not for this caller: 404 */
    E_CONFLICT,        /* the state does not allow it: 409 */
    E_RATE_LIMITED,    /* too often: 429 */
    E_UNAVAILABLE,     /* a dependency is down: 503 */
    E_INTERNAL,        /* our own fault: 500 */
    E_LATER            /* not an error: ask again later (parked request, empty queue) */
};

/* Lower-case name for logs ("not_found"); never NULL. */
const char *err_name(enum err e);

#endif
