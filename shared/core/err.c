/* Names of the errors, for logs. */
#include "core/err.h"

const char *err_name(enum err e)
{
    static const char *const names[] = {
        [OK] = "ok",
        [E_INVALID] = "invalid",
        [E_UNAUTHENTICATED] = "unauthenticated",
        [E_FORBIDDEN] = "forbidden",
        [E_NOT_FOUND] = "not_found",
        [E_CONFLICT] = "conflict",
        [E_RATE_LIMITED] = "rate_limited",
        [E_UNAVAILABLE] = "unavailable",
        [E_INTERNAL] = "internal",
        [E_LATER] = "later",
    };
    if ((unsigned)e >= sizeof names / sizeof *names)
        return "unknown";
    return names[e];
}
