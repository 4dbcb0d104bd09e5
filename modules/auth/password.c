/* Passwords: argon2id in PHC string form, and which ones are too easy to guess. */
#include "password.h"

#include <argon2.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "common_passwords.h"
#include "core/random.h"
#include "core/str.h"
#include "hash_lane.h"

/* The one place for the cost of a hash (OWASP: at least 19 MiB, 2 passes, 1 lane). */
static const struct cost { uint32_t memory_kib, passes, lanes; } COST = {19456, 2, 1};
#define SALT_BYTES 16
#define HASH_BYTES 32
#define ENCODED_BYTES 128

static char nobody[ENCODED_BYTES]; /* the hash of a password that nobody knows */

struct work {
    const char *password, *encoded;
    char made[ENCODED_BYTES];
    int result;
};

static void make(void *arg)
{
    struct work *w = arg;
    unsigned char salt[SALT_BYTES];
    random_bytes(salt, sizeof salt);
    w->result = argon2id_hash_encoded(COST.passes, COST.memory_kib, COST.lanes, w->password, strlen(w->password), salt,
                                      sizeof salt, HASH_BYTES, w->made, sizeof w->made);
}

static void compare(void *arg)
{
    struct work *w = arg;
    w->result = argon2id_verify(w->encoded, w->password, strlen(w->password));
}

enum err password_start(void)
{
    /* A fixed threshold keeps the 19 MiB of a hash in a mapping of their own, which goes back to the system after it. */
    mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
    char unknown[37];
    random_uuid(unknown);
    struct work w = {.password = unknown};
    make(&w);
    memcpy(nobody, w.made, sizeof nobody);
    return w.result == ARGON2_OK ? OK : E_INTERNAL;
}

enum err password_hash(struct arena *mem, const char *password, char **encoded)
{
    struct work w = {.password = password};
    hash_lane_run(make, &w);
    *encoded = arena_strdup(mem, w.made);
    return w.result == ARGON2_OK ? OK : E_UNAVAILABLE; /* only memory can be short */
}

enum err password_compare(const char *password, const char *encoded)
{
    struct work w = {.password = password, .encoded = encoded ? encoded : nobody};
    hash_lane_run(compare, &w);
    if (w.result == ARGON2_MEMORY_ALLOCATION_ERROR)
        return E_UNAVAILABLE;
    return w.result == ARGON2_OK && encoded ? OK : E_UNAUTHENTICATED;
}

bool password_is_outdated(const char *encoded)
{
    struct cost c;
    int n = sscanf(encoded, "$argon2id$v=19$m=%u,t=%u,p=%u$", &c.memory_kib, &c.passes, &c.lanes);
    return n != 3 || c.memory_kib < COST.memory_kib || c.passes < COST.passes || c.lanes < COST.lanes;
}

/* --- what is too easy to guess ---------------------------------------------------------------------------------- */
#define WORD_BYTES_MIN 4 /* shorter words are in half of all good passwords */

static char *folded(struct arena *mem, const char *s)
{
    char *out = arena_strdup(mem, s);
    for (char *p = out; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return out;
}

/* Cuts every occurrence of `word` out of `s`; true if there was one. */
static bool cut_out(char *s, const char *word)
{
    bool found = false;
    size_t n = strlen(word);
    for (char *at; n >= WORD_BYTES_MIN && (at = strstr(s, word)); found = true)
        memmove(at, at + n, strlen(at + n) + 1);
    return found;
}

const char *password_weakness(struct arena *mem, const char *password, const char *const *words, size_t count)
{
    char *rest = folded(mem, password);
    if (password_is_common(rest))
        return "common";
    bool personal = false;
    for (size_t i = 0; i < count; i++)
        if (words[i] && cut_out(rest, folded(mem, words[i])))
            personal = true;
    return personal && utf8_length(rest) < PASSWORD_CHARS_MIN ? "personal" : NULL;
}
