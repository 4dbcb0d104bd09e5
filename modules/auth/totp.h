/* Time-based one-time codes (RFC 6238: SHA-1, 6 digits, 30 s) and their secrets in base 32 (RFC 4648). */
#ifndef DASTERN_AUTH_TOTP_H
#define DASTERN_AUTH_TOTP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"

#define TOTP_DIGITS 6

/* 160 random bits. */
char *totp_secret_make(struct arena *mem);
/* What an authenticator app reads, usually from a QR code. */
char *totp_uri(struct arena *mem, const char *secret, const char *account);
/* The code of a 30 s step (step = seconds since 1970 / 30). False: `secret` is not base 32. */
bool totp_code(struct arena *mem, const char *secret, int64_t step, char out[TOTP_DIGITS + 1]);
/* Is `code` that of now, of the step before or after, and later than `last_step` (a code counts once)? Then *step says which. */
bool totp_matches(struct arena *mem, const char *secret, const char *code, int64_t unix_time, int64_t last_step, int64_t *step);

#endif
