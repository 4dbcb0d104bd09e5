/* A QR code drawn as one SVG path: every run of dark modules in a row is a rectangle one module high. */
#include "core/qr.h"

#include <ctype.h>
#include <qrencode.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

#define QUIET_ZONE 4 /* modules of white border that ISO/IEC 18004 wants on each side */

static bool is_dark(const QRcode *qr, int x, int y)
{
    return qr->data[y * qr->width + x] & 1;
}

static void draw_row(struct buf *svg, const QRcode *qr, int y)
{
    for (int x = 0, end; x < qr->width; x = end + 1) {
        for (end = x; end < qr->width && is_dark(qr, end, y);)
            end++;
        if (end > x)
            buf_printf(svg, "M%d,%dh%dv1h-%dz", x + QUIET_ZONE, y + QUIET_ZONE, end - x, end - x);
    }
}

static void draw(struct buf *svg, const QRcode *qr)
{
    int side = qr->width + 2 * QUIET_ZONE;
    buf_printf(svg, "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d'>", side, side);
    buf_printf(svg, "<path fill='#fff' d='M0,0h%dv%dh-%dz'/><path d='", side, side, side);
    for (int y = 0; y < qr->width; y++)
        draw_row(svg, qr, y);
    buf_str(svg, "'/></svg>");
}

/* Escapes what a URL cannot hold or would misread; the rest stays legible. */
static const char *data_url(struct arena *mem, const struct buf *svg)
{
    struct buf url = {.mem = mem};
    buf_str(&url, "data:image/svg+xml,");
    for (size_t i = 0; i < svg->len; i++) {
        unsigned char c = (unsigned char)svg->data[i];
        if (isalnum(c) || strchr("-_.~/:=,'", c))
            buf_char(&url, (char)c);
        else
            buf_printf(&url, "%%%02X", (unsigned)c);
    }
    return url.data;
}

enum err qr_svg_url(struct arena *mem, const char *text, const char **url)
{
    QRcode *qr = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (!qr)
        return E_INVALID;
    struct buf svg = {.mem = mem};
    draw(&svg, qr);
    QRcode_free(qr);
    *url = data_url(mem, &svg);
    return OK;
}
