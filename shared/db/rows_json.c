/* A row as a JSON object, the reply's shape being the SELECT list. */
#include <string.h>

#include "db/rows.h"
#include "db/value.h"

/* Length of "a" in "a.b"; 0 without a dot. */
static size_t prefix_length(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? (size_t)(dot - name) : 0;
}

/* Closes the object that is open when the next column does not belong to it, opens the one it belongs to. */
static void enter_group(struct json_out *out, struct arena *mem, const char **group, size_t *group_len, const char *name)
{
    size_t n = prefix_length(name);
    bool same = n == *group_len && (n == 0 || strncmp(*group, name, n) == 0);
    if (same)
        return;
    if (*group_len > 0)
        json_close(out, '}');
    if (n > 0) {
        json_key(out, arena_strndup(mem, name, n));
        json_open(out, '{');
    }
    *group = name;
    *group_len = n;
}

void rows_write_object(struct json_out *out, const struct rows *rows, size_t row)
{
    const char *group = "";
    size_t group_len = 0;
    json_open(out, '{');
    for (int c = 0; c < PQnfields(rows->result); c++) {
        const char *name = PQfname(rows->result, c);
        if (name[0] == '_')
            continue;
        enter_group(out, out->to->mem, &group, &group_len, name);
        json_key(out, group_len > 0 ? name + group_len + 1 : name);
        value_json(out, value_at(rows->result, (int)row, c));
    }
    if (group_len > 0)
        json_close(out, '}');
    json_close(out, '}');
}
