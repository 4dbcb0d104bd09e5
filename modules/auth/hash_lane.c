/* The lane that password hashing goes through. */
#include "hash_lane.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/log.h"

#define LANE_NICE 10
#define LANE_LOOK_MS 12                  /* how often a waiting sign-in looks; a hash takes about 45 ms … */
#define LANE_LOOK_LATER_MS 60            /* … and once it has waited longer, in a crowd where somebody always looks */
#define LANE_CROWD_US 150000L
#define LANE_WAIT_MAX_US (10 * 1000000L)
#define LANE_RETRY_AFTER_S 5

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool taken;
    void (*work)(void *);
    void *arg;
} lane = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void *lane_thread(void *unused)
{
    (void)unused;
    /* On Linux a thread has a nice value of its own. */
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), LANE_NICE) != 0)
        log_note(LOG_WARN, "hash_lane.priority", "reason", "setpriority");
    pthread_mutex_lock(&lane.lock);
    for (;;) {
        while (!lane.work)
            pthread_cond_wait(&lane.changed, &lane.lock);
        pthread_mutex_unlock(&lane.lock);
        lane.work(lane.arg);
        pthread_mutex_lock(&lane.lock);
        lane.work = NULL;
        pthread_cond_broadcast(&lane.changed);
    }
    return NULL;
}

enum err hash_lane_start(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, lane_thread, NULL) != 0)
        return E_INTERNAL;
    pthread_detach(thread);
    return OK;
}

static bool lane_take(void)
{
    pthread_mutex_lock(&lane.lock);
    bool got = !lane.taken;
    lane.taken = true;
    pthread_mutex_unlock(&lane.lock);
    return got;
}

enum err hash_lane_enter(struct request *r)
{
    if (lane_take())
        return OK;
    int look_ms = r->waited_us < LANE_CROWD_US ? LANE_LOOK_MS : LANE_LOOK_LATER_MS;
    if (r->waited_us < LANE_WAIT_MAX_US && request_later(r, look_ms) == E_LATER)
        return E_LATER;
    enum err err = fail(r, E_UNAVAILABLE, "auth.busy");
    r->problem.retry_after_s = LANE_RETRY_AFTER_S;
    return err;
}

void hash_lane_leave(void)
{
    pthread_mutex_lock(&lane.lock);
    lane.taken = false;
    pthread_mutex_unlock(&lane.lock);
}

void hash_lane_run(void (*work)(void *arg), void *arg)
{
    pthread_mutex_lock(&lane.lock);
    lane.work = work;
    lane.arg = arg;
    pthread_cond_broadcast(&lane.changed);
    while (lane.work)
        pthread_cond_wait(&lane.changed, &lane.lock);
    pthread_mutex_unlock(&lane.lock);
}
