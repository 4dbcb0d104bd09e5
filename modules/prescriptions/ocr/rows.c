/* One row after the other: name, doses, quantity with its unit, days, remarks; then the checks. */
#include "rows.h"

#include "names.h"
#include "number.h"
#include "text.h"
#include "words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS_MAX = 90 };

static const struct grid_cell *cell_of(const struct rows_source *s, int row, enum column_kind kind)
{
    int column = s->columns->of[kind];
    return column < 0 || s->grid->cells[row][column].box.w == 0 ? NULL : &s->grid->cells[row][column];
}

static PIX *crop_of(const struct rows_source *s, int row, enum column_kind kind)
{
    const struct grid_cell *cell = cell_of(s, row, kind);
    return cell ? grid_crop(s->grey, s->holes, cell) : NULL;
}

static int compare_ints(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* The height of the page's digits: the median over the slot cells, since most hold a digit alone. */
static int digit_height(const struct rows_source *s)
{
    int heights[GRID_ROWS_MAX * 8], n = 0;
    static const enum column_kind kinds[] = { COLUMN_NUMBER, COLUMN_DAYS, COLUMN_MORNING, COLUMN_NOON, COLUMN_EVENING, COLUMN_NIGHT };
    for (int r = s->grid->header_rows; r < s->grid->rows; r++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            PIX *crop = crop_of(s, r, kinds[k]);
            int height = crop ? number_digit_height(crop) : 0;
            if (height > 9) heights[n++] = height;
            pixDestroy(&crop);
        }
    if (n == 0) return 0;
    qsort(heights, (size_t)n, sizeof *heights, compare_ints);
    return heights[n / 2];
}

static void set_number(struct ocr_number *field, const struct number_reading *reading, const struct grid_cell *cell)
{
    *field = (struct ocr_number){ .value = reading->value, .confidence = reading->confidence, .unsure = reading->unsure,
                                  .source = OCR_SOURCE_OCR, .box = cell->box };
    text_copy(field->raw, sizeof field->raw, reading->raw);
}

static void set_text(struct ocr_text *field, const char *text, double confidence, const struct ocr_box *box)
{
    text_copy(field->text, sizeof field->text, text);
    field->confidence = confidence;
    field->source = text[0] ? OCR_SOURCE_OCR : OCR_SOURCE_NONE;
    if (box) field->box = *box;
}

/* ---- words --------------------------------------------------------------------------------------------------- */

/* What a remark says about meals and need; the words themselves become the instructions. */
static void take_words(struct ocr_row *row, const char *text, double confidence, const struct ocr_box *box)
{
    double sure;
    const char *meal = words_meal(text, &sure);
    if (meal && !row->meal_relation.text[0]) {
        set_text(&row->meal_relation, meal, sure * (0.5 + confidence / 2), box);
        row->meal_relation.unsure = sure < 0.75;
    }
    if (words_as_needed(text)) row->as_needed = true;
    if (!row->instructions.text[0]) set_text(&row->instructions, text, confidence, box);
}

static void read_remarks(const struct rows_source *s, int r, struct ocr_row *row)
{
    static const enum column_kind kinds[] = { COLUMN_USE, COLUMN_REMARK };
    for (int k = 0; k < 2; k++) {
        PIX *crop = crop_of(s, r, kinds[k]);
        char text[OCR_TEXT_MAX];
        if (crop && number_digit_height(crop) > 9) {
            double confidence = engine_read(s->engine, TONGUE_KHMER, SHAPE_BLOCK, crop, false, text, sizeof text);
            if (text[0]) take_words(row, text, confidence, &cell_of(s, r, kinds[k])->box);
        }
        pixDestroy(&crop);
    }
}

static void take_unit(struct ocr_row *row, const char *text, double confidence, const struct ocr_box *box)
{
    double sure;
    const char *form = words_form(text, &sure);
    set_text(&row->quantity_unit, text, confidence, box);
    if (form && !row->form.text[0]) set_text(&row->form, form, sure, box);
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

/* A cell that is one with its neighbour: nobody says for which of them its number is. */
static bool is_merged(const struct rows_source *s, int row, enum column_kind kind)
{
    int column = s->columns->of[kind];
    return column >= 0 && s->grid->cells[row][column].merged;
}

/* A slot without a cell is no dose where the page has no column for it, unless the columns leave open what it would be. */
static void set_missing_slot(const struct rows_source *s, int slot, struct ocr_number *dose)
{
    const struct columns *columns = s->columns;
    bool doubtful = columns->guessed != COLUMN_UNKNOWN || columns->night_suspected || columns->scattered || s->grid->columns_lost;
    bool shown = columns->of[COLUMN_MORNING + slot] >= 0; /* it has a column, only this row's cell was not found */
    if (shown) *dose = (struct ocr_number){ .value = NAN, .unsure = true, .source = OCR_SOURCE_RULE };
    else if (doubtful) *dose = (struct ocr_number){ .unsure = true, .source = OCR_SOURCE_RULE };
}

/* Whether what stands in a slot's column may be meant for another slot. */
static bool is_doubtful_slot(const struct columns *columns, int slot)
{
    return columns->scattered || (slot == OCR_NIGHT && columns->night_suspected) || (int)columns->guessed == COLUMN_MORNING + slot;
}

/* The unit printed behind a dose. Two that differ, or a measure behind some doses only, leave open what the others are. */
static void take_dose_unit(struct ocr_row *row, const char *unit, const struct ocr_box *box)
{
    if (!unit) return;
    bool differs = row->dose_unit.text[0] && strcmp(row->dose_unit.text, unit) != 0;
    set_text(&row->dose_unit, unit, 0.9, box);
    row->dose_unit.unsure = row->dose_unit.unsure || differs || !words_is_piece(unit);
}

static void read_doses(const struct rows_source *s, int r, int height, struct ocr_row *row)
{
    bool words_known = false;
    for (int slot = 0; slot < OCR_SLOTS; slot++) {
        const struct grid_cell *cell = cell_of(s, r, (enum column_kind)(COLUMN_MORNING + slot));
        PIX *crop = cell ? grid_crop(s->grey, s->holes, cell) : NULL;
        bool merged = is_merged(s, r, (enum column_kind)(COLUMN_MORNING + slot));
        if (!crop) {
            set_missing_slot(s, slot, &row->doses[slot]);
            continue;
        }
        struct number_reading reading;
        number_read(s->engine, crop, NUMBER_DOSE, height, &reading);
        if (reading.empty && pale_has_mark(&s->pale, &cell->box, height)) reading.unsure = true;
        set_number(&row->doses[slot], &reading, cell);
        take_dose_unit(row, reading.unit, &cell->box);
        if (!s->columns->slots_sure) row->doses[slot].confidence *= 0.9;
        if (merged || is_doubtful_slot(s->columns, slot)) row->doses[slot].unsure = true;
        if (reading.end_x > 0 && !words_known) {
            char text[OCR_TEXT_MAX];
            size_t length;
            double confidence = engine_read(s->engine, TONGUE_KHMER, SHAPE_BLOCK, crop, false, text, sizeof text);
            double value = number_parse(text, &length);
            const char *words = isnan(value) ? text : text + length;
            take_words(row, words + strspn(words, " "), confidence, &cell->box);
            double sure;
            const char *form = words_form(words, &sure);
            if (form && !row->form.text[0]) set_text(&row->form, form, sure, &cell->box);
            words_known = true;
        }
        pixDestroy(&crop);
    }
    for (int slot = 0; slot < OCR_SLOTS; slot++)
        if (row->dose_unit.unsure && row->doses[slot].value != 0) row->doses[slot].unsure = true;
}

/* A table may give strengths a column of their own. */
static void read_strength_column(const struct rows_source *s, int r, struct ocr_row *row)
{
    PIX *crop = row->strength.text[0] ? NULL : crop_of(s, r, COLUMN_STRENGTH);
    if (!crop) return;
    names_read_strength(s->engine, crop, row);
    row->strength.box = cell_of(s, r, COLUMN_STRENGTH)->box;
    pixDestroy(&crop);
}

static double daily_sum(const struct ocr_row *row)
{
    double sum = 0;
    for (int slot = 0; slot < OCR_SLOTS; slot++)
        if (row->doses[slot].source != OCR_SOURCE_NONE) sum += row->doses[slot].value;
    return sum;
}

static bool is_whole_days(double days) { return fabs(days - round(days)) < 0.001 && days >= 1 && days <= DAYS_MAX; }

/* A third opinion on an unsure number, from all that stands in its cell: agreement makes it sure; otherwise the third is the better
 * proposal if it tallies with the doses and the other does not. */
static void weigh_quantity(struct ocr_row *row, double third)
{
    struct ocr_number *quantity = &row->quantity;
    double sum = daily_sum(row);
    if (!quantity->unsure || !(third >= 1)) return;
    if (third == quantity->value && quantity->confidence > 0.45) quantity->unsure = false;
    else if (isnan(quantity->value) || (is_whole_days(third / sum) && !is_whole_days(quantity->value / sum))) quantity->value = third;
}

/* What the Khmer model reads in the cell of a count, Khmer digits as 0-9; *rest is what stands behind the number. */
struct count_text { char text[OCR_TEXT_MAX], *rest; double value, confidence; bool khmer; };

static void read_count_text(struct engine *engine, PIX *crop, struct count_text *out)
{
    char seen[OCR_TEXT_MAX];
    size_t used = 0, length;
    out->confidence = engine_read(engine, TONGUE_KHMER, SHAPE_BLOCK, crop, false, seen, sizeof seen);
    out->khmer = false;
    for (const char *p = seen; *p;) {
        const char *start = p;
        uint32_t point = text_next(&p);
        bool digit = point >= 0x17e0 && point <= 0x17e9;
        out->khmer = out->khmer || digit;
        if (digit) out->text[used++] = (char)('0' + (point - 0x17e0));
        else for (; start < p; start++) out->text[used++] = *start;
    }
    out->text[used] = '\0';
    out->value = number_parse(out->text, &length);
    out->rest = out->text + (isnan(out->value) ? 0 : length);
}

/* The readers of a single number know no Khmer digits, and take a Khmer 1 for a 9: a count must be the same to the Khmer model. */
static void check_count(struct number_reading *reading, const struct count_text *whole)
{
    if (whole->value == reading->value) return;
    reading->unsure = true;
    reading->confidence = fmin(reading->confidence, 0.4);
    if (whole->khmer && !isnan(whole->value)) reading->value = whole->value;
}

/* Returns what Tesseract makes of the cell as a whole, NAN for no number. */
static double read_quantity(const struct rows_source *s, int r, int height, struct ocr_row *row)
{
    const struct grid_cell *cell = cell_of(s, r, COLUMN_QUANTITY);
    PIX *crop = cell ? grid_crop(s->grey, s->holes, cell) : NULL;
    struct number_reading reading = { .empty = true };
    struct count_text whole = { .value = NAN };
    if (crop) number_read(s->engine, crop, NUMBER_COUNT, height, &reading);
    if (!reading.empty) {
        read_count_text(s->engine, crop, &whole);
        check_count(&reading, &whole);
        set_number(&row->quantity, &reading, cell);
        const char *unit = whole.rest + strspn(whole.rest, " .");
        double sure;
        if (unit[0] && (!isnan(whole.value) || words_form(unit, &sure))) take_unit(row, unit, whole.confidence, &cell->box);
    }
    pixDestroy(&crop);
    return whole.value;
}

static void read_unit_column(const struct rows_source *s, int r, struct ocr_row *row)
{
    static const enum column_kind kinds[] = { COLUMN_UNIT, COLUMN_FORM };
    for (int k = 0; k < 2; k++) {
        PIX *crop = crop_of(s, r, kinds[k]);
        char text[OCR_TEXT_MAX];
        if (crop) {
            double confidence = engine_read(s->engine, TONGUE_KHMER, SHAPE_BLOCK, crop, false, text, sizeof text);
            if (text[0]) take_unit(row, text, confidence, &cell_of(s, r, kinds[k])->box);
        }
        pixDestroy(&crop);
    }
}

static void read_days(const struct rows_source *s, int r, int height, struct ocr_row *row)
{
    const struct grid_cell *cell = cell_of(s, r, COLUMN_DAYS);
    PIX *crop = cell ? grid_crop(s->grey, s->holes, cell) : NULL;
    if (!crop) return;
    struct number_reading reading;
    number_read(s->engine, crop, NUMBER_COUNT, height, &reading);
    if (!reading.empty) {
        struct count_text whole;
        read_count_text(s->engine, crop, &whole);
        check_count(&reading, &whole);
        set_number(&row->duration_days, &reading, cell);
    }
    pixDestroy(&crop);
}

/* ---- checks -------------------------------------------------------------------------------------------------- */

static void doubt_numbers(struct ocr_row *row)
{
    row->quantity.unsure = true;
    for (int slot = 0; slot < OCR_SLOTS; slot++)
        if (row->doses[slot].source != OCR_SOURCE_NONE) row->doses[slot].unsure = true;
}

static void check_tally(struct ocr_row *row)
{
    double sum = daily_sum(row), quantity = row->quantity.value;
    bool counted = !row->form.text[0] || words_is_counted(row->form.text);
    if (row->quantity.source == OCR_SOURCE_NONE || isnan(sum) || isnan(quantity) || sum <= 0) return;
    double days = quantity / sum;
    bool whole = is_whole_days(days);
    bool read = row->duration_days.source == OCR_SOURCE_OCR;
    if (whole && !read)
        row->duration_days = (struct ocr_number){ .value = round(days), .confidence = row->quantity.confidence, .source = OCR_SOURCE_RULE };
    if (!counted) return;
    /* a quantity that is in doubt itself says nothing about the doses */
    if (!whole && row->quantity.unsure) return;
    if (!whole) doubt_numbers(row);
    else if (read && !(fabs(row->duration_days.value - days) < 0.001)) row->duration_days.unsure = true;
}

void rows_check(struct ocr_row *row)
{
    check_tally(row);
    double sum = daily_sum(row);
    row->confidence = row->name.confidence;
    if (row->quantity.source != OCR_SOURCE_NONE) row->confidence = fmin(row->confidence, row->quantity.confidence);
    for (int slot = 0; slot < OCR_SLOTS; slot++)
        if (row->doses[slot].source != OCR_SOURCE_NONE) row->confidence = fmin(row->confidence, row->doses[slot].confidence);
    /* a medicine that is never taken: some slot was not seen */
    if (sum == 0 && !row->as_needed) doubt_numbers(row);
}

static bool row_is_blank(const struct rows_source *s, int r, int height)
{
    PIX *crop = crop_of(s, r, COLUMN_NAME);
    bool blank = !crop || number_digit_height(crop) * 2 < height;
    pixDestroy(&crop);
    return blank;
}

/* A row without a name that holds something all the same: a name too pale to be seen, or a second row of the medicine above. */
static bool has_doses(const struct rows_source *s, int r, int height)
{
    const struct grid_cell *name = cell_of(s, r, COLUMN_NAME);
    if (name && pale_has_mark(&s->pale, &name->box, height)) return true;
    for (int k = COLUMN_MORNING; k <= COLUMN_NIGHT; k++) {
        PIX *crop = crop_of(s, r, (enum column_kind)k);
        bool inked = crop && number_digit_height(crop) * 10 > height * 6;
        pixDestroy(&crop);
        if (inked) return true;
    }
    return false;
}

static struct ocr_box row_box(const struct rows_source *s, int r)
{
    const struct ocr_box *first = NULL, *last = NULL;
    for (int c = 0; c < s->grid->columns; c++) {
        const struct ocr_box *box = &s->grid->cells[r][c].box;
        if (box->w == 0) continue;
        if (!first) first = box;
        last = box;
    }
    return first ? (struct ocr_box){ first->x, first->y, last->x + last->w - first->x, first->h } : (struct ocr_box){ 0, 0, 0, 0 };
}

static void read_row(const struct rows_source *s, int r, int height, struct ocr_row *row)
{
    PIX *crop = crop_of(s, r, COLUMN_NAME);
    if (crop) {
        names_read(s->engine, s->lexicon, crop, row);
        row->name.box = row->strength.box = cell_of(s, r, COLUMN_NAME)->box;
        pixDestroy(&crop);
    }
    read_strength_column(s, r, row);
    read_unit_column(s, r, row);
    double whole = read_quantity(s, r, height, row);
    read_doses(s, r, height, row);
    weigh_quantity(row, whole);
    read_days(s, r, height, row);
    read_remarks(s, r, row);
    row->box = row_box(s, r);
    rows_check(row);
    if (is_merged(s, r, COLUMN_NAME)) doubt_numbers(row); /* a line of sums, a signature; or a name for two rows */
    /* in a column that only seems to hold quantities, a number must at least tally */
    if (s->columns->quantity_guessed && row->duration_days.source != OCR_SOURCE_RULE && row->quantity.source != OCR_SOURCE_NONE)
        row->quantity.unsure = true;
}

enum heading { NO_HEADING, SAME_HEADING, OTHER_HEADING };

static enum column_kind slot_named(const char *text)
{
    static const double clear = 0.75;
    double scores[COLUMN_KINDS];
    words_score_heading(text, scores);
    for (int k = COLUMN_MORNING; k <= COLUMN_NIGHT; k++)
        if (scores[k] > clear) return (enum column_kind)k;
    return COLUMN_UNKNOWN;
}

/* Whether a row without any readable dose repeats the headings, and whether they name the same columns as before. */
static enum heading find_heading(const struct rows_source *s, int r, const struct ocr_row *row)
{
    int named = 0, moved = 0;
    for (int slot = 0; slot < OCR_SLOTS; slot++) {
        if (!isnan(row->doses[slot].value)) continue;
        PIX *crop = crop_of(s, r, (enum column_kind)(COLUMN_MORNING + slot));
        char text[OCR_TEXT_MAX] = "";
        if (crop) engine_read(s->engine, TONGUE_KHMER, SHAPE_RAW_LINE, crop, false, text, sizeof text);
        pixDestroy(&crop);
        enum column_kind kind = slot_named(text);
        named += kind != COLUMN_UNKNOWN;
        moved += kind != COLUMN_UNKNOWN && (int)kind != COLUMN_MORNING + slot;
    }
    return named < 2 ? NO_HEADING : moved ? OTHER_HEADING : SAME_HEADING;
}

void rows_read(const struct rows_source *s, struct ocr_draft *draft, ocr_progress_fn *progress, void *arg)
{
    int height = digit_height(s), total = s->grid->rows - s->grid->header_rows;
    bool moved = false; /* other headings have been passed: the columns may mean something else now */
    for (int r = s->grid->header_rows; r < s->grid->rows && draft->row_count < OCR_ROWS_MAX; r++) {
        if (progress) progress(arg, "rows", 45 + 40 * (r - s->grid->header_rows) / total);
        if (row_is_blank(s, r, height)) {
            draft->rows_missing = draft->rows_missing || has_doses(s, r, height);
            continue;
        }
        struct ocr_row *row = &draft->rows[draft->row_count];
        read_row(s, r, height, row);
        enum heading heading = find_heading(s, r, row);
        moved = moved || heading == OTHER_HEADING;
        if (moved) doubt_numbers(row);
        if (heading == NO_HEADING) row->sequence_number = ++draft->row_count;
        else *row = (struct ocr_row){ .sequence_number = 0 };
    }
    if (draft->row_count == OCR_ROWS_MAX) draft->rows_missing = true;
}
