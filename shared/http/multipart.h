/* multipart/form-data (RFC 7578), streaming: small fields stay in memory, one file goes to an unlinked temporary file. */
#ifndef DASTERN_HTTP_MULTIPART_H
#define DASTERN_HTTP_MULTIPART_H

#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"

struct multipart_part {
    const char *name;      /* valid UTF-8 */
    const char *filename;  /* NULL for a plain field; never used as a path */
    const char *type;      /* declared content type, lower case, or NULL */
    const char *value;     /* plain field: NUL-terminated valid UTF-8 without U+0000 */
    int fd;                /* file: open, unlinked, at offset 0; -1 for a plain field. Closed with the arena. */
    size_t size;           /* bytes */
};

struct multipart {
    struct multipart_part *parts;
    size_t count;
    const char *fault; /* after E_INVALID: multipart.boundary, .truncated, .header, .too_many_parts, .field_too_large,
                          .file_too_large (413), .encoding, .duplicate */
};

struct multipart_parser;

/* `content_type` is the request's header. E_INVALID (fault multipart.boundary) when it names no usable boundary. */
enum err multipart_new(struct arena *mem, const char *content_type, const char *tmp_dir, size_t max_file_bytes,
                       struct multipart_parser **out, struct multipart *result) MUST_CHECK;
/* Feed any slicing of the body. E_INVALID: see result->fault. E_UNAVAILABLE: the disk is full or failing (507). */
enum err multipart_feed(struct multipart_parser *p, const char *bytes, size_t n) MUST_CHECK;
/* The body is over. E_INVALID with multipart.truncated unless the closing boundary was seen. */
enum err multipart_end(struct multipart_parser *p) MUST_CHECK;

#endif
