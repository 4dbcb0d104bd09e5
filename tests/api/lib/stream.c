/* Server-sent events as a test sees them: over a connection of their own, while they come. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "core/arena.h"

#define REQUEST_BYTES 4096
#define READ_BYTES 16384

struct stream {
    int fd;
    bool ended;
    char *text;
    size_t size;
};

struct stream *stream_begin(const char *token, const char *path, const char *last) {
    char request[REQUEST_BYTES];
    struct stream *s = xcalloc(1, sizeof *s);
    s->text = xstrdup("");
    s->fd = client_connect();
    int n = snprintf(request, sizeof request,
                     "GET /api/v1%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: text/event-stream\r\n"
                     "Authorization: Bearer %s\r\n%s%s%s\r\n",
                     path, token, last ? "Last-Event-ID: " : "", last ? last : "", last ? "\r\n" : "");
    s->ended = s->fd < 0 || send(s->fd, request, (size_t)n, MSG_NOSIGNAL) != n;
    return s;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Waits for some bytes or the end. */
static void read_some(struct stream *s, double seconds) {
    char bytes[READ_BYTES];
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    if (poll(&p, 1, (int)(seconds * 1000)) <= 0)
        return;
    ssize_t n = recv(s->fd, bytes, sizeof bytes, 0);
    if (n <= 0) {
        s->ended = true;
        return;
    }
    s->text = xrealloc(s->text, s->size + (size_t)n + 1);
    memcpy(s->text + s->size, bytes, (size_t)n);
    s->size += (size_t)n;
    s->text[s->size] = '\0';
}

bool stream_brings(struct stream *s, const char *text, double seconds) {
    for (double until = now() + seconds; !strstr(s->text, text) && !s->ended && now() < until;)
        read_some(s, until - now());
    return strstr(s->text, text) != NULL;
}

bool stream_ends(struct stream *s, double seconds) {
    for (double until = now() + seconds; !s->ended && now() < until;)
        read_some(s, until - now());
    return s->ended;
}

const char *stream_text(const struct stream *s) { return s->text; }

void stream_close(struct stream *s) {
    if (s->fd >= 0)
        close(s->fd);
    free(s->text);
    free(s);
}
