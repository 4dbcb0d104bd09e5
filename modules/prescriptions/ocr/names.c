/* Two readings of the name cell by different models; where they differ the lexicon says which is likelier, and the field is
 * unsure unless it knows one of them exactly. */
#include "names.h"

#include "text.h"
#include "words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- taking the text apart ----------------------------------------------------------------------------------- */

static const char *const strength_units[] = { "mcg", "µg", "mg", "ml", "iu", "ui", "mui", "g", "l", "%", "meq", "mmol" };

static size_t unit_length(const char *text)
{
    size_t best = 0;
    for (size_t i = 0; i < sizeof strength_units / sizeof *strength_units; i++) {
        size_t length = strlen(strength_units[i]);
        bool ends = strncasecmp(text, strength_units[i], length) == 0 && !isalpha((unsigned char)text[length]);
        if (ends && length > best) best = length;
    }
    return best;
}

/* "ig", "lmg": a thin 1 before a unit that ends the text. */
static void mend_thin_one(char *text)
{
    char *word = strrchr(text, ' ');
    if (!word || !strchr("iIl|", word[1]) || word[1] == '\0') return;
    static const char *const units[] = { "g", "mg", "ml", "mcg" };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcasecmp(word + 2, units[i]) == 0) word[1] = '1';
}

/* The length of a strength that begins here: "500mg", "0.5 mg", "250mg/5ml", "1,5g"; 0 when none does. */
static size_t strength_length(const char *text)
{
    size_t digits = strspn(text, "0123456789.,"), gap, unit;
    if (digits == 0 || text[0] == '.' || text[0] == ',') return 0;
    gap = strspn(text + digits, " ");
    unit = unit_length(text + digits + gap);
    if (unit == 0) return 0;
    size_t length = digits + gap + unit;
    if (text[length] == '/') {
        size_t below = strspn(text + length + 1, "0123456789.,"), rest = unit_length(text + length + 1 + below);
        if (rest) length += 1 + below + rest;
    }
    return length;
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

void names_split(const char *text, char *name, char *strength, char *form)
{
    name[0] = strength[0] = form[0] = '\0';
    text = skip_form(skip_row_number(text), form);
    size_t at = 0, length = 0;
    for (; text[at]; at++) {
        bool starts = at > 0 && isdigit((unsigned char)text[at]) && !isdigit((unsigned char)text[at - 1]) && !strchr(".,", text[at - 1]);
        length = starts ? strength_length(text + at) : 0;
        if (length) break;
    }
    snprintf(name, OCR_TEXT_MAX, "%.*s", (int)at, text);
    trim_end(name);
    if (length == 0) return;
    snprintf(strength, OCR_TEXT_MAX, "%.*s", (int)length, text + at);
    double confidence;
    const char *named = words_form(text + at + length, &confidence);
    if (named && !form[0]) text_copy(form, OCR_TEXT_MAX, named);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

struct reading { char name[OCR_TEXT_MAX], strength[OCR_TEXT_MAX], form[OCR_TEXT_MAX]; double confidence, score; };

static void read_with(struct engine *engine, enum engine_tongue tongue, const struct lexicon *lexicon, PIX *crop, struct reading *out)
{
    char text[OCR_TEXT_MAX];
    out->confidence = engine_read(engine, tongue, SHAPE_BLOCK, crop, false, text, sizeof text);
    mend_thin_one(text);
    names_split(text, out->name, out->strength, out->form);
    out->score = lexicon_score(lexicon, out->name, NULL);
}

static bool same_strength(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == ' ') a++;
        while (*b == ' ') b++;
        if (*a != *b) return false;
        if (*a == '\0') return true;
    }
}

static void set_text(struct ocr_text *field, const char *text, double confidence, bool unsure)
{
    text_copy(field->text, sizeof field->text, text);
    field->confidence = confidence;
    field->unsure = unsure;
    field->source = text[0] || unsure ? OCR_SOURCE_OCR : OCR_SOURCE_NONE;
}

void names_read(struct engine *engine, const struct lexicon *lexicon, PIX *crop, struct ocr_row *row)
{
    struct reading a, b;
    read_with(engine, TONGUE_LATIN, lexicon, crop, &a);
    read_with(engine, TONGUE_FRENCH, lexicon, crop, &b);
    bool agree = strcmp(a.name, b.name) == 0;
    const struct reading *best = !agree && b.score > a.score + 0.001 ? &b : &a;
    double known = best->score > 0.999 ? 1 : best->score;
    double confidence = agree ? 0.5 * best->confidence + 0.5 : 0.6 * best->confidence * known + 0.2 * known;
    set_text(&row->name, best->name, confidence, !agree && known < 1);
    bool strengths_agree = same_strength(a.strength, b.strength);
    const char *last = strrchr(best->name, ' ');
    if (!best->strength[0] && last && isdigit((unsigned char)last[1])) { /* a strength whose unit could not be read */
        strengths_agree = false;
        row->name.unsure = true;
    }
    set_text(&row->strength, best->strength, strengths_agree ? best->confidence : 0.4, !strengths_agree);
    if (best->form[0]) set_text(&row->form, best->form, 0.9, false);
    lexicon_suggest(lexicon, row->name.text, row->suggestions);
}
