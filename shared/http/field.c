/* A whole input against a table of fields; every fault is collected, none stops the check. */
#include "http/field.h"

#include <string.h>

#include "core/limits.h"
#include "core/str.h"
#include "json/json_read.h"

static const char *check_value(struct arena *mem, const struct field *field, const json_t *value, const char *pointer,
                               struct field_faults *faults);

void field_fault_add(struct field_faults *faults, const char *pointer, const char *code)
{
    if (faults->count < LIMIT_FAULTS)
        faults->items[faults->count++] = (struct field_fault){.pointer = arena_strdup(faults->mem, pointer), .code = code};
}

/* RFC 6901: '~' and '/' inside a name are escaped. Long hostile names are cut. */
static const char *pointer_to(struct arena *mem, const char *parent, const char *name)
{
    struct buf out = {.mem = mem};
    buf_str(&out, parent);
    buf_char(&out, '/');
    for (size_t i = 0; name[i] && i < 100; i++) {
        if (name[i] == '~')
            buf_str(&out, "~0");
        else if (name[i] == '/')
            buf_str(&out, "~1");
        else
            buf_char(&out, name[i]);
    }
    while (!utf8_valid(out.data, out.len)) /* the cut may have split a character */
        out.data[--out.len] = '\0';
    return out.data;
}

static const struct field *find_field(const struct field *fields, const char *name)
{
    for (const struct field *f = fields; f && f->name; f++)
        if (str_eq(f->name, name))
            return f;
    return NULL;
}

static const char *check_text(struct arena *mem, const struct field *field, const char *text, const char *pointer,
                              struct field_faults *faults)
{
    const char *code = NULL;
    const char *value = field_read_text(mem, field, text, &code);
    if (!value)
        field_fault_add(faults, pointer, code);
    return value;
}

static const char *check_object(struct arena *mem, const struct field *field, const json_t *value, const char *pointer,
                                struct field_faults *faults)
{
    const char *key;
    json_t *member;
    for (const struct field *f = field->fields; f && f->name; f++) {
        member = json_object_get(value, f->name);
        if (member)
            check_value(mem, f, member, pointer_to(mem, pointer, f->name), faults);
        else if (f->required)
            field_fault_add(faults, pointer_to(mem, pointer, f->name), "required");
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
        if (field->fields && !find_field(field->fields, key))
            field_fault_add(faults, pointer_to(mem, pointer, key), "unknown");
    return json_text(mem, value);
}

static const char *check_list(struct arena *mem, const struct field *field, const json_t *value, const char *pointer,
                              struct field_faults *faults)
{
    size_t i;
    json_t *item;
    size_t n = json_array_size(value);
    double max = field->max != 0 ? field->max : LIMIT_LIST_MAX;
    if ((double)n < field->min || (double)n > max) {
        field_fault_add(faults, pointer, "length");
        return NULL;
    }
    json_array_foreach(value, i, item)
        check_value(mem, field->item, item, arena_printf(mem, "%s/%zu", pointer, i), faults);
    return json_text(mem, value);
}

static bool type_fits(enum field_type type, const json_t *value)
{
    switch (type) {
    case F_INT: return json_is_integer(value);
    case F_DECIMAL: return json_is_number(value);
    case F_BOOL: return json_is_boolean(value);
    case F_OBJECT: return json_is_object(value);
    case F_LIST: return json_is_array(value);
    default: return json_is_string(value);
    }
}

static const char *check_value(struct arena *mem, const struct field *field, const json_t *value, const char *pointer,
                               struct field_faults *faults)
{
    if (json_is_null(value) && field->nullable)
        return NULL;
    if (!type_fits(field->type, value)) {
        field_fault_add(faults, pointer, "type");
        return NULL;
    }
    switch (field->type) {
    case F_OBJECT: return check_object(mem, field, value, pointer, faults);
    case F_LIST: return check_list(mem, field, value, pointer, faults);
    case F_BOOL: return json_is_true(value) ? "true" : "false";
    case F_INT: case F_DECIMAL: return check_text(mem, field, json_number_text(mem, value), pointer, faults);
    default: return check_text(mem, field, json_string_value(value), pointer, faults);
    }
}

static void fill_absent(const struct field *field, struct input *out, struct field_faults *faults, const char *pointer)
{
    out->value = field->def;
    if (field->required)
        field_fault_add(faults, pointer, "required");
}

void fields_read_json(struct arena *mem, const struct field *fields, const json_t *object, struct input *out,
                      struct field_faults *faults)
{
    const char *key;
    json_t *member;
    for (const struct field *f = fields; f && f->name; f++, out++) {
        *out = (struct input){.name = f->name};
        const char *pointer = pointer_to(mem, "", f->name);
        member = json_object_get(object, f->name);
        out->present = member != NULL;
        if (member)
            out->value = check_value(mem, f, member, pointer, faults);
        else
            fill_absent(f, out, faults, pointer);
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, member)
        if (!find_field(fields, key))
            field_fault_add(faults, pointer_to(mem, "", key), "unknown");
}

static const struct pair *find_pair(const struct pair *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(pairs[i].name, name))
            return &pairs[i];
    return NULL;
}

static void refuse_strangers(struct arena *mem, const struct field *fields, const struct pair *pairs, size_t count,
                             struct field_faults *faults)
{
    for (size_t i = 0; i < count; i++) {
        const char *pointer = pointer_to(mem, "", pairs[i].name);
        if (!find_field(fields, pairs[i].name))
            field_fault_add(faults, pointer, "unknown");
        else if (find_pair(pairs, count, pairs[i].name) != &pairs[i])
            field_fault_add(faults, pointer, "duplicate");
    }
}

void fields_read_pairs(struct arena *mem, const struct field *fields, const struct pair *pairs, size_t count,
                       struct input *out, struct field_faults *faults)
{
    for (const struct field *f = fields; f && f->name; f++, out++) {
        *out = (struct input){.name = f->name};
        const char *pointer = pointer_to(mem, "", f->name);
        const struct pair *pair = find_pair(pairs, count, f->name);
        out->present = pair != NULL;
        if (pair)
            out->value = check_text(mem, f, pair->value, pointer, faults);
        else
            fill_absent(f, out, faults, pointer);
    }
    refuse_strangers(mem, fields, pairs, count, faults);
}
