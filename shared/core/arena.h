/* Bump allocator: everything a request needs lives here and goes at once. Out of memory ends the process. */
#ifndef DASTERN_CORE_ARENA_H
#define DASTERN_CORE_ARENA_H

#include <stddef.h>

struct arena;

/* A new arena whose first block holds `first_bytes`. Never NULL (out of memory aborts). */
struct arena *arena_new(size_t first_bytes);
/* Runs the deferred calls newest first and frees everything. NULL is allowed. */
void arena_free(struct arena *a);
/* Runs the deferred calls and empties the arena, keeping one block of the first size for reuse. */
void arena_reset(struct arena *a);

/* Zeroed memory aligned for any type; lives until reset/free. Never NULL. n = 0 is allowed. */
void *arena_alloc(struct arena *a, size_t n);
/* Zeroed array; aborts when count * size overflows. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* NUL-terminated copies. arena_strdup(NULL) is NULL. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Calls fn(thing) at reset/free: for what lives outside the arena (PGresult, file descriptors, json_t). */
void arena_defer(struct arena *a, void (*fn)(void *), void *thing);

/* calloc/realloc/strdup that end the process when memory is out; for what outlives a request. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);

#endif
