/* multipart bodies: broken ones by their fault, good ones by their parts, and all of them however they are sliced. */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "core/str.h"
#include "http/multipart.h"

#define TYPE "multipart/form-data; boundary=XX"
#define HEAD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_HEAD(name) "Content-Disposition: form-data; name=\"" name "\"; filename=\"f.bin\"\r\n\r\n"
#define FIELD(name, value) "--XX\r\n" HEAD(name) value "\r\n"
#define END "--XX--\r\n"
#define MAX_FILE 200000

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/multipart_test.XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
    (void)state;
    return rmdir(dir); /* fails when a temporary file was left */
}

/* Feeds the body in pieces of `step` bytes, each a malloc of its own so that reading beyond it is seen. */
static enum err parse(const char *body, size_t n, size_t step, struct multipart *result)
{
    struct multipart_parser *p;
    enum err e = multipart_new(mem, TYPE, dir, MAX_FILE, &p, result);
    for (size_t at = 0; e == OK && at < n; at += step) {
        size_t len = n - at < step ? n - at : step;
        char *piece = malloc(len);
        memcpy(piece, body + at, len);
        e = multipart_feed(p, piece, len);
        free(piece);
    }
    if (e == OK)
        e = multipart_end(p);
    else if (e == E_INVALID) /* once failed, it stays failed */
        assert_true(multipart_feed(p, END, 8) == E_INVALID && multipart_end(p) == E_INVALID);
    return e;
}

static char *file_content(const struct multipart_part *part)
{
    char *content = arena_alloc(mem, part->size + 1);
    assert_int_equal(pread(part->fd, content, part->size + 1, 0), part->size);
    return content;
}

struct bad {
    const char *body;
    size_t n;
    const char *fault;
};
#define BAD(body, fault) {body, sizeof(body) - 1, fault}

static void broken_bodies_are_refused_however_sliced(void **state)
{
    (void)state;
    static const struct bad bad[] = {
        BAD("", "multipart.truncated"),
        BAD("\r\n", "multipart.truncated"),
        BAD("--XX", "multipart.truncated"),
        BAD("--XX\r\n", "multipart.truncated"),
        BAD("--XX-", "multipart.truncated"),
        BAD("--XX--\r", "multipart.truncated"),
        BAD(FIELD("a", "1"), "multipart.truncated"),
        BAD("--XX\r\n" HEAD("a") "1\r\n--XX", "multipart.truncated"),
        BAD("--XX\r\n" HEAD("a") "1\r\n--XX-", "multipart.truncated"),
        BAD("--XX\r\n" HEAD("a") "1", "multipart.truncated"),
        BAD("--XX\r\n" HEAD("a") "1--XX--\r\n", "multipart.truncated"),
        BAD("--XX\r\n" HEAD("a") "1\n--XX--\n", "multipart.truncated"),   /* bare LF */
        BAD("--XX\r\n" HEAD("a") "1\r--XX--\r", "multipart.truncated"),   /* bare CR */
        BAD("--XX\n" HEAD("a") "1\r\n--XX--\r\n", "multipart.boundary"), /* the line goes on to the first CRLF */
        BAD("--XXY\r\n" HEAD("a") "1\r\n" END, "multipart.boundary"),
        BAD("--XX--Y\r\n", "multipart.boundary"),
        BAD("--XX-Y\r\n", "multipart.boundary"),
        BAD("--XX \t- \r\n", "multipart.boundary"),
        BAD("--XX\r\n" HEAD("a") "1\r\n--XXY\r\n" END, "multipart.boundary"),
        BAD("--XX\r\n\r\n1\r\n" END, "multipart.header"),
        BAD("--XX\r\nContent-Type: text/plain\r\n\r\n1\r\n" END, "multipart.header"),
        BAD("--XX\r\nContent-Disposition: form-data; name=\"a\"\n\n1\r\n\r\n" END, "multipart.header"),
        BAD(FIELD("a", "1") FIELD("a", "2") END, "multipart.duplicate"),
        BAD("--XX\r\n" FILE_HEAD("a") "1\r\n" FIELD("a", "2") END, "multipart.duplicate"),
        BAD("--XX\r\n" FILE_HEAD("a") "1\r\n--XX\r\n" FILE_HEAD("b") "2\r\n" END, "multipart.too_many_parts"),
        BAD(FIELD("a", "\xff") END, "multipart.encoding"),
        BAD(FIELD("a", "\xed\xa0\x80") END, "multipart.encoding"),
        BAD(FIELD("a", "1\0""2") END, "multipart.encoding"),
        BAD(FIELD("a", "\0") END, "multipart.encoding"),
    };
    for (size_t i = 0; i < COUNT(bad); i++)
        for (size_t step = 1; step <= bad[i].n + 1; step++) {
            struct multipart result;
            if (parse(bad[i].body, bad[i].n, step, &result) != E_INVALID)
                fail_msg("accepted in steps of %zu: %s", step, bad[i].body);
            if (!str_eq(result.fault, bad[i].fault))
                fail_msg("%s in steps of %zu: %s", result.fault, step, bad[i].body);
        }
}

static void a_body_without_a_boundary_is_refused(void **state)
{
    (void)state;
    struct multipart result;
    struct multipart_parser *p;
    assert_int_equal(multipart_new(mem, "application/json", dir, 10, &p, &result), E_INVALID);
    assert_string_equal(result.fault, "multipart.boundary");
}

/* prefix, n times c, suffix */
static enum err parse_padded(const char *prefix, char c, size_t n, const char *suffix, struct multipart *result)
{
    size_t head = strlen(prefix), tail = strlen(suffix);
    char *body = arena_alloc(mem, head + n + tail + 1);
    memcpy(body, prefix, head);
    memset(body + head, c, n);
    memcpy(body + head + n, suffix, tail);
    return parse(body, head + n + tail, 7919, result);
}

static void expect_limit(const char *prefix, size_t limit, const char *suffix, const char *fault)
{
    struct multipart result;
    assert_int_equal(parse_padded(prefix, 'x', limit, suffix, &result), OK);
    assert_int_equal(parse_padded(prefix, 'x', limit + 1, suffix, &result), E_INVALID);
    assert_string_equal(result.fault, fault);
    assert_int_equal(parse_padded(prefix, 'x', limit * 20, suffix, &result), E_INVALID);
    assert_string_equal(result.fault, fault);
}

static void everything_has_its_limit(void **state)
{
    (void)state;
    expect_limit("--XX\r\n" HEAD("a"), LIMIT_MULTIPART_FIELD_BYTES, "\r\n" END, "multipart.field_too_large");
    expect_limit("--XX\r\n" FILE_HEAD("a"), MAX_FILE, "\r\n" END, "multipart.file_too_large");
    /* the CRLF that the parser starts as if it had read is counted as well */
    expect_limit("", LIMIT_MULTIPART_IGNORED_BYTES - 2, "\r\n" FIELD("a", "1") END, "multipart.boundary");
    expect_limit(FIELD("a", "1") END, LIMIT_MULTIPART_IGNORED_BYTES, "", "multipart.boundary");
    size_t header = strlen("Content-Disposition: form-data; name=\"a\"; filename=\"\"\r\n\r\n");
    expect_limit("--XX\r\nContent-Disposition: form-data; name=\"a\"; filename=\"", LIMIT_MULTIPART_HEADER_BYTES - header, "\"\r\n\r\n1\r\n" END,
                 "multipart.header");
    struct multipart result;
    assert_int_equal(parse_padded("--XX", ' ', LIMIT_MULTIPART_HEADER_BYTES, "\r\n" HEAD("a") "1\r\n" END, &result), E_INVALID);
    assert_string_equal(result.fault, "multipart.boundary");
}

static char *many_parts(int count)
{
    struct buf b = {.mem = mem};
    for (int i = 0; i < count; i++)
        buf_printf(&b, "--XX\r\nContent-Disposition: form-data; name=\"p%d\"\r\n\r\n%d\r\n", i, i);
    buf_str(&b, END);
    return b.data;
}

static void parts_are_counted(void **state)
{
    (void)state;
    struct multipart result;
    const char *body = many_parts(LIMIT_MULTIPART_PARTS);
    assert_int_equal(parse(body, strlen(body), 11, &result), OK);
    assert_int_equal(result.count, LIMIT_MULTIPART_PARTS);
    for (size_t i = 0; i < result.count; i++)
        assert_string_equal(result.parts[i].value, arena_printf(mem, "%zu", i));
    body = many_parts(LIMIT_MULTIPART_PARTS + 1);
    assert_int_equal(parse(body, strlen(body), 11, &result), E_INVALID);
    assert_string_equal(result.fault, "multipart.too_many_parts");
}

/* Content that is nearly a delimiter. */
#define TRICKY "\r\n--X\r\n--\r\r\n--XY\r\n\r\n\r\n--x\r\n-\r"

static void check_good(const struct multipart *m)
{
    assert_null(m->fault);
    assert_int_equal(m->count, 4);
    assert_string_equal(m->parts[0].name, "note");
    assert_string_equal(m->parts[0].value, "ថ្នាំ\r\nline");
    assert_int_equal(m->parts[0].fd, -1);
    assert_null(m->parts[0].filename);
    assert_string_equal(m->parts[1].value, "");
    assert_int_equal(m->parts[1].size, 0);
    assert_string_equal(m->parts[2].filename, "f.bin");
    assert_string_equal(m->parts[2].type, "image/jpeg");
    assert_null(m->parts[2].value);
    assert_int_equal(m->parts[2].size, sizeof TRICKY - 1 + 3);
    assert_memory_equal(file_content(&m->parts[2]), TRICKY "\0\xff\x80", sizeof TRICKY - 1 + 3);
    assert_int_equal(lseek(m->parts[2].fd, 0, SEEK_CUR), 0);
    assert_string_equal(m->parts[3].value, "--XX--");
}

static void a_good_body_gives_the_same_parts_however_sliced(void **state)
{
    static const char body[] = "preamble\r\n--X\r\n--XX  \r\n" HEAD("note") "ថ្នាំ\r\nline\r\n" FIELD("empty", "")
        "--XX\r\nContent-Type: image/jpeg\r\n" FILE_HEAD("image") TRICKY "\0\xff\x80\r\n" FIELD("last", "--XX--")
        "--XX-- \t\r\nepilogue\r\n--XX\r\nmore";
    for (size_t step = 1; step <= sizeof body; step++) {
        struct multipart m;
        assert_int_equal(parse(body, sizeof body - 1, step, &m), OK);
        check_good(&m);
        unit_teardown(state); /* closes the file */
        unit_setup(state);
    }
}

static void the_last_line_needs_no_end(void **state)
{
    (void)state;
    static const char *const bodies[] = {FIELD("a", "1") "--XX--", FIELD("a", "1") "--XX-- ", FIELD("a", "1") "--XX--\r\n",
                                         "\r\n" FIELD("a", "1") END};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct multipart m;
        assert_int_equal(parse(bodies[i], strlen(bodies[i]), 3, &m), OK);
        assert_int_equal(m.count, 1);
        assert_string_equal(m.parts[0].value, "1");
    }
    struct multipart none;
    assert_int_equal(parse(END, strlen(END), 100, &none), OK);
    assert_int_equal(none.count, 0);
}

/* Bytes of all kinds, with many CR, across the write buffer. */
static void a_large_file_arrives_unchanged(void **state)
{
    (void)state;
    static char content[MAX_FILE];
    unsigned seed = 12345;
    for (size_t i = 0; i < sizeof content; i++) {
        seed = seed * 1103515245 + 12345;
        content[i] = (char)(seed >> 29 ? (int)(seed >> 16) : '\r');
    }
    static const size_t steps[] = {1, 13, 4096, 65535, 65536, 65537, 1000000};
    struct buf body = {.mem = mem};
    buf_str(&body, "--XX\r\n" FILE_HEAD("image"));
    buf_add(&body, content, sizeof content);
    buf_str(&body, "\r\n" END);
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct multipart m;
        assert_int_equal(parse(body.data, body.len, steps[i], &m), OK);
        assert_int_equal(m.parts[0].size, sizeof content);
        assert_memory_equal(file_content(&m.parts[0]), content, sizeof content);
    }
}

static void files_are_private_unlinked_and_closed_with_the_arena(void **state)
{
    struct multipart m;
    struct stat st;
    static const char body[] = "--XX\r\n" FILE_HEAD("image") "x\r\n" END;
    assert_int_equal(parse(body, sizeof body - 1, 5, &m), OK);
    int fd = m.parts[0].fd;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_nlink, 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    unit_teardown(state);
    unit_setup(state);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void a_missing_directory_is_our_fault(void **state)
{
    (void)state;
    struct multipart m;
    struct multipart_parser *p;
    static const char body[] = "--XX\r\n" FILE_HEAD("image") "x\r\n" END;
    assert_int_equal(multipart_new(mem, TYPE, "/nonexistent", 100, &p, &m), OK);
    assert_int_equal(multipart_feed(p, body, sizeof body - 1), E_UNAVAILABLE);
    assert_int_equal(multipart_end(p), E_UNAVAILABLE);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    if (mount("tmpfs", dir, "tmpfs", 0, "size=64k") != 0)
        skip(); /* not allowed here */
    static char body[MAX_FILE];
    struct multipart m;
    int n = snprintf(body, sizeof body, "--XX\r\n" FILE_HEAD("image"));
    memset(body + n, 'x', sizeof body - (size_t)n);
    assert_int_equal(parse(body, sizeof body, 5000, &m), E_UNAVAILABLE);
    assert_null(m.fault);
    arena_reset(mem);
    assert_int_equal(umount(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(broken_bodies_are_refused_however_sliced),
        in_arena(a_body_without_a_boundary_is_refused),
        in_arena(everything_has_its_limit),
        in_arena(parts_are_counted),
        in_arena(a_good_body_gives_the_same_parts_however_sliced),
        in_arena(the_last_line_needs_no_end),
        in_arena(a_large_file_arrives_unchanged),
        in_arena(files_are_private_unlinked_and_closed_with_the_arena),
        in_arena(a_missing_directory_is_our_fault),
        in_arena(a_full_disk_is_told),
    };
    return cmocka_run_group_tests_name("http/multipart", tests, make_dir, drop_dir);
}
