/* Reads the descriptions of odd pages and photographs them. A description is a block of lines:
 *   page NAME
 *   set KEY VALUE                       look and camera, see keys[]; font and rules take words; zebra 1
 *   cover X Y W H GREY OPACITY
 *   head CELL|CELL|...
 *   row MORNING NOON EVENING NIGHT : CELL|CELL|...     ? for a dose that nobody can know,
 *                                       "2drops" for one in a unit
 *   line CELL|CELL|...                  a line of the table that is no medicine
 * A CELL is Pango markup; "<" belongs to the cell on its left, "^" to the one above; "~" before a text strikes it out.
 *   table                               the next line begins another table */
#include "odd_page.h"

#include "page.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(list) (sizeof (list) / sizeof *(list))

/* ---- reading ------------------------------------------------------------------------------------------------- */

static void refuse(const char *line)
{
    fprintf(stderr, "odd page: not understood: %s\n", line);
    exit(1);
}

static void set(struct odd_page *page, const char *key, const char *value)
{
    const struct { const char *key; double *at; } keys[] = { { "size", &page->size }, { "width", &page->width }, { "tilt", &page->tilt },
        { "blur", &page->blur }, { "noise", &page->noise }, { "cut-left", &page->cut_left }, { "cut-right", &page->cut_right },
        { "cut-top", &page->cut_top }, { "cut-bottom", &page->cut_bottom }, { "scale", &page->scale }, { "ink", &page->ink },
        { "rule-ink", &page->rule_ink }, { "pad", &page->pad } };
    if (strcmp(key, "font") == 0) { snprintf(page->font, sizeof page->font, "%s", value); return; }
    if (strcmp(key, "rules") == 0) { snprintf(page->rules, sizeof page->rules, "%s", value); return; }
    if (strcmp(key, "zebra") == 0) { page->zebra = true; return; }
    for (size_t i = 0; i < COUNT(keys); i++)
        if (strcmp(key, keys[i].key) == 0) { *keys[i].at = strtod(value, NULL); return; }
    refuse(key);
}

static void split_cells(struct odd_line *line, char *text)
{
    for (char *cell = text, *next; cell && line->count < ODD_CELLS; cell = next) {
        next = strchr(cell, '|');
        if (next) *next++ = '\0';
        snprintf(line->cells[line->count++], ODD_TEXT, "%.159s", cell);
    }
}

static char *read_doses(struct odd_line *line, char *text)
{
    for (int slot = 0; slot < ODD_SLOTS; slot++) {
        char *word = text + strspn(text, " ");
        line->doses[slot] = *word == '?' ? NAN : strtod(word, &text);
        if (*word == '?') text = word + 1;
        size_t letters = strcspn(text, " :");
        if (letters) snprintf(line->unit, sizeof line->unit, "%.*s", (int)letters, text);
        text += letters;
    }
    text = strchr(text, ':');
    if (!text) refuse("row without a colon");
    return text + 1 + strspn(text + 1, " ");
}

static void add_line(struct odd_page *page, enum odd_kind kind, char *text, bool opens_table)
{
    if (page->count == ODD_LINES) refuse(text);
    struct odd_line *line = &page->lines[page->count++];
    *line = (struct odd_line){ .kind = kind, .opens_table = opens_table };
    if (kind == ODD_MEDICINE) text = read_doses(line, text);
    split_cells(line, text);
}

static void add_cover(struct odd_page *page, const char *text)
{
    struct odd_cover *c = &page->covers[page->cover_count++];
    if (page->cover_count > ODD_COVERS) refuse(text);
    if (sscanf(text, "%lf %lf %lf %lf %lf %lf", &c->x, &c->y, &c->w, &c->h, &c->grey, &c->opacity) != 6) refuse(text);
}

bool odd_next(FILE *file, struct odd_page *page)
{
    char line[2048], word[16];
    bool opens_table = false;
    *page = (struct odd_page){ .font = "Nimbus Sans, Khmer OS", .rules = "all", .size = 11, .width = 560, .scale = 3, .noise = 2,
                               .blur = 0.8, .ink = 0.1, .rule_ink = 0.2, .pad = 4 };
    for (long at = ftell(file); fgets(line, sizeof line, file); at = ftell(file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#') continue;
        int used = 0;
        if (sscanf(line, "%15s %n", word, &used) != 1) refuse(line);
        char *rest = line + used;
        if (strcmp(word, "page") == 0) {
            if (page->name[0]) { fseek(file, at, SEEK_SET); return true; }
            snprintf(page->name, sizeof page->name, "%.63s", rest);
        } else if (strcmp(word, "set") == 0) {
            char *value = rest + strcspn(rest, " ");
            if (*value) *value++ = '\0';
            set(page, rest, value);
        } else if (strcmp(word, "cover") == 0) add_cover(page, rest);
        else if (strcmp(word, "table") == 0) opens_table = true;
        else {
            enum odd_kind kind = strcmp(word, "head") == 0 ? ODD_HEAD : strcmp(word, "row") == 0 ? ODD_MEDICINE : ODD_OTHER;
            if (kind == ODD_OTHER && strcmp(word, "line") != 0) refuse(line);
            add_line(page, kind, rest, opens_table);
            opens_table = false;
        }
    }
    return page->name[0] != '\0';
}

/* ---- drawing ------------------------------------------------------------------------------------------------- */

enum { MARGIN = 26, TITLE = 54 };

static PangoLayout *layout_of(const struct odd_page *page, cairo_t *cr, const char *markup, double width)
{
    PangoLayout *layout = pango_cairo_create_layout(cr);
    PangoFontDescription *font = pango_font_description_from_string(page->font);
    pango_font_description_set_absolute_size(font, page->size * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_markup(layout, markup, -1);
    if (width > 0) pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    if (width > 0) pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
    return layout;
}

static void measure(const struct odd_page *page, cairo_t *cr, const char *markup, double width, double *w, double *h)
{
    PangoLayout *layout = layout_of(page, cr, markup, width);
    int iw, ih;
    pango_layout_get_size(layout, &iw, &ih);
    g_object_unref(layout);
    if (w) *w = (double)iw / PANGO_SCALE;
    *h = (double)ih / PANGO_SCALE;
}

static bool is_merged(const char *cell) { return strcmp(cell, "<") == 0 || strcmp(cell, "^") == 0; }

/* Columns as wide as their widest cell needs, stretched to the page. */
static int place_columns(const struct odd_page *page, cairo_t *cr, double x[ODD_CELLS + 1])
{
    double widths[ODD_CELLS] = { 0 }, total = 0, unused;
    int count = 0;
    for (int i = 0; i < page->count; i++)
        for (int c = 0; c < page->lines[i].count; c++) {
            double w;
            const struct odd_line *line = &page->lines[i];
            bool spans = c + 1 < line->count && strcmp(line->cells[c + 1], "<") == 0;
            if (c + 1 > count) count = c + 1;
            if (is_merged(line->cells[c]) || spans) continue;
            measure(page, cr, line->cells[c], 0, &w, &unused);
            widths[c] = fmax(widths[c], w + 2 * page->pad);
        }
    for (int c = 0; c < count; c++) total += widths[c];
    x[0] = MARGIN;
    for (int c = 0; c < count; c++) x[c + 1] = x[c] + widths[c] * (page->width - 2 * MARGIN) / total;
    return count;
}

static void stroke(cairo_t *cr, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cr, x0, y0);
    cairo_line_to(cr, x1, y1);
    cairo_stroke(cr);
}

struct place { double x0, y0, x1, y1; bool first, joins_above, joins_below; };

static void draw_rules(const struct odd_page *page, cairo_t *cr, const struct place *p)
{
    const char *rules = page->rules;
    bool level = strcmp(rules, "upright") != 0 && strcmp(rules, "none") != 0, upright = strcmp(rules, "level") != 0 && strcmp(rules, "none") != 0;
    double gap = strcmp(rules, "double") == 0 ? 2 : 0;
    cairo_set_source_rgb(cr, page->rule_ink, page->rule_ink, page->rule_ink);
    cairo_set_line_width(cr, 0.8);
    if (strcmp(rules, "dotted") == 0) cairo_set_dash(cr, (const double[]){ 1.2, 1.2 }, 2, 0);
    for (int again = 0; again <= (gap > 0); again++) {
        if (level && !p->joins_above && !again) stroke(cr, p->x0, p->y0, p->x1, p->y0);
        if (level && !p->joins_below) stroke(cr, p->x0, p->y1 - again * gap, p->x1, p->y1 - again * gap);
        if (upright) stroke(cr, p->x1 - again * gap, p->y0, p->x1 - again * gap, p->y1);
        if (upright && p->first && !again) stroke(cr, p->x0, p->y0, p->x0, p->y1);
    }
    cairo_set_dash(cr, NULL, 0, 0);
}

/* The text of a cell, without the mark that it is struck out. */
static const char *text_of(const char *cell) { return cell + (*cell == '~'); }

/* A pen through the middle of a text that is `w` wide. */
static void strike(cairo_t *cr, double x, double y, double w)
{
    cairo_set_source_rgb(cr, 0.15, 0.15, 0.2);
    cairo_set_line_width(cr, 0.9);
    stroke(cr, x - 2, y + 0.6, x + w + 2, y - 0.6);
}

static double line_height(const struct odd_page *page, cairo_t *cr, const struct odd_line *line)
{
    double h, tallest = 0;
    for (int c = 0; c < line->count; c++) {
        if (is_merged(line->cells[c])) continue;
        measure(page, cr, line->cells[c], 0, NULL, &h);
        tallest = fmax(tallest, h);
    }
    return tallest + 2 * page->pad;
}

/* A cell's text in the middle of its place, and of the one below when they are joined. */
static void draw_text(const struct odd_page *page, cairo_t *cr, const char *cell, const struct place *p, double room)
{
    const char *markup = text_of(cell);
    double w, h, width = p->x1 - p->x0;
    PangoLayout *text = layout_of(page, cr, markup, width);
    measure(page, cr, markup, 0, &w, &h);
    cairo_set_source_rgb(cr, page->ink, page->ink, page->ink);
    cairo_move_to(cr, p->x0, p->y0 + (room - h) / 2);
    pango_cairo_show_layout(cr, text);
    g_object_unref(text);
    if (markup != cell) strike(cr, p->x0 + (width - w) / 2, p->y0 + room / 2 + h * 0.04, w);
}

static double draw_line(const struct odd_page *page, cairo_t *cr, int index, const double x[], double y)
{
    const struct odd_line *line = &page->lines[index], *below = index + 1 < page->count ? line + 1 : NULL;
    double height = line_height(page, cr, line);
    for (int c = 0, end; c < line->count; c = end) {
        for (end = c + 1; end < line->count && strcmp(line->cells[end], "<") == 0;) end++;
        struct place place = { x[c], y, x[end], y + height, c == 0, strcmp(line->cells[c], "^") == 0,
                               below && c < below->count && strcmp(below->cells[c], "^") == 0 };
        if (page->zebra && index % 2) {
            cairo_set_source_rgb(cr, 0.86, 0.86, 0.86);
            cairo_rectangle(cr, x[c], y, x[end] - x[c], height);
            cairo_fill(cr);
        }
        double room = place.joins_below ? height + line_height(page, cr, below) : height;
        if (!place.joins_above) draw_text(page, cr, line->cells[c], &place, room);
        draw_rules(page, cr, &place);
    }
    return y + height;
}

static double draw(const struct odd_page *page, cairo_t *cr)
{
    double x[ODD_CELLS + 1], y = TITLE + MARGIN;
    PangoLayout *title = layout_of(page, cr, "<b>Clinic of the Odd Pages</b>\nPatient: Nobody Nowhere   Age: 40   Date: 03/04/2025", 0);
    place_columns(page, cr, x);
    cairo_set_source_rgb(cr, 0.1, 0.1, 0.1);
    cairo_move_to(cr, MARGIN, MARGIN);
    pango_cairo_show_layout(cr, title);
    g_object_unref(title);
    for (int i = 0; i < page->count; i++) y = draw_line(page, cr, i, x, y + (page->lines[i].opens_table ? 24 : 0));
    return y + 60;
}

static void draw_covers(const struct odd_page *page, cairo_t *cr, double height)
{
    for (int i = 0; i < page->cover_count; i++) {
        const struct odd_cover *c = &page->covers[i];
        cairo_set_source_rgba(cr, c->grey, c->grey, c->grey, c->opacity);
        cairo_save(cr);
        cairo_translate(cr, (c->x + c->w / 2) * page->width, (c->y + c->h / 2) * height);
        cairo_scale(cr, c->w * page->width / 2, c->h * height / 2);
        cairo_arc(cr, 0, 0, 1, 0, 6.2832);
        cairo_restore(cr);
        cairo_fill(cr);
    }
}

static cairo_surface_t *print(const struct odd_page *page)
{
    double height = 0;
    cairo_surface_t *surface = NULL;
    for (int pass = 0; pass < 2; pass++) { /* first only to learn the height */
        if (surface) cairo_surface_destroy(surface);
        surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, pass ? (int)(page->width * page->scale) : 8, pass ? (int)(height * page->scale) : 8);
        cairo_t *cr = cairo_create(surface);
        cairo_set_source_rgb(cr, 0.97, 0.97, 0.97);
        cairo_paint(cr);
        cairo_scale(cr, page->scale, page->scale);
        height = draw(page, cr);
        draw_covers(page, cr, height);
        cairo_destroy(cr);
    }
    cairo_surface_flush(surface);
    return surface;
}

/* ---- the photo ----------------------------------------------------------------------------------------------- */

static PIX *pixels_of(cairo_surface_t *surface)
{
    int w = cairo_image_surface_get_width(surface), h = cairo_image_surface_get_height(surface);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    PIX *pix = pixCreate(w, h, 32);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            const unsigned char *p = data + (size_t)y * (size_t)cairo_image_surface_get_stride(surface) + 4 * (size_t)x;
            pixSetRGBPixel(pix, x, y, p[2], p[1], p[0]);
        }
    return pix;
}

static void replace(PIX **pix, PIX *made)
{
    pixDestroy(pix);
    *pix = made;
}

unsigned char *odd_photograph(const struct odd_page *page, size_t *size)
{
    cairo_surface_t *surface = print(page);
    PIX *pix = pixels_of(surface);
    cairo_surface_destroy(surface);
    int w = pixGetWidth(pix), h = pixGetHeight(pix);
    BOX *kept = boxCreate((int)(w * page->cut_left), (int)(h * page->cut_top), (int)(w * (1 - page->cut_left - page->cut_right)),
                          (int)(h * (1 - page->cut_top - page->cut_bottom)));
    replace(&pix, pixClipRectangle(pix, kept, NULL));
    boxDestroy(&kept);
    if (page->tilt != 0) replace(&pix, pixRotate(pix, (float)(page->tilt * 3.14159 / 180), L_ROTATE_AREA_MAP, L_BRING_IN_WHITE, 0, 0));
    if (page->blur > 0) {
        L_KERNEL *kernel = makeGaussianKernel(4, 4, (float)page->blur, 1);
        replace(&pix, pixConvolveRGB(pix, kernel));
        kernelDestroy(&kernel);
    }
    if (page->noise > 0) replace(&pix, pixAddGaussianNoise(pix, (float)page->noise));
    unsigned char *jpeg = NULL;
    pixWriteMemJpeg(&jpeg, size, pix, 75, 0);
    pixDestroy(&pix);
    return jpeg;
}
