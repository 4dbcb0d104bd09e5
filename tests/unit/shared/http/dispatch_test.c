/* Threads over one epoll, through their own socket: many streams and slow peers, and others who must be served meanwhile. The
 * area's handlers need no database. */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#undef fail /* cmocka's, in the way of request.h's */

#include "core/clock.h"
#include "core/config.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/str.h"
#include "http/dispatch.h"
#include "http/fcgi.h"
#include "http/metrics.h"
#include "http/serve.h"

#define THREADS 4
#define STREAMS (3 * THREADS)
#define TURN_US 10000 /* of work in a turn of the slow stream, which is due again at once */
#define CROWD 60
#define AT_ONCE_US 3000000
#define FLOOD_BYTES 32768
#define OWN_WAIT_US 1500000

/* --- the area -------------------------------------------------------------------------------------------------------- */

static enum err answer_plain(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    return reply_no_content(r);
}

/* Has something new each time, and is never done with it. */
static enum err stream_slowly(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    buf_str(stream_open(r), "data: turn\n\n");
    usleep(TURN_US);
    return stream_wait(r, 0);
}

static enum err stream_flood(struct request *r, const struct sql_stmt *sql)
{
    static const char bytes[FLOOD_BYTES];
    (void)sql;
    buf_add(stream_open(r), bytes, sizeof bytes);
    return stream_wait(r, 1);
}

static enum err stream_own(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    r->who = (struct auth){.signed_in = true, .user_id = "somebody"};
    buf_str(stream_open(r), "data: turn\n\n");
    return stream_wait(r, 5);
}

static enum err wait_long(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    return r->waited_us < 300000 && request_later(r, 20) == E_LATER ? E_LATER : reply_no_content(r);
}

static enum err wait_own(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    r->who = (struct auth){.signed_in = true, .user_id = "somebody"};
    enum err err = r->waited_us < OWN_WAIT_US ? request_wait(r, 20) : OK;
    r->who.signed_in = false; /* there is no database to check the session in */
    return err == OK ? reply_no_content(r) : err;
}

static const struct route routes[] = {
    {GET, "/plain", ANYONE, 0, NULL, answer_plain, NULL},
    {GET, "/slow", ANYONE, 0, NULL, stream_slowly, NULL},
    {GET, "/flood", ANYONE, 0, NULL, stream_flood, NULL},
    {GET, "/own", ANYONE, 0, NULL, stream_own, NULL},
    {GET, "/wait", ANYONE, 0, NULL, wait_long, NULL},
    {GET, "/own-wait", ANYONE, 0, NULL, wait_own, NULL},
    {0}};
static const struct area area = {.name = "test", .routes = routes};

/* --- a peer that speaks FastCGI as nginx does -------------------------------------------------------------------------- */

static char path[64];

static void add_record(struct buf *out, int type, const void *content, size_t n)
{
    const unsigned char header[8] = {1, (unsigned char)type, 0, 1, (unsigned char)(n >> 8), (unsigned char)n};
    buf_add(out, header, sizeof header);
    buf_add(out, content, n);
}

static void add_param(struct buf *out, const char *name, const char *value)
{
    buf_char(out, (char)strlen(name));
    buf_char(out, (char)strlen(value));
    buf_str(out, name);
    buf_str(out, value);
}

static int ask(const char *uri)
{
    static const unsigned char begin[8] = {0, 1}; /* responder; the connection ends with the answer */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct buf params = {.mem = mem}, request = {.mem = mem};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    add_param(&params, "REQUEST_METHOD", "GET");
    add_param(&params, "DOCUMENT_URI", uri);
    add_record(&request, 1, begin, sizeof begin);
    add_record(&request, 4, params.data, params.len);
    add_record(&request, 4, "", 0);
    add_record(&request, 5, "", 0);
    assert_int_equal(send(fd, request.data, request.len, MSG_NOSIGNAL), request.len);
    return fd;
}

/* Reads until the text has come; false when the time is up or the peer is gone first. */
static bool brings(int fd, const char *text, int64_t within_us)
{
    char seen[65536];
    size_t n = 0;
    for (int64_t until = clock_us() + within_us; clock_us() < until && n < sizeof seen;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ssize_t got = poll(&p, 1, 50) > 0 ? recv(fd, seen + n, sizeof seen - n, 0) : 0;
        if (got < 0 || (got == 0 && p.revents))
            return false;
        n += (size_t)got;
        if (n > 0 && memmem(seen, n, text, strlen(text)))
            return true;
    }
    return false;
}

static void forget_what_came(int fd)
{
    char bytes[4096];
    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        continue;
}

static void others_are_served(void)
{
    for (int i = 0; i < 5; i++) {
        int fd = ask("/plain");
        assert_true(brings(fd, "Status: 204", AT_ONCE_US));
        close(fd);
    }
}

/* --- tests ------------------------------------------------------------------------------------------------------------- */

static void streams_that_are_always_due_leave_room_for_others(void **state)
{
    (void)state;
    int streams[STREAMS];
    for (size_t i = 0; i < STREAMS; i++) {
        streams[i] = ask("/slow");
        assert_true(brings(streams[i], "data: turn", AT_ONCE_US));
    }
    others_are_served();
    for (size_t i = 0; i < STREAMS; i++)
        forget_what_came(streams[i]);
    for (size_t i = 0; i < STREAMS; i++) {
        assert_true(brings(streams[i], "data: turn", AT_ONCE_US)); /* nor does one stream hold up another */
        close(streams[i]);
    }
}

/* Until its socket is full; then the stream is over, and nobody waits for its peer. */
static void who_does_not_read_its_stream_holds_nobody_up(void **state)
{
    (void)state;
    int fd = ask("/flood");
    assert_true(brings(fd, "retry: ", AT_ONCE_US));
    int before = dispatch_connections();
    for (int64_t until = clock_us() + AT_ONCE_US; dispatch_connections() == before && clock_us() < until;)
        usleep(10000);
    assert_true(dispatch_connections() < before);
    others_are_served();
    close(fd);
}

/* A stream of the account's, once the server has noticed that others were closed. */
static int own_stream(void)
{
    int fd = ask("/own");
    bool taken = brings(fd, "data: turn", 100000);
    for (int64_t until = clock_us() + AT_ONCE_US; !taken && clock_us() < until; taken = brings(fd, "data: turn", 100000)) {
        close(fd);
        fd = ask("/own");
    }
    assert_true(taken);
    return fd;
}

static void an_account_has_only_so_many_streams(void **state)
{
    (void)state;
    int streams[LIMIT_STREAMS_PER_USER];
    for (size_t i = 0; i < LIMIT_STREAMS_PER_USER; i++) {
        streams[i] = ask("/own");
        assert_true(brings(streams[i], "data: turn", AT_ONCE_US));
    }
    for (int i = 0; i < 3; i++) {
        int refused = ask("/own");
        assert_true(brings(refused, "\"status\":429,", AT_ONCE_US));
        close(refused);
    }
    close(streams[0]);
    close(own_stream());
    for (size_t i = 1; i < LIMIT_STREAMS_PER_USER; i++)
        close(streams[i]);
}

/* Beside its streams; those that are within the limit are answered when their time has come. */
static void an_account_has_only_so_many_waiting(void **state)
{
    (void)state;
    int stream = own_stream(), waiting[LIMIT_WAITS_PER_USER];
    for (size_t i = 0; i < LIMIT_WAITS_PER_USER; i++)
        waiting[i] = ask("/own-wait");
    assert_false(brings(waiting[LIMIT_WAITS_PER_USER - 1], "Status: ", 300000));
    int refused = ask("/own-wait");
    assert_true(brings(refused, "Retry-After: 5\r\n", OWN_WAIT_US / 3));
    close(refused);
    refused = ask("/own-wait");
    assert_true(brings(refused, "\"status\":429,", OWN_WAIT_US / 3));
    close(refused);
    for (size_t i = 0; i < LIMIT_WAITS_PER_USER; i++) {
        assert_true(brings(waiting[i], "Status: 204", OWN_WAIT_US + AT_ONCE_US));
        close(waiting[i]);
    }
    int again = ask("/own-wait");
    assert_true(brings(again, "Status: 204", OWN_WAIT_US + AT_ONCE_US));
    close(again);
    close(stream);
}

/* Come, wait and go on all threads at once: for ThreadSanitizer above all. */
static void a_crowd_is_answered(void **state)
{
    (void)state;
    static const char *const uris[] = {"/wait", "/slow", "/plain", "/own"};
    int fds[CROWD];
    for (size_t i = 0; i < CROWD; i++)
        fds[i] = ask(uris[i % COUNT(uris)]);
    for (size_t i = 0; i < CROWD; i += 3)
        close(fds[i]);
    for (size_t i = 0; i < CROWD; i++) {
        if (i % 3 == 0)
            continue;
        assert_true(brings(fds[i], "Status: ", 4 * AT_ONCE_US));
        close(fds[i]);
    }
    for (int64_t until = clock_us() + 4 * AT_ONCE_US; dispatch_connections() > 0 && clock_us() < until;)
        usleep(10000);
    assert_int_equal(dispatch_connections(), 0);
}

static bool counted(const char *line)
{
    for (int64_t until = clock_us() + AT_ONCE_US; clock_us() < until; usleep(10000)) {
        struct buf text = {.mem = mem};
        metrics_write(&text, &area);
        if (strstr(text.data, line))
            return true;
    }
    return false;
}

static void who_goes_while_it_waits_is_counted(void **state)
{
    (void)state;
    close(ask("/wait"));
    assert_true(counted("route=\"/wait\",status=\"4xx\"} 1\n"));
    int fd = ask("/wait");
    assert_true(brings(fd, "Status: 204", AT_ONCE_US));
    close(fd);
    assert_true(counted("route=\"/wait\",status=\"2xx\"} 1\n"));
    int stays = ask("/slow");
    assert_true(brings(stays, "data: turn", AT_ONCE_US));
    close(stays);
    assert_true(counted("route=\"/slow\",status=\"2xx\"}"));
}

static int start(void **state)
{
    (void)state;
    static const struct config_item items[] = {{"DASTERN_STREAM_SECONDS", CONFIG_INT, "300", ""}, {NULL, CONFIG_TEXT, NULL, NULL}};
    char *no_arguments[] = {(char *)(uintptr_t)"test", NULL};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    config_load(items, NULL, 1, no_arguments);
    log_init("test", "error");
    snprintf(path, sizeof path, "/tmp/dispatch-test.%d", (int)getpid());
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), counters = memfd_create("counters", MFD_CLOEXEC);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, CROWD) != 0 ||
        ftruncate(counters, (off_t)metrics_size()) != 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    fcgi_init();
    metrics_map(counters, &area);
    dispatch_start(&area, NULL, fd, THREADS);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(streams_that_are_always_due_leave_room_for_others),
        in_arena(who_does_not_read_its_stream_holds_nobody_up),
        in_arena(who_goes_while_it_waits_is_counted),
        in_arena(an_account_has_only_so_many_streams),
        in_arena(an_account_has_only_so_many_waiting),
        in_arena(a_crowd_is_answered),
    };
    return cmocka_run_group_tests_name("dispatch", tests, start, end);
}
