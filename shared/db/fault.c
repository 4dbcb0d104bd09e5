/* SQLSTATE → what the client is told. The only place where it is decided. */
#include "db/fault.h"

#include <string.h>

#include "core/str.h"

/* Longest matching prefix wins; more specific rows stand first. */
static const struct {
    const char *sqlstate;
    enum err kind;
    int status;
    const char *code; /* NULL: the constraint's name */
} meanings[] = {
    {"23505", E_CONFLICT, 409, NULL},                        /* unique_violation */
    {"23P01", E_CONFLICT, 409, NULL},                        /* exclusion_violation */
    {"23514", E_INVALID, 422, NULL},                         /* check_violation */
    {"23503", E_INVALID, 422, NULL},                         /* foreign_key_violation */
    {"23502", E_INVALID, 422, "request.missing_value"},      /* not_null_violation */
    {"22", E_INVALID, 400, "request.invalid_value"},         /* data exceptions */
    {"42501", E_NOT_FOUND, 404, "not_found"},                /* row-level security refused a write */
    {"40001", E_UNAVAILABLE, 503, "database.busy"},          /* serialization_failure */
    {"40P01", E_UNAVAILABLE, 503, "database.busy"},          /* deadlock_detected */
    {"55P03", E_UNAVAILABLE, 503, "database.busy"},          /* lock_not_available */
    {"57014", E_UNAVAILABLE, 503, "database.busy"},          /* query_canceled: statement_timeout */
    {"53", E_UNAVAILABLE, 503, "database.unavailable"},      /* insufficient resources, disk full */
    {"57", E_UNAVAILABLE, 503, "database.unavailable"},      /* shutdown */
    {"08", E_UNAVAILABLE, 503, "database.unavailable"},      /* connection exceptions */
    {"25006", E_UNAVAILABLE, 503, "database.unavailable"},   /* read-only: a standby */
};

static const char *field_text(struct arena *mem, const PGresult *result, int field)
{
    return arena_strdup(mem, PQresultErrorField(result, field));
}

static enum err kind_of_status(int status)
{
    switch (status) {
    case 400: case 412: case 413: case 415: case 422: case 428: return E_INVALID;
    case 401: return E_UNAUTHENTICATED;
    case 403: return E_FORBIDDEN;
    case 404: return E_NOT_FOUND;
    case 409: return E_CONFLICT;
    case 429: return E_RATE_LIMITED;
    case 503: return E_UNAVAILABLE;
    default: return E_INTERNAL;
    }
}

/* Raised by our own functions: SQLSTATE DTnnn says the status, CONSTRAINT the code, DETAIL more members. */
static enum err read_own(struct arena *mem, const PGresult *result, struct db_fault *out)
{
    long status = 500;
    if (!str_to_long(out->sqlstate + 2, &status))
        status = 500;
    const char *code = field_text(mem, result, PG_DIAG_CONSTRAINT_NAME);
    out->status = (int)status;
    out->kind = kind_of_status(out->status);
    out->code = code ? code : err_name(out->kind);
    out->message = field_text(mem, result, PG_DIAG_MESSAGE_PRIMARY);
    out->detail = field_text(mem, result, PG_DIAG_MESSAGE_DETAIL);
    return out->kind;
}

enum err db_fault_read(struct arena *mem, const PGresult *result, struct db_fault *out)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (!sqlstate)
        return db_fault_unavailable(out);
    *out = (struct db_fault){.kind = E_INTERNAL, .status = 500, .code = "internal"};
    memcpy(out->sqlstate, sqlstate, sizeof out->sqlstate - 1);
    if (str_starts(sqlstate, "DT"))
        return read_own(mem, result, out);
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (!str_starts(sqlstate, meanings[i].sqlstate))
            continue;
        out->kind = meanings[i].kind;
        out->status = meanings[i].status;
        out->code = meanings[i].code ? meanings[i].code : field_text(mem, result, PG_DIAG_CONSTRAINT_NAME);
        if (!out->code)
            out->code = err_name(out->kind);
        break;
    }
    if (out->kind == E_INTERNAL || str_eq(sqlstate, "42501"))
        out->message = field_text(mem, result, PG_DIAG_MESSAGE_PRIMARY); /* for the log; these name objects, not values */
    return out->kind;
}

enum err db_fault_unavailable(struct db_fault *out)
{
    *out = (struct db_fault){.kind = E_UNAVAILABLE, .status = 503, .code = "database.unavailable"};
    return E_UNAVAILABLE;
}
