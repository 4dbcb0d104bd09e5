/* What a child process gives up before it looks at hostile bytes. */
#ifndef DASTERN_OCR_SANDBOX_H
#define DASTERN_OCR_SANDBOX_H

#include <stdbool.h>

struct sandbox_limits { int cpu_seconds, memory_mb; }; /* memory: address space beyond what the process already has */

/* From here on the calling process can compute, read and write what is open already, and exit: no files, no network, no new
 * processes or programs, no more memory than allowed. Everything but `keep_a` and `keep_b` is closed, standard error is
 * /dev/null. False: some wall could not be put up, and the caller must exit without touching the input. */
bool sandbox_enter(const struct sandbox_limits *limits, int keep_a, int keep_b);

#endif
