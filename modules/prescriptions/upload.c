/* An upload is looked at, stored, and queued for the reader. */
#include "upload.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "core/config.h"
#include "core/log.h"
#include "ocr/ocr.h"
#include "prescriptions_sql.h"
#include "storage.h"

/* --- what is it? -------------------------------------------------------------------------------------------------- */

struct picture {
    struct image_header header;
    const char *media_type;
};

/* The part's own type, when it says one, must be what the bytes are. `image/jpg` is what some phones call a JPEG. */
static bool type_agrees(const struct multipart_part *part, enum image_kind kind)
{
    if (!part->type || str_eq(part->type, "application/octet-stream"))
        return true;
    return str_eq(part->type, image_media_type(kind)) || (kind == IMAGE_JPEG && str_eq(part->type, "image/jpg"));
}

/* The same for the name's ending, when it has one: a .png that is a JPEG is either a mistake or a trick. */
static bool ending_agrees(const struct multipart_part *part, enum image_kind kind)
{
    static const char *const endings[][3] = {
        [IMAGE_JPEG] = {".jpg", ".jpeg", ".jpe"}, [IMAGE_PNG] = {".png"}, [IMAGE_WEBP] = {".webp"}};
    const char *dot = strrchr(part->filename, '.');
    if (!dot)
        return true;
    for (size_t i = 0; i < 3; i++)
        if (endings[kind][i] && str_ieq(dot, endings[kind][i]))
            return true;
    return false;
}

static const char *check_bytes(const struct multipart_part *part, struct image_header *header)
{
    if (part->size == 0)
        return "ocr.bad_image";
    void *bytes = mmap(NULL, part->size, PROT_READ, MAP_PRIVATE, part->fd, 0);
    if (bytes == MAP_FAILED)
        return "storage.unavailable";
    const char *code = image_check_header(bytes, part->size, header);
    munmap(bytes, part->size);
    return code;
}

static enum err check_picture(struct request *r, struct picture *picture)
{
    const struct multipart_part *part = r->file;
    const char *code = check_bytes(part, &picture->header);
    if (str_eq(code, "storage.unavailable"))
        return fail(r, E_UNAVAILABLE, code);
    if (str_eq(code, "ocr.bad_image"))
        return fail_with(r, E_INVALID, 415, code, NULL);
    if (code)
        return fail_with(r, E_INVALID, 422, code, NULL);
    if (!type_agrees(part, picture->header.kind) || !ending_agrees(part, picture->header.kind))
        return fail_with(r, E_INVALID, 415, "upload.type_differs", NULL);
    picture->media_type = image_media_type(picture->header.kind);
    return OK;
}

/* A form brings the picture and whose it is; everything else about a prescription is read from the picture. */
static enum err check_form(struct request *r)
{
    bool is_image = r->file && str_eq(r->file->name, "image");
    if (r->file && !is_image)
        fault(r, arena_printf(r->mem, "/%s", r->file->name), "unknown");
    if (!is_image)
        fault(r, "/image", "required");
    for (size_t i = 0; i < r->input_count; i++)
        if (r->inputs[i].present && !str_eq(r->inputs[i].name, "patient_id"))
            fault(r, arena_printf(r->mem, "/%s", r->inputs[i].name), "unknown");
    return r->faults.count > 0 ? fail_fields(r) : OK;
}

/* --- keep it ------------------------------------------------------------------------------------------------------ */

static const char *number(struct request *r, long long n)
{
    return arena_printf(r->mem, "%lld", n);
}

static enum err store_file(struct request *r, const char *name, const char **hash)
{
    unsigned char digest[STORAGE_HASH_BYTES];
    if (storage_copy(name, r->file->fd, r->file->size, digest) == OK) {
        *hash = arena_printf(r->mem, "\\x%s", hex_encode(r->mem, digest, sizeof digest));
        return OK;
    }
    int error = errno;
    log_note(LOG_ERROR, "storage.write_failed", "reason", strerror(error));
    if (storage_is_full(error))
        return fail_with(r, E_UNAVAILABLE, 507, "storage.full", NULL);
    return fail(r, E_UNAVAILABLE, "storage.unavailable");
}

static enum err store_row(struct request *r, const struct picture *picture, const char *id, const char *name,
                          const char *hash, struct rows *rows)
{
    return db_query(r, &SQL_store_upload, rows, "prescription_id", id, "image_name", name, "image_hash", hash,
                    "image_type", picture->media_type, "image_bytes", number(r, (long long)r->file->size), "image_width",
                    number(r, picture->header.width), "image_height", number(r, picture->header.height), "quota_bytes",
                    config_text("DASTERN_UPLOAD_QUOTA_BYTES"), "quota_count", config_text("DASTERN_UPLOAD_QUOTA_COUNT"),
                    NULL);
}

/*
 * The file first, then the row and its place in the queue in one transaction: a worker never meets a row without its file,
 * and no lock is held while the disk is busy. When the row is refused, the file goes at once; when the process dies in
 * between or nobody knows whether COMMIT arrived, the worker's sweep decides.
 */
enum err upload_take(struct request *r)
{
    struct picture picture;
    struct rows ticket = {0}, stored = {0}, card = {0};
    enum err err = check_form(r);
    if (err == OK)
        err = db_query_once(r, &SQL_begin_upload, &ticket, "image_bytes", number(r, (long long)r->file->size), "quota_bytes",
                            config_text("DASTERN_UPLOAD_QUOTA_BYTES"), "quota_count",
                            config_text("DASTERN_UPLOAD_QUOTA_COUNT"), NULL);
    if (err == OK)
        err = check_picture(r, &picture);
    if (err != OK)
        return err;
    const char *id = rows_text(&ticket, r->mem, 0, "id");
    const char *hash, *name = storage_name(r->mem, id, STORAGE_UPLOAD);
    err = store_file(r, name, &hash);
    if (err != OK)
        return err;
    err = store_row(r, &picture, id, name, hash, &stored);
    if (err == OK)
        err = db_query(r, &SQL_find_upload, &card, "prescription_id", id, NULL);
    if (err != OK) {
        storage_remove(name);
        return err;
    }
    return reply_row(r, 202, &card);
}
