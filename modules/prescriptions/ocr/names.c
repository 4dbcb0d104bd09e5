/* Two readings of the name cell by different models; where they differ the lexicon says which is likelier, and the field is
 * unsure unless it knows one of them exactly. */
#include "names.h"

#include "strength.h"
#include "text.h"
#include "words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { RULE_INK = 165, RULE_LENGTH = 40, RULE_SLOPE = 3 /* px of grey beside it */ };

/* ---- taking the text apart ----------------------------------------------------------------------------------- */

/* "ig", "lmg": a thin 1 before a unit that ends the text. */
static void mend_thin_one(char *text)
{
    char *word = strrchr(text, ' ');
    if (!word || !strchr("iIl|", word[1]) || word[1] == '\0') return;
    static const char *const units[] = { "g", "mg", "ml", "mcg" };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcasecmp(word + 2, units[i]) == 0) word[1] = '1';
}

/* "1.", "2)", "3 -" before a name: the row's number, when the table has no column for it. */
static const char *skip_row_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 2 || !strchr(".)-:", text[digits]) || text[digits] == '\0') return text;
    const char *rest = text + digits + 1;
    return rest + strspn(rest, " ");
}

/* "Tab. ", "Cp ", "Inj ": a form before the name. */
static const char *skip_form(const char *text, char *form)
{
    static const char *const prefixes[] = { "tab", "tabs", "cap", "caps", "cp", "inj", "syr", "sirop", "amp", "supp", "gel", "gél" };
    static const char *const forms[] = { "tablet", "tablet", "capsule", "capsule", "tablet", "injection", "syrup", "syrup", "ampoule",
        "suppository", "capsule", "capsule" };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i]);
        if (strncasecmp(text, prefixes[i], length) != 0 || !strchr(". ", text[length]) || text[length] == '\0') continue;
        text_copy(form, OCR_TEXT_MAX, forms[i]);
        text += length;
        return text + strspn(text, ". ");
    }
    return text;
}

static void trim_end(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && strchr(" ,;:-_.|{}[]~*", text[length - 1])) text[--length] = '\0';
}

static bool has_letter_or_digit(const char *text, size_t length)
{
    for (const char *p = text; p < text + length;) {
        uint32_t point = text_next(&p);
        if (point < 128 ? isalnum((int)point) : point < 0x2000 || point > 0x206f) return true;
    }
    return false;
}

/* What a line of the table or a stain leaves before the name: words without a letter or digit, and a small letter alone. */
static const char *skip_residue(const char *text)
{
    for (;;) {
        size_t length = strcspn(text, " ");
        if (text[length] == '\0') return text;
        bool small = length == 1 && islower((unsigned char)text[0]) && isupper((unsigned char)text[2]);
        if (has_letter_or_digit(text, length) && !small) return text;
        text += length + 1;
    }
}

void names_split(const char *text, char *name, char *strength, char *form)
{
    name[0] = strength[0] = form[0] = '\0';
    text = skip_form(skip_row_number(skip_residue(text)), form);
    size_t at, length;
    if (!strength_find(text, &at, &length)) at = strlen(text);
    snprintf(name, OCR_TEXT_MAX, "%.*s", (int)at, text);
    trim_end(name);
    if (length == 0) return;
    snprintf(strength, OCR_TEXT_MAX, "%.*s", (int)length, text + at);
    double confidence;
    const char *named = words_form(text + at + length, &confidence);
    if (named && !form[0]) text_copy(form, OCR_TEXT_MAX, named);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

void names_join(const char *lines, bool mend, char out[OCR_TEXT_MAX])
{
    size_t used = 0;
    for (; *lines && used + 1 < OCR_TEXT_MAX; lines++) {
        bool small_follows = *lines == '\n' && (islower((unsigned char)lines[1]) || (unsigned char)lines[1] >= 0x80);
        bool cut = small_follows && used > 0 && out[used - 1] == '-';
        if (cut && mend) used--;
        else if (!cut) out[used++] = *lines == '\n' ? ' ' : *lines;
    }
    out[used] = '\0';
}

enum { WORDS_MAX = 24 };

struct reading {
    char name[OCR_TEXT_MAX], strength[OCR_TEXT_MAX], form[OCR_TEXT_MAX];
    double confidence, score;
    bool known, doubtful;   /* the name is in the lexicon; the strength may not be what it looks like */
    struct engine_word words[WORDS_MAX];
    int count;
};

static void take_apart(const struct lexicon *lexicon, const char *lines, bool mend, struct reading *out)
{
    char text[OCR_TEXT_MAX];
    names_join(lines, mend, text);
    mend_thin_one(text);
    names_split(text, out->name, out->strength, out->form);
    out->known = lexicon_has(lexicon, out->name);
    out->doubtful = strength_is_doubtful(skip_row_number(skip_residue(text))) && (out->strength[0] || !out->known);
    out->score = lexicon_score(lexicon, out->name);
}

/* Puts words together to lines; returns their mean confidence. */
static double join_words(const struct engine_word *words, int count, char *lines, size_t size)
{
    double sum = 0;
    size_t used = 0;
    lines[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (used + strlen(words[i].text) + 2 > size) break;
        const char *gap = i == 0 ? "" : words[i].line == words[i - 1].line ? " " : "\n";
        used += (size_t)snprintf(lines + used, size - used, "%s%s", gap, words[i].text);
        sum += words[i].confidence;
    }
    return count ? sum / count : 0;
}

static void read_with(struct engine *engine, enum engine_tongue tongue, const struct lexicon *lexicon, PIX *crop, struct reading *out)
{
    char lines[OCR_TEXT_MAX];
    struct reading hyphened;
    out->count = engine_words(engine, tongue, SHAPE_BLOCK, crop, out->words, WORDS_MAX);
    out->confidence = join_words(out->words, out->count, lines, sizeof lines);
    take_apart(lexicon, lines, true, out);
    if (!strstr(lines, "-\n")) return;
    hyphened = *out;
    take_apart(lexicon, lines, false, &hyphened);
    if (hyphened.known && !out->known) *out = hyphened;
}

/* Letters whose small form looks like the large one are told apart only by their height: the reader that saw a large one
 * is believed. */
static bool is_first_larger(const char *a, const char *b)
{
    return islower((unsigned char)b[0]) && a[0] == toupper((unsigned char)b[0]) && strcmp(a + 1, b + 1) == 0;
}

/* Whether the second reading is likelier, by what the lexicon knows. */
static bool is_second_better(const struct reading *a, const struct reading *b)
{
    if (is_first_larger(a->name, b->name)) return false;
    if (is_first_larger(b->name, a->name)) return true;
    if (a->known != b->known) return b->known;
    return b->score > a->score + 0.001;
}

/* A copy without what is much longer than wide: what slanting lines of the table left in the cell. */
static PIX *without_rules(PIX *crop)
{
    PIX *clean = pixCopy(NULL, crop), *ink = clean ? pixThresholdToBinary(clean, RULE_INK) : NULL;
    PIXA *masks = NULL;
    BOXA *parts = ink ? pixConnComp(ink, &masks, 8) : NULL;
    for (int i = 0; parts && i < boxaGetCount(parts); i++) {
        l_int32 x, y, w, h;
        boxaGetBoxGeometry(parts, i, &x, &y, &w, &h);
        bool level = w > RULE_LENGTH && w > 5 * h, upright = h > 2 * RULE_LENGTH && h > 8 * w;
        if (!level && !upright) continue;
        PIX *mask = pixaGetPix(masks, i, L_CLONE), *framed = pixAddBorder(mask, RULE_SLOPE, 0);
        PIX *wide = framed ? pixDilateBrick(NULL, framed, 2 * RULE_SLOPE + 1, 2 * RULE_SLOPE + 1) : NULL;
        if (wide) pixSetMaskedGeneral(clean, wide, 255, x - RULE_SLOPE, y - RULE_SLOPE);
        pixDestroy(&mask);
        pixDestroy(&framed);
        pixDestroy(&wide);
    }
    boxaDestroy(&parts);
    pixaDestroy(&masks);
    pixDestroy(&ink);
    return clean;
}

static void set_text(struct ocr_text *field, const char *text, double confidence, bool unsure)
{
    text_copy(field->text, sizeof field->text, text);
    field->confidence = confidence;
    field->unsure = unsure;
    field->source = text[0] || unsure ? OCR_SOURCE_OCR : OCR_SOURCE_NONE;
}

/* The own reader must see the number too, and the other model must not see another strength; where there is none, nothing may look
 * like one. */
static void set_strength(PIX *crop, const struct reading *best, const struct reading *other, struct ocr_row *row)
{
    bool swap = best->doubtful && !other->doubtful && other->strength[0];
    const struct reading *one = swap ? other : best, *two = swap ? best : other;
    bool agree = strength_same(one->strength, two->strength) && !two->doubtful, silent = one->strength[0] && !two->strength[0];
    bool confirmed = !one->strength[0] || strength_confirmed(crop, one->words, one->count, one->strength);
    bool sure = !one->doubtful && (agree || silent) && confirmed && (one->strength[0] || (one->known && !row->name.unsure));
    set_text(&row->strength, one->strength, sure ? one->confidence : 0.4, !sure);
}

/* Two models must agree, or the lexicon must know what one of them saw, and only one: Prednisone and Prednisolone are two medicines.
 * What is nearly a known name is rather that, misread; what is like no known name may be a new one, if it was read clearly. */
static bool is_name_sure(const struct reading *best, const struct reading *other, bool agree)
{
    static const double near = 0.75, clear = 0.85;
    bool plain = isalpha((unsigned char)best->name[0]) || (unsigned char)best->name[0] >= 0x80;
    if (best->known) return agree || !other->known;
    return agree && plain && best->score < near && best->confidence > clear && text_fold(best->name).count > 3;
}

void names_read(struct engine *engine, const struct lexicon *lexicon, PIX *crop, struct ocr_row *row)
{
    static struct reading a, b; /* large, and the reader has no threads */
    PIX *clean = without_rules(crop), *grey = clean ? clean : crop;
    read_with(engine, TONGUE_LATIN, lexicon, grey, &a);
    read_with(engine, TONGUE_FRENCH, lexicon, grey, &b);
    bool agree = strcmp(a.name, b.name) == 0, second = !agree && is_second_better(&a, &b);
    const struct reading *best = second ? &b : &a, *other = second ? &a : &b;
    double known = best->score > 0.999 ? 1 : best->score;
    double confidence = agree ? 0.5 * best->confidence + 0.5 : 0.6 * best->confidence * known + 0.2 * known;
    bool unseen = strength_ink_unseen(grey, best->words, best->count);
    set_text(&row->name, best->name, confidence, unseen || !is_name_sure(best, other, agree));
    set_strength(grey, best, other, row);
    if (best->form[0]) set_text(&row->form, best->form, 0.9, false);
    lexicon_suggest(lexicon, row->name.text, row->suggestions);
    pixDestroy(&clean);
}

static void read_strength_with(struct engine *engine, enum engine_tongue tongue, PIX *crop, struct reading *out)
{
    char lines[OCR_TEXT_MAX - 1], text[OCR_TEXT_MAX];
    size_t at, length;
    out->count = engine_words(engine, tongue, SHAPE_BLOCK, crop, out->words, WORDS_MAX);
    out->confidence = join_words(out->words, out->count, lines, sizeof lines);
    snprintf(text, sizeof text, " %s", lines); /* a strength stands behind something, if only a space */
    for (char *p = text; *p; p++) *p = *p == '\n' ? ' ' : *p;
    out->known = false;
    out->doubtful = !strength_find(text, &at, &length) || strength_is_doubtful(text);
    snprintf(out->strength, sizeof out->strength, "%.*s", (int)length, text + at);
}

void names_read_strength(struct engine *engine, PIX *crop, struct ocr_row *row)
{
    static struct reading a, b;
    read_strength_with(engine, TONGUE_LATIN, crop, &a);
    read_strength_with(engine, TONGUE_FRENCH, crop, &b);
    if (a.count || b.count) set_strength(crop, &a, &b, row);
}
