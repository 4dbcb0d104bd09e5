/* Breaks parts of a running stack under load and prints what its clients saw.
 *
 *   faults kills=20 rolls=10 postgres=3 redis=1 slow=1000 …    ($DASTERN_URL and $DASTERN_VAR say which stack)
 *
 * kills     random processes of modules and workers, kill -9: no failed read, no acknowledged write lost or doubled
 * rolls     every module replaces its processes: no failed request at all
 * postgres  fast restart: 503 with Retry-After meanwhile, an answer again within 1 s of its being back, nothing hangs
 * frozen    PostgreSQL stands still for 15 s, as a bad disk makes it: 503 with Retry-After within 15 s, an answer again
 *           within 1 s of its going on
 * redis     stopped, then frozen: signing in and reading go on
 * slow      connections that never finish their request: the p99 of the others stays under twice what it was
 * readers   a worker killed in the middle of a picture: another takes it within lease + 5 s, and it is finished once
 * crashes   a picture whose reading crashes each time: in the dead letter after its attempts, others are read meanwhile, and
 *           an administrator sees it and has it tried again
 * stalls    the same for one whose reading never ends (takes three times DASTERN_OCR_WALL_SECONDS)
 * disks     no room for pictures (needs root, to mount small disks): 507, nothing half-written, all well once there is room
 * streams   of events, while their module restarts or is killed: nothing is missed by clients that come again
 * calls     of the system, of three modules: each kind fails at so many places, once at a time. Nothing is answered as done that is
 *           not, nothing allowed that is refused, nothing half stored, nothing hangs, no descriptor is lost. Needs a stack of
 *           the executables that `make failing` makes */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "faults.h"
#include "load.h"
#include "people.h"
#include "stack.h"

#define CLIENTS 8
#define PROCESSES_MAX 256
#define SLOWEST_ANSWER_S 8.0   /* anything slower counts as a hang */
#define BACK_WITHIN_S 1.0
#define FROZEN_S 15.0
#define FROZEN_ANSWER_S 15.0   /* what shared/db/conn.h waits for a connection and for an answer on it, together */

struct outcome {
    size_t requests, reads_failed, writes_failed, unavailable, without_retry_after, other;
    double p50, p99, slowest;
    size_t acknowledged, lost, doubled;
};

static bool all_held = true;

static int by_time(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* 409: a write that is sent again while its first copy is still being served. */
static void count_sample(struct outcome *o, const struct sample *s) {
    bool good = s->status >= 200 && s->status < 300, again = s->write && s->status == 409;
    o->requests++;
    o->reads_failed += !good && !s->write;
    o->writes_failed += !good && s->write;
    o->unavailable += s->status == 503;
    o->without_retry_after += s->status == 503 && !s->retry_after;
    o->other += !good && !again && s->status != 503;
}

static struct outcome count_samples(const struct sample *samples, size_t n) {
    struct outcome o = {0};
    double *times = calloc(n ? n : 1, sizeof *times);
    if (!times)
        abort();
    for (size_t i = 0; i < n; i++) {
        count_sample(&o, &samples[i]);
        times[i] = samples[i].took;
    }
    qsort(times, n, sizeof *times, by_time);
    if (n > 0)
        o.p50 = times[n / 2], o.p99 = times[n * 99 / 100], o.slowest = times[n - 1];
    free(times);
    return o;
}

static void print_head(void) {
    printf("%-20s %8s %6s %6s %6s %6s %8s %5s %7s %8s %8s %8s\n", "", "requests", "reads", "writes", "503", "other", "writes", "",
           "", "p50", "p99", "slowest");
    printf("%-20s %8s %6s %6s %6s %6s %8s %5s %7s %8s %8s %8s\n", "", "", "failed", "failed", "", "failed", "acked", "lost",
           "doubled", "ms", "ms", "ms");
}

static void print_outcome(const char *what, const struct outcome *o) {
    printf("%-20s %8zu %6zu %6zu %6zu %6zu %8zu %5zu %7zu %8.1f %8.1f %8.1f\n", what, o->requests, o->reads_failed,
           o->writes_failed, o->unavailable, o->other, o->acknowledged, o->lost, o->doubled, o->p50 * 1e3, o->p99 * 1e3,
           o->slowest * 1e3);
}

void must(bool holds, const char *what) {
    if (holds)
        return;
    printf("  NOT HELD: %s\n", what);
    all_held = false;
}

/* kill(0, …) would be meant for ourselves. */
void send_signal(pid_t pid, int number) {
    must(pid > 0 && kill(pid, number) == 0, "a process to break");
}

static struct outcome finish_within(struct load *load, const char *what, double slowest) {
    size_t n;
    const struct sample *samples = load_stop(load, &n);
    struct outcome o = count_samples(samples, n);
    load_verify(load, &o.acknowledged, &o.lost, &o.doubled);
    print_outcome(what, &o);
    must(o.requests > 100 && o.acknowledged > 10, "enough load to tell");
    must(o.lost == 0, "no acknowledged write lost");
    must(o.doubled == 0, "no write doubled by sending it again with its key");
    must(o.slowest < slowest, "nothing hangs");
    return o;
}

static struct outcome finish(struct load *load, const char *what) { return finish_within(load, what, SLOWEST_ANSWER_S); }

/* --- scenarios -------------------------------------------------------------------------------------------------- */

static void kill_processes(int times) {
    struct load *load = load_start(CLIENTS);
    for (int i = 0; i < times; i++) {
        pid_t pids[PROCESSES_MAX];
        size_t n = stack_processes(pids, PROCESSES_MAX);
        send_signal(n > 0 ? pids[(size_t)random() % n] : 0, SIGKILL);
        sleep_seconds(0.3 + (double)(random() % 300) / 1000);
    }
    sleep_seconds(1);
    struct outcome o = finish(load, "kill -9");
    must(o.reads_failed == 0, "no failed read");
    load_free(load);
}

static bool contains(const pid_t *pids, size_t n, pid_t pid) {
    for (size_t i = 0; i < n; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

/* Until none of the processes that served before does. */
static bool wait_rolled(const pid_t *before, size_t n, double seconds) {
    for (double until = now_seconds() + seconds; now_seconds() < until; sleep_seconds(0.1)) {
        pid_t now[PROCESSES_MAX];
        size_t count = stack_modules(now, PROCESSES_MAX, false), old = 0;
        for (size_t i = 0; i < count; i++)
            old += contains(before, n, now[i]);
        if (old == 0 && count >= n)
            return true;
    }
    return false;
}

bool roll_all(double seconds) {
    pid_t before[PROCESSES_MAX], parents[PROCESSES_MAX];
    size_t n = stack_modules(before, PROCESSES_MAX, false), parent_count = stack_modules(parents, PROCESSES_MAX, true);
    for (size_t i = 0; i < parent_count; i++)
        send_signal(parents[i], SIGHUP);
    return n > 0 && wait_rolled(before, n, seconds);
}

static void roll_modules(int times) {
    struct load *load = load_start(CLIENTS);
    bool rolled = true;
    for (int i = 0; i < times; i++) {
        rolled = roll_all(30) && rolled;
        sleep_seconds(0.5);
    }
    struct outcome o = finish(load, "rolling restarts");
    must(rolled, "every process was replaced");
    must(o.reads_failed == 0 && o.writes_failed == 0, "no failed request");
    load_free(load);
}

/* Seconds from `back` until the first good answer to a request; negative when there was none. */
static double first_answer_after(const struct sample *samples, size_t n, double down, double back) {
    double first = -1;
    for (size_t i = 0; i < n; i++) {
        double at = samples[i].began + samples[i].took;
        if (samples[i].status == 200 && samples[i].began > down && at > back && (first < 0 || at - back < first))
            first = at - back;
    }
    return first;
}

static void only_503_with_retry_after(const struct outcome *o) {
    must(o->other == 0, "only 503 meanwhile");
    must(o->without_retry_after == 0, "Retry-After on every 503");
}

static void restart_postgres(int times) {
    double down[64], back[64];
    struct load *load = load_start(CLIENTS);
    for (int i = 0; i < times && i < 64; i++) {
        pid_t old = stack_postmaster();
        down[i] = now_seconds();
        send_signal(old, SIGINT);
        while ((stack_postmaster() == old || !stack_postgres_accepts()) && now_seconds() < down[i] + 60)
            sleep_seconds(0.005);
        back[i] = now_seconds();
        sleep_seconds(2);
    }
    struct outcome o = finish(load, "PostgreSQL restarts");
    size_t n;
    const struct sample *samples = load_stop(load, &n);
    for (int i = 0; i < times && i < 64; i++) {
        double after = first_answer_after(samples, n, down[i], back[i]);
        printf("  away for %.2f s, first answer %.3f s after it was back\n", back[i] - down[i], after);
        must(after >= 0 && after <= BACK_WITHIN_S, "an answer within 1 s");
    }
    only_503_with_retry_after(&o);
    load_free(load);
}

/* The postmaster first, which then starts nobody new; when it goes on, it buries whoever ended meanwhile. */
static void signal_postgres(int number) {
    pid_t pids[PROCESSES_MAX], postmaster = stack_postmaster();
    send_signal(postmaster, number);
    size_t n = stack_backends(postmaster, pids, PROCESSES_MAX);
    must(n > 0, "processes of PostgreSQL");
    for (size_t i = 0; i < n; i++)
        must(kill(pids[i], number) == 0 || errno == ESRCH, "PostgreSQL takes a signal");
}

static void freeze_postgres(int times) {
    for (int i = 0; i < times; i++) {
        size_t n;
        struct load *load = load_start(CLIENTS);
        sleep_seconds(1);
        double frozen = now_seconds();
        signal_postgres(SIGSTOP);
        sleep_seconds(FROZEN_S);
        double back = now_seconds();
        signal_postgres(SIGCONT);
        sleep_seconds(3);
        struct outcome o = finish_within(load, "PostgreSQL frozen", FROZEN_ANSWER_S);
        const struct sample *samples = load_stop(load, &n);
        double after = first_answer_after(samples, n, frozen, back);
        printf("  frozen for %.1f s, first answer %.3f s after it went on\n", back - frozen, after);
        must(after >= 0 && after <= BACK_WITHIN_S, "an answer within 1 s");
        must(o.unavailable > 0, "503 meanwhile");
        only_503_with_retry_after(&o);
        load_free(load);
    }
}

static void sign_in_meanwhile(struct person *p, int times) {
    for (int i = 0; i < times; i++) {
        json_t *body = json_pack("{s:s, s:s}", "email", p->email, "password", PERSON_PASSWORD);
        struct answer *a = post(NULL, body, "/auth/login");
        must(a->status == 200, "signing in");
        must(a->seconds < 2, "signing in within 2 s");
        sleep_seconds(0.2);
    }
}

static void stop_redis(int times) {
    struct person p;
    person_new(&p, "patient");
    for (int i = 0; i < times; i++) {
        struct load *load = load_start(CLIENTS);
        stack_hold_redis(true);
        send_signal(stack_redis(), SIGKILL);
        sign_in_meanwhile(&p, 5);
        stack_hold_redis(false);
        for (double until = now_seconds() + 20; stack_redis() == 0 && now_seconds() < until;)
            sleep_seconds(0.1);
        pid_t redis = stack_redis();
        must(redis > 0, "Redis came back");
        sleep_seconds(0.5);
        send_signal(redis, SIGSTOP);
        sign_in_meanwhile(&p, 5);
        send_signal(redis, SIGCONT);
        struct outcome o = finish(load, "Redis stopped, frozen");
        must(o.reads_failed == 0 && o.writes_failed == 0, "reading and writing go on");
        load_free(load);
    }
}

static void slow_connections(int count) {
    static const char beginning[] = "GET /api/v1/auth/me HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
    struct load *load = load_start(CLIENTS);
    sleep_seconds(5);
    struct outcome before = finish(load, "without slow ones");
    load_free(load);
    int *sockets = calloc((size_t)count, sizeof *sockets);
    if (!sockets)
        abort();
    for (int i = 0; i < count; i++) {
        sockets[i] = client_connect();
        must(sockets[i] >= 0 && send(sockets[i], beginning, sizeof beginning - 1, MSG_NOSIGNAL) > 0, "a slow connection");
    }
    load = load_start(CLIENTS);
    sleep_seconds(5);
    struct outcome o = finish(load, "slow connections");
    must(o.reads_failed == 0 && o.writes_failed == 0, "no failed request");
    must(o.p99 < 2 * before.p99, "p99 under twice what it was");
    load_free(load);
    for (int i = 0; i < count; i++)
        close(sockets[i]);
    free(sockets);
}

static const struct {
    const char *name;
    void (*run)(int count);
} scenarios[] = {{"kills", kill_processes}, {"rolls", roll_modules}, {"postgres", restart_postgres}, {"frozen", freeze_postgres},
                 {"redis", stop_redis},
                 {"slow", slow_connections}, {"readers", kill_readers}, {"crashes", crash_readings}, {"stalls", stall_readings},
                 {"disks", fill_disks}, {"streams", break_streams}, {"calls", fail_calls}};

static bool run_scenario(const char *argument) {
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        size_t n = strlen(scenarios[i].name);
        if (strncmp(argument, scenarios[i].name, n) == 0 && argument[n] == '=') {
            scenarios[i].run((int)strtol(argument + n + 1, NULL, 10));
            fflush(stdout);
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    srandom((unsigned)(now_seconds() * 1000));
    print_head();
    for (int i = 1; i < argc; i++)
        if (!run_scenario(argv[i])) {
            fprintf(stderr, "usage: %s {kills|rolls|postgres|frozen|redis|slow|readers|crashes|stalls|disks|streams|calls}=N …\n", argv[0]);
            return 2;
        }
    return all_held ? 0 : 1;
}
