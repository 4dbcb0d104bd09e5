/* Direct-mapped: a newer token takes the slot of an older one. Only the signature is remembered, so expiry and removal of a
 * key are decided anew on each request. One mutex: it is held for a 32-byte compare, by at most a handful of threads. */
#include "access/token_cache.h"

#include <pthread.h>
#include <string.h>

#include "core/limits.h"

struct slot {
    unsigned char digest[TOKEN_DIGEST_BYTES];
    unsigned long generation; /* 0: empty */
};

static struct slot slots[LIMIT_TOKEN_CACHE];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct slot *slot_of(const unsigned char digest[TOKEN_DIGEST_BYTES])
{
    size_t number;
    memcpy(&number, digest, sizeof number);
    return &slots[number % LIMIT_TOKEN_CACHE];
}

bool token_cache_has(const unsigned char digest[TOKEN_DIGEST_BYTES], unsigned long generation)
{
    const struct slot *s = slot_of(digest);
    pthread_mutex_lock(&lock);
    bool has = s->generation == generation && memcmp(s->digest, digest, TOKEN_DIGEST_BYTES) == 0;
    pthread_mutex_unlock(&lock);
    return has;
}

void token_cache_put(const unsigned char digest[TOKEN_DIGEST_BYTES], unsigned long generation)
{
    struct slot *s = slot_of(digest);
    pthread_mutex_lock(&lock);
    memcpy(s->digest, digest, TOKEN_DIGEST_BYTES);
    s->generation = generation;
    pthread_mutex_unlock(&lock);
}
