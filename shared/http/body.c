/* Everything the client sent: query string, JSON body or form, checked against the route's fields. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/config.h"
#include "core/limits.h"
#include "http/exchange.h"
#include "json/json_read.h"

#define READ_BYTES 16384

/* --- query string ----------------------------------------------------------------------------------------------- */

static enum err add_pair(struct request *r, const char *text, size_t n, struct pair *pairs, size_t *count)
{
    const char *equals = memchr(text, '=', n);
    size_t name_n = equals ? (size_t)(equals - text) : n;
    char *name, *value = arena_strdup(r->mem, "");
    if (*count >= LIMIT_QUERY_PARAMS || !percent_decode(r->mem, text, name_n, true, &name) ||
        (equals && !percent_decode(r->mem, equals + 1, n - name_n - 1, true, &value)))
        return fail(r, E_INVALID, "request.query");
    pairs[(*count)++] = (struct pair){name, value};
    return OK;
}

static enum err split_query(struct request *r, struct pair *pairs, size_t *count)
{
    const char *q = fcgi_param(r->exchange->fcgi, "QUERY_STRING");
    *count = 0;
    if (q && strlen(q) > LIMIT_QUERY_BYTES)
        return fail(r, E_INVALID, "request.query");
    while (q && *q) {
        size_t n = strcspn(q, "&");
        enum err err = n > 0 ? add_pair(r, q, n, pairs, count) : OK;
        if (err != OK)
            return err;
        q += n + (q[n] == '&');
    }
    return OK;
}

/* limit and cursor belong to every list; they are taken out before the fields are looked at. */
static bool take_pair(struct pair *pairs, size_t *count, const char *name, const char **value)
{
    for (size_t i = 0; i < *count; i++) {
        if (!str_eq(pairs[i].name, name))
            continue;
        *value = pairs[i].value;
        memmove(&pairs[i], &pairs[i + 1], (*count - i - 1) * sizeof *pairs);
        (*count)--;
        return true;
    }
    return false;
}

static bool read_cursor(struct request *r, const char *text)
{
    unsigned char *bytes;
    size_t n;
    if (!base64url_decode(r->mem, text, strlen(text), &bytes, &n) || n == 0 || memchr(bytes, 0, n) ||
        !utf8_valid((const char *)bytes, n))
        return false;
    char *first = arena_strndup(r->mem, (const char *)bytes, n);
    char *separator = strchr(first, '\x1f');
    if (separator) {
        *separator = '\0';
        r->exchange->cursor_2 = separator + 1;
    }
    r->exchange->cursor_1 = first;
    return true;
}

static void read_paging(struct request *r, struct pair *pairs, size_t *count)
{
    static const struct field limit = {.name = "limit", .type = F_INT, .min = 1, .max = LIMIT_LIST_MAX};
    const char *text, *code;
    r->exchange->limit = arena_printf(r->mem, "%d", LIMIT_LIST_DEFAULT);
    if (take_pair(pairs, count, "limit", &text)) {
        r->exchange->limit = field_read_text(r->mem, &limit, text, &code);
        if (!r->exchange->limit)
            fault(r, "/limit", code);
    }
    if (take_pair(pairs, count, "cursor", &text) && !read_cursor(r, text))
        fault(r, "/cursor", "format");
}

/* --- bodies ----------------------------------------------------------------------------------------------------- */

static bool has_type(const char *content_type, const char *wanted)
{
    size_t n = strlen(wanted);
    return content_type && strncasecmp(content_type, wanted, n) == 0 && strchr("; \t", content_type[n]) != NULL;
}

bool body_is_form(const struct request *r)
{
    return has_type(fcgi_param(r->exchange->fcgi, "CONTENT_TYPE"), "multipart/form-data");
}

/* The whole body up to `max` bytes, hashed on the way for idempotency. */
static enum err read_body(struct request *r, size_t max, struct buf *out)
{
    char chunk[READ_BYTES];
    long n;
    while ((n = fcgi_read(r->exchange->fcgi, chunk, sizeof chunk)) > 0) {
        if (out->len + (size_t)n > max)
            return fail_with(r, E_INVALID, 413, "request.too_large", NULL);
        buf_add(out, chunk, (size_t)n);
        if ((size_t)n < sizeof chunk)
            break;
    }
    return n < 0 ? fail(r, E_INVALID, "request.cut_off") : OK;
}

/* A body shorter than announced was cut off on the way, and must not be taken for a whole one. */
static enum err check_length(struct request *r, size_t got)
{
    const char *announced = fcgi_param(r->exchange->fcgi, "CONTENT_LENGTH");
    long n;
    if (announced && *announced && (!str_to_long(announced, &n) || (size_t)n != got))
        return fail(r, E_INVALID, "request.cut_off");
    return OK;
}

static const char *sha256_hex(struct arena *mem, const void *bytes, size_t n)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_Digest(bytes, n, digest, &size, EVP_sha256(), NULL) != 1)
        abort();
    return hex_encode(mem, digest, size);
}

/* No body at all stands for {}: every field is absent, and the required ones are reported. */
static enum err parse_object(struct request *r, const struct buf *body, json_t **object)
{
    struct json_fault broken = {0};
    if (body->len > 0 && !has_type(fcgi_param(r->exchange->fcgi, "CONTENT_TYPE"), "application/json"))
        return fail_with(r, E_INVALID, 415, "request.content_type", NULL);
    *object = json_read(r->mem, body->len ? body->data : "{}", body->len ? body->len : 2, &broken);
    if (!*object)
        return fail_with(r, E_INVALID, 400, broken.code,
                         arena_printf(r->mem, "{\"line\":%ld,\"column\":%ld}", broken.line, broken.column));
    return json_is_object(*object) ? OK : fail(r, E_INVALID, "json.not_object");
}

static enum err read_json_body(struct request *r)
{
    struct buf body = {.mem = r->mem};
    json_t *object = NULL;
    enum err err = read_body(r, LIMIT_JSON_BODY_BYTES, &body);
    if (err == OK)
        err = check_length(r, body.len);
    if (err == OK)
        err = parse_object(r, &body, &object);
    if (err != OK)
        return err;
    r->exchange->body_hash = sha256_hex(r->mem, body.len ? body.data : "", body.len);
    r->exchange->body = body.data;
    fields_read_json(r->mem, r->route->fields, object, r->inputs + r->input_count, &r->faults);
    return OK;
}

static enum err multipart_refusal(struct request *r, enum err err, const struct multipart *form)
{
    if (err == E_UNAVAILABLE)
        return fail_with(r, E_UNAVAILABLE, 507, "storage.full", NULL);
    bool too_large = str_eq(form->fault, "multipart.file_too_large");
    return fail_with(r, E_INVALID, too_large ? 413 : 400, form->fault, NULL);
}

static enum err feed_form(struct request *r, struct multipart_parser *parser, EVP_MD_CTX *hash, size_t *total)
{
    char chunk[READ_BYTES];
    long n;
    while ((n = fcgi_read(r->exchange->fcgi, chunk, sizeof chunk)) > 0) {
        *total += (size_t)n;
        EVP_DigestUpdate(hash, chunk, (size_t)n);
        enum err err = multipart_feed(parser, chunk, (size_t)n);
        if (err != OK)
            return err;
        if ((size_t)n < sizeof chunk)
            break;
    }
    return n < 0 ? E_INVALID : multipart_end(parser);
}

/* Plain parts are fields; the one file part belongs to the handler. */
static void take_parts(struct request *r, const struct multipart *form)
{
    struct pair *pairs = arena_array(r->mem, form->count + 1, sizeof *pairs);
    size_t n = 0;
    for (size_t i = 0; i < form->count; i++) {
        const struct multipart_part *part = &form->parts[i];
        if (part->fd < 0)
            pairs[n++] = (struct pair){part->name, part->value};
        else if (!r->file)
            r->file = part;
        else
            fault(r, arena_printf(r->mem, "/%s", part->name), "unknown");
    }
    fields_read_pairs(r->mem, r->route->fields, pairs, n, r->inputs + r->input_count, &r->faults);
}

static void free_hash(void *hash)
{
    EVP_MD_CTX_free(hash);
}

static enum err read_form_body(struct request *r)
{
    const char *content_type = fcgi_param(r->exchange->fcgi, "CONTENT_TYPE");
    struct multipart *form = arena_alloc(r->mem, sizeof *form);
    struct multipart_parser *parser;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    size_t total = 0;
    arena_defer(r->mem, free_hash, hash);
    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    enum err err = multipart_new(r->mem, content_type, config_text("DASTERN_TMP_DIR"), LIMIT_UPLOAD_BYTES, &parser, form);
    if (err == OK)
        err = feed_form(r, parser, hash, &total);
    if (err != OK)
        return form->fault || err == E_UNAVAILABLE ? multipart_refusal(r, err, form)
                                                   : fail(r, E_INVALID, "request.cut_off");
    err = check_length(r, total);
    if (err != OK)
        return err;
    if (EVP_DigestFinal_ex(hash, digest, &size) != 1)
        abort();
    r->exchange->body_hash = hex_encode(r->mem, digest, size);
    take_parts(r, form);
    return OK;
}

static size_t count_fields(const struct field *fields)
{
    size_t n = 0;
    while (fields && fields[n].name)
        n++;
    return n;
}

static enum err read_query_input(struct request *r)
{
    struct pair pairs[LIMIT_QUERY_PARAMS];
    size_t count;
    enum err err = split_query(r, pairs, &count);
    if (err != OK)
        return err;
    if (r->route->flags & R_LIST)
        read_paging(r, pairs, &count);
    const struct field *fields = r->method == GET ? r->route->fields : NULL;
    fields_read_pairs(r->mem, fields, pairs, count, r->inputs + r->input_count, &r->faults);
    return OK;
}

enum err request_read_input(struct request *r)
{
    enum err err = read_query_input(r);
    if (err != OK)
        return err;
    if (r->method != GET) {
        err = r->is_form ? read_form_body(r) : read_json_body(r);
        if (err != OK)
            return err;
    }
    r->input_count += count_fields(r->route->fields);
    return r->faults.count > 0 ? fail_fields(r) : OK;
}
