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
    bool ended;  /* the answer's end is out, by our own hand */
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
    f->body_ended = f->ended = false;
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

static FCGI_Header header_of(const struct fcgi *f, unsigned char type, size_t n)
{
    return (FCGI_Header){
        .version = FCGI_VERSION_1, .type = type,
        .requestIdB1 = (unsigned char)(f->request.requestId >> 8), .requestIdB0 = (unsigned char)f->request.requestId,
        .contentLengthB1 = (unsigned char)(n >> 8), .contentLengthB0 = (unsigned char)n,
    };
}

/* The first n bytes of `from`, which goes on behind them. */
static struct iovec take(struct iovec *from, size_t n)
{
    struct iovec taken = {from->iov_base, n < from->iov_len ? n : from->iov_len};
    *from = (struct iovec){(char *)from->iov_base + taken.iov_len, from->iov_len - taken.iov_len};
    return taken;
}

/* Records of head and body behind each other, then `end`. libfcgi's own stream cuts an answer into writes of 8 KB and one for
 * the end, and nginx would be woken for each. */
static void write_records(struct fcgi *f, struct iovec head, struct iovec body, struct iovec end, int flags)
{
    for (size_t left = head.iov_len + body.iov_len; left > 0 && !f->broken;) {
        size_t n = left < RECORD_BYTES_MAX ? left : RECORD_BYTES_MAX;
        FCGI_Header header = header_of(f, FCGI_STDOUT, n);
        struct iovec from_head = take(&head, n), from_body = take(&body, n - from_head.iov_len);
        left -= n;
        struct iovec parts[] = {{&header, sizeof header}, from_head, from_body, take(&end, left > 0 ? 0 : end.iov_len)};
        f->broken = !write_all(f->request.ipcFd, parts, 4, flags);
    }
}

static struct iovec bytes(const char *data, size_t n)
{
    return (struct iovec){(void *)(uintptr_t)data, data ? n : 0};
}

/* Reads what a refusal left unread: on the wire it would be taken for the next request. Closing instead costs a 502 now and
 * then, when nginx has already chosen the connection for its next request. It has the whole body at hand, so this is quick. */
static bool body_is_read(struct fcgi *f)
{
    char chunk[4096];
    long n = 0;
    for (size_t left = LIMIT_UPLOAD_BYTES + LIMIT_UPLOAD_OVERHEAD_BYTES; !f->body_ended && n >= 0 && left >= sizeof chunk; left -= sizeof chunk)
        n = fcgi_read(f, chunk, sizeof chunk);
    return f->body_ended;
}

void fcgi_send(struct fcgi *f, const char *head, size_t head_n, const char *body, size_t body_n)
{
    struct {
        FCGI_Header stdout_end;
        FCGI_EndRequestRecord request_end;
    } end = {header_of(f, FCGI_STDOUT, 0), {.header = header_of(f, FCGI_END_REQUEST, sizeof end.request_end.body)}};
    f->ended = head_n + body_n > 0 && body_is_read(f); /* behind its end nginx sends the next request */
    write_records(f, bytes(head, head_n), bytes(body, body_n), bytes((const char *)&end, f->ended ? sizeof end : 0), 0);
}

bool fcgi_push(struct fcgi *f, const char *head, size_t head_n, const char *body, size_t body_n)
{
    write_records(f, bytes(head, head_n), bytes(body, body_n), bytes(NULL, 0), MSG_DONTWAIT);
    return !f->broken;
}

bool fcgi_finish(struct fcgi *f, bool keep)
{
    if (f->broken)
        shutdown(f->request.ipcFd, SHUT_RDWR); /* libfcgi's own last record would wait for a peer that does not read */
    if (!keep || f->broken || !body_is_read(f))
        f->request.keepConnection = 0;
    if (f->ended)
        FCGX_Free(&f->request, !f->request.keepConnection);
    else
        FCGX_Finish_r(&f->request);
    return f->request.ipcFd >= 0;
}

bool fcgi_peer_gone(const struct fcgi *f)
{
    struct pollfd p = {.fd = f->request.ipcFd, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
