/* Configuration: a wrong one stops the start, telling everything that is wrong and no secret. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "core/config.h"

#define SECRET "0123456789abcdef0123456789abcdef"

static const struct config_item common[] = {
    {"DASTERN_T_PATH", CONFIG_PATH, NULL, "Where things lie."},
    {"DASTERN_T_POOL", CONFIG_INT, "4", "Connections."},
    {"DASTERN_T_THREADS", CONFIG_COUNT, "2", "Threads."},
    {0}};
static const struct config_item own[] = {
    {"DASTERN_T_NAME", CONFIG_TEXT, "", "A name."},
    {"DASTERN_T_FLAG", CONFIG_BOOL, "on", "A switch."},
    {"DASTERN_T_KEY", CONFIG_SECRET, NULL, "A key."},
    {"DASTERN_T_SPARE", CONFIG_SECRET, "", "A key that may be left out."},
    {0}};

static char secret_path[64];

static void write_secret(const char *text, size_t n, mode_t mode)
{
    unlink(secret_path); /* only root may write into a file of mode 0400 */
    int fd = open(secret_path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), n);
    close(fd);
    assert_int_equal(chmod(secret_path, mode), 0);
}

static int make_environment(void **state)
{
    unit_setup(state);
    snprintf(secret_path, sizeof secret_path, "/tmp/config_test.XXXXXX");
    close(mkstemp(secret_path));
    write_secret(SECRET "\n", sizeof SECRET, 0400);
    setenv("DASTERN_T_PATH", "/x", 1);
    setenv("DASTERN_T_KEY_FILE", secret_path, 1);
    unsetenv("DASTERN_T_POOL");
    unsetenv("DASTERN_T_THREADS");
    unsetenv("DASTERN_T_NAME");
    unsetenv("DASTERN_T_FLAG");
    unsetenv("DASTERN_T_KEY");
    unsetenv("DASTERN_SECRETS_DIR");
    return 0;
}

static int drop_environment(void **state)
{
    unlink(secret_path);
    return unit_teardown(state);
}

static void load(void *arg)
{
    char *argv[] = {"test", arg, NULL};
    config_load(common, own, arg ? 2 : 1, argv);
}

static char said[8192];

/* The start fails and says each of the texts, and never the secret. */
static void expect_fault(const char *name, const char *value, const char *message)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
    int status = unit_run_child(load, NULL, said, sizeof said);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EX_CONFIG);
    if (!strstr(said, message))
        fail_msg("%s=%s: not \"%s\" but \"%s\"", name, value, message, said);
    assert_null(strstr(said, "0123456789abcdef"));
}

static void wrong_values_stop_the_start(void **state)
{
    (void)state;
    static const struct { const char *name, *value, *message; } cases[] = {
        {"DASTERN_T_PATH", NULL, "DASTERN_T_PATH is missing (Where things lie.)"}, {"DASTERN_T_PATH", "", "must name a path"},
        {"DASTERN_T_POOL", "", "must be a whole number"}, {"DASTERN_T_POOL", "4x", "must be a whole number"},
        {"DASTERN_T_THREADS", "0", "must be a whole number from 1"}, {"DASTERN_T_THREADS", "-1", "must be a whole number from 1"},
        {"DASTERN_T_THREADS", "2147483648", "must be a whole number from 1"}, {"DASTERN_T_THREADS", "two", "must be a whole number from 1"},
        {"DASTERN_T_POOL", "99999999999999999999", "must be a whole number"}, {"DASTERN_T_FLAG", "maybe", "must be on or off"},
        {"DASTERN_T_FLAG", "", "must be on or off"}, {"DASTERN_T_NAME", "\xff", "is not valid UTF-8"},
        {"DASTERN_T_KEY", SECRET, "must not be in the environment"}, {"DASTERN_T_KEY_FILE", NULL, "DASTERN_T_KEY has no file (A key.)"},
        {"DASTERN_T_KEY_FILE", "/nonexistent", "cannot be opened"}, {"DASTERN_T_KEY_FILE", "/tmp", "does not name a regular file"},
        {"DASTERN_T_KEY_FILE", "/dev/zero", "does not name a regular file"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        drop_environment(state);
        make_environment(state);
        expect_fault(cases[i].name, cases[i].value, cases[i].message);
    }
}

static void secrets_that_others_can_reach_are_refused(void **state)
{
    (void)state;
    static const mode_t bad[] = {0404, 0444, 0602, 0620, 0401, 0660};
    for (size_t i = 0; i < COUNT(bad); i++) {
        write_secret(SECRET, strlen(SECRET), bad[i]);
        expect_fault("DASTERN_T_KEY_FILE", secret_path, "others can read or the group can write");
    }
}

static void short_or_broken_secrets_are_refused(void **state)
{
    (void)state;
    write_secret(SECRET, 31, 0400);
    expect_fault("DASTERN_T_KEY_FILE", secret_path, "fewer than 32 bytes");
    write_secret(SECRET "\n", 32, 0400);
    write_secret("0123456789abcdef0123456789abcde\n", 32, 0400); /* 31 without the newline */
    expect_fault("DASTERN_T_KEY_FILE", secret_path, "fewer than 32 bytes");
    write_secret("0123456789abcdef\0" SECRET, 49, 0400);
    expect_fault("DASTERN_T_KEY_FILE", secret_path, "with a NUL in it");
    char big[5000];
    memset(big, 'x', sizeof big);
    write_secret(big, sizeof big, 0400);
    expect_fault("DASTERN_T_KEY_FILE", secret_path, "is over 4096 bytes");
}

static void all_faults_are_told_at_once(void **state)
{
    (void)state;
    unsetenv("DASTERN_T_PATH");
    setenv("DASTERN_T_FLAG", "2", 1);
    expect_fault("DASTERN_T_POOL", "x", "DASTERN_T_POOL");
    assert_non_null(strstr(said, "DASTERN_T_PATH"));
    assert_non_null(strstr(said, "DASTERN_T_FLAG"));
}

static void good_values_are_there(void **state)
{
    (void)state;
    setenv("DASTERN_T_FLAG", "off", 1);
    setenv("DASTERN_T_NAME", "ថ្នាំ", 1);
    load(NULL);
    assert_string_equal(config_text("DASTERN_T_PATH"), "/x");
    assert_int_equal(config_int("DASTERN_T_POOL"), 4);
    assert_false(config_bool("DASTERN_T_FLAG"));
    assert_string_equal(config_text("DASTERN_T_NAME"), "ថ្នាំ");
    assert_string_equal(config_text("DASTERN_T_KEY"), SECRET);
    assert_string_equal(config_text("DASTERN_T_SPARE"), "");
    write_secret(SECRET SECRET, 64, 0640);
    load(NULL);
    assert_string_equal(config_text("DASTERN_T_KEY"), SECRET SECRET);
}

static void secrets_may_share_a_directory(void **state)
{
    (void)state;
    char dir[] = "/tmp/config_test.XXXXXX", file[64], *own_file = secret_path;
    assert_non_null(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/t_key", dir);
    assert_int_equal(rename(own_file, file), 0);
    setenv("DASTERN_SECRETS_DIR", dir, 1);
    unsetenv("DASTERN_T_KEY_FILE");
    load(NULL);
    assert_string_equal(config_text("DASTERN_T_KEY"), SECRET);
    assert_string_equal(config_text("DASTERN_T_SPARE"), "");
    assert_int_equal(chmod(file, 0404), 0);
    expect_fault("DASTERN_T_KEY_FILE", NULL, "others can read");
    unlink(file);
    expect_fault("DASTERN_T_KEY_FILE", NULL, "DASTERN_T_KEY has no file");
    rmdir(dir);
}

static void ask_unknown(void *arg)
{
    (void)arg;
    load(NULL);
    config_text("DASTERN_T_OTHER");
}

static void an_unknown_name_is_a_mistake(void **state)
{
    (void)state;
    unit_expect_abort(ask_unknown, NULL);
}

static void help_prints_the_table_and_needs_no_values(void **state)
{
    (void)state;
    unsetenv("DASTERN_T_PATH");
    int status = unit_run_child(load, "--help", said, sizeof said);
    assert_int_equal(status, 0);
    assert_non_null(strstr(said, "DASTERN_T_PATH (path, must be given)"));
    assert_non_null(strstr(said, "DASTERN_T_POOL (number, default: 4)"));
    assert_non_null(strstr(said, "DASTERN_T_KEY_FILE (secret file, must be given)"));
    assert_non_null(strstr(said, "A switch."));
}

#define config_test(fn) cmocka_unit_test_setup_teardown(fn, make_environment, drop_environment)

int main(void)
{
    const struct CMUnitTest tests[] = {
        config_test(wrong_values_stop_the_start),         config_test(secrets_that_others_can_reach_are_refused),
        config_test(short_or_broken_secrets_are_refused), config_test(all_faults_are_told_at_once),
        config_test(good_values_are_there),               config_test(secrets_may_share_a_directory),
        config_test(an_unknown_name_is_a_mistake),
        config_test(help_prints_the_table_and_needs_no_values),
    };
    return cmocka_run_group_tests_name("core/config", tests, NULL, NULL);
}
