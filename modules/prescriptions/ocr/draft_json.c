/* The draft as JSON, in the shape that ocr.h documents. */
#include "ocr.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static const char *const slot_names[OCR_SLOTS] = { "morning", "noon", "evening", "night" };

static json_t *text_or_null(const char *text)
{
    json_t *value = text[0] ? json_string(text) : NULL; /* NULL also for text that is not UTF-8 */
    return value ? value : json_null();
}

/* At most four decimals: 0.9999999 is no better than 1. */
static json_t *number_or_null(double value)
{
    if (!isfinite(value)) return json_null();
    if (value == floor(value) && fabs(value) < 1e9) return json_integer((json_int_t)value);
    return json_real(round(value * 10000) / 10000);
}

static json_t *confidence_json(double value)
{
    return json_real(value < 0 ? 0 : value > 1 ? 1 : round(value * 1000) / 1000);
}

static json_t *box_json(const struct ocr_box *box)
{
    return box->w > 0 ? json_pack("[iiii]", box->x, box->y, box->w, box->h) : json_null();
}

static json_t *field_json(const char *text, double confidence, bool unsure, enum ocr_source source, const struct ocr_box *box)
{
    static const char *const sources[] = { NULL, "ocr", "rule" };
    return json_pack("{s:o, s:o, s:b, s:s?, s:o}", "value", text_or_null(text), "confidence", confidence_json(confidence),
                     "unsure", unsure, "source", sources[source], "box", box_json(box));
}

static json_t *text_json(const struct ocr_text *f) { return field_json(f->text, f->confidence, f->unsure, f->source, &f->box); }
static json_t *seen_json(const struct ocr_number *f) { return field_json(f->raw, f->confidence, f->unsure, f->source, &f->box); }

static void note_unsure(json_t *list, const char *name, bool unsure)
{
    if (unsure) json_array_append_new(list, json_string(name));
}

static json_t *dose_json(const struct ocr_number *dose)
{
    return dose->source == OCR_SOURCE_NONE ? json_integer(0) : number_or_null(dose->value);
}

static json_t *row_unsure(const struct ocr_row *row)
{
    json_t *list = json_array();
    const struct { const char *name; bool unsure; } flags[] = { { "name", row->name.unsure }, { "strength", row->strength.unsure },
        { "form", row->form.unsure }, { "quantity", row->quantity.unsure }, { "duration_days", row->duration_days.unsure },
        { "dose_unit", row->dose_unit.unsure }, { "meal_relation", row->meal_relation.unsure } };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) note_unsure(list, flags[i].name, flags[i].unsure);
    for (int slot = 0; slot < OCR_SLOTS; slot++)
        if (row->doses[slot].unsure) json_array_append_new(list, json_sprintf("doses.%s", slot_names[slot]));
    return list;
}

static json_t *row_provenance(const struct ocr_row *row)
{
    json_t *fields = json_object();
    const struct { const char *name; const struct ocr_text *field; } texts[] = { { "name", &row->name }, { "strength", &row->strength },
        { "form", &row->form }, { "quantity_unit", &row->quantity_unit }, { "dose_unit", &row->dose_unit }, { "instructions", &row->instructions },
        { "meal_relation", &row->meal_relation } };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) json_object_set_new(fields, texts[i].name, text_json(texts[i].field));
    json_object_set_new(fields, "quantity", seen_json(&row->quantity));
    json_object_set_new(fields, "duration_days", seen_json(&row->duration_days));
    for (int slot = 0; slot < OCR_SLOTS; slot++) {
        char name[32];
        snprintf(name, sizeof name, "doses.%s", slot_names[slot]);
        json_object_set_new(fields, name, seen_json(&row->doses[slot]));
    }
    return fields;
}

static json_t *doses_json(const struct ocr_row *row)
{
    json_t *doses = json_object();
    for (int slot = 0; slot < OCR_SLOTS; slot++) json_object_set_new(doses, slot_names[slot], dose_json(&row->doses[slot]));
    return doses;
}

static json_t *row_json(const struct ocr_row *row)
{
    json_t *suggestions = json_array(), *out = json_object();
    for (int i = 0; i < 3 && row->suggestions[i][0]; i++) json_array_append_new(suggestions, json_string(row->suggestions[i]));
    bool counted = row->quantity.source != OCR_SOURCE_NONE, lasting = row->duration_days.source != OCR_SOURCE_NONE;
    const struct { const char *name; json_t *value; } members[] = {
        { "sequence_number", json_integer(row->sequence_number) },
        { "name", text_or_null(row->name.text) },
        { "strength", text_or_null(row->strength.text) },
        { "form", text_or_null(row->form.text) },
        { "quantity", counted ? number_or_null(row->quantity.value) : json_null() },
        { "quantity_unit", text_or_null(row->quantity_unit.text) },
        { "duration_days", lasting ? number_or_null(row->duration_days.value) : json_null() },
        { "doses", doses_json(row) },
        { "dose_unit", text_or_null(row->dose_unit.text) },
        { "instructions", text_or_null(row->instructions.text) },
        { "meal_relation", text_or_null(row->meal_relation.text) },
        { "as_needed", json_boolean(row->as_needed) },
        { "confidence", confidence_json(row->confidence) },
        { "unsure", row_unsure(row) },
        { "box", box_json(&row->box) },
        { "suggestions", suggestions },
        { "provenance", row_provenance(row) },
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) json_object_set_new(out, members[i].name, members[i].value);
    return out;
}

static void add_fields(json_t *out, const struct ocr_draft *draft)
{
    const struct { const char *name; const struct ocr_text *field; } fields[] = { { "hospital_name", &draft->hospital_name },
        { "prescribing_doctor_name", &draft->prescribing_doctor_name }, { "patient_age", &draft->patient_age },
        { "patient_gender", &draft->patient_gender }, { "diagnosis", &draft->diagnosis }, { "prescription_date", &draft->prescription_date } };
    json_t *all = json_object(), *unsure = json_array();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        json_object_set_new(all, fields[i].name, text_json(fields[i].field));
        note_unsure(unsure, fields[i].name, fields[i].field->unsure);
    }
    const struct ocr_text more = { .confidence = 0, .unsure = draft->rows_missing, .source = draft->rows_missing ? OCR_SOURCE_RULE : OCR_SOURCE_NONE };
    json_object_set_new(all, "medications", text_json(&more));
    note_unsure(unsure, "medications", more.unsure);
    json_object_set_new(out, "fields", all);
    json_object_set_new(out, "unsure", unsure);
}

char *ocr_draft_json(const struct ocr_draft *draft)
{
    json_t *out = json_object(), *rows = json_array();
    json_object_set_new(out, "error", text_or_null(draft->error));
    json_object_set_new(out, "page", json_pack("{s:i, s:i, s:i, s:s, s:o}", "width", draft->width, "height", draft->height,
                        "turned", draft->turned, "layout", draft->grid ? "table" : "columns", "sharpness", number_or_null(draft->sharpness)));
    json_object_set_new(out, "confidence", confidence_json(draft->confidence));
    add_fields(out, draft);
    for (int i = 0; i < draft->row_count; i++) json_array_append_new(rows, row_json(&draft->rows[i]));
    json_object_set_new(out, "medications", rows);
    char *text = json_dumps(out, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(out);
    return text;
}
