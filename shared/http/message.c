/* Looking up messages, and choosing their language. */
#include "http/message.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"

static int compare_code(const void *code, const void *row)
{
    return strcmp(code, ((const struct message *)row)->code);
}

const char *message_text(const char *code, const char *language)
{
    const struct message *m = bsearch(code, messages, messages_count, sizeof *m, compare_code);
    if (!m)
        return NULL;
    if (str_eq(language, "km"))
        return m->text[KM];
    return str_eq(language, "fr") ? m->text[FR] : m->text[EN];
}

/* The name when a range such as "fr-FR" asks for one of our languages. */
static const char *known_language(const char *range)
{
    static const char *const known[] = {"km", "en", "fr"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncasecmp(range, known[i], 2) == 0 && (range[2] == '\0' || strchr("-,; \t", range[2])))
            return known[i];
    return NULL;
}

static double quality(const char *range)
{
    const char *q = memmem(range, strcspn(range, ","), "q=", 2);
    return q ? strtod(q + 2, NULL) : 1.0;
}

const char *language_choose(const char *accept_language)
{
    const char *best = "en";
    double best_quality = 0;
    for (const char *p = accept_language; p && *p; p += strcspn(p, ",")) {
        p += strspn(p, ", \t");
        const char *name = known_language(p);
        if (name && quality(p) > best_quality) {
            best = name;
            best_quality = quality(p);
        }
    }
    return best;
}
