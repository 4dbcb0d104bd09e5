/* Asks the own reader and Tesseract for a cell's number, and judges whether they agree. */
#include "number.h"

#include "lines.h"
#include "own.h"
#include "text.h"
#include "words.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FAINT_LEVEL = 247 };

/* ---- text to value ------------------------------------------------------------------------------------------- */

static double fraction_value(const char *text, size_t *length)
{
    static const struct { const char *text; double value; } fractions[] = { { "½", 0.5 }, { "¼", 0.25 }, { "¾", 0.75 },
        { "1/2", 0.5 }, { "1/4", 0.25 }, { "3/4", 0.75 }, { "1/3", 1.0 / 3 }, { "2/3", 2.0 / 3 } };
    for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
        *length = strlen(fractions[i].text);
        bool ends = strncmp(text, fractions[i].text, *length) == 0 && !(text[*length] >= '0' && text[*length] <= '9');
        if (ends) return fractions[i].value;
    }
    *length = 0;
    return 0;
}

double number_parse(const char *text, size_t *length)
{
    double value = fraction_value(text, length);
    if (*length) return value;
    size_t at = 0;
    for (; text[at] >= '0' && text[at] <= '9' && at < 5; at++) value = value * 10 + (text[at] - '0');
    if (at == 0) return NAN;
    *length = at;
    if (text[at] == '/') {
        /* 11/2 is how 1 1/2 looks without its space */
        size_t more;
        double rest = at == 2 ? fraction_value(text + 1, &more) : 0;
        if (rest == 0) return NAN;
        *length = 1 + more;
        return (text[0] - '0') + rest;
    }
    if ((text[at] == '.' || text[at] == ',') && text[at + 1] >= '0' && text[at + 1] <= '9') {
        double unit = 0.1;
        for (at++; text[at] >= '0' && text[at] <= '9'; at++, unit /= 10) value += unit * (text[at] - '0');
        *length = at;
        return round(value * 10000) / 10000;
    }
    size_t gap = strspn(text + at, " +"), more;
    double rest = fraction_value(text + at + gap, &more);
    if (more) *length = at + gap + more;
    return value + rest;
}

/* Pieces taken at a time. More is rather an hour, a number of drops or a misread digit: a Khmer 1 looks like a 9. */
static bool usual(double value, enum number_role role) { return role == NUMBER_COUNT || value <= 4; }

static bool same(double a, double b) { return fabs(a - b) < 0.005; }

/* Tesseract's way of writing what it sees: look-alikes of 1, 0 and / stand for them. The crop holds the number alone, so
 * letters or a % after it mean that something else was seen. */
static double parse_seen(const char *seen)
{
    char text[32];
    size_t used = 0, length;
    for (const char *p = seen; *p && used + 1 < sizeof text; p++) {
        char c = *p;
        if (strchr("lI|!i][", c) && !(used > 0 && c == 'l')) c = '1';
        if (c == 'O' || c == 'o') c = '0';
        if (c == '\\') c = '/';
        text[used++] = c;
    }
    text[used] = '\0';
    double value = number_parse(text, &length);
    if (isnan(value)) return value;
    for (const char *p = text + length; *p; p++)
        if (*p == '%' || isalnum((unsigned char)*p)) return NAN;
    return value;
}

/* Tesseract has no ½; this is what its models make of it, alone or after a digit. A digit never comes out like this. */
static bool seen_as_half(const char *seen)
{
    return seen[0] && (strchr(seen, '%') || strchr("YVyv", seen[0]));
}

/* Whether a Tesseract reading without a value of its own still speaks for the own reading of a ½. */
static bool speaks_for_half(const struct own_reading *own, double mine, const char *seen)
{
    if (own->confidence < 0.9 || !strstr(own->text, "½")) return false;
    if (same(mine, 0.5)) return seen_as_half(seen);
    return seen[0] == own->text[0] && seen[1] == '%';
}

/* ---- the verdict --------------------------------------------------------------------------------------------- */

static bool plausible(double value, enum number_role role)
{
    if (isnan(value)) return false;
    if (role == NUMBER_COUNT) return value >= 1 && value <= 1000 && value == floor(value);
    return value > 0 && value <= 10 && fmod(value * 4, 1) == 0;
}

/* The line of the number, tightly; words after it are cut away. */
static PIX *number_only(PIX *crop, const struct pieces *line, const struct own_reading *own)
{
    if (line->count == 0) return pixClone(crop);
    struct piece all = own_join(line->at, line->count);
    if (own->words_follow && own->end_x > 0) all.w = own->end_x + (own->bottom - own->top) / 5 - all.x;
    struct ocr_box box = { all.x, all.y, all.w, all.h };
    return lines_cut(crop, &box, 12);
}

static bool has_digit(const char *text)
{
    struct text_points points = text_fold(text);
    for (int i = 0; i < points.count; i++)
        if (points.at[i] <= '9') return true;
    return false;
}

/* What may stand behind a dose: "1 tablet", "2 cp after meals". Anything else ("7h", "1 x 3", "1-0-1", "1 cuillère", "2?") says
 * that the number is no dose, or not all of it. */
static bool follows_a_dose(const char *words, const char **unit)
{
    *unit = NULL;
    return !has_digit(words) && words_follow_dose(words, unit);
}

static void take(struct number_reading *out, double value, double confidence, bool unsure)
{
    out->value = value;
    out->confidence = confidence;
    out->unsure = unsure;
}

/* One look at the line and what it says: which words, with or without the number before them. */
struct look { enum engine_tongue tongue; bool words_alone; };

static void read_look(struct engine *engine, PIX *crop, const struct pieces *line, const struct own_reading *own, const struct look *look,
                      char *text, size_t size)
{
    struct piece all = own_join(line->at, line->count);
    int from = look->words_alone ? own->end_x : all.x;
    PIX *part = lines_cut(crop, &(struct ocr_box){ from, all.y, all.x + all.w - from, all.h }, 12);
    text[0] = '\0';
    if (part) engine_read(engine, look->tongue, SHAPE_RAW_LINE, part, false, text, size);
    pixDestroy(&part);
}

/* Where words follow, the cut between number and words may be wrong: a reading of the whole line must not begin with another
 * number, and its words must be such as stand behind one. Words behind a ½, which Tesseract does not know, are looked at once more
 * without it, others once more without Latin letters, and at last by the Latin model alone. */
static bool line_contradicts(struct engine *engine, PIX *crop, const struct pieces *line, const struct own_reading *own, enum number_role role,
                             double mine, struct number_reading *out)
{
    const struct look looks[] = { { TONGUE_KHMER, false }, own->fraction.w > 0 ? (struct look){ TONGUE_KHMER, true } :
                                                             (struct look){ TONGUE_KHMER_ALONE, false },
                                  { TONGUE_LATIN, true } };
    bool words = role != NUMBER_DOSE, other = false;
    double whole = NAN;
    for (int i = 0; i < 3 && !other && (i == 0 || !words); i++) {
        char text[OCR_TEXT_MAX];
        size_t length = 0;
        read_look(engine, crop, line, own, &looks[i], text, sizeof text);
        double value = looks[i].words_alone ? NAN : number_parse(text, &length);
        if (!isnan(value)) whole = value;
        other = !isnan(value) && !same(value, mine);
        words = words || follows_a_dose(isnan(value) ? text : text + length, &out->unit);
    }
    if (!other && words) return false;
    take(out, plausible(whole, role) && !own->gap_follows ? whole : mine, 0.4, true);
    return true;
}

/* Nobody saw a number alone; what a reading begins with is at least a proposal. */
static void take_best_guess(struct number_reading *out, enum number_role role, const char *first, const char *second)
{
    size_t length;
    double a = number_parse(first, &length), b = number_parse(second, &length);
    take(out, plausible(b, role) ? b : plausible(a, role) ? a : NAN, 0.2, true);
}

/* What the three readers made of one line; `half`: one of Tesseract's saw what it sees in a ½, which it also sees in a ⅓. */
struct opinions { double mine, eng, khm; bool half; char first[64], second[64]; };

/* A speck may look like a point behind a count; behind a dose, a digit may not have been seen. */
static double own_value(const struct own_reading *own, enum number_role role)
{
    size_t length;
    double value = own->confidence > 0.5 ? number_parse(own->text, &length) : NAN;
    if (isnan(value) || (role == NUMBER_COUNT && strcmp(own->text + length, ".") == 0)) return value;
    return own->text[length] == '\0' ? value : NAN;
}

/* Tesseract's second model is only asked when the first does not agree with the own reading. */
static void ask(struct engine *engine, PIX *crop, enum number_role role, const struct pieces *line, const struct own_reading *own,
                struct opinions *o)
{
    *o = (struct opinions){ .mine = own_value(own, role), .eng = NAN, .khm = NAN };
    PIX *part = number_only(crop, line, own);
    if (!part) return;
    engine_read(engine, TONGUE_LATIN, SHAPE_RAW_LINE, part, false, o->first, sizeof o->first);
    o->half = speaks_for_half(own, o->mine, o->first);
    o->eng = o->half ? NAN : parse_seen(o->first);
    if (!o->half && !same(o->mine, o->eng)) {
        engine_read(engine, TONGUE_KHMER, SHAPE_LINE, part, false, o->second, sizeof o->second);
        o->half = speaks_for_half(own, o->mine, o->second);
        o->khm = o->half ? NAN : parse_seen(o->second);
    }
    pixDestroy(&part);
}

/* What Tesseract reads in a part of the crop. */
static void read_part(struct engine *engine, PIX *crop, struct ocr_box box, char *out, size_t size)
{
    PIX *part = lines_cut(crop, &box, 12), *large = part ? pixScale(part, 2, 2) : NULL;
    out[0] = '\0';
    if (large) engine_read(engine, TONGUE_LATIN, SHAPE_RAW_LINE, large, false, out, size);
    pixDestroy(&part);
    pixDestroy(&large);
}

/* The right part of a ½ ends in a 2; small ones look like a z, and some of the stroke before may be in view. */
static bool ends_in_two(struct engine *engine, PIX *crop, const struct piece *f)
{
    bool spelled = f->w * 10 > f->h * 12; /* 1/2 */
    int left = f->w * (spelled ? 58 : 50) / 100, top = spelled ? 0 : f->h * 45 / 100;
    char text[32];
    read_part(engine, crop, (struct ocr_box){ f->x + left, f->y + top, f->w - left, f->h - top }, text, sizeof text);
    size_t length = strlen(text);
    return length > 0 && length <= 2 && strchr("2zZ", text[length - 1]);
}

/* A fraction as a whole says nothing to Tesseract, but the 2 of a ½ and the digits before it do; they need no second look where they
 * were `seen` with it. */
static bool half_confirmed(struct engine *engine, PIX *crop, const struct pieces *line, const struct own_reading *own, double mine,
                           bool seen)
{
    char text[32];
    if (own->fraction.w == 0 || own->confidence < 0.9 || !same(mine - floor(mine), 0.5)) return false;
    if (!ends_in_two(engine, crop, &own->fraction)) return false;
    if (mine < 1 || seen) return true;
    int left = own_join(line->at, line->count).x;
    read_part(engine, crop, (struct ocr_box){ left, own->top, own->whole_end_x - left, own->bottom - own->top }, text, sizeof text);
    return same(parse_seen(text), floor(mine));
}

/* Tesseract loses points. Where it saw the same digits, and without the point they make no dose, a clear point stands. */
static bool point_confirmed(const struct own_reading *own, double mine, const char *seen)
{
    const char *point = strchr(own->text, '.');
    if (!point || !own->point_clear || own->confidence < 0.9 || !same(mine - floor(mine), 0.5)) return false;
    size_t before = (size_t)(point - own->text);
    return before == 1 && seen[0] == own->text[0] && strcmp(seen + 1, point + 1) == 0;
}

static bool is_confirmed(struct engine *engine, PIX *crop, const struct pieces *line, const struct own_reading *own, const struct opinions *o)
{
    if (same(o->mine, o->eng) || same(o->mine, o->khm)) return true;
    return point_confirmed(own, o->mine, o->first) || point_confirmed(own, o->mine, o->second) ||
           half_confirmed(engine, crop, line, own, o->mine, o->half);
}

/* What was taken for words is too narrow for any: probably a part of the number that could not be read. */
static bool rest_is_no_word(const struct pieces *line, const struct own_reading *own)
{
    struct piece all = own_join(line->at, line->count);
    return own->words_follow && all.x + all.w - own->end_x < (own->bottom - own->top) * 13 / 10;
}

/* A dose like 05 has lost its point. */
static bool may_lack_point(const struct own_reading *own, enum number_role role)
{
    return role == NUMBER_DOSE && own->text[0] == '0' && own->text[1] != '.';
}

/* A level stroke through a digit, longer than any it may have (the bar of a 4 is long): it may have been struck out. */
static bool is_struck(PIX *crop, const struct pieces *line, const struct own_reading *own)
{
    int height = own->bottom - own->top, longest = 0, level = own_ink_level(crop);
    for (int y = own->top + height / 4; y < own->bottom - height / 4; y++)
        for (int x = line->at[0].x, run = 0; x < own->end_x; x++) {
            l_uint32 grey = 255;
            pixGetPixel(crop, x, y, &grey);
            run = (int)grey < level ? run + 1 : 0;
            longest = run > longest ? run : longest;
        }
    bool digits = own->text[strspn(own->text, "123456789")] == '\0';
    return digits && longest * 100 > height * (strchr(own->text, '4') ? 100 : 62);
}

/* The own reading stands when Tesseract confirms it; otherwise the best guess is only proposed. */
static void decide(struct engine *engine, PIX *crop, enum number_role role, const struct pieces *line, const struct own_reading *own,
                   struct number_reading *out)
{
    struct opinions o;
    ask(engine, crop, role, line, own, &o);
    snprintf(out->raw, sizeof out->raw, "%.12s|%.8s|%.8s", own->text, o.first, o.second);
    bool mine = plausible(o.mine, role);
    if (mine && is_confirmed(engine, crop, line, own, &o)) take(out, o.mine, own->confidence, own->confidence < 0.6 || !usual(o.mine, role));
    else if (mine) take(out, o.mine, own->confidence * 0.5, true);
    else if (plausible(o.eng, role)) take(out, o.eng, 0.4, true);
    else if (plausible(o.khm, role)) take(out, o.khm, 0.3, true);
    else take_best_guess(out, role, o.first, o.second);
    if (out->unsure) return;
    if (own->words_follow && line_contradicts(engine, crop, line, own, role, o.mine, out)) return;
    if (may_lack_point(own, role) || rest_is_no_word(line, own) || is_struck(crop, line, own)) take(out, o.mine, 0.4, true);
}

/* Something too pale to count as ink but as tall as a digit: a pen of another colour, a worn ribbon. What the camera adds is
 * smoothed away first. */
static bool has_faint_mark(PIX *crop, int digit_height)
{
    bool found = false;
    PIX *smooth = pixBlockconv(crop, 1, 1);
    if (!smooth) return false;
    struct pieces faint = own_cut(smooth, FAINT_LEVEL);
    for (int i = 0; i < faint.count; i++)
        found = found || (faint.at[i].h * 100 > digit_height * 60 && faint.at[i].h < 2 * digit_height);
    own_drop(&faint);
    pixDestroy(&smooth);
    return found;
}

/* Nothing but paper, a dash or a speck. */
static bool read_empty(PIX *crop, const struct pieces *pieces, int digit_height, struct number_reading *out)
{
    for (int i = 0; i < pieces->count; i++)
        if (pieces->at[i].h * 100 > digit_height * 42) return false;
    bool faint = has_faint_mark(crop, digit_height);
    out->empty = true;
    take(out, 0, faint ? 0.4 : 0.98, faint);
    snprintf(out->raw, sizeof out->raw, "%s", pieces->count ? "-" : "");
    return true;
}

/* Whether what stands below the first line changes the dose: another number (an hour, "or 2", "x 3"), or, below a number alone,
 * words that do not belong behind one. */
static bool more_below(struct engine *engine, PIX *crop, const struct pieces *all, const struct own_reading *own, const char **unit)
{
    int height = own->bottom - own->top, top = own->bottom + height / 4;
    struct ocr_box box = { 0, top, pixGetWidth(crop), pixGetHeight(crop) - top };
    bool more = false;
    for (int i = 0; i < all->count; i++) more = more || (all->at[i].y >= top && all->at[i].h * 10 >= height * 7);
    PIX *part = more ? lines_cut(crop, &box, 12) : NULL;
    char text[OCR_TEXT_MAX] = "";
    if (part) engine_read(engine, TONGUE_KHMER, SHAPE_BLOCK, part, false, text, sizeof text);
    pixDestroy(&part);
    if (!own->words_follow && text_fold(text).count > 1) return !follows_a_dose(text, unit);
    return has_digit(text);
}

/* Reads ink darker than `level`. Returns whether the own reader saw a number all by itself. */
static bool read_ink(struct engine *engine, PIX *crop, enum number_role role, int level, int digit_height, struct number_reading *out)
{
    struct pieces pieces = own_cut(crop, level), line = own_first_line(&pieces, digit_height);
    struct own_reading own = own_read(crop, &line, digit_height);
    *out = (struct number_reading){ .value = NAN, .unsure = true, .end_x = own.words_follow ? own.end_x : 0,
                                    .gap_follows = own.gap_follows };
    decide(engine, crop, role, &line, &own, out);
    if (!out->unsure && role == NUMBER_DOSE) out->unsure = more_below(engine, crop, &pieces, &own, &out->unit);
    if (out->unit && !words_is_piece(out->unit)) out->unsure = true; /* nothing tells how many ml are usual */
    bool alone = plausible(own_value(&own, role), role) && !rest_is_no_word(&line, &own);
    own_drop(&pieces);
    return alone;
}

/* Blur joins glyphs that a stricter level of ink still tells apart, noise frays them. It is only tried where the own reader found
 * no number: a reading of its own that Tesseract contradicts is a doubt, and stays one. Where more ink follows at once, this may
 * be the 1 of a ½ that has come apart. */
static void read_again(struct engine *engine, PIX *crop, enum number_role role, int level, int digit_height, struct number_reading *out)
{
    static const int stricter[] = { 25, 45, 65, 0 }; /* the last time without noise */
    PIX *calm = pixBlockconv(crop, 1, 1);
    bool sure = false;
    for (int i = 0; i < 4 && calm && !sure; i++) {
        struct number_reading again;
        read_ink(engine, stricter[i] ? crop : calm, role, level - stricter[i], digit_height, &again);
        sure = !again.unsure && (again.end_x == 0 || again.gap_follows);
        if (sure) *out = again;
    }
    pixDestroy(&calm);
}

void number_read(struct engine *engine, PIX *crop, enum number_role role, int digit_height, struct number_reading *out)
{
    int level = own_ink_level(crop);
    struct pieces pieces = own_cut(crop, level);
    int height = digit_height > 0 ? digit_height : own_tallest(&pieces);
    if (height < 8) height = 8;
    *out = (struct number_reading){ .value = NAN, .unsure = true };
    bool empty = read_empty(crop, &pieces, height, out);
    own_drop(&pieces);
    if (empty) return;
    bool alone = read_ink(engine, crop, role, level, height, out);
    if (out->unsure && !alone) read_again(engine, crop, role, level, height, out);
}

int number_digit_height(PIX *crop)
{
    struct pieces pieces = own_cut(crop, own_ink_level(crop));
    own_drop(&pieces);
    return own_tallest(&pieces);
}
