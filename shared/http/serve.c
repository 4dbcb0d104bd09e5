/* main() of a module: configuration, the two kinds of process, the start-up checks. */
#include "http/serve.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "access/ratelimit.h"
#include "access/token.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/process.h"
#include "http/check.h"
#include "http/dispatch.h"
#include "http/fcgi.h"
#include "http/metrics.h"
#include "http/parent.h"
#include "json/json_read.h"

#define BUSY_SECONDS 20   /* a request that takes longer than this beyond the drain is not waited for */
#define ORPHAN_SECONDS 30 /* how long workers whose parent was killed keep serving until another takes over */

static const struct config_item serve_config[] = {
    {"DASTERN_SOCKET", CONFIG_PATH, NULL, "unix socket to listen on"},
    {"DASTERN_WORKERS", CONFIG_COUNT, "2", "worker processes"},
    {"DASTERN_THREADS", CONFIG_COUNT, "4", "threads, and database connections, of each worker process"},
    {"DASTERN_DRAIN_SECONDS", CONFIG_INT, "6", "how long an ending worker waits for nginx to let go of idle connections; "
                                               "above the upstream's keepalive_timeout"},
    {"DASTERN_STREAM_SECONDS", CONFIG_COUNT, "300", "a stream of events ends after so long; its client comes again, perhaps to another process"},
    {"DASTERN_KEYS_DIR", CONFIG_PATH, NULL, "keys of the access tokens: public/<kid>.pem, and private/<kid>.pem for auth"},
    {"DASTERN_REDIS", CONFIG_TEXT, "", "unix socket of Redis; empty: rate limits are counted by each process"},
    {"DASTERN_RATE_KEY", CONFIG_SECRET, NULL, "key that hides whom a rate bucket is about"},
    {"DASTERN_ANSWER_KEY", CONFIG_SECRET, NULL, "key that answers with a secret are sealed with while an Idempotency-Key keeps them"},
    {"DASTERN_RATE_FACTOR", CONFIG_COUNT, "1", "multiplies the burst of every rate limit"},
    {"DASTERN_TMP_DIR", CONFIG_PATH, "/tmp", "where uploads lie while they are read"},
    {NULL, CONFIG_TEXT, NULL, NULL}};

/* One table for config_load: common, serve's and the area's items. Lives as long as the process. */
static const struct config_item *join_config(const struct config_item *own)
{
    const struct config_item *const parts[] = {process_config, serve_config, own};
    struct config_item *all = NULL;
    size_t n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (const struct config_item *item = parts[i]; item && item->name; item++) {
            all = xrealloc(all, (n + 2) * sizeof *all);
            all[n++] = *item;
            all[n] = (struct config_item){0};
        }
    return all;
}

static int number_from(const char *name)
{
    const char *text = getenv(name);
    return text ? (int)strtol(text, NULL, 10) : -1;
}

static enum err start_worker(const struct area *area, int listen_fd)
{
    char public_dir[PATH_MAX], private_dir[PATH_MAX];
    const char *keys = config_text("DASTERN_KEYS_DIR");
    snprintf(public_dir, sizeof public_dir, "%s/public", keys);
    snprintf(private_dir, sizeof private_dir, "%s/private", keys);
    bool signs = str_eq(area->name, "auth");
    enum err err = token_keys_load(public_dir, signs ? private_dir : NULL);
    if (err != OK)
        return err;
    ratelimit_init(config_text("DASTERN_REDIS"), config_text("DASTERN_RATE_KEY"));
    if (area->start && (err = area->start()) != OK)
        return err;
    fcgi_init();
    metrics_map(number_from(ENV_METRICS_FD), area); /* nothing can stop it any more from taking its predecessor's place */
    int threads = (int)config_int("DASTERN_THREADS");
    struct db_pool *pool = db_pool_new(config_text("DASTERN_DB"), threads, config_bool("DASTERN_DB_PREPARE"));
    dispatch_start(area, pool, listen_fd, threads);
    return OK;
}

/* Is the socket gone from its path: another parent has bound it, or ours is ending? */
static bool socket_replaced(ino_t own)
{
    struct stat st;
    return stat(config_text("DASTERN_SOCKET"), &st) != 0 || st.st_ino != own;
}

static ino_t socket_inode(void)
{
    struct stat st;
    return stat(config_text("DASTERN_SOCKET"), &st) == 0 ? st.st_ino : 0;
}

/* Until SIGTERM, or until a new parent has taken over from a killed one. When none comes, the path goes, so that nginx is
 * refused and does not wait for somebody who has left. */
static void wait_for_end(const sigset_t *set, ino_t inode)
{
    pid_t parent = number_from(ENV_PARENT_PID);
    int64_t orphaned_us = 0;
    for (;;) {
        if (sigtimedwait(set, NULL, &(struct timespec){.tv_nsec = 100000000}) > 0)
            return;
        if (getppid() == parent)
            continue;
        if (orphaned_us == 0)
            orphaned_us = clock_us();
        if (socket_replaced(inode))
            return;
        if (clock_us() - orphaned_us > ORPHAN_SECONDS * 1000000L) {
            unlink(config_text("DASTERN_SOCKET"));
            return;
        }
    }
}

static bool still_needed(int64_t until)
{
    int64_t now = clock_us();
    return (dispatch_busy() > 0 && now < until + BUSY_SECONDS * 1000000L) || (dispatch_connections() > 0 && now < until);
}

/* Rolled, the socket is left to the other workers. When it has lost its path, nobody comes after us: its backlog is ours. */
static void drain(ino_t inode)
{
    int64_t until = clock_us() + config_int("DASTERN_DRAIN_SECONDS") * 1000000L;
    dispatch_drain(socket_replaced(inode));
    do
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    while (still_needed(until));
}

/* Room for LIMIT_CONNECTIONS besides the database's and the uploads' files: the usual soft limit is 1024. */
static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static int worker_process(const struct area *area)
{
    sigset_t set;
    int ready_fd = number_from(ENV_READY_FD);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    signal(SIGHUP, SIG_IGN); /* is for the parent */
    raise_file_limit();
    sigprocmask(SIG_BLOCK, &set, NULL);
    ino_t inode = socket_inode();
    if (start_worker(area, number_from(ENV_LISTEN_FD)) != OK)
        return EXIT_FAILURE;
    if (ready_fd >= 0 && write(ready_fd, "r", 1) == 1)
        close(ready_fd);
    wait_for_end(&set, inode);
    drain(inode);
    return EXIT_SUCCESS;
}

static int parent_process(void)
{
    char executable[PATH_MAX] = "";
    if (readlink("/proc/self/exe", executable, sizeof executable - 1) <= 0)
        return EXIT_FAILURE;
    return parent_run(executable, config_text("DASTERN_SOCKET"), (int)config_int("DASTERN_WORKERS"), metrics_size());
}

int serve(const struct area *area, int argc, char **argv)
{
    if (process_option(argc, argv, "--routes"))
        return check_print_routes(area);
    if (process_option(argc, argv, "--check-sql"))
        return check_area(area);
    config_load(join_config(area->config), NULL, argc, argv);
    log_init(area->name, config_text("DASTERN_LOG_LEVEL"));
    if (!check_routes(area))
        return EXIT_FAILURE;
    process_harden();
    json_own_memory();
    return process_option(argc, argv, "--worker") ? worker_process(area) : parent_process();
}
