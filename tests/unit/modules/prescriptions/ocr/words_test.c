/* What the reader makes of texts: numbers, names, dates, labels, headings. No pictures, no models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../../../../modules/prescriptions/ocr/columns.h"
#include "../../../../../modules/prescriptions/ocr/dates.h"
#include "../../../../../modules/prescriptions/ocr/fields.h"
#include "../../../../../modules/prescriptions/ocr/names.h"
#include "../../../../../modules/prescriptions/ocr/number.h"
#include "../../../../../modules/prescriptions/ocr/rows.h"
#include "../../../../../modules/prescriptions/ocr/strength.h"
#include "../../../../../modules/prescriptions/ocr/text.h"
#include "../../../../../modules/prescriptions/ocr/words.h"

#include <math.h>
#include <string.h>

static void numbers_are_parsed(void **state)
{
    static const struct { const char *text; double value; size_t length; } good[] = { { "1", 1, 1 }, { "0,5", 0.5, 3 }, { "1.5", 1.5, 3 }, { "½", 0.5, 2 },
        { "1½", 1.5, 3 }, { "1 1/2", 1.5, 5 }, { "1+1/2", 1.5, 5 }, { "11/2", 1.5, 4 }, { "1/2", 0.5, 3 }, { "3/4", 0.75, 3 }, { "14 tabs", 14, 2 },
        { "120", 120, 3 }, { "1/2 គ្រាប់", 0.5, 3 } };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t length;
        double value = number_parse(good[i].text, &length);
        if (fabs(value - good[i].value) > 1e-9 || length != good[i].length) fail_msg("%s: %g (%zu bytes)", good[i].text, value, length);
    }
}

static void other_texts_are_no_numbers(void **state)
{
    static const char *const bad[] = { "", "-", "abc", "/2", "12/03", "4/3", "1/25", ".5", "x½" };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t length;
        double value = number_parse(bad[i], &length);
        if (!isnan(value)) fail_msg("\"%s\" became %g", bad[i], value);
    }
}

static void names_come_apart(void **state)
{
    static const struct { const char *text, *name, *strength, *form; } cases[] = {
        { "Amoxicillin 500mg", "Amoxicillin", "500mg", "" }, { "1. Tab. Paracetamol 500 mg", "Paracetamol", "500 mg", "tablet" },
        { "Vitamin B1 250mg", "Vitamin B1", "250mg", "" }, { "Vitamine B1-B6-B12", "Vitamine B1-B6-B12", "", "" },
        { "Paracetamol syrup 120mg/5ml", "Paracetamol syrup", "120mg/5ml", "" }, { "Digoxin 0.25mg", "Digoxin", "0.25mg", "" },
        { "Betadine 10%", "Betadine", "10%", "" }, { "Inj Ceftriaxone 1g", "Ceftriaxone", "1g", "injection" },
        { "Captopril 25mg", "Captopril", "25mg", "" }, { "", "", "", "" }, { "500mg", "500mg", "", "" },
        { "—— _ Tobramycin 0.3%", "Tobramycin", "0.3%", "" }, { "a Diazepam 5mg", "Diazepam", "5mg", "" },
        { "Élixir 5ml", "Élixir", "5ml", "" }, { "Augmentin 500/125mg", "Augmentin", "500/125mg", "" },
        { "Valsartan 160/12.5 mg", "Valsartan", "160/12.5 mg", "" }, { "Salbutamol 2 mg / 5 ml", "Salbutamol", "2 mg", "" },
        { "Vitamin K1 10 mg/ml", "Vitamin K1", "10 mg/ml", "" } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[OCR_TEXT_MAX], strength[OCR_TEXT_MAX], form[OCR_TEXT_MAX];
        names_split(cases[i].text, name, strength, form);
        assert_string_equal(name, cases[i].name);
        assert_string_equal(strength, cases[i].strength);
        assert_string_equal(form, cases[i].form);
    }
}

static void parts_of_a_strength_are_no_strength(void **state)
{
    static const char *const clear[] = { "Amoxicillin 500mg", "Digoxin 0.25 mg", "Augmentin 500/125mg", "X 250mg/5ml", "X 10%", "X (5 mg)",
        "Neurobion", "Vitamin B1 250mg", "X 1g", "Oral salts 20.5g" };
    static const char *const doubtful[] = { "Metformin 1 000 mg", "Alprazolam .25mg", "X 800mg+160mg", "X 2x500mg", "X S00mg", "X C500mg", "X 025mg",
        "X 500", "X 2. 5mg", "X 50g", "X 5000mg", "X 12 5mg", "X 2.5mg (5)", "X 120mg/Sml" };
    (void)state;
    for (size_t i = 0; i < sizeof clear / sizeof *clear; i++)
        if (strength_is_doubtful(clear[i])) fail_msg("\"%s\" is doubted", clear[i]);
    for (size_t i = 0; i < sizeof doubtful / sizeof *doubtful; i++)
        if (!strength_is_doubtful(doubtful[i])) fail_msg("\"%s\" is not doubted", doubtful[i]);
}

static void lines_of_a_name_are_joined(void **state)
{
    static const struct { const char *lines, *mended, *kept; } cases[] = {
        { "Méthylprednisolon-\ne 16mg", "Méthylprednisolone 16mg", "Méthylprednisolon-e 16mg" },
        { "Amoxicillin\n500mg", "Amoxicillin 500mg", "Amoxicillin 500mg" }, { "Vitamin B1-\nB6", "Vitamin B1- B6", "Vitamin B1- B6" },
        { "-\na", "a", "-a" }, { "\na", " a", " a" }, { "", "", "" } };
    char text[OCR_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        names_join(cases[i].lines, true, text);
        assert_string_equal(text, cases[i].mended);
        names_join(cases[i].lines, false, text);
        assert_string_equal(text, cases[i].kept);
    }
}

static void dates_are_found(void **state)
{
    static const struct { const char *line, *date; bool sure; } cases[] = { { "Date: 12/03/2024", "2024-03-12", true }, { "2024-03-12", "2024-03-12", true },
        { "Le 8 octobre 2023", "2023-10-08", true }, { "March 12, 2024", "2024-03-12", true }, { "ថ្ងៃទី 12 ខែ 03 ឆ្នាំ 2024", "2024-03-12", true },
        { "ថ្ងៃទី ១២ ខែ ០៣ ឆ្នាំ ២០២៤", "2024-03-12", true }, { "12/03/24", "2024-03-12", false },
        { "ថ្ងៃទី 28 ខែ 02 5) 2022", "2022-02-28", false } };
    static const char *const none[] = { "", "Tel 012 345 678", "45/13/2024", "12/2024", "1 2 3" };
    char date[11];
    bool sure;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!dates_find(cases[i].line, date, &sure)) fail_msg("no date in \"%s\"", cases[i].line);
        assert_string_equal(date, cases[i].date);
        assert_int_equal(sure, cases[i].sure);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (dates_find(none[i], date, &sure)) fail_msg("%s in \"%s\"", date, none[i]);
}

static void labels_cut_a_line(void **state)
{
    const char *line = "Name: Sok Dara  Age: 45  Sex: Male";
    struct field_span spans[FIELD_KINDS];
    (void)state;
    assert_int_equal(fields_find_labels(line, spans, FIELD_KINDS), 3);
    assert_int_equal(spans[1].kind, FIELD_AGE);
    assert_memory_equal(line + spans[1].from, ": 45  ", 6);
    assert_int_equal(spans[1].to, (int)(strstr(line, "Sex") - line));
    assert_int_equal(fields_find_labels("Dosage and message", spans, FIELD_KINDS), 0);
    assert_int_equal(fields_find_labels("អាឃុ:63ឆ្នាំ ទេទ:ស្រី", spans, FIELD_KINDS), 2); /* a letter misread in each */
    assert_int_equal(spans[0].kind, FIELD_AGE);
    assert_int_equal(spans[1].kind, FIELD_GENDER);
    assert_int_equal(fields_find_labels("ទេទ ស្រី", spans, FIELD_KINDS), 0);
    assert_string_equal(fields_gender("ស្រី"), "female");
    assert_string_equal(fields_gender("M"), "male");
    assert_null(fields_gender("x"));
}

static void headings_name_columns(void **state)
{
    static const char *const khmer[] = { "ល.រ", "ឈ្មោះឱសថ", "ចំនួន", "ព្រឹក (6-8)", "ថ្ងៃត្រង់ (11-12)", "ល្ងាច (5-6)", "យប់ (8-10)" };
    static const char *const french[] = { "Médicaments", "Matin", "Midi", "Soir", "Quantité", "Remarques" };
    static const char *const misread[] = { "No", "Drug name", "Qty", "Morninq", "", "Eveninq", "Night" };
    struct columns columns;
    (void)state;
    columns_decide(khmer, 7, &columns);
    assert_int_equal(columns.slots, 4);
    assert_int_equal(columns.of[COLUMN_MORNING], 3);
    assert_int_equal(columns.of[COLUMN_QUANTITY], 2);
    columns_decide(french, 6, &columns);
    assert_int_equal(columns.slots, 3);
    assert_int_equal(columns.of[COLUMN_NIGHT], -1);
    assert_int_equal(columns.of[COLUMN_EVENING], 3);
    columns_decide(misread, 7, &columns);
    assert_int_equal(columns.slots, 4);
    assert_int_equal(columns.of[COLUMN_NOON], 4);
    assert_false(columns.slots_sure);
}

static void other_tables_are_refused(void **state)
{
    static const char *const invoice[] = { "No", "Description", "Unit price", "Amount", "Tax", "Total" };
    static const char *const upside_down[] = { "", "L", "T", "SLOTS", "gud", "apioy" };
    struct columns columns;
    (void)state;
    columns_decide(invoice, 6, &columns);
    assert_int_equal(columns.slots, 0);
    columns_decide(upside_down, 6, &columns);
    assert_int_equal(columns.slots, 0);
}

static void slots_that_stand_oddly_are_scattered(void **state)
{
    static const char *const reversed[] = { "Drug", "Night", "Evening", "Noon", "Morning", "Qty" };
    static const char *const five[] = { "Drug", "Morning", "Noon", "Afternoon", "Evening", "Night", "Qty" };
    static const char *const apart[] = { "Drug", "Morning", "Noon", "Evening", "Remark", "Night" };
    static const char *const weeks[] = { "Drug", "Morning", "Noon", "Evening", "Morning", "Noon", "Evening" };
    struct columns columns;
    (void)state;
    columns_decide(reversed, 6, &columns);
    assert_true(columns.scattered);
    assert_int_equal(columns.of[COLUMN_MORNING], 4);
    columns_decide(five, 7, &columns);
    assert_true(columns.scattered);
    assert_int_equal(columns.of[COLUMN_MORNING], 1);
    assert_int_equal(columns.of[COLUMN_NIGHT], 5);
    columns_decide(apart, 6, &columns);
    assert_true(columns.scattered);
    assert_int_equal(columns.of[COLUMN_NIGHT], 5);
    columns_decide(weeks, 7, &columns);
    assert_true(columns.scattered);
    assert_int_equal(columns.of[COLUMN_NOON], 2);
}

static void a_slot_that_nothing_names_is_doubted(void **state)
{
    static const char *const first[] = { "Drug", "Xyz", "Noon", "Evening", "Night", "Qty" };
    static const char *const last[] = { "Drug", "Morning", "Noon", "Evening", "Times\nTimes", "Qty" };
    static const char *const dose[] = { "Drug", "Dosage", "Noon", "Evening", "Night", "Qty" };
    struct columns columns;
    (void)state;
    columns_decide(first, 6, &columns);
    assert_int_equal(columns.guessed, COLUMN_MORNING);
    columns_decide(last, 6, &columns);
    assert_int_equal(columns.guessed, COLUMN_NIGHT);
    columns_decide(dose, 6, &columns);
    assert_int_equal(columns.of[COLUMN_MORNING], -1);
    assert_true(columns.scattered);
}

static void days_to_come_are_no_date_of_a_prescription(void **state)
{
    static const time_t today = 1767225600; /* 2026-01-01 00:00 UTC */
    static const struct { const char *date; bool plausible; } cases[] = { { "2026-01-01", true }, { "2026-01-02", true }, { "2026-01-03", false },
        { "2036-01-01", false }, { "2016-01-02", true }, { "2016-01-01", false }, { "1998-05-05", false }, { "2025-12-31", true } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (dates_is_plausible(cases[i].date, today) != cases[i].plausible) fail_msg("%s", cases[i].date);
}

static void words_in_cells_mean_something(void **state)
{
    double sure;
    (void)state;
    assert_string_equal(words_meal("ក្រោយបាយ", &sure), "after");
    assert_string_equal(words_meal("avant les repas", &sure), "before");
    assert_null(words_meal("PRN", &sure));
    assert_string_equal(words_form("គ្រាប់ស្រោប", &sure), "capsule");
    assert_string_equal(words_form("14 គ្រាប់", &sure), "tablet");
    assert_true(words_as_needed("si besoin"));
    assert_true(words_as_needed("ពេលឈឺ"));
    assert_false(words_as_needed("after meals"));
}

static void words_behind_a_dose_name_its_unit(void **state)
{
    static const struct { const char *words, *unit; bool follow, piece; } cases[] = {
        { " tab", "tablet", true, true }, { "tablets after meal", "tablet", true, true }, { "cp", "tablet", true, true }, { "គ្រាប់", "tablet", true, true },
        { "គ្រាប់ស្រោប ក្រោយបាយ", "capsule", true, true }, { "sachet", "sachet", true, true }, { "after meals", NULL, true, true },
        { "ពេលឈឺ", NULL, true, true }, { "drops", "drops", true, false }, { "ml", "ml", true, false }, { "tbsp", "tablespoon", true, false },
        { "ស្លាបព្រាកាហ្វេ", "teaspoon", true, false }, { "spoon after meals", "spoon", true, false }, { "cups", NULL, false, true },
        { "capful", NULL, false, true }, { "cuillère après repas", NULL, false, true }, { "x", NULL, false, true }, { "", NULL, false, true },
        { "mesurette", NULL, false, true }, { "ដង", NULL, false, true } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *unit;
        bool follow = words_follow_dose(cases[i].words, &unit);
        if (follow != cases[i].follow || !unit != !cases[i].unit || (unit && strcmp(unit, cases[i].unit) != 0))
            fail_msg("\"%s\": %s, %s", cases[i].words, follow ? "follows" : "does not follow", unit ? unit : "no unit");
        assert_true(!unit || words_is_piece(unit) == cases[i].piece);
    }
}

static struct ocr_row row_of(double quantity, double morning, double evening, const char *form)
{
    struct ocr_row row = { .sequence_number = 1 };
    row.quantity = (struct ocr_number){ .value = quantity, .confidence = 0.9, .source = OCR_SOURCE_OCR };
    row.doses[OCR_MORNING] = (struct ocr_number){ .value = morning, .confidence = 0.9, .source = OCR_SOURCE_OCR };
    row.doses[OCR_EVENING] = (struct ocr_number){ .value = evening, .confidence = 0.9, .source = OCR_SOURCE_OCR };
    text_copy(row.form.text, sizeof row.form.text, form);
    return row;
}

static void a_failed_tally_makes_the_row_unsure(void **state)
{
    (void)state;
    struct ocr_row good = row_of(10, 1, 1, "tablet"), bad = row_of(11, 1, 1, "tablet"), bottle = row_of(1, 1, 1, "syrup"), nothing = row_of(10, 0, 0, "tablet");
    rows_check(&good);
    assert_false(good.doses[OCR_MORNING].unsure);
    assert_true(good.duration_days.value == 5 && good.duration_days.source == OCR_SOURCE_RULE);
    rows_check(&bad);
    assert_true(bad.doses[OCR_MORNING].unsure && bad.doses[OCR_EVENING].unsure && bad.quantity.unsure);
    rows_check(&bottle);
    assert_false(bottle.doses[OCR_MORNING].unsure);
    rows_check(&nothing);
    assert_true(nothing.doses[OCR_MORNING].unsure);
}

static void broken_utf8_is_harmless(void **state)
{
    static const char *const texts[] = { "\xff\xfe", "\xe1\x9e", "a\xf0\x9f", "\xc3" };
    char copy[3];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) (void)text_fold(texts[i]);
    text_copy(copy, sizeof copy, "aé\xe1\x9e\x80");
    assert_string_equal(copy, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_parsed), cmocka_unit_test(other_texts_are_no_numbers), cmocka_unit_test(names_come_apart),
        cmocka_unit_test(parts_of_a_strength_are_no_strength), cmocka_unit_test(lines_of_a_name_are_joined),
        cmocka_unit_test(dates_are_found), cmocka_unit_test(labels_cut_a_line), cmocka_unit_test(headings_name_columns),
        cmocka_unit_test(other_tables_are_refused),
        cmocka_unit_test(slots_that_stand_oddly_are_scattered), cmocka_unit_test(a_slot_that_nothing_names_is_doubted),
        cmocka_unit_test(days_to_come_are_no_date_of_a_prescription), cmocka_unit_test(words_in_cells_mean_something),
        cmocka_unit_test(words_behind_a_dose_name_its_unit),
        cmocka_unit_test(a_failed_tally_makes_the_row_unsure), cmocka_unit_test(broken_utf8_is_harmless) };
    return cmocka_run_group_tests_name("prescriptions/ocr/words", tests, NULL, NULL);
}
