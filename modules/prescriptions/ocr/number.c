/* Cuts a cell's ink into glyphs, reads them with the own network, and asks Tesseract for a second opinion. */
#include "number.h"

#include "glyph.h"
#include "lines.h"
#include "text.h"
#include "words.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GLYPHS_MAX = 48, INK_LEVEL_MIN = 130, INK_LEVEL_MAX = 195, FAINT_LEVEL = 215 };

/* ---- cutting ------------------------------------------------------------------------------------------------- */

struct piece { int x, y, w, h, mask, mask_x; }; /* mask_x: where its mask begins, when the piece is a part of it */
struct pieces { struct piece at[GLYPHS_MAX]; int count; PIXA *masks; };

static int compare_pieces(const void *a, const void *b) { return ((const struct piece *)a)->x - ((const struct piece *)b)->x; }

/* Ink begins halfway between the paper and the darkest strokes, a little towards the paper: thin strokes are pale. */
static int ink_level(PIX *grey)
{
    NUMA *histogram = pixGetGrayHistogram(grey, 2);
    int dark = 0, count = 0, least = pixGetWidth(grey) * pixGetHeight(grey) / 4 / 400 + 3;
    for (l_int32 n; histogram && dark < 255; dark++) {
        numaGetIValue(histogram, dark, &n);
        if ((count += n) > least) break;
    }
    numaDestroy(&histogram);
    int level = (255 + dark) / 2 + 15;
    return level < INK_LEVEL_MIN ? INK_LEVEL_MIN : level > INK_LEVEL_MAX ? INK_LEVEL_MAX : level;
}

/* Connected ink darker than `level`, from left to right, without specks. The masks are the caller's to destroy. */
static struct pieces cut(PIX *grey, int level)
{
    struct pieces out = { .count = 0, .masks = NULL };
    PIX *ink = pixThresholdToBinary(grey, level);
    BOXA *boxes = ink ? pixConnComp(ink, &out.masks, 8) : NULL;
    for (int i = 0; boxes && i < boxaGetCount(boxes) && out.count < GLYPHS_MAX; i++) {
        l_int32 x, y, w, h;
        boxaGetBoxGeometry(boxes, i, &x, &y, &w, &h);
        if (w * h >= 6) out.at[out.count++] = (struct piece){ x, y, w, h, i, x };
    }
    boxaDestroy(&boxes);
    pixDestroy(&ink);
    qsort(out.at, (size_t)out.count, sizeof *out.at, compare_pieces);
    return out;
}

static int tallest(const struct pieces *pieces)
{
    int height = 0;
    for (int i = 0; i < pieces->count; i++) height = pieces->at[i].h > height ? pieces->at[i].h : height;
    return height;
}

int number_digit_height(PIX *crop)
{
    struct pieces pieces = cut(crop, ink_level(crop));
    pixaDestroy(&pieces.masks);
    return tallest(&pieces);
}

/* Keeps the pieces of the first text line: those that overlap in height with its tallest piece. */
static struct pieces first_line(const struct pieces *all, int digit_height)
{
    struct pieces out = { .count = 0, .masks = all->masks };
    int first = -1;
    for (int i = 0; i < all->count; i++) {
        const struct piece *p = &all->at[i];
        bool tall = p->h * 10 >= digit_height * 6;
        if (tall && (first < 0 || p->y + p->h < all->at[first].y)) first = i;
        else if (tall && first >= 0 && p->y < all->at[first].y + all->at[first].h && p->x < all->at[first].x) first = i;
    }
    if (first < 0) return out;
    int top = all->at[first].y - digit_height / 4, bottom = all->at[first].y + all->at[first].h + digit_height / 4;
    for (int i = 0; i < all->count; i++) {
        int middle = all->at[i].y + all->at[i].h / 2;
        if (middle > top && middle < bottom) out.at[out.count++] = all->at[i];
    }
    return out;
}

/* ---- the own reader ------------------------------------------------------------------------------------------ */

struct own_reading { char text[24]; double confidence; int end_x, top, bottom; bool words_follow, gap_follows; };

static struct piece join(const struct piece *pieces, int count)
{
    struct piece all = pieces[0];
    for (int i = 1; i < count; i++) {
        int right = all.x + all.w, bottom = all.y + all.h, r = pieces[i].x + pieces[i].w, b = pieces[i].y + pieces[i].h;
        if (pieces[i].x < all.x) all.x = pieces[i].x;
        if (pieces[i].y < all.y) all.y = pieces[i].y;
        all.w = (r > right ? r : right) - all.x;
        all.h = (b > bottom ? b : bottom) - all.y;
    }
    return all;
}

/* Copies one piece's own grey pixels, and the soft edge around them, to (dx, dy) on `out`. */
static void copy_piece(PIX *out, PIX *grey, PIXA *masks, const struct piece *piece, int dx, int dy)
{
    PIX *mask = pixaGetPix(masks, piece->mask, L_CLONE), *framed = mask ? pixAddBorder(mask, 2, 0) : NULL;
    PIX *soft = framed ? pixDilateBrick(NULL, framed, 3, 3) : NULL;
    for (int y = 0; soft && y < pixGetHeight(soft); y++)
        for (int x = 0; x < pixGetWidth(soft); x++) {
            l_uint32 on, level;
            int at = piece->mask_x + x - 2 - piece->x; /* px right of the piece's left edge */
            if (at < -2 || at >= piece->w + 2) continue;
            pixGetPixel(soft, x, y, &on);
            if (on && pixGetPixel(grey, piece->x + at, piece->y + y - 2, &level) == 0) pixSetPixel(out, dx + at, dy + y - 2, level);
        }
    pixDestroy(&mask);
    pixDestroy(&framed);
    pixDestroy(&soft);
}

/* What `count` pieces are together, seen without their neighbours. */
static enum glyph_class classify(PIX *grey, const struct pieces *line, int first, int count, double *probability)
{
    struct piece all = join(&line->at[first], count);
    PIX *alone = pixCreate(all.w + 8, all.h + 8, 8);
    *probability = 0;
    if (!alone) return GLYPH_OTHER;
    pixSetAllGray(alone, 255);
    for (int i = first; i < first + count; i++)
        copy_piece(alone, grey, line->masks, &line->at[i], line->at[i].x - all.x + 4, line->at[i].y - all.y + 4);
    BOX place = { 4, 4, all.w, all.h, 1 };
    enum glyph_class class = glyph_read(alone, &place, probability);
    pixDestroy(&alone);
    return class;
}

static const char *glyph_text(enum glyph_class class)
{
    static const char *const texts[GLYPH_CLASSES] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "/", "½", "¼", "¾", "+", NULL };
    return texts[class];
}

/* A dot or comma: small, at the foot of the line. */
static bool is_point(const struct piece *p, int top, int bottom)
{
    int height = bottom - top;
    return p->h * 100 < height * 42 && p->w * 100 < height * 40 && p->y + p->h / 2 > top + height * 2 / 3;
}

/* Fractions come in one to three pieces; the longest run that reads as one is taken. Returns how many pieces, 0 for none. */
static int read_fraction(PIX *grey, const struct pieces *line, int first, int height, enum glyph_class *class, double *probability)
{
    int left = line->count - first;
    for (int n = left < 4 ? left : 4; n >= 1; n--) {
        const struct piece *pieces = &line->at[first];
        bool near = true;
        for (int i = 1; i < n; i++) near = near && pieces[i].x - (pieces[i - 1].x + pieces[i - 1].w) < height / 5;
        struct piece all = join(pieces, n);
        if (!near || all.w > 2 * all.h || all.h * 10 < height * 7) continue;
        *class = classify(grey, line, first, n, probability);
        if (*class >= GLYPH_HALF && *class <= GLYPH_THREE_QUARTERS && *probability > 0.8) return n;
    }
    return 0;
}

static int column_ink(PIX *grey, int x, int y, int h)
{
    int ink = 0;
    for (int k = y; k < y + h; k++) {
        l_uint32 level;
        pixGetPixel(grey, x, k, &level);
        ink += 255 - (int)level;
    }
    return ink;
}

/* Makes two pieces of one, cut `x` px from its left edge. */
static void cut_piece(struct pieces *line, int at, const struct piece *whole, int x)
{
    line->at[at] = *whole;
    line->at[at].w = x;
    line->at[at + 1] = *whole;
    line->at[at + 1].x += x;
    line->at[at + 1].w -= x;
}

/* How surely both halves of a cut are digits: the weaker one's probability, 0 when one is something else. */
static double judge_cut(PIX *grey, const struct pieces *line, int at)
{
    double left, right;
    bool digits = classify(grey, line, at, 1, &left) <= GLYPH_9 && classify(grey, line, at + 1, 1, &right) <= GLYPH_9;
    return digits ? fmin(left, right) : 0;
}

/* Two digits that blur has joined: cuts the piece near where its ink is thinnest, if both halves then read as digits. */
static bool split_piece(PIX *grey, struct pieces *line, int at)
{
    enum { NEAR = 3 };
    struct piece whole = line->at[at];
    if (line->count >= GLYPHS_MAX || whole.w * 10 < whole.h * 7 || whole.w > whole.h * 5 / 2) return false;
    int thinnest = 0, least = 1 << 30, best = 0;
    for (int x = whole.w * 3 / 10; x <= whole.w * 7 / 10; x++) {
        int ink = column_ink(grey, whole.x + x, whole.y, whole.h);
        if (ink < least) { least = ink; thinnest = x; }
    }
    memmove(&line->at[at + 1], &line->at[at], (size_t)(line->count - at) * sizeof *line->at);
    line->count++;
    double surest = 0.7;
    for (int x = thinnest - NEAR; x <= thinnest + NEAR; x++) {
        cut_piece(line, at, &whole, x);
        double sure = judge_cut(grey, line, at);
        if (sure > surest) { surest = sure; best = x; }
    }
    if (best) {
        cut_piece(line, at, &whole, best);
        return true;
    }
    memmove(&line->at[at + 1], &line->at[at + 2], (size_t)(line->count - at - 2) * sizeof *line->at);
    line->count--;
    line->at[at] = whole;
    return false;
}

static void append(struct own_reading *own, const char *text, double probability)
{
    size_t used = strlen(own->text);
    snprintf(own->text + used, sizeof own->text - used, "%s", text);
    if (probability < own->confidence) own->confidence = probability;
}

/* Reads glyphs from the left until words begin (a gap or a piece that is no glyph of a number). */
static struct own_reading read_own(PIX *grey, struct pieces *line, int digit_height)
{
    struct own_reading own = { .confidence = 1, .top = 1 << 20 };
    for (int i = 0; i < line->count; i++) {
        const struct piece *p = &line->at[i];
        if (p->h * 10 < digit_height * 6) continue;
        if (p->y < own.top) own.top = p->y;
        if (p->y + p->h > own.bottom) own.bottom = p->y + p->h;
        break;
    }
    for (int i = 0; i < line->count;) {
        const struct piece *p = &line->at[i];
        enum glyph_class class = GLYPH_OTHER;
        double probability = 0;
        bool gap = own.end_x > 0 && p->x - own.end_x > digit_height * 55 / 100;
        int used = read_fraction(grey, line, i, digit_height, &class, &probability);
        if (used == 0) {
            used = 1;
            if (!gap && own.text[0] && is_point(p, own.top, own.bottom)) {
                append(&own, ".", 1);
                own.end_x = p->x + p->w;
                i++;
                continue;
            }
            if (p->h * 10 < digit_height * 4) {
                /* a speck, or a mark above a letter; unless it is large enough to belong to the number */
                bool plus = classify(grey, line, i, 1, &probability) == GLYPH_PLUS && probability > 0.9;
                if (plus && own.text[0]) append(&own, "+", probability);
                else if (own.text[0] && !gap && p->h * 10 > digit_height * 2) own.confidence = fmin(own.confidence, 0.4);
                if (plus) own.end_x = p->x + p->w;
                i++;
                continue;
            }
            class = classify(grey, line, i, 1, &probability);
            if (class == GLYPH_OTHER && split_piece(grey, line, i)) continue;
        }
        /* the 2 of 1/2 is as tall as its 1; a smaller one belongs to a ½ after a whole number */
        bool small = used == 1 && class <= GLYPH_9 && own.text[0] && p->h * 10 < (own.bottom - own.top) * 8;
        if (small) own.confidence = fmin(own.confidence, 0.4);
        bool words = class == GLYPH_OTHER || (gap && class < GLYPH_HALF && !strchr(own.text, '+'));
        if (words && own.text[0]) {
            own.words_follow = true;
            own.gap_follows = p->x - own.end_x > digit_height * 35 / 100;
            break;
        }
        if (class == GLYPH_OTHER) { own.confidence = 0; own.words_follow = true; break; }
        append(&own, glyph_text(class), probability);
        struct piece all = join(p, used);
        own.end_x = all.x + all.w;
        i += used;
    }
    size_t length = strlen(own.text);
    if (length > 1 && own.text[length - 1] == '+') { /* what looked like a plus was the first letter of a word */
        own.text[length - 1] = '\0';
        own.words_follow = true;
    }
    return own;
}

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
    struct piece all = join(line->at, line->count);
    if (own->words_follow && own->end_x > 0) all.w = own->end_x + (own->bottom - own->top) / 5 - all.x;
    struct ocr_box box = { all.x, all.y, all.w, all.h };
    return lines_cut(crop, &box, 12);
}

/* What may stand behind a dose: "1 tablet", "2 cp after meals". Anything else ("7h", "1 x 3", "1-0-1", "5 ml", "2?") says that
 * the number is no dose, or not all of it. */
static bool follows_a_dose(const char *words)
{
    double confidence;
    struct text_points points = text_fold(words);
    for (int i = 0; i < points.count; i++)
        if (points.at[i] <= '9') return false;
    return words_form(words, &confidence) || words_meal(words, &confidence) || words_as_needed(words);
}

/* Where words follow, the cut between number and words may be wrong: a reading of the whole line must not begin with another
 * number, and its words must be such as stand behind one. */
static bool line_contradicts(struct engine *engine, PIX *crop, const struct pieces *line, enum number_role role, double mine, double *whole)
{
    struct piece all = join(line->at, line->count);
    struct ocr_box box = { all.x, all.y, all.w, all.h };
    PIX *part = lines_cut(crop, &box, 12);
    char text[OCR_TEXT_MAX] = "";
    size_t length;
    if (part) engine_read(engine, TONGUE_KHMER, SHAPE_RAW_LINE, part, false, text, sizeof text);
    pixDestroy(&part);
    *whole = number_parse(text, &length);
    if (role == NUMBER_DOSE && !follows_a_dose(isnan(*whole) ? text : text + length)) return true;
    return !isnan(*whole) && !same(*whole, mine);
}

static void take(struct number_reading *out, double value, double confidence, bool unsure)
{
    out->value = value;
    out->confidence = confidence;
    out->unsure = unsure;
}

/* Nobody saw a number alone; what a reading begins with is at least a proposal. */
static void take_best_guess(struct number_reading *out, enum number_role role, const char *first, const char *second)
{
    size_t length;
    double a = number_parse(first, &length), b = number_parse(second, &length);
    take(out, plausible(b, role) ? b : plausible(a, role) ? a : NAN, 0.2, true);
}

/* The own reading stands when one Tesseract reading agrees; two are asked before giving up. */
static void decide(struct engine *engine, PIX *crop, enum number_role role, const struct pieces *line, const struct own_reading *own,
                   struct number_reading *out)
{
    size_t length;
    char first[64] = "", second[64] = "";
    double mine = own->confidence > 0.5 ? number_parse(own->text, &length) : NAN;
    if (!isnan(mine) && own->text[length] != '\0') mine = NAN;
    PIX *part = number_only(crop, line, own);
    if (!part) return;
    engine_read(engine, TONGUE_LATIN, SHAPE_RAW_LINE, part, false, first, sizeof first);
    double a = parse_seen(first), b = NAN;
    if (speaks_for_half(own, mine, first)) a = mine;
    if (!same(mine, a)) {
        engine_read(engine, TONGUE_KHMER, SHAPE_LINE, part, false, second, sizeof second);
        b = parse_seen(second);
        if (speaks_for_half(own, mine, second)) b = mine;
    }
    pixDestroy(&part);
    snprintf(out->raw, sizeof out->raw, "%.12s|%.8s|%.8s", own->text, first, second);
    if (plausible(mine, role) && (same(mine, a) || same(mine, b)))
        take(out, mine, own->confidence, own->confidence < 0.6 || !usual(mine, role));
    else if (plausible(mine, role)) take(out, mine, own->confidence * 0.5, true);
    else if (plausible(a, role)) take(out, a, 0.4, true);
    else if (plausible(b, role)) take(out, b, 0.3, true);
    else take_best_guess(out, role, first, second);
    double whole;
    if (!out->unsure && own->words_follow && line_contradicts(engine, crop, line, role, mine, &whole))
        take(out, plausible(whole, role) && !own->gap_follows ? whole : mine, 0.4, true);
}

/* Nothing but paper, a dash or a speck. */
static bool read_empty(PIX *crop, const struct pieces *pieces, int digit_height, struct number_reading *out)
{
    for (int i = 0; i < pieces->count; i++)
        if (pieces->at[i].h * 100 > digit_height * 42) return false;
    struct pieces faint = cut(crop, FAINT_LEVEL);
    pixaDestroy(&faint.masks);
    out->empty = true;
    take(out, 0, 0.98, false);
    snprintf(out->raw, sizeof out->raw, "%s", pieces->count ? "-" : "");
    /* something too pale to count as ink but as tall as a digit: better ask */
    for (int i = 0; i < faint.count; i++)
        if (faint.at[i].h * 100 > digit_height * 60 && faint.at[i].h < 2 * digit_height) take(out, 0, 0.4, true);
    return true;
}

void number_read(struct engine *engine, PIX *crop, enum number_role role, int digit_height, struct number_reading *out)
{
    *out = (struct number_reading){ .value = NAN, .unsure = true };
    struct pieces pieces = cut(crop, ink_level(crop));
    int height = digit_height > 0 ? digit_height : tallest(&pieces);
    if (height < 8) height = 8;
    if (!read_empty(crop, &pieces, height, out)) {
        struct pieces line = first_line(&pieces, height);
        struct own_reading own = read_own(crop, &line, height);
        out->end_x = own.words_follow ? own.end_x : 0;
        decide(engine, crop, role, &line, &own, out);
    }
    pixaDestroy(&pieces.masks);
}
