/* Answers on the wire, over a pair of sockets: whole, in as few pieces as can be, and the connection good for the next request. */
#include "unit.h"

#include <fastcgi.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/str.h"
#include "http/fcgi.h"

enum { REQUEST_ID = 258 }; /* both bytes in use */

/* What a peer has received, and in how many pieces. */
struct received {
    char out[300000];
    size_t n;
    int pieces;
    bool ended;
};

static struct received got;

static void send_record(int fd, unsigned char type, const char *content, size_t n)
{
    const unsigned char header[FCGI_HEADER_LEN] = {FCGI_VERSION_1, type, REQUEST_ID >> 8, REQUEST_ID & 255,
                                                   (unsigned char)(n >> 8), (unsigned char)n};
    assert_int_equal(write(fd, header, sizeof header), sizeof header);
    assert_int_equal(write(fd, content, n), n);
}

static void send_request(int fd, size_t body)
{
    static const char begin[8] = {0, FCGI_RESPONDER, FCGI_KEEP_CONN}, filling[60000];
    send_record(fd, FCGI_BEGIN_REQUEST, begin, sizeof begin);
    send_record(fd, FCGI_PARAMS, "\x0b\x01" "SERVER_PORT" "1", 14);
    send_record(fd, FCGI_PARAMS, "", 0);
    for (; body > 0; body -= body < sizeof filling ? body : sizeof filling)
        send_record(fd, FCGI_STDIN, filling, body < sizeof filling ? body : sizeof filling);
    send_record(fd, FCGI_STDIN, "", 0);
}

/* Takes apart what has come so far; false at a record that is not there to its end. */
static bool take_record(const unsigned char *bytes, size_t n, size_t *at)
{
    const unsigned char *header = bytes + *at;
    if (n - *at < FCGI_HEADER_LEN)
        return false;
    size_t length = (size_t)(header[4] << 8 | header[5]);
    if (n - *at < FCGI_HEADER_LEN + length + header[6])
        return false;
    assert_int_equal(header[2] << 8 | header[3], REQUEST_ID);
    assert_false(got.ended); /* nothing stands behind the end */
    if (header[1] == FCGI_STDOUT) {
        memcpy(got.out + got.n, header + FCGI_HEADER_LEN, length);
        got.n += length;
    } else {
        assert_int_equal(header[1], FCGI_END_REQUEST);
        assert_int_equal(length, 8);
        assert_int_equal(header[FCGI_HEADER_LEN + 4], FCGI_REQUEST_COMPLETE);
        got.ended = true;
    }
    *at += FCGI_HEADER_LEN + length + header[6];
    return true;
}

/* Reads until the answer's end, or until the connection's. */
static void *receive(void *arg)
{
    static unsigned char bytes[400000];
    size_t n = 0, at = 0;
    ssize_t more;
    got = (struct received){0};
    while (!got.ended && (more = recv(*(int *)arg, bytes + n, sizeof bytes - n, 0)) > 0) {
        got.pieces++;
        n += (size_t)more;
        while (take_record(bytes, n, &at))
            continue;
    }
    assert_int_equal(at, n);
    return NULL;
}

static struct fcgi *open_pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    return fcgi_new(fds[1]);
}

/* One answer of `size` bytes behind a head of 20 to a request whose body of `body` bytes nobody reads. */
static void serve(struct fcgi *f, int peer, size_t body, size_t size)
{
    static const char head[] = "Status: 200\r\n\r\n01234";
    char *content = arena_alloc(mem, size + 1);
    for (size_t i = 0; i < size; i++)
        content[i] = (char)('a' + i % 23);
    send_request(peer, body);
    assert_int_equal(fcgi_accept(f), OK);
    assert_string_equal(fcgi_param(f, "SERVER_PORT"), "1");

    pthread_t reader;
    assert_int_equal(pthread_create(&reader, NULL, receive, &peer), 0);
    fcgi_send(f, head, 20, content, size);
    assert_true(fcgi_finish(f, true));
    pthread_join(reader, NULL);
    assert_true(got.ended);
    assert_int_equal(got.n, 20 + size);
    assert_memory_equal(got.out, head, 20);
    assert_memory_equal(got.out + 20, content, size);
}

static void answers_of_every_length_come_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 500, 65507, 65508, 65509, 65528, 131056 - 20, 131056, 200000};
    int fds[2];
    struct fcgi *f = open_pair(fds);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        serve(f, fds[0], 0, sizes[i]);
    fcgi_free(f);
    close(fds[0]);
}

static void a_short_answer_and_its_end_are_one_piece(void **state)
{
    (void)state;
    int fds[2];
    struct fcgi *f = open_pair(fds);
    for (int i = 0; i < 20; i++) {
        serve(f, fds[0], 0, 40000);
        assert_int_equal(got.pieces, 1);
    }
    fcgi_free(f);
    close(fds[0]);
}

static void a_body_nobody_read_is_not_taken_for_the_next_request(void **state)
{
    (void)state;
    int fds[2];
    struct fcgi *f = open_pair(fds);
    serve(f, fds[0], 100000, 30);
    serve(f, fds[0], 1, 30);
    serve(f, fds[0], 0, 30);
    fcgi_free(f);
    close(fds[0]);
}

static void a_connection_that_is_not_kept_is_closed(void **state)
{
    (void)state;
    int fds[2];
    struct fcgi *f = open_pair(fds);
    send_request(fds[0], 0);
    assert_int_equal(fcgi_accept(f), OK);
    fcgi_send(f, "Status: 204\r\n\r\n", 15, NULL, 0);
    assert_false(fcgi_finish(f, false));
    receive(&fds[0]);
    assert_true(got.ended);
    assert_int_equal(recv(fds[0], got.out, 1, 0), 0);
    fcgi_free(f);
    close(fds[0]);
}

static void parts_come_before_the_end(void **state)
{
    (void)state;
    int fds[2];
    struct fcgi *f = open_pair(fds);
    for (int turn = 0; turn < 2; turn++) {
        send_request(fds[0], 0);
        assert_int_equal(fcgi_accept(f), OK);
        assert_true(fcgi_push(f, "Status: 200\r\n\r\n", 15, "one ", 4));
        assert_true(fcgi_push(f, NULL, 0, "two ", 4));
        fcgi_send(f, NULL, 0, turn ? "three" : NULL, turn ? 5 : 0); /* a stream may end without a last word */
        assert_true(fcgi_finish(f, true));
        receive(&fds[0]);
        assert_true(got.ended);
        assert_string_equal(got.out, turn ? "Status: 200\r\n\r\none two three" : "Status: 200\r\n\r\none two ");
    }
    fcgi_free(f);
    close(fds[0]);
}

/* The body breaks off: it is answered, but the connection is not kept. */
static void a_broken_body_ends_the_connection(void **state)
{
    (void)state;
    static const char begin[8] = {0, FCGI_RESPONDER, FCGI_KEEP_CONN};
    int fds[2];
    struct fcgi *f = open_pair(fds);
    send_record(fds[0], FCGI_BEGIN_REQUEST, begin, sizeof begin);
    send_record(fds[0], FCGI_PARAMS, "", 0);
    send_record(fds[0], FCGI_STDIN, "half", 4);
    shutdown(fds[0], SHUT_WR);
    assert_int_equal(fcgi_accept(f), OK);
    fcgi_send(f, "Status: 400\r\n\r\n", 15, NULL, 0);
    assert_false(fcgi_finish(f, true));
    receive(&fds[0]);
    assert_int_equal(got.n, 15);
    fcgi_free(f);
    close(fds[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(answers_of_every_length_come_whole),
        in_arena(a_short_answer_and_its_end_are_one_piece),
        in_arena(a_body_nobody_read_is_not_taken_for_the_next_request),
        in_arena(a_connection_that_is_not_kept_is_closed),
        in_arena(parts_come_before_the_end),
        in_arena(a_broken_body_ends_the_connection),
    };
    fcgi_init();
    return cmocka_run_group_tests_name("http/fcgi", tests, NULL, NULL);
}
