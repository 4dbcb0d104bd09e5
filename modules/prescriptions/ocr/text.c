/* Folding and edit distance over code points. */
#include "text.h"

#include <stdlib.h>
#include <string.h>

uint32_t text_next(const char **utf8)
{
    const unsigned char *p = (const unsigned char *)*utf8;
    if (*p == 0) return 0;
    int more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : -1;
    if (more < 0) { (*utf8)++; return 0xfffd; }
    uint32_t point = more == 0 ? *p : *p & (0x3fu >> more);
    int used = 1;
    for (; used <= more && (p[used] & 0xc0) == 0x80; used++) point = point << 6 | (p[used] & 0x3fu);
    *utf8 += used;
    return used == more + 1 ? point : 0xfffd;
}

/* Latin-1 letters without their accents, lower case. */
static uint32_t fold_latin(uint32_t point)
{
    static const char base[] = "aaaaaaaceeeeiiiidnooooo ouuuuypsaaaaaaaceeeeiiiidnooooo ouuuuypy";
    if (point >= 'A' && point <= 'Z') return point + 32;
    if (point >= 0xc0 && point <= 0xff) return (unsigned char)base[point - 0xc0];
    if (point == 0x153 || point == 0x152) return 'o';
    return point;
}

struct text_points text_fold(const char *utf8)
{
    struct text_points out = { .count = 0 };
    const char *start = utf8, *next = utf8;
    for (uint32_t point; (point = text_next(&next)) != 0 && out.count < TEXT_POINTS_MAX; utf8 = next) {
        if (point >= 0x17e0 && point <= 0x17e9) point = point - 0x17e0 + '0';
        point = fold_latin(point);
        bool kept = (point >= '0' && point <= '9') || (point >= 'a' && point <= 'z') || (point >= 0x1780 && point <= 0x17d3);
        if (!kept) continue;
        out.from[out.count] = (int)(utf8 - start);
        out.at[out.count++] = point;
    }
    return out;
}

/* One cell of the table of edit distances, with the text position its best alignment began at. */
struct edit { int cost, start; };

static struct edit cheapest(struct edit change, struct edit above, struct edit left, bool differs)
{
    struct edit best = { change.cost + differs, change.start };
    if (above.cost + 1 < best.cost) best = (struct edit){ above.cost + 1, above.start };
    if (left.cost + 1 < best.cost) best = (struct edit){ left.cost + 1, left.start };
    return best;
}

/* Edit distances of the whole word to the text's parts that end at each point; with `anywhere` what stands before is free. */
static void edit_row(const struct text_points *text, const struct text_points *word, bool anywhere, struct edit row[TEXT_POINTS_MAX + 1])
{
    for (int t = 0; t <= text->count; t++) row[t] = anywhere ? (struct edit){ 0, t } : (struct edit){ t, 0 };
    for (int w = 1; w <= word->count; w++) {
        struct edit diagonal = row[0];
        row[0].cost = w;
        for (int t = 1; t <= text->count; t++) {
            struct edit above = row[t];
            row[t] = cheapest(diagonal, above, row[t - 1], text->at[t - 1] != word->at[w - 1]);
            diagonal = above;
        }
    }
}

double text_locate(const struct text_points *text, const struct text_points *word, int *first, int *end)
{
    struct edit row[TEXT_POINTS_MAX + 1] = { { 0, 0 } };
    *first = *end = 0;
    if (word->count == 0 || text->count == 0) return 0;
    edit_row(text, word, true, row);
    for (int t = 0; t <= text->count; t++)
        if (row[t].cost < row[*end].cost) *end = t;
    *first = row[*end].start;
    double score = 1 - (double)row[*end].cost / word->count;
    return score > 0 ? score : 0;
}

double text_find(const struct text_points *text, const struct text_points *word)
{
    int first, end;
    return text_locate(text, word, &first, &end);
}

double text_likeness(const char *a, const char *b)
{
    struct text_points x = text_fold(a), y = text_fold(b);
    int longer = x.count > y.count ? x.count : y.count;
    struct edit row[TEXT_POINTS_MAX + 1] = { { 0, 0 } };
    edit_row(&x, &y, false, row);
    return longer == 0 ? 0 : 1 - (double)row[x.count].cost / longer;
}

void text_tidy(char *utf8)
{
    char *out = utf8;
    for (const char *in = utf8; *in; in++) {
        bool space = *in == ' ' || *in == '\n' || *in == '\t' || *in == '\r';
        if (!space) *out++ = *in;
        else if (out > utf8 && out[-1] != ' ') *out++ = ' ';
    }
    while (out > utf8 && out[-1] == ' ') out--;
    *out = '\0';
}

void text_copy(char *out, size_t size, const char *utf8)
{
    size_t length = strlen(utf8);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)utf8[length] & 0xc0) == 0x80) length--;
    }
    memcpy(out, utf8, length);
    out[length] = '\0';
}
