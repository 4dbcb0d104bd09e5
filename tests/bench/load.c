/*
 * Load over kept HTTP/1.1 connections, counted per connection: wrk tells neither whether a connection starved nor can it
 * walk a list of paths once. One thread, one epoll; loopback only; ends by itself.
 * usage: load PORT CONNECTIONS SECONDS HEADER_FILE METHOD PATH|@FILE   (@FILE: each line a path, each used once)
 * prints one JSON object: requests, per status class, requests/s, p50/p99 in ms, connections that got no answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"

#define CONNECTIONS_MAX 256
#define SAMPLES_MAX 4000000
#define SECONDS_MAX 120
#define ANSWER_BYTES (256 * 1024)

struct conn {
    int fd;
    int64_t sent_us;
    long answers;
    size_t have;
    char data[ANSWER_BYTES];
};

static struct {
    int epoll, port;
    char *headers, *list, *next_line;
    const char *method, *path;
    struct conn *conns;
    int count;
    uint32_t *samples; /* microseconds */
    size_t sample_count;
    long by_class[6], broken;
} l;

static char *read_file(const char *name)
{
    FILE *f = fopen(name, "rb");
    if (!f) {
        perror(name);
        exit(2);
    }
    char *text = NULL;
    size_t n = 0, got;
    do {
        text = xrealloc(text, n + 65536);
        got = fread(text + n, 1, 65535, f);
        n += got;
    } while (got > 0);
    text[n] = '\0';
    fclose(f);
    return text;
}

static void open_conn(struct conn *c)
{
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)l.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    c->have = 0;
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        perror("connect");
        exit(2);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(l.epoll, EPOLL_CTL_ADD, c->fd, &event);
}

/* The next path: always the same, or the next line of the list; NULL when the list is used up. */
static const char *next_path(void)
{
    if (!l.list)
        return l.path;
    char *line = l.next_line;
    if (!*line)
        return NULL;
    size_t n = strcspn(line, "\n");
    l.next_line = line + n + (line[n] == '\n');
    line[n] = '\0';
    return line;
}

static bool send_next(struct conn *c)
{
    char request[4096];
    const char *path = next_path();
    if (!path)
        return false;
    const char *body = strcmp(l.method, "GET") == 0 ? "" : "Content-Type: application/json\r\nContent-Length: 2\r\n";
    int n = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s\r\n%s", l.method, path, l.headers,
                     body, *body ? "{}" : "");
    c->have = 0;
    c->sent_us = clock_us();
    return send(c->fd, request, (size_t)n, MSG_NOSIGNAL) == n;
}

/* Length of the whole answer once its head is there; 0: not yet. nginx and the modules name the length, but for 204. */
static size_t answer_length(const struct conn *c)
{
    const char *end = memmem(c->data, c->have, "\r\n\r\n", 4);
    if (!end)
        return 0;
    size_t head = (size_t)(end - c->data) + 4;
    for (const char *p = c->data; p < end; p = strstr(p, "\r\n") + 2)
        if (strncasecmp(p, "Content-Length:", 15) == 0)
            return head + strtoul(p + 15, NULL, 10);
    return head;
}

static void reopen(struct conn *c)
{
    close(c->fd);
    open_conn(c);
}

/* nginx ends a connection after a number of requests, and says so beforehand. */
static bool says_close(const struct conn *c, size_t head)
{
    return memmem(c->data, head, "Connection: close", 17) != NULL;
}

static bool take_answer(struct conn *c)
{
    ssize_t n = recv(c->fd, c->data + c->have, sizeof c->data - 1 - c->have, 0);
    if (n <= 0) {
        l.broken++;
        reopen(c);
        return send_next(c);
    }
    c->have += (size_t)n;
    c->data[c->have] = '\0';
    size_t whole = answer_length(c);
    if (whole == 0 || c->have < whole)
        return true;
    int class = c->data[9] - '0';
    l.by_class[class >= 1 && class <= 5 ? class : 0]++;
    if (l.sample_count < SAMPLES_MAX)
        l.samples[l.sample_count++] = (uint32_t)(clock_us() - c->sent_us);
    c->answers++;
    if (says_close(c, whole < 1024 ? whole : 1024))
        reopen(c);
    return send_next(c);
}

static void run(int seconds)
{
    int64_t until = clock_us() + seconds * 1000000L;
    int active = 0;
    for (int i = 0; i < l.count; i++)
        active += send_next(&l.conns[i]);
    while (active > 0 && clock_us() < until) {
        struct epoll_event events[64];
        int n = epoll_wait(l.epoll, events, 64, 100);
        for (int i = 0; i < n; i++)
            if (!take_answer(events[i].data.ptr))
                active--;
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile_ms(double p)
{
    return l.sample_count ? l.samples[(size_t)((double)(l.sample_count - 1) * p)] / 1000.0 : 0;
}

static void report(double seconds)
{
    int starved = 0;
    long answers = 0;
    for (int i = 0; i < l.count; i++) {
        starved += l.conns[i].answers == 0;
        answers += l.conns[i].answers;
    }
    qsort(l.samples, l.sample_count, sizeof *l.samples, compare);
    printf("{\"requests\":%ld,\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"2xx\":%ld,\"4xx\":%ld,\"5xx\":%ld,"
           "\"other\":%ld,\"broken\":%ld,\"starved\":%d}\n",
           answers, (double)answers / seconds, percentile_ms(0.5), percentile_ms(0.99), l.by_class[2], l.by_class[4],
           l.by_class[5], l.by_class[0] + l.by_class[1] + l.by_class[3], l.broken, starved);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS HEADER_FILE METHOD PATH|@FILE\n");
        return 2;
    }
    l.port = (int)strtol(argv[1], NULL, 10);
    l.count = (int)strtol(argv[2], NULL, 10);
    int seconds = (int)strtol(argv[3], NULL, 10);
    if (l.count < 1 || l.count > CONNECTIONS_MAX || seconds < 1 || seconds > SECONDS_MAX)
        return 2;
    l.headers = read_file(argv[4]);
    l.method = argv[5];
    l.path = argv[6];
    if (argv[6][0] == '@')
        l.next_line = l.list = read_file(argv[6] + 1);
    l.epoll = epoll_create1(0);
    l.conns = xcalloc((size_t)l.count, sizeof *l.conns);
    l.samples = xcalloc(SAMPLES_MAX, sizeof *l.samples);
    for (int i = 0; i < l.count; i++)
        open_conn(&l.conns[i]);
    int64_t started = clock_us();
    run(seconds);
    report((double)(clock_us() - started) / 1e6);
    return 0;
}
