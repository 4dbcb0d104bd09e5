/* Clients that read and write while something breaks, and remember every answer. */
#ifndef DASTERN_TESTS_LOAD_H
#define DASTERN_TESTS_LOAD_H

#include <stdbool.h>
#include <stddef.h>

/* One request as its client saw it. Times are seconds of the monotonic clock. */
struct sample {
    double began, took;
    int status;          /* 0: no answer */
    bool write;
    bool retry_after;    /* the answer named a time to come back */
};

struct load;

/* Starts `clients` threads, each a patient of its own: three reads, then a write (a prescription with a marker of its own
 * and an Idempotency-Key, which is sent again until it is answered by other than 5xx or silence), and so on. */
struct load *load_start(size_t clients);

/* Stops them, if they still run. The samples belong to the load. */
const struct sample *load_stop(struct load *load, size_t *count);

/* Reads back what the patients have: acknowledged writes that are missing, and markers stored more than once. */
void load_verify(struct load *load, size_t *acknowledged, size_t *lost, size_t *doubled);

void load_free(struct load *load);

/* Seconds of the monotonic clock. */
double now_seconds(void);
void sleep_seconds(double seconds);

#endif
