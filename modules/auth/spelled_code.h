/* Codes that people copy by hand: Crockford's base 32 in groups of four, read in any spelling. */
#ifndef DASTERN_AUTH_SPELLED_CODE_H
#define DASTERN_AUTH_SPELLED_CODE_H

#include <stddef.h>

#include "core/arena.h"

/* `chars` random characters of 5 bits each (a multiple of 4): "7KQM-P4XT-…". */
char *spelled_code_make(struct arena *mem, size_t chars);
/* SHA-256 of the code without dashes and blanks, in capitals, O as 0, I and L as 1; as bytea text ("\x…"). */
char *spelled_code_hash(struct arena *mem, const char *typed);

#endif
