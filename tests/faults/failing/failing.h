/* What the test and the processes whose calls fail share: a file that both have mapped, named by $DASTERN_FAILING_CALLS. */
#ifndef DASTERN_TESTS_FAILING_H
#define DASTERN_TESTS_FAILING_H

#include <stdatomic.h>

#define FAILING_ENV "DASTERN_FAILING_CALLS"

/* A kind of call, with what the one that is meant says. */
enum failing_kind {
    FAIL_NONE,
    FAIL_READ,    /* read, pread: EIO; recv: ECONNRESET */
    FAIL_WRITE,   /* write: ENOSPC */
    FAIL_SEND,    /* send, sendmsg: EPIPE */
    FAIL_OPEN,    /* open, openat, mkostemp, socket, accept4: EMFILE */
    FAIL_CLOSE,   /* close: EIO, though it is closed */
    FAIL_SYNC,    /* fsync: EIO */
    FAIL_RENAME,  /* rename, renameat: EIO */
    FAIL_MAP,     /* mmap: ENOMEM */
    FAIL_POLL,    /* poll: EINTR */
    FAIL_WATCH,   /* epoll_ctl: ENOMEM */
    FAIL_MEMORY,  /* malloc, calloc, realloc: ENOMEM */
    FAIL_SHORT,   /* read, write and the like: half of it (never fails, but does less than it was asked) */
    FAIL_KINDS
};

struct failing {
    char program[32];             /* whose calls: the executable's name */
    atomic_int kind;              /* FAIL_NONE: none fails */
    atomic_int countdown;         /* the call that brings it to 0 fails; of FAIL_SHORT all do less */
    atomic_int failed;            /* how many have */
    atomic_int calls[FAIL_KINDS]; /* how many there were */
};

#endif
