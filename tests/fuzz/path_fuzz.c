/* A request target: decoding, routing, query parameters. Also: whatever matched must really have the pattern's form. */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "http/route.h"

static enum err nothing(struct request *r, const struct sql_stmt *sql)
{
    (void)r;
    (void)sql;
    return OK;
}

static const struct field fields[] = {
    {.name = "patient_id", .type = F_UUID}, {.name = "from", .type = F_DATE}, {.name = "q", .type = F_TEXT, .max = 100},
    {.name = "active", .type = F_BOOL}, {.name = "n", .type = F_DECIMAL, .min = 0, .max = 10}, {0}};
static const struct route routes[] = {
    {GET, "/doses", SIGNED_IN, 0, fields, nothing, NULL},
    {GET, "/doses/{dose_id:uuid}", SIGNED_IN, 0, NULL, nothing, NULL},
    {GET, "/a/{x:token}/b/{y:token}.ics", ANYONE, 0, NULL, nothing, NULL},
    {0}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *mem = arena_new(4096);
    struct field_faults faults = {.mem = mem};
    struct route_match m;
    struct input in[8];
    char *target = arena_strndup(mem, (const char *)data, size), *path, *value;
    char *query = strchr(target, '?');
    size_t path_n = query ? (size_t)(query - target) : strlen(target);
    if (percent_decode(mem, target, path_n, false, &path)) {
        route_find(mem, routes, GET, path, &m);
        for (size_t i = 0; i < m.capture_count; i++)
            if (m.captures[i].value[strspn(m.captures[i].value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")])
                abort();
    }
    if (query && percent_decode(mem, query + 1, strlen(query + 1), true, &value)) {
        for (const struct field *f = fields; f->name; f++) {
            const struct pair pair = {f->name, value};
            fields_read_pairs(mem, fields, &pair, 1, in, &faults);
        }
    }
    arena_free(mem);
    return 0;
}
