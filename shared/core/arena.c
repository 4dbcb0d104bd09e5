/* Bump allocator. Memory is always zero when handed out because it is wiped when given back: one pass over the bytes in
 * use, and no password or diagnosis of one request is left behind for the next. */
#include "core/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

/* Under AddressSanitizer each piece is a malloc of its own, so that running over its end is seen at the exact byte. */
#ifdef __SANITIZE_ADDRESS__
#define EACH_ALONE 1
#else
#define EACH_ALONE 0
#endif

#define ALIGNMENT alignof(max_align_t)

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char data[];
};

struct deferred {
    struct deferred *next;
    void (*fn)(void *);
    void *thing;
};

struct arena {
    struct block *first;  /* the one that is kept; last in the chain of `current` */
    struct block *current; /* the bump block, newest first */
    struct deferred *deferred;
};

static void *or_die(void *p)
{
    if (p)
        return p;
    log_note(LOG_ERROR, "out_of_memory", "action", "abort");
    abort();
}

void *xcalloc(size_t count, size_t size) { return or_die(calloc(count ? count : 1, size ? size : 1)); }
void *xrealloc(void *p, size_t n) { return or_die(realloc(p, n ? n : 1)); }
char *xstrdup(const char *s) { return or_die(strdup(s)); }

static struct block *block_new(size_t size)
{
    if (size > SIZE_MAX / 2)
        or_die(NULL);
    struct block *b = xcalloc(1, sizeof *b + size);
    b->size = size;
    return b;
}

static void block_free(struct block *b)
{
    explicit_bzero(b->data, b->used);
    free(b);
}

struct arena *arena_new(size_t first_bytes)
{
    struct arena *a = xcalloc(1, sizeof *a);
    a->first = a->current = block_new(first_bytes);
    return a;
}

static void run_deferred(struct arena *a)
{
    while (a->deferred) {
        struct deferred *d = a->deferred;
        a->deferred = d->next;
        d->fn(d->thing);
    }
}

void arena_reset(struct arena *a)
{
    run_deferred(a);
    while (a->current != a->first) {
        struct block *b = a->current;
        a->current = b->next;
        block_free(b);
    }
    struct block *extra = a->first->next;
    a->first->next = NULL;
    while (extra) {
        struct block *b = extra;
        extra = b->next;
        block_free(b);
    }
    explicit_bzero(a->first->data, a->first->used);
    a->first->used = 0;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    arena_reset(a);
    free(a->first);
    free(a);
}

/* A piece too big to share a block stands behind the bump block, which goes on being filled. */
static void *alloc_alone(struct arena *a, size_t n)
{
    struct block *b = block_new(n);
    b->used = n;
    b->next = a->current->next;
    a->current->next = b;
    return b->data;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (EACH_ALONE || n > a->first->size / 4)
        return alloc_alone(a, n);
    size_t rounded = (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded > a->current->size - a->current->used) {
        struct block *b = block_new(a->first->size + ALIGNMENT);
        b->next = a->current;
        a->current = b;
    }
    void *p = a->current->data + a->current->used;
    a->current->used += rounded;
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        or_die(NULL);
    return arena_alloc(a, n);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = arena_alloc(a, len + 1);
    memcpy(copy, s, len);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        abort();
    char *text = arena_alloc(a, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *thing)
{
    struct deferred *d = arena_alloc(a, sizeof *d);
    *d = (struct deferred){.next = a->deferred, .fn = fn, .thing = thing};
    a->deferred = d;
}
