/* The lane that password hashing goes through. */
#include "hash_lane.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/log.h"
#include "core/random.h"
#include "core/str.h"

#define LANE_NICE 10
#define LANE_LOOK_MS 6 /* about this often one of those who wait looks, however many they are; a hash takes some 45 ms */
#define LANE_WAIT_MAX_US (10 * 1000000L)
#define LANE_RETRY_AFTER_S 5
#define WAITS "hash lane"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool taken;
    int waiting;  /* requests that have waited for it and are not over */
    int file;     /* byte i of it is locked by the process that has the i-th lane of the machine */
    int count, mine;
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

enum err hash_lane_start(const char *lock_path, int lanes)
{
    pthread_t thread;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    lane.count = lanes > 0 ? lanes : processors >= 4 ? (int)(processors / 2) : 1;
    lane.file = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lane.file < 0 || pthread_create(&thread, NULL, lane_thread, NULL) != 0)
        return E_INTERNAL;
    pthread_detach(thread);
    return OK;
}

/* The kernel gives back what a process that dies has locked. */
static bool set_lock(int which, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = which, .l_len = 1};
    return fcntl(lane.file, F_OFD_SETLK, &lock) == 0;
}

static bool take_any(void)
{
    for (lane.mine = 0; lane.mine < lane.count; lane.mine++)
        if (set_lock(lane.mine, F_WRLCK))
            return true;
    return false;
}

static bool lane_take(void)
{
    pthread_mutex_lock(&lane.lock);
    bool got = !lane.taken && take_any();
    lane.taken = lane.taken || got;
    pthread_mutex_unlock(&lane.lock);
    return got;
}

static void stop_waiting(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lane.lock);
    lane.waiting--;
    pthread_mutex_unlock(&lane.lock);
}

/* Counts a request among those who wait, and says how many there are. Its first wait is in its first turn, whose arena is the whole
 * request's: with it the request leaves them, also when its client has gone and no more turn comes. */
static int start_waiting(struct request *r)
{
    bool waits = str_eq(r->seen, WAITS);
    pthread_mutex_lock(&lane.lock);
    int waiting = lane.waiting += !waits;
    pthread_mutex_unlock(&lane.lock);
    if (!waits)
        arena_defer(r->mem, stop_waiting, NULL);
    request_note(r, WAITS);
    return waiting;
}

/* A crowd in which each looks all the time takes more of the processor, and of the request threads, than its hashes do; and
 * one that looks in step leaves the lane empty in between. */
static int next_look_ms(int waiting)
{
    uint16_t random;
    random_bytes(&random, sizeof random);
    return 1 + (int)(2L * LANE_LOOK_MS * waiting * random / UINT16_MAX);
}

enum err hash_lane_enter(struct request *r)
{
    if (lane_take())
        return OK;
    if (r->waited_us < LANE_WAIT_MAX_US && request_later(r, next_look_ms(start_waiting(r))) == E_LATER)
        return E_LATER;
    enum err err = fail(r, E_UNAVAILABLE, "auth.busy");
    r->problem.retry_after_s = LANE_RETRY_AFTER_S;
    return err;
}

void hash_lane_leave(void)
{
    pthread_mutex_lock(&lane.lock);
    lane.taken = false;
    if (!set_lock(lane.mine, F_UNLCK))
        log_note(LOG_ERROR, "hash_lane.unlock", "reason", strerror(errno));
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
