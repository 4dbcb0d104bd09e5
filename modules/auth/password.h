/* Passwords: argon2id in PHC string form, and which ones are too easy to guess. */
#ifndef DASTERN_AUTH_PASSWORD_H
#define DASTERN_AUTH_PASSWORD_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/err.h"

#define PASSWORD_CHARS_MIN 8   /* code points; sign-in is throttled per account */
#define PASSWORD_CHARS_MAX 128

/* Once per process, before threads start: makes the hash that stands in for accounts that do not exist. */
enum err password_start(void) MUST_CHECK;

/* Both take about 45 ms and 19 MiB: only inside the hash lane, with no transaction open. */
enum err password_hash(struct arena *mem, const char *password, char **encoded) MUST_CHECK;
/* E_UNAUTHENTICATED: it is wrong. E_UNAVAILABLE: memory is short, and nobody can say; that must not count as a wrong one.
 * `encoded` NULL takes as long as any and is never right. */
enum err password_compare(const char *password, const char *encoded) MUST_CHECK;

/* Was it made with parameters below today's? Then it is made anew at the next sign-in. */
bool password_is_outdated(const char *encoded);

/* NULL when it may be used, otherwise why not: "common", or "personal" when little is left of it without the given words
 * (names, e-mail address, the service's own name; NULLs are skipped; ends with count). */
const char *password_weakness(struct arena *mem, const char *password, const char *const *words, size_t count);

#endif
