/* The program ocr_worker gives way to the modules, and to nobody else's cost: started by whoever, asked for whatever. */
#include <fcntl.h>
#include <sys/prctl.h>

#include <linux/capability.h>

#include "unit.h"

static void exec_worker(const char *option)
{
    execl(OCR_WORKER, OCR_WORKER, option, (char *)NULL);
    perror(OCR_WORKER);
    _exit(127);
}

/* As a user who is nice already and may not be less so. It ends at once, for it has no settings. */
static void start_nice(void *unused)
{
    (void)unused;
    prctl(PR_CAPBSET_DROP, CAP_SYS_NICE); /* refused to those who do not have it anyway */
    if (nice(15) < 0)
        _exit(126);
    clearenv();
    exec_worker(NULL);
}

static void a_nice_stack_gets_a_nicer_worker(void **state)
{
    (void)state;
    char said[4096];
    int status = unit_run_child(start_nice, NULL, said, sizeof said);
    assert_non_null(strstr(said, "DASTERN_DB")); /* it came as far as its settings */
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    assert_null(strstr(said, "setpriority"));
}

/* The niceness of the session that the asker lives in, after the answer; "none" where the kernel has no such thing. */
static void ask_for_help(void *unused)
{
    (void)unused;
    setsid();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDOUT_FILENO);
        exec_worker("--help");
    }
    int status;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        puts("no help");
    char group[128] = "none\n";
    int fd = open("/proc/self/autogroup", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, group, sizeof group - 1) < 0)
        perror("/proc/self/autogroup");
    fputs(group, stdout);
}

static void help_leaves_the_session_as_it_was(void **state)
{
    (void)state;
    char said[4096];
    assert_int_equal(unit_run_child(ask_for_help, NULL, said, sizeof said), 0);
    const char *nice_value = strstr(said, " nice ");
    if (strcmp(said, "none\n") == 0)
        skip();
    assert_non_null(nice_value);
    assert_string_equal(nice_value, " nice 0\n");
    assert_memory_equal(said, "/autogroup", 10); /* and nothing was said before it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nice_stack_gets_a_nicer_worker),
        cmocka_unit_test(help_leaves_the_session_as_it_was),
    };
    return cmocka_run_group_tests_name("ocr_worker gives way", tests, NULL, NULL);
}
