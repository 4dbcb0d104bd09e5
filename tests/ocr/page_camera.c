/* The camera: perspective, curl, uneven light, shadow, blur, noise, turns, EXIF and JPEG. */
#include "page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct shot {
    int width, height;            /* px of the picture */
    double matrix[8];             /* picture -> page, projective */
    double curl, curl_phase, curl_turns;
    double blur, motion_x, motion_y, noise;
    double light_x, light_y, light, vignette;
    double shadow_x, shadow_y, shadow_offset, shadow_depth, shadow_soft;
    double tint[3], paper;
    int quality, quarter_turns, orientation;
};

struct canvas { int width, height; float *rgb; };

/* Solves the 8 unknowns of the projective map src[i] -> dst[i] by Gauss elimination. */
static void solve_projective(const double src[4][2], const double dst[4][2], double out[8])
{
    double m[8][9];
    for (int i = 0; i < 4; i++) {
        double x = src[i][0], y = src[i][1], u = dst[i][0], v = dst[i][1];
        const double a[9] = { x, y, 1, 0, 0, 0, -u * x, -u * y, u }, b[9] = { 0, 0, 0, x, y, 1, -v * x, -v * y, v };
        memcpy(m[2 * i], a, sizeof a);
        memcpy(m[2 * i + 1], b, sizeof b);
    }
    for (int c = 0; c < 8; c++) {
        int best = c;
        for (int r = c + 1; r < 8; r++) if (fabs(m[r][c]) > fabs(m[best][c])) best = r;
        for (int k = 0; k < 9; k++) { double t = m[c][k]; m[c][k] = m[best][k]; m[best][k] = t; }
        for (int r = 0; r < 8; r++) {
            if (r == c) continue;
            double f = m[r][c] / m[c][c];
            for (int k = c; k < 9; k++) m[r][k] -= f * m[c][k];
        }
    }
    for (int i = 0; i < 8; i++) out[i] = m[i][8] / m[i][i];
}

static void choose_view(struct shot *shot, struct rng *rng, double page_w, double page_h, bool clean)
{
    double fill = clean ? 1 : rng_range(rng, 0.84, 0.97), angle = clean ? 0 : rng_normal(rng) * 0.03;
    double w = shot->width, h = shot->height, scale = fill * fmin(w / page_w, h / page_h);
    double corners[4][2], page[4][2] = { { 0, 0 }, { page_w, 0 }, { page_w, page_h }, { 0, page_h } };
    double jitter = clean ? 0 : rng_range(rng, 0, 0.035) * fmin(w, h);
    for (int i = 0; i < 4; i++) {
        double x = (page[i][0] - page_w / 2) * scale, y = (page[i][1] - page_h / 2) * scale;
        corners[i][0] = w / 2 + x * cos(angle) - y * sin(angle) + rng_range(rng, -jitter, jitter);
        corners[i][1] = h / 2 + x * sin(angle) + y * cos(angle) + rng_range(rng, -jitter, jitter);
    }
    solve_projective((const double (*)[2])corners, (const double (*)[2])page, shot->matrix);
}

static struct shot choose_shot(const struct page *page, struct rng *rng, double page_w, double page_h, bool clean)
{
    struct shot shot = { .quality = 88, .orientation = 1, .tint = { 1, 1, 1 }, .paper = 1, .shadow_soft = 1 };
    double longer = clean ? 1800 : exp(rng_range(rng, log(900), log(4000)));
    double margin = clean ? 1 : rng_range(rng, 1.0, 1.12);
    double w = page_w * margin, h = page_h / 1.0, s = longer / fmax(w, h);
    shot.width = (int)(w * s);
    shot.height = (int)(h * s);
    choose_view(&shot, rng, page_w, page_h, clean);
    if (clean) return shot;
    double unit = longer / 2000;
    shot.curl = rng_chance(rng, 0.6) ? rng_range(rng, 0, 0.012) * page_h : 0;
    shot.curl_phase = rng_range(rng, 0, 6.28);
    shot.curl_turns = rng_range(rng, 0.4, 1.2);
    shot.blur = page->kind == PAGE_TOO_BLURRED ? unit * rng_range(rng, 7, 11) : unit * rng_range(rng, 0.2, 1.5);
    if (rng_chance(rng, 0.25)) { shot.motion_x = unit * rng_range(rng, -3, 3); shot.motion_y = unit * rng_range(rng, -3, 3); }
    shot.noise = rng_range(rng, 0, 9);
    double direction = rng_range(rng, 0, 6.28);
    shot.light = rng_range(rng, 0, 0.35);
    shot.light_x = cos(direction); shot.light_y = sin(direction);
    shot.vignette = rng_range(rng, 0, 0.25);
    direction = rng_range(rng, 0, 6.28);
    shot.shadow_x = cos(direction); shot.shadow_y = sin(direction);
    shot.shadow_offset = rng_range(rng, -0.3, 0.3);
    shot.shadow_depth = rng_chance(rng, 0.5) ? rng_range(rng, 0.1, 0.5) : 0;
    shot.shadow_soft = rng_range(rng, 0.01, 0.12);
    shot.paper = rng_range(rng, 0.8, 1);
    for (int c = 0; c < 3; c++) shot.tint[c] = 1 - rng_range(rng, 0, 0.12);
    shot.quality = 45 + rng_below(rng, 46);
    if (rng_chance(rng, 0.3)) {
        shot.quarter_turns = 1 + rng_below(rng, 3);
        if (rng_chance(rng, 0.5)) shot.orientation = (const int[]){ 1, 8, 3, 6 }[shot.quarter_turns];
    }
    return shot;
}

static void sample_page(const unsigned char *data, int stride, int w, int h, double x, double y, float out[3])
{
    int x0 = (int)floor(x), y0 = (int)floor(y);
    float fx = (float)(x - x0), fy = (float)(y - y0);
    for (int c = 0; c < 3; c++) out[c] = 0;
    for (int k = 0; k < 4; k++) {
        int xi = x0 + (k & 1), yi = y0 + (k >> 1);
        xi = xi < 0 ? 0 : xi >= w ? w - 1 : xi;
        yi = yi < 0 ? 0 : yi >= h ? h - 1 : yi;
        float weight = ((k & 1) ? fx : 1 - fx) * ((k >> 1) ? fy : 1 - fy);
        const unsigned char *p = data + (size_t)yi * (size_t)stride + (size_t)xi * 4;
        for (int c = 0; c < 3; c++) out[c] += weight * (float)p[2 - c];
    }
}

/* The desk under the page: a woody pattern. */
static float desk_level(double x, double y) { return (float)(105 + 22 * sin(y * 0.012 + 3 * sin(x * 0.004)) + 8 * sin(y * 0.11 + x * 0.01)); }

static void project_page(struct canvas *canvas, const struct shot *shot, cairo_surface_t *surface)
{
    const unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface), w = cairo_image_surface_get_width(surface), h = cairo_image_surface_get_height(surface);
    const double *m = shot->matrix;
    for (int v = 0; v < shot->height; v++)
        for (int u = 0; u < shot->width; u++) {
            double d = m[6] * u + m[7] * v + 1, x = (m[0] * u + m[1] * v + m[2]) / d, y = (m[3] * u + m[4] * v + m[5]) / d;
            y += shot->curl * sin(shot->curl_phase + shot->curl_turns * 6.2832 * x / w);
            float *out = canvas->rgb + ((size_t)v * (size_t)shot->width + (size_t)u) * 3;
            if (x < 0 || y < 0 || x >= w || y >= h) {
                out[0] = desk_level(u, v); out[1] = out[0] * 0.8f; out[2] = out[0] * 0.6f;
                continue;
            }
            sample_page(data, stride, w, h, x, y, out);
            for (int c = 0; c < 3; c++) out[c] *= (float)shot->paper;
        }
}

static void light_scene(struct canvas *canvas, const struct shot *shot)
{
    for (int v = 0; v < canvas->height; v++)
        for (int u = 0; u < canvas->width; u++) {
            double x = (double)u / canvas->width - 0.5, y = (double)v / canvas->height - 0.5;
            double level = 1 - shot->light * (0.5 + shot->light_x * x + shot->light_y * y) - shot->vignette * 2 * (x * x + y * y);
            double edge = (shot->shadow_x * x + shot->shadow_y * y - shot->shadow_offset) / shot->shadow_soft;
            level *= 1 - shot->shadow_depth / (1 + exp(-edge));
            float *p = canvas->rgb + ((size_t)v * (size_t)canvas->width + (size_t)u) * 3;
            for (int c = 0; c < 3; c++) p[c] *= (float)(level * shot->tint[c]);
        }
}

/* One pass of a 1-D Gauss filter over lines of `count` pixels that are `step` pixels apart. */
static void blur_line(float *line, int count, size_t step, const float *kernel, int radius, float *scratch)
{
    for (int c = 0; c < 3; c++) {
        for (int i = 0; i < count; i++) scratch[i] = line[(size_t)i * step * 3 + (size_t)c];
        for (int i = 0; i < count; i++) {
            float sum = 0;
            for (int k = -radius; k <= radius; k++) {
                int j = i + k < 0 ? 0 : i + k >= count ? count - 1 : i + k;
                sum += kernel[k + radius] * scratch[j];
            }
            line[(size_t)i * step * 3 + (size_t)c] = sum;
        }
    }
}

static void blur_canvas(struct canvas *canvas, double sigma)
{
    if (sigma < 0.2) return;
    int radius = (int)ceil(3 * sigma);
    float *kernel = calloc((size_t)(2 * radius + 1), sizeof *kernel), total = 0;
    float *scratch = calloc((size_t)(canvas->width > canvas->height ? canvas->width : canvas->height), sizeof *scratch);
    for (int k = -radius; k <= radius; k++) total += kernel[k + radius] = (float)exp(-0.5 * k * k / (sigma * sigma));
    for (int k = 0; k <= 2 * radius; k++) kernel[k] /= total;
    for (int y = 0; y < canvas->height; y++)
        blur_line(canvas->rgb + (size_t)y * (size_t)canvas->width * 3, canvas->width, 1, kernel, radius, scratch);
    for (int x = 0; x < canvas->width; x++)
        blur_line(canvas->rgb + (size_t)x * 3, canvas->height, (size_t)canvas->width, kernel, radius, scratch);
    free(kernel);
    free(scratch);
}

/* A shaking hand: the mean of the picture along a short straight way. */
static void shake_canvas(struct canvas *canvas, double dx, double dy)
{
    int steps = (int)ceil(hypot(dx, dy));
    if (steps < 1) return;
    size_t count = (size_t)canvas->width * (size_t)canvas->height * 3;
    float *copy = malloc(count * sizeof *copy);
    memcpy(copy, canvas->rgb, count * sizeof *copy);
    for (int y = 0; y < canvas->height; y++)
        for (int x = 0; x < canvas->width; x++)
            for (int c = 0; c < 3; c++) {
                float sum = 0;
                for (int k = 0; k <= steps; k++) {
                    int u = x + (int)lround(dx * k / steps), v = y + (int)lround(dy * k / steps);
                    u = u < 0 ? 0 : u >= canvas->width ? canvas->width - 1 : u;
                    v = v < 0 ? 0 : v >= canvas->height ? canvas->height - 1 : v;
                    sum += copy[((size_t)v * (size_t)canvas->width + (size_t)u) * 3 + (size_t)c];
                }
                canvas->rgb[((size_t)y * (size_t)canvas->width + (size_t)x) * 3 + (size_t)c] = sum / (float)(steps + 1);
            }
    free(copy);
}

static PIX *develop(const struct canvas *canvas, double noise, struct rng *rng)
{
    PIX *pix = pixCreate(canvas->width, canvas->height, 32);
    for (int y = 0; y < canvas->height; y++) {
        l_uint32 *line = pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix);
        for (int x = 0; x < canvas->width; x++) {
            const float *p = canvas->rgb + ((size_t)y * (size_t)canvas->width + (size_t)x) * 3;
            int v[3];
            for (int c = 0; c < 3; c++) {
                v[c] = (int)lround((double)p[c] + (noise > 0 ? noise * rng_normal(rng) : 0));
                v[c] = v[c] < 0 ? 0 : v[c] > 255 ? 255 : v[c];
            }
            composeRGBPixel(v[0], v[1], v[2], line + x);
        }
    }
    return pix;
}

/* Puts an EXIF block with the orientation and a text that must not survive re-encoding behind the SOI marker. */
static unsigned char *add_exif(unsigned char *jpeg, size_t *size, int orientation)
{
    unsigned char block[] = { 0xff, 0xe1, 0, 0, 'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0,
        0x0f, 0x01, 2, 0, 12, 0, 0, 0, 38, 0, 0, 0,
        0x12, 0x01, 3, 0, 1, 0, 0, 0, (unsigned char)orientation, 0, 0, 0, 0, 0, 0, 0,
        'G', 'P', 'S', '-', 'C', 'A', 'N', 'A', 'R', 'Y', '!', 0 };
    block[3] = sizeof block - 2;
    unsigned char *out = malloc(*size + sizeof block);
    memcpy(out, jpeg, 2);
    memcpy(out + 2, block, sizeof block);
    memcpy(out + 2 + sizeof block, jpeg + 2, *size - 2);
    *size += sizeof block;
    lept_free(jpeg);
    return out;
}

unsigned char *page_photograph(const struct page *page, bool clean, size_t *size)
{
    struct rng rng = { page->seed * 7919 + 13 };
    cairo_surface_t *scrap = page_draw(page, 1);
    double page_w = cairo_image_surface_get_width(scrap), page_h = cairo_image_surface_get_height(scrap);
    cairo_surface_destroy(scrap);
    struct rng probe = rng;
    struct shot shot = choose_shot(page, &probe, page_w, page_h, clean);
    double scale = fmax(shot.width / page_w, shot.height / page_h) * 1.1;
    cairo_surface_t *surface = page_draw(page, scale);
    shot = choose_shot(page, &rng, cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), clean);

    struct canvas canvas = { shot.width, shot.height, malloc((size_t)shot.width * (size_t)shot.height * 3 * sizeof(float)) };
    project_page(&canvas, &shot, surface);
    cairo_surface_destroy(surface);
    light_scene(&canvas, &shot);
    blur_canvas(&canvas, shot.blur);
    shake_canvas(&canvas, shot.motion_x, shot.motion_y);
    PIX *pix = develop(&canvas, shot.noise, &rng);
    free(canvas.rgb);
    if (shot.quarter_turns) {
        PIX *turned = pixRotateOrth(pix, shot.quarter_turns);
        pixDestroy(&pix);
        pix = turned;
    }
    unsigned char *jpeg = NULL;
    pixWriteMemJpeg(&jpeg, size, pix, shot.quality, 0);
    pixDestroy(&pix);
    return clean ? jpeg : add_exif(jpeg, size, shot.orientation);
}
