/* What accounts leave to do in the background: exports with pictures; and the erasure of those whose 30 days are over. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "auth_sql.h"
#include "core/config.h"
#include "core/log.h"
#include "core/str.h"
#include "export_file.h"
#include "jobs/worker.h"
#include "json/json_read.h"

#define ARENA_BYTES 8192
#define LOOK_MS 60000 /* an account may live a minute longer than it was to */

static int storage_fd = -1;

static enum err start(void)
{
    storage_fd = open(config_text("DASTERN_STORAGE_DIR"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (storage_fd >= 0)
        return OK;
    log_note(LOG_ERROR, "storage.unreachable", "reason", strerror(errno));
    return E_INVALID;
}

/* Names come from our own storage and are flat; anything else is not ours to remove. */
static enum err remove_file(struct job *job, const char *name)
{
    if (!name || *name == '.' || strchr(name, '/')) {
        job->error = "erase.name";
        return E_INVALID;
    }
    if (unlinkat(storage_fd, name, 0) == 0 || errno == ENOENT)
        return OK;
    job->error = "erase.failed";
    return E_UNAVAILABLE;
}

/* Done twice it does no harm, so a job that was cut short simply runs again. */
static enum err erase_files(struct job *job)
{
    struct json_fault fault;
    json_t *payload = json_read(job->mem, job->payload, strlen(job->payload), &fault), *name;
    size_t i;
    json_array_foreach(json_object_get(payload, "files"), i, name) {
        enum err err = remove_file(job, json_string_value(name));
        if (err != OK)
            return err;
    }
    return OK;
}

static const char *export_name(struct arena *mem, const char *id)
{
    return arena_printf(mem, "%s.export.zip", id);
}

static enum err make_export(struct job *job)
{
    struct rows rows = {0};
    struct json_fault fault;
    enum err err = job_query(job->mem, &SQL_export_contents, &rows, "job", job->id, NULL);
    if (err != OK)
        return err;
    if (rows_count(&rows) == 0) {
        job->error = "export.account_closed";
        return E_INVALID;
    }
    const char *list = rows_text(&rows, job->mem, 0, "pictures");
    json_t *names = json_read(job->mem, list, strlen(list), &fault);
    const char **pictures = arena_array(job->mem, json_array_size(names) + 1, sizeof *pictures);
    for (size_t i = 0; i < json_array_size(names); i++)
        pictures[i] = json_string_value(json_array_get(names, i));
    err = export_file_write(storage_fd, export_name(job->mem, job->id), rows_text(&rows, job->mem, 0, "document"), pictures,
                            json_array_size(names));
    if (err != OK)
        job->error = "export.storage";
    return err;
}

static enum err run(struct job *job)
{
    return str_eq(job->kind, "export") ? make_export(job) : erase_files(job);
}

/* The file after its row: nobody can ask for it any more. */
static enum err forget_export(struct arena *mem, bool *more)
{
    struct rows rows = {0};
    enum err err = job_query(mem, &SQL_forget_next_export, &rows, NULL);
    const char *id = err == OK && rows_count(&rows) > 0 ? rows_text(&rows, mem, 0, "id") : NULL;
    *more = id != NULL;
    if (id && export_file_remove(storage_fd, export_name(mem, id)) != OK)
        log_note(LOG_WARN, "export.not_removed", "id", id);
    return err;
}

static enum err tick(int *next_ms)
{
    struct arena *mem = arena_new(ARENA_BYTES);
    struct rows rows = {0};
    bool more = false;
    enum err err = job_query(mem, &SQL_erase_next_account, &rows, NULL);
    bool erased = err == OK && rows_bool(&rows, 0, "erased");
    if (err == OK)
        err = forget_export(mem, &more);
    *next_ms = erased || more ? 0 : LOOK_MS;
    arena_free(mem);
    return err;
}

static const struct config_item config[] = {
    {"DASTERN_STORAGE_DIR", CONFIG_PATH, NULL, "where the pictures of prescriptions are"},
    {0}};

static const struct worker account_worker = {
    .name = "account_worker",
    .queue = "jobs",
    .kinds = "{erase_files,export}",
    .lease_s = 60,
    .run = run,
    .tick = tick,
    .statements = (const struct sql_stmt *const[]){&SQL_erase_next_account, &SQL_export_contents, &SQL_forget_next_export, NULL},
    .config = config,
    .start = start,
};

int main(int argc, char **argv)
{
    return worker_main(&account_worker, argc, argv);
}
