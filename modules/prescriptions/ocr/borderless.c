/* Finds the line of headings, then reads each line below it, cut at the headings' places. */
#include "borderless.h"

#include "lines.h"
#include "names.h"
#include "number.h"
#include "rows.h"
#include "text.h"
#include "words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 600, SIDE_MAX = 1200, SLOT_WORDS_MIN = 3, LINE_GAP_MAX = 6 /* line heights without a row, after which the table has ended */ };

struct heading { int left, right, line, top, bottom; double score; };

struct layout {
    struct heading at[COLUMN_KINDS];   /* score 0: not on the page */
    int line, top, bottom;             /* of the headings */
    int pitch;                         /* px between slot columns */
};

static int middle(const struct heading *h) { return (h->left + h->right) / 2; }

/* The headings of one line; returns how many slot words are among them in the right order. */
static int find_headings(const struct engine_word *words, int count, int line, struct layout *out)
{
    memset(out, 0, sizeof *out);
    out->line = line;
    out->top = 1 << 20;
    for (int i = 0; i < count; i++) {
        if (words[i].line != line) continue;
        double scores[COLUMN_KINDS];
        words_score_heading(words[i].text, scores);
        const struct ocr_box *box = &words[i].box;
        for (int k = COLUMN_NUMBER; k < COLUMN_KINDS; k++)
            if (scores[k] > 0.7 && scores[k] > out->at[k].score)
                out->at[k] = (struct heading){ box->x, box->x + box->w, line, box->y, box->y + box->h, scores[k] };
        out->top = box->y < out->top ? box->y : out->top;
        out->bottom = box->y + box->h > out->bottom ? box->y + box->h : out->bottom;
    }
    int slots = 0, last = -1, first_x = 0;
    for (int k = COLUMN_MORNING; k <= COLUMN_NIGHT; k++) {
        if (out->at[k].score == 0) continue;
        if (last >= 0 && middle(&out->at[k]) <= last) return 0;
        if (last < 0) first_x = middle(&out->at[k]);
        last = middle(&out->at[k]);
        slots++;
    }
    if (slots > 1) out->pitch = (last - first_x) / (slots - 1);
    return slots;
}

static bool find_layout(const struct engine_word *words, int count, struct layout *out)
{
    int lines = count ? words[count - 1].line : 0;
    for (int line = 1; line <= lines; line++)
        if (find_headings(words, count, line, out) >= SLOT_WORDS_MIN && out->pitch > 20) return true;
    return false;
}

/* Cuts the part of a line that lies under a heading. */
static PIX *cut(PIX *grey, const struct ocr_box *box)
{
    BOX *place = box->w > 4 && box->h > 4 ? boxCreate(box->x, box->y, box->w, box->h) : NULL;
    PIX *part = place ? pixClipRectangle(grey, place, NULL) : NULL, *framed = part ? pixAddBorder(part, 14, 255) : NULL;
    boxDestroy(&place);
    pixDestroy(&part);
    return framed;
}

static void read_number(struct engine *engine, PIX *grey, const struct ocr_box *box, enum number_role role, struct ocr_number *out)
{
    struct number_reading reading;
    PIX *part = cut(grey, box);
    if (!part) return;
    number_read(engine, part, role, 0, &reading);
    pixDestroy(&part);
    if (reading.empty && role == NUMBER_COUNT) return;
    *out = (struct ocr_number){ .value = reading.value, .confidence = 0.5 * reading.confidence, .unsure = true,
                                .source = OCR_SOURCE_OCR, .box = *box };
    text_copy(out->raw, sizeof out->raw, reading.raw);
}

/* The name lies between the row number and the first column right of it that is not a name. */
static struct ocr_box name_box(const struct layout *layout, int top, int bottom, int left, int page_w)
{
    int right = page_w;
    for (int k = COLUMN_NUMBER; k < COLUMN_KINDS; k++) {
        const struct heading *h = &layout->at[k];
        if (k == COLUMN_NAME || k == COLUMN_NUMBER || h->score == 0) continue;
        int edge = middle(h) - layout->pitch / 2;
        right = edge < right ? edge : right;
    }
    if (layout->at[COLUMN_NUMBER].score > 0) left = layout->at[COLUMN_NUMBER].right + 4;
    return (struct ocr_box){ left, top, right - left, bottom - top };
}

static void read_line(struct engine *engine, const struct lexicon *lexicon, PIX *grey, const struct layout *layout,
                      const struct ocr_box *line, struct ocr_draft *draft)
{
    struct ocr_row *row = &draft->rows[draft->row_count];
    int top = line->y - 3 > 0 ? line->y - 3 : 0, bottom = line->y + line->h + 3, half = layout->pitch / 2;
    struct ocr_box box = name_box(layout, top, bottom, line->x > 4 ? line->x - 4 : 0, pixGetWidth(grey));
    PIX *part = cut(grey, &box);
    memset(row, 0, sizeof *row);
    if (part) names_read(engine, lexicon, part, row);
    pixDestroy(&part);
    if (text_fold(row->name.text).count < 3) return;
    row->name.unsure = row->strength.unsure = true;
    row->name.box = row->strength.box = box;
    for (int slot = 0; slot < OCR_SLOTS; slot++) {
        const struct heading *h = &layout->at[COLUMN_MORNING + slot];
        struct ocr_box place = { middle(h) - half, top, 2 * half, bottom - top };
        /* a slot whose heading was not seen may exist all the same */
        row->doses[slot] = (struct ocr_number){ .value = NAN, .unsure = true, .source = OCR_SOURCE_OCR };
        if (h->score > 0) read_number(engine, grey, &place, NUMBER_DOSE, &row->doses[slot]);
    }
    const struct heading *quantity = &layout->at[COLUMN_QUANTITY];
    struct ocr_box place = { middle(quantity) - half, top, 2 * half, bottom - top };
    if (quantity->score > 0) read_number(engine, grey, &place, NUMBER_COUNT, &row->quantity);
    row->quantity.unsure = true;
    row->box = *line;
    rows_check(row);
    row->sequence_number = ++draft->row_count;
}

static void read_lines(struct engine *engine, const struct lexicon *lexicon, PIX *grey, const struct layout *layout,
                       const struct engine_word *words, int count, struct ocr_draft *draft)
{
    int foot = layout->bottom, height = layout->bottom - layout->top;
    for (int i = 0; i < count && draft->row_count < OCR_ROWS_MAX;) {
        int line = words[i].line, right = 0, bottom = 0;
        struct ocr_box box = { 1 << 20, 1 << 20, 0, 0 };
        for (; i < count && words[i].line == line; i++) {
            const struct ocr_box *word = &words[i].box;
            box.x = word->x < box.x ? word->x : box.x;
            box.y = word->y < box.y ? word->y : box.y;
            right = word->x + word->w > right ? word->x + word->w : right;
            bottom = word->y + word->h > bottom ? word->y + word->h : bottom;
        }
        if (line <= layout->line) continue;
        if (box.y > foot + LINE_GAP_MAX * height) return;
        box.w = right - box.x;
        box.h = bottom - box.y;
        int before = draft->row_count;
        bool reaches_slots = right > layout->at[COLUMN_MORNING].left - layout->pitch / 2;
        if (reaches_slots) read_line(engine, lexicon, grey, layout, &box, draft);
        if (draft->row_count > before) foot = bottom;
    }
}

/* Deskewed, and small enough for a whole page of words at once to fit into the worker's memory. */
static PIX *straighten(PIX *grey)
{
    int w = pixGetWidth(grey), h = pixGetHeight(grey), shorter = w < h ? w : h;
    float scale = shorter > SIDE_MAX ? (float)SIDE_MAX / (float)shorter : 1;
    PIX *small = pixScale(grey, scale, scale), *straight = small ? pixDeskew(small, 4) : NULL;
    pixDestroy(&small);
    return straight;
}

PIX *borderless_read(struct engine *engine, const struct lexicon *lexicon, PIX *grey, struct ocr_draft *draft)
{
    struct layout layout;
    struct engine_word *words = calloc(WORDS_MAX, sizeof *words);
    PIX *straight = straighten(grey);
    int count = words && straight ? engine_words(engine, TONGUE_KHMER, SHAPE_BLOCK, straight, words, WORDS_MAX) : 0;
    bool found = find_layout(words, count, &layout);
    if (found) read_lines(engine, lexicon, straight, &layout, words, count, draft);
    free(words);
    if (!found || draft->row_count == 0) pixDestroy(&straight);
    return straight;
}
