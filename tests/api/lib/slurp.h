/* Files that a test reads whole. */
#ifndef DASTERN_TESTS_SLURP_H
#define DASTERN_TESTS_SLURP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/arena.h"

/* The first `room` bytes of the file as text; a file that cannot be opened fails the test. */
static inline char *slurp(struct arena *mem, const char *path, size_t room)
{
    char *text = arena_alloc(mem, room + 1);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, room, f)] = '\0';
    fclose(f);
    return text;
}

#endif
