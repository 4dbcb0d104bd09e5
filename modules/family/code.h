/* Invitation codes: made, read as people type them, and hashed for the database, which never sees one. */
#ifndef DASTERN_FAMILY_CODE_H
#define DASTERN_FAMILY_CODE_H

#include "core/arena.h"

#define INVITATION_CODE_CHARS 8

/* A fresh code of INVITATION_CODE_CHARS characters from the kernel's random source. */
char *invitation_code_new(struct arena *mem);

/* The code in its one spelling: upper case, without the blanks and dashes people put between groups.
 * NULL when it cannot be a code. */
char *invitation_code_read(struct arena *mem, const char *typed);

/*
 * HMAC-SHA-256 of a code under `key`, as PostgreSQL's bytea text ("\x…", 32 bytes). Keyed because a code has only 40
 * bits: throttling stops guesses at the door, but whoever held a copy of the table could try all codes against a plain
 * hash in minutes. Without the key, which is not in the database, the copy tells nothing.
 */
char *invitation_code_hash(struct arena *mem, const char *key, const char *code);

#endif
