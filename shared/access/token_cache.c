/* Direct-mapped: a newer token takes the slot of an older one. Expiry and removal of a key are decided anew on each request, by
 * whoever asks. One mutex: it is held for a compare and a copy of some 200 bytes, by at most a handful of threads. */
#include "access/token_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"

struct slot {
    unsigned char digest[TOKEN_DIGEST_BYTES];
    unsigned long generation; /* 0: empty */
    char user_id[37], session_id[37], token_id[37], role[TOKEN_ROLE_BYTES + 1]; /* no role: "" */
    int64_t issued_at, not_before, expires_at;
};

static struct slot slots[LIMIT_TOKEN_CACHE];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct slot *slot_of(const unsigned char digest[TOKEN_DIGEST_BYTES])
{
    size_t number;
    memcpy(&number, digest, sizeof number);
    return &slots[number % LIMIT_TOKEN_CACHE];
}

bool token_cache_get(const unsigned char digest[TOKEN_DIGEST_BYTES], unsigned long generation, struct arena *mem,
                     struct token_claims *out)
{
    struct slot *found = arena_alloc(mem, sizeof *found);
    const struct slot *s = slot_of(digest);
    pthread_mutex_lock(&lock);
    bool has = s->generation == generation && memcmp(s->digest, digest, TOKEN_DIGEST_BYTES) == 0;
    if (has)
        *found = *s;
    pthread_mutex_unlock(&lock);
    if (has)
        *out = (struct token_claims){
            .user_id = found->user_id, .session_id = found->session_id, .token_id = found->token_id,
            .role = found->role[0] ? found->role : NULL,
            .issued_at = found->issued_at, .not_before = found->not_before, .expires_at = found->expires_at,
        };
    return has;
}

void token_cache_put(const unsigned char digest[TOKEN_DIGEST_BYTES], unsigned long generation, const struct token_claims *claims)
{
    struct slot fresh = {
        .generation = generation,
        .issued_at = claims->issued_at, .not_before = claims->not_before, .expires_at = claims->expires_at,
    };
    memcpy(fresh.digest, digest, TOKEN_DIGEST_BYTES);
    snprintf(fresh.user_id, sizeof fresh.user_id, "%s", claims->user_id);
    snprintf(fresh.session_id, sizeof fresh.session_id, "%s", claims->session_id);
    snprintf(fresh.token_id, sizeof fresh.token_id, "%s", claims->token_id);
    snprintf(fresh.role, sizeof fresh.role, "%s", claims->role ? claims->role : "");
    pthread_mutex_lock(&lock);
    *slot_of(digest) = fresh;
    pthread_mutex_unlock(&lock);
}
