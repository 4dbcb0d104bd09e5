/* The forward pass of the glyph network and the normalisation of its input. */
#include "glyph.h"

#include <math.h>
#include <string.h>

/* Paper and ink levels of the place: the 5th and 95th percentile, so that specks do not count. */
static void find_levels(PIX *grey, const BOX *place, int *ink, int *paper)
{
    int histogram[256] = { 0 }, total = place->w * place->h, seen = 0;
    for (int y = 0; y < place->h; y++) {
        const l_uint32 *line = pixGetData(grey) + (size_t)(place->y + y) * (size_t)pixGetWpl(grey);
        for (int x = 0; x < place->w; x++) histogram[GET_DATA_BYTE(line, place->x + x)]++;
    }
    *ink = 0;
    *paper = 255;
    for (int level = 0; level < 256; level++) {
        if (seen <= total / 20) *ink = level;
        seen += histogram[level];
        if (seen <= total - total / 20) *paper = level;
    }
    if (*paper < 200) *paper = 235; /* a solid glyph fills its box: the paper is around it */
    if (*paper - *ink < 30) *ink = *paper - 30;
}

/* Mean ink of a rectangle with fractional edges. */
static float area_ink(PIX *grey, double x0, double y0, double x1, double y1, int ink, int paper)
{
    int w = pixGetWidth(grey), h = pixGetHeight(grey);
    double sum = 0, weight = 0;
    for (int y = (int)floor(y0); y < y1; y++)
        for (int x = (int)floor(x0); x < x1; x++) {
            double part = (fmin(x + 1, x1) - fmax(x, x0)) * (fmin(y + 1, y1) - fmax(y, y0));
            weight += part;
            if (x < 0 || y < 0 || x >= w || y >= h) continue;
            const l_uint32 *line = pixGetData(grey) + (size_t)y * (size_t)pixGetWpl(grey);
            sum += part * (double)(paper - (int)GET_DATA_BYTE(line, x)) / (paper - ink);
        }
    double level = weight > 0 ? sum / weight : 0;
    return (float)(level < 0 ? 0 : level > 1 ? 1 : level);
}

void glyph_normalise(PIX *grey, const BOX *place, struct glyph_input *out)
{
    int ink, paper;
    find_levels(grey, place, &ink, &paper);
    double step = (place->w > place->h ? place->w : place->h) / 18.0;
    double left = place->x + place->w / 2.0 - NET_IN / 2.0 * step, top = place->y + place->h / 2.0 - NET_IN / 2.0 * step;
    for (int y = 0; y < NET_IN; y++)
        for (int x = 0; x < NET_IN; x++)
            out->ink[y][x] = area_ink(grey, left + x * step, top + y * step, left + (x + 1) * step, top + (y + 1) * step, ink, paper);
    out->aspect = (float)place->w / (float)place->h;
    if (out->aspect > 2) out->aspect = 2;
}

static void first_layer(const struct glyph_net *net, const struct glyph_input *in, struct glyph_trace *t)
{
    for (int c = 0; c < NET_C1; c++)
        for (int y = 0; y < NET_S1; y++)
            for (int x = 0; x < NET_S1; x++) {
                float sum = net->b1[c];
                for (int i = 0; i < NET_K1; i++)
                    for (int j = 0; j < NET_K1; j++) sum += net->k1[c][i][j] * in->ink[y + i][x + j];
                t->a1[c][y][x] = sum > 0 ? sum : 0;
            }
    for (int c = 0; c < NET_C1; c++)
        for (int y = 0; y < NET_P1; y++)
            for (int x = 0; x < NET_P1; x++)
                t->p1[c][y][x] = fmaxf(fmaxf(t->a1[c][2 * y][2 * x], t->a1[c][2 * y][2 * x + 1]),
                                       fmaxf(t->a1[c][2 * y + 1][2 * x], t->a1[c][2 * y + 1][2 * x + 1]));
}

static void second_layer(const struct glyph_net *net, struct glyph_trace *t)
{
    for (int c = 0; c < NET_C2; c++)
        for (int y = 0; y < NET_S2; y++)
            for (int x = 0; x < NET_S2; x++) {
                float sum = net->b2[c];
                for (int k = 0; k < NET_C1; k++)
                    for (int i = 0; i < NET_K2; i++)
                        for (int j = 0; j < NET_K2; j++) sum += net->k2[c][k][i][j] * t->p1[k][y + i][x + j];
                t->a2[c][y][x] = sum > 0 ? sum : 0;
            }
    for (int c = 0; c < NET_C2; c++)
        for (int y = 0; y < NET_P2; y++)
            for (int x = 0; x < NET_P2; x++)
                t->flat[(c * NET_P2 + y) * NET_P2 + x] = fmaxf(fmaxf(t->a2[c][2 * y][2 * x], t->a2[c][2 * y][2 * x + 1]),
                                                              fmaxf(t->a2[c][2 * y + 1][2 * x], t->a2[c][2 * y + 1][2 * x + 1]));
}

void glyph_forward(const struct glyph_net *net, const struct glyph_input *in, struct glyph_trace *t)
{
    first_layer(net, in, t);
    second_layer(net, t);
    t->flat[NET_FLAT - 1] = in->aspect;
    float highest = -1e9f, total = 0;
    for (int k = 0; k < GLYPH_CLASSES; k++) {
        float sum = net->bias[k];
        for (int i = 0; i < NET_FLAT; i++) sum += net->full[k][i] * t->flat[i];
        t->out[k] = sum;
        highest = fmaxf(highest, sum);
    }
    for (int k = 0; k < GLYPH_CLASSES; k++) total += t->out[k] = expf(t->out[k] - highest);
    for (int k = 0; k < GLYPH_CLASSES; k++) t->out[k] /= total;
}

struct glyph_vote glyph_read(PIX *grey, const BOX *place)
{
    struct glyph_input input;
    struct glyph_trace trace;
    glyph_normalise(grey, place, &input);
    glyph_forward(&glyph_net, &input, &trace);
    struct glyph_vote vote = { GLYPH_0, GLYPH_0, trace.out[0], trace.out[0] };
    for (int k = 1; k < GLYPH_CLASSES; k++) {
        if (trace.out[k] > vote.probability) {
            vote.probability = trace.out[k];
            vote.class = (enum glyph_class)k;
        }
        if (k > GLYPH_9 || trace.out[k] <= vote.digit_probability) continue;
        vote.digit_probability = trace.out[k];
        vote.digit = (enum glyph_class)k;
    }
    return vote;
}
