/* Random bytes from getrandom(2). */
#include "core/random.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/arena.h"
#include "core/str.h"

void random_bytes(void *out, size_t n)
{
    unsigned char *p = out;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        p += got;
        n -= (size_t)got;
    }
}

static void version_text(unsigned char b[16], unsigned version, char out[37])
{
    b[6] = (unsigned char)((b[6] & 0x0f) | version << 4);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    uuid_text(b, out);
}

void random_uuid(char out[37])
{
    unsigned char b[16];
    random_bytes(b, sizeof b);
    version_text(b, 4, out);
}

void random_uuid_v7(char out[37])
{
    unsigned char b[16];
    struct timespec now;
    random_bytes(b, sizeof b);
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    for (int i = 0; i < 6; i++)
        b[i] = (unsigned char)(ms >> (40 - 8 * i));
    version_text(b, 7, out);
}

char *random_code(struct arena *a, const char *alphabet, size_t n)
{
    size_t size = strlen(alphabet);
    if (size < 2 || size > 64)
        abort();
    size_t fair = 256 - 256 % size; /* bytes from here on would favour the first characters */
    char *code = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n;) {
        unsigned char b;
        random_bytes(&b, 1);
        if (b < fair)
            code[i++] = alphabet[b % size];
    }
    return code;
}
