/* Tables of words; the look-up takes the best fuzzy match above a floor that depends on the word's length. */
#include "words.h"

#include "text.h"

#include <stddef.h>
#include <string.h>

struct heading { enum column_kind kind; const char *word; };

static const struct heading headings[] = {
    { COLUMN_NUMBER, "ល.រ" }, { COLUMN_NUMBER, "លរ" }, { COLUMN_NUMBER, "លេខរៀង" }, { COLUMN_NUMBER, "No" }, { COLUMN_NUMBER, "N°" },
    { COLUMN_NAME, "ឈ្មោះឱសថ" }, { COLUMN_NAME, "ឈ្មោះថ្នាំ" }, { COLUMN_NAME, "ឈ្មោះឪសថ" },
    { COLUMN_NAME, "មុខថ្នាំ" }, { COLUMN_NAME, "ឱសថ" },
    { COLUMN_NAME, "Medicament" }, { COLUMN_NAME, "Medicine" }, { COLUMN_NAME, "Medication" }, { COLUMN_NAME, "Drug" },
    { COLUMN_NAME, "Designation" }, { COLUMN_NAME, "Description" }, { COLUMN_NAME, "Produit" },
    { COLUMN_STRENGTH, "កម្លាំង" }, { COLUMN_STRENGTH, "Strength" }, { COLUMN_STRENGTH, "Dosage" }, { COLUMN_STRENGTH, "កម្រិត" },
    { COLUMN_FORM, "Form" }, { COLUMN_FORM, "ទម្រង់" }, { COLUMN_FORM, "Forme" },
    { COLUMN_QUANTITY, "ចំនួន" }, { COLUMN_QUANTITY, "បរិមាណ" }, { COLUMN_QUANTITY, "Quantity" }, { COLUMN_QUANTITY, "Quantite" },
    { COLUMN_QUANTITY, "Qty" }, { COLUMN_QUANTITY, "Qte" }, { COLUMN_QUANTITY, "até" }, /* what Tesseract makes of Qté */
    { COLUMN_QUANTITY, "Nombre" }, { COLUMN_QUANTITY, "Total" },
    { COLUMN_UNIT, "ឯកតា" }, { COLUMN_UNIT, "Unit" }, { COLUMN_UNIT, "Unite" }, { COLUMN_UNIT, "ខ្នាត" },
    { COLUMN_DAYS, "ចំនួនថ្ងៃ" }, { COLUMN_DAYS, "រយៈពេល" }, { COLUMN_DAYS, "Days" }, { COLUMN_DAYS, "Jours" },
    { COLUMN_DAYS, "Duration" }, { COLUMN_DAYS, "Duree" },
    { COLUMN_USE, "វិធីប្រើ" }, { COLUMN_USE, "របៀបប្រើ" }, { COLUMN_USE, "Usage" },
    { COLUMN_USE, "Mode d'emploi" }, { COLUMN_USE, "Route" }, { COLUMN_USE, "Instruction" },
    { COLUMN_REMARK, "សម្គាល់" }, { COLUMN_REMARK, "ផ្សេងៗ" },
    { COLUMN_REMARK, "កំណត់សម្គាល់" }, { COLUMN_REMARK, "Remarque" }, { COLUMN_REMARK, "Remark" },
    { COLUMN_REMARK, "Observation" }, { COLUMN_REMARK, "Note" }, { COLUMN_REMARK, "Comment" },
    { COLUMN_MORNING, "ព្រឹក" }, { COLUMN_MORNING, "Matin" }, { COLUMN_MORNING, "Morning" },
    { COLUMN_NOON, "ថ្ងៃ" }, { COLUMN_NOON, "ថ្ងៃត្រង់" }, { COLUMN_NOON, "រសៀល" }, { COLUMN_NOON, "Midi" },
    { COLUMN_NOON, "Noon" }, { COLUMN_NOON, "Afternoon" },
    { COLUMN_NOON, "Lunch" },
    { COLUMN_EVENING, "ល្ងាច" }, { COLUMN_EVENING, "លួច" }, { COLUMN_EVENING, "លាច" }, /* what Tesseract makes of it */
    { COLUMN_EVENING, "Soir" }, { COLUMN_EVENING, "Evening" }, { COLUMN_EVENING, "Dinner" },
    { COLUMN_NIGHT, "យប់" }, { COLUMN_NIGHT, "ឃប់" }, /* the same */
    { COLUMN_NIGHT, "Nuit" }, { COLUMN_NIGHT, "Night" }, { COLUMN_NIGHT, "Coucher" }, { COLUMN_NIGHT, "Bedtime" },
    /* the hours some hospitals print under the names; weak alone */
    { COLUMN_MORNING, "68" }, { COLUMN_MORNING, "0608" }, { COLUMN_NOON, "1112" }, { COLUMN_EVENING, "56" }, { COLUMN_EVENING, "0506" },
    { COLUMN_NIGHT, "810" }, { COLUMN_NIGHT, "0810" },
};

/* Short words must be found whole, longer ones may have about every third letter misread. */
static double floor_for(int length) { return length <= 3 ? 1 : length <= 5 ? 0.75 : 0.65; }

/* The hours under a heading: its digits are exactly these. */
static bool has_hours(const struct text_points *text, const struct text_points *hours)
{
    int at = 0;
    for (int i = 0; i < text->count; i++) {
        if (text->at[i] > '9') continue;
        if (at == hours->count || text->at[i] != hours->at[at++]) return false;
    }
    return at == hours->count;
}

/* Hours alone are weak; so is a short Khmer word with one letter misread, which only counts beside other headings. */
static double match(const struct text_points *text, const char *word)
{
    struct text_points points = text_fold(word);
    double score = text_find(text, &points);
    if (points.at[0] <= '9') return has_hours(text, &points) ? 0.55 : 0;
    bool short_khmer = points.count == 3 && points.at[0] >= 0x1780;
    if (short_khmer && score > 0.6 && score < 1 && text->count <= 4) return 0.45 * score;
    if (score < floor_for(points.count)) return 0;
    if (points.count <= 2 && text->count != points.count) return 0;
    double weight = 0.9 + 0.02 * (points.count < 5 ? points.count : 5);
    return score * weight;
}

void words_score_heading(const char *heading, double scores[COLUMN_KINDS])
{
    struct text_points text = text_fold(heading);
    memset(scores, 0, COLUMN_KINDS * sizeof *scores);
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
        double score = match(&text, headings[i].word);
        if (score > scores[headings[i].kind]) scores[headings[i].kind] = score;
    }
}

double words_heading_likeness(const char *heading, enum column_kind kind)
{
    struct text_points text = text_fold(heading);
    double best = 0;
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
        struct text_points word = text_fold(headings[i].word);
        double score = headings[i].kind == kind && word.at[0] > '9' ? text_find(&text, &word) : 0;
        best = score > best ? score : best;
    }
    return best;
}

/* ---- words inside cells ---- */

struct meaning { const char *word, *means; };

/* *at gets where in the text the word was found. */
static const char *find_meaning(const struct meaning *list, size_t count, const char *text, double *confidence, int *at)
{
    struct text_points points = text_fold(text);
    const char *best = NULL;
    int best_length = 0, first, end;
    *confidence = 0;
    for (size_t i = 0; i < count; i++) {
        struct text_points word = text_fold(list[i].word);
        double score = text_locate(&points, &word, &first, &end);
        if (score < floor_for(word.count)) continue;
        if (word.count <= 2 && points.count > word.count + 4) continue;
        bool better = score > *confidence + 0.05 || (score > *confidence - 0.12 && word.count > best_length);
        if (!better) continue;
        best = list[i].means;
        best_length = word.count;
        *confidence = score;
        *at = first;
    }
    return best;
}

static const char *best_meaning(const struct meaning *list, size_t count, const char *text, double *confidence)
{
    int at;
    return find_meaning(list, count, text, confidence, &at);
}

static const struct meaning forms[] = {
    { "គ្រាប់", "tablet" }, { "គ្រាប់ស្រោប", "capsule" }, { "គ្រាប់ស៊ុល", "suppository" },
    { "comprimé", "tablet" }, { "cp", "tablet" }, { "cps", "tablet" },
    { "tablet", "tablet" }, { "tabs", "tablet" }, { "tab", "tablet" }, { "capsule", "capsule" }, { "caps", "capsule" }, { "cap", "capsule" },
    { "gélule", "capsule" }, { "gél", "capsule" }, { "gel", "capsule" }, { "ដប", "syrup" }, { "flacon", "syrup" }, { "bottle", "syrup" },
    { "sirop", "syrup" },
    { "syrup", "syrup" }, { "កញ្ចប់", "sachet" }, { "sachet", "sachet" }, { "អំពូល", "ampoule" }, { "amp", "ampoule" },
    { "amps", "ampoule" },
    { "ampoule", "ampoule" }, { "vial", "injection" }, { "injection", "injection" }, { "បំពង់", "cream" }, { "tube", "cream" }, { "cream", "cream" },
    { "supp", "suppository" }, { "suppository", "suppository" }, { "inhaler", "inhaler" }, { "drops", "drops" }, { "gouttes", "drops" },
};

const char *words_form(const char *text, double *confidence)
{
    return best_meaning(forms, sizeof forms / sizeof *forms, text, confidence);
}

static const struct meaning meals[] = {
    { "ក្រោយបាយ", "after" }, { "ក្រោយអាហារ", "after" }, { "ក្រោយពេលបាយ", "after" },
    { "មុនបាយ", "before" }, { "មុនអាហារ", "before" }, { "មុនពេលបាយ", "before" },
    { "ពេលបាយ", "with" }, { "ជាមួយអាហារ", "with" }, { "après repas", "after" }, { "après les repas", "after" },
    { "après le repas", "after" },
    { "avant repas", "before" }, { "avant les repas", "before" }, { "avant le repas", "before" }, { "pendant les repas", "with" },
    { "pendant le repas", "with" },
    { "au cours du repas", "with" }, { "after meal", "after" }, { "after food", "after" }, { "after meals", "after" }, { "before meal", "before" },
    { "before food", "before" }, { "before meals", "before" }, { "with meal", "with" }, { "with food", "with" },
};

const char *words_meal(const char *text, double *confidence)
{
    return best_meaning(meals, sizeof meals / sizeof *meals, text, confidence);
}

static const struct meaning needs[] = { { "PRN", "1" }, { "as needed", "1" }, { "if needed", "1" }, { "if pain", "1" }, { "when needed", "1" },
    { "si besoin", "1" }, { "si douleur", "1" }, { "si fièvre", "1" }, { "en cas de", "1" }, { "ពេលឈឺ", "1" },
    { "ពេលក្តៅខ្លួន", "1" }, { "ពេលក្ដៅខ្លួន", "1" }, { "ពេលចាំបាច់", "1" }, { "បើឈឺ", "1" } };

bool words_as_needed(const char *text)
{
    double confidence;
    return best_meaning(needs, sizeof needs / sizeof *needs, text, &confidence) != NULL;
}

bool words_is_counted(const char *form)
{
    return strcmp(form, "tablet") == 0 || strcmp(form, "capsule") == 0 || strcmp(form, "sachet") == 0 ||
           strcmp(form, "ampoule") == 0 || strcmp(form, "suppository") == 0;
}

/* ---- units of a dose ---- */

static const struct meaning units[] = {
    { "tablet", "tablet" }, { "tablets", "tablet" }, { "tabs", "tablet" }, { "tab", "tablet" }, { "comprimé", "tablet" },
    { "comprimés", "tablet" }, { "cp", "tablet" }, { "cps", "tablet" }, { "គ្រាប់", "tablet" },
    { "capsule", "capsule" }, { "capsules", "capsule" }, { "caps", "capsule" }, { "cap", "capsule" }, { "gélule", "capsule" },
    { "gélules", "capsule" }, { "gél", "capsule" }, { "gels", "capsule" }, { "គ្រាប់ស្រោប", "capsule" },
    { "suppository", "suppository" }, { "suppositoire", "suppository" }, { "supp", "suppository" }, { "គ្រាប់ស៊ុល", "suppository" },
    { "sachet", "sachet" }, { "sachets", "sachet" }, { "កញ្ចប់", "sachet" },
    { "ampoule", "ampoule" }, { "ampoules", "ampoule" }, { "amp", "ampoule" }, { "amps", "ampoule" }, { "អំពូល", "ampoule" },
    { "bottle", "bottle" }, { "bottles", "bottle" }, { "flacon", "bottle" }, { "flacons", "bottle" }, { "ដប", "bottle" },
    { "tube", "tube" }, { "tubes", "tube" }, { "បំពង់", "tube" }, { "vial", "vial" }, { "vials", "vial" }, { "inhaler", "inhaler" },
    { "drop", "drops" }, { "drops", "drops" }, { "goutte", "drops" }, { "gouttes", "drops" }, { "gtt", "drops" }, { "gttes", "drops" },
    { "ដំណក់", "drops" },
    { "ml", "ml" }, { "cc", "ml" }, { "មល", "ml" }, { "មីលីលីត្រ", "ml" }, { "spoon", "spoon" }, { "spoons", "spoon" },
    { "teaspoon", "teaspoon" }, { "tsp", "teaspoon" }, { "càc", "teaspoon" }, { "ស្លាបព្រាកាហ្វេ", "teaspoon" },
    { "tablespoon", "tablespoon" }, { "tbsp", "tablespoon" }, { "càs", "tablespoon" }, { "ស្លាបព្រាបាយ", "tablespoon" },
    { "ស្លាបព្រា", "spoon" }, { "mesure", "measure" }, { "puff", "puffs" }, { "puffs", "puffs" }, { "bouffée", "puffs" },
    { "bouffées", "puffs" }, { "spray", "sprays" }, { "sprays", "sprays" }, { "IU", "IU" }, { "UI", "IU" }, { "mg", "mg" },
};

/* Letters that go on behind what was found make it another word: a capful is no cap. Khmer is written without spaces. */
static bool ends_word(const struct text_points *text, int end)
{
    return end >= text->count || text->at[end] < 'a' || text->at[end] >= 0x1780 || text->from[end] - text->from[end - 1] > 1;
}

/* How well the text begins with a unit; 0 where it would take guessing. */
static double begins_with_unit(const struct text_points *text, const struct text_points *word)
{
    bool khmer = word->at[0] >= 0x1780;
    int first, end;
    double score = text_locate(text, word, &first, &end), least = word->count <= 4 ? 1 : khmer ? 0.75 : 0.8;
    bool whole = khmer ? word->count > 3 || end == text->count : end > 0 && ends_word(text, end);
    return score >= least && first <= (khmer && word->count > 4) && whole ? score : 0;
}

static const char *leading_unit(const char *text)
{
    struct text_points points = text_fold(text);
    const char *best = NULL;
    double best_score = 0;
    int best_length = 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct text_points word = text_fold(units[i].word);
        double score = begins_with_unit(&points, &word);
        bool better = score > best_score + 0.05 || (score > best_score - 0.12 && word.count > best_length);
        if (score == 0 || !better) continue;
        best = units[i].means;
        best_score = score;
        best_length = word.count;
    }
    return best;
}

bool words_follow_dose(const char *text, const char **unit)
{
    enum { NEAR = 2 }; /* points that may stand before a phrase: what is left of a bracket or a dash */
    double confidence;
    int at;
    *unit = leading_unit(text);
    if (*unit) return true;
    return (find_meaning(meals, sizeof meals / sizeof *meals, text, &confidence, &at) && at <= NEAR) ||
           (find_meaning(needs, sizeof needs / sizeof *needs, text, &confidence, &at) && at <= NEAR);
}

bool words_is_piece(const char *unit)
{
    static const char *const measures[] = { "drops", "ml", "spoon", "teaspoon", "tablespoon", "measure", "puffs", "sprays", "IU", "mg" };
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
        if (strcmp(unit, measures[i]) == 0) return false;
    return true;
}
