/* A flat list of names, compared one by one: a thousand of them take well under a millisecond. */
#include "lexicon.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 20000, NAME_BYTES = 64 };
static const double SUGGESTION_FLOOR = 0.6;

struct lexicon { char (*names)[NAME_BYTES]; int count, room; };

static bool add_name(struct lexicon *lexicon, const char *name)
{
    if (lexicon->count == lexicon->room) {
        int room = lexicon->room ? 2 * lexicon->room : 512;
        char (*names)[NAME_BYTES] = room <= NAMES_MAX ? realloc(lexicon->names, (size_t)room * NAME_BYTES) : NULL;
        if (!names) return false;
        lexicon->names = names;
        lexicon->room = room;
    }
    text_copy(lexicon->names[lexicon->count++], NAME_BYTES, name);
    return true;
}

struct lexicon *lexicon_load(const char *path)
{
    FILE *file = path ? fopen(path, "r") : NULL;
    struct lexicon *lexicon = file ? calloc(1, sizeof *lexicon) : NULL;
    char line[512];
    while (lexicon && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\t\r\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0') continue;
        if (!add_name(lexicon, line)) break;
    }
    if (file) fclose(file);
    return lexicon;
}

void lexicon_free(struct lexicon *lexicon)
{
    if (!lexicon) return;
    free(lexicon->names);
    free(lexicon);
}

double lexicon_score(const struct lexicon *lexicon, const char *name)
{
    double best = 0;
    for (int i = 0; lexicon && i < lexicon->count; i++) {
        double score = text_likeness(name, lexicon->names[i]);
        best = score > best ? score : best;
    }
    return best;
}

bool lexicon_has(const struct lexicon *lexicon, const char *name)
{
    for (int i = 0; lexicon && i < lexicon->count; i++)
        if (strcmp(lexicon->names[i], name) == 0) return true;
    return false;
}

void lexicon_suggest(const struct lexicon *lexicon, const char *name, char suggestions[3][64])
{
    double scores[3] = { SUGGESTION_FLOOR, SUGGESTION_FLOOR, SUGGESTION_FLOOR };
    memset(suggestions, 0, 3 * sizeof *suggestions);
    for (int i = 0; lexicon && i < lexicon->count; i++) {
        double score = text_likeness(name, lexicon->names[i]);
        for (int k = 0; k < 3; k++) {
            if (score <= scores[k]) continue;
            for (int down = 2; down > k; down--) {
                scores[down] = scores[down - 1];
                memcpy(suggestions[down], suggestions[down - 1], sizeof *suggestions);
            }
            scores[k] = score;
            text_copy(suggestions[k], sizeof *suggestions, lexicon->names[i]);
            break;
        }
    }
}
