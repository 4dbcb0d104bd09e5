/* Each call that a module makes of the system, failed once. The stack's executables are those of `make failing`; they and this
 * program share a file ($DASTERN_FAILING_CALLS). A fixed script of requests is run once for each call that is to fail; then
 * nothing fails any more, and what was answered is held against what is there. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"
#include "failing/failing.h"
#include "faults.h"
#include "load.h"
#include "stack.h"

#define ANSWER_S 20.0          /* what waits for PostgreSQL and for a broken connection, together */
#define SOCKETS_MAX 12         /* that a process may have more of afterwards: each thread has its connections, nginx keeps some */
#define PROCESSES_MAX 16
#define PATH_BYTES 512
#define TRIES 100

static struct failing *failing;
static struct tally tally;
static int all_failed;

static const struct {
    enum failing_kind kind;
    const char *name;
} kinds[] = {{FAIL_READ, "read"}, {FAIL_WRITE, "write"}, {FAIL_SEND, "send"}, {FAIL_OPEN, "open"}, {FAIL_CLOSE, "close"},
             {FAIL_SYNC, "fsync"}, {FAIL_RENAME, "rename"}, {FAIL_MAP, "mmap"}, {FAIL_POLL, "poll"}, {FAIL_WATCH, "epoll"},
             {FAIL_MEMORY, "malloc"}, {FAIL_SHORT, "short"}};

/* --- asking ---------------------------------------------------------------------------------------------------------- */

static bool is_good(const struct answer *a) { return a->status >= 200 && a->status < 300; }

struct answer *asked(struct answer *a) {
    bool broken = a->status == 0 || a->status >= 500;
    tally.requests++;
    tally.broken += broken;
    tally.misled += !broken && !is_good(a);
    if (a->seconds > tally.slowest)
        tally.slowest = a->seconds;
    if (!broken && !is_good(a))
        printf("  a right request answered %d: %.200s\n", a->status, a->body ? a->body : "");
    return is_good(a) ? a : NULL;
}

void refused(const struct answer *a, const char *what) {
    tally.requests++;
    if (a->seconds > tally.slowest)
        tally.slowest = a->seconds;
    must(!is_good(a), what);
}

/* 409: PostgreSQL has not noticed yet that the first copy's connection is gone. */
static bool is_settled(const struct answer *a) {
    const char *code = json_string_value(answer_at(a, "code"));
    return a->status != 0 && a->status < 500 && (a->status != 409 || !code || strcmp(code, "idempotency.in_progress") != 0);
}

struct answer *settled(const struct call *call) {
    struct answer *a = NULL;
    for (int i = 0; i < TRIES && (!a || !is_settled(a)); i++) {
        struct call again = *call;
        json_incref(again.json);
        if (a)
            sleep_seconds(0.05);
        a = client_call(&again);
    }
    json_decref(call->json);
    must(is_settled(a), "an answer once nothing fails any more");
    return a;
}

void note_unkept(size_t files) { tally.unkept = files; }

/* --- what a process holds -------------------------------------------------------------------------------------------- */

struct held {
    pid_t pid;
    int files, sockets;
};

/* Modules are not dumpable: of theirs only root sees anything. */
static struct held look_at(pid_t pid) {
    struct held held = {.pid = pid};
    char path[PATH_BYTES], target[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof target);
        bool is_socket = n > 7 && strncmp(target, "socket:", 7) == 0;
        held.sockets += is_socket;
        held.files += n > 0 && !is_socket;
    }
    if (dir)
        closedir(dir);
    return held;
}

static size_t look(const char *program, struct held *held) {
    pid_t pids[256];
    size_t count = stack_modules(pids, sizeof pids / sizeof *pids, false), n = 0;
    for (size_t i = 0; i < count && n < PROCESSES_MAX; i++)
        if (stack_runs(pids[i], program))
            held[n++] = look_at(pids[i]);
    return n;
}

/* Of a process that is still there. */
static void compare(const char *program, const struct held *before, size_t n) {
    struct held after[PROCESSES_MAX];
    size_t count = look(program, after);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < n; j++) /* those that ended by design are not compared */
            if (after[i].pid == before[j].pid) {
                must(after[i].files <= before[j].files, "no file left open");
                must(after[i].sockets <= before[j].sockets + SOCKETS_MAX, "no connection left open");
            }
}

/* --- one kind of call of one module ----------------------------------------------------------------------------------- */

/* The module has to connect anew, which belongs to what may fail; and what was still being committed is. */
static void disconnect(const char *program) {
    for (int again = 1; again > 0; sleep_seconds(0.002)) {
        pid_t pids[256];
        size_t n = stack_backends(stack_postmaster(), pids, sizeof pids / sizeof *pids);
        again = 0;
        for (size_t i = 0; i < n; i++)
            again += stack_serves(pids[i], program) && kill(pids[i], SIGTERM) == 0;
    }
}

static void count_calls(int calls[FAIL_KINDS]) {
    for (size_t kind = 0; kind < FAIL_KINDS; kind++)
        calls[kind] = atomic_exchange(&failing->calls[kind], 0);
}

/* Runs the script while the n-th call of the kind fails; whether there was one. `calls`: how many of each kind the script made. */
static bool run_failing(const struct script *s, enum failing_kind kind, int n, int calls[FAIL_KINDS]) {
    disconnect(s->program);
    count_calls(calls);
    atomic_store(&failing->failed, 0);
    atomic_store(&failing->countdown, n);
    atomic_store(&failing->kind, (int)kind);
    s->run();
    atomic_store(&failing->kind, FAIL_NONE);
    count_calls(calls);
    s->verify();
    return atomic_load(&failing->failed) > 0;
}

/* Of so many calls, the i-th that is to fail out of `points`: all, or any of each part of them. */
static int point(int calls, int points, int i) {
    int part = calls / points;
    return calls <= points ? i + 1 : (int)((long)calls * i / points) + 1 + (int)(random() % part);
}

static void fail_kind(const struct script *s, size_t k, int calls, int points) {
    int unused[FAIL_KINDS];
    struct held held[PROCESSES_MAX];
    int runs = kinds[k].kind == FAIL_SHORT ? 1 : calls < points ? calls : points, failed = 0;
    size_t n = look(s->program, held);
    must(n > 0, "processes of the module");
    tally = (struct tally){0};
    for (int i = 0; i < runs; i++)
        failed += run_failing(s, kinds[k].kind, point(calls, points, i), unused);
    compare(s->program, held, n);
    must(tally.misled == 0, "no right request blamed on who sent it");
    must(tally.slowest < ANSWER_S, "nothing hangs");
    all_failed += failed;
    printf("%-14s %-7s %6d calls %5d failed %6zu requests %5zu broken %4zu misled %4zu unkept %6.0f ms\n", s->name, kinds[k].name, calls,
           failed, tally.requests, tally.broken, tally.misled, tally.unkept, tally.slowest * 1e3);
    client_forget();
}

static void map_control(const char *program) {
    const char *path = getenv(FAILING_ENV);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    failing = fd >= 0 ? mmap(NULL, sizeof *failing, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (failing == MAP_FAILED) {
        fprintf(stderr, "%s must name the file that the stack was started with\n", FAILING_ENV);
        exit(2);
    }
    close(fd);
    snprintf(failing->program, sizeof failing->program, "%s", program);
}

/* One run without a fault says how many calls of each kind there are. */
static void fail_script(const struct script *s, int points) {
    int calls[FAIL_KINDS];
    map_control(s->program);
    s->prepare();
    run_failing(s, FAIL_NONE, 0, calls);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (calls[kinds[k].kind] > 0)
            fail_kind(s, k, calls[kinds[k].kind], points);
}

void fail_calls(int points) {
    for (size_t i = 0; i < script_count; i++)
        fail_script(&scripts[i], points);
    must(all_failed > 0, "calls that failed");
}
