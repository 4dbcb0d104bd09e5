/* From bytes to a draft: decode, prepare, find the table, name its columns, read its rows and the header block. */
#include "ocr.h"

#include "borderless.h"
#include "colours.h"
#include "columns.h"
#include "corners.h"
#include "engine.h"
#include "fields.h"
#include "grid.h"
#include "lexicon.h"
#include "pale.h"
#include "picture.h"
#include "rows.h"
#include "text.h"
#include "warp.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { THUMBNAIL_SIDE = 320, RECTIFIED_QUALITY = 70, SHARPNESS_MIN = 30 };

struct ocr_reader { struct engine *engine; struct lexicon *lexicon; };

struct ocr_reader *ocr_reader_new(const struct ocr_reader_options *options)
{
    static const struct ocr_reader_options defaults;
    struct ocr_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return NULL;
    if (!options) options = &defaults;
    mallopt(M_MMAP_THRESHOLD, 256 * 1024); /* pictures go back to the system when they are done with */
    setMsgSeverity(L_SEVERITY_NONE); /* what leptonica says about broken pictures is nobody's log line */
    reader->engine = engine_new(options);
    reader->lexicon = lexicon_load(options->lexicon);
    if (reader->engine) return reader;
    ocr_reader_free(reader);
    return NULL;
}

void ocr_reader_free(struct ocr_reader *reader)
{
    if (!reader) return;
    engine_free(reader->engine);
    lexicon_free(reader->lexicon);
    free(reader);
}

void ocr_pictures_free(struct ocr_pictures *pictures)
{
    free(pictures->image.data);
    free(pictures->thumbnail.data);
    free(pictures->rectified.data);
    *pictures = (struct ocr_pictures){ .image = { NULL, 0 } };
}

/* ---- a page on its way ---------------------------------------------------------------------------------------- */

struct page {
    struct ocr_reader *reader;
    struct ocr_draft *draft;
    PIX *upright;             /* prepared grey, as the camera held it */
    PIX *colours;             /* where it was coloured; NULL for a grey picture */
    PIX *pale;                /* where it was darker than paper, however little */
    PIX *flat;                /* rectified grey */
    struct warp warp;         /* from `flat` back to `upright`, turned */
    struct grid_holes holes;  /* on `flat` */
    struct grid grid;
    struct columns columns;
    bool more_tables;         /* there are others on the picture */
    ocr_progress_fn *progress;
    void *arg;
};

static void report(const struct page *page, const char *stage, int percent)
{
    if (page->progress) page->progress(page->arg, stage, percent);
}

static void drop_table(struct page *page)
{
    grid_free_holes(&page->holes);
    pixDestroy(&page->flat);
}

/* A way to look for the table. */
struct approach { bool by_reach, faint; };

static bool find_corners(const struct grid_holes *holes, const struct approach *approach, double corners[4][2])
{
    if (!approach->by_reach) return corners_by_lines(holes, corners);
    corners_by_reach(holes, corners);
    return true;
}

/* Finds the table on the picture turned by `quarters` and rectifies it. */
static bool find_table_by(struct page *page, int quarters, const struct approach *approach)
{
    PIX *turned = quarters ? pixRotateOrth(page->upright, quarters) : pixClone(page->upright);
    PIX *ink = turned ? picture_binarise(turned, approach->faint) : NULL;
    struct grid_holes rough = { .boxes = NULL };
    double corners[4][2];
    if (ink && grid_find_holes(ink, &rough) && find_corners(&rough, approach, corners) &&
        warp_plan(pixGetWidth(turned), pixGetHeight(turned), (const double (*)[2])corners, &page->warp))
        page->flat = warp_render(turned, &page->warp);
    page->more_tables = rough.others > 0;
    grid_free_holes(&rough);
    pixDestroy(&ink);
    pixDestroy(&turned);
    ink = page->flat ? picture_binarise(page->flat, approach->faint) : NULL;
    bool found = ink && grid_find_holes(ink, &page->holes) && grid_arrange(&page->holes, &page->grid);
    page->grid.columns_lost = found && grid_has_lost_columns(ink, &page->grid);
    page->grid.rows_lost = found && grid_has_lost_rows(ink, &page->grid);
    pixDestroy(&ink);
    return found;
}

/* A table with cells missing may have lines too faint for the first look; the look that finds more cells counts. */
static bool find_table(struct page *page, int quarters, const struct approach *approach)
{
    const struct approach faint = { approach->by_reach, true };
    bool found = find_table_by(page, quarters, approach);
    if (!found || approach->faint || (grid_is_complete(&page->grid) && !page->grid.columns_lost)) return found;
    struct page *second = malloc(sizeof *second);
    if (!second) return found;
    *second = *page;
    second->flat = NULL;
    second->holes = (struct grid_holes){ .boxes = NULL };
    if (find_table_by(second, quarters, &faint) && grid_cells_found(&second->grid) > grid_cells_found(&page->grid)) {
        struct page first = *page;
        *page = *second;
        *second = first;
    }
    drop_table(second);
    free(second);
    return true;
}

/* One way the page may lie, one approach: do the headings make sense? */
static bool try_prescription(struct page *page, int quarters, const struct approach *approach, bool *table)
{
    report(page, "table", 30);
    if (find_table(page, quarters, approach)) {
        *table = true;
        report(page, "columns", 40);
        columns_read(page->reader->engine, page->flat, &page->holes, &page->grid, &page->columns);
        if (page->columns.slots) {
            page->draft->turned = 90 * quarters;
            return true;
        }
    }
    drop_table(page);
    return false;
}

static bool find_prescription(struct page *page)
{
    static const int order[] = { 0, 2, 1, 3 };
    static const struct approach approaches[] = { { false, false }, { true, false }, { false, true } };
    bool table = false;
    for (size_t a = 0; a < sizeof approaches / sizeof *approaches; a++)
        for (int i = 0; i < 4; i++)
            if (try_prescription(page, order[i], &approaches[a], &table)) return true;
    text_copy(page->draft->error, sizeof page->draft->error, table ? "ocr.no_prescription" : "ocr.no_table");
    return false;
}

/* When no heading says "name", the names stand in the widest column without another clear meaning, before the slots if
 * there is one. */
static void guess_name_column(struct page *page)
{
    struct columns *columns = &page->columns;
    int best = -1, widest = 0, last_row = page->grid.rows - 1;
    if (columns->of[COLUMN_NAME] >= 0) return;
    for (int c = 0; c < page->grid.columns; c++) {
        enum column_kind kind = columns->kind[c];
        bool before = c < columns->of[COLUMN_MORNING], taken = kind != COLUMN_UNKNOWN && kind != COLUMN_USE && kind != COLUMN_REMARK;
        int width = page->grid.cells[last_row][c].box.w + (before ? page->grid.box.w : 0);
        if (taken || width <= widest) continue;
        best = c;
        widest = width;
    }
    if (best < 0) return;
    columns->of[columns->kind[best]] = -1;
    columns->kind[best] = COLUMN_NAME;
    columns->of[COLUMN_NAME] = best;
}

static void finish(struct ocr_draft *draft)
{
    double sum = 0;
    for (int i = 0; i < draft->row_count; i++) sum += draft->rows[i].confidence;
    draft->confidence = draft->row_count ? sum / draft->row_count : 0;
    if (draft->row_count == 0 && !draft->error[0]) text_copy(draft->error, sizeof draft->error, "ocr.no_rows");
}

/* No table of lines: perhaps its words stand in columns all the same. Otherwise the error of the table search stays. */
static void read_without_grid(struct page *page, struct ocr_pictures *pictures)
{
    struct ocr_draft *draft = page->draft;
    PIX *straight = borderless_read(page->reader->engine, page->reader->lexicon, page->upright, draft);
    if (!straight) return;
    struct ocr_box table = draft->rows[0].box, *last = &draft->rows[draft->row_count - 1].box;
    table.y -= 2 * table.h; /* the headings */
    table.h = last->y + last->h - table.y;
    draft->error[0] = '\0';
    draft->turned = 0;
    draft->rows_missing = true; /* without lines, nothing tells where the list ends */
    draft->width = pixGetWidth(straight);
    draft->height = pixGetHeight(straight);
    fields_read(&(struct fields_source){ .engine = page->reader->engine, .grey = straight }, &table, draft);
    finish(draft);
    if (pictures) pictures->rectified = picture_encode(straight, RECTIFIED_QUALITY);
    pixDestroy(&straight);
}

/* A map of the upright picture, turned as the table is; the caller owns it. */
static PIX *turn_map(const struct page *page, PIX *map) { return map ? pixRotateOrth(map, page->draft->turned / 90) : NULL; }

static int turned_width(const struct page *page)
{
    return page->draft->turned % 180 ? pixGetHeight(page->upright) : pixGetWidth(page->upright);
}

/* Whether the photo ends where the table does: nobody sees whether it goes on. */
static bool photo_ends_with_table(const struct page *page)
{
    const struct grid *grid = &page->grid;
    int width = turned_width(page), height = pixGetWidth(page->upright) + pixGetHeight(page->upright) - width;
    bool beyond = false;
    for (int c = 0; c < grid->columns; c++) {
        const struct ocr_box *last = &grid->cells[grid->rows - 1][c].box;
        double x, y;
        if (last->w == 0) continue;
        warp_back(&page->warp, last->x + last->w / 2, last->y + last->h * 1.5, &x, &y);
        beyond = beyond || x < 0 || y < 0 || x >= width || y >= height;
    }
    return beyond;
}

static void read_rows(struct page *page)
{
    PIX *pale = turn_map(page, page->pale);
    struct rows_source source = { page->reader->engine, page->reader->lexicon, page->flat, &page->holes, &page->grid, &page->columns,
                                  { pale, &page->warp, turned_width(page) } };
    page->draft->rows_missing = page->more_tables || page->grid.rows_lost || photo_ends_with_table(page);
    rows_read(&source, page->draft, page->progress, page->arg);
    pixDestroy(&pale);
}

static void read_header(struct page *page)
{
    PIX *colours = turn_map(page, page->colours);
    struct fields_source source = { page->reader->engine, page->flat, { colours, &page->warp, turned_width(page) } };
    fields_read(&source, &page->grid.box, page->draft);
    pixDestroy(&colours);
}

static void read_page(struct page *page, struct ocr_pictures *pictures)
{
    struct ocr_draft *draft = page->draft;
    draft->sharpness = picture_sharpness(page->upright);
    if (draft->sharpness < SHARPNESS_MIN) {
        text_copy(draft->error, sizeof draft->error, "ocr.too_blurred");
        return;
    }
    if (!find_prescription(page)) {
        read_without_grid(page, pictures);
        return;
    }
    guess_name_column(page);
    draft->grid = true;
    draft->width = pixGetWidth(page->flat);
    draft->height = pixGetHeight(page->flat);
    read_rows(page);
    report(page, "header", 90);
    read_header(page);
    finish(draft);
    if (pictures) pictures->rectified = picture_encode(page->flat, RECTIFIED_QUALITY);
}

/* Decodes once: the copies to keep, the maps of colours and of pale marks, and the grey picture to read. NULL with *error: it could
 * not be decoded. */
static PIX *decode(const void *data, size_t size, struct ocr_pictures *pictures, struct page *page, const char **error)
{
    PIX *pix = picture_decode(data, size, error);
    if (pix && pictures) {
        pictures->image = picture_encode(pix, 0);
        pictures->thumbnail = picture_thumbnail(pix, THUMBNAIL_SIDE);
    }
    PIX *sample = pix ? colours_sample(pix) : NULL, *prepared = pix ? picture_prepare(pix) : NULL;
    page->pale = pix ? pale_map(pix) : NULL;
    pixDestroy(&pix);
    page->colours = colours_map(sample);
    return prepared;
}

void ocr_read(struct ocr_reader *reader, const void *data, size_t size, struct ocr_draft *draft,
              struct ocr_pictures *pictures, ocr_progress_fn *progress, void *arg)
{
    struct page *page = calloc(1, sizeof *page);
    const char *error = NULL;
    memset(draft, 0, sizeof *draft);
    if (pictures) *pictures = (struct ocr_pictures){ .image = { NULL, 0 } };
    if (page) {
        *page = (struct page){ .reader = reader, .draft = draft, .progress = progress, .arg = arg };
        report(page, "decode", 5);
        page->upright = decode(data, size, pictures, page, &error);
        report(page, "prepare", 15);
    }
    if (page && page->upright) read_page(page, pictures);
    else text_copy(draft->error, sizeof draft->error, error ? error : "ocr.bad_image");
    if (page) {
        drop_table(page);
        pixDestroy(&page->upright);
        pixDestroy(&page->colours);
        pixDestroy(&page->pale);
    }
    free(page);
    if (progress) progress(arg, "store", 97);
}
