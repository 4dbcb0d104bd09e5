/* Rows of ink by projection; marks above and below Khmer letters stay with their line. */
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INK = 165, LINE_BORDER = 10, RUNS_MAX = 64 };

struct run { int from, to; };

/* Runs of rows that hold ink. */
static int find_runs(PIX *ink, struct run runs[RUNS_MAX])
{
    int count = 0, h = pixGetHeight(ink);
    NUMA *rows = pixCountPixelsByRow(ink, NULL);
    bool inside = false;
    for (int y = 0; rows && y < h; y++) {
        l_int32 pixels;
        numaGetIValue(rows, y, &pixels);
        if (pixels > 0 && !inside && count < RUNS_MAX) runs[count++].from = y;
        if (pixels > 0 && count > 0) runs[count - 1].to = y + 1;
        inside = pixels > 0;
    }
    numaDestroy(&rows);
    return count;
}

static int tallest_run(const struct run *runs, int count)
{
    int tallest = 0;
    for (int i = 0; i < count; i++)
        if (runs[i].to - runs[i].from > tallest) tallest = runs[i].to - runs[i].from;
    return tallest;
}

/* Joins what is too low to be a line (dots, vowels above, feet below) to the nearer neighbour. */
static int join_marks(struct run *runs, int count)
{
    int least = tallest_run(runs, count) * 45 / 100;
    for (int i = 0; i < count && count > 1;) {
        if (runs[i].to - runs[i].from >= least) { i++; continue; }
        int above = i > 0 ? runs[i].from - runs[i - 1].to : 1 << 20, below = i + 1 < count ? runs[i + 1].from - runs[i].to : 1 << 20;
        if (above < below) runs[i - 1].to = runs[i].to;
        else runs[i + 1].from = runs[i].from;
        memmove(&runs[i], &runs[i + 1], (size_t)(count - i - 1) * sizeof *runs);
        count--;
        if (i > 0) i--;
    }
    return count;
}

static bool width_of(PIX *ink, const struct run *run, int *x, int *w)
{
    BOX *band = boxCreate(0, run->from, pixGetWidth(ink), run->to - run->from), *tight = NULL;
    PIX *part = pixClipRectangle(ink, band, NULL);
    bool found = part && pixClipToForeground(part, NULL, &tight) == 0 && tight;
    if (found) {
        *x = tight->x;
        *w = tight->w;
    }
    boxDestroy(&band);
    boxDestroy(&tight);
    pixDestroy(&part);
    return found;
}

int lines_find(PIX *crop, struct ocr_box lines[LINES_MAX])
{
    struct run runs[RUNS_MAX];
    PIX *raw = pixThresholdToBinary(crop, INK), *ink = raw ? pixSelectBySize(raw, 2, 3, 8, L_SELECT_IF_EITHER, L_SELECT_IF_GTE, NULL) : NULL;
    int found = ink ? find_runs(ink, runs) : 0, count = 0;
    found = join_marks(runs, found);
    for (int i = 0; i < found && count < LINES_MAX; i++) {
        struct ocr_box *line = &lines[count];
        *line = (struct ocr_box){ 0, runs[i].from, 0, runs[i].to - runs[i].from };
        if (line->h > 3 && width_of(ink, &runs[i], &line->x, &line->w)) count++;
    }
    pixDestroy(&raw);
    pixDestroy(&ink);
    return count;
}

PIX *lines_cut(PIX *crop, const struct ocr_box *line, int border)
{
    BOX *box = boxCreate(line->x - 2 > 0 ? line->x - 2 : 0, line->y - 2 > 0 ? line->y - 2 : 0, line->w + 4, line->h + 4);
    PIX *part = box ? pixClipRectangle(crop, box, NULL) : NULL, *framed = part ? pixAddBorder(part, border, 255) : NULL;
    boxDestroy(&box);
    pixDestroy(&part);
    return framed;
}

double lines_read(struct engine *engine, enum engine_tongue tongue, PIX *crop, char separator, char *out, size_t size)
{
    struct ocr_box lines[LINES_MAX];
    int count = lines_find(crop, lines), read = 0;
    double sum = 0;
    out[0] = '\0';
    for (int i = 0; i < count; i++) {
        PIX *line = lines_cut(crop, &lines[i], LINE_BORDER);
        char text[OCR_TEXT_MAX];
        double confidence = line ? engine_read(engine, tongue, SHAPE_RAW_LINE, line, false, text, sizeof text) : 0;
        pixDestroy(&line);
        if (confidence <= 0) continue;
        size_t used = strlen(out);
        if (used && used + 1 < size) { out[used++] = separator; out[used] = '\0'; }
        snprintf(out + used, size - used, "%s", text);
        sum += confidence;
        read++;
    }
    return read ? sum / read : 0;
}
