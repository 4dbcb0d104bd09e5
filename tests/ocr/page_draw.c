/* Prints a page with cairo and pango: header block, table, stamp and signature. */
#include "page.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <string.h>

/* What fontconfig, pango and Tesseract keep until the program ends is not ours to free; asked for by LeakSanitizer. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfontconfig\nleak:libpango\nleak:libtesseract\nleak:libglib\n"; }

struct ink { double r, g, b; };

struct style {
    double width, height, margin;     /* points */
    double text, head_text;           /* points */
    double line, pad;
    struct ink ink, line_ink, unit_ink;
    bool shaded_head, bold_head, center_names;
    char font[160];
};

struct pen {
    cairo_t *cr;
    struct rng rng;
    struct style style;
    const struct page *page;
};

static PangoLayout *text_layout(struct pen *pen, const char *text, double size, bool bold, double width)
{
    PangoLayout *layout = pango_cairo_create_layout(pen->cr);
    PangoFontDescription *font = pango_font_description_from_string(pen->style.font);
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    if (bold) pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    if (width > 0) {
        pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    }
    pango_layout_set_text(layout, text, -1);
    return layout;
}

static double text_height(struct pen *pen, const char *text, double size, bool bold, double width)
{
    PangoLayout *layout = text_layout(pen, text, size, bold, width);
    int h;
    pango_layout_get_size(layout, NULL, &h);
    g_object_unref(layout);
    return (double)h / PANGO_SCALE;
}

static void put_text(struct pen *pen, const char *text, double x, double y, double width, double size, bool bold, PangoAlignment align)
{
    PangoLayout *layout = text_layout(pen, text, size, bold, width);
    pango_layout_set_alignment(layout, align);
    cairo_move_to(pen->cr, x, y);
    pango_cairo_show_layout(pen->cr, layout);
    g_object_unref(layout);
}

static void set_ink(struct pen *pen, struct ink ink) { cairo_set_source_rgb(pen->cr, ink.r, ink.g, ink.b); }

static void put_cell(struct pen *pen, const char *text, double x, double y, double w, double h, double size, bool bold, bool center)
{
    double pad = pen->style.pad;
    double height = text_height(pen, text, size, bold, w - 2 * pad);
    put_text(pen, text, x + pad, y + fmax(0, (h - height) / 2), w - 2 * pad, size, bold, center ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
}

static void choose_style(struct pen *pen)
{
    struct style *s = &pen->style;
    struct rng *rng = &pen->rng;
    bool landscape = rng_chance(rng, 0.5);
    s->width = landscape ? 595 : 480;
    s->text = rng_range(rng, 9.5, 12);
    s->head_text = s->text * rng_range(rng, 0.85, 1.05);
    s->margin = rng_range(rng, 14, 36);
    s->line = rng_range(rng, 0.5, 1.3);
    s->pad = rng_range(rng, 2, 4);
    double dark = rng_range(rng, 0, 0.25), line = rng_range(rng, 0, 0.4);
    s->ink = (struct ink){ dark, dark, rng_chance(rng, 0.15) ? dark + 0.3 : dark };
    s->line_ink = (struct ink){ line, line, line };
    s->unit_ink = rng_chance(rng, 0.3) ? (struct ink){ 0.55, 0.55, 0.55 } : s->ink;
    s->shaded_head = rng_chance(rng, 0.25);
    s->bold_head = rng_chance(rng, 0.5);
    snprintf(s->font, sizeof s->font, "%s, %s", pen->page->latin_font, pen->page->khmer_font);
}

static const char *cell_text(const struct page_row *row, enum column_kind kind, int index, bool unit_apart, char *buffer, size_t size)
{
    buffer[0] = '\0';
    switch (kind) {
    case COL_NUMBER: snprintf(buffer, size, "%d", index + 1); break;
    case COL_NAME: return row->printed_name;
    case COL_QUANTITY: snprintf(buffer, size, "%g%s%s", row->quantity, unit_apart ? "" : " ", unit_apart ? "" : row->unit); break;
    case COL_UNIT: return row->unit;
    case COL_DAYS: snprintf(buffer, size, "%d", row->days); break;
    case COL_USE: case COL_REMARK: return row->remark;
    case COL_MORNING: case COL_NOON: case COL_EVENING: case COL_NIGHT: return row->dose_text[kind - COL_MORNING];
    case COL_END: break;
    }
    return buffer;
}

static bool is_slot(enum column_kind kind) { return kind >= COL_MORNING && kind <= COL_NIGHT; }

static void draw_cell_frame(struct pen *pen, double x, double y, double w, double h)
{
    if (!pen->page->layout->grid) return;
    set_ink(pen, pen->style.line_ink);
    cairo_set_line_width(pen->cr, pen->style.line);
    cairo_rectangle(pen->cr, x, y, w, h);
    cairo_stroke(pen->cr);
}

struct geometry { double x[PAGE_COLUMNS + 1]; int count; int first_slot, last_slot; bool unit_apart; };

static struct geometry column_places(struct pen *pen)
{
    struct geometry g = { .first_slot = -1 };
    const struct column *columns = pen->page->layout->columns;
    double total = 0;
    for (; columns[g.count].kind != COL_END; g.count++) {
        total += columns[g.count].weight;
        if (columns[g.count].kind == COL_UNIT) g.unit_apart = true;
        if (is_slot(columns[g.count].kind)) {
            if (g.first_slot < 0) g.first_slot = g.count;
            g.last_slot = g.count;
        }
    }
    double usable = pen->style.width - 2 * pen->style.margin;
    g.x[0] = pen->style.margin;
    for (int i = 0; i < g.count; i++) g.x[i + 1] = g.x[i] + usable * columns[i].weight / total;
    return g;
}

static double head_height(struct pen *pen, const struct geometry *g)
{
    double height = 0;
    for (int i = 0; i < g->count; i++)
        height = fmax(height, text_height(pen, pen->page->layout->columns[i].head, pen->style.head_text, pen->style.bold_head,
                                          g->x[i + 1] - g->x[i] - 2 * pen->style.pad));
    return height + 2 * pen->style.pad;
}

static void draw_head_cell(struct pen *pen, const char *text, double x, double y, double w, double h)
{
    if (pen->style.shaded_head && pen->page->layout->grid) {
        cairo_set_source_rgb(pen->cr, 0.85, 0.87, 0.9);
        cairo_rectangle(pen->cr, x, y, w, h);
        cairo_fill(pen->cr);
    }
    set_ink(pen, pen->style.ink);
    put_cell(pen, text, x, y, w, h, pen->style.head_text, pen->style.bold_head, true);
    draw_cell_frame(pen, x, y, w, h);
}

static double draw_head(struct pen *pen, const struct geometry *g, double y)
{
    const struct layout *layout = pen->page->layout;
    double h = head_height(pen, g), top = layout->group ? h : 0;
    if (layout->group)
        draw_head_cell(pen, layout->group, g->x[g->first_slot], y, g->x[g->last_slot + 1] - g->x[g->first_slot], top);
    for (int i = 0; i < g->count; i++) {
        double lower = layout->group && is_slot(layout->columns[i].kind) ? top : 0;
        draw_head_cell(pen, layout->columns[i].head, g->x[i], y + lower, g->x[i + 1] - g->x[i], h + top - lower);
    }
    return y + h + top;
}

static double draw_row(struct pen *pen, const struct geometry *g, int index, double y)
{
    const struct page_row *row = &pen->page->rows[index];
    const struct column *columns = pen->page->layout->columns;
    char buffer[PAGE_TEXT];
    double h = 0;
    for (int i = 0; i < g->count; i++)
        h = fmax(h, text_height(pen, cell_text(row, columns[i].kind, index, g->unit_apart, buffer, sizeof buffer), pen->style.text, false,
                                g->x[i + 1] - g->x[i] - 2 * pen->style.pad));
    h += 2 * pen->style.pad + 2;
    for (int i = 0; i < g->count; i++) {
        double w = g->x[i + 1] - g->x[i];
        const char *text = cell_text(row, columns[i].kind, index, g->unit_apart, buffer, sizeof buffer);
        set_ink(pen, columns[i].kind == COL_UNIT ? pen->style.unit_ink : pen->style.ink);
        bool left = columns[i].kind == COL_NAME || columns[i].kind == COL_REMARK || columns[i].kind == COL_USE;
        put_cell(pen, text, g->x[i], y, w, h, pen->style.text, false, !left);
        draw_cell_frame(pen, g->x[i], y, w, h);
    }
    return y + h;
}

static double put_line(struct pen *pen, double x, double y, double size, bool bold, PangoAlignment align, const char *text)
{
    double width = pen->style.width - pen->style.margin - x;
    put_text(pen, text, x, y, width, size, bold, align);
    return y + text_height(pen, text, size, bold, width) + 2;
}

static double draw_header_block(struct pen *pen)
{
    const struct page *page = pen->page;
    enum language language = page->layout->language;
    static const char *const titles[] = { "វេជ្ជបញ្ជា", "ORDONNANCE", "PRESCRIPTION" };
    double left = pen->style.margin, y = pen->style.margin, size = pen->style.text;
    char line[512];
    set_ink(pen, pen->style.ink);
    y = put_line(pen, left, y, size * 1.25, true, rng_chance(&pen->rng, 0.5) ? PANGO_ALIGN_LEFT : PANGO_ALIGN_CENTER, page->hospital);
    y = put_line(pen, left, y, size * 1.4, true, PANGO_ALIGN_CENTER, titles[language]);
    bool male = strcmp(page->gender, "male") == 0;
    if (language == KM)
        snprintf(line, sizeof line, "ឈ្មោះ: %s    អាយុ: %s ឆ្នាំ    ភេទ: %s", page->patient, page->age, male ? "ប្រុស" : "ស្រី");
    else if (language == FR)
        snprintf(line, sizeof line, "Nom: %s    Âge: %s ans    Sexe: %s", page->patient, page->age, male ? "M" : "F");
    else
        snprintf(line, sizeof line, "Name: %s    Age: %s    Sex: %s", page->patient, page->age, male ? "Male" : "Female");
    y = put_line(pen, left, y, size, false, PANGO_ALIGN_LEFT, line);
    snprintf(line, sizeof line, "%s%s", language == KM ? "រោគវិនិច្ឆ័យ: " : language == FR ? "Diagnostic: " : "Diagnosis: ", page->diagnosis);
    y = put_line(pen, left, y, size, false, PANGO_ALIGN_LEFT, line);
    return y + 4;
}

static void draw_stamp(struct pen *pen, double x, double y)
{
    cairo_set_source_rgba(pen->cr, 0.75, 0.1, 0.15, rng_range(&pen->rng, 0.35, 0.6));
    cairo_set_line_width(pen->cr, 1.6);
    double r = rng_range(&pen->rng, 26, 36);
    cairo_new_path(pen->cr);
    cairo_arc(pen->cr, x, y, r, 0, 6.2832);
    cairo_stroke(pen->cr);
    cairo_new_path(pen->cr);
    cairo_arc(pen->cr, x, y, r * 0.6, 0, 6.2832);
    cairo_stroke(pen->cr);
}

static void draw_scribble(struct pen *pen, double x, double y, double w, double h, int strokes)
{
    cairo_new_path(pen->cr);
    cairo_set_source_rgba(pen->cr, 0.1, 0.15, 0.55, 0.9);
    cairo_set_line_width(pen->cr, rng_range(&pen->rng, 0.8, 1.4));
    cairo_move_to(pen->cr, x, y);
    for (int i = 0; i < strokes; i++) {
        double step = w / strokes;
        cairo_curve_to(pen->cr, x + step * (i + 0.2), y + rng_range(&pen->rng, -h, h), x + step * (i + 0.9),
                       y + rng_range(&pen->rng, -h, h), x + step * (i + 1), y + rng_range(&pen->rng, -h / 3, h / 3));
    }
    cairo_stroke(pen->cr);
}

static double draw_foot(struct pen *pen, double y)
{
    const struct page *page = pen->page;
    static const char *const titles[] = { "វេជ្ជបណ្ឌិត: ", "Docteur: ", "Doctor: " };
    char line[512];
    double x = pen->style.width * 0.55;
    set_ink(pen, pen->style.ink);
    y = put_line(pen, x, y + 8, pen->style.text, false, PANGO_ALIGN_LEFT, page->printed_date);
    snprintf(line, sizeof line, "%s%s", page->layout->language == FR && rng_chance(&pen->rng, 0.5) ? "Dr " : titles[page->layout->language],
             page->doctor);
    y = put_line(pen, x, y, pen->style.text, false, PANGO_ALIGN_LEFT, line);
    return y;
}

static double draw_prescription(struct pen *pen)
{
    double top = draw_header_block(pen);
    struct geometry g = column_places(pen);
    double y = draw_head(pen, &g, top);
    for (int i = 0; i < pen->page->row_count; i++) y = draw_row(pen, &g, i, y);
    double bottom = y;
    y = draw_foot(pen, y);
    bool over = rng_chance(&pen->rng, 0.35);
    if (rng_chance(&pen->rng, 0.6)) draw_stamp(pen, g.x[0] + rng_range(&pen->rng, 60, 240), bottom + (over ? 14 : 44));
    if (rng_chance(&pen->rng, 0.6)) draw_scribble(pen, pen->style.width * 0.6, bottom + (over ? 10 : 42), 90, 14, 6);
    return y + 30;
}

/* Lines of joined strokes between ruled lines: looks written, says nothing. */
static double draw_handwriting(struct pen *pen)
{
    double y = draw_header_block(pen) + 10;
    bool ruled = rng_chance(&pen->rng, 0.5);
    for (int i = 0; i < 8; i++, y += 28) {
        for (double x = pen->style.margin; x < pen->style.width - 120; x += rng_range(&pen->rng, 70, 110))
            draw_scribble(pen, x, y, rng_range(&pen->rng, 30, 70), 9, 4 + rng_below(&pen->rng, 6));
        if (!ruled) continue;
        set_ink(pen, pen->style.line_ink);
        cairo_set_line_width(pen->cr, 0.4);
        cairo_move_to(pen->cr, pen->style.margin, y + 12);
        cairo_line_to(pen->cr, pen->style.width - pen->style.margin, y + 12);
        cairo_stroke(pen->cr);
    }
    return y;
}

/* A table that is no prescription: an invoice, full of numbers. */
static double draw_invoice(struct pen *pen)
{
    static const char *const heads[] = { "No", "Description", "Unit price", "Amount", "Tax", "Total" };
    double y = draw_header_block(pen), w = (pen->style.width - 2 * pen->style.margin) / 6;
    for (int r = 0; r < 7; r++, y += 22)
        for (int c = 0; c < 6; c++) {
            char text[32];
            if (r == 0) snprintf(text, sizeof text, "%s", heads[c]);
            else if (c == 1) snprintf(text, sizeof text, "Item %c", 'A' + rng_below(&pen->rng, 26));
            else snprintf(text, sizeof text, "%d", 1 + rng_below(&pen->rng, c == 0 ? 9 : 99));
            set_ink(pen, pen->style.ink);
            put_cell(pen, text, pen->style.margin + w * c, y, w, 22, pen->style.text * 0.9, r == 0, true);
            draw_cell_frame(pen, pen->style.margin + w * c, y, w, 22);
        }
    return y + 30;
}

static double draw_letter(struct pen *pen)
{
    static const char *const lines[] = { "Dear colleague,", "thank you for sending this patient, seen today in our clinic.",
        "She takes 1 tablet in the morning and 2 in the evening.", "The examination was without findings; blood pressure 130/80.",
        "Next visit in 3 months. With kind regards," };
    double y = draw_header_block(pen) + 12;
    set_ink(pen, pen->style.ink);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        y = put_line(pen, pen->style.margin, y, pen->style.text, false, PANGO_ALIGN_LEFT, lines[i]);
    return y + 40;
}

static double draw_kind(struct pen *pen)
{
    switch (pen->page->kind) {
    case PAGE_HANDWRITTEN: return draw_handwriting(pen);
    case PAGE_OTHER_TABLE: return draw_invoice(pen);
    case PAGE_LETTER: return draw_letter(pen);
    case PAGE_BLANK: return pen->style.width * 0.7;
    case PAGE_TABLE: case PAGE_BORDERLESS: case PAGE_TOO_BLURRED: break;
    }
    return draw_prescription(pen);
}

cairo_surface_t *page_draw(const struct page *page, double scale)
{
    struct pen pen = { .rng = { page->seed * 31 + 5 }, .page = page };
    choose_style(&pen);
    struct rng drawing = pen.rng;
    double height = 0;
    cairo_surface_t *surface = NULL;
    /* twice: on a scrap surface to learn the height, then for good */
    for (int pass = 0; pass < 2; pass++) {
        if (surface) cairo_surface_destroy(surface);
        int w = pass ? (int)(pen.style.width * scale) : 8, h = pass ? (int)(height * scale) : 8;
        surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
        pen.cr = cairo_create(surface);
        pen.rng = drawing;
        cairo_set_source_rgb(pen.cr, 1, 1, 1);
        cairo_paint(pen.cr);
        cairo_scale(pen.cr, scale, scale);
        height = draw_kind(&pen);
        cairo_destroy(pen.cr);
    }
    cairo_surface_flush(surface);
    return surface;
}
