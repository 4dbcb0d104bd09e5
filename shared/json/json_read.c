/* JSON in, by jansson, behind checks it lacks: a small depth, and codes a client can rely on. */
#include "json/json_read.h"

#include <float.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/str.h"

/* Prints reals with the digits every double keeps: a decimal of up to 15 significant digits comes out as it went in. */
#define TEXT_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(DBL_DIG))

/* Bodies hold passwords and diagnoses. */
static void wipe_and_free(void *p)
{
    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

/* jansson would take having no memory for wrong input, or leave out what it was to write. */
static void *allocate(size_t n)
{
    return xrealloc(NULL, n);
}

void json_own_memory(void)
{
    json_set_alloc_funcs(allocate, wipe_and_free);
}

static void fault_at(struct json_fault *fault, const char *code, const char *text, size_t pos)
{
    *fault = (struct json_fault){.code = code, .line = 1, .column = 1};
    for (size_t i = 0; i < pos; i++) {
        fault->column++;
        if (text[i] == '\n') {
            fault->line++;
            fault->column = 1;
        }
    }
}

/* The offset just after the string whose opening quote is at i, or n. */
static size_t skip_string(const char *text, size_t n, size_t i)
{
    for (i++; i < n && text[i] != '"'; i++)
        if (text[i] == '\\')
            i++;
    return i < n ? i + 1 : n;
}

/* The offset of the bracket that opens one level too many, or n. jansson's own limit (2048) leaves too much stack to others. */
static size_t too_deep(const char *text, size_t n)
{
    int depth = 0;
    for (size_t i = 0; i < n;) {
        if (text[i] == '"') {
            i = skip_string(text, n, i);
            continue;
        }
        if (text[i] == '{' || text[i] == '[')
            depth++;
        else if (text[i] == '}' || text[i] == ']')
            depth--;
        if (depth > LIMIT_JSON_DEPTH)
            return i;
        i++;
    }
    return n;
}

static const char *code_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        return "json.duplicate_key";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "json.nul";
    case json_error_invalid_utf8:
        return "json.encoding";
    case json_error_stack_overflow:
        return "json.depth";
    case json_error_numeric_overflow:
        return "json.number";
    default:
        return "json.syntax";
    }
}

static size_t bad_utf8(const char *text, size_t n)
{
    size_t i = 0, len;
    while (i < n && (len = utf8_next(text + i, n - i)) > 0)
        i += len;
    return i;
}

/* What jansson does not check, or not with a code of its own. */
static bool scan(const char *text, size_t n, struct json_fault *fault)
{
    size_t at = bad_utf8(text, n);
    if (at < n)
        return fault_at(fault, "json.encoding", text, at), false;
    const char *nul = memchr(text, '\0', n);
    if (nul)
        return fault_at(fault, "json.nul", text, (size_t)(nul - text)), false;
    at = too_deep(text, n);
    if (at < n)
        return fault_at(fault, "json.depth", text, at), false;
    return true;
}

static void release(void *value)
{
    json_decref(value);
}

json_t *json_read(struct arena *mem, const char *text, size_t n, struct json_fault *fault)
{
    if (!scan(text, n, fault))
        return NULL;
    json_error_t error;
    json_t *value = json_loadb(text, n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!value) {
        size_t pos = error.position > 0 ? (size_t)error.position : 0;
        fault_at(fault, code_of(&error), text, pos < n ? pos : n);
        return NULL;
    }
    arena_defer(mem, release, value);
    return value;
}

json_t *json_read_part(struct arena *mem, const char *part, size_t n)
{
    unsigned char *bytes;
    size_t len;
    struct json_fault fault;
    if (!base64url_decode(mem, part, n, &bytes, &len))
        return NULL;
    json_t *value = json_read(mem, (const char *)bytes, len, &fault);
    return json_is_object(value) ? value : NULL;
}

static int append(const char *bytes, size_t n, void *to)
{
    buf_add(to, bytes, n);
    return 0;
}

char *json_text(struct arena *mem, const json_t *value)
{
    struct buf out = {.mem = mem};
    buf_add(&out, "", 0);
    json_dump_callback(value, append, &out, TEXT_FLAGS);
    return out.data;
}

char *json_number_text(struct arena *mem, const json_t *number)
{
    if (json_is_integer(number))
        return arena_printf(mem, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
    double value = json_real_value(number);
    return value == 0 ? arena_strdup(mem, "0") : arena_printf(mem, "%.*g", DBL_DIG, value);
}
