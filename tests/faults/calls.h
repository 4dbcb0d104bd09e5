/* Scripts of requests that are run while calls of the module behind them fail. */
#ifndef DASTERN_TESTS_CALLS_H
#define DASTERN_TESTS_CALLS_H

#include <stddef.h>

#include "client.h"

/* What the answers of one kind of failing call were. */
struct tally {
    size_t requests;
    size_t broken;  /* right requests answered 5xx, or not at all */
    size_t misled;  /* right requests answered 4xx */
    size_t unkept;  /* files that only the sweep will remove */
    double slowest; /* seconds */
};

/* A module's script. What `run` is told was done, `verify` finds done, and what was not done can be done then. */
struct script {
    const char *name;    /* as it is printed */
    const char *program; /* whose calls fail */
    void (*prepare)(void);
    void (*run)(void);
    void (*verify)(void);
};

extern const struct script scripts[];
extern const size_t script_count;

/* calls.c: a right request that may break; the answer if it is 2xx, else NULL. */
struct answer *asked(struct answer *a);
/* One that must never be answered 2xx. */
void refused(const struct answer *a, const char *what);
/* The call's answer when nothing fails any more: sent again while processes come back. */
struct answer *settled(const struct call *call);
/* How many files there are that only the sweep will remove. */
void note_unkept(size_t files);

#endif
