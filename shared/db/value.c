/* PostgreSQL's binary formats (src/backend/utils/adt/ *send functions) to text and JSON. All integers are big-endian. */
#include "db/value.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "db/pg_types.h"
#include "db/rows.h"

struct value value_at(const PGresult *result, int row, int column)
{
    struct value v = {.type = PQftype(result, column)};
    if (!PQgetisnull(result, row, column)) {
        v.bytes = (const unsigned char *)PQgetvalue(result, row, column);
        v.size = (size_t)PQgetlength(result, row, column);
    }
    return v;
}

static uint64_t big_endian(const unsigned char *p, size_t n)
{
    uint64_t x = 0;
    for (size_t i = 0; i < n; i++)
        x = x << 8 | p[i];
    return x;
}

static int read_i16(const unsigned char *p)
{
    return (int16_t)big_endian(p, 2);
}

long long value_integer(struct value v)
{
    switch (v.type) {
    case PG_INT2: return (int16_t)big_endian(v.bytes, 2);
    case PG_INT4: return (int32_t)big_endian(v.bytes, 4);
    case PG_INT8: return (int64_t)big_endian(v.bytes, 8);
    default: return 0;
    }
}

/* numeric: digit count, weight of the first digit, sign, display scale, then base-10000 digits.
 * The digit that stands for 10000^position, 0 where none is stored. */
static int numeric_digit(const unsigned char *p, int position)
{
    int count = read_i16(p), weight = read_i16(p + 2);
    int i = weight - position;
    return i >= 0 && i < count ? read_i16(p + 8 + 2 * i) : 0;
}

/* Trailing zeros of the fraction go: 0.50 is the dose 0.5. NaN and the infinities are no JSON numbers. */
static void numeric_text(struct buf *out, const unsigned char *p, size_t size)
{
    int count = read_i16(p), weight = read_i16(p + 2);
    unsigned sign = (unsigned)big_endian(p + 4, 2);
    if (size < 8 + 2 * (size_t)count || (sign != 0 && sign != 0x4000)) {
        buf_str(out, "null");
        return;
    }
    buf_printf(out, "%s%d", sign ? "-" : "", numeric_digit(p, weight > 0 ? weight : 0));
    for (int position = weight - 1; position >= 0; position--)
        buf_printf(out, "%04d", numeric_digit(p, position));
    size_t whole = out->len;
    buf_char(out, '.');
    for (int position = -1; position > weight - count; position--)
        buf_printf(out, "%04d", numeric_digit(p, position));
    while (out->data[out->len - 1] == '0' && out->len > whole)
        out->len--;
    if (out->data[out->len - 1] == '.')
        out->len--;
    out->data[out->len] = '\0';
}

static double read_float(struct value v)
{
    uint64_t bits = big_endian(v.bytes, v.size);
    uint32_t few = (uint32_t)bits;
    float f;
    double d;
    memcpy(&f, &few, sizeof f);
    memcpy(&d, &bits, sizeof d);
    return v.type == PG_FLOAT4 ? (double)f : d;
}

/* NaN and the infinities are no JSON numbers. */
static void float_text(struct buf *out, struct value v)
{
    double d = read_float(v);
    if (isfinite(d))
        buf_printf(out, "%.*g", v.type == PG_FLOAT4 ? FLT_DIG : DBL_DIG, d);
    else
        buf_str(out, "null");
}

static void time_text(struct buf *out, struct value v)
{
    char text[32];
    if (v.type == PG_DATE)
        time_format_date((int32_t)big_endian(v.bytes, 4), text);
    else if (v.type == PG_TIME)
        time_format_clock((int64_t)big_endian(v.bytes, 8), text);
    else
        time_format_timestamp((int64_t)big_endian(v.bytes, 8), text);
    buf_str(out, text);
}

void value_text(struct buf *out, struct value v)
{
    char uuid[37];
    switch (v.type) {
    case PG_BOOL: buf_str(out, v.bytes[0] ? "true" : "false"); break;
    case PG_INT2: case PG_INT4: case PG_INT8: buf_printf(out, "%lld", value_integer(v)); break;
    case PG_NUMERIC: numeric_text(out, v.bytes, v.size); break;
    case PG_FLOAT4: case PG_FLOAT8: float_text(out, v); break;
    case PG_UUID: uuid_text(v.bytes, uuid); buf_str(out, uuid); break;
    case PG_DATE: case PG_TIME: case PG_TIMESTAMPTZ: time_text(out, v); break;
    case PG_JSONB: buf_add(out, v.bytes + 1, v.size - 1); break; /* behind the version byte */
    case PG_VOID: break;
    default: buf_add(out, v.bytes, v.size); break; /* text, varchar, json, enums */
    }
}

/* One-dimensional arrays: dimensions, has-null flag, element type; then length and lower bound; then the elements. */
static void array_json(struct json_out *out, struct value v)
{
    json_open(out, '[');
    size_t at = 20;
    uint64_t count = v.size >= at && big_endian(v.bytes, 4) == 1 ? big_endian(v.bytes + 12, 4) : 0;
    for (uint64_t i = 0; i < count && at + 4 <= v.size; i++) {
        int32_t size = (int32_t)big_endian(v.bytes + at, 4);
        struct value item = {.type = (Oid)big_endian(v.bytes + 8, 4)};
        at += 4;
        if (size >= 0) {
            item.bytes = v.bytes + at;
            item.size = (size_t)size;
            at += item.size;
        }
        value_json(out, item);
    }
    json_close(out, ']');
}

static bool is_bare(Oid type)
{
    return type == PG_BOOL || type == PG_INT2 || type == PG_INT4 || type == PG_INT8 || type == PG_NUMERIC ||
           type == PG_FLOAT4 || type == PG_FLOAT8;
}

void value_json(struct json_out *out, struct value v)
{
    if (!v.bytes || v.type == PG_VOID) {
        json_nil(out);
    } else if (v.type == PG_JSON) {
        json_raw(out, (const char *)v.bytes, v.size);
    } else if (v.type == PG_JSONB) {
        json_raw(out, (const char *)v.bytes + 1, v.size - 1);
    } else if (v.type == PG_TEXT_ARRAY || v.type == PG_UUID_ARRAY || v.type == PG_INT4_ARRAY) {
        array_json(out, v);
    } else if (is_bare(v.type)) {
        json_raw(out, "", 0); /* the comma, if one is due */
        value_text(out->to, v);
    } else if (v.type == PG_UUID || v.type == PG_DATE || v.type == PG_TIME || v.type == PG_TIMESTAMPTZ) {
        json_raw(out, "\"", 1);
        value_text(out->to, v);
        buf_char(out->to, '"');
    } else {
        json_strn(out, (const char *)v.bytes, v.size);
    }
}

bool rows_type_known(Oid type)
{
    static const Oid known[] = {PG_BOOL, PG_INT8, PG_INT2, PG_INT4, PG_TEXT, PG_JSON, PG_FLOAT4, PG_FLOAT8,
                                PG_INT4_ARRAY, PG_TEXT_ARRAY, PG_VARCHAR, PG_DATE, PG_TIME, PG_TIMESTAMPTZ,
                                PG_NUMERIC, PG_VOID, PG_UUID, PG_UUID_ARRAY, PG_JSONB};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i] == type)
            return true;
    return false;
}
