/* The texts of multipart/form-data that have a grammar: the request's Content-Type and the headers of a part. */
#ifndef DASTERN_HTTP_MULTIPART_HEADER_H
#define DASTERN_HTTP_MULTIPART_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"

#define MULTIPART_BOUNDARY_BYTES 70 /* RFC 2046 §5.1.1 */

struct multipart_part;

/* The boundary in `multipart/form-data; boundary=…`, or NULL. */
const char *multipart_boundary(struct arena *mem, const char *content_type);

/* Reads the header lines of one part (each ended by CRLF, without the empty line) into its name, filename and type. Known are
 * Content-Disposition and Content-Type; Content-Length and an identity Content-Transfer-Encoding, which Dart and Java clients
 * send, are let pass; anything else makes it false. */
bool multipart_part_header(struct arena *mem, const char *lines, size_t n, struct multipart_part *part);

#endif
