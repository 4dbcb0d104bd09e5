/* The parent serves nothing itself, so that nothing a client sends can end it. */
#include "http/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

#define WORKERS_MAX 64
#define BACKLOG 1024
#define READY_WAIT_MS 10000
#define SHORT_LIFE_US 1000000L   /* a worker that dies younger than this … */
#define RESPAWN_PAUSE_US 200000L /* … is replaced only after a pause, so that a broken build does not spin */
#define STOP_WAIT_MS 20000

struct slot {
    pid_t pid;
    int64_t started_us, not_before_us;
};

static struct {
    const char *executable;
    int listen_fd, metrics_fd, workers;
    ino_t inode;          /* of our socket's name: another parent may have taken the path since */
    pid_t pid;
    bool failing;         /* the last worker that was started did not become ready */
    struct slot slots[WORKERS_MAX];
} p;

/* Bound under another name and renamed: there is no moment at which the path leads nowhere. */
static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s.%d", path, (int)getpid());
    if (n < 0 || (size_t)n >= sizeof address.sun_path) {
        log_note(LOG_ERROR, "parent.socket_path_too_long", "path", path);
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unlink(address.sun_path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(address.sun_path, 0660) != 0 ||
        listen(fd, BACKLOG) != 0 || rename(address.sun_path, path) != 0) {
        log_note(LOG_ERROR, "parent.socket", "reason", strerror(errno));
        return -1;
    }
    return fd;
}

static ino_t inode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void set_number(const char *name, int value)
{
    char text[16];
    snprintf(text, sizeof text, "%d", value);
    setenv(name, text, 1);
}

static void exec_worker(int ready_fd)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    const int kept[] = {p.listen_fd, p.metrics_fd, ready_fd};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        fcntl(kept[i], F_SETFD, 0);
    set_number(ENV_LISTEN_FD, p.listen_fd);
    set_number(ENV_METRICS_FD, p.metrics_fd);
    set_number(ENV_READY_FD, ready_fd);
    set_number(ENV_PARENT_PID, p.pid);
    execl(p.executable, p.executable, "--worker", (char *)NULL);
    _exit(127);
}

/* Waits for the worker's word that it can serve; end of file means it died first. */
static bool wait_ready(int fd)
{
    char byte;
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    return poll(&pfd, 1, READY_WAIT_MS) > 0 && read(fd, &byte, 1) == 1;
}

/* One that does not become ready in time is ended. */
static bool start_worker(struct slot *slot)
{
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0)
        exec_worker(ready[1]);
    close(ready[1]);
    bool ok = pid > 0 && wait_ready(ready[0]);
    close(ready[0]);
    *slot = (struct slot){.pid = pid > 0 ? pid : 0, .started_us = clock_us()};
    if (!ok && pid > 0)
        kill(pid, SIGKILL);
    p.failing = !ok;
    return ok;
}

/* NULL for a worker that was rolled. */
static struct slot *slot_of(pid_t pid)
{
    for (int i = 0; i < p.workers; i++)
        if (p.slots[i].pid == pid)
            return &p.slots[i];
    return NULL;
}

static void note_death(struct slot *slot)
{
    bool young = clock_us() - slot->started_us < SHORT_LIFE_US;
    log_note(LOG_WARN, "parent.worker_died", "young", young ? "yes" : "no");
    *slot = (struct slot){.not_before_us = young ? clock_us() + RESPAWN_PAUSE_US : 0};
}

static void reap(void)
{
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        struct slot *slot = slot_of(pid);
        if (slot)
            note_death(slot);
    }
}

static void fill_slots(void)
{
    for (int i = 0; i < p.workers; i++)
        if (p.slots[i].pid == 0 && clock_us() >= p.slots[i].not_before_us)
            start_worker(&p.slots[i]);
}

static bool any_worker(void)
{
    for (int i = 0; i < p.workers; i++)
        if (p.slots[i].pid > 0)
            return true;
    return false;
}

/* Nobody serves, and starting somebody failed: better refused now (nginx answers 503) than after nginx's time-out. */
static void turn_away(void)
{
    int fd;
    while (p.failing && !any_worker() && (fd = accept4(p.listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        close(fd);
}

/* The old one goes only when the new one serves. If the new one does not come up, the old one stays. */
static void roll(void)
{
    for (int i = 0; i < p.workers; i++) {
        struct slot fresh;
        if (!start_worker(&fresh)) {
            log_note(LOG_ERROR, "parent.roll_stopped", "reason", "the new worker did not become ready");
            return;
        }
        pid_t old = p.slots[i].pid;
        p.slots[i] = fresh;
        if (old > 0)
            kill(old, SIGTERM);
    }
    log_note(LOG_INFO, "parent.rolled", "executable", p.executable);
}

/* Workers that were rolled have had their signal; all are waited for. */
static void stop_workers(void)
{
    int64_t until = clock_us() + STOP_WAIT_MS * 1000L;
    for (int i = 0; i < p.workers; i++)
        if (p.slots[i].pid > 0)
            kill(p.slots[i].pid, SIGTERM);
    while (clock_us() < until) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0)
            return;
        struct slot *ended = pid > 0 ? slot_of(pid) : NULL;
        if (ended)
            ended->pid = 0; /* the number may soon be somebody else's, who must not be killed below */
        if (pid == 0)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    for (int i = 0; i < p.workers; i++)
        if (p.slots[i].pid > 0)
            kill(p.slots[i].pid, SIGKILL);
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGCHLD);
    sigprocmask(SIG_BLOCK, set, NULL);
}

int parent_run(const char *executable, const char *socket_path, int workers, size_t metrics_bytes)
{
    sigset_t set;
    block_signals(&set);
    p.executable = executable;
    p.workers = workers < WORKERS_MAX ? workers : WORKERS_MAX;
    p.pid = getpid();
    p.listen_fd = open_socket(socket_path);
    p.inode = inode_of(socket_path);
    p.metrics_fd = memfd_create("metrics", MFD_CLOEXEC);
    if (p.listen_fd < 0 || p.metrics_fd < 0 || ftruncate(p.metrics_fd, (off_t)metrics_bytes) != 0)
        return EXIT_FAILURE;
    log_note(LOG_INFO, "parent.started", "socket", socket_path);
    for (;;) {
        fill_slots();
        turn_away();
        int signal = sigtimedwait(&set, NULL, &(struct timespec){.tv_nsec = 100000000});
        if (signal == SIGCHLD)
            reap();
        else if (signal == SIGHUP)
            roll();
        else if (signal == SIGTERM || signal == SIGINT)
            break;
    }
    if (inode_of(socket_path) == p.inode)
        unlink(socket_path); /* nobody new; the workers see it and serve those who have come already */
    stop_workers();
    return EXIT_SUCCESS;
}
