/* Rights over one's data. */
#include "rights.h"

#include <string.h>

#include "proof.h"

/* One document, as PostgreSQL made it. */
enum err export_me(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = db_query_once(r, sql, &rows, NULL);
    if (err != OK)
        return err;
    const char *document = rows_text(&rows, r->mem, 0, "export");
    struct json_out out = reply_json(r, 200);
    json_raw(&out, document, strlen(document));
    reply_header(r, "Content-Disposition", "attachment; filename=\"dastern-export.json\"");
    return OK;
}

/* nginx sends it, after the statement has found that it is the caller's. */
enum err export_file(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = db_query_once(r, sql, &rows, NULL);
    if (err != OK)
        return err;
    if (rows_count(&rows) == 0)
        return fail(r, E_NOT_FOUND, "not_found");
    return reply_file(r, rows_text(&rows, r->mem, 0, "name"), "application/zip");
}

enum err delete_me(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = password_confirm(r, "password");
    if (err == OK)
        err = db_query(r, sql, &rows, NULL);
    return err == OK ? reply_row(r, 202, &rows) : err;
}
