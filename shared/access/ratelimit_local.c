/* A set-associative table. Keys are keyed hashes, so nobody can choose which buckets meet in a set and push each other out. */
#include "access/ratelimit_local.h"

#include <pthread.h>
#include <string.h>

#include "core/limits.h"

#define WAYS 8
#define SETS (LIMIT_RATE_KEYS / WAYS)

struct bucket {
    unsigned char key[RATELIMIT_KEY_BYTES];
    int64_t full_at_us; /* when all tokens will be back; 0: unused */
};

static struct bucket table[SETS][WAYS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The key's bucket, or the one of its set that is first full again, wiped: who had it loses least. */
static struct bucket *bucket_of(const unsigned char key[RATELIMIT_KEY_BYTES])
{
    uint32_t hash;
    memcpy(&hash, key, sizeof hash);
    struct bucket *set = table[hash % SETS], *oldest = set;
    for (struct bucket *b = set; b < set + WAYS; b++) {
        if (memcmp(b->key, key, RATELIMIT_KEY_BYTES) == 0)
            return b;
        if (b->full_at_us < oldest->full_at_us)
            oldest = b;
    }
    memcpy(oldest->key, key, RATELIMIT_KEY_BYTES);
    oldest->full_at_us = 0;
    return oldest;
}

int64_t ratelimit_local_take(const unsigned char key[RATELIMIT_KEY_BYTES], int64_t step_us, int64_t span_us, int64_t now_us)
{
    pthread_mutex_lock(&lock);
    struct bucket *b = bucket_of(key);
    int64_t from = b->full_at_us > now_us ? b->full_at_us : now_us;
    int64_t wait = from + step_us - span_us - now_us;
    if (wait <= 0)
        b->full_at_us = from + step_us;
    pthread_mutex_unlock(&lock);
    return wait > 0 ? wait : 0;
}
