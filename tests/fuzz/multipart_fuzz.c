/* multipart bodies: the input's first line is the Content-Type, the rest the body; however the body is sliced, the result is
 * the same, and what is accepted keeps its promises. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/str.h"
#include "http/multipart.h"

#define MAX_FILE 3000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Feeds the body in pieces whose sizes come from the bytes of `cuts`. */
static enum err parse(struct arena *mem, const char *type, const uint8_t *body, size_t n, const uint8_t *cuts, size_t cut_count,
                      struct multipart *result)
{
    struct multipart_parser *p;
    enum err e = multipart_new(mem, type, "/dev/shm", MAX_FILE, &p, result);
    if (e != OK)
        return e;
    for (size_t at = 0, i = 0; at < n && e == OK; i++) {
        size_t len = cut_count ? cuts[i % cut_count] % 17u + 1u : n;
        len = len < n - at ? len : n - at;
        e = multipart_feed(p, (const char *)body + at, len);
        at += len;
    }
    enum err end = multipart_end(p);
    require(e == OK || end == e);
    return end;
}

static void check_part(const struct multipart_part *part)
{
    require(part->name && *part->name && utf8_valid(part->name, strlen(part->name)));
    require((part->filename != NULL) == (part->fd >= 0) && (part->value == NULL) == (part->fd >= 0));
    require(!part->filename || utf8_valid(part->filename, strlen(part->filename)));
    if (part->value)
        require(part->size <= LIMIT_MULTIPART_FIELD_BYTES && strlen(part->value) == part->size && utf8_valid(part->value, part->size));
    else
        require(part->size <= MAX_FILE && lseek(part->fd, 0, SEEK_CUR) == 0 && lseek(part->fd, 0, SEEK_END) == (off_t)part->size);
}

static void same_content(const struct multipart_part *a, const struct multipart_part *b)
{
    char x[MAX_FILE], y[MAX_FILE];
    require(a->size == b->size && str_eq(a->name, b->name) && str_eq(a->filename, b->filename) && str_eq(a->type, b->type) &&
            str_eq(a->value, b->value));
    if (a->fd >= 0)
        require(pread(a->fd, x, sizeof x, 0) == (ssize_t)a->size && pread(b->fd, y, sizeof y, 0) == (ssize_t)b->size &&
                memcmp(x, y, a->size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = memchr(data, '\n', size);
    if (!line)
        return 0;
    struct arena *mem = arena_new(8192);
    const uint8_t *body = line + 1;
    size_t n = size - (size_t)(body - data);
    char *type = arena_strndup(mem, (const char *)data, (size_t)(line - data));
    struct multipart whole, sliced;
    enum err e = parse(mem, type, body, n, NULL, 0, &whole);
    require(parse(mem, type, body, n, body, n, &sliced) == e && (e == OK || e == E_INVALID));
    require(str_eq(whole.fault, sliced.fault) && (whole.fault != NULL) == (e != OK) && whole.count == sliced.count);
    for (size_t i = 0; e == OK && i < whole.count; i++) {
        check_part(&whole.parts[i]);
        same_content(&whole.parts[i], &sliced.parts[i]);
        for (size_t k = 0; k < i; k++)
            require(!str_eq(whole.parts[i].name, whole.parts[k].name));
    }
    arena_free(mem);
    return 0;
}
