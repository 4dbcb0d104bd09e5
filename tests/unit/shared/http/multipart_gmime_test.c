/* The multipart parser against GMime: on the same well-formed body both must find the same parts, and GMime's own bodies are
 * read. What GMime lets pass and we refuse (bare LF, other headers) is the other tests' matter. */
#include "unit.h"

#include <gmime/gmime.h>

#include "core/limits.h"
#include "core/str.h"
#include "http/multipart.h"

#define ROUNDS 3000
#define MAX_CONTENT 300

static uint32_t seed = 20260131;

static uint32_t pick(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* A string of up to `max` pieces, each one of the given texts. */
static struct buf pieces(const char *const *from, const size_t *sizes, uint32_t count, uint32_t max)
{
    struct buf b = {.mem = mem};
    buf_add(&b, "", 0);
    for (uint32_t n = pick(max + 1); n > 0; n--) {
        uint32_t i = pick(count);
        buf_add(&b, from[i], sizes ? sizes[i] : strlen(from[i]));
    }
    return b;
}

static const char *make_boundary(void)
{
    static const char *const some[] = {"X", "-", "X", "a", "--", "7", "_", "."};
    struct buf b;
    do
        b = pieces(some, NULL, COUNT(some), 30);
    while (b.len == 0 || b.len > 70);
    return b.data;
}

/* Content made of what delimiters are made of; binary when it may be. Nothing in it is a delimiter, for GMime also after a bare LF. */
static struct buf make_content(const char *boundary, bool binary)
{
    const char *almost = arena_printf(mem, "\r\n--%.*s", (int)strlen(boundary) - 1, boundary);
    const char *const some[] = {"\r", "\n", "-", "X", "--", "\r\n", almost, boundary, "ថ្នាំ", "text ", "\0", "\xff"};
    const size_t sizes[] = {1, 1, 1, 1, 2, 2, strlen(almost), strlen(boundary), strlen("ថ្នាំ"), 5, 1, 1};
    const char *forbidden = arena_printf(mem, "\n--%s", boundary);
    struct buf b;
    do
        b = pieces(some, sizes, binary ? COUNT(some) : COUNT(some) - 2, 60);
    while (memmem(b.data, b.len, forbidden, strlen(forbidden)) || (b.len >= 2 && memcmp(b.data, forbidden + 1, 2) == 0) || b.len > MAX_CONTENT);
    return b;
}

struct expected {
    const char *name, *filename;
    struct buf content;
};

static void write_part(struct buf *body, const char *boundary, const struct expected *part)
{
    buf_printf(body, "--%s%s\r\nContent-Disposition: form-data; name=\"%s\"", boundary, pick(4) ? "" : " \t", part->name);
    if (part->filename)
        buf_printf(body, "; filename=\"%s\"\r\nContent-Type: application/octet-stream", part->filename);
    buf_str(body, "\r\n\r\n");
    buf_add(body, part->content.data, part->content.len);
    buf_str(body, "\r\n");
}

/* Up to five parts, one of them perhaps a file. */
static size_t make_parts(const char *boundary, struct expected parts[5])
{
    size_t count = 1 + pick(5), file = pick(8);
    for (size_t i = 0; i < count; i++)
        parts[i] = (struct expected){.name = arena_printf(mem, "part %zu", i),
                                     .filename = i == file ? "a \\\"b\\\" c.bin" : NULL,
                                     .content = make_content(boundary, i == file)};
    return count;
}

static struct multipart parse_ours(const char *content_type, const char *body, size_t n)
{
    struct multipart m;
    struct multipart_parser *p;
    assert_int_equal(multipart_new(mem, content_type, "/tmp", 100000, &p, &m), OK);
    for (size_t at = 0; at < n;) {
        size_t len = 1 + pick(pick(2) ? 3 : 400);
        len = len < n - at ? len : n - at;
        if (multipart_feed(p, body + at, len) != OK)
            fail_msg("%s: %s %.*s", m.fault, content_type, (int)n, body);
        at += len;
    }
    if (multipart_end(p) != OK)
        fail_msg("%s: %s %.*s", m.fault, content_type, (int)n, body);
    return m;
}

static GMimeObject *parse_theirs(const char *content_type, const char *body, size_t n)
{
    struct buf text = {.mem = mem};
    buf_printf(&text, "Content-Type: %s\r\n\r\n", content_type);
    buf_add(&text, body, n);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text.data, text.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeObject *root = g_mime_parser_construct_part(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    assert_true(GMIME_IS_MULTIPART(root));
    return root;
}

static GByteArray *their_content(GMimeObject *part)
{
    GByteArray *bytes = g_byte_array_new();
    GMimeStream *to = g_mime_stream_mem_new_with_byte_array(bytes);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(to), FALSE);
    GMimeDataWrapper *content = g_mime_part_get_content(GMIME_PART(part));
    if (content)
        g_mime_stream_write_to_stream(g_mime_data_wrapper_get_stream(content), to);
    g_object_unref(to);
    return bytes;
}

static void same_part(const struct multipart_part *ours, GMimeObject *theirs)
{
    const char *filename = g_mime_object_get_content_disposition_parameter(theirs, "filename");
    assert_string_equal(ours->name, g_mime_object_get_content_disposition_parameter(theirs, "name"));
    assert_true(str_eq(ours->filename, filename));
    GByteArray *bytes = their_content(theirs);
    char *content = arena_alloc(mem, ours->size + 1);
    if (ours->fd >= 0)
        assert_int_equal(pread(ours->fd, content, ours->size, 0), ours->size);
    else
        memcpy(content, ours->value, ours->size);
    assert_int_equal(ours->size, bytes->len);
    assert_memory_equal(content, bytes->data, bytes->len);
    g_byte_array_free(bytes, TRUE);
}

static void same_parts(const struct multipart *ours, GMimeObject *theirs)
{
    assert_int_equal(ours->count, g_mime_multipart_get_count(GMIME_MULTIPART(theirs)));
    for (size_t i = 0; i < ours->count; i++)
        same_part(&ours->parts[i], g_mime_multipart_get_part(GMIME_MULTIPART(theirs), (int)i));
}

static void both_find_the_same_parts(void **state)
{
    for (int round = 0; round < ROUNDS; round++) {
        const char *boundary = make_boundary();
        struct expected parts[5];
        struct buf body = {.mem = mem};
        size_t count = make_parts(boundary, parts);
        if (pick(3) == 0)
            buf_str(&body, "This is a preamble.\r\n");
        for (size_t i = 0; i < count; i++)
            write_part(&body, boundary, &parts[i]);
        buf_printf(&body, "--%s--%s", boundary, pick(2) ? "\r\n" : "\r\nepilogue\r\n");
        const char *type = arena_printf(mem, "multipart/form-data; boundary=\"%s\"", boundary);
        struct multipart ours = parse_ours(type, body.data, body.len);
        assert_int_equal(ours.count, count);
        GMimeObject *theirs = parse_theirs(type, body.data, body.len);
        same_parts(&ours, theirs);
        g_object_unref(theirs);
        unit_teardown(state);
        unit_setup(state);
    }
}

static GMimePart *their_part(const struct expected *part)
{
    GMimePart *p = g_mime_part_new_with_type("application", "octet-stream");
    g_mime_object_set_disposition(GMIME_OBJECT(p), "form-data");
    g_mime_object_set_content_disposition_parameter(GMIME_OBJECT(p), "name", part->name);
    if (part->filename)
        g_mime_object_set_content_disposition_parameter(GMIME_OBJECT(p), "filename", part->filename);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(part->content.data, part->content.len);
    GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_BINARY);
    g_mime_part_set_content(p, content);
    g_mime_part_set_content_encoding(p, GMIME_CONTENT_ENCODING_BINARY);
    g_object_unref(content);
    g_object_unref(stream);
    return p;
}

/* A multipart written by GMime, in CRLF: its headers up to the empty line, then the body. */
static GByteArray *their_body(GMimeMultipart *multipart)
{
    GByteArray *bytes = g_byte_array_new();
    GMimeStream *to = g_mime_stream_mem_new_with_byte_array(bytes);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(to), FALSE);
    GMimeFormatOptions *options = g_mime_format_options_new();
    g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
    g_mime_object_write_to_stream(GMIME_OBJECT(multipart), options, to);
    g_mime_format_options_free(options);
    g_object_unref(to);
    return bytes;
}

static void bodies_written_by_gmime_are_read(void **state)
{
    for (int round = 0; round < ROUNDS / 3; round++) {
        const char *boundary = make_boundary();
        struct expected parts[5];
        size_t count = make_parts(boundary, parts);
        GMimeMultipart *multipart = g_mime_multipart_new_with_subtype("form-data");
        g_mime_multipart_set_boundary(multipart, boundary);
        for (size_t i = 0; i < count; i++) {
            GMimePart *p = their_part(&parts[i]);
            g_mime_multipart_add(multipart, GMIME_OBJECT(p));
            g_object_unref(p);
        }
        GByteArray *bytes = their_body(multipart);
        const char *head = (const char *)bytes->data, *body = memmem(head, bytes->len, "\r\n\r\n", 4);
        assert_non_null(body);
        body += 4;
        struct multipart ours = parse_ours(arena_printf(mem, "multipart/form-data; boundary=\"%s\"", boundary), body,
                                           bytes->len - (size_t)(body - head));
        same_parts(&ours, GMIME_OBJECT(multipart));
        g_byte_array_free(bytes, TRUE);
        g_object_unref(multipart);
        unit_teardown(state);
        unit_setup(state);
    }
}

static int start_gmime(void **state)
{
    (void)state;
    g_mime_init();
    return 0;
}

static int stop_gmime(void **state)
{
    (void)state;
    g_mime_shutdown();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(both_find_the_same_parts),
        in_arena(bodies_written_by_gmime_are_read),
    };
    return cmocka_run_group_tests_name("http/multipart against GMime", tests, start_gmime, stop_gmime);
}
