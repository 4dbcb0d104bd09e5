/* Three neighbouring parts that make a day, a month and a year. */
#include "dates.h"

#include "text.h"

#include <stdio.h>
#include <string.h>

enum { PARTS_MAX = 24, GAP_MAX = 14 /* code points between the parts of one date, such as "ខែ" */ };

struct part { int value, digits, month, from, to; }; /* month: 1..12 for a word that names one */

static const struct { const char *name; int month; } months[] = { { "janvier", 1 }, { "février", 2 }, { "mars", 3 }, { "avril", 4 }, { "mai", 5 },
    { "juin", 6 }, { "juillet", 7 }, { "août", 8 }, { "septembre", 9 }, { "octobre", 10 }, { "novembre", 11 }, { "décembre", 12 }, { "january", 1 },
    { "february", 2 }, { "march", 3 }, { "april", 4 }, { "may", 5 }, { "june", 6 }, { "july", 7 }, { "august", 8 }, { "september", 9 },
    { "october", 10 }, { "november", 11 }, { "december", 12 }, { "jan", 1 }, { "feb", 2 }, { "mar", 3 }, { "apr", 4 }, { "jun", 6 }, { "jul", 7 },
    { "aug", 8 }, { "sep", 9 }, { "oct", 10 }, { "nov", 11 }, { "dec", 12 }, { "មករា", 1 }, { "កុម្ភៈ", 2 }, { "មីនា", 3 }, { "មេសា", 4 }, { "ឧសភា", 5 },
    { "មិថុនា", 6 }, { "កក្កដា", 7 }, { "សីហា", 8 }, { "កញ្ញា", 9 }, { "តុលា", 10 }, { "វិច្ឆិកា", 11 }, { "ធ្នូ", 12 } };

static bool is_digit(uint32_t point) { return (point >= '0' && point <= '9') || (point >= 0x17e0 && point <= 0x17e9); }
static int digit_value(uint32_t point) { return (int)(point <= '9' ? point - '0' : point - 0x17e0); }

static int month_named(const char *word)
{
    double best = 0.79;
    int month = 0;
    for (size_t i = 0; i < sizeof months / sizeof *months; i++) {
        double score = text_likeness(word, months[i].name);
        if (score <= best) continue;
        best = score;
        month = months[i].month;
    }
    return month;
}

static int take_parts(const char *line, struct part parts[PARTS_MAX])
{
    int count = 0, at = 0;
    const char *p = line;
    while (*p && count < PARTS_MAX) {
        const char *start = p;
        uint32_t point = text_next(&p);
        int from = at++;
        struct part part = { .from = from };
        if (is_digit(point)) {
            part.value = digit_value(point);
            part.digits = 1;
            for (const char *next = p; is_digit(point = text_next(&next)) && part.digits < 8; p = next, at++, part.digits++)
                part.value = part.value * 10 + digit_value(point);
        } else if (point > 'A') {
            char word[64];
            for (const char *next = p; (point = text_next(&next)) > 'A' && !is_digit(point); p = next) at++;
            snprintf(word, sizeof word, "%.*s", (int)(p - start), start);
            part.month = month_named(word);
            if (!part.month) continue;
        } else {
            continue;
        }
        part.to = at;
        parts[count++] = part;
    }
    return count;
}

static bool is_day(const struct part *p) { return !p->month && p->digits <= 2 && p->value >= 1 && p->value <= 31; }
static bool is_month(const struct part *p) { return p->month || (p->digits <= 2 && p->value >= 1 && p->value <= 12); }
static bool is_year(const struct part *p) { return !p->month && p->digits == 4 && p->value >= 1990 && p->value <= 2100; }
static bool is_short_year(const struct part *p) { return !p->month && p->digits == 2 && p->value >= 15; }

static bool write_date(const struct part *year, const struct part *month, const struct part *day, char out[11])
{
    int full = year->value < 100 ? 2000 + year->value : year->value;
    return snprintf(out, 11, "%04d-%02d-%02d", full % 10000, (month->month ? month->month : month->value) % 100, day->value % 100) == 10;
}

/* Two digits each, as in "08 02 5 2021": what stands between month and year was a word that was read as a digit. */
static bool is_split(const struct part *parts, int left)
{
    const struct part *a = parts, *b = a + 1, *junk = a + 2, *year = a + 3;
    return left > 3 && is_day(a) && is_month(b) && a->digits == 2 && b->digits == 2 && junk->digits == 1 && is_year(year) &&
           year->from - b->to <= GAP_MAX;
}

bool dates_find(const char *line, char out[11], bool *sure)
{
    struct part parts[PARTS_MAX];
    int count = take_parts(line, parts);
    *sure = true;
    for (int i = 0; i + 2 < count; i++) {
        const struct part *a = &parts[i], *b = a + 1, *c = a + 2;
        if (b->from - a->to > GAP_MAX || c->from - b->to > GAP_MAX) continue;
        if (is_split(a, count - i)) {
            *sure = false;
            return write_date(a + 3, b, a, out);
        }
        if (is_day(a) && is_month(b) && is_year(c)) return write_date(c, b, a, out);
        if (is_year(a) && is_month(b) && is_day(c)) return write_date(a, b, c, out);
        if (a->month && is_day(b) && is_year(c)) return write_date(c, a, b, out);
        *sure = false;
        if (is_day(a) && is_month(b) && is_short_year(c)) return write_date(c, b, a, out);
        if (is_month(a) && is_day(b) && is_year(c)) return write_date(c, a, b, out);
    }
    return false;
}

bool dates_is_plausible(const char *date, time_t today)
{
    enum { DAY = 24 * 60 * 60, YEARS_MAX = 10 };
    char latest[11], oldest[11];
    struct tm day;
    time_t tomorrow = today + DAY;
    if (!gmtime_r(&tomorrow, &day) || strftime(latest, sizeof latest, "%Y-%m-%d", &day) == 0) return false;
    day.tm_year -= YEARS_MAX;
    return strftime(oldest, sizeof oldest, "%Y-%m-%d", &day) > 0 && strcmp(date, oldest) >= 0 && strcmp(date, latest) <= 0;
}
