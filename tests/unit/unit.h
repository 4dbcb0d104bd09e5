/* What every unit test starts with: cmocka and what it wants included before it, an arena per test, deaths, captured output. */
#ifndef DASTERN_TESTS_UNIT_H
#define DASTERN_TESTS_UNIT_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/arena.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The arena of the running test; wiped between tests. */
static struct arena *mem;

static inline int unit_setup(void **state)
{
    (void)state;
    mem = arena_new(4096);
    return 0;
}

static inline int unit_teardown(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

#define in_arena(fn) cmocka_unit_test_setup_teardown(fn, unit_setup, unit_teardown)

/* Runs fn in a child and gives its wait status; what it writes to stdout and stderr goes to out (size bytes, NUL-terminated). */
static inline int unit_run_child(void (*fn)(void *), void *arg, char *out, size_t size)
{
    int fd = memfd_create("output", MFD_CLOEXEC), status;
    assert_true(fd >= 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0};
        setrlimit(RLIMIT_CORE, &no_core);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        fn(arg);
        fflush(NULL);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    ssize_t n = pread(fd, out, size - 1, 0);
    out[n > 0 ? n : 0] = '\0';
    close(fd);
    return status;
}

/* From now on the process gets no more memory than it has. */
static inline void unit_no_more_memory(void)
{
    struct rlimit little = {.rlim_cur = 1024, .rlim_max = 1024};
    setrlimit(RLIMIT_AS, &little);
}

/* fn must end the process by abort(). */
static inline void unit_expect_abort(void (*fn)(void *), void *arg)
{
    char out[4096];
    int status = unit_run_child(fn, arg, out, sizeof out);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

#endif
