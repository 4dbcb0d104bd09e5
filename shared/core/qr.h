/* QR codes as SVG. */
#ifndef DASTERN_CORE_QR_H
#define DASTERN_CORE_QR_H

#include "core/arena.h"
#include "core/err.h"

/*
 * `text` (ASCII, up to a few hundred bytes) as a QR code in an SVG picture, as a "data:image/svg+xml,…" URL: a client
 * draws it without a second request, so the text is never part of an address that servers and proxies write down.
 * E_INVALID: too long for a QR code.
 */
enum err qr_svg_url(struct arena *mem, const char *text, const char **url) MUST_CHECK;

#endif
