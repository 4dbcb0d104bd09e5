/* Scores every heading against the vocabulary, then chooses the run of slot columns that fits best as a whole. */
#include "columns.h"

#include "lines.h"

#include <stdio.h>
#include <string.h>

enum { KNOWN_MIN = 3 };

static const enum column_kind orders[][4] = {
    { COLUMN_MORNING, COLUMN_NOON, COLUMN_EVENING, COLUMN_NIGHT },
    { COLUMN_MORNING, COLUMN_NOON, COLUMN_EVENING, COLUMN_UNKNOWN },
    { COLUMN_MORNING, COLUMN_NOON, COLUMN_NIGHT, COLUMN_UNKNOWN },
    { COLUMN_MORNING, COLUMN_EVENING, COLUMN_NIGHT, COLUMN_UNKNOWN },
    { COLUMN_MORNING, COLUMN_EVENING, COLUMN_UNKNOWN, COLUMN_UNKNOWN },
};

/* The best other meaning of a heading than a slot; a column that is clearly something else is no slot. */
static double best_other(const double scores[COLUMN_KINDS])
{
    double best = 0;
    for (int k = COLUMN_NUMBER; k < COLUMN_MORNING; k++) best = scores[k] > best ? scores[k] : best;
    return best;
}

enum { HEADING_BYTES = 320 };

/* The best of a heading's readings, one a line: words made of the end of one and the beginning of the next don't count. */
static void score_heading(const char *readings, double scores[COLUMN_KINDS])
{
    memset(scores, 0, COLUMN_KINDS * sizeof *scores);
    for (const char *line = readings; *line;) {
        char text[HEADING_BYTES];
        double one[COLUMN_KINDS];
        size_t length = strcspn(line, "\n");
        snprintf(text, sizeof text, "%.*s", (int)length, line);
        words_score_heading(text, one);
        for (int k = 0; k < COLUMN_KINDS; k++) scores[k] = one[k] > scores[k] ? one[k] : scores[k];
        line += length + (line[length] == '\n');
    }
}

static const double clear = 0.75; /* a heading that scores more names its column without doubt */

struct run { int start, length, named; bool clashes; double score; const enum column_kind *order; };

static struct run score_run(double scores[][COLUMN_KINDS], int start, int length, const enum column_kind *order)
{
    struct run run = { start, length, 0, false, 0, order };
    for (int i = 0; i < length; i++) {
        const double *column = scores[start + i];
        double own = column[order[i]], rival = best_other(column);
        for (int k = COLUMN_MORNING; k <= COLUMN_NIGHT; k++)
            if (k != (int)order[i] && column[k] > rival) rival = column[k];
        run.named += own > 0.5 && own >= rival;
        run.clashes = run.clashes || (rival > clear && rival > own);
        run.score += own - 0.8 * (rival > own ? rival : 0);
    }
    return run;
}

/* Both ends are named and nothing else is written between them: what stands there can only be the slots between. */
static bool only_middle_unnamed(const struct run *run, double scores[][COLUMN_KINDS])
{
    int last = run->length - 1;
    if (run->length < 3) return false;
    for (int i = 0; i <= last; i++) {
        const double *column = scores[run->start + i];
        bool own = column[run->order[i]] > 0.5;
        if ((i == 0 || i == last) && !own) return false;
        for (int k = 0; k < COLUMN_KINDS; k++)
            if (k != (int)run->order[i] && column[k] > 0.5 && column[k] >= column[run->order[i]]) return false;
    }
    return true;
}

/* Four slots may have one unreadable heading between known ones; fewer slots must all be named, or a slot column that is
 * not recognised would shift the doses. */
static struct run find_slots(double scores[][COLUMN_KINDS], int count)
{
    struct run best = { .length = 0, .score = 0 };
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
        int length = 0;
        while (length < 4 && orders[o][length] != COLUMN_UNKNOWN) length++;
        for (int start = 0; start + length <= count; start++) {
            struct run run = score_run(scores, start, length, orders[o]);
            if (run.clashes || (run.named < (length == 4 ? 3 : length) && !only_middle_unnamed(&run, scores))) continue;
            if (run.score > best.score + 0.01) best = run;
        }
    }
    return best;
}

/* Two of three slots are named and the third heading at least resembles what belongs there, and nothing else: taken, but its
 * doses are unsure. */
static struct run guess_slots(const char *const *texts, double scores[][COLUMN_KINDS], int count, enum column_kind *guessed)
{
    static const double faint = 0.35;
    struct run best = { .length = 0, .score = 0 };
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
        if (orders[o][2] == COLUMN_UNKNOWN || orders[o][3] != COLUMN_UNKNOWN) continue;
        for (int start = 0; start + 3 <= count; start++) {
            struct run run = score_run(scores, start, 3, orders[o]);
            if (run.named != 2) continue;
            for (int i = 0; i < 3; i++) {
                const double *column = scores[start + i];
                double likeness = words_heading_likeness(texts[start + i], orders[o][i]);
                if (column[orders[o][i]] > 0.5 || best_other(column) > 0.5 || likeness < faint) continue;
                if (run.score + likeness <= best.score) continue;
                best = run;
                best.score += likeness;
                *guessed = orders[o][i];
            }
        }
    }
    return best;
}

/* A first or last slot of whose name nothing was read: what stands there may be something else. */
static void doubt_unnamed_end(double scores[][COLUMN_KINDS], const struct run *run, struct columns *out)
{
    static const double faint = 0.25;
    for (int i = 0; i < run->length; i += run->length - 1)
        if (scores[run->start + i][run->order[i]] < faint) out->guessed = run->order[i];
}

/* The slot a heading clearly names, COLUMN_UNKNOWN for none. */
static enum column_kind slot_named(const double scores[COLUMN_KINDS])
{
    enum column_kind best = COLUMN_MORNING;
    for (int k = COLUMN_NOON; k <= COLUMN_NIGHT; k++)
        if (scores[k] > scores[best]) best = (enum column_kind)k;
    return scores[best] > clear && scores[best] >= best_other(scores) ? best : COLUMN_UNKNOWN;
}

/* Slots that stand apart from the others, in another order or twice, are not what this reader knows: each goes by its own name
 * and the draft is only a proposal. */
static void take_scattered(double scores[][COLUMN_KINDS], int count, struct columns *out)
{
    for (int c = 0; c < count; c++) {
        enum column_kind slot = out->kind[c] == COLUMN_UNKNOWN ? slot_named(scores[c]) : COLUMN_UNKNOWN;
        if (slot == COLUMN_UNKNOWN) continue;
        out->scattered = true;
        if (out->of[slot] >= 0) continue;
        out->kind[c] = slot;
        out->of[slot] = c;
        out->known++;
        out->slots++;
    }
}

static void assign_others(double scores[][COLUMN_KINDS], int count, struct columns *out)
{
    for (int k = COLUMN_NUMBER; k < COLUMN_MORNING; k++) {
        int best = -1;
        for (int c = 0; c < count; c++) {
            if (out->kind[c] != COLUMN_UNKNOWN || scores[c][k] < 0.5 || scores[c][k] < best_other(scores[c])) continue;
            if (best < 0 || scores[c][k] > scores[best][k]) best = c;
        }
        if (best < 0) continue;
        out->kind[best] = (enum column_kind)k;
        out->of[k] = best;
        out->known++;
    }
}

/* Morning, noon and evening, and then a column whose heading says nothing clear: it may be the night. What stands in it is read
 * as such, and unsure; otherwise a dose there would be lost without a word. */
static void suspect_night(double scores[][COLUMN_KINDS], const struct run *slots, int count, struct columns *out)
{
    int next = slots->start + slots->length;
    if (slots->length == 0 || slots->length == 4 || out->of[COLUMN_NIGHT] >= 0 || next >= count || best_other(scores[next]) >= clear) return;
    if (out->kind[next] != COLUMN_UNKNOWN) out->of[out->kind[next]] = -1;
    out->kind[next] = COLUMN_NIGHT;
    out->of[COLUMN_NIGHT] = next;
    out->night_suspected = true;
}

/* When no heading says "quantity" and just one column beside the slots has no meaning, that is it. */
static void guess_quantity(struct columns *out, int count)
{
    int unknown = -1;
    if (out->of[COLUMN_QUANTITY] >= 0 || out->of[COLUMN_NAME] < 0) return;
    for (int c = 0; c < count; c++) {
        if (out->kind[c] != COLUMN_UNKNOWN || c < out->of[COLUMN_NAME]) continue;
        if (unknown >= 0) return;
        unknown = c;
    }
    if (unknown < 0) return;
    out->kind[unknown] = COLUMN_QUANTITY;
    out->of[COLUMN_QUANTITY] = unknown;
    out->quantity_guessed = true;
}

void columns_decide(const char *const *texts, int count, struct columns *out)
{
    double scores[GRID_COLUMNS_MAX][COLUMN_KINDS];
    memset(out, 0, sizeof *out);
    for (int k = 0; k < COLUMN_KINDS; k++) out->of[k] = -1;
    for (int c = 0; c < count; c++) score_heading(texts[c], scores[c]);
    struct run slots = find_slots(scores, count);
    if (slots.length == 0) slots = guess_slots(texts, scores, count, &out->guessed);
    for (int i = 0; i < slots.length; i++) {
        out->kind[slots.start + i] = slots.order[i];
        out->of[slots.order[i]] = slots.start + i;
    }
    out->known = slots.named;
    out->slots = slots.length;
    out->slots_sure = slots.named == slots.length;
    if (slots.length > 1) doubt_unnamed_end(scores, &slots, out);
    take_scattered(scores, count, out);
    assign_others(scores, count, out);
    if (out->known < KNOWN_MIN || out->slots < 2) out->slots = 0;
    suspect_night(scores, &slots, count, out);
    guess_quantity(out, count);
}

/* ---- reading the headings ------------------------------------------------------------------------------------- */

static double best_score(const char *text)
{
    double scores[COLUMN_KINDS], best = 0;
    score_heading(text, scores);
    for (int k = 0; k < COLUMN_KINDS; k++) best = scores[k] > best ? scores[k] : best;
    return best;
}

/* Adds one more reading of all heading cells of a column to its text, a line each. */
static void read_heading(struct engine *engine, PIX *grey, const struct grid_holes *holes, const struct grid *grid, int column,
                         enum engine_tongue tongue, enum engine_shape shape, char *text)
{
    for (int r = 0; r < grid->header_rows; r++) {
        const struct grid_cell *cell = &grid->cells[r][column];
        PIX *crop = cell->box.w > 0 ? grid_crop(grey, holes, cell) : NULL;
        if (!crop) continue;
        char seen[120];
        if (shape == SHAPE_RAW_LINE) lines_read(engine, tongue, crop, ' ', seen, sizeof seen);
        else engine_read(engine, tongue, shape, crop, false, seen, sizeof seen);
        size_t used = strlen(text);
        snprintf(text + used, HEADING_BYTES - used, "%s%s", used ? "\n" : "", seen);
        pixDestroy(&crop);
    }
}

/* A first look with both scripts; where it says little to a column, and others are known, more looks with one script each. */
void columns_read(struct engine *engine, PIX *grey, const struct grid_holes *holes, const struct grid *grid, struct columns *out)
{
    static const struct { enum engine_tongue tongue; enum engine_shape shape; } looks[] = {
        { TONGUE_KHMER, SHAPE_RAW_LINE }, { TONGUE_KHMER_ALONE, SHAPE_RAW_LINE }, { TONGUE_KHMER, SHAPE_BLOCK },
        { TONGUE_LATIN, SHAPE_RAW_LINE } };
    char texts[GRID_COLUMNS_MAX][HEADING_BYTES] = { "" };
    const char *pointers[GRID_COLUMNS_MAX];
    int known = 0;
    for (size_t look = 0; look < sizeof looks / sizeof *looks; look++) {
        if (look > 0 && known < 2) break;
        for (int c = 0; c < grid->columns; c++) {
            if (best_score(texts[c]) > 0.85) continue;
            read_heading(engine, grey, holes, grid, c, looks[look].tongue, looks[look].shape, texts[c]);
            known += best_score(texts[c]) > 0.6;
        }
    }
    for (int c = 0; c < grid->columns; c++) pointers[c] = texts[c];
    columns_decide(pointers, grid->columns, out);
}
