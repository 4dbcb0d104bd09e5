/* Buckets of this process, for the time Redis is not there. */
#ifndef DASTERN_ACCESS_RATELIMIT_LOCAL_H
#define DASTERN_ACCESS_RATELIMIT_LOCAL_H

#include <stdint.h>

#define RATELIMIT_KEY_BYTES 16

/* Microseconds until a token is there; 0: taken. `step_us` is the time one token takes to come back, `span_us` that of all of
 * the bucket's. Holds LIMIT_RATE_KEYS buckets; the one nearest to being full again makes room. */
int64_t ratelimit_local_take(const unsigned char key[RATELIMIT_KEY_BYTES], int64_t step_us, int64_t span_us, int64_t now_us);

#endif
