/* Linked into an executable, where it stands in for the C library's functions, also for those of other libraries: makes the
 * n-th call of a kind fail, as the test that shares the mapped file says (failing.h). A failing close() has closed, as on
 * Linux. */
#include "failing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t count, size_t n);
extern void *__libc_realloc(void *p, size_t n);

static struct failing *control;

/* Before main(), by raw system calls: ours are not to be counted. */
__attribute__((constructor)) static void map_control(void)
{
    const char *path = getenv(FAILING_ENV);
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    long at = syscall(SYS_mmap, NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0L);
    syscall(SYS_close, fd);
    if (at > 0)
        control = (struct failing *)at;
}

static bool is_ours(void)
{
    return control && strncmp(control->program, program_invocation_short_name, sizeof control->program) == 0;
}

static bool fails(enum failing_kind kind, int error)
{
    if (!is_ours())
        return false;
    atomic_fetch_add(&control->calls[kind], 1);
    if (atomic_load(&control->kind) != (int)kind || atomic_fetch_sub(&control->countdown, 1) != 1)
        return false;
    atomic_fetch_add(&control->failed, 1);
    errno = error;
    return true;
}

/* A connection of which one call failed has failed. */
static bool breaks(enum failing_kind kind, int error, int fd)
{
    bool now = fails(kind, error);
    if (now) {
        syscall(SYS_shutdown, fd, SHUT_RDWR);
        errno = error;
    }
    return now;
}

/* What a call may do of n bytes. */
static size_t part_of(size_t n)
{
    if (n < 2 || !is_ours())
        return n;
    atomic_fetch_add(&control->calls[FAIL_SHORT], 1);
    return atomic_load(&control->kind) == FAIL_SHORT ? (n + 1) / 2 : n;
}

/* --- reading and writing -------------------------------------------------------------------------------------------- */

ssize_t read(int fd, void *to, size_t n) { return breaks(FAIL_READ, EIO, fd) ? -1 : syscall(SYS_read, fd, to, part_of(n)); }

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    return fails(FAIL_READ, EIO) ? -1 : syscall(SYS_pread64, fd, to, part_of(n), at);
}

ssize_t recv(int fd, void *to, size_t n, int flags)
{
    return breaks(FAIL_READ, ECONNRESET, fd) ? -1 : syscall(SYS_recvfrom, fd, to, flags & MSG_PEEK ? n : part_of(n), flags, NULL, NULL);
}

/* Log lines too: a request must not depend on them. Each is one write, which must not be cut. */
ssize_t write(int fd, const void *bytes, size_t n)
{
    return breaks(FAIL_WRITE, ENOSPC, fd) ? -1 : syscall(SYS_write, fd, bytes, fd == STDERR_FILENO ? n : part_of(n));
}

ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
    return breaks(FAIL_SEND, EPIPE, fd) ? -1 : syscall(SYS_sendto, fd, bytes, part_of(n), flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct msghdr some = *message;
    if (breaks(FAIL_SEND, EPIPE, fd))
        return -1;
    some.msg_iovlen = part_of(some.msg_iovlen);
    return syscall(SYS_sendmsg, fd, &some, flags);
}

/* --- descriptors ---------------------------------------------------------------------------------------------------- */

static int open_at(int folder, const char *path, int flags, unsigned mode)
{
    return fails(FAIL_OPEN, EMFILE) ? -1 : (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define MODE_OF(flags) \
    unsigned mode = 0; \
    va_list rest; \
    va_start(rest, flags); \
    if ((flags) & (O_CREAT | __O_TMPFILE)) \
        mode = va_arg(rest, unsigned); \
    va_end(rest)

int open(const char *path, int flags, ...)
{
    MODE_OF(flags);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags);
    return open_at(folder, path, flags, mode);
}

int mkostemp(char *path, int flags) { return fails(FAIL_OPEN, EMFILE) ? -1 : mkostemp64(path, flags); }

int socket(int family, int type, int protocol)
{
    return fails(FAIL_OPEN, EMFILE) ? -1 : (int)syscall(SYS_socket, family, type, protocol);
}

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *n, int flags)
{
    return fails(FAIL_OPEN, EMFILE) ? -1 : (int)syscall(SYS_accept4, fd, address.__sockaddr__, n, flags);
}

int close(int fd)
{
    long result = syscall(SYS_close, fd);
    return fails(FAIL_CLOSE, EIO) ? -1 : (int)result;
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

int fsync(int fd) { return fails(FAIL_SYNC, EIO) ? -1 : (int)syscall(SYS_fsync, fd); }

int rename(const char *from, const char *to) { return fails(FAIL_RENAME, EIO) ? -1 : (int)syscall(SYS_rename, from, to); }

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return fails(FAIL_RENAME, EIO) ? -1 : (int)syscall(SYS_renameat, from_folder, from, to_folder, to);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    return fails(FAIL_MAP, ENOMEM) ? MAP_FAILED : (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

/* --- waiting --------------------------------------------------------------------------------------------------------- */

int poll(struct pollfd *fds, nfds_t n, int ms) { return fails(FAIL_POLL, EINTR) ? -1 : (int)syscall(SYS_poll, fds, n, ms); }

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    return fails(FAIL_WATCH, ENOMEM) ? -1 : (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

/* --- memory ---------------------------------------------------------------------------------------------------------- */

void *malloc(size_t n) { return fails(FAIL_MEMORY, ENOMEM) ? NULL : __libc_malloc(n); }
void *calloc(size_t count, size_t n) { return fails(FAIL_MEMORY, ENOMEM) ? NULL : __libc_calloc(count, n); }
void *realloc(void *p, size_t n) { return fails(FAIL_MEMORY, ENOMEM) ? NULL : __libc_realloc(p, n); }
