/* Per route: requests by status class and a histogram of the time taken. */
#include "http/metrics.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "core/limits.h"

#define CLASSES 5 /* 1xx … 5xx */

static const long bucket_us[] = {1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 5000000};
#define BUCKETS (sizeof bucket_us / sizeof bucket_us[0])

struct counters {
    atomic_ulong by_class[CLASSES];
    atomic_ulong in_bucket[BUCKETS + 1];
    atomic_ulong sum_us;
};

static struct {
    atomic_ulong meaning; /* of the counters, for who began to count last */
    struct counters of[LIMIT_ROUTES + 1]; /* the last is "no route" */
} *shared;

static unsigned long own_meaning;

size_t metrics_size(void)
{
    return sizeof *shared;
}

/* FNV-1a. */
static unsigned long hash_bytes(unsigned long hash, const void *bytes, size_t n)
{
    for (const unsigned char *p = bytes; n > 0; p++, n--)
        hash = (hash ^ *p) * 1099511628211UL;
    return hash;
}

/* What each number stands for: the routes in their order, and the buckets. */
static unsigned long meaning_of(const struct area *area)
{
    unsigned long hash = hash_bytes(14695981039346656037UL, bucket_us, sizeof bucket_us);
    for (const struct route *route = area->routes; route->method; route++) {
        hash = hash_bytes(hash, &route->method, sizeof route->method);
        hash = hash_bytes(hash, route->path, strlen(route->path) + 1);
    }
    return hash;
}

static void start_anew(void)
{
    for (size_t i = 0; i <= LIMIT_ROUTES; i++)
        shared->of[i] = (struct counters){0};
}

/* A worker from a newer file than its parent's does not count when it wants more memory than there is. */
void metrics_map(int fd, const struct area *area)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size < (off_t)metrics_size())
        return;
    void *memory = mmap(NULL, metrics_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    shared = memory == MAP_FAILED ? NULL : memory;
    own_meaning = meaning_of(area);
    if (shared && atomic_exchange(&shared->meaning, own_meaning) != own_meaning)
        start_anew();
}

/* Not when a worker of another file, with other routes, has taken our place. */
static bool counts(void)
{
    return shared && atomic_load_explicit(&shared->meaning, memory_order_relaxed) == own_meaning;
}

static size_t route_index(const struct area *area, const struct route *route)
{
    size_t i = route ? (size_t)(route - area->routes) : LIMIT_ROUTES;
    return i < LIMIT_ROUTES ? i : LIMIT_ROUTES;
}

void metrics_count(const struct area *area, const struct route *route, int status, long us)
{
    if (!counts() || status < 100 || status > 599)
        return;
    struct counters *c = &shared->of[route_index(area, route)];
    size_t bucket = 0;
    while (bucket < BUCKETS && us > bucket_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&c->by_class[status / 100 - 1], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->in_bucket[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->sum_us, (unsigned long)us, memory_order_relaxed);
}

static unsigned long read_counter(atomic_ulong *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void write_histogram(struct buf *out, const char *labels, struct counters *c)
{
    unsigned long total = 0;
    for (size_t b = 0; b < BUCKETS; b++) {
        total += read_counter(&c->in_bucket[b]);
        buf_printf(out, "dastern_request_seconds_bucket{%s,le=\"%g\"} %lu\n", labels, (double)bucket_us[b] / 1e6, total);
    }
    total += read_counter(&c->in_bucket[BUCKETS]);
    buf_printf(out, "dastern_request_seconds_bucket{%s,le=\"+Inf\"} %lu\n", labels, total);
    buf_printf(out, "dastern_request_seconds_sum{%s} %.6f\n", labels, (double)read_counter(&c->sum_us) / 1e6);
    buf_printf(out, "dastern_request_seconds_count{%s} %lu\n", labels, total);
}

static void write_counters(struct buf *out, const char *labels, struct counters *c)
{
    for (int k = 0; k < CLASSES; k++) {
        unsigned long n = read_counter(&c->by_class[k]);
        if (n > 0)
            buf_printf(out, "dastern_requests_total{%s,status=\"%dxx\"} %lu\n", labels, k + 1, n);
    }
    write_histogram(out, labels, c);
}

void metrics_write(struct buf *out, const struct area *area)
{
    buf_str(out, "# TYPE dastern_requests_total counter\n# TYPE dastern_request_seconds histogram\n");
    if (!counts())
        return;
    size_t n = 0;
    for (; area->routes[n].method && n < LIMIT_ROUTES; n++) {
        const struct route *route = &area->routes[n];
        write_counters(out, arena_printf(out->mem, "area=\"%s\",method=\"%s\",route=\"%s\"", area->name,
                                         method_name(route->method), route->path), &shared->of[n]);
    }
    write_counters(out, arena_printf(out->mem, "area=\"%s\",method=\"\",route=\"none\"", area->name), &shared->of[LIMIT_ROUTES]);
}
