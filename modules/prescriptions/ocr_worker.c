/* Reads the pictures of the queue into drafts. The pictures are decoded and read in a sandboxed child; this program only moves
 * files, rows and the figures of progress. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/config.h"
#include "core/log.h"
#include "core/str.h"
#include "jobs/worker.h"
#include "ocr/ocr.h"
#include "prescriptions_sql.h"
#include "storage.h"

#define LEASE_S 30
#define NICENESS 5 /* on top of the stack's own: a third of the weight of a module that wants the same core */
#define SWEEP_EVERY_US (60 * 60 * 1000000LL)

static struct ocr_service *service;

/* What a job is about. */
struct reading {
    struct job *job;
    const char *prescription_id;
    const char *source;          /* file that is read */
    bool is_upload;              /* as sent by the client, to be replaced by our own re-encoded copy */
    const char *stage;           /* reached last */
    int percent;
    struct ocr_result result;
    const char *image, *thumbnail, *rectified; /* files written; NULL where none was made */
    size_t bytes;                /* of all three */
};

static const char *number(struct arena *mem, long long n)
{
    return arena_printf(mem, "%lld", n);
}

/* --- progress ----------------------------------------------------------------------------------------------------- */

/* Called for each stage, and every second in between to keep the lease. A lost lease is noticed again when the draft is
 * stored: that is fenced. */
static void on_progress(void *arg, const char *stage, int percent)
{
    struct reading *reading = arg;
    if (stage) {
        reading->stage = stage;
        reading->percent = percent;
    }
    if (!job_progress(reading->job, reading->stage, reading->percent))
        log_note(LOG_WARN, "ocr.lease_lost", "job", reading->job->id);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static enum err write_picture(struct reading *reading, const struct ocr_picture *picture, enum storage_kind kind,
                              const char **name)
{
    if (picture->size == 0)
        return OK;
    *name = storage_name(reading->job->mem, reading->prescription_id, kind);
    reading->bytes += picture->size;
    return storage_write(*name, picture->data, picture->size);
}

/* What a first reading has written before the disk was full is no prescription's yet. A later one has replaced files that are;
 * and who has lost the lease can't tell whose they are. */
static void drop_pictures(const struct reading *reading)
{
    const char *const written[] = {reading->image, reading->thumbnail, reading->rectified};
    if (!reading->is_upload || !job_progress(reading->job, reading->stage, reading->percent))
        return;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        if (written[i])
            storage_remove(written[i]);
}

/* The names are the prescription's, so another attempt replaces what an earlier one has left. */
static enum err write_pictures(struct reading *reading)
{
    const struct ocr_pictures *made = &reading->result.pictures;
    enum err err = OK;
    if (reading->is_upload)
        err = write_picture(reading, &made->image, STORAGE_IMAGE, &reading->image);
    if (err == OK)
        err = write_picture(reading, &made->thumbnail, STORAGE_THUMBNAIL, &reading->thumbnail);
    if (err == OK)
        err = write_picture(reading, &made->rectified, STORAGE_RECTIFIED, &reading->rectified);
    if (err == OK)
        return OK;
    int error = errno;
    drop_pictures(reading);
    log_note(LOG_ERROR, "storage.write_failed", "reason", strerror(error));
    reading->job->error = storage_is_full(error) ? "storage.full" : "storage.unavailable";
    return E_UNAVAILABLE;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static const char *value_of(const struct reading *reading, const char *param)
{
    const struct job *job = reading->job;
    const struct { const char *name, *value; } known[] = {
        {"job_id", job->id}, {"worker", job->worker}, {"attempt", number(job->mem, job->attempt)},
        {"image", reading->image}, {"thumbnail", reading->thumbnail}, {"rectified", reading->rectified},
        {"bytes", number(job->mem, (long long)reading->bytes)}, {"draft", reading->result.json},
        {"error", reading->result.error},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq(known[i].name, param))
            return known[i].value;
    return NULL;
}

static struct db_call call_for(const struct reading *reading, const struct sql_stmt *sql, struct rows *rows)
{
    const char **values = arena_array(reading->job->mem, sql->count + 1, sizeof *values);
    for (size_t i = 0; i < sql->count; i++)
        values[i] = value_of(reading, sql->params[i]);
    return (struct db_call){.sql = sql, .values = values, .rows = rows};
}

static void log_refusal(const struct job *job, const struct db_fault *fault)
{
    struct log_line *l = log_begin(LOG_ERROR, "ocr.not_stored");
    log_str(l, "job", job->id);
    log_str(l, "sqlstate", fault->sqlstate);
    log_str(l, "code", fault->code);
    log_end(l);
}

/* Pictures, draft (or refusal) and notice in one transaction, fenced by the lease. */
static enum err store(struct reading *reading, const struct sql_stmt *ending)
{
    struct rows pictures = {0}, ended = {0};
    struct db_fault fault;
    struct db_call calls[2] = {call_for(reading, &SQL_ocr_keep_pictures, &pictures), call_for(reading, ending, &ended)};
    enum err err = job_batch(reading->job->mem, calls, 2, &fault);
    if (err != OK) {
        log_refusal(reading->job, &fault);
        /* A draft that breaks a constraint would break it again: the child it comes from is not trusted. */
        reading->job->error = err == E_UNAVAILABLE ? "database.unavailable" : "ocr.bad_draft";
        return err;
    }
    if (!rows_bool(&ended, 0, "held"))
        log_note(LOG_WARN, "ocr.lease_lost", "job", reading->job->id);
    else if (reading->is_upload)
        storage_remove(reading->source);
    return OK;
}

/* --- one job ------------------------------------------------------------------------------------------------------ */

static enum err find_source(struct reading *reading)
{
    struct rows rows = {0};
    struct arena *mem = reading->job->mem;
    enum err err = job_query(mem, &SQL_ocr_source, &rows, "job_id", reading->job->id, NULL);
    if (err != OK)
        return err;
    const char *name = rows_count(&rows) > 0 ? rows_text(&rows, mem, 0, "name") : NULL;
    reading->job->error = "ocr.picture_missing";
    if (!name)
        return E_NOT_FOUND;
    reading->prescription_id = rows_text(&rows, mem, 0, "prescription_id");
    reading->source = name;
    reading->is_upload = !storage_is_servable(name);
    return OK;
}

static enum err conclude(struct reading *reading, enum ocr_outcome outcome)
{
    reading->job->error = reading->result.error;
    if (outcome == OCR_GONE) {
        reading->job->error = "ocr.crashed";
        raise(SIGTERM); /* nothing more can be read by this process: end in order, the supervisor starts another */
    }
    if (outcome != OCR_DONE)
        return E_UNAVAILABLE;
    enum err err = write_pictures(reading);
    if (err != OK)
        return err;
    bool is_draft = reading->result.error[0] == '\0';
    return store(reading, is_draft ? &SQL_ocr_store_draft : &SQL_ocr_refuse);
}

static void free_result(void *result)
{
    ocr_result_free(result);
}

static enum err run(struct job *job)
{
    struct reading *reading = arena_alloc(job->mem, sizeof *reading);
    *reading = (struct reading){.job = job, .stage = "decode"};
    enum err err = find_source(reading);
    if (err != OK)
        return err;
    int fd = storage_read(reading->source);
    if (fd < 0)
        return errno == ENOENT ? E_NOT_FOUND : E_UNAVAILABLE;
    enum ocr_outcome outcome = ocr_service_read(service, fd, &reading->result, on_progress, reading);
    arena_defer(job->mem, free_result, &reading->result);
    close(fd);
    return conclude(reading, outcome);
}

/* --- now and then: files that nobody knows -------------------------------------------------------------------------- */

static bool is_known(void *arg, const char *prescription_id)
{
    struct rows rows = {0};
    struct arena *mem = arg;
    enum err err = job_query(mem, &SQL_ocr_is_known, &rows, "prescription_id", prescription_id, NULL);
    return err != OK || rows_count(&rows) > 0; /* in doubt it is kept */
}

static enum err tick(int *next_ms)
{
    static int64_t swept_us;
    (void)next_ms; /* the queue is looked at far more often than this */
    if (swept_us > 0 && clock_us() - swept_us < SWEEP_EVERY_US)
        return OK;
    swept_us = clock_us();
    struct arena *mem = arena_new(4096);
    size_t removed = storage_sweep(is_known, mem);
    arena_free(mem);
    struct log_line *l = removed > 0 ? log_begin(LOG_INFO, "storage.swept") : NULL;
    log_int(l, "files", (long)removed);
    log_end(l);
    return OK;
}

/* --- the program --------------------------------------------------------------------------------------------------- */

static const char *path_or_null(const char *name)
{
    const char *path = config_text(name);
    return *path ? path : NULL;
}

/* Linux's autogroups: one for each session, and the supervisor gives every part of the stack its own. Only within its group
 * does a process' niceness count, so the group is made nice too. The kernel takes one such wish in 100 ms. */
static void give_way_as_group(void)
{
    for (int tries = 10; tries > 0; tries--) {
        int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
        bool taken = fd < 0 || dprintf(fd, "%d", NICENESS) > 0; /* no such file: a kernel without them */
        if (fd >= 0)
            close(fd);
        if (taken)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 120000000}, NULL);
    }
    fputs("ocr_worker: /proc/self/autogroup takes no niceness\n", stderr);
}

/* People wait for the modules, nobody for a page that is read a second later. */
static void give_way(void)
{
    if (setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICENESS) != 0)
        perror("ocr_worker: setpriority");
    give_way_as_group();
}

/* Before the first connection, so that no child ever has one in its memory. */
static enum err start(void)
{
    const struct ocr_service_options options = {
        .reader = {.tessdata = path_or_null("DASTERN_OCR_TESSDATA"), .eng_best = path_or_null("DASTERN_OCR_ENG_BEST"),
                   .lexicon = path_or_null("DASTERN_OCR_LEXICON")},
        .wall_seconds = (int)config_int("DASTERN_OCR_WALL_SECONDS"),
    };
    service = ocr_service_start(&options);
    if (!service)
        return E_INTERNAL;
    return storage_open(config_text("DASTERN_STORAGE_DIR"));
}

static const struct config_item config[] = {
    {"DASTERN_STORAGE_DIR", CONFIG_PATH, NULL, "folder of the pictures; nginx serves it at /_private/"},
    {"DASTERN_OCR_TESSDATA", CONFIG_PATH, "", "folder of Tesseract's khm and eng models; empty: Debian's"},
    {"DASTERN_OCR_ENG_BEST", CONFIG_PATH, "", "folder with the larger English model; empty: the one above"},
    {"DASTERN_OCR_LEXICON", CONFIG_PATH, "", "drug_lexicon.tsv, for suggestions; empty: none"},
    {"DASTERN_OCR_WALL_SECONDS", CONFIG_INT, "120", "how long one picture may take, waiting for a core included"},
    {0}};

int main(int argc, char **argv)
{
    static const struct worker worker = {
        .name = "ocr_worker", .queue = "prescription_processing_queue", .lease_s = LEASE_S, .run = run,
        .self_completing = true, .tick = tick, .statements = SQL_ALL_prescriptions, .config = config, .start = start,
    };
    ocr_single_thread(argv);
    if (argc == 1) /* --help runs in somebody's session, which would all become nice */
        give_way();
    return worker_main(&worker, argc, argv);
}
