/* Trains the glyph network of the reader on glyphs of installed fonts, drawn large, then photographed badly, and writes
 * glyph_weights.c:   glyph_train SAMPLES > modules/prescriptions/ocr/glyph_weights.c
 * Takes some minutes; only run when the classes or the network change. The fonts named last are kept out of the training
 * and used to print the share of right answers on standard error. */
#include "../../modules/prescriptions/ocr/glyph.h"
#include "page.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(list) ((int)(sizeof (list) / sizeof *(list)))

static const char *const fonts[] = { "Liberation Sans", "Liberation Sans Bold", "Liberation Serif", "Liberation Serif Bold", "Liberation Mono",
    "Liberation Sans Narrow", "Liberation Sans Italic", "Liberation Serif Italic", "Carlito", "Carlito Bold", "Caladea", "Caladea Bold",
    "DejaVu Sans", "DejaVu Sans Bold", "DejaVu Serif", "DejaVu Sans Mono", "DejaVu Sans Condensed", "Roboto", "Roboto Bold", "Roboto Condensed",
    "Open Sans", "Open Sans Bold", "Noto Sans", "Noto Sans Bold", "Noto Serif", "FreeSans", "FreeSerif", "FreeMono", "Nimbus Sans",
    "Nimbus Roman", "Nimbus Mono PS", "P052", "URW Bookman", "URW Gothic", "TeX Gyre Termes", "TeX Gyre Adventor",
    "Khmer OS", "Khmer OS Battambang", "Khmer OS Siemreap", "Khmer OS Content", "Khmer OS Bokor", "Khmer Mondulkiri", "Noto Sans Khmer",
    /* kept out: */ "Lato", "C059", "Lato Bold", "TeX Gyre Pagella", "Noto Sans Display" };
enum { KEPT_OUT = 5, MASTER = 72 };

static const char *const labels[GLYPH_CLASSES - 1] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "/", "½", "¼", "¾", "+" };
/* The same amounts written with full-size digits; blur joins their pieces. */
static const char *const spelled[] = { "1/2", "1/4", "3/4" };
static const char *const others[] = { "a", "b", "c", "d", "e", "g", "h", "i", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "x", "y", "z",
    "A", "B", "C", "D", "E", "F", "G", "I", "K", "L", "M", "N", "P", "R", "S", "T", "V", "X", "(", ")", "*", "|", "%", "?", "=", "[", "é",
    "ក", "គ", "ប", "រ", "យ", "ម", "ន", "ស", "ដ", "ឈ", "គ្រា", "ប់", "ក្រោ", "បា", "មុ", "ព",
        "ល", "ចំ", "តេ", "10", "11", "12", "20", "15", "1/", "/2", "1½", "2½", "1½", "3½", "11/2", "1¼", "tab", "ab", "cp" };

struct master { PIX *grey; };
enum { FIRST_OTHER = GLYPH_CLASSES - 1, FIRST_SPELLED = FIRST_OTHER + COUNT(others), MASTERS = FIRST_SPELLED + COUNT(spelled) };
static struct master masters[COUNT(fonts)][MASTERS];

/* The glyph alone, black on white, cut to its ink. */
static PIX *draw_master(const char *font, const char *text)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 4 * MASTER, 3 * MASTER);
    cairo_t *cr = cairo_create(surface);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_set_source_rgb(cr, 0, 0, 0);
    PangoLayout *layout = pango_cairo_create_layout(cr);
    PangoFontDescription *description = pango_font_description_from_string(font);
    pango_font_description_set_absolute_size(description, MASTER * PANGO_SCALE);
    pango_layout_set_font_description(layout, description);
    pango_layout_set_text(layout, text, -1);
    cairo_move_to(cr, MASTER / 2, MASTER / 2);
    pango_cairo_show_layout(cr, layout);
    cairo_surface_flush(surface);
    PIX *pix = pixCreate(4 * MASTER, 3 * MASTER, 8);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    int left = 4 * MASTER, right = 0, top = 3 * MASTER, bottom = 0;
    for (int y = 0; y < 3 * MASTER; y++)
        for (int x = 0; x < 4 * MASTER; x++) {
            unsigned level = data[(size_t)y * (size_t)cairo_image_surface_get_stride(surface) + (size_t)x * 4];
            pixSetPixel(pix, x, y, level);
            if (level > 128) continue;
            left = x < left ? x : left;
            right = x > right ? x : right;
            top = y < top ? y : top;
            bottom = y > bottom ? y : bottom;
        }
    g_object_unref(layout);
    pango_font_description_free(description);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    BOX *box = right > left ? boxCreate(left, top, right - left + 1, bottom - top + 1) : NULL;
    PIX *cut = box ? pixClipRectangle(pix, box, NULL) : NULL;
    boxDestroy(&box);
    pixDestroy(&pix);
    return cut;
}

/* Puts a master on paper at a small size, blurs it, adds noise, enlarges it, and gives the place its threshold finds. */
static PIX *photograph(PIX *master, struct rng *rng, BOX **place)
{
    double height = rng_range(rng, 8, 34);
    float scale = (float)(height / pixGetHeight(master)), stretch = (float)rng_range(rng, 0.88, 1.14);
    PIX *small = pixScaleGeneral(master, scale * stretch, scale, 0, 0), *paper, *soft;
    paper = pixAddBorder(small, 8, 255);
    pixDestroy(&small);
    double tilt = rng_normal(rng) * 0.05;
    PIX *tilted = pixRotateAMGray(paper, (float)tilt, 255);
    pixDestroy(&paper);
    paper = tilted;
    int radius = 1 + rng_below(rng, height > 20 ? 3 : 2);
    if (rng_chance(rng, 0.75)) {
        L_KERNEL *kernel = makeGaussianKernel(radius + 1, radius + 1, (float)rng_range(rng, 0.35, 0.07 * height + 0.3), 1);
        soft = pixConvolve(paper, kernel, 8, 1);
        kernelDestroy(&kernel);
        PIX *clean = pixAddBorder(soft, 2, 255);
        pixDestroy(&paper);
        pixDestroy(&soft);
        paper = clean;
    }
    double ink = rng_range(rng, 0, 110), noise = rng_range(rng, 0, 14);
    for (int y = 0; y < pixGetHeight(paper); y++)
        for (int x = 0; x < pixGetWidth(paper); x++) {
            l_uint32 level;
            pixGetPixel(paper, x, y, &level);
            double value = ink + (235 - ink) * level / 255 + noise * rng_normal(rng) + 8;
            pixSetPixel(paper, x, y, (l_uint32)(value < 0 ? 0 : value > 255 ? 255 : value));
        }
    float enlarge = (float)rng_range(rng, 0.9, 2.2);
    PIX *shot = pixScaleGrayLI(paper, enlarge > 1 ? enlarge : 1, enlarge > 1 ? enlarge : 1);
    pixDestroy(&paper);
    PIX *black = pixThresholdToBinary(shot, (int)((ink + 243) / 2 + rng_range(rng, -15, 35)));
    pixClipToForeground(black, NULL, place);
    pixDestroy(&black);
    return shot;
}

static void jitter(BOX *place, PIX *pix, struct rng *rng)
{
    int x0 = place->x + rng_below(rng, 3) - 1, y0 = place->y + rng_below(rng, 3) - 1;
    int x1 = place->x + place->w + rng_below(rng, 3) - 1, y1 = place->y + place->h + rng_below(rng, 3) - 1;
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    x1 = x1 > pixGetWidth(pix) ? pixGetWidth(pix) : x1;
    y1 = y1 > pixGetHeight(pix) ? pixGetHeight(pix) : y1;
    if (x1 - x0 < 2 || y1 - y0 < 2) return;
    boxSetGeometry(place, x0, y0, x1 - x0, y1 - y0);
}

/* One training or test example; a third are no glyph of ours. */
static enum glyph_class make_example(struct rng *rng, int first_font, int font_count, struct glyph_input *out)
{
    for (;;) {
        int font = first_font + rng_below(rng, font_count);
        bool other = rng_chance(rng, 0.33);
        int label = other ? FIRST_OTHER + rng_below(rng, COUNT(others)) : rng_below(rng, FIRST_OTHER);
        bool fraction = label >= GLYPH_HALF && label <= GLYPH_THREE_QUARTERS;
        PIX *master = masters[font][fraction && rng_chance(rng, 0.4) ? FIRST_SPELLED + label - GLYPH_HALF : label].grey;
        if (!master) continue;
        BOX *place = NULL;
        PIX *shot = photograph(master, rng, &place);
        bool good = place && place->w > 1 && place->h > 4;
        if (good) {
            jitter(place, shot, rng);
            /* half of a digit is no digit either */
            if (other && rng_chance(rng, 0.1) && place->w > 8) place->w /= 2;
            glyph_normalise(shot, place, out);
        }
        boxDestroy(&place);
        pixDestroy(&shot);
        if (good) return other ? GLYPH_OTHER : (enum glyph_class)label;
    }
}

/* ---- gradient descent with momentum ---- */

static struct glyph_net net, slope, speed;

static void start_weights(struct rng *rng)
{
    for (float *w = &net.k1[0][0][0], *end = net.b1; w < end; w++) *w = (float)(rng_normal(rng) * sqrt(2.0 / (NET_K1 * NET_K1)));
    for (float *w = &net.k2[0][0][0][0], *end = net.b2; w < end; w++) *w = (float)(rng_normal(rng) * sqrt(2.0 / (NET_K2 * NET_K2 * NET_C1)));
    for (float *w = &net.full[0][0], *end = net.bias; w < end; w++) *w = (float)(rng_normal(rng) * sqrt(1.0 / NET_FLAT));
}

static void backward(const struct glyph_input *in, const struct glyph_trace *t, int truth)
{
    float d_flat[NET_FLAT] = { 0 };
    static float d_p1[NET_C1][NET_P1][NET_P1];
    memset(d_p1, 0, sizeof d_p1);
    for (int k = 0; k < GLYPH_CLASSES; k++) {
        float d = t->out[k] - (k == truth);
        slope.bias[k] += d;
        for (int i = 0; i < NET_FLAT; i++) {
            slope.full[k][i] += d * t->flat[i];
            d_flat[i] += d * net.full[k][i];
        }
    }
    for (int c = 0; c < NET_C2; c++)
        for (int y = 0; y < 2 * NET_P2; y++)
            for (int x = 0; x < 2 * NET_P2; x++) {
                int at = (c * NET_P2 + y / 2) * NET_P2 + x / 2;
                float d = d_flat[at];
                if (t->a2[c][y][x] <= 0 || t->a2[c][y][x] < t->flat[at]) continue;
                slope.b2[c] += d;
                for (int k = 0; k < NET_C1; k++)
                    for (int i = 0; i < NET_K2; i++)
                        for (int j = 0; j < NET_K2; j++) {
                            slope.k2[c][k][i][j] += d * t->p1[k][y + i][x + j];
                            d_p1[k][y + i][x + j] += d * net.k2[c][k][i][j];
                        }
            }
    for (int c = 0; c < NET_C1; c++)
        for (int y = 0; y < 2 * NET_P1; y++)
            for (int x = 0; x < 2 * NET_P1; x++) {
                if (t->a1[c][y][x] <= 0 || t->a1[c][y][x] < t->p1[c][y / 2][x / 2]) continue;
                float d = d_p1[c][y / 2][x / 2];
                slope.b1[c] += d;
                for (int i = 0; i < NET_K1; i++)
                    for (int j = 0; j < NET_K1; j++) slope.k1[c][i][j] += d * in->ink[y + i][x + j];
            }
}

static void step(float rate, int batch)
{
    float *w = (float *)&net, *g = (float *)&slope, *v = (float *)&speed;
    for (size_t i = 0; i < sizeof net / sizeof(float); i++) {
        v[i] = 0.9f * v[i] - rate * (g[i] / (float)batch + 1e-5f * w[i]);
        w[i] += v[i];
        g[i] = 0;
    }
}

static void write_block(const char *name, const float *values, size_t count)
{
    printf("    .%s = {", name);
    for (size_t i = 0; i < count; i++) printf("%s%.3ff,", i % 16 ? " " : "\n        ", (double)values[i]);
    printf("\n    },\n");
}

static void write_weights(void)
{
    printf("/* Written by tests/ocr/glyph_train.c: the weights of the glyph network. */\n#include \"glyph.h\"\n\n"
           "#pragma GCC diagnostic ignored \"-Wmissing-braces\"\nconst struct glyph_net glyph_net = {\n");
    write_block("k1", &net.k1[0][0][0], sizeof net.k1 / sizeof(float));
    write_block("b1", net.b1, NET_C1);
    write_block("k2", &net.k2[0][0][0][0], sizeof net.k2 / sizeof(float));
    write_block("b2", net.b2, NET_C2);
    write_block("full", &net.full[0][0], sizeof net.full / sizeof(float));
    write_block("bias", net.bias, GLYPH_CLASSES);
    printf("};\n");
}

static void test(struct rng *rng, int first_font, int font_count, const char *title)
{
    int right = 0, sure = 0, sure_wrong = 0, total = 4000;
    for (int i = 0; i < total; i++) {
        struct glyph_input input;
        struct glyph_trace trace;
        int truth = make_example(rng, first_font, font_count, &input), best = 0;
        glyph_forward(&net, &input, &trace);
        for (int k = 1; k < GLYPH_CLASSES; k++) best = trace.out[k] > trace.out[best] ? k : best;
        right += best == truth;
        if (trace.out[best] > 0.95f && best != GLYPH_OTHER) { sure++; sure_wrong += best != truth; }
    }
    fprintf(stderr, "%s: %.2f %% right, of %d sure %d wrong\n", title, 100.0 * right / total, sure, sure_wrong);
}

int main(int argc, char **argv)
{
    int samples = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 200000, batch = 32, used = COUNT(fonts) - KEPT_OUT;
    struct rng rng = { 20240229 };
    for (int f = 0; f < COUNT(fonts); f++)
        for (int g = 0; g < MASTERS; g++)
            masters[f][g].grey = draw_master(fonts[f], g < FIRST_OTHER ? labels[g] : g < FIRST_SPELLED ? others[g - FIRST_OTHER] : spelled[g - FIRST_SPELLED]);
    start_weights(&rng);
    for (int i = 0; i < samples; i++) {
        struct glyph_input input;
        struct glyph_trace trace;
        int truth = make_example(&rng, 0, used, &input);
        glyph_forward(&net, &input, &trace);
        backward(&input, &trace, truth);
        if (i % batch == batch - 1) step((float)(0.03 * pow(0.02, (double)i / samples)), batch);
        if (i % 40000 == 39999) { fprintf(stderr, "%d ", i + 1); test(&rng, used, KEPT_OUT, "kept-out fonts"); }
    }
    test(&rng, 0, used, "trained fonts");
    test(&rng, used, KEPT_OUT, "kept-out fonts");
    write_weights();
    return 0;
}
