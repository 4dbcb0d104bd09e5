/* What accounts leave to do in the background: erases those whose 30 days are over, and then their files. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "auth_sql.h"
#include "core/config.h"
#include "core/log.h"
#include "core/str.h"
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

static enum err tick(int *next_ms)
{
    struct arena *mem = arena_new(ARENA_BYTES);
    struct rows rows = {0};
    enum err err = job_query(mem, &SQL_erase_next_account, &rows, NULL);
    *next_ms = err == OK && rows_bool(&rows, 0, "erased") ? 0 : LOOK_MS;
    arena_free(mem);
    return err;
}

static const struct config_item config[] = {
    {"DASTERN_STORAGE_DIR", CONFIG_PATH, NULL, "where the pictures of prescriptions are"},
    {0}};

static const struct worker account_worker = {
    .name = "account_worker",
    .queue = "jobs",
    .kinds = "{erase_files}",
    .lease_s = 60,
    .run = erase_files,
    .tick = tick,
    .statements = (const struct sql_stmt *const[]){&SQL_erase_next_account, NULL},
    .config = config,
    .start = start,
};

int main(int argc, char **argv)
{
    return worker_main(&account_worker, argc, argv);
}
