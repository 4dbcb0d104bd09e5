/* The file of an export: whole or not at all, and gone with what was left of an unfinished one. */
#include "../../../../modules/auth/export_file.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>

static char folder[] = "/tmp/export-test.XXXXXX";
static int fd = -1;

static int make_folder(void **state)
{
    (void)state;
    fd = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return fd >= 0 ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    close(fd);
    return rmdir(folder); /* nothing was left in it */
}

static bool there_is(const char *name)
{
    return faccessat(fd, name, F_OK, 0) == 0;
}

static void put(const char *name)
{
    int file = openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    close(file);
}

static void is_written_whole(void **state)
{
    (void)state;
    static const char *const pictures[] = {"one.jpg", "gone.jpg"};
    put("one.jpg");
    assert_int_equal(export_file_write(fd, "a.zip", "{}", pictures, 2), OK);
    assert_true(there_is("a.zip"));
    assert_false(there_is("a.zip.part"));
    assert_int_equal(export_file_remove(fd, "a.zip"), OK);
    assert_false(there_is("a.zip"));
    assert_int_equal(unlinkat(fd, "one.jpg", 0), 0);
}

static void an_unfinished_one_goes_too(void **state)
{
    (void)state;
    put("b.zip.part");
    assert_int_equal(export_file_remove(fd, "b.zip"), OK);
    assert_false(there_is("b.zip.part"));
    assert_int_equal(export_file_remove(fd, "b.zip"), OK);
}

static void one_that_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(fd, "c.zip", 0700), 0);
    assert_int_equal(export_file_write(fd, "c.zip", "{}", NULL, 0), E_UNAVAILABLE);
    assert_false(there_is("c.zip.part"));
    assert_int_equal(export_file_remove(fd, "c.zip"), E_UNAVAILABLE);
    assert_int_equal(unlinkat(fd, "c.zip", AT_REMOVEDIR), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_written_whole),
        cmocka_unit_test(an_unfinished_one_goes_too),
        cmocka_unit_test(one_that_cannot_be_written_leaves_nothing),
    };
    return cmocka_run_group_tests_name("auth: export file", tests, make_folder, drop_folder);
}
