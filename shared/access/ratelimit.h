/* How often somebody may do something: token buckets in Redis, shared by all programs; in this process while Redis is away. */
#ifndef DASTERN_ACCESS_RATELIMIT_H
#define DASTERN_ACCESS_RATELIMIT_H

#include <stdbool.h>

#include "core/err.h"

/* A bucket of `burst` tokens that fills up evenly within `per_seconds`. {5, 60}: five at once, then one each 12 s. */
struct ratelimit_policy {
    long burst;       /* 1..100000 */
    long per_seconds; /* 1..86400 */
};

/* `redis_socket`: path of Redis' unix socket; NULL or "" = buckets of this process only. `secret` (not empty, the same in all
 * programs) hides subjects: Redis sees keyed hashes only. Call once, before threads start. The process must ignore SIGPIPE. */
void ratelimit_init(const char *redis_socket, const char *secret);

/* Takes one token from the bucket of `subject` (an address, account, user id …) in `klass` ("login_account" …).
 * E_RATE_LIMITED: none is left, one will be after *retry_after_s (at least 1) seconds. Never waits longer than
 * RATELIMIT_TIMEOUT_MS for Redis, twice when it has to connect; without Redis each process counts by itself. */
enum err ratelimit_take(const char *klass, const char *subject, struct ratelimit_policy policy, long *retry_after_s) MUST_CHECK;
#define RATELIMIT_TIMEOUT_MS 50

/* Does Redis answer just now? For readiness reports; nothing depends on it. */
bool ratelimit_redis_up(void);

#endif
