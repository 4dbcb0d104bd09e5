/* Cuts a cell's ink into glyphs and reads them with the own network. */
#include "own.h"

#include "glyph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INK_LEVEL_MIN = 130, INK_LEVEL_MAX = 195 };

/* ---- cutting ------------------------------------------------------------------------------------------------- */

static int compare_pieces(const void *a, const void *b) { return ((const struct piece *)a)->x - ((const struct piece *)b)->x; }

int own_ink_level(PIX *grey)
{
    NUMA *histogram = pixGetGrayHistogram(grey, 2);
    int dark = 0, count = 0, least = pixGetWidth(grey) * pixGetHeight(grey) / 4 / 400 + 3;
    for (l_int32 n; histogram && dark < 255; dark++) {
        numaGetIValue(histogram, dark, &n);
        if ((count += n) > least) break;
    }
    numaDestroy(&histogram);
    int level = (255 + dark) / 2 + 15; /* a little towards the paper: thin strokes are pale */
    return level < INK_LEVEL_MIN ? INK_LEVEL_MIN : level > INK_LEVEL_MAX ? INK_LEVEL_MAX : level;
}

struct pieces own_cut(PIX *grey, int level)
{
    struct pieces out = { .count = 0, .masks = NULL };
    PIX *ink = pixThresholdToBinary(grey, level);
    BOXA *boxes = ink ? pixConnComp(ink, &out.masks, 8) : NULL;
    for (int i = 0; boxes && i < boxaGetCount(boxes) && out.count < OWN_PIECES_MAX; i++) {
        l_int32 x, y, w, h;
        boxaGetBoxGeometry(boxes, i, &x, &y, &w, &h);
        if (w * h >= 6) out.at[out.count++] = (struct piece){ x, y, w, h, i, x, y };
    }
    boxaDestroy(&boxes);
    pixDestroy(&ink);
    qsort(out.at, (size_t)out.count, sizeof *out.at, compare_pieces);
    return out;
}

void own_drop(struct pieces *pieces) { pixaDestroy(&pieces->masks); }

int own_tallest(const struct pieces *pieces)
{
    int height = 0;
    for (int i = 0; i < pieces->count; i++) height = pieces->at[i].h > height ? pieces->at[i].h : height;
    return height;
}

struct pieces own_first_line(const struct pieces *all, int digit_height)
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

/* ---- glyphs ------------------------------------------------------------------------------------------ */

struct piece own_join(const struct piece *pieces, int count)
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
    for (int v = 0; soft && v < pixGetHeight(soft); v++)
        for (int u = 0; u < pixGetWidth(soft); u++) {
            l_uint32 on, level;
            int x = piece->mask_x + u - 2 - piece->x, y = piece->mask_y + v - 2 - piece->y; /* px from the piece's corner */
            if (x < -2 || x >= piece->w + 2 || y < -2 || y >= piece->h + 2) continue;
            pixGetPixel(soft, u, v, &on);
            if (on && pixGetPixel(grey, piece->x + x, piece->y + y, &level) == 0) pixSetPixel(out, dx + x, dy + y, level);
        }
    pixDestroy(&mask);
    pixDestroy(&framed);
    pixDestroy(&soft);
}

/* What `count` pieces are together, seen without their neighbours. */
static struct glyph_vote look_at(PIX *grey, const struct pieces *line, int first, int count)
{
    struct glyph_vote nothing = { GLYPH_OTHER, GLYPH_0, 0, 0 };
    struct piece all = own_join(&line->at[first], count);
    PIX *alone = pixCreate(all.w + 8, all.h + 8, 8);
    if (!alone) return nothing;
    pixSetAllGray(alone, 255);
    for (int i = first; i < first + count; i++)
        copy_piece(alone, grey, line->masks, &line->at[i], line->at[i].x - all.x + 4, line->at[i].y - all.y + 4);
    BOX place = { 4, 4, all.w, all.h, 1 };
    struct glyph_vote vote = glyph_read(alone, &place);
    pixDestroy(&alone);
    return vote;
}

static enum glyph_class classify(PIX *grey, const struct pieces *line, int first, int count, double *probability)
{
    struct glyph_vote vote = look_at(grey, line, first, count);
    *probability = vote.probability;
    return vote.class;
}

static const char *glyph_text(enum glyph_class class)
{
    static const char *const texts[GLYPH_CLASSES] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "/", "½", "¼", "¾", "+", NULL };
    return texts[class];
}

/* A dot or comma: small, at the foot of the line. Typewriters' commas are long, but stay in its lower half. */
static bool is_point(const struct piece *p, int top, int bottom)
{
    int height = bottom - top;
    bool dot = p->h * 100 < height * 42 && p->y + p->h / 2 > top + height * 2 / 3;
    bool comma = p->h * 100 < height * 62 && p->y > top + height / 2;
    return p->w * 100 < height * 40 && (dot || comma);
}

/* Fractions come in one to three pieces; the longest run that reads as one is taken. Returns how many pieces, 0 for none; *perhaps
 * tells that some run might be one. */
static int read_fraction(PIX *grey, const struct pieces *line, int first, int height, enum glyph_class *class, double *probability,
                         bool *perhaps)
{
    static const double sure = 0.8, possible = 0.25;
    int left = line->count - first;
    for (int n = left < 4 ? left : 4; n >= 1; n--) {
        const struct piece *pieces = &line->at[first];
        bool near = true;
        for (int i = 1; i < n; i++) near = near && pieces[i].x - (pieces[i - 1].x + pieces[i - 1].w) < height / 5;
        struct piece all = own_join(pieces, n);
        if (!near || all.w > 2 * all.h || all.h * 10 < height * 7) continue;
        *class = classify(grey, line, first, n, probability);
        bool fraction = *class >= GLYPH_HALF && *class <= GLYPH_THREE_QUARTERS;
        if (fraction && *probability > sure) return n;
        *perhaps = *perhaps || (fraction && *probability > possible);
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

/* Room for one more piece at `at`; and away with it again. */
static void open_gap(struct pieces *line, int at)
{
    memmove(&line->at[at + 1], &line->at[at], (size_t)(line->count - at) * sizeof *line->at);
    line->count++;
}

static void close_gap(struct pieces *line, int at, const struct piece *whole)
{
    memmove(&line->at[at + 1], &line->at[at + 2], (size_t)(line->count - at - 2) * sizeof *line->at);
    line->count--;
    line->at[at] = *whole;
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

/* How surely both halves of a cut are digits, or the /2 or /4 of a fraction: the weaker one's probability, 0 when one is something
 * else. */
static double judge_cut(PIX *grey, const struct pieces *line, int at)
{
    double sure_left, sure_right;
    enum glyph_class left = classify(grey, line, at, 1, &sure_left), right = classify(grey, line, at + 1, 1, &sure_right);
    bool fraction = left == GLYPH_SLASH && (right == GLYPH_0 + 2 || right == GLYPH_0 + 4);
    return fraction || (left <= GLYPH_9 && right <= GLYPH_9) ? fmin(sure_left, sure_right) : 0;
}

/* Two digits, or the /2 of 1/2, that blur has joined: cuts the piece near where its ink is thinnest, if both halves then read as digits. */
static bool split_piece(PIX *grey, struct pieces *line, int at)
{
    enum { NEAR = 3 };
    struct piece whole = line->at[at];
    if (line->count >= OWN_PIECES_MAX || whole.w * 10 < whole.h * 7 || whole.w > whole.h * 5 / 2) return false;
    int thinnest = 0, least = 1 << 30, best = 0;
    for (int x = whole.w * 3 / 10; x <= whole.w * 7 / 10; x++) {
        int ink = column_ink(grey, whole.x + x, whole.y, whole.h);
        if (ink < least) { least = ink; thinnest = x; }
    }
    open_gap(line, at);
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
    close_gap(line, at, &whole);
    return false;
}

/* Shrinks a piece that is a part of its mask to the ink in it. */
static void tighten(PIXA *masks, struct piece *p)
{
    PIX *mask = pixaGetPix(masks, p->mask, L_CLONE), *part = NULL, *ink = NULL;
    BOX *place = boxCreate(p->x - p->mask_x, 0, p->w, p->h), *tight = NULL;
    if (mask && place) part = pixClipRectangle(mask, place, NULL);
    if (part && pixClipToForeground(part, &ink, &tight) == 0 && tight) {
        *p = (struct piece){ p->x + tight->x, p->mask_y + tight->y, tight->w, tight->h, p->mask, p->mask_x, p->mask_y };
    }
    pixDestroy(&mask);
    pixDestroy(&part);
    pixDestroy(&ink);
    boxDestroy(&place);
    boxDestroy(&tight);
}

/* A point that blur has joined to the digit after it: low ink on the left, a digit on the right. */
static bool split_point(PIX *grey, struct pieces *line, int at, int top, int bottom)
{
    struct piece whole = line->at[at], best[2];
    double surest = 0.9, sure;
    if (line->count >= OWN_PIECES_MAX || whole.w * 10 < whole.h * 6 || whole.w * 10 > whole.h * 13) return false;
    open_gap(line, at);
    for (int x = whole.w / 8; x <= whole.w * 4 / 10; x++) {
        cut_piece(line, at, &whole, x);
        tighten(line->masks, &line->at[at]);
        tighten(line->masks, &line->at[at + 1]);
        if (!is_point(&line->at[at], top, bottom) || classify(grey, line, at + 1, 1, &sure) > GLYPH_9 || sure <= surest) continue;
        surest = sure;
        best[0] = line->at[at];
        best[1] = line->at[at + 1];
    }
    if (surest > 0.9) {
        memcpy(&line->at[at], best, sizeof best);
        return true;
    }
    close_gap(line, at, &whole);
    return false;
}

static void append(struct own_reading *own, const char *text, double probability)
{
    size_t used = strlen(own->text);
    snprintf(own->text + used, sizeof own->text - used, "%s", text);
    if (probability < own->confidence) own->confidence = probability;
}

/* ---- from left to right ---------------------------------------------------------------------------------------- */

struct scan { PIX *grey; struct pieces *line; int height; struct own_reading own; };

/* The first piece as tall as a digit tells where the line stands. */
static void find_line(struct scan *s)
{
    s->own.top = 1 << 20;
    for (int i = 0; i < s->line->count; i++) {
        const struct piece *p = &s->line->at[i];
        if (p->h * 10 < s->height * 6) continue;
        s->own.top = p->y;
        s->own.bottom = p->y + p->h;
        return;
    }
}

static void take_point(struct scan *s, const struct piece *p)
{
    append(&s->own, ".", 1);
    s->own.end_x = p->x + p->w;
    s->own.point_clear = p->h * 10 >= s->height && p->w * 10 >= s->height;
}

/* A speck, or a mark above a letter; unless it is a plus, or large enough to belong to the number. */
static void take_mark(struct scan *s, int at, bool gap)
{
    const struct piece *p = &s->line->at[at];
    double probability;
    bool plus = classify(s->grey, s->line, at, 1, &probability) == GLYPH_PLUS && probability > 0.9;
    if (plus && s->own.text[0]) append(&s->own, "+", probability);
    else if (s->own.text[0] && !gap && p->h * 10 > s->height * 2) s->own.confidence = fmin(s->own.confidence, 0.4);
    if (plus) s->own.end_x = p->x + p->w;
}

static void take_glyph(struct scan *s, int at, int count, enum glyph_class class, double probability)
{
    struct own_reading *own = &s->own;
    struct piece all = own_join(&s->line->at[at], count);
    bool fraction = class >= GLYPH_HALF && class <= GLYPH_THREE_QUARTERS;
    int height = own->bottom - own->top;
    /* the 2 of 1/2 is as tall as its 1; a smaller one belongs to a ½ after a whole number. And a digit much smaller than the
     * fraction after it is a part of that */
    bool small = count == 1 && class <= GLYPH_9 && own->text[0] && all.h * 10 < height * 8;
    small = small || (fraction && own->text[0] && height * 10 < all.h * 8);
    append(own, glyph_text(class), small ? fmin(probability, 0.4) : probability);
    if (fraction) own->fraction = all;
    if (class <= GLYPH_9) own->whole_end_x = all.x + all.w;
    own->end_x = all.x + all.w;
}

/* A zero may look like an o, and a blurred digit like any letter. As tall as the digits, and a digit if it must be one: taken for it,
 * with so little confidence that only the agreement of another reader makes it one. A stroke is no 1. */
static enum glyph_class take_for_digit(const struct scan *s, int at, double *probability)
{
    const struct piece *p = &s->line->at[at];
    int height = s->own.bottom - s->own.top, off = abs(p->y - s->own.top), taller = abs(p->h - height);
    bool glued = s->own.end_x == 0 || (p->x - s->own.end_x) * 10 < 2 * height;
    if (!glued || 10 * off > height || 10 * taller > height || p->w * 100 > p->h * 95) return GLYPH_OTHER;
    struct glyph_vote vote = look_at(s->grey, s->line, at, 1);
    bool clear = vote.digit_probability > 0.05 && vote.digit_probability > 0.9 * (1 - vote.probability) && vote.digit != GLYPH_0 + 1;
    *probability = 0.65;
    return clear ? vote.digit : GLYPH_OTHER;
}

/* The "bo" of "1 bottle" looks like a ¾ when seen as a whole. Quarters rarely follow a whole number, hardly ever with a space, and
 * never begin with a letter. */
static bool begins_a_word(const struct scan *s, int at, enum glyph_class class)
{
    double probability;
    bool spaced = s->own.end_x > 0 && (s->line->at[at].x - s->own.end_x) * 10 > 3 * (s->own.bottom - s->own.top);
    if (!spaced || (class != GLYPH_QUARTER && class != GLYPH_THREE_QUARTERS)) return false;
    return classify(s->grey, s->line, at, 1, &probability) == GLYPH_OTHER && probability > 0.9;
}

/* Takes what stands at `at`; returns how many pieces that were, 0 where the number has ended. */
static int step(struct scan *s, int at)
{
    struct own_reading *own = &s->own;
    const struct piece *p = &s->line->at[at];
    enum glyph_class class = GLYPH_OTHER;
    double probability = 0;
    bool gap = own->end_x > 0 && p->x - own->end_x > s->height * 55 / 100, perhaps_fraction = false;
    int used = read_fraction(s->grey, s->line, at, s->height, &class, &probability, &perhaps_fraction);
    if (used > 1 && begins_a_word(s, at, class)) used = 0;
    if (used == 0) {
        used = 1;
        bool point = !gap && own->text[0] && is_point(p, own->top, own->bottom);
        if (point) take_point(s, p);
        else if (p->h * 10 < s->height * 4) take_mark(s, at, gap);
        if (point || p->h * 10 < s->height * 4) return 1;
        class = classify(s->grey, s->line, at, 1, &probability);
        bool may_hide_point = !gap && own->text[0] && (class == GLYPH_OTHER || strcmp(own->text, "0") == 0);
        if (may_hide_point && split_point(s->grey, s->line, at, own->top, own->bottom)) {
            take_point(s, &s->line->at[at]);
            return 1;
        }
        if (class == GLYPH_OTHER && split_piece(s->grey, s->line, at)) class = classify(s->grey, s->line, at, 1, &probability);
        if (class == GLYPH_OTHER) class = take_for_digit(s, at, &probability);
    }
    bool next_digit = class <= GLYPH_9 && probability > 0.95; /* some fonts set their digits wide apart */
    bool apart = gap && (!next_digit || p->x - own->end_x > s->height * 80 / 100);
    bool words = class == GLYPH_OTHER || (apart && class < GLYPH_HALF && own->text[0] && !strchr(own->text, '+'));
    if (!words) {
        take_glyph(s, at, used, class, perhaps_fraction && class <= GLYPH_9 ? fmin(probability, 0.4) : probability);
        return used;
    }
    own->words_follow = true;
    if (own->text[0]) own->gap_follows = p->x - own->end_x > s->height * 35 / 100;
    else own->confidence = 0;
    return 0;
}

struct own_reading own_read(PIX *grey, struct pieces *line, int digit_height)
{
    struct scan s = { grey, line, digit_height, { .confidence = 1 } };
    find_line(&s);
    for (int i = 0, used; i < line->count && (used = step(&s, i)) > 0;) i += used;
    size_t length = strlen(s.own.text);
    if (length > 1 && s.own.text[length - 1] == '+') { /* what looked like a plus was the first letter of a word */
        s.own.text[length - 1] = '\0';
        s.own.words_follow = true;
    }
    return s.own;
}
