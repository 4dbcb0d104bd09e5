/* Connections are polled with EPOLLONESHOT: exactly one thread serves one request of one connection, then the
 * connection goes back to epoll. Requests that wait for something are parked with their memory, without a thread. */
#include "http/dispatch.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"
#include "http/exchange.h"

#define ARENA_BYTES 16384
#define IDLE_WAIT_MS 1000
#define PARKED_WAIT_MS 50
#define LOOK_AGAIN_US 20000      /* at a request of which only the beginning has come */
#define PATIENCE_US 10000000     /* with the rest of it */
#define PATIENCE_DRAINING_US 1000000
#define ACCEPT_PAUSE_US 10000    /* no file descriptor left: the connection keeps waiting, and so do we */
#define STACK_BYTES (512L * 1024)

/* One that is parked waits either with a request, or for the rest of one. */
struct conn {
    struct fcgi *fcgi;
    struct request *parked; /* until it is answered */
    struct arena *mem;      /* the parked request's own memory: what it brought and what its first turn made of it */
    int64_t parked_at_us, wake_us;
    atomic_bool handed_over; /* epoll carries a connection from thread to thread; C's memory model is told by this */
    int64_t begun_us;        /* when the beginning of a request was seen; 0: it has come whole */
    struct conn *next;
};

static struct {
    const struct area *area;
    struct db_pool *pool;
    int epoll, listen;
    atomic_bool draining;
    atomic_int connections, busy, parked_count;
    pthread_mutex_t lock; /* of `parked` */
    struct conn *parked;
} d = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void close_conn(struct conn *c)
{
    fcgi_free(c->fcgi);
    free(c);
    atomic_fetch_sub(&d.connections, 1);
}

/* Adds or re-arms; a connection that epoll refuses is of no use. */
static void watch(struct conn *c, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = c};
    int fd = fcgi_fd(c->fcgi);
    atomic_store_explicit(&c->handed_over, true, memory_order_release);
    if (epoll_ctl(d.epoll, operation, fd, &event) != 0)
        close_conn(c);
}

/* One at a time: the other threads and the other process get their share. */
static void accept_one(void)
{
    int fd = accept4(d.listen, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            usleep(ACCEPT_PAUSE_US); /* it would come at once again */
        return;
    }
    if (atomic_load(&d.connections) >= LIMIT_CONNECTIONS) {
        close(fd); /* overload is shed at once: nginx tries another or answers 503 */
        return;
    }
    struct conn *c = xcalloc(1, sizeof *c);
    c->fcgi = fcgi_new(fd);
    atomic_fetch_add(&d.connections, 1);
    watch(c, EPOLL_CTL_ADD);
}

/* Afterwards the connection belongs to whichever thread takes it. */
static void park(struct conn *c, struct request *r, int64_t us)
{
    c->parked = r;
    c->parked_at_us = clock_us();
    c->wake_us = c->parked_at_us + us;
    pthread_mutex_lock(&d.lock);
    c->next = d.parked;
    d.parked = c;
    pthread_mutex_unlock(&d.lock);
}

/* Room is taken before the handler runs, so that two threads cannot both take the last place. */
static bool reserve_parking(void)
{
    if (atomic_load(&d.draining))
        return false;
    if (atomic_fetch_add(&d.parked_count, 1) < LIMIT_PARKED)
        return true;
    atomic_fetch_sub(&d.parked_count, 1);
    return false;
}

static void finish_conn(struct conn *c)
{
    if (fcgi_finish(c->fcgi, !atomic_load(&d.draining)))
        watch(c, EPOLL_CTL_MOD);
    else
        close_conn(c);
}

/* Reading half a request would hold the thread until its peer sends the rest: a few of those, and nobody is served. */
static bool wait_for_rest(struct conn *c)
{
    int64_t now = clock_us();
    if (fcgi_arrived(c->fcgi)) {
        c->begun_us = 0;
        return false;
    }
    if (c->begun_us == 0)
        c->begun_us = now;
    if (now - c->begun_us > (atomic_load(&d.draining) ? PATIENCE_DRAINING_US : PATIENCE_US))
        close_conn(c);
    else
        park(c, NULL, LOOK_AGAIN_US);
    return true;
}

/* The arena is the thread's; a parked request takes it along and the thread gets a new one. */
static void serve_ready(struct conn *c, struct arena **mem)
{
    if (wait_for_rest(c))
        return;
    if (fcgi_accept(c->fcgi) != OK) {
        close_conn(c);
        return;
    }
    struct request *r = arena_alloc(*mem, sizeof *r);
    r->mem = *mem;
    r->exchange = arena_alloc(*mem, sizeof *r->exchange);
    r->exchange->fcgi = c->fcgi;
    r->exchange->area = d.area;
    r->exchange->pool = d.pool;
    r->exchange->may_park = reserve_parking();
    bool reserved = r->exchange->may_park;
    if (request_serve(r) == E_LATER) {
        c->mem = *mem;
        *mem = arena_new(ARENA_BYTES);
        park(c, r, r->exchange->park_ms * 1000L);
        return;
    }
    if (reserved)
        atomic_fetch_sub(&d.parked_count, 1);
    finish_conn(c);
    arena_reset(*mem);
}

/* What a later turn allocates is the thread's and goes with the turn: a stream may have thousands of them. */
static void resume(struct conn *c, struct arena *mem)
{
    struct request *r = c->parked;
    r->mem = mem;
    r->waited_us += clock_us() - c->parked_at_us;
    r->exchange->may_park = !atomic_load(&d.draining);
    enum err err = request_resume(r);
    arena_reset(mem);
    if (err == E_LATER) {
        park(c, r, r->exchange->park_ms * 1000L);
        return;
    }
    atomic_fetch_sub(&d.parked_count, 1);
    arena_free(c->mem);
    c->parked = NULL;
    c->mem = NULL;
    finish_conn(c);
}

static bool is_due(const struct conn *c, int64_t now, bool all)
{
    return c->wake_us <= now || (all && c->parked);
}

/* The one that has been due for longest, or NULL: when there are more than can be served, none is passed over for ever. */
static struct conn *take_due(void)
{
    int64_t now = clock_us();
    bool all = atomic_load(&d.draining);
    struct conn **first = NULL;
    pthread_mutex_lock(&d.lock);
    for (struct conn **at = &d.parked; *at; at = &(*at)->next)
        if (is_due(*at, now, all) && (!first || (*at)->wake_us < (*first)->wake_us))
            first = at;
    struct conn *c = first ? *first : NULL;
    if (c)
        *first = c->next;
    pthread_mutex_unlock(&d.lock);
    return c;
}

static bool somebody_parked(void)
{
    pthread_mutex_lock(&d.lock);
    bool any = d.parked != NULL;
    pthread_mutex_unlock(&d.lock);
    return any;
}

static void work_on(struct conn *c, struct arena **mem)
{
    atomic_fetch_add(&d.busy, 1);
    if (c->parked)
        resume(c, *mem);
    else
        serve_ready(c, mem);
    atomic_fetch_sub(&d.busy, 1);
}

/* One that was parked, then one that has just come: when PostgreSQL is slow, some streams are due at any time, and whoever
 * waits must not wait for all of them. */
static void work_once(struct arena **mem)
{
    struct epoll_event event;
    struct conn *due = take_due();
    if (due)
        work_on(due, mem);
    int ms = due ? 0 : somebody_parked() ? PARKED_WAIT_MS : IDLE_WAIT_MS;
    if (epoll_wait(d.epoll, &event, 1, ms) <= 0)
        return;
    if (!event.data.ptr) {
        accept_one();
        return;
    }
    struct conn *c = event.data.ptr;
    atomic_load_explicit(&c->handed_over, memory_order_acquire);
    work_on(c, mem);
}

static void *thread_main(void *unused)
{
    struct arena *mem = arena_new(ARENA_BYTES);
    for (;;)
        work_once(&mem);
    return unused;
}

void dispatch_start(const struct area *area, struct db_pool *pool, int listen_fd, int threads)
{
    /* Every worker process is woken for a new connection, which is rare. With EPOLLEXCLUSIVE one alone would be, and if that
     * one is just ending, the connection would lie there until the next comes. */
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    pthread_attr_t attr;
    d.area = area;
    d.pool = pool;
    d.listen = listen_fd;
    d.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (d.epoll < 0 || epoll_ctl(d.epoll, EPOLL_CTL_ADD, listen_fd, &event) != 0)
        abort();
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    for (int i = 0; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &attr, thread_main, NULL) != 0)
            abort();
    }
    pthread_attr_destroy(&attr);
}

void dispatch_drain(bool accepts)
{
    if (!accepts)
        epoll_ctl(d.epoll, EPOLL_CTL_DEL, d.listen, NULL);
    atomic_store(&d.draining, true);
}

int dispatch_connections(void)
{
    return atomic_load(&d.connections);
}

int dispatch_busy(void)
{
    return atomic_load(&d.busy);
}
