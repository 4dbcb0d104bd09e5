/* Pictures on disk: whole or not at all, also when there is no room, and what a crash leaves is swept up. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "../../../../modules/prescriptions/storage.h"
#include "core/str.h"
#include "unit.h"

#define ID "01a202d1-e5b8-739d-ad8e-2ba081459683"
#define OTHER "01a202d1-e5b8-739d-ad8e-2ba081459684"

static char folder[] = "/tmp/storage-test-XXXXXX";

static int open_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    return storage_open(folder);
}

static size_t empty_folder(void)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
        n++;
    }
    closedir(dir);
    return n;
}

static int remove_folder(void **state)
{
    (void)state;
    empty_folder();
    return rmdir(folder);
}

static char *content(const char *name)
{
    char *text = arena_alloc(mem, 64);
    int fd = storage_read(name);
    assert_true(fd >= 0);
    assert_true(read(fd, text, 63) >= 0);
    close(fd);
    return text;
}

static void a_file_is_written_and_replaced(void **state)
{
    (void)state;
    const char *name = storage_name(mem, ID, STORAGE_IMAGE);
    assert_int_equal(storage_write(name, "first", 5), OK);
    assert_string_equal(content(name), "first");
    assert_int_equal(storage_write(name, "second", 6), OK);
    assert_string_equal(content(name), "second");
    struct stat st;
    assert_int_equal(stat(arena_printf(mem, "%s/%s", folder, name), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(empty_folder(), 1);
    assert_int_equal(storage_read(name), -1);
    storage_remove(name); /* twice is nothing */
}

static void a_copy_is_whole_and_hashed(void **state)
{
    (void)state;
    static const char sha256_of_abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    unsigned char hash[STORAGE_HASH_BYTES];
    int fd = memfd_create("upload", MFD_CLOEXEC);
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(storage_copy(storage_name(mem, ID, STORAGE_UPLOAD), fd, 3, hash), OK);
    assert_string_equal(hex_encode(mem, hash, sizeof hash), sha256_of_abc);
    assert_string_equal(content(storage_name(mem, ID, STORAGE_UPLOAD)), "abc");
    assert_int_equal(empty_folder(), 1);
    /* shorter than announced */
    assert_int_equal(storage_copy(storage_name(mem, ID, STORAGE_UPLOAD), fd, 4, hash), E_UNAVAILABLE);
    assert_int_equal(empty_folder(), 0);
    close(fd);
}

static void write_without_room(void *arg)
{
    (void)arg;
    static char bytes[300000];
    unsigned char hash[STORAGE_HASH_BYTES];
    int fd = memfd_create("upload", MFD_CLOEXEC);
    assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){100000, 100000});
    bool refused = storage_write(ID ".jpg", bytes, sizeof bytes) == E_UNAVAILABLE && storage_is_full(errno) &&
                   storage_copy(ID ".upload", fd, sizeof bytes, hash) == E_UNAVAILABLE && storage_is_full(errno);
    _exit(refused ? 0 : 1);
}

static void without_room_nothing_is_left(void **state)
{
    (void)state;
    char out[256];
    int status = unit_run_child(write_without_room, NULL, out, sizeof out);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(empty_folder(), 0);
    assert_true(storage_is_full(ENOSPC));
    assert_false(storage_is_full(EACCES));
}

static void only_our_own_copies_are_servable(void **state)
{
    (void)state;
    static const struct { const char *name; bool servable; } cases[] = {
        {ID ".jpg", true}, {ID ".thumbnail.jpg", true}, {ID ".rectified.jpg", true}, {ID ".upload", false}, {ID "", false},
        {ID ".jpg.upload", false}, {"x.jpg", false}, {"../" ID ".jpg", false}, {ID "/.jpg", false}, {".jpg", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(storage_is_servable(cases[i].name), cases[i].servable);
    assert_true(storage_is_servable(storage_name(mem, ID, STORAGE_RECTIFIED)));
    assert_false(storage_is_servable(storage_name(mem, ID, STORAGE_UPLOAD)));
}

static void put_aged(const char *name, time_t age)
{
    assert_int_equal(storage_write(name, "x", 1), OK);
    struct timespec times[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};
    assert_int_equal(utimensat(AT_FDCWD, arena_printf(mem, "%s/%s", folder, name), times, 0), 0);
}

static bool is_the_other(void *arg, const char *prescription_id)
{
    (void)arg;
    return str_eq(prescription_id, OTHER);
}

static void a_sweep_takes_what_a_crash_left(void **state)
{
    (void)state;
    static const char *const kept[] = {ID ".jpg", OTHER ".upload", OTHER ".part", "notes.txt"};
    put_aged(ID ".upload", 7200);                 /* its row never came to be */
    put_aged("11111111-2222-3333-4444-555555555555.part", 7200);
    put_aged(OTHER ".upload", 7200);              /* waits to be read */
    put_aged(OTHER ".part", 10);                  /* being written now */
    put_aged(ID ".jpg", 7200);
    put_aged("notes.txt", 7200);                  /* not ours */
    assert_int_equal(storage_sweep(is_the_other, NULL), 2);
    for (size_t i = 0; i < COUNT(kept); i++)
        assert_string_equal(content(kept[i]), "x");
    assert_int_equal(empty_folder(), COUNT(kept));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(a_file_is_written_and_replaced),
        in_arena(a_copy_is_whole_and_hashed),
        in_arena(without_room_nothing_is_left),
        in_arena(only_our_own_copies_are_servable),
        in_arena(a_sweep_takes_what_a_crash_left),
    };
    return cmocka_run_group_tests_name("storage", tests, open_folder, remove_folder);
}
