/* JSON in and out: what is accepted keeps within the limits and comes back the same; what is refused says why. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/str.h"
#include "json/json_read.h"
#include "json/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_fault(const struct json_fault *fault)
{
    static const char *const codes[] = {"json.syntax", "json.depth", "json.duplicate_key", "json.encoding", "json.nul", "json.number"};
    bool known = false;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        known |= str_eq(fault->code, codes[i]);
    require(known && fault->line >= 1 && fault->column >= 1);
}

static void check_string(struct arena *mem, const char *s)
{
    struct buf text = {.mem = mem};
    struct json_out out = {.to = &text};
    struct json_fault fault;
    require(utf8_valid(s, strlen(s)));
    json_str(&out, s);
    require(str_eq(json_string_value(json_read(mem, text.data, text.len, &fault)), s));
}

/* Within 15 digits' rounding of itself. */
static void check_number(struct arena *mem, const json_t *number)
{
    double value = json_number_value(number), back = strtod(json_number_text(mem, number), NULL);
    require(isfinite(value) && fabs(back - value) <= fabs(value) * 1e-14);
}

static void check_value(struct arena *mem, json_t *value, int depth)
{
    const char *key;
    json_t *item;
    size_t i;
    require(depth <= LIMIT_JSON_DEPTH + 1);
    json_object_foreach(value, key, item)
    {
        check_string(mem, key);
        check_value(mem, item, depth + 1);
    }
    json_array_foreach(value, i, item) check_value(mem, item, depth + 1);
    if (json_is_string(value)) {
        require(strlen(json_string_value(value)) == json_string_length(value));
        check_string(mem, json_string_value(value));
    }
    if (json_is_number(value))
        check_number(mem, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *mem = arena_new(4096);
    struct json_fault fault = {0};
    json_t *value = json_read(mem, (const char *)data, size, &fault);
    if (value) {
        check_value(mem, value, 1);
        char *text = json_text(mem, value);
        json_t *again = json_read(mem, text, strlen(text), &fault);
        require(again && str_eq(json_text(mem, again), text));
    } else {
        check_fault(&fault);
    }
    arena_free(mem);
    return 0;
}
