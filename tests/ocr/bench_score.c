/* Row matching, field comparison, figures. */
#include "bench_score.h"

#include "../../modules/prescriptions/ocr/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same(double a, double b) { return fabs(a - b) < 0.005; }

static bool equal_words(const char *a, const char *b, bool ignore_spaces)
{
    char x[OCR_TEXT_MAX], y[OCR_TEXT_MAX];
    text_copy(x, sizeof x, a);
    text_copy(y, sizeof y, b);
    text_tidy(x);
    text_tidy(y);
    if (!ignore_spaces) return strcmp(x, y) == 0;
    char *out = x;
    for (const char *p = x; *p; p++) if (*p != ' ') *out++ = *p;
    *out = '\0';
    out = y;
    for (const char *p = y; *p; p++) if (*p != ' ') *out++ = *p;
    *out = '\0';
    return strcmp(x, y) == 0;
}

/* Rows are matched in order by how alike their names are; a row may be skipped on either side. */
static void match_rows(const struct page *page, const struct ocr_draft *draft, int match[PAGE_ROWS])
{
    double best[PAGE_ROWS + 1][OCR_ROWS_MAX + 1] = { { 0 } };
    for (int i = page->row_count - 1; i >= 0; i--)
        for (int j = draft->row_count - 1; j >= 0; j--) {
            double together = best[i + 1][j + 1] + 0.05 + text_likeness(page->rows[i].name, draft->rows[j].name.text);
            best[i][j] = fmax(fmax(best[i + 1][j], best[i][j + 1]), together);
        }
    for (int i = 0, j = 0; i < page->row_count; i++) {
        match[i] = -1;
        while (j < draft->row_count && same(best[i][j], best[i][j + 1]) && best[i][j] > best[i + 1][j]) j++;
        if (j < draft->row_count && best[i][j] > best[i + 1][j]) match[i] = j++;
    }
}

static bool shows_slot(const struct page *page, int slot)
{
    for (int i = 0; page->layout->columns[i].kind != COL_END; i++)
        if ((int)page->layout->columns[i].kind == COL_MORNING + slot) return true;
    return false;
}

static void add_slot(struct score *s, const struct page *page, int i, int slot, const struct ocr_number *read, FILE *list)
{
    static const char *const names[] = { "morning", "noon", "evening", "night" };
    double truth = page->rows[i].doses[slot], value = read && read->source != OCR_SOURCE_NONE ? read->value : read ? 0 : NAN;
    bool right = same(truth, value), unsure = !read || read->unsure;
    s->slots++;
    s->slots_right += right;
    s->slots_unsure += unsure;
    s->slots_silent += !right && !unsure;
    if (list && (!right || unsure))
        fprintf(list, "%llu %s row %d %s: %s%s true %g read %g \"%s\" seen \"%s\"\n", (unsigned long long)page->seed, page->layout->name, i + 1,
                names[slot], right ? "" : unsure ? "wrong " : "SILENT ", unsure ? "unsure" : "", truth, value, page->rows[i].dose_text[slot],
                read ? read->raw : "no row");
}

static void add_row(struct score *s, const struct page *page, int i, const struct ocr_row *row, FILE *list)
{
    const struct page_row *truth = &page->rows[i];
    s->rows_true++;
    s->rows_matched += row != NULL;
    for (int slot = 0; slot < PAGE_SLOTS; slot++)
        if (shows_slot(page, slot)) add_slot(s, page, i, slot, row ? &row->doses[slot] : NULL, list);
    s->quantities_true++;
    if (!row) return;
    bool name = equal_words(truth->name, row->name.text, false), strength = equal_words(truth->strength, row->strength.text, true);
    bool quantity = same(truth->quantity, row->quantity.value);
    s->names += name;
    s->names_silent += !name && !row->name.unsure;
    s->strengths += strength;
    s->strengths_silent += !strength && !row->strength.unsure;
    s->strengths_unsure += row->strength.unsure;
    s->names_unsure += row->name.unsure;
    s->quantities += quantity;
    s->quantities_silent += !quantity && !row->quantity.unsure;
    s->quantities_unsure += row->quantity.unsure;
    s->forms_right += strcmp(truth->form, row->form.text) == 0;
    if (truth->meal[0]) {
        s->meals++;
        s->meals_right += strcmp(truth->meal, row->meal_relation.text) == 0;
    }
    s->needed_right += truth->as_needed == row->as_needed;
    if (list && !name)
        fprintf(list, "%llu row %d name \"%s\" read \"%s\"%s\n",
                (unsigned long long)page->seed, i + 1, truth->name, row->name.text, row->name.unsure ? " unsure" : "");
    if (list && !strength)
        fprintf(list, "%llu row %d strength \"%s\" read \"%s\"%s\n",
                (unsigned long long)page->seed, i + 1, truth->strength, row->strength.text, row->strength.unsure ? " unsure" : "");
    if (list && !quantity)
        fprintf(list, "%llu row %d quantity %g read %g seen \"%s\"%s\n",
                (unsigned long long)page->seed, i + 1, truth->quantity, row->quantity.value, row->quantity.raw,
                    row->quantity.unsure ? " unsure" : "");
    if (list && strcmp(truth->meal, row->meal_relation.text) != 0)
        fprintf(list, "%llu row %d meal \"%s\" (%s) read \"%s\" from \"%s\"\n",
                (unsigned long long)page->seed, i + 1, truth->meal, truth->remark, row->meal_relation.text, row->instructions.text);
}

/* Exact for age, sex and date; names and words may differ in a tenth of their letters. */
static void add_fields(struct score *s, const struct page *page, const struct ocr_draft *draft, FILE *list)
{
    const struct { const char *truth; const struct ocr_text *read; double alike; } fields[SCORE_FIELDS] = {
        { page->hospital, &draft->hospital_name, 0.9 }, { page->doctor, &draft->prescribing_doctor_name, 0.9 },
        { page->age, &draft->patient_age, 1 }, { page->gender, &draft->patient_gender, 1 },
        { page->diagnosis, &draft->diagnosis, 0.9 }, { page->date, &draft->prescription_date, 1 } };
    for (int i = 0; i < SCORE_FIELDS; i++) {
        const char *truth = fields[i].truth, *read = fields[i].read->text;
        bool right = fields[i].alike < 1 ? text_likeness(truth, read) >= fields[i].alike : strcmp(truth, read) == 0;
        bool silent = !right && read[0] && !fields[i].read->unsure;
        s->fields[i]++;
        s->fields_right[i] += right;
        s->fields_silent += silent;
        s->fields_unsure += fields[i].read->unsure;
        if (list && !right)
            fprintf(list, "%llu field \"%s\" read \"%s\" %.2f%s\n", (unsigned long long)page->seed, truth, read, fields[i].read->confidence,
                    silent ? " SILENT" : "");
    }
}

static void add_unreadable(struct score *s, const struct page *page, const struct ocr_draft *draft, FILE *list)
{
    s->unreadable++;
    for (int i = 0; i < draft->row_count; i++)
        for (int slot = 0; slot < OCR_SLOTS; slot++) {
            const struct ocr_number *dose = &draft->rows[i].doses[slot];
            if (dose->source == OCR_SOURCE_NONE || !(dose->value > 0)) continue;
            s->invented_sure += !dose->unsure;
            s->invented_unsure += dose->unsure;
        }
    if (list && draft->row_count)
        fprintf(list, "%llu kind %d: %d rows from an unreadable page\n",
                (unsigned long long)page->seed, (int)page->kind, draft->row_count);
}

void score_add(struct score *s, const struct page *page, const struct ocr_draft *draft, FILE *list)
{
    s->pages++;
    if (!page_is_readable(page)) { add_unreadable(s, page, draft, list); return; }
    s->tables_found += draft->row_count > 0;
    s->rows_read += draft->row_count;
    s->warned += draft->rows_missing;
    if (list && draft->rows_missing) fprintf(list, "%llu %s: rows may be missing\n", (unsigned long long)page->seed, page->layout->name);
    if (list && draft->error[0])
        fprintf(list, "%llu %s: %s sharpness %.0f, %d rows\n",
                (unsigned long long)page->seed, page->layout->name, draft->error, draft->sharpness, page->row_count);
    int match[PAGE_ROWS];
    match_rows(page, draft, match);
    for (int i = 0; i < page->row_count; i++) add_row(s, page, i, match[i] < 0 ? NULL : &draft->rows[match[i]], list);
    add_fields(s, page, draft, list);
}

void score_merge(struct score *score, const struct score *more)
{
    int *into = &score->pages;
    const int *from = &more->pages;
    size_t ints = (size_t)((const int *)&more->invented_unsure - from) + 1;
    for (size_t i = 0; i < ints; i++) into[i] += from[i];
    for (int i = 0; i < more->timed && score->timed < SCORE_PAGES_MAX; i++) score->seconds[score->timed++] = more->seconds[i];
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percent(int part, int whole) { return whole ? 100.0 * part / whole : 0; }

static double fields_percent(const struct score *s)
{
    int right = 0, all = 0;
    for (int i = 0; i < SCORE_FIELDS; i++) { right += s->fields_right[i]; all += s->fields[i]; }
    return percent(right, all);
}

void score_print(const struct score *s, double rss_mb, FILE *out)
{
    static double sorted[SCORE_PAGES_MAX];
    memcpy(sorted, s->seconds, (size_t)s->timed * sizeof *sorted);
    qsort(sorted, (size_t)s->timed, sizeof *sorted, compare_doubles);
    double p50 = s->timed ? sorted[s->timed / 2] : 0, p95 = s->timed ? sorted[s->timed * 95 / 100] : 0;
    fprintf(out, "%d pages (%d with a table read), %d rows, %d dose slots\n", s->pages, s->tables_found, s->rows_true, s->slots);
    const struct { const char *what; double value; const char *goal; } lines[] = {
        { "silently wrong dose slots %", percent(s->slots_silent, s->slots), "<= 0.1" },
        { "dose slots right %", percent(s->slots_right, s->slots), ">= 97" },
        { "UNSURE slots %", percent(s->slots_unsure, s->slots), "<= 5" },
        { "row recall %", percent(s->rows_matched, s->rows_true), ">= 99" },
        { "row precision %", percent(s->rows_matched, s->rows_read), ">= 99" },
        { "pages said to lack rows %", percent(s->warned, s->pages), "" },
        { "names exact %", percent(s->names, s->rows_true), ">= 92" },
        { "strengths exact %", percent(s->strengths, s->rows_true), "" },
        { "silently wrong strengths %", percent(s->strengths_silent, s->rows_true), "" },
        { "UNSURE strengths %", percent(s->strengths_unsure, s->rows_true), "" },
        { "quantities exact %", percent(s->quantities, s->quantities_true), ">= 97" },
        { "silently wrong quantities %", percent(s->quantities_silent, s->quantities_true), "" },
        { "UNSURE quantities %", percent(s->quantities_unsure, s->quantities_true), "" },
        { "forms right %", percent(s->forms_right, s->rows_true), "" },
        { "meal relations right %", percent(s->meals_right, s->meals), "" },
        { "as-needed right %", percent(s->needed_right, s->rows_true), "" },
        { "silently wrong names %", percent(s->names_silent, s->rows_true), "" },
        { "UNSURE names %", percent(s->names_unsure, s->rows_true), "" },
        { "header fields right %", fields_percent(s), ">= 90" },
        { "silently wrong header fields %", percent(s->fields_silent, SCORE_FIELDS * s->fields[0]), "" },
        { "UNSURE header fields %", percent(s->fields_unsure, SCORE_FIELDS * s->fields[0]), "" },
        { "seconds of CPU per page p50", p50, "<= 2" },
        { "seconds of CPU per page p95", p95, "<= 4" },
        { "peak memory MB", rss_mb, "<= 128" },
    };
    size_t count = sizeof lines / sizeof *lines - (rss_mb > 0 ? 0 : 3); /* time and memory are measured by the bench alone */
    for (size_t i = 0; i < count; i++)
        fprintf(out, "  %-30s %8.2f   %s\n", lines[i].what, lines[i].value, lines[i].goal);
    static const char *const names[SCORE_FIELDS] = { "hospital", "doctor", "age", "sex", "diagnosis", "date" };
    fprintf(out, "  fields:");
    for (int i = 0; i < SCORE_FIELDS; i++) fprintf(out, " %s %.0f %%", names[i], percent(s->fields_right[i], s->fields[i]));
    fprintf(out, "\n");
    if (s->unreadable)
        fprintf(out, "  of %d unreadable pages: %d invented doses, %d more marked unsure\n", s->unreadable, s->invented_sure, s->invented_unsure);
}

int score_check(const struct score *s, const struct score_floors *floors, FILE *out)
{
    const struct { const char *what; double value, floor; } least[] = {
        { "dose slots right", percent(s->slots_right, s->slots), floors->slots_right },
        { "row recall", percent(s->rows_matched, s->rows_true), floors->rows },
        { "row precision", percent(s->rows_matched, s->rows_read), floors->precision },
        { "names exact", percent(s->names, s->rows_true), floors->names },
        { "quantities exact", percent(s->quantities, s->quantities_true), floors->quantities },
        { "header fields", fields_percent(s), floors->fields },
        { "not silently wrong", 100 - percent(s->slots_silent, s->slots), 100 - floors->silent_max },
        { "not unsure", 100 - percent(s->slots_unsure, s->slots), 100 - floors->unsure_max },
    };
    int failures = s->invented_sure > 0;
    if (s->invented_sure) fprintf(out, "%d doses invented on unreadable pages\n", s->invented_sure);
    for (size_t i = 0; i < sizeof least / sizeof *least; i++) {
        if (least[i].value >= least[i].floor) continue;
        fprintf(out, "%s: %.2f %% is below %.2f %%\n", least[i].what, least[i].value, least[i].floor);
        failures++;
    }
    return failures;
}
