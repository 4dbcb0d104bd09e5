/* Input fields as a table: what a route accepts, checked all at once, every fault reported. */
#ifndef DASTERN_HTTP_FIELD_H
#define DASTERN_HTTP_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/limits.h"
#include "core/str.h"

enum field_type {
    F_TEXT,      /* min..max code points (default 1..LIMIT_TEXT_CHARS); no control characters but \n and \t */
    F_EMAIL,     /* addr-spec form, ≤ 254 bytes; lower-cased */
    F_PHONE,     /* E.164 (+ and 8..15 digits) or national 0…; blanks and dashes are dropped */
    F_PASSWORD,  /* any text without U+0000; min..max code points; never trimmed */
    F_UUID,      /* lower-cased */
    F_INT,       /* whole number, min..max */
    F_DECIMAL,   /* number with at most 2 decimals, min..max */
    F_BOOL,
    F_DATE,      /* YYYY-MM-DD */
    F_CLOCK,     /* HH:MM */
    F_TIMESTAMP, /* RFC 3339 with offset */
    F_CHOICE,    /* one of choices */
    F_OBJECT,    /* members described by fields; handed on as JSON text */
    F_LIST,      /* min..max items described by item; handed on as JSON text */
};

/* One row of a route's table; ends with a NULL name. On GET the fields are query parameters, otherwise members of the
 * JSON body (or of a multipart form). Unknown names are refused. */
struct field {
    const char *name;
    enum field_type type;
    bool required;
    bool nullable;              /* JSON null is allowed and means NULL, with has_<name> true */
    double min, max;            /* both 0: the type's default */
    const char *const *choices; /* NULL-terminated */
    const struct field *fields; /* F_OBJECT; NULL: any object, checked by who uses it */
    const struct field *item;   /* F_LIST: one field (its name is not used) */
    const char *def;            /* value when absent */
};

/* A value that passed. */
struct input {
    const char *name;
    const char *value; /* NULL: absent or null */
    bool present;
};

/* One fault; pointer is an RFC 6901 JSON pointer ("/email"), code: required type format min max length choice
 * unknown control duplicate, or a handler's own (field.<code> in messages.tsv has its words). */
struct field_fault {
    const char *pointer;
    const char *code;
};

struct field_faults {
    struct arena *mem;
    struct field_fault items[LIMIT_FAULTS];
    size_t count;
};

/* Notes one fault: pointer copied, code a literal. Beyond LIMIT_FAULTS they are dropped. */
void field_fault_add(struct field_faults *faults, const char *pointer, const char *code);

/* Checks a JSON object against the table and fills one input per field (same order). */
void fields_read_json(struct arena *mem, const struct field *fields, const json_t *object, struct input *out,
                      struct field_faults *faults);
/* The same for text values (query parameters, form fields): pairs name, value. */
void fields_read_pairs(struct arena *mem, const struct field *fields, const struct pair *pairs, size_t count,
                       struct input *out, struct field_faults *faults);
/* Checks and normalises one text value; NULL and *code on a fault. */
const char *field_read_text(struct arena *mem, const struct field *field, const char *text, const char **code);

#endif
