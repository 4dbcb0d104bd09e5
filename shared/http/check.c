/* Checks of route tables against themselves and against the database. */
#include "http/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_sql.h"
#include "core/config.h"
#include "core/limits.h"
#include "core/process.h"
#include "db/check.h"
#include "db/pg_types.h"
#include "db_sql.h"
#include "events_sql.h"
#include "http/exchange.h"

static bool complain(const struct route *route, const char *what, const char *detail)
{
    fprintf(stderr, "%s %s: %s %s\n", method_name(route->method), route->path, what, detail);
    return false;
}

/* Stock handlers bind nothing of their own; other handlers may, which only running them shows. */
static bool is_stock(const struct route *route)
{
    return route->run == run_one || route->run == run_list || route->run == run_create || route->run == run_accept ||
           route->run == run_no_content;
}

static bool check_params(struct arena *mem, const struct route *route)
{
    bool good = true;
    for (size_t i = 0; is_stock(route) && route->sql && i < route->sql->count; i++)
        if (!request_binds(mem, route, route->sql->params[i]))
            good = complain(route, "nothing to bind to parameter", route->sql->params[i]);
    return good;
}

static bool check_fields(const struct route *route)
{
    size_t n = 0;
    for (const struct field *f = route->fields; f && f->name; f++, n++)
        for (const struct field *g = route->fields; g != f; g++)
            if (str_eq(f->name, g->name))
                return complain(route, "names a field twice:", f->name);
    return n + 4 <= LIMIT_FIELDS || complain(route, "has too many fields", "");
}

bool check_routes(const struct area *area)
{
    bool good = true;
    struct arena *mem = arena_new(4096);
    for (const struct route *a = area->routes; a->method; a++) {
        if (a - area->routes == LIMIT_ROUTES)
            good = complain(a, "is one route too many", "");
        for (const struct route *b = area->routes; b != a; b++)
            if (a->method == b->method && str_eq(a->path, b->path))
                good = complain(a, "stands twice", "");
        if (a->path[0] != '/' || !a->run || (is_stock(a) && !a->sql))
            good = complain(a, "has no path, no handler or no statement", "");
        good = check_params(mem, a) && good;
        good = check_fields(a) && good;
    }
    arena_free(mem);
    return good;
}

/* --- types ------------------------------------------------------------------------------------------------------ */

static bool type_fits(enum field_type field, Oid type)
{
    switch (field) {
    case F_UUID: return type == PG_UUID || type == PG_TEXT;
    case F_INT: return type == PG_INT2 || type == PG_INT4 || type == PG_INT8 || type == PG_NUMERIC || type == PG_TEXT;
    case F_DECIMAL: return type == PG_NUMERIC || type == PG_FLOAT8;
    case F_BOOL: return type == PG_BOOL;
    case F_DATE: return type == PG_DATE;
    case F_CLOCK: return type == PG_TIME;
    case F_TIMESTAMP: return type == PG_TIMESTAMPTZ;
    case F_OBJECT: case F_LIST: return type == PG_JSONB || type == PG_JSON;
    default: return type == PG_TEXT || type == PG_VARCHAR || type >= 16384; /* an enum of ours */
    }
}

/* A statement may serve several routes: each has to fit. */
static bool check_param_type(const struct sql_stmt *sql, const char *param, Oid type, void *arg)
{
    const struct area *area = arg;
    for (const struct route *route = area->routes; route->method; route++) {
        for (const struct field *f = route->sql == sql ? route->fields : NULL; f && f->name; f++) {
            if (str_eq(f->name, param) && !type_fits(f->type, type))
                return false;
            if (str_starts(param, "has_") && str_eq(f->name, param + 4) && type != PG_BOOL)
                return false;
        }
    }
    return true;
}

int check_area(const struct area *area)
{
    const struct sql_stmt *const *const lists[] = {SQL_ALL_db, SQL_ALL_access, SQL_ALL_events, area->statements};
    char *no_arguments[] = {(char *)(uintptr_t)area->name, NULL};
    int faults = check_routes(area) ? 0 : 1;
    config_load(process_config, NULL, 1, no_arguments);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        faults += db_check_statements(config_text("DASTERN_DB"), lists[i], check_param_type, (void *)(uintptr_t)area);
    printf("%s: %d faults in its statements\n", area->name, faults);
    return faults ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- for the contract ------------------------------------------------------------------------------------------- */

static void write_access(struct json_out *out, unsigned access)
{
    static const char *const names[] = {"signed_in", "patient", "doctor", "family_member", "admin"};
    json_key(out, "access");
    json_open(out, '[');
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (access & 1u << i)
            json_str(out, names[i]);
    json_close(out, ']');
}

static void write_choices(struct json_out *out, const struct field *field)
{
    json_key(out, "choices");
    json_open(out, '[');
    for (const char *const *choice = field->choices; *choice; choice++)
        json_str(out, *choice);
    json_close(out, ']');
}

static void write_fields(struct json_out *out, const struct field *fields);

static void write_field(struct json_out *out, const struct field *field)
{
    static const char *const types[] = {
        [F_TEXT] = "text", [F_EMAIL] = "email", [F_PHONE] = "phone", [F_PASSWORD] = "password", [F_UUID] = "uuid",
        [F_INT] = "int", [F_DECIMAL] = "decimal", [F_BOOL] = "bool", [F_DATE] = "date", [F_CLOCK] = "clock",
        [F_TIMESTAMP] = "timestamp", [F_CHOICE] = "choice", [F_OBJECT] = "object", [F_LIST] = "list"};
    json_open(out, '{');
    json_key_str(out, "name", field->name);
    json_key_str(out, "type", types[field->type]);
    json_key_bool(out, "required", field->required);
    json_key_bool(out, "nullable", field->nullable);
    if (field->choices)
        write_choices(out, field);
    if (field->fields)
        write_fields(out, field->fields);
    if (field->item) {
        json_key(out, "item");
        write_field(out, field->item);
    }
    json_close(out, '}');
}

static void write_fields(struct json_out *out, const struct field *fields)
{
    json_key(out, "fields");
    json_open(out, '[');
    for (const struct field *field = fields; field && field->name; field++)
        write_field(out, field);
    json_close(out, ']');
}

int check_print_routes(const struct area *area)
{
    struct arena *mem = arena_new(4096);
    struct buf text = {.mem = mem};
    struct json_out out = {.to = &text};
    json_open(&out, '[');
    for (const struct route *route = area->routes; route->method; route++) {
        json_open(&out, '{');
        json_key_str(&out, "method", method_name(route->method));
        json_key_str(&out, "path", route->path);
        write_access(&out, route->access);
        json_key_bool(&out, "multipart", (route->flags & R_UPLOAD) != 0);
        json_key_bool(&out, "list", (route->flags & R_LIST) != 0);
        json_key_bool(&out, "sends_codes", (route->flags & R_LIMIT_CODES) != 0);
        write_fields(&out, route->fields);
        json_close(&out, '}');
    }
    json_close(&out, ']');
    puts(text.data);
    arena_free(mem);
    return EXIT_SUCCESS;
}
