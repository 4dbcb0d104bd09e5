/* Random bytes from the kernel, and what is made of them. */
#ifndef DASTERN_CORE_RANDOM_H
#define DASTERN_CORE_RANDOM_H

#include <stddef.h>

struct arena;

/* Fills from getrandom(2); ends the process when the kernel has none. */
void random_bytes(void *out, size_t n);
/* UUID version 4 in lower case, 36 characters + NUL. */
void random_uuid(char out[37]);
/* UUID version 7: sorts by the millisecond it was made in, 74 random bits. For rows whose id must be known beforehand. */
void random_uuid_v7(char out[37]);
/* `n` characters chosen evenly from `alphabet` (2..64 characters, by rejection, no modulo bias). */
char *random_code(struct arena *a, const char *alphabet, size_t n);

#endif
