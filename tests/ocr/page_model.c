/* Chooses what stands on a page: layout, rows, header block. The truth the bench compares with. */
#include "page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(list) ((int)(sizeof (list) / sizeof *(list)))

const struct layout page_layouts[] = {
    { "km-state", KM, NULL, false, true, { { COL_NUMBER, 0.5, "ល.រ" }, { COL_NAME, 3.2, "ឈ្មោះឱសថ" },
    { COL_QUANTITY, 1.3, "ចំនួន" },
        { COL_MORNING, 1, "ព្រឹក\n(6-8)" }, { COL_NOON, 1, "ថ្ងៃត្រង់\n(11-12)" }, { COL_EVENING, 1, "ល្ងាច\n(5-6)" },
        { COL_NIGHT, 1, "យប់\n(8-10)" }, { .kind = COL_END } } },
    { "km-remark", KM, NULL, false, true, { { COL_NUMBER, 0.5, "ល.រ" }, { COL_NAME, 3, "ឈ្មោះថ្នាំ" },
    { COL_MORNING, 0.9, "ព្រឹក" },
        { COL_NOON, 0.9, "ថ្ងៃ" }, { COL_EVENING, 0.9, "ល្ងាច" }, { COL_NIGHT, 0.9, "យប់" }, { COL_QUANTITY, 1.2, "ចំនួន" },
        { COL_REMARK, 1.6, "សម្គាល់" }, { .kind = COL_END } } },
    { "fr-quantity-last", FR, NULL, false, true, { { COL_NUMBER, 0.5, "N°" }, { COL_NAME, 3, "Médicaments" }, { COL_MORNING, 0.9, "Matin" },
        { COL_NOON, 0.9, "Midi" }, { COL_EVENING, 0.9, "Soir" }, { COL_NIGHT, 0.9, "Nuit" }, { COL_QUANTITY, 1.2, "Quantité" },
        { COL_REMARK, 1.6, "Remarques" }, { .kind = COL_END } } },
    { "en-days", EN, NULL, false, true, { { COL_NUMBER, 0.5, "No" }, { COL_NAME, 3, "Drug name" }, { COL_QUANTITY, 1.1, "Qty" },
        { COL_MORNING, 1, "Morning" }, { COL_NOON, 0.9, "Noon" }, { COL_EVENING, 1, "Evening" }, { COL_NIGHT, 0.9, "Night" },
        { COL_DAYS, 0.8, "Days" }, { COL_REMARK, 1.5, "Note" }, { .kind = COL_END } } },
    { "km-en", KM, NULL, false, true, { { COL_NUMBER, 0.5, "ល.រ\nNo" }, { COL_NAME, 3, "ឈ្មោះឱសថ\nMedicine" },
    { COL_MORNING, 1, "ព្រឹក\nMorning" },
        { COL_NOON, 1, "ថ្ងៃត្រង់\nNoon" }, { COL_EVENING, 1, "ល្ងាច\nEvening" }, { COL_NIGHT, 1, "យប់\nNight" },
        { COL_QUANTITY, 1.2, "ចំនួន\nQuantity" }, { .kind = COL_END } } },
    { "km-three-slots", KM, NULL, false, true, { { COL_NUMBER, 0.5, "ល.រ" }, { COL_NAME, 3, "ឈ្មោះឱសថ" },
    { COL_QUANTITY, 1.3, "ចំនួន" },
        { COL_USE, 1.4, "វិធីប្រើ" }, { COL_MORNING, 0.9, "ព្រឹក" }, { COL_NOON, 0.9, "ថ្ងៃ" },
        { COL_EVENING, 0.9, "ល្ងាច" }, { .kind = COL_END } } },
    { "km-words", KM, NULL, true, true, { { COL_NUMBER, 0.4, "ល.រ" }, { COL_NAME, 2.6, "ឈ្មោះឱសថ" },
    { COL_QUANTITY, 1.1, "ចំនួន" },
        { COL_MORNING, 1.3, "ព្រឹក" }, { COL_NOON, 1.3, "ថ្ងៃត្រង់" }, { COL_EVENING, 1.3, "ល្ងាច" },
        { COL_NIGHT, 1.3, "យប់" }, { .kind = COL_END } } },
    { "en-words", EN, NULL, true, true, { { COL_NUMBER, 0.4, "#" }, { COL_NAME, 2.6, "Medicine" }, { COL_MORNING, 1.3, "Morning" },
        { COL_NOON, 1.3, "Noon" }, { COL_EVENING, 1.3, "Evening" }, { COL_NIGHT, 1.3, "Night" }, { COL_QUANTITY, 1, "Quantity" }, { .kind = COL_END } } },
    { "km-group", KM, "ពេលប្រើ", false, true, { { COL_NUMBER, 0.5, "ល.រ" }, { COL_NAME, 3, "ឈ្មោះថ្នាំ" },
    { COL_UNIT, 1, "ឯកតា" }, { COL_QUANTITY, 0.9, "ចំនួន" },
        { COL_MORNING, 0.9, "ព្រឹក" }, { COL_NOON, 0.9, "ថ្ងៃត្រង់" }, { COL_EVENING, 0.9, "ល្ងាច" },
        { COL_NIGHT, 0.9, "យប់" },
        { COL_REMARK, 1.5, "ផ្សេងៗ" }, { .kind = COL_END } } },
    { "fr-three-slots", FR, "Posologie", false, true, { { COL_NAME, 3, "Désignation" }, { COL_QUANTITY, 1.2, "Qté" }, { COL_MORNING, 0.9, "Matin" },
        { COL_NOON, 0.9, "Midi" }, { COL_EVENING, 0.9, "Soir" }, { COL_DAYS, 0.9, "Jours" }, { COL_REMARK, 1.6, "Observation" }, { .kind = COL_END } } },
    { "km-no-lines", KM, NULL, false, false, { { COL_NUMBER, 0.5, "ល.រ" }, { COL_NAME, 3.2, "ឈ្មោះឱសថ" },
    { COL_QUANTITY, 1.3, "ចំនួន" },
        { COL_MORNING, 1, "ព្រឹក" }, { COL_NOON, 1, "ថ្ងៃត្រង់" }, { COL_EVENING, 1, "ល្ងាច" },
        { COL_NIGHT, 1, "យប់" }, { .kind = COL_END } } },
    { "en-no-lines", EN, NULL, false, false, { { COL_NUMBER, 0.5, "No" }, { COL_NAME, 3, "Drug name" }, { COL_MORNING, 1, "Morning" },
        { COL_NOON, 0.9, "Noon" }, { COL_EVENING, 1, "Evening" }, { COL_NIGHT, 0.9, "Night" }, { COL_QUANTITY, 1.1, "Qty" }, { .kind = COL_END } } },
};
const int page_layout_count = COUNT(page_layouts);

/* Box and Muller */
double rng_normal(struct rng *rng)
{
    double u = rng_unit(rng) + 1e-12, v = rng_unit(rng);
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979 * v);
}

static bool has_column(const struct layout *layout, enum column_kind kind)
{
    for (int i = 0; layout->columns[i].kind != COL_END; i++)
        if (layout->columns[i].kind == kind) return true;
    return false;
}

static void choose_strength(struct page_row *row, const struct drug *drug, struct rng *rng)
{
    int n = 1;
    for (const char *p = drug->strengths; *p; p++) n += *p == '|';
    const char *start = drug->strengths;
    for (int skip = rng_below(rng, n); skip > 0; skip--) start = strchr(start, '|') + 1;
    snprintf(row->strength, sizeof row->strength, "%.*s", (int)strcspn(start, "|"), start);
}

/* The strength as a clerk types it: 500mg, 500 mg, 500MG */
static void print_name(struct page_row *row, struct rng *rng, int spelling)
{
    char strength[32];
    snprintf(strength, sizeof strength, "%s", row->strength);
    char *unit = strength + strspn(strength, "0123456789.");
    if (spelling == 1 && unit != strength && *unit && *unit != '%') {
        char tail[32];
        snprintf(tail, sizeof tail, "%s", unit);
        snprintf(unit, sizeof strength - (size_t)(unit - strength), " %s", tail);
        snprintf(row->strength, sizeof row->strength, "%s", strength);
    }
    const char *gap = strlen(row->name) + strlen(strength) > 22 || rng_chance(rng, 0.08) ? "\n" : " ";
    char printed[PAGE_TEXT]; /* composed apart: the parts stand in the same struct */
    snprintf(printed, sizeof printed, "%.120s%s%s", row->name, *strength ? gap : "", strength);
    memcpy(row->printed_name, printed, sizeof printed);
}

static double choose_dose(struct rng *rng, const char *form)
{
    static const double all[] = { 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 0.5, 0.5, 0.5, 1.5 };
    bool whole = strcmp(form, "tablet") != 0;
    double dose = all[rng_below(rng, COUNT(all))];
    return whole ? ceil(dose) : dose;
}

static void print_dose(char *out, size_t size, double dose, const struct page_row *row, const struct page *page,
                       struct rng *rng, int fraction_style, int blank_style)
{
    static const char *const halves[] = { "½", "1/2", "0.5", "0,5" };
    static const char *const one_and_halves[] = { "1½", "1+1/2", "1.5", "1,5" };
    if (dose == 0) {
        snprintf(out, size, "%s", blank_style == 0 ? "" : blank_style == 1 ? "-" : rng_chance(rng, 0.5) ? "-" : "");
        return;
    }
    char number[16];
    if (dose == 0.5) snprintf(number, sizeof number, "%s", halves[fraction_style]);
    else if (dose == 1.5) snprintf(number, sizeof number, "%s", one_and_halves[fraction_style]);
    else snprintf(number, sizeof number, "%g", dose);
    if (!page->layout->words_in_slots) { snprintf(out, size, "%s", number); return; }
    char words[PAGE_TEXT];
    snprintf(words, sizeof words, "%s %s%s%.90s", number, row->unit, *row->remark ? "\n" : "", row->remark);
    memcpy(out, words, size < sizeof words ? size : sizeof words);
}

static void choose_doses(struct page_row *row, struct rng *rng, bool night)
{
    static const char *const patterns[] = { "1010", "1010", "1010", "1110", "1110", "1000", "0010", "0001", "1001", "1111", "0100", "1011" };
    double dose = choose_dose(rng, row->form);
    for (;;) {
        const char *pattern = patterns[rng_below(rng, COUNT(patterns))];
        if (pattern[3] == '1' && !night) continue;
        for (int s = 0; s < PAGE_SLOTS; s++)
            row->doses[s] = pattern[s] == '0' ? 0 : rng_chance(rng, 0.85) ? dose : choose_dose(rng, row->form);
        return;
    }
}

/* Mostly quantity = days x daily sum; bottles, tubes and a few odd rows do not tally. */
static void choose_quantity(struct page_row *row, struct rng *rng)
{
    static const int days[] = { 3, 5, 5, 7, 7, 7, 10, 14, 15, 20, 30, 30 };
    double sum = 0;
    for (int s = 0; s < PAGE_SLOTS; s++) sum += row->doses[s];
    row->days = days[rng_below(rng, COUNT(days))];
    if (fmod(sum * row->days, 1) != 0) row->days *= 2;
    row->quantity = sum * row->days;
    bool pack = strcmp(row->form, "syrup") == 0 || strcmp(row->form, "cream") == 0 || strcmp(row->form, "drops") == 0 ||
                strcmp(row->form, "inhaler") == 0;
    if (pack) row->quantity = 1 + rng_below(rng, 2);
    else if (rng_chance(rng, 0.02)) row->quantity += 1;
}

static void make_row(struct page *page, int index, struct rng *rng, int spelling, int fraction_style, int blank_style)
{
    struct page_row *row = &page->rows[index];
    const struct drug *drug = &page_drugs[rng_below(rng, page_drug_count)];
    snprintf(row->name, sizeof row->name, "%s", drug->name);
    snprintf(row->form, sizeof row->form, "%s", drug->form);
    snprintf(row->unit, sizeof row->unit, "%s", page_unit(rng, page->layout->language, drug->form));
    choose_strength(row, drug, rng);
    print_name(row, rng, spelling);
    choose_doses(row, rng, has_column(page->layout, COL_NIGHT));
    choose_quantity(row, rng);
    bool room = has_column(page->layout, COL_REMARK) || has_column(page->layout, COL_USE) || page->layout->words_in_slots;
    if (room && rng_chance(rng, 0.7))
        snprintf(row->remark, sizeof row->remark, "%s", page_meal(rng, page->layout->language, row->meal));
    else if (room && rng_chance(rng, 0.3)) {
        snprintf(row->remark, sizeof row->remark, "%s", page_as_needed(rng, page->layout->language));
        row->as_needed = true;
    }
    for (int s = 0; s < PAGE_SLOTS; s++)
        print_dose(row->dose_text[s], sizeof row->dose_text[s], row->doses[s], row, page, rng, fraction_style, blank_style);
}

static void make_header(struct page *page, struct rng *rng)
{
    enum language language = page->layout->language;
    snprintf(page->hospital, sizeof page->hospital, "%s", page_hospital(rng, language));
    snprintf(page->doctor, sizeof page->doctor, "%s", page_doctor(rng, language));
    snprintf(page->patient, sizeof page->patient, "%s", page_patient(rng, language));
    snprintf(page->diagnosis, sizeof page->diagnosis, "%s", page_diagnoses[rng_below(rng, page_diagnosis_count)]);
    snprintf(page->age, sizeof page->age, "%d", 3 + rng_below(rng, 85));
    snprintf(page->gender, sizeof page->gender, "%s", rng_chance(rng, 0.5) ? "male" : "female");
    int year = 2021 + rng_below(rng, 6), month = 1 + rng_below(rng, 12), day = 1 + rng_below(rng, 28);
    snprintf(page->date, sizeof page->date, "%04d-%02d-%02d", year, month, day);
    static const char *const months[] = { "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre" };
    if (language == KM && rng_chance(rng, 0.5))
        snprintf(page->printed_date, sizeof page->printed_date, "ថ្ងៃទី %02d ខែ %02d ឆ្នាំ %d", day, month, year);
    else if (language == FR && rng_chance(rng, 0.4))
        snprintf(page->printed_date, sizeof page->printed_date, "Le %d %s %d", day, months[month - 1], year);
    else
        snprintf(page->printed_date, sizeof page->printed_date, "%s%02d%c%02d%c%d", language == KM ? "កាលបរិច្ឆេទ: " : "Date: ",
                 day, "/-"[rng_below(rng, 2)], month, '/', year);
}

static const struct layout *choose_layout(struct rng *rng, bool grid)
{
    for (;;) {
        const struct layout *layout = &page_layouts[rng_below(rng, page_layout_count)];
        if (layout->grid == grid) return layout;
    }
}

static enum page_kind choose_kind(struct rng *rng, enum page_choice choice)
{
    static const enum page_kind unreadable[] = { PAGE_HANDWRITTEN, PAGE_OTHER_TABLE, PAGE_LETTER, PAGE_BLANK, PAGE_TOO_BLURRED };
    if (choice == CHOOSE_TABLES) return PAGE_TABLE;
    if (choice == CHOOSE_BORDERLESS) return PAGE_BORDERLESS;
    return unreadable[rng_below(rng, COUNT(unreadable))];
}

bool page_is_readable(const struct page *page) { return page->kind == PAGE_TABLE || page->kind == PAGE_BORDERLESS; }

void page_make(struct page *page, uint64_t seed, enum page_choice choice)
{
    struct rng rng = { seed * 0x2545f4914f6cdd1du + 77 };
    memset(page, 0, sizeof *page);
    page->seed = seed;
    page->kind = choose_kind(&rng, choice);
    page->layout = choose_layout(&rng, page->kind != PAGE_BORDERLESS);
    page->khmer_font = page_khmer_fonts[rng_below(&rng, page_khmer_font_count)];
    page->latin_font = page_latin_fonts[rng_below(&rng, page_latin_font_count)];
    make_header(page, &rng);
    int spelling = rng_below(&rng, 3), fraction = rng_below(&rng, 4), blank = rng_below(&rng, 3);
    page->row_count = rng_chance(&rng, 0.15) ? 1 + rng_below(&rng, 2) : 3 + rng_below(&rng, rng_chance(&rng, 0.2) ? 10 : 5);
    for (int i = 0; i < page->row_count; i++) make_row(page, i, &rng, spelling, fraction, blank);
}

static void write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '\n') fputs("\\n", out);
        else { if (*text == '"' || *text == '\\') fputc('\\', out); fputc(*text, out); }
    }
    fputc('"', out);
}

static void write_row(FILE *out, const struct page_row *row, int number)
{
    fprintf(out, "    {\"sequence_number\": %d, \"name\": ", number);
    write_string(out, row->name);
    fputs(", \"strength\": ", out);
    write_string(out, row->strength);
    fprintf(out, ", \"form\": \"%s\", \"quantity\": %g, \"quantity_unit\": ", row->form, row->quantity);
    write_string(out, row->unit);
    fprintf(out, ", \"doses\": [%g, %g, %g, %g], \"meal_relation\": \"%s\", \"as_needed\": %s}",
            row->doses[0], row->doses[1], row->doses[2], row->doses[3], row->meal, row->as_needed ? "true" : "false");
}

void page_write_truth(const struct page *page, FILE *out)
{
    const char *const fields[][2] = { { "hospital_name", page->hospital }, { "prescribing_doctor_name", page->doctor },
        { "patient_age", page->age }, { "patient_gender", page->gender }, { "diagnosis", page->diagnosis },
        { "prescription_date", page->date }, { "layout", page->layout->name } };
    fprintf(out, "{\n  \"seed\": %llu, \"readable\": %s,\n", (unsigned long long)page->seed, page_is_readable(page) ? "true" : "false");
    for (int i = 0; i < COUNT(fields); i++) {
        fprintf(out, "  \"%s\": ", fields[i][0]);
        write_string(out, fields[i][1]);
        fputs(",\n", out);
    }
    fputs("  \"medications\": [\n", out);
    for (int i = 0; i < page->row_count && page_is_readable(page); i++) {
        write_row(out, &page->rows[i], i + 1);
        fputs(i + 1 < page->row_count ? ",\n" : "\n", out);
    }
    fputs("  ]\n}\n", out);
}
