/* The process that holds a module's socket: its workers are this program again, which answer a connection with their pid. */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "http/parent.h"

static char dir[64], path[96], mode_file[96];
static pid_t parent;

/* --- the worker ------------------------------------------------------------------------------------------------------ */

static int number(const char *name)
{
    const char *text = getenv(name);
    return text ? (int)strtol(text, NULL, 10) : -1;
}

/* SIGTERM just ends it: how a worker drains is not the subject here. */
static int worker(void)
{
    if (access(getenv("TEST_MODE_FILE"), F_OK) == 0)
        return EXIT_FAILURE; /* a build that does not come up */
    pid_t own = getpid();
    int listen_fd = number(ENV_LISTEN_FD);
    if (getppid() != number(ENV_PARENT_PID) || write(number(ENV_READY_FD), "r", 1) != 1)
        return EXIT_FAILURE;
    for (;;) {
        struct pollfd p = {.fd = listen_fd, .events = POLLIN};
        poll(&p, 1, 1000);
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0 && send(fd, &own, sizeof own, MSG_NOSIGNAL) < 0)
            return EXIT_FAILURE;
        if (fd >= 0)
            close(fd);
    }
}

/* --- helpers ----------------------------------------------------------------------------------------------------------- */

static pid_t start_parent_at(const char *where)
{
    pid_t pid = fork();
    if (pid > 0)
        return pid;
    log_init("test", "error");
    close(STDERR_FILENO);
    open("/dev/null", O_WRONLY); /* NOLINT: the lowest number free is stderr's */
    _exit(parent_run("/proc/self/exe", where, 2, 4096));
}

static pid_t start_parent(void)
{
    return start_parent_at(path);
}

/* Connects and asks: the pid of the worker that answered, 0 when it was closed without, -1 when nobody listens. */
static pid_t ask(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = 5};
    pid_t pid = 0;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        pid = -1;
    else if (recv(fd, &pid, sizeof pid, 0) != sizeof pid)
        pid = 0;
    close(fd);
    return pid;
}

static pid_t await_worker(void)
{
    for (int i = 0; i < 200; i++) {
        pid_t pid = ask();
        if (pid > 0)
            return pid;
        usleep(20000);
    }
    return 0;
}

static void break_build(bool broken)
{
    if (broken)
        close(open(mode_file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    else
        unlink(mode_file);
}

static int end_parent(pid_t pid, int signal)
{
    int status;
    kill(pid, signal);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int begin(void **state)
{
    break_build(false);
    parent = 0;
    return unit_setup(state);
}

static int end(void **state)
{
    if (parent > 0)
        end_parent(parent, SIGTERM);
    return unit_teardown(state);
}

/* --- tests ------------------------------------------------------------------------------------------------------------- */

static void who_connects_while_no_worker_comes_up_does_not_wait(void **state)
{
    (void)state;
    break_build(true);
    parent = start_parent();
    for (int i = 0; i < 200 && access(path, F_OK) != 0; i++)
        usleep(10000);
    for (int i = 0; i < 10; i++) {
        int64_t began = clock_us();
        assert_int_equal(ask(), 0);
        assert_true(clock_us() - began < 1500000);
    }
    break_build(false);
    assert_true(await_worker() > 0); /* and when they come up, all is well */
}

static void a_killed_worker_is_replaced(void **state)
{
    (void)state;
    parent = start_parent();
    for (int i = 0; i < 8; i++) {
        pid_t worker_pid = await_worker();
        assert_true(worker_pid > 0);
        kill(worker_pid, SIGKILL);
        assert_true(ask() > 0); /* the next one waits in the backlog, if at all */
    }
}

static void rolling_replaces_all_workers(void **state)
{
    (void)state;
    parent = start_parent();
    pid_t before = await_worker(), after = before;
    kill(parent, SIGHUP);
    for (int i = 0; i < 200 && (kill(before, 0) == 0 || after == before); i++) {
        after = ask();
        assert_true(after > 0);
        usleep(10000);
    }
    assert_int_not_equal(kill(before, 0), 0);
}

static void a_build_that_does_not_come_up_replaces_nobody(void **state)
{
    (void)state;
    parent = start_parent();
    pid_t before = await_worker();
    break_build(true);
    kill(parent, SIGHUP);
    usleep(500000);
    assert_int_equal(kill(before, 0), 0);
    for (int i = 0; i < 20; i++)
        assert_true(ask() > 0);
}

static void a_successor_keeps_the_path_when_its_predecessor_ends(void **state)
{
    (void)state;
    pid_t first = start_parent();
    pid_t of_first = await_worker(), served = 0;
    parent = start_parent();
    for (int i = 0; i < 200 && (served == 0 || served == of_first); i++) {
        served = ask();
        assert_true(served > 0); /* no gap */
        usleep(10000);
    }
    assert_true(WIFEXITED(end_parent(first, SIGTERM)));
    for (int i = 0; i < 20; i++)
        assert_true(ask() > 0);
}

static void the_path_goes_with_the_last_parent(void **state)
{
    (void)state;
    pid_t pid = start_parent();
    assert_true(await_worker() > 0);
    assert_int_equal(end_parent(pid, SIGTERM), 0);
    assert_int_equal(ask(), -1);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    int status;
    char *deep = arena_printf(mem, "%s/%0100d", dir, 0); /* an address has room for 108 bytes */
    waitpid(start_parent_at(deep), &status, 0);
    assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--worker") == 0)
        return worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_path_that_is_too_long_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(who_connects_while_no_worker_comes_up_does_not_wait, begin, end),
        cmocka_unit_test_setup_teardown(a_killed_worker_is_replaced, begin, end),
        cmocka_unit_test_setup_teardown(rolling_replaces_all_workers, begin, end),
        cmocka_unit_test_setup_teardown(a_build_that_does_not_come_up_replaces_nobody, begin, end),
        cmocka_unit_test_setup_teardown(a_successor_keeps_the_path_when_its_predecessor_ends, begin, end),
        cmocka_unit_test_setup_teardown(the_path_goes_with_the_last_parent, begin, end),
    };
    snprintf(dir, sizeof dir, "/tmp/dastern-unit.XXXXXX");
    if (!mkdtemp(dir))
        return EXIT_FAILURE;
    snprintf(path, sizeof path, "%s/module.sock", dir);
    snprintf(mode_file, sizeof mode_file, "%s/broken", dir);
    setenv("TEST_MODE_FILE", mode_file, 1);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(mode_file);
    rmdir(dir);
    return failed;
}
