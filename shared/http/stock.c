/* The handlers most rows of a route table need: run the statement, answer. */
#include "http/exchange.h"

static enum err run_row(struct request *r, const struct sql_stmt *sql, int status)
{
    struct rows rows = {0};
    enum err err = db_query_once(r, sql, &rows, NULL);
    return err == OK ? reply_row(r, status, &rows) : err;
}

enum err run_one(struct request *r, const struct sql_stmt *sql)
{
    return run_row(r, sql, 200);
}

enum err run_create(struct request *r, const struct sql_stmt *sql)
{
    return run_row(r, sql, 201);
}

enum err run_accept(struct request *r, const struct sql_stmt *sql)
{
    return run_row(r, sql, 202);
}

enum err run_list(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = db_query_once(r, sql, &rows, NULL);
    return err == OK ? reply_rows(r, 200, &rows) : err;
}

enum err reply_changed(struct request *r, const struct sql_stmt *change, const struct sql_stmt *show, const char *id_name, int status)
{
    struct rows changed = {0}, now = {0};
    enum err err = db_query(r, change, &changed, NULL);
    if (err != OK)
        return err;
    if (rows_count(&changed) == 0)
        return fail(r, E_NOT_FOUND, "not_found");
    err = db_query(r, show, &now, id_name, rows_text(&changed, r->mem, 0, "id"), NULL);
    return err == OK ? reply_row(r, status, &now) : err;
}

enum err run_no_content(struct request *r, const struct sql_stmt *sql)
{
    struct rows rows = {0};
    enum err err = db_query_once(r, sql, &rows, NULL);
    if (err != OK)
        return err;
    if (rows_count(&rows) == 0 && rows_affected(&rows) == 0)
        return fail(r, E_NOT_FOUND, "not_found");
    return reply_no_content(r);
}
