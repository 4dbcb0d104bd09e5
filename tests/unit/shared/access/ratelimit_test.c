/* Rate limits on a real Redis of our own, and with Redis away, slow, restarted or wrong. */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <hiredis/hiredis.h>

#include "access/ratelimit.h"
#include "access/ratelimit_local.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/str.h"

#define SECRET "0123456789abcdef0123456789abcdef"

static char dir[64], socket_path[96];
static pid_t server;
static redisContext *redis;

static redisContext *connect_when_up(void)
{
    for (int i = 0; i < 200; i++) {
        redisContext *c = redisConnectUnix(socket_path);
        if (c && !c->err)
            return c;
        redisFree(c);
        usleep(20000);
    }
    return NULL;
}

static void start_redis(void)
{
    server = fork();
    if (server == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket_path, "--save", "", "--appendonly", "no", "--dir", dir,
               (char *)NULL);
        _exit(127);
    }
    redis = connect_when_up();
}

static void stop_redis(void)
{
    if (!server)
        return;
    redisFree(redis);
    redis = NULL;
    kill(server, SIGKILL);
    kill(server, SIGCONT);
    waitpid(server, NULL, 0);
    server = 0;
    unlink(socket_path);
}

static int make_redis(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    snprintf(dir, sizeof dir, "/tmp/ratelimit_test.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(socket_path, sizeof socket_path, "%s/redis.sock", dir);
    start_redis();
    return 0;
}

static int drop_redis(void **state)
{
    (void)state;
    stop_redis();
    rmdir(dir);
    return 0;
}

static void need_redis(void)
{
    if (!redis)
        skip(); /* no redis-server on this machine */
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    ratelimit_init(socket_path, SECRET);
}

static char *redis_text(const char *command)
{
    redisReply *r = redisCommand(redis, command);
    char *text = arena_strdup(mem, r->str ? r->str : "");
    freeReplyObject(r);
    return text;
}

static long redis_number(const char *command)
{
    redisReply *r = redisCommand(redis, command);
    long n = (long)r->integer;
    freeReplyObject(r);
    return n;
}

/* How many of `tries` go through; *wait is the last refusal's. */
static int take(const char *klass, const char *subject, struct ratelimit_policy policy, int tries, long *wait)
{
    int taken = 0;
    for (int i = 0; i < tries; i++) {
        enum err e = ratelimit_take(klass, subject, policy, wait);
        assert_true(e == OK || e == E_RATE_LIMITED);
        taken += e == OK;
    }
    return taken;
}

static void bad_policy(void *arg)
{
    long wait;
    ratelimit_init(NULL, SECRET);
    assert_int_equal(ratelimit_take("x", "y", *(struct ratelimit_policy *)arg, &wait), OK);
}

static void no_secret(void *arg)
{
    ratelimit_init(NULL, arg);
}

static void mistakes_of_the_program_end_it(void **state)
{
    (void)state;
    struct ratelimit_policy none = {0, 60}, never = {5, 0};
    unit_expect_abort(bad_policy, &none);
    unit_expect_abort(bad_policy, &never);
    unit_expect_abort(no_secret, NULL);
    unit_expect_abort(no_secret, "");
}

/* The same promises with and without Redis. */
static void check_bucket(void)
{
    long wait = 0;
    assert_int_equal(take("login", "a", (struct ratelimit_policy){5, 60}, 20, &wait), 5);
    assert_in_range(wait, 11, 12);
    assert_int_equal(take("login", "b", (struct ratelimit_policy){5, 60}, 20, &wait), 5);  /* another subject */
    assert_int_equal(take("upload", "a", (struct ratelimit_policy){3, 60}, 20, &wait), 3); /* another class */
    assert_int_equal(take("logi", "na", (struct ratelimit_policy){5, 60}, 20, &wait), 5);  /* not the same as login, a */
    assert_int_equal(take("day", "a", (struct ratelimit_policy){1, 86400}, 3, &wait), 1);
    assert_in_range(wait, 86399, 86400);
    assert_int_equal(take("quick", "a", (struct ratelimit_policy){10, 1}, 10, &wait), 10);
    assert_int_equal(take("quick", "a", (struct ratelimit_policy){10, 1}, 1, &wait), 0);
    assert_int_equal(wait, 1); /* a tenth of a second, told as a whole one */
    usleep(350000);
    assert_in_range(take("quick", "a", (struct ratelimit_policy){10, 1}, 10, &wait), 3, 5);
    usleep(1100000);
    assert_int_equal(take("quick", "a", (struct ratelimit_policy){10, 1}, 20, &wait), 10); /* full again, not fuller */
}

static void buckets_in_redis(void **state)
{
    (void)state;
    need_redis();
    check_bucket();
    assert_int_equal(redis_number("DBSIZE"), 6); /* it was Redis that counted */
}

static void buckets_in_the_process(void **state)
{
    (void)state;
    ratelimit_init(NULL, SECRET);
    check_bucket();
}

static void redis_learns_nobody(void **state)
{
    (void)state;
    long wait;
    need_redis();
    assert_int_equal(take("login", "sok.dara@example.com", (struct ratelimit_policy){5, 60}, 1, &wait), 1);
    char *key = redis_text("RANDOMKEY");
    assert_int_equal(strlen(key), 3 + 2 * RATELIMIT_KEY_BYTES);
    assert_true(str_starts(key, "rl:"));
    ratelimit_init(socket_path, "another secret, another name: 012345");
    assert_int_equal(take("login", "sok.dara@example.com", (struct ratelimit_policy){5, 60}, 1, &wait), 1);
    assert_int_equal(redis_number("DBSIZE"), 2);
}

static void buckets_in_redis_pass_away(void **state)
{
    (void)state;
    long wait;
    need_redis();
    assert_int_equal(take("short", "a", (struct ratelimit_policy){2, 1}, 2, &wait), 2);
    usleep(1200000);
    assert_int_equal(redis_number("DBSIZE"), 0);
}

/* Redis' clock was set back: the bucket seems to lie an hour ahead. It must not lock anybody out for that long. */
static void a_bucket_from_the_future_is_cut_to_its_span(void **state)
{
    (void)state;
    long wait;
    need_redis();
    assert_int_equal(take("future", "a", (struct ratelimit_policy){5, 10}, 1, &wait), 1);
    char *key = redis_text("RANDOMKEY");
    freeReplyObject(redisCommand(redis, "SET %s %s", key, "9999999999000000"));
    assert_int_equal(take("future", "a", (struct ratelimit_policy){5, 10}, 1, &wait), 0);
    assert_int_equal(wait, 2);
}

static void redis_restarted_is_found_again(void **state)
{
    (void)state;
    long wait;
    need_redis();
    assert_int_equal(take("again", "a", (struct ratelimit_policy){5, 60}, 5, &wait), 5);
    stop_redis();
    assert_int_equal(take("again", "b", (struct ratelimit_policy){3, 60}, 9, &wait), 3); /* counted here meanwhile */
    start_redis();
    assert_non_null(redis);
    usleep(1100000);
    assert_int_equal(take("again", "c", (struct ratelimit_policy){5, 60}, 9, &wait), 5); /* its script cache is empty too */
    assert_int_equal(redis_number("DBSIZE"), 1);
}

static void a_redis_that_hangs_costs_little(void **state)
{
    (void)state;
    long wait;
    need_redis();
    assert_int_equal(take("slow", "a", (struct ratelimit_policy){5, 60}, 1, &wait), 1);
    kill(server, SIGSTOP);
    int64_t start = clock_us();
    assert_int_equal(take("slow", "b", (struct ratelimit_policy){50, 60}, 200, &wait), 50);
    int64_t passed = clock_us() - start;
    kill(server, SIGCONT);
    assert_in_range(passed, RATELIMIT_TIMEOUT_MS * 1000 / 2, 200000); /* one time-out for 200 calls */
    usleep(1100000);
    assert_int_equal(take("slow", "c", (struct ratelimit_policy){5, 60}, 9, &wait), 5); /* and no late answer is mistaken */
    assert_true(ratelimit_redis_up());
}

/* Something listens, but it is no Redis. */
static void *answer_nonsense(void *arg)
{
    int listener = *(int *)arg, client = accept(listener, NULL, NULL);
    char in[4096];
    ssize_t n = read(client, in, sizeof in);
    if (n > 0)
        n = write(client, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    close(client);
    return NULL;
}

static void nonsense_is_no_answer(void **state)
{
    (void)state;
    long wait;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/odd.sock", dir);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, answer_nonsense, &listener), 0);
    ratelimit_init(address.sun_path, SECRET);
    assert_int_equal(take("odd", "a", (struct ratelimit_policy){5, 60}, 9, &wait), 5);
    pthread_join(thread, NULL);
    close(listener);
    unlink(address.sun_path);
    assert_false(ratelimit_redis_up());
}

static void *take_many(void *arg)
{
    long wait;
    for (int i = 0; i < 200; i++)
        if (ratelimit_take("threads", "a", (struct ratelimit_policy){100, 3600}, &wait) == OK)
            atomic_fetch_add((atomic_int *)arg, 1);
    return NULL;
}

static int taken_by_threads(void)
{
    atomic_int taken = 0;
    pthread_t threads[8];
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &taken), 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    return taken;
}

static void threads_take_exactly_what_there_is(void **state)
{
    (void)state;
    ratelimit_init(NULL, SECRET);
    assert_int_equal(taken_by_threads(), 100);
    int taken = 0;
    for (int i = 0; i < 5 && taken != 100; i++) { /* a busy machine may miss the time-out and count for itself */
        need_redis();
        taken = taken_by_threads();
    }
    assert_int_equal(taken, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(mistakes_of_the_program_end_it),
        in_arena(buckets_in_the_process),
        in_arena(buckets_in_redis),
        in_arena(redis_learns_nobody),
        in_arena(buckets_in_redis_pass_away),
        in_arena(a_bucket_from_the_future_is_cut_to_its_span),
        in_arena(redis_restarted_is_found_again),
        in_arena(a_redis_that_hangs_costs_little),
        in_arena(nonsense_is_no_answer),
        in_arena(threads_take_exactly_what_there_is),
    };
    return cmocka_run_group_tests_name("access/ratelimit", tests, make_redis, drop_redis);
}
