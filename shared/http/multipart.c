/* The parser is a small machine that eats bytes, so how the body was cut into pieces cannot matter.
 *
 * A delimiter is CRLF "--" boundary. Of these bytes only the first is a CR (a boundary has none), so after a mismatch the
 * bytes matched so far are content and matching starts anew with the byte at hand: no look-back is needed. The CRLF that
 * ends the preamble may be missing when there is no preamble: the machine starts as if it had just read one. */
#include "http/multipart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/str.h"
#include "http/multipart_header.h"

#define FILE_BUFFER_BYTES 65536

enum stage { PREAMBLE, AFTER_DELIMITER, HEADER, CONTENT, EPILOGUE };

struct multipart_parser {
    struct arena *mem;
    struct multipart *result;
    const char *tmp_dir;
    size_t max_file_bytes;
    enum stage stage;
    enum err failure; /* the first one; nothing is read after it */
    char delimiter[4 + MULTIPART_BOUNDARY_BYTES + 1];
    size_t delimiter_len, matched;
    size_t ignored;                           /* bytes of preamble and epilogue */
    char head[LIMIT_MULTIPART_HEADER_BYTES];  /* the rest of a delimiter's line, or a part's header */
    size_t head_len;
    struct multipart_part *part;              /* the one being read */
    struct buf field;
    bool has_file;
    char *file_buffer;
    size_t file_buffered;
};

static void fail_with(struct multipart_parser *p, const char *fault)
{
    p->result->fault = fault;
    p->failure = E_INVALID;
}

enum err multipart_new(struct arena *mem, const char *content_type, const char *tmp_dir, size_t max_file_bytes,
                       struct multipart_parser **out, struct multipart *result)
{
    *result = (struct multipart){0};
    const char *boundary = multipart_boundary(mem, content_type);
    if (!boundary) {
        result->fault = "multipart.boundary";
        return E_INVALID;
    }
    result->parts = arena_array(mem, LIMIT_MULTIPART_PARTS, sizeof *result->parts);
    struct multipart_parser *p = arena_alloc(mem, sizeof *p);
    p->mem = mem;
    p->result = result;
    p->tmp_dir = tmp_dir;
    p->max_file_bytes = max_file_bytes;
    memcpy(p->delimiter, "\r\n--", 4);
    memcpy(p->delimiter + 4, boundary, strlen(boundary));
    p->delimiter_len = 4 + strlen(boundary);
    p->matched = 2;
    *out = p;
    return OK;
}

/* --- the file ------------------------------------------------------------------------------------------------------- */

static void close_file(void *fd)
{
    close((int)(intptr_t)fd);
}

static void open_file(struct multipart_parser *p)
{
    char *path = arena_printf(p->mem, "%s/upload-XXXXXX", p->tmp_dir);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        p->failure = E_UNAVAILABLE;
        return;
    }
    unlink(path);
    arena_defer(p->mem, close_file, (void *)(intptr_t)fd);
    p->part->fd = fd;
    p->has_file = true;
    p->file_buffer = arena_alloc(p->mem, FILE_BUFFER_BYTES);
}

static void write_file(struct multipart_parser *p, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(p->part->fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            p->failure = E_UNAVAILABLE;
            return;
        }
        bytes += done;
        n -= (size_t)done;
    }
}

static void flush_file(struct multipart_parser *p)
{
    write_file(p, p->file_buffer, p->file_buffered);
    p->file_buffered = 0;
}

/* A picture has a CR every few hundred bytes, where content is handed on in pieces: they are gathered before writing. */
static void add_to_file(struct multipart_parser *p, const char *bytes, size_t n)
{
    if (n > p->max_file_bytes - p->part->size) {
        fail_with(p, "multipart.file_too_large");
        return;
    }
    p->part->size += n;
    if (n > FILE_BUFFER_BYTES - p->file_buffered)
        flush_file(p);
    if (n >= FILE_BUFFER_BYTES) {
        write_file(p, bytes, n);
        return;
    }
    memcpy(p->file_buffer + p->file_buffered, bytes, n);
    p->file_buffered += n;
}

/* --- parts ---------------------------------------------------------------------------------------------------------- */

static bool name_taken(const struct multipart_parser *p, const char *name)
{
    for (size_t i = 0; i < p->result->count; i++)
        if (str_eq(p->result->parts[i].name, name))
            return true;
    return false;
}

/* The header of a part is complete: head, without the empty line. */
static void begin_part(struct multipart_parser *p)
{
    struct multipart_part part = {.fd = -1};
    if (!multipart_part_header(p->mem, p->head, p->head_len - 2, &part)) {
        fail_with(p, "multipart.header");
        return;
    }
    if (p->result->count == LIMIT_MULTIPART_PARTS || (part.filename && p->has_file)) {
        fail_with(p, "multipart.too_many_parts");
        return;
    }
    if (name_taken(p, part.name)) {
        fail_with(p, "multipart.duplicate");
        return;
    }
    p->part = &p->result->parts[p->result->count++];
    *p->part = part;
    p->field = (struct buf){.mem = p->mem};
    if (part.filename)
        open_file(p);
}

static void add_to_field(struct multipart_parser *p, const char *bytes, size_t n)
{
    if (n > LIMIT_MULTIPART_FIELD_BYTES - p->field.len)
        fail_with(p, "multipart.field_too_large");
    else
        buf_add(&p->field, bytes, n);
}

/* Bytes that are no delimiter. */
static void add_content(struct multipart_parser *p, const char *bytes, size_t n)
{
    if (p->stage == CONTENT && p->part->fd >= 0) {
        add_to_file(p, bytes, n);
    } else if (p->stage == CONTENT) {
        add_to_field(p, bytes, n);
    } else {
        p->ignored += n;
        if (p->ignored > LIMIT_MULTIPART_IGNORED_BYTES)
            fail_with(p, "multipart.boundary");
    }
}

static void end_part(struct multipart_parser *p)
{
    if (p->part->fd >= 0) {
        flush_file(p);
        if (lseek(p->part->fd, 0, SEEK_SET) != 0)
            p->failure = E_UNAVAILABLE;
        return;
    }
    buf_add(&p->field, "", 0);
    if (!utf8_valid(p->field.data, p->field.len) || memchr(p->field.data, '\0', p->field.len))
        fail_with(p, "multipart.encoding");
    p->part->value = p->field.data;
    p->part->size = p->field.len;
}

/* --- the machine: each step eats some of the bytes and says how many --------------------------------------------------- */

static void delimiter_seen(struct multipart_parser *p)
{
    if (p->stage == CONTENT)
        end_part(p);
    p->matched = 0;
    p->head_len = 0;
    p->stage = AFTER_DELIMITER;
}

static size_t eat_content(struct multipart_parser *p, const char *bytes, size_t n)
{
    if (p->matched == 0 && *bytes != '\r') {
        const char *cr = memchr(bytes, '\r', n);
        size_t run = cr ? (size_t)(cr - bytes) : n;
        add_content(p, bytes, run);
        return run;
    }
    if (*bytes != p->delimiter[p->matched]) {
        size_t content = p->matched;
        p->matched = 0;
        add_content(p, p->delimiter, content);
        return 0;
    }
    if (++p->matched == p->delimiter_len)
        delimiter_seen(p);
    return 1;
}

/* Adds one byte to head; true when head now ends with `end`. */
static bool head_ends(struct multipart_parser *p, char byte, const char *end, const char *fault)
{
    size_t n = strlen(end);
    if (p->head_len == sizeof p->head) {
        fail_with(p, fault);
        return false;
    }
    p->head[p->head_len++] = byte;
    return p->head_len >= n && memcmp(p->head + p->head_len - n, end, n) == 0;
}

/* Whether head from `from` to its end is nothing but the blanks that a mail gateway may have added to a line. */
static bool head_blank(const struct multipart_parser *p, size_t from)
{
    for (; from < p->head_len; from++)
        if (p->head[from] != ' ' && p->head[from] != '\t')
            return false;
    return true;
}

/* Whether head is what makes a delimiter the last one. */
static bool head_closes(const struct multipart_parser *p)
{
    return p->head_len >= 2 && memcmp(p->head, "--", 2) == 0 && head_blank(p, 2);
}

static size_t eat_delimiter_line(struct multipart_parser *p, const char *bytes, size_t n)
{
    (void)n;
    if (!head_ends(p, *bytes, "\r\n", "multipart.boundary"))
        return 1;
    p->head_len -= 2;
    if (head_blank(p, 0))
        p->stage = HEADER;
    else if (head_closes(p))
        p->stage = EPILOGUE;
    else
        fail_with(p, "multipart.boundary");
    p->head_len = 0;
    return 1;
}

static size_t eat_header(struct multipart_parser *p, const char *bytes, size_t n)
{
    (void)n;
    if (!head_ends(p, *bytes, p->head_len < 2 ? "\r\n" : "\r\n\r\n", "multipart.header"))
        return 1;
    begin_part(p);
    p->stage = CONTENT;
    return 1;
}

static size_t eat_epilogue(struct multipart_parser *p, const char *bytes, size_t n)
{
    add_content(p, bytes, n);
    return n;
}

enum err multipart_feed(struct multipart_parser *p, const char *bytes, size_t n)
{
    static size_t (*const eat[])(struct multipart_parser *, const char *, size_t) = {
        [PREAMBLE] = eat_content, [AFTER_DELIMITER] = eat_delimiter_line, [HEADER] = eat_header,
        [CONTENT] = eat_content,  [EPILOGUE] = eat_epilogue,
    };
    while (n > 0 && p->failure == OK) {
        size_t eaten = eat[p->stage](p, bytes, n);
        bytes += eaten;
        n -= eaten;
    }
    return p->failure;
}

enum err multipart_end(struct multipart_parser *p)
{
    bool closed = p->stage == EPILOGUE || (p->stage == AFTER_DELIMITER && head_closes(p));
    if (p->failure == OK && !closed)
        fail_with(p, "multipart.truncated");
    return p->failure;
}
