/* What an upload says about itself: magic bytes and header only, so that a bomb is refused without being decoded. */
#include "ocr.h"

#include <string.h>

static unsigned big16(const unsigned char *p) { return (unsigned)p[0] << 8 | p[1]; }
static uint32_t big32(const unsigned char *p) { return (uint32_t)big16(p) << 16 | big16(p + 2); }
static unsigned little16(const unsigned char *p) { return (unsigned)p[1] << 8 | p[0]; }
static uint32_t little24(const unsigned char *p) { return (uint32_t)p[2] << 16 | little16(p); }
static uint32_t little32(const unsigned char *p) { return (uint32_t)little16(p + 2) << 16 | little16(p); }

/* ---- EXIF: the orientation tag of the first directory, 1 for anything odd ---- */

static int exif_orientation(const unsigned char *block, size_t size)
{
    if (size < 14 || memcmp(block, "Exif\0\0", 6) != 0) return 1;
    const unsigned char *tiff = block + 6;
    size -= 6;
    bool little = tiff[0] == 'I';
    uint32_t at = little ? little32(tiff + 4) : big32(tiff + 4);
    if (at > size || size - at < 2) return 1;
    unsigned count = little ? little16(tiff + at) : big16(tiff + at);
    for (size_t entry = at + 2; count > 0 && entry + 12 <= size; entry += 12, count--) {
        if ((little ? little16(tiff + entry) : big16(tiff + entry)) != 0x0112) continue;
        unsigned value = little ? little16(tiff + entry + 8) : big16(tiff + entry + 8);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* ---- the three formats; each returns false when the header is broken ---- */

static bool is_frame_marker(int marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static bool read_jpeg(const unsigned char *data, size_t size, struct image_header *out)
{
    size_t at = 2;
    while (at + 4 <= size) {
        if (data[at] != 0xff) return false;
        int marker = data[at + 1];
        if (marker == 0xff) { at++; continue; }
        size_t length = big16(data + at + 2);
        if (length < 2 || length > size - at - 2) return false;
        const unsigned char *body = data + at + 4;
        if (marker == 0xe1) out->orientation = exif_orientation(body, length - 2);
        if (is_frame_marker(marker)) {
            if (length < 8) return false;
            out->height = (long)big16(body + 1);
            out->width = (long)big16(body + 3);
            return true;
        }
        if (marker == 0xda) return false; /* pixels before any frame header */
        at += 2 + length;
    }
    return false;
}

static bool read_png(const unsigned char *data, size_t size, struct image_header *out, bool *animated)
{
    if (size < 33 || big32(data + 8) != 13 || memcmp(data + 12, "IHDR", 4) != 0) return false;
    out->width = (long)big32(data + 16);
    out->height = (long)big32(data + 20);
    for (size_t at = 33; at + 12 <= size; at += 12 + (size_t)big32(data + at)) {
        if (memcmp(data + at + 4, "acTL", 4) == 0) *animated = true;
        if (memcmp(data + at + 4, "IDAT", 4) == 0) return true;
        if (big32(data + at) > size - at - 12) return false;
    }
    return false;
}

static bool read_webp(const unsigned char *data, size_t size, struct image_header *out, bool *animated)
{
    if (size < 30) return false;
    const unsigned char *body = data + 20;
    if (memcmp(data + 12, "VP8X", 4) == 0) {
        *animated = (body[0] & 2) != 0;
        out->width = (long)little24(body + 4) + 1;
        out->height = (long)little24(body + 7) + 1;
    } else if (memcmp(data + 12, "VP8L", 4) == 0) {
        if (body[0] != 0x2f) return false;
        uint32_t bits = little32(body + 1);
        out->width = (long)(bits & 0x3fff) + 1;
        out->height = (long)(bits >> 14 & 0x3fff) + 1;
    } else if (memcmp(data + 12, "VP8 ", 4) == 0) {
        if (body[3] != 0x9d || body[4] != 0x01 || body[5] != 0x2a) return false;
        out->width = (long)(little16(body + 6) & 0x3fff);
        out->height = (long)(little16(body + 8) & 0x3fff);
    } else {
        return false;
    }
    return true;
}

static const char *check_size(const struct image_header *header)
{
    long w = header->width, h = header->height;
    if (w <= 0 || h <= 0) return "ocr.bad_image";
    if (w > OCR_SIDE_MAX || h > OCR_SIDE_MAX) return "ocr.too_large";
    if (w * h > (header->kind == IMAGE_JPEG ? OCR_PIXELS_MAX : OCR_PIXELS_MAX_FULL)) return "ocr.too_large";
    if ((w < h ? w : h) < OCR_SIDE_MIN) return "ocr.too_small";
    return NULL;
}

const char *image_check_header(const void *bytes, size_t size, struct image_header *out)
{
    const unsigned char *data = bytes;
    bool sound = false, animated = false;
    *out = (struct image_header){ .orientation = 1 };
    if (size > OCR_FILE_MAX) return "ocr.too_large";
    if (size >= 4 && memcmp(data, "\xff\xd8\xff", 3) == 0) {
        out->kind = IMAGE_JPEG;
        sound = read_jpeg(data, size, out);
    } else if (size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0) {
        out->kind = IMAGE_PNG;
        sound = read_png(data, size, out, &animated);
    } else if (size >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "WEBP", 4) == 0) {
        out->kind = IMAGE_WEBP;
        sound = read_webp(data, size, out, &animated);
    }
    if (!sound) return "ocr.bad_image";
    if (animated) return "ocr.animated";
    return check_size(out);
}

const char *image_media_type(enum image_kind kind)
{
    static const char *const types[] = { [IMAGE_JPEG] = "image/jpeg", [IMAGE_PNG] = "image/png", [IMAGE_WEBP] = "image/webp" };
    return types[kind];
}
