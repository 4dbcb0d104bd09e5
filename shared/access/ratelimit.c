/* The bucket is kept as one number, the time at which it will be full again (the "virtual scheduling" form of a token bucket,
 * ITU-T I.371): taking a token moves it on by one step, and it must not lie further ahead than the whole bucket's span.
 * Redis' own clock decides, so programs need not agree on the time. */
#include "access/ratelimit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "access/ratelimit_local.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/str.h"

#define BREAK_US 1000000 /* after a failure Redis is left alone for a second */
#define REDIS_KEY_BYTES (3 + 2 * RATELIMIT_KEY_BYTES + 1)

/* KEYS[1], step, span (µs) → µs to wait, 0 = taken. What lies further ahead than the span comes from a clock set back.
 * Numbers go in and out as whole ones: Lua would print a time in µs with too few digits. */
static const char script[] =
    "local t = redis.call('TIME')\n"
    "local now, step, span = t[1] * 1000000 + t[2], tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "local full = tonumber(redis.call('GET', KEYS[1]) or 0)\n"
    "full = math.min(math.max(full, now), now + span)\n"
    "local wait = full + step - span - now\n"
    "if wait > 0 then return string.format('%.0f', wait) end\n"
    "redis.call('SET', KEYS[1], string.format('%.0f', full + step), 'PX', math.ceil((full + step - now) / 1000))\n"
    "return '0'\n";

static char *socket_path, *hash_secret;
static char script_sha[41];
static _Atomic int64_t broken_until_us;
static pthread_key_t connection; /* redisContext of each thread */
static pthread_once_t connection_once = PTHREAD_ONCE_INIT;

static void close_connection(void *ctx)
{
    redisFree(ctx);
}

static void make_connection_key(void)
{
    if (pthread_key_create(&connection, close_connection) != 0)
        abort();
}

/* EVALSHA names a script by its SHA-1. */
static void make_script_sha(void)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(script, strlen(script), digest, &n, EVP_sha1(), NULL) != 1 || n * 2 + 1 != sizeof script_sha)
        abort();
    for (unsigned i = 0; i < n; i++)
        snprintf(script_sha + 2 * i, 3, "%02x", digest[i]);
}

void ratelimit_init(const char *redis_socket, const char *secret)
{
    if (!secret || !*secret)
        abort();
    pthread_once(&connection_once, make_connection_key);
    make_script_sha();
    redisFree(pthread_getspecific(connection));
    pthread_setspecific(connection, NULL);
    free(socket_path);
    free(hash_secret);
    socket_path = redis_socket && *redis_socket ? xstrdup(redis_socket) : NULL;
    hash_secret = xstrdup(secret);
    atomic_store(&broken_until_us, 0);
}

/* Forgets this thread's connection: after a time-out the late answer would be taken for the next one's. */
static void drop_connection(redisContext *ctx, const char *why)
{
    atomic_store(&broken_until_us, clock_us() + BREAK_US);
    log_note(LOG_WARN, "redis_away", "reason", why);
    pthread_setspecific(connection, NULL);
    redisFree(ctx);
}

static redisContext *connect_redis(void)
{
    const struct timeval timeout = {.tv_usec = RATELIMIT_TIMEOUT_MS * 1000};
    redisContext *ctx = redisConnectUnixWithTimeout(socket_path, timeout);
    if (!ctx || ctx->err || redisSetTimeout(ctx, timeout) != REDIS_OK) {
        drop_connection(ctx, ctx ? ctx->errstr : "out of memory");
        return NULL;
    }
    pthread_setspecific(connection, ctx);
    return ctx;
}

/* This thread's connection, or NULL while Redis is to be left alone. */
static redisContext *get_connection(void)
{
    if (!socket_path || clock_us() < atomic_load(&broken_until_us))
        return NULL;
    redisContext *ctx = pthread_getspecific(connection);
    return ctx ? ctx : connect_redis();
}

static redisReply *run_script(redisContext *ctx, const char *verb, const char *what, const char *key, int64_t step, int64_t span)
{
    return redisCommand(ctx, "%s %s 1 %s %lld %lld", verb, what, key, (long long)step, (long long)span);
}

/* Reads the script's answer; false when it is none. */
static bool read_wait(const redisReply *reply, int64_t *wait_us)
{
    long wait;
    if (!reply || reply->type != REDIS_REPLY_STRING || !str_to_long(reply->str, &wait))
        return false;
    *wait_us = wait;
    return true;
}

static bool redis_take(const char *key, int64_t step, int64_t span, int64_t *wait_us)
{
    redisContext *ctx = get_connection();
    if (!ctx)
        return false;
    redisReply *reply = run_script(ctx, "EVALSHA", script_sha, key, step, span);
    if (reply && reply->type == REDIS_REPLY_ERROR && str_starts(reply->str, "NOSCRIPT")) {
        freeReplyObject(reply);
        reply = run_script(ctx, "EVAL", script, key, step, span);
    }
    bool ok = read_wait(reply, wait_us);
    if (!ok)
        drop_connection(ctx, ctx->err ? ctx->errstr : reply && reply->type == REDIS_REPLY_ERROR ? reply->str : "odd answer");
    freeReplyObject(reply);
    return ok;
}

/* The bucket's name: a keyed hash of class and subject. The class picks the key, so no two pairs run together. */
static void hash_key(const char *klass, const char *subject, unsigned char out[RATELIMIT_KEY_BYTES])
{
    unsigned char class_key[EVP_MAX_MD_SIZE], digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    HMAC(EVP_sha256(), hash_secret, (int)strlen(hash_secret), (const unsigned char *)klass, strlen(klass), class_key, &n);
    HMAC(EVP_sha256(), class_key, (int)n, (const unsigned char *)subject, strlen(subject), digest, NULL);
    memcpy(out, digest, RATELIMIT_KEY_BYTES);
}

static void redis_key(const unsigned char key[RATELIMIT_KEY_BYTES], char out[REDIS_KEY_BYTES])
{
    int n = snprintf(out, REDIS_KEY_BYTES, "rl:");
    for (int i = 0; i < RATELIMIT_KEY_BYTES; i++)
        n += snprintf(out + n, REDIS_KEY_BYTES - (size_t)n, "%02x", key[i]);
}

enum err ratelimit_take(const char *klass, const char *subject, struct ratelimit_policy policy, long *retry_after_s)
{
    if (!hash_secret || policy.burst < 1 || policy.per_seconds < 1)
        abort();
    int64_t span = (int64_t)policy.per_seconds * 1000000, step = span / policy.burst, wait;
    unsigned char key[RATELIMIT_KEY_BYTES];
    char name[REDIS_KEY_BYTES];
    hash_key(klass, subject, key);
    redis_key(key, name);
    if (!redis_take(name, step, span, &wait))
        wait = ratelimit_local_take(key, step, span, clock_us());
    if (wait <= 0)
        return OK;
    *retry_after_s = (long)((wait + 999999) / 1000000);
    return E_RATE_LIMITED;
}

bool ratelimit_redis_up(void)
{
    redisContext *ctx = get_connection();
    redisReply *reply = ctx ? redisCommand(ctx, "PING") : NULL;
    bool up = reply && reply->type == REDIS_REPLY_STATUS;
    if (ctx && !up)
        drop_connection(ctx, ctx->err ? ctx->errstr : "odd answer");
    freeReplyObject(reply);
    return up;
}
