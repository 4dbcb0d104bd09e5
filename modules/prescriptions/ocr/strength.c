/* 50 mg read for 500 mg is a tenfold error that nothing else on the page contradicts: the number is compared with the own reader's,
 * which shares nothing with Tesseract, and whatever looks like a part of a larger expression is doubted. */
#include "strength.h"

#include "lines.h"
#include "own.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char NUMBER[] = "0123456789.,", JOINTS[] = "/+";

/* ---- the text ------------------------------------------------------------------------------------------------- */

static size_t unit_length(const char *text)
{
    static const char *const units[] = { "mcg", "µg", "mg", "ml", "iu", "ui", "mui", "g", "l", "%", "meq", "mmol" };
    size_t best = 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i]);
        bool ends = strncasecmp(text, units[i], length) == 0 && !isalpha((unsigned char)text[length]);
        if (ends && length > best) best = length;
    }
    return best;
}

/* "500", "1,5", "160/12.5": the parts of a compound share the unit behind the last. */
static size_t number_length(const char *text)
{
    size_t length = strspn(text, NUMBER);
    while (length > 0 && text[length] && strchr(JOINTS, text[length]) && isdigit((unsigned char)text[length + 1]))
        length += 1 + strspn(text + length + 1, NUMBER);
    return length;
}

/* "/5ml", "/ 5 ml", "/ml" behind a strength; 0 for none. */
static size_t below_length(const char *text)
{
    if (text[0] != '/') return 0;
    size_t gap = strspn(text + 1, " "), number = strspn(text + 1 + gap, NUMBER), space = strspn(text + 1 + gap + number, " ");
    size_t unit = unit_length(text + 1 + gap + number + space);
    return unit ? 1 + gap + number + space + unit : 0;
}

/* The length of a strength that begins here; 0 when none does. */
static size_t length_at(const char *text)
{
    size_t number = number_length(text);
    if (number == 0 || text[0] == '.' || text[0] == ',') return 0;
    size_t gap = strspn(text + number, " "), unit = unit_length(text + number + gap);
    if (unit == 0) return 0;
    size_t length = number + gap + unit;
    return length + below_length(text + length);
}

bool strength_find(const char *text, size_t *at, size_t *length)
{
    *length = 0;
    for (*at = 1; text[0] && text[*at]; ++*at) {
        bool starts = isdigit((unsigned char)text[*at]) && !isdigit((unsigned char)text[*at - 1]) && !strchr(".,", text[*at - 1]);
        *length = starts ? length_at(text + *at) : 0;
        if (*length) return true;
    }
    return false;
}

/* Nothing is sold as 50 g or 5000 mg: a letter or a point was misread. */
static bool is_unusual(const char *strength)
{
    static const struct { const char *unit; double most; } limits[] = { { "g", 30 }, { "mg", 2000 }, { "mcg", 1000 }, { "µg", 1000 } };
    size_t number = number_length(strength), gap = strspn(strength + number, " "), unit = unit_length(strength + number + gap);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        bool same = strlen(limits[i].unit) == unit && strncasecmp(limits[i].unit, strength + number + gap, unit) == 0;
        if (same && strtod(strength, NULL) > limits[i].most) return true;
    }
    return false;
}

/* A word of the text that begins like a number, up to `end`. */
static bool has_number(const char *text, size_t end)
{
    for (size_t i = 0; i < end && text[i]; i++)
        if ((i == 0 || text[i - 1] == ' ') && strchr(NUMBER, text[i])) return true;
    return false;
}

bool strength_is_doubtful(const char *text)
{
    size_t at, length;
    if (!strength_find(text, &at, &length)) return has_number(text, strlen(text));
    bool joined = text[at - 1] != ' ' && text[at - 1] != '(';
    bool zero = text[at] == '0' && text[at + 1] != '.' && text[at + 1] != ',';
    return joined || zero || is_unusual(text + at) || has_number(text, at) || strpbrk(text + at + length, "0123456789/") != NULL;
}

bool strength_same(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == ' ') a++;
        while (*b == ' ') b++;
        if (*a != *b) return false;
        if (*a == '\0') return true;
    }
}

/* ---- the ink -------------------------------------------------------------------------------------------------- */

static bool same_number(const char *seen, const char *number, size_t length)
{
    if (strlen(seen) != length) return false;
    for (size_t i = 0; i < length; i++)
        if ((seen[i] == ',' ? '.' : seen[i]) != (number[i] == ',' ? '.' : number[i])) return false;
    return true;
}

/* What the own reader makes of ink darker than `level`. */
static struct own_reading read_ink(PIX *part, int level)
{
    struct pieces pieces = own_cut(part, level);
    int height = own_tallest(&pieces);
    struct pieces line = own_first_line(&pieces, height);
    struct own_reading own = own_read(part, &line, height);
    own_drop(&pieces);
    return own;
}

/* Whether the own reader stopped early: where it saw nothing but the beginning, blur has joined the rest. */
static bool is_beginning(const struct own_reading *own, const char *number)
{
    return own->text[0] == '+' || strncmp(own->text, number, strlen(own->text)) == 0;
}

/* A stricter level of ink may tell apart what blur has joined; a number that was seen and is another one stays a doubt. */
static bool reads_as(PIX *part, const char *number, size_t length)
{
    static const int stricter[] = { 0, 25, 45 };
    int level = own_ink_level(part);
    for (size_t i = 0; i < sizeof stricter / sizeof *stricter; i++) {
        struct own_reading own = read_ink(part, level - stricter[i]);
        if (own.confidence > 0.5 && same_number(own.text, number, length)) return true;
        if (!is_beginning(&own, number)) return false;
    }
    return false;
}

bool strength_confirmed(PIX *crop, const struct engine_word *words, int count, const char *strength)
{
    char number[32];
    size_t length = number_length(strength);
    snprintf(number, sizeof number, "%.*s", (int)length, strength);
    for (int i = count - 1; i >= 0; i--) {
        if (!strstr(words[i].text, number)) continue;
        PIX *part = lines_cut(crop, &words[i].box, 12);
        bool confirmed = part && reads_as(part, number, length);
        pixDestroy(&part);
        return confirmed;
    }
    return false;
}

static bool is_seen(const struct piece *p, const struct engine_word *words, int count)
{
    int x = p->x + p->w / 2, y = p->y + p->h / 2;
    for (int i = 0; i < count; i++) {
        const struct ocr_box *box = &words[i].box;
        int slack = box->h / 5;
        if (x >= box->x - slack && x <= box->x + box->w + slack && y >= box->y - slack && y <= box->y + box->h + slack) return true;
    }
    return false;
}

bool strength_ink_unseen(PIX *crop, const struct engine_word *words, int count)
{
    struct pieces pieces = own_cut(crop, own_ink_level(crop));
    int height = 0, unseen = 0;
    for (int i = 0; i < count; i++) height = words[i].box.h > height ? words[i].box.h : height;
    for (int i = 0; i < pieces.count; i++) {
        const struct piece *p = &pieces.at[i];
        unseen += 2 * p->h > height && p->h < 2 * height && p->w < 2 * height && !is_seen(p, words, count);
    }
    own_drop(&pieces);
    return unseen > 1; /* one alone is rather a stain */
}
