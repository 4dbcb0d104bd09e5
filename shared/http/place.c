/* What one account may have parked in this process at a time: a client that opens streams or waits without end must not have all the
 * room. */
#include <pthread.h>

#include "core/limits.h"
#include "http/exchange.h"

static struct {
    pthread_mutex_t lock;
    struct exchange *holders;
} places = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int count_held(const struct place *like)
{
    int n = 0;
    for (const struct exchange *x = places.holders; x; x = x->place.next)
        n += x->place.kind == like->kind && str_eq(x->place.user, like->user);
    return n;
}

static void give_back(void *exchange)
{
    pthread_mutex_lock(&places.lock);
    struct exchange **at = &places.holders;
    while (*at != exchange)
        at = &(*at)->place.next;
    *at = (*at)->place.next;
    pthread_mutex_unlock(&places.lock);
}

bool place_take(struct request *r, enum place_kind kind)
{
    static const int limits[] = {[PLACE_STREAM] = LIMIT_STREAMS_PER_USER, [PLACE_WAIT] = LIMIT_WAITS_PER_USER};
    struct exchange *x = r->exchange;
    if (!r->who.signed_in || x->place.user)
        return true;
    struct place wanted = {.kind = kind, .user = r->who.user_id};
    pthread_mutex_lock(&places.lock);
    bool room = count_held(&wanted) < limits[kind];
    if (room) {
        wanted.next = places.holders;
        x->place = wanted;
        places.holders = x;
    }
    pthread_mutex_unlock(&places.lock);
    if (room)
        arena_defer(r->mem, give_back, x);
    return room;
}
