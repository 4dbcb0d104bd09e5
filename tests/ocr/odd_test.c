/* Reads the pages of tests/ocr/odd_pages.txt and insists that no dose is wrong without being marked unsure, and that no row is
 * invented. How much is read rightly matters little there, but a reader that refuses everything would not pass either.
 *   odd_test [FILE [NAME]]     with a file: prints what is read on its pages (those whose name holds NAME) and what is wrong */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "odd_page.h"

#include "../../modules/prescriptions/ocr/ocr.h"
#include "../../modules/prescriptions/ocr/text.h"
#include "../../modules/prescriptions/ocr/words.h"

#include <leptonica/allheaders.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char PAGES[] = "tests/ocr/odd_pages.txt";

struct tally { int rows, slots, right, silent, invented, strengths, quantities, missing; };

/* The medicine of the page that a row was read from, NULL for none. */
static const struct odd_line *find_line(const struct odd_page *page, const struct ocr_row *row)
{
    struct text_points name = text_fold(row->name.text);
    const struct odd_line *best = NULL;
    double score = 0.6;
    for (int i = 0; i < page->count && name.count >= 3; i++) {
        const struct odd_line *line = &page->lines[i];
        for (int c = 0; c < line->count && line->kind == ODD_MEDICINE; c++) {
            struct text_points cell = text_fold(line->cells[c]);
            double found = cell.count >= name.count ? text_find(&cell, &name) : 0;
            if (found > score) { score = found; best = line; }
        }
    }
    return best;
}

/* Two drops are no two tablets. */
static bool same_unit(const struct odd_line *line, const struct ocr_row *row)
{
    const char *read = row->dose_unit.text;
    return line->unit[0] ? strcmp(line->unit, read) == 0 : !read[0] || words_is_piece(read);
}

/* A cell's text without spaces; a line break is a space. */
static void squeeze(const char *cell, char out[ODD_TEXT])
{
    size_t used = 0;
    for (const char *p = cell; *p; p++) {
        if (strncmp(p, "&#10;", 5) == 0) p += 4;
        else if (*p != ' ') out[used++] = *p;
    }
    out[used] = '\0';
}

/* A strength is all that stands behind the name, or a cell of its own behind it. */
static bool strength_is_wrong(const struct odd_line *line, const struct ocr_row *row)
{
    char name[ODD_TEXT], strength[ODD_TEXT], cell[ODD_TEXT];
    squeeze(row->name.text, name);
    squeeze(row->strength.text, strength);
    for (int c = 0; c < line->count; c++) {
        squeeze(line->cells[c], cell);
        if (strncasecmp(cell, name, strlen(name)) != 0) continue;
        if (name[0] && strchr("/+.,", name[strlen(name) - 1])) return true; /* it has the beginning of the strength */
        if (cell[strlen(name)]) return strcmp(cell + strlen(name), strength) != 0;
        squeeze(c + 1 < line->count ? line->cells[c + 1] : "", cell);
        return (strength[0] || strstr(cell, "mg")) && strcmp(cell, strength) != 0;
    }
    return true;
}

/* The number a cell begins with, in digits of either script; NAN for none. */
static double number_of(const char *cell)
{
    struct text_points points = text_fold(cell);
    double value = points.count > 0 && points.at[0] <= '9' ? 0 : NAN;
    for (int i = 0; i < points.count && points.at[i] <= '9'; i++) value = value * 10 + (points.at[i] - '0');
    return value;
}

static bool quantity_is_wrong(const struct odd_page *page, const struct odd_line *line, const struct ocr_row *row)
{
    const struct odd_line *head = NULL;
    for (int i = 0; i < page->count && &page->lines[i] < line; i++)
        if (page->lines[i].kind == ODD_HEAD) head = &page->lines[i];
    for (int c = 0; head && c < head->count && c < line->count; c++) {
        bool named = strcmp(head->cells[c], "Qty") == 0 || strcmp(head->cells[c], "Qté") == 0 || strcmp(head->cells[c], "ចំនួន") == 0;
        if (named) return !(fabs(number_of(line->cells[c]) - row->quantity.value) < 0.005);
    }
    return false;
}

static void judge_row(const struct odd_page *page, const struct ocr_row *row, struct tally *tally, FILE *list)
{
    const struct odd_line *line = find_line(page, row);
    bool invented = false;
    if (list) fprintf(list, "    %-24s %g%s days %g:", row->name.text, row->quantity.value, row->quantity.unsure ? "?" : "", row->duration_days.value);
    for (int slot = 0; slot < OCR_SLOTS; slot++) {
        const struct ocr_number *dose = &row->doses[slot];
        double value = dose->source == OCR_SOURCE_NONE ? 0 : dose->value;
        bool right = line && fabs(value - line->doses[slot]) < 0.005 && (value == 0 || same_unit(line, row)), silent = line && !right && !dose->unsure;
        tally->right += right;
        tally->silent += silent;
        invented = invented || (!line && !dose->unsure && value > 0);
        if (list) fprintf(list, " %g%s%s \"%s\"", value, dose->unsure ? "?" : "", silent ? " SILENTLY WRONG" : "", dose->raw);
    }
    if (list && row->dose_unit.text[0]) fprintf(list, " %s", row->dose_unit.text);
    bool strength = line && !row->strength.unsure && !row->name.unsure && strength_is_wrong(line, row);
    tally->strengths += strength;
    bool counted = row->quantity.source != OCR_SOURCE_NONE && !row->quantity.unsure, quantity = line && counted && quantity_is_wrong(page, line, row);
    tally->quantities += quantity;
    if (list) fprintf(list, " [%s]%s%s", row->strength.text, row->strength.unsure ? "?" : "", strength ? " STRENGTH SILENTLY WRONG" : "");
    if (list && quantity) fprintf(list, " QUANTITY SILENTLY WRONG");
    tally->invented += invented;
    if (list) fprintf(list, "%s\n", invented ? " INVENTED" : line ? "" : " no medicine of the page");
}

/* Medicines that no row was read from, unless the draft says that some may be missing. */
static int count_missing(const struct odd_page *page, const struct ocr_draft *draft)
{
    int missing = 0;
    for (int i = 0; i < page->count && !draft->error[0] && !draft->rows_missing; i++) {
        bool read = page->lines[i].kind != ODD_MEDICINE;
        for (int r = 0; r < draft->row_count && !read; r++)
            read = draft->rows[r].name.unsure || find_line(page, &draft->rows[r]) == &page->lines[i];
        missing += !read;
    }
    return missing;
}

static void read_page(struct ocr_reader *reader, const struct odd_page *page, struct tally *tally, FILE *list)
{
    static struct ocr_draft draft;
    size_t size;
    unsigned char *jpeg = odd_photograph(page, &size);
    ocr_read(reader, jpeg, size, &draft, NULL, NULL, NULL);
    lept_free(jpeg);
    int missing = count_missing(page, &draft);
    tally->missing += missing;
    if (list)
        fprintf(list, "%s: %s%s%s\n", page->name, draft.error[0] ? draft.error : draft.grid ? "a table" : "columns",
                draft.rows_missing ? ", rows may be missing" : "", missing ? ", MEDICINES SILENTLY MISSING" : "");
    for (int i = 0; i < page->count; i++) {
        if (page->lines[i].kind != ODD_MEDICINE) continue;
        tally->rows++;
        tally->slots += OCR_SLOTS;
    }
    for (int i = 0; i < draft.row_count; i++) judge_row(page, &draft.rows[i], tally, list);
}

static struct tally read_file(const char *path, const char *name, FILE *list)
{
    static struct odd_page page;
    struct tally tally = { .rows = 0 };
    struct ocr_reader_options options = { NULL, getenv("DASTERN_OCR_ENG_BEST"), "database/seeds/drug_lexicon.tsv" };
    struct ocr_reader *reader = ocr_reader_new(&options);
    FILE *file = fopen(path, "r");
    if (!reader || !file) { fprintf(stderr, "%s: cannot be read\n", path); exit(1); }
    while (odd_next(file, &page))
        if (!name || strstr(page.name, name)) read_page(reader, &page, &tally, list);
    fclose(file);
    ocr_reader_free(reader);
    return tally;
}

static void nothing_is_wrong_without_a_word(void **state)
{
    (void)state;
    struct tally tally = read_file(PAGES, NULL, NULL);
    assert_true(tally.rows >= 60);
    assert_true(tally.right * 2 > tally.slots);
    if (tally.silent + tally.invented + tally.strengths + tally.quantities + tally.missing > 0) read_file(PAGES, NULL, stdout);
    assert_int_equal(tally.silent, 0);
    assert_int_equal(tally.invented, 0);
    assert_int_equal(tally.strengths, 0);
    assert_int_equal(tally.quantities, 0);
    assert_int_equal(tally.missing, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_is_wrong_without_a_word) };
    ocr_single_thread(argv);
    if (argc < 2) return cmocka_run_group_tests_name("ocr/odd", tests, NULL, NULL);
    struct tally t = read_file(argv[1], argc > 2 ? argv[2] : NULL, stdout);
    printf("%d rows, %d of %d slots right, %d silently wrong, %d strengths and %d quantities so, %d rows invented, %d missing\n", t.rows, t.right,
           t.slots, t.silent, t.strengths, t.quantities, t.invented, t.missing);
    return t.silent + t.invented + t.strengths + t.quantities + t.missing > 0;
}
