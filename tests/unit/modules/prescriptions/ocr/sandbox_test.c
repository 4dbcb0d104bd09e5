/* The walls around a reading child: each is run against in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../../../../modules/prescriptions/ocr/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char canary[] = "/tmp/dastern-canary-XXXXXX";

static int attempt_file(void) { return open(canary, O_RDONLY) >= 0; }
static int attempt_write(void) { return open("/tmp/dastern-escaped", O_WRONLY | O_CREAT, 0600) >= 0; }
static int attempt_network(void) { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }
static int attempt_fork(void) { return fork() >= 0; }
static int attempt_exec(void) { return execl("/bin/true", "true", (char *)NULL) == 0; }
static int attempt_kill(void) { return kill(getppid(), 0) == 0; }
static int attempt_code(void) { return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; }
static int attempt_memory(void)
{
    size_t size = (size_t)600 << 20;
    volatile char *block = malloc(size);
    if (!block) return 0;
    block[size - 1] = 1;
    return 1;
}
static int attempt_trace(void) { return fcntl(0, F_SETFD, 0) == 0; }

/* 1 when the attempt succeeded inside the sandbox, 0 when it was refused or ended the process. */
static int run_inside(int (*attempt)(void))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct sandbox_limits limits = { 2, 256 };
        if (!sandbox_enter(&limits, ends[0], ends[1])) _exit(99);
        _exit(attempt() ? 42 : 0);
    }
    close(ends[0]);
    close(ends[1]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 99);
    return WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

static void nothing_outside_can_be_reached(void **state)
{
    (void)state;
    assert_int_equal(run_inside(attempt_file), 0);
    assert_int_equal(run_inside(attempt_write), 0);
    assert_int_equal(access("/tmp/dastern-escaped", F_OK), -1);
    assert_int_equal(run_inside(attempt_network), 0);
    assert_int_equal(run_inside(attempt_fork), 0);
    assert_int_equal(run_inside(attempt_exec), 0);
    assert_int_equal(run_inside(attempt_kill), 0);
    assert_int_equal(run_inside(attempt_code), 0);
    assert_int_equal(run_inside(attempt_trace), 0);
}

static void memory_has_an_end(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* sanitizers need the address space */
#endif
    assert_int_equal(run_inside(attempt_memory), 0);
}

static int say_hello(void) { return 1; }

/* The tests above would also pass if the child died on entering. */
static void computing_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(run_inside(say_hello), 1);
}

static int open_canary(void **state)
{
    (void)state;
    int fd = mkstemp(canary);
    if (fd < 0 || write(fd, "secret", 6) != 6) return -1;
    return close(fd);
}

static int remove_canary(void **state)
{
    (void)state;
    return unlink(canary);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(computing_is_allowed), cmocka_unit_test(nothing_outside_can_be_reached),
        cmocka_unit_test(memory_has_an_end) };
    return cmocka_run_group_tests_name("prescriptions/ocr/sandbox", tests, open_canary, remove_canary);
}
