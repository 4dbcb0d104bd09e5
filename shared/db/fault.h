/* What PostgreSQL said when it refused, in the project's terms. */
#ifndef DASTERN_DB_FAULT_H
#define DASTERN_DB_FAULT_H

#include <libpq-fe.h>

#include "core/arena.h"
#include "core/err.h"

struct db_fault {
    enum err kind;
    int status;            /* HTTP status it stands for */
    const char *statement; /* which of the batch; NULL when the connection itself failed */
    char sqlstate[6];      /* "" when the connection itself failed */
    const char *code;      /* problem code: the constraint's name, or a general one */
    const char *message;   /* English; shown only when our own functions raised it (SQLSTATE DTnnn), else for the log */
    const char *detail;    /* JSON object text to merge into the problem, or NULL */
};

/* Fills `out` from an error result. Text lives on `mem`. Never logs values: PostgreSQL's DETAIL may hold them. */
enum err db_fault_read(struct arena *mem, const PGresult *result, struct db_fault *out) MUST_CHECK;
/* The connection failed or the answer did not come in time. */
enum err db_fault_unavailable(struct db_fault *out) MUST_CHECK;

#endif
