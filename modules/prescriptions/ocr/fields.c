/* Reads the lines around the table, finds labels in them by fuzzy look-up, and takes what follows each as its value. */
#include "fields.h"

#include "dates.h"
#include "desk.h"
#include "text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 220, LINE_WORDS_MAX = 40, LINE_BYTES = 512, LABEL_REST_MAX = 8 /* bytes */ };
static const double WORD_CONFIDENCE_MIN = 0.25;
static const double COLOURED_MIN = 0.002, KHMER_SURE = 0.7, WEAK = 0.75, UNSURE = 0.6, NAME_UNSURE = 0.88;

/* ---- labels -------------------------------------------------------------------------------------------------- */

static const struct { enum field_kind kind; const char *word; } labels[] = {
    { FIELD_AGE, "អាយុ" }, { FIELD_AGE, "Age" }, { FIELD_GENDER, "ភេទ" }, { FIELD_GENDER, "Sex" }, { FIELD_GENDER, "Sexe" },
    { FIELD_GENDER, "Gender" },
    { FIELD_DIAGNOSIS, "រោគវិនិច្ឆ័យ" }, { FIELD_DIAGNOSIS, "Diagnosis" }, { FIELD_DIAGNOSIS, "Diagnostic" }, { FIELD_DIAGNOSIS, "Dx" },
    { FIELD_DOCTOR, "វេជ្ជបណ្ឌិត" }, { FIELD_DOCTOR, "គ្រូពេទ្យព្យាបាល" },
    { FIELD_DOCTOR, "Docteur" }, { FIELD_DOCTOR, "Doctor" }, { FIELD_DOCTOR, "Dr" },
    { FIELD_DOCTOR, "Prescriber" }, { FIELD_DOCTOR, "Médecin" }, { FIELD_DOCTOR, "Physician" },
    { FIELD_PATIENT, "ឈ្មោះ" }, { FIELD_PATIENT, "អ្នកជំងឺ" }, { FIELD_PATIENT, "Name" }, { FIELD_PATIENT, "Nom" },
    { FIELD_PATIENT, "Patient" },
    { FIELD_OTHER, "អាសយដ្ឋាន" }, { FIELD_OTHER, "Address" }, { FIELD_OTHER, "Adresse" },
    { FIELD_OTHER, "ទម្ងន់" }, { FIELD_OTHER, "Weight" },
    { FIELD_OTHER, "Poids" }, { FIELD_OTHER, "Tel" }, { FIELD_OTHER, "Date" }, { FIELD_OTHER, "កាលបរិច្ឆេទ" },
    { FIELD_OTHER, "ថ្ងៃទី" }, { FIELD_OTHER, "Room" } };

static bool is_letter(uint32_t point) { return point >= 'a'; }

/* A Latin label is a word of its own: not the "age" of "dosage". */
static bool stands_alone(const struct text_points *text, int first, int end)
{
    if (text->at[first] >= 0x1780) return true;
    bool joined_before = first > 0 && is_letter(text->at[first - 1]) && text->from[first] - text->from[first - 1] == 1;
    bool joined_after = end < text->count && is_letter(text->at[end]) && text->from[end] - text->from[end - 1] == 1;
    return !joined_before && !joined_after;
}

static int compare_spans(const void *a, const void *b) { return ((const struct field_span *)a)->from - ((const struct field_span *)b)->from; }

/* The byte after the last point of a span. */
static int end_byte(const char *line, const struct text_points *text, int end)
{
    if (end == 0) return 0;
    const char *p = line + text->from[end - 1];
    text_next(&p);
    return (int)(p - line);
}

/* How well a label must be found: short ones whole, but the short Khmer ones before a colon may have a letter misread. */
static double label_floor(const struct text_points *word, enum field_kind kind, const char *after)
{
    bool khmer = word->at[0] >= 0x1780, colon = after[strspn(after, " ")] == ':' || strncmp(after, "៖", strlen("៖")) == 0;
    if (word->count <= 4) return khmer && colon && word->count >= 3 ? 0.66 : 0.99;
    return kind == FIELD_DIAGNOSIS ? 0.6 : 0.75;
}

int fields_find_labels(const char *line, struct field_span *spans, int max)
{
    struct text_points text = text_fold(line);
    int count = 0, starts[FIELD_KINDS];
    struct field_span best[FIELD_KINDS] = { { .score = 0 } };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct text_points word = text_fold(labels[i].word);
        int first, end;
        double score = text_locate(&text, &word, &first, &end);
        if (end == first || score < label_floor(&word, labels[i].kind, line + end_byte(line, &text, end))) continue;
        if (!stands_alone(&text, first, end)) continue;
        score += 0.01 * word.count;
        if (score <= best[labels[i].kind].score) continue;
        best[labels[i].kind] = (struct field_span){ labels[i].kind, end_byte(line, &text, end), 0, score };
        starts[labels[i].kind] = text.from[first];
    }
    for (int k = 0; k < FIELD_KINDS && count < max; k++)
        if (best[k].score > 0) spans[count++] = best[k];
    qsort(spans, (size_t)count, sizeof *spans, compare_spans);
    for (int i = 0; i < count; i++) {
        int next = i + 1 < count ? starts[spans[i + 1].kind] : (int)strlen(line);
        spans[i].to = next > spans[i].from ? next : spans[i].from;
    }
    return count;
}

/* ---- values -------------------------------------------------------------------------------------------------- */

const char *fields_gender(const char *value)
{
    static const struct { const char *word, *gender; } words[] = { { "male", "male" }, { "m", "male" }, { "ប្រុស", "male" }, { "homme", "male" },
        { "masculin", "male" }, { "h", "male" }, { "female", "female" }, { "f", "female" }, { "ស្រី", "female" }, { "femme", "female" },
        { "féminin", "female" } };
    double best = 0.7;
    const char *gender = NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        double score = text_likeness(value, words[i].word);
        if (score <= best) continue;
        best = score;
        gender = words[i].gender;
    }
    return gender;
}

static bool take_age(const char *value, char *out, size_t size)
{
    unsigned age = 0, digits = 0;
    for (uint32_t point; (point = text_next(&value)) != 0;) {
        if (point >= 0x17e0 && point <= 0x17e9) point = point - 0x17e0 + '0';
        if (point >= '0' && point <= '9' && digits < 4) { age = age * 10 + (point - '0'); digits++; }
        else if (digits) break;
    }
    if (digits == 0 || digits > 3 || age > 120) return false;
    snprintf(out, size, "%u", age);
    return true;
}

/* Signs that stamps, pens and stains leave beside words. */
static bool is_residue(uint32_t point)
{
    return (point < 128 && !isalnum((int)point) && !strchr("()%", (int)point)) || (point >= 0x2000 && point <= 0x206f);
}

static void trim_value(char *value)
{
    const char *start = value, *end = value;
    for (const char *next = value; is_residue(text_next(&next));) start = next;
    for (const char *next = start; *next;) {
        uint32_t point = text_next(&next);
        if (!is_residue(point)) end = next;
    }
    size_t length = end > start ? (size_t)(end - start) : 0;
    memmove(value, start, length);
    value[length] = '\0';
}

/* A part of the rectified picture whose upper left corner lies at x, y; boxes are within the part until they are offered. */
struct scene {
    struct engine *engine;
    PIX *grey;
    int x, y;
    struct ocr_draft *draft;
    bool hospital_seen;            /* in this reading; the first line that names one is it */
    int khmer_letters, letters;    /* seen in this reading */
};

struct region { struct ocr_box box; bool above; };

/* The rest of a label whose end was misread stands before a colon. */
static void drop_label_rest(char *value)
{
    const char *colon = strchr(value, ':');
    if (!colon || colon - value > LABEL_REST_MAX) return;
    memmove(value, colon + 1, strlen(colon + 1) + 1);
    trim_value(value);
}

/* Names are in one script. Where a reader saw two it took some Khmer for Latin letters, or the other way round. */
static double script_factor(const char *name)
{
    int khmer = 0, latin = 0;
    for (uint32_t point; (point = text_next(&name)) != 0;) {
        khmer += point >= 0x1780 && point <= 0x17d3;
        latin += point >= 'A' && point < 0x250;
    }
    return khmer && latin ? 0.6 : 1;
}

/* Keeps the better of two readings of a field. */
static void offer(const struct scene *scene, struct ocr_text *field, const char *value, double confidence, const struct ocr_box *box)
{
    if (!value[0] || (field->text[0] && field->confidence >= confidence)) return;
    text_copy(field->text, sizeof field->text, value);
    field->confidence = confidence < 0 ? 0 : confidence > 1 ? 1 : confidence;
    field->unsure = confidence < UNSURE;
    field->source = OCR_SOURCE_OCR;
    field->box = (struct ocr_box){ box->x + scene->x, box->y + scene->y, box->w, box->h };
}

/* ---- lines --------------------------------------------------------------------------------------------------- */

struct line {
    char text[LINE_BYTES];
    const struct engine_word *words[LINE_WORDS_MAX];
    int starts[LINE_WORDS_MAX];   /* the byte each word begins at */
    int count;
};

static struct ocr_box span_box(const struct line *line, int from, int to, double *confidence)
{
    int left = 1 << 20, top = 1 << 20, right = 0, bottom = 0, n = 0;
    *confidence = 0;
    for (int i = 0; i < line->count; i++) {
        const struct engine_word *word = line->words[i];
        int end = line->starts[i] + (int)strlen(word->text);
        if (end <= from || line->starts[i] >= to) continue;
        left = word->box.x < left ? word->box.x : left;
        top = word->box.y < top ? word->box.y : top;
        right = word->box.x + word->box.w > right ? word->box.x + word->box.w : right;
        bottom = word->box.y + word->box.h > bottom ? word->box.y + word->box.h : bottom;
        *confidence += word->confidence;
        n++;
    }
    if (n == 0) return (struct ocr_box){ 0, 0, 0, 0 };
    *confidence /= n;
    return (struct ocr_box){ left, top, right - left, bottom - top };
}



static void read_with_latin(const struct scene *scene, const struct ocr_box *box, char *text, size_t size, double *confidence)
{
    BOX *place = box->w > 0 ? boxCreate(box->x - 3, box->y - 3, box->w + 6, box->h + 6) : NULL;
    PIX *part = place ? pixClipRectangle(scene->grey, place, NULL) : NULL, *framed = part ? pixAddBorder(part, 12, 255) : NULL;
    text[0] = '\0';
    *confidence = framed ? engine_read(scene->engine, TONGUE_LATIN, SHAPE_LINE, framed, false, text, size) : 0;
    trim_value(text);
    boxDestroy(&place);
    pixDestroy(&part);
    pixDestroy(&framed);
}

/* More than a stray letter of Khmer: not for the Latin model. */
static bool text_has_khmer_word(const char *text)
{
    int letters = 0;
    for (uint32_t point; (point = text_next(&text)) != 0;) letters += point >= 0x1780 && point <= 0x17d3;
    return letters > 2;
}

/* Values in Latin letters are read once more by the Latin model, which knows them better; so are doubtful ones in Khmer, since
 * the Khmer model makes Khmer of anything. */
static void read_again(const struct scene *scene, const struct ocr_box *box, char *value, size_t size, double *confidence)
{
    char text[OCR_TEXT_MAX];
    double better;
    bool khmer = text_has_khmer_word(value);
    if (khmer && *confidence > KHMER_SURE) return;
    read_with_latin(scene, box, text, sizeof text, &better);
    if (better <= *confidence + (khmer ? 0.15 : -0.1) || !text[0] || (khmer && better < KHMER_SURE)) return;
    text_copy(value, size, text);
    *confidence = better;
}

/* What two readings of a page say differently, a person has to look at. */
static void offer_fact(const struct scene *scene, struct ocr_text *field, const char *value, double confidence, const struct ocr_box *box)
{
    bool differs = field->text[0] && strcmp(field->text, value) != 0;
    offer(scene, field, value, confidence, box);
    field->unsure = field->unsure || differs;
}

/* A number is read by the Latin model too, and unsure when the two differ. */
static void take_age_twice(const struct scene *scene, const char *value, const struct ocr_box *box, double confidence)
{
    char again[OCR_TEXT_MAX] = "", first[8], second[8];
    double other = 0;
    bool one = take_age(value, first, sizeof first);
    read_with_latin(scene, box, again, sizeof again, &other);
    bool two = take_age(again, second, sizeof second);
    if (one && two && strcmp(first, second) == 0) offer_fact(scene, &scene->draft->patient_age, first, fmax(confidence, other), box);
    else if (two && (!one || other > confidence)) offer_fact(scene, &scene->draft->patient_age, second, 0.5 * other, box);
    else if (one) offer_fact(scene, &scene->draft->patient_age, first, 0.5 * confidence, box);
}

static void take_span(const struct scene *scene, const struct line *line, const struct field_span *span)
{
    struct ocr_draft *draft = scene->draft;
    char value[OCR_TEXT_MAX];
    double confidence;
    int from = span->from + (int)strspn(line->text + span->from, " :;.,-"), to = span->to > from ? span->to : from;
    struct ocr_box box = span_box(line, from, to, &confidence);
    snprintf(value, sizeof value, "%.*s", to - from, line->text + from);
    trim_value(value);
    if (span->kind == FIELD_AGE) take_age_twice(scene, value, &box, confidence);
    if (span->kind == FIELD_GENDER) {
        if (!fields_gender(value) && !text_has_khmer_word(value)) read_again(scene, &box, value, sizeof value, &confidence);
        char first[OCR_TEXT_MAX];
        snprintf(first, sizeof first, "%.*s", (int)strcspn(value, " "), value);
        const char *gender = fields_gender(value) ? fields_gender(value) : fields_gender(first);
        if (gender) offer(scene, &draft->patient_gender, gender, confidence, &box);
    }
    if (span->kind == FIELD_DIAGNOSIS || span->kind == FIELD_DOCTOR) {
        read_again(scene, &box, value, sizeof value, &confidence);
        drop_label_rest(value);
        confidence *= script_factor(value);
        offer(scene, span->kind == FIELD_DOCTOR ? &draft->prescribing_doctor_name : &draft->diagnosis, value, confidence, &box);
    }
}

/* Without a label that could be read: "ប្រុស" and "female" say what they are, and a number before "ឆ្នាំ" or "ans" is an age. */
static void take_unlabelled(const struct scene *scene, const struct line *line)
{
    static const char *const years[] = { "ឆ្នាំ", "ans", "years", "yrs", "yo" };
    for (int i = 0; i < line->count; i++) {
        const struct engine_word *word = line->words[i];
        const char *gender = text_fold(word->text).count > 3 ? fields_gender(word->text) : NULL;
        if (gender) offer(scene, &scene->draft->patient_gender, gender, 0.9 * word->confidence, &word->box);
        char age[8];
        if (!take_age(word->text, age, sizeof age)) continue;
        const char *rest = word->text + strspn(word->text, ":. ");
        rest += strspn(rest, "0123456789");
        if (!*rest && i + 1 < line->count) rest = line->words[i + 1]->text;
        for (size_t y = 0; y < sizeof years / sizeof *years; y++)
            if (text_likeness(rest, years[y]) > 0.7) offer_fact(scene, &scene->draft->patient_age, age, 0.6 * word->confidence, &word->box);
    }
}

static bool names_hospital(const char *line)
{
    static const char *const words[] = { "មន្ទីរពេទ្យ", "គ្លីនិក", "មណ្ឌលសុខភាព",
        "មន្ទីរសម្រាក", "បន្ទប់ពិគ្រោះ", "Hospital", "Hôpital", "Clinic", "Clinique", "Polyclinic",
        "Medical", "Cabinet", "Centre", "Center", "Pharmacy" };
    struct text_points text = text_fold(line);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct text_points word = text_fold(words[i]);
        if (text_find(&text, &word) >= 0.8) return true;
    }
    return false;
}

/* The digits of a text as one string; false when it holds Khmer letters, which the Latin model makes digits of. */
static bool take_digits(const char *text, char out[OCR_TEXT_MAX])
{
    size_t count = 0;
    for (uint32_t point; (point = text_next(&text)) != 0;) {
        if (point >= 0x1780 && point <= 0x17ff) return false;
        if (point >= '0' && point <= '9' && count + 1 < OCR_TEXT_MAX) out[count++] = (char)point;
    }
    out[count] = '\0';
    return count > 0;
}

/* Whether the Latin model, too, sees the digits of each word of the line that has some. */
static bool same_digits(const struct scene *scene, const struct line *line)
{
    for (int i = 0; i < line->count; i++) {
        char first[OCR_TEXT_MAX], second[OCR_TEXT_MAX], again[OCR_TEXT_MAX];
        double confidence;
        if (!take_digits(line->words[i]->text, first)) continue;
        read_with_latin(scene, &line->words[i]->box, again, sizeof again, &confidence);
        if (!take_digits(again, second) || strcmp(first, second) != 0) return false;
    }
    return true;
}

static void take_hospital(struct scene *scene, const struct line *line, const struct ocr_box *box, double confidence)
{
    char value[OCR_TEXT_MAX];
    if (scene->hospital_seen || !names_hospital(line->text)) return;
    scene->hospital_seen = true;
    text_copy(value, sizeof value, line->text);
    read_again(scene, box, value, sizeof value, &confidence);
    trim_value(value);
    offer(scene, &scene->draft->hospital_name, value, confidence * script_factor(value), box);
}

static void take_line(struct scene *scene, const struct line *line, bool above)
{
    struct field_span spans[FIELD_KINDS];
    int count = fields_find_labels(line->text, spans, FIELD_KINDS);
    double confidence;
    struct ocr_box box = span_box(line, 0, (int)strlen(line->text), &confidence);
    char date[11];
    bool sure;
    for (int i = 0; i < count; i++) take_span(scene, line, &spans[i]);
    if (above) take_unlabelled(scene, line);
    if (dates_find(line->text, date, &sure)) {
        sure = sure && same_digits(scene, line);
        offer_fact(scene, &scene->draft->prescription_date, date, sure ? confidence : fmin(0.5, confidence), &box);
    } else if (strpbrk(line->text, "0123456789") && !text_has_khmer_word(line->text)) {
        char again[OCR_TEXT_MAX];
        read_with_latin(scene, &box, again, sizeof again, &confidence);
        if (dates_find(again, date, &sure)) offer_fact(scene, &scene->draft->prescription_date, date, 0.5 * confidence, &box);
    }
    if (above) take_hospital(scene, line, &box, confidence);
}

/* Short words that the model itself doubts are, at the ends of a line, mostly stains, stamps and the edge of the paper. */
static bool is_doubtful(const struct engine_word *word)
{
    return word->confidence < WORD_CONFIDENCE_MIN && text_fold(word->text).count < 4 && !strpbrk(word->text, "0123456789");
}

/* Puts words together to a line. */
static void make_line(const struct engine_word *words, int count, struct line *line)
{
    size_t used = 0;
    line->count = 0;
    line->text[0] = '\0';
    while (count > 0 && is_doubtful(&words[count - 1])) count--;
    while (count > 0 && is_doubtful(words)) { words++; count--; }
    for (int i = 0; i < count && line->count < LINE_WORDS_MAX; i++) {
        size_t length = strlen(words[i].text);
        if (used + length + 2 > sizeof line->text) break;
        if (used) line->text[used++] = ' ';
        line->starts[line->count] = (int)used;
        line->words[line->count++] = &words[i];
        memcpy(line->text + used, words[i].text, length + 1);
        used += length;
    }
}

/* A line in Latin letters is read once more, by the model that knows them better. */
static void read_latin_line(struct scene *scene, const struct line *line, bool above)
{
    static struct engine_word words[LINE_WORDS_MAX];
    static struct line again;
    double confidence;
    struct ocr_box box = span_box(line, 0, (int)strlen(line->text), &confidence);
    BOX *place = box.w > 0 ? boxCreate(box.x - 4, box.y - 4, box.w + 8, box.h + 8) : NULL;
    PIX *part = place ? pixClipRectangle(scene->grey, place, NULL) : NULL, *framed = part ? pixAddBorder(part, 12, 255) : NULL;
    int count = framed ? engine_words(scene->engine, TONGUE_LATIN, SHAPE_LINE, framed, words, LINE_WORDS_MAX) : 0;
    for (int i = 0; i < count; i++) {
        words[i].box.x += place->x - 12;
        words[i].box.y += place->y - 12;
    }
    make_line(words, count, &again);
    if (again.count) take_line(scene, &again, above);
    boxDestroy(&place);
    pixDestroy(&part);
    pixDestroy(&framed);
}

static void count_letters(struct scene *scene, const char *text)
{
    for (uint32_t point; (point = text_next(&text)) != 0;) {
        bool khmer = point >= 0x1780 && point <= 0x17d3;
        scene->khmer_letters += khmer;
        scene->letters += khmer || point >= 'A';
    }
}

static void take_words(struct scene *scene, const struct engine_word *words, int count, bool above)
{
    static struct line line;
    for (int i = 0; i < count;) {
        int first = i;
        while (i < count && words[i].line == words[first].line) i++;
        make_line(words + first, i - first, &line);
            if (line.count == 0) continue;
        count_letters(scene, line.text);
        if (!text_has_khmer_word(line.text)) read_latin_line(scene, &line, above);
        take_line(scene, &line, above);
    }
}

/* One way to read the regions around the table. */
struct look { enum engine_tongue tongue; double print; /* as coloured as print is; < 0: with all that is coloured */ };

struct seen { double coloured; int khmer_letters, letters; };

static void read_region(const struct fields_source *source, const struct region *region, const struct look *look, struct ocr_draft *draft,
                        struct seen *seen)
{
    static struct engine_word words[WORDS_MAX];
    const struct ocr_box *box = &region->box;
    BOX *place = box->h < 20 ? NULL : boxCreate(box->x, box->y, box->w, box->h);
    struct scene scene = { .engine = source->engine, .grey = place ? pixClipRectangle(source->grey, place, NULL) : NULL,
                           .x = box->x, .y = box->y, .draft = draft };
    boxDestroy(&place);
    if (!scene.grey) return;
    desk_whiten(scene.grey, region->above);
    if (look->print >= 0) seen->coloured += colours_fade(&source->colours, look->print, scene.grey, box->x, box->y);
    int count = engine_words(scene.engine, look->tongue, SHAPE_BLOCK, scene.grey, words, WORDS_MAX);
    take_words(&scene, words, count, region->above);
    seen->khmer_letters += scene.khmer_letters;
    seen->letters += scene.letters;
    pixDestroy(&scene.grey);
}

static double weakest(const struct ocr_draft *draft)
{
    const struct ocr_text *const fields[] = { &draft->hospital_name, &draft->prescribing_doctor_name, &draft->patient_age,
        &draft->patient_gender, &draft->diagnosis, &draft->prescription_date };
    double least = 1;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) least = fmin(least, fields[i]->text[0] ? fields[i]->confidence : 0);
    return least;
}

/* A day that has not come yet, or one long past, was misread. */
static void doubt_date(struct ocr_text *date)
{
    if (date->text[0] && !dates_is_plausible(date->text, time(NULL))) date->unsure = true;
}

/* Nothing but the reader's own confidence tells whether a name or a diagnosis was read rightly. */
static void doubt_names(struct ocr_draft *draft)
{
    struct ocr_text *const names[] = { &draft->hospital_name, &draft->prescribing_doctor_name, &draft->diagnosis };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i]->text[0] && names[i]->confidence < NAME_UNSURE) names[i]->unsure = true;
}

/* The block stands above the table and about as wide as it; further out lies whatever the paper lies on. The print is read
 * first, without stamps and signatures; then, if something is missing or weak, by the model of the language it seems to be in;
 * and at last with all colours, since what is missing may be printed in one. */
void fields_read(const struct fields_source *source, const struct ocr_box *table, struct ocr_draft *draft)
{
    int margin = table->w / 25, left = table->x > margin ? table->x - margin : 0, foot = table->y + table->h + 6;
    int width = table->w + 2 * margin, reach = table->w / 2, page_h = pixGetHeight(source->grey);
    int top = table->y > reach ? table->y - reach : 0, bottom = page_h < foot + reach ? page_h : foot + reach;
    const struct region regions[] = { { { left, top, width, table->y - 2 - top }, true }, { { left, foot, width, bottom - foot }, false } };
    double print = source->colours.map ? colours_of_print(&source->colours, source->grey, table) : -1;
    struct look look = { TONGUE_KHMER, print };
    struct seen seen = { 0, 0, 0 };
    for (int i = 0; i < 2; i++) read_region(source, &regions[i], &look, draft, &seen);
    look.tongue = 3 * seen.khmer_letters > seen.letters ? TONGUE_KHMER_ALONE : TONGUE_LATIN;
    for (int i = 0; i < 2 && weakest(draft) < WEAK; i++) read_region(source, &regions[i], &look, draft, &seen);
    look = (struct look){ TONGUE_KHMER, -1 };
    for (int i = 0; i < 2 && seen.coloured > COLOURED_MIN && weakest(draft) == 0; i++)
        read_region(source, &regions[i], &look, draft, &seen);
    doubt_date(&draft->prescription_date);
    doubt_names(draft);
}
