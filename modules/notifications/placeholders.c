/* Texts with {placeholders}. */
#include "placeholders.h"

#include <string.h>

#include "core/str.h"

enum language language_index(const char *language)
{
    return str_eq(language, "en") ? EN : str_eq(language, "fr") ? FR : KM;
}

enum err placeholders_fill(struct arena *mem, const char *pattern, const json_t *values, char **out)
{
    struct buf text = {.mem = mem};
    buf_str(&text, "");
    while (*pattern) {
        size_t plain = strcspn(pattern, "{");
        buf_add(&text, pattern, plain);
        pattern += plain;
        if (!*pattern)
            break;
        size_t n = strcspn(pattern + 1, "}");
        const char *value = json_string_value(json_object_get(values, arena_strndup(mem, pattern + 1, n)));
        if (!value)
            return E_INVALID;
        buf_str(&text, value);
        pattern += n + 2;
    }
    *out = text.data;
    return OK;
}
