/* The cheap look at an upload: bombs, foreign formats and broken headers are refused without decoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../../../../modules/prescriptions/ocr/ocr.h"

#include <string.h>
#include <time.h>

static size_t make_png(unsigned char *out, uint32_t w, uint32_t h)
{
    static const unsigned char start[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R' };
    memset(out, 0, 64);
    memcpy(out, start, sizeof start);
    for (int i = 0; i < 4; i++) {
        out[16 + i] = (unsigned char)(w >> (24 - 8 * i));
        out[20 + i] = (unsigned char)(h >> (24 - 8 * i));
    }
    memcpy(out + 37, "IDAT", 4);
    return 64;
}

static size_t make_jpeg(unsigned char *out, unsigned w, unsigned h, int orientation)
{
    const unsigned char bytes[] = { 0xff, 0xd8, 0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1,
        0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (unsigned char)orientation, 0, 0, 0, 0, 0, 0,
        0xff, 0xc0, 0, 11, 8, (unsigned char)(h >> 8), (unsigned char)h, (unsigned char)(w >> 8), (unsigned char)w, 1, 1, 0x11, 0, 0xff, 0xda };
    memcpy(out, bytes, sizeof bytes);
    return sizeof bytes;
}

static void formats_are_known_by_their_bytes(void **state)
{
    unsigned char data[64];
    struct image_header header;
    (void)state;
    assert_null(image_check_header(data, make_png(data, 1200, 900), &header));
    assert_int_equal(header.kind, IMAGE_PNG);
    assert_null(image_check_header(data, make_jpeg(data, 4000, 3000, 6), &header));
    assert_int_equal(header.kind, IMAGE_JPEG);
    assert_int_equal(header.width, 4000);
    assert_int_equal(header.orientation, 6);
    assert_string_equal(image_media_type(header.kind), "image/jpeg");
    assert_string_equal(image_check_header("GIF89a..........", 16, &header), "ocr.bad_image");
    assert_string_equal(image_check_header("%PDF-1.7 .......", 16, &header), "ocr.bad_image");
    assert_string_equal(image_check_header("", 0, &header), "ocr.bad_image");
}

static void bombs_are_refused_at_once(void **state)
{
    unsigned char data[64];
    struct image_header header;
    struct timespec before, after;
    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_string_equal(image_check_header(data, make_png(data, 30000, 30000), &header), "ocr.too_large");
    assert_string_equal(image_check_header(data, make_png(data, 9000, 9000), &header), "ocr.too_large");
    assert_string_equal(image_check_header(data, make_jpeg(data, 9000, 9000, 1), &header), "ocr.too_large");
    assert_string_equal(image_check_header(data, make_png(data, 0xffffffff, 1), &header), "ocr.too_large");
    assert_string_equal(image_check_header(data, make_png(data, 0, 900), &header), "ocr.bad_image");
    assert_string_equal(image_check_header(data, make_png(data, 100, 900), &header), "ocr.too_small");
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true((double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec) < 0.05);
}

static void animations_are_refused(void **state)
{
    unsigned char png[80], webp[40] = "RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\xff\x03\0\xff\x02\0";
    struct image_header header;
    (void)state;
    make_png(png, 800, 800);
    memcpy(png + 37, "acTL", 4);
    memset(png + 64, 0, 16);
    memcpy(png + 49, "IDAT", 4);
    assert_string_equal(image_check_header(png, sizeof png, &header), "ocr.animated");
    assert_string_equal(image_check_header(webp, sizeof webp, &header), "ocr.animated");
    webp[20] = 0;
    assert_null(image_check_header(webp, sizeof webp, &header));
    assert_int_equal(header.width, 1024);
}

static void every_cut_of_a_header_is_harmless(void **state)
{
    unsigned char data[64];
    struct image_header header;
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        size_t size = kind ? make_png(data, 1200, 900) : make_jpeg(data, 1200, 900, 8);
        for (size_t cut = 0; cut < size; cut++)
            for (int flip = 0; flip < 8; flip++) {
                unsigned char copy[64];
                memcpy(copy, data, size);
                copy[cut] ^= (unsigned char)(1 << flip);
                (void)image_check_header(copy, cut, &header);
                (void)image_check_header(copy, size, &header);
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(formats_are_known_by_their_bytes), cmocka_unit_test(bombs_are_refused_at_once),
        cmocka_unit_test(animations_are_refused), cmocka_unit_test(every_cut_of_a_header_is_harmless) };
    return cmocka_run_group_tests_name("prescriptions/ocr/image_header", tests, NULL, NULL);
}
