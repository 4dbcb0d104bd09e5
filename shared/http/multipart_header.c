/* Strict reading: one way to write each thing, so that nobody in front of us can have understood another. */
#include "http/multipart_header.h"

#include <string.h>

#include "core/str.h"
#include "http/multipart.h"

#define TOKEN_CHARS "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define BOUNDARY_CHARS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=? "

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t");
}

/* Moves *s behind the token it starts with (in lower case), NULL when there is none. */
static char *take_token(struct arena *mem, const char **s)
{
    size_t n = strspn(*s, TOKEN_CHARS);
    if (n == 0)
        return NULL;
    char *token = arena_strndup(mem, *s, n);
    for (char *c = token; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    *s += n;
    return token;
}

/* Moves *s behind a quoted string; only '"' and '\' may be escaped. NULL when it is none. */
static char *take_quoted(struct arena *mem, const char **s)
{
    const char *p = *s + 1;
    char *text = arena_alloc(mem, strlen(p) + 1), *o = text;
    for (; *p && *p != '"'; p++) {
        if (*p == '\\' && *++p != '"' && *p != '\\')
            return NULL;
        *o++ = *p;
    }
    if (*p != '"')
        return NULL;
    *s = p + 1;
    return text;
}

static const char *take_value(struct arena *mem, const char **s)
{
    if (**s == '"')
        return take_quoted(mem, s);
    size_t n = strspn(*s, TOKEN_CHARS);
    const char *value = n ? arena_strndup(mem, *s, n) : NULL;
    *s += n;
    return value;
}

struct param {
    const char *name, *value; /* name in lower case */
};

/* Takes `; name=value` off *s. 1: taken, 0: the text is over, -1: neither. */
static int take_param(struct arena *mem, const char **s, struct param *out)
{
    const char *p = skip_space(*s);
    if (!*p)
        return 0;
    if (*p != ';')
        return -1;
    p = skip_space(p + 1);
    out->name = take_token(mem, &p);
    if (!out->name || *p != '=')
        return -1;
    p++;
    out->value = take_value(mem, &p);
    *s = p;
    return out->value ? 1 : -1;
}

/* Takes `type/subtype` off *s, in lower case; NULL when there is none. */
static const char *take_media_type(struct arena *mem, const char **s)
{
    const char *type = take_token(mem, s);
    if (!type || **s != '/')
        return NULL;
    ++*s;
    const char *subtype = take_token(mem, s);
    return subtype ? arena_printf(mem, "%s/%s", type, subtype) : NULL;
}

static bool boundary_ok(const char *boundary)
{
    size_t n = strlen(boundary);
    return n >= 1 && n <= MULTIPART_BOUNDARY_BYTES && strspn(boundary, BOUNDARY_CHARS) == n && boundary[n - 1] != ' ';
}

const char *multipart_boundary(struct arena *mem, const char *content_type)
{
    const char *s = skip_space(content_type), *boundary = NULL;
    const char *type = take_media_type(mem, &s);
    if (!type || !str_eq(type, "multipart/form-data"))
        return NULL;
    struct param p;
    int more;
    while ((more = take_param(mem, &s, &p)) > 0) {
        if (!str_eq(p.name, "boundary"))
            continue;
        if (boundary)
            return NULL;
        boundary = p.value;
    }
    return more == 0 && boundary && boundary_ok(boundary) ? boundary : NULL;
}

static bool read_disposition(struct arena *mem, const char *value, struct multipart_part *part)
{
    if (part->name)
        return false;
    const char *kind = take_token(mem, &value);
    if (!kind || !str_eq(kind, "form-data"))
        return false;
    struct param p;
    int more;
    while ((more = take_param(mem, &value, &p)) > 0) {
        const char **to = str_eq(p.name, "name") ? &part->name : str_eq(p.name, "filename") ? &part->filename : NULL;
        if (!to || *to)
            return false;
        *to = p.value;
    }
    return more == 0 && part->name && *part->name;
}

static bool read_type(struct arena *mem, const char *value, struct multipart_part *part)
{
    if (part->type)
        return false;
    part->type = take_media_type(mem, &value);
    if (!part->type || str_starts(part->type, "multipart/"))
        return false;
    struct param p;
    int more;
    while ((more = take_param(mem, &value, &p)) > 0)
        if (str_eq(p.name, "charset") && !str_ieq(p.value, "utf-8") && !str_ieq(p.value, "us-ascii"))
            return false;
    return more == 0;
}

static bool is_identity(const char *value)
{
    return str_ieq(value, "binary") || str_ieq(value, "8bit") || str_ieq(value, "7bit");
}

/* One line without its CRLF. */
static bool read_line(struct arena *mem, const char *line, struct multipart_part *part)
{
    const char *name = take_token(mem, &line);
    if (!name || *line != ':')
        return false;
    const char *value = skip_space(line + 1);
    if (str_eq(name, "content-disposition"))
        return read_disposition(mem, value, part);
    if (str_eq(name, "content-type"))
        return read_type(mem, value, part);
    if (str_eq(name, "content-transfer-encoding"))
        return is_identity(value);
    return str_eq(name, "content-length") && *value && value[strspn(value, "0123456789")] == '\0';
}

/* No control characters but TAB, and no bytes that are no UTF-8. */
static bool line_text_ok(const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return false;
    return utf8_valid(line, n);
}

bool multipart_part_header(struct arena *mem, const char *lines, size_t n, struct multipart_part *part)
{
    const char *end = lines + n;
    while (lines < end) {
        const char *eol = memmem(lines, (size_t)(end - lines), "\r\n", 2);
        if (!eol || !line_text_ok(lines, (size_t)(eol - lines)))
            return false;
        if (!read_line(mem, arena_strndup(mem, lines, (size_t)(eol - lines)), part))
            return false;
        lines = eol + 2;
    }
    return part->name != NULL;
}
