/* libfcgi, used so that a thread is never tied to an idle connection: the caller accepts and polls the socket itself,
 * and hands it to FCGX_Accept_r only when a request is there to be read. */
#include "http/fcgi.h"

#include <fcgiapp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/limits.h"

#define SOCKET_TIMEOUT_S 10 /* a half-sent record or a peer that does not read must not hold a thread */

struct fcgi {
    FCGX_Request request;
    bool body_ended;
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

void fcgi_write(struct fcgi *f, const char *bytes, size_t n)
{
    FCGX_PutStr(bytes, (int)n, f->request.out);
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
    if (!keep || !body_is_read(f))
        f->request.keepConnection = 0;
    FCGX_Finish_r(&f->request);
    return f->request.ipcFd >= 0;
}

bool fcgi_peer_gone(const struct fcgi *f)
{
    struct pollfd p = {.fd = f->request.ipcFd, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
