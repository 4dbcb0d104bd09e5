/* Secrets that rest in the database until they are delivered (reset codes, links) or asked for again: AES-256-GCM, bound
 * to their row. */
#ifndef DASTERN_ACCESS_SEAL_H
#define DASTERN_ACCESS_SEAL_H

#include "core/arena.h"
#include "core/err.h"

#define SEAL_TEXT_BYTES 16384 /* longest plaintext */

/*
 * Encrypts `plaintext` (UTF-8, at most SEAL_TEXT_BYTES) under a key made from `secret` (DASTERN_OUTBOX_KEY, any text of
 * at least 32 bytes). `kind` and `dedupe_key` are those of the outbox row: a seal moved to another row does not open.
 * *sealed is PostgreSQL's bytea text ("\x…"), for a parameter `:sealed::bytea`. E_INVALID: the plaintext is too long.
 */
enum err seal(struct arena *mem, const char *secret, const char *kind, const char *dedupe_key, const char *plaintext,
              char **sealed) MUST_CHECK;

/* The plaintext of a column's raw bytes. E_INVALID: other key, other row, altered or not a seal; nothing is written. */
enum err unseal(struct arena *mem, const char *secret, const char *kind, const char *dedupe_key,
                const unsigned char *sealed, size_t n, char **plaintext) MUST_CHECK;

#endif
