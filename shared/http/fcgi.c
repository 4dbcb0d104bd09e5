/* libfcgi, used so that a thread is never tied to an idle connection: the caller accepts and polls the socket itself,
 * and hands it to FCGX_Accept_r only when a request is there to be read. */
#include "http/fcgi.h"

#include <fastcgi.h>
#include <fcgiapp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/limits.h"

#define SOCKET_TIMEOUT_S 10 /* a half-sent record or a peer that does not read must not hold a thread */

#define PEEK_BYTES 16384     /* parameters that are longer are read as they come */
#define RECORD_BYTES_MAX 65528L /* a record's length has 16 bits; a multiple of 8 needs no padding */

struct fcgi {
    FCGX_Request request;
    bool body_ended;
    bool broken; /* an answer could not be written whole */
};

void fcgi_init(void)
{
    if (FCGX_Init() != 0)
        abort();
}

struct fcgi *fcgi_new(int fd)
{
    const struct timeval limit = {.tv_sec = SOCKET_TIMEOUT_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    struct fcgi *f = xcalloc(1, sizeof *f);
    /* No listening socket: when this connection ends, FCGX_Accept_r must fail instead of accepting another. */
    FCGX_InitRequest(&f->request, -1, FCGI_FAIL_ACCEPT_ON_INTR);
    f->request.ipcFd = fd;
    f->request.keepConnection = 1;
    return f;
}

void fcgi_free(struct fcgi *f)
{
    if (!f)
        return;
    FCGX_Free(&f->request, 1);
    free(f);
}

int fcgi_fd(const struct fcgi *f)
{
    return f->request.ipcFd;
}

bool fcgi_arrived(const struct fcgi *f)
{
    unsigned char seen[PEEK_BYTES];
    ssize_t n = recv(f->request.ipcFd, seen, sizeof seen, MSG_PEEK | MSG_DONTWAIT);
    for (ssize_t at = 0; at + FCGI_HEADER_LEN <= n;) {
        const unsigned char *header = seen + at;
        int content = header[4] << 8 | header[5];
        if (header[0] != FCGI_VERSION_1 || (header[1] == FCGI_PARAMS && content == 0))
            return true;
        at += FCGI_HEADER_LEN + content + header[6];
    }
    return n <= 0 || (size_t)n == sizeof seen || fcgi_peer_gone(f);
}

enum err fcgi_accept(struct fcgi *f)
{
    f->body_ended = false;
    return FCGX_Accept_r(&f->request) == 0 ? OK : E_UNAVAILABLE;
}

const char *fcgi_param(const struct fcgi *f, const char *name)
{
    return FCGX_GetParam(name, f->request.envp);
}

long fcgi_read(struct fcgi *f, char *to, size_t n)
{
    int got = FCGX_GetStr(to, (int)n, f->request.in);
    if (got < (int)n) {
        if (FCGX_GetError(f->request.in) != 0)
            return -1;
        f->body_ended = true;
    }
    return got;
}

/* Writes all of it or fails; the socket's time-out ends a peer that does not read, MSG_DONTWAIT gives it no time at all. */
static bool write_all(int fd, struct iovec *iov, int count, int flags)
{
    while (count > 0) {
        const struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)count};
        ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL | flags);
        if (n < 0)
            return false;
        for (; count > 0 && (size_t)n >= iov->iov_len; iov++, count--)
            n -= (ssize_t)iov->iov_len;
        if (count > 0)
            *iov = (struct iovec){(char *)iov->iov_base + n, iov->iov_len - (size_t)n};
    }
    return true;
}

/* One FCGI_STDOUT record of n bytes: what is left of the head, then of the body. */
static bool write_record(struct fcgi *f, struct iovec *head, struct iovec *body, size_t n, int flags)
{
    FCGI_Header header = {.version = FCGI_VERSION_1, .type = FCGI_STDOUT};
    size_t from_head = n < head->iov_len ? n : head->iov_len;
    struct iovec parts[] = {{&header, sizeof header}, {head->iov_base, from_head}, {body->iov_base, n - from_head}};
    header.requestIdB1 = (unsigned char)(f->request.requestId >> 8);
    header.requestIdB0 = (unsigned char)f->request.requestId;
    header.contentLengthB1 = (unsigned char)(n >> 8);
    header.contentLengthB0 = (unsigned char)n;
    *head = (struct iovec){(char *)head->iov_base + from_head, head->iov_len - from_head};
    *body = (struct iovec){(char *)body->iov_base + (n - from_head), body->iov_len - (n - from_head)};
    return write_all(f->request.ipcFd, parts, 3, flags);
}

/* libfcgi's own stream cuts an answer into writes of 8 KB, and nginx would be woken for each. */
static void write_records(struct fcgi *f, const char *head, size_t head_n, const char *body, size_t body_n, int flags)
{
    struct iovec rest[] = {{(void *)(uintptr_t)(head ? head : ""), head_n}, {(void *)(uintptr_t)(body ? body : ""), body_n}};
    for (size_t left = head_n + body_n; left > 0 && !f->broken;) {
        size_t n = left < RECORD_BYTES_MAX ? left : RECORD_BYTES_MAX;
        f->broken = !write_record(f, &rest[0], &rest[1], n, flags);
        left -= n;
    }
}

void fcgi_send(struct fcgi *f, const char *head, size_t head_n, const char *body, size_t body_n)
{
    write_records(f, head, head_n, body, body_n, 0);
}

bool fcgi_push(struct fcgi *f, const char *head, size_t head_n, const char *body, size_t body_n)
{
    write_records(f, head, head_n, body, body_n, MSG_DONTWAIT);
    return !f->broken;
}

/* Reads what a refusal left unread: on the wire it would be taken for the next request. Closing instead costs a 502 now and
 * then, when nginx has already chosen the connection for its next request. It has the whole body at hand, so this is quick. */
static bool body_is_read(struct fcgi *f)
{
    char chunk[16384];
    long n = 0;
    for (size_t left = LIMIT_UPLOAD_BYTES + LIMIT_UPLOAD_OVERHEAD_BYTES; !f->body_ended && n >= 0 && left >= sizeof chunk; left -= sizeof chunk)
        n = fcgi_read(f, chunk, sizeof chunk);
    return f->body_ended;
}

bool fcgi_finish(struct fcgi *f, bool keep)
{
    if (f->broken)
        shutdown(f->request.ipcFd, SHUT_RDWR); /* libfcgi's own last record would wait for a peer that does not read */
    if (!keep || f->broken || !body_is_read(f))
        f->request.keepConnection = 0;
    FCGX_Finish_r(&f->request);
    return f->request.ipcFd >= 0;
}

bool fcgi_peer_gone(const struct fcgi *f)
{
    struct pollfd p = {.fd = f->request.ipcFd, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
