/* What the reader makes of small drawn pictures: numbers for the own reader, a table's corners, transparent paper. No models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../../../../modules/prescriptions/ocr/corners.h"
#include "../../../../../modules/prescriptions/ocr/own.h"
#include "../../../../../modules/prescriptions/ocr/picture.h"

#include <math.h>

/* The text in leptonica's own bitmap font, black on white. */
static PIX *draw(const char *text)
{
    enum { FONT_POINTS = 20 };
    L_BMF *font = bmfCreate(NULL, FONT_POINTS);
    PIX *paper = pixCreate(300, 100, 8);
    pixSetAllGray(paper, 255);
    assert_int_equal(pixSetTextline(paper, font, text, 0, 20, 70, NULL, NULL), 0);
    bmfDestroy(&font);
    return paper;
}

static struct own_reading read_drawn(PIX *grey)
{
    struct pieces pieces = own_cut(grey, own_ink_level(grey)), line = own_first_line(&pieces, own_tallest(&pieces));
    struct own_reading own = own_read(grey, &line, own_tallest(&pieces));
    own_drop(&pieces);
    return own;
}

static void numbers_are_read_alone(void **state)
{
    static const char *const texts[] = { "1", "2", "0.5", "1.5", "14", "120" };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        PIX *grey = draw(texts[i]);
        struct own_reading own = read_drawn(grey);
        pixDestroy(&grey);
        assert_string_equal(own.text, texts[i]);
        assert_true(own.confidence > 0.6);
        assert_false(own.words_follow);
    }
}

static void words_end_a_number(void **state)
{
    (void)state;
    PIX *grey = draw("2 tab");
    struct own_reading own = read_drawn(grey);
    pixDestroy(&grey);
    assert_string_equal(own.text, "2");
    assert_true(own.words_follow && own.gap_follows);
}

/* Ink spreads sideways, until the point of the last ones touches the 5. */
static void a_joined_point_is_not_lost(void **state)
{
    (void)state;
    for (int spread = 3; spread <= 7; spread += 2) {
        PIX *grey = draw("0.5"), *spread_ink = pixErodeGray(grey, spread, 1);
        struct own_reading own = read_drawn(spread_ink);
        pixDestroy(&grey);
        pixDestroy(&spread_ink);
        assert_string_equal(own.text, "0.5");
    }
}

/* A table of 4 x 4 cells, 100 x 50 px each, whose first column has words that begin right at the line. */
static PIX *draw_table(void)
{
    PIX *ink = pixCreate(500, 300, 1);
    for (int i = 0; i <= 4; i++) {
        pixRasterop(ink, 50 + 100 * i, 50, 2, 202, PIX_SET, NULL, 0, 0);
        pixRasterop(ink, 50, 50 + 50 * i, 402, 2, PIX_SET, NULL, 0, 0);
    }
    for (int i = 0; i < 4; i++) pixRasterop(ink, 52, 50 + 50 * i + 20, 80, 12, PIX_SET, NULL, 0, 0);
    return ink;
}

static void words_at_the_line_do_not_move_a_corner(void **state)
{
    static const double expected[4][2] = { { 52, 52 }, { 449, 52 }, { 449, 249 }, { 52, 249 } };
    struct grid_holes holes;
    double corners[4][2];
    (void)state;
    PIX *ink = draw_table();
    assert_true(grid_find_holes(ink, &holes));
    assert_true(corners_by_lines(&holes, corners));
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 2; k++)
            if (fabs(corners[i][k] - expected[i][k]) > 2) fail_msg("corner %d: %g, %g", i, corners[i][0], corners[i][1]);
    grid_free_holes(&holes);
    pixDestroy(&ink);
}

/* Strokes of letters, mended like broken lines, cut a cell into pieces; the cell is whole all the same. */
static void strokes_do_not_cut_a_cell(void **state)
{
    struct grid_holes holes;
    (void)state;
    PIX *ink = draw_table();
    for (int i = 0; i < 3; i++) {
        pixRasterop(ink, 180 + 14 * i, 107, 3, 38, PIX_SET, NULL, 0, 0); /* not quite from line to line */
        pixRasterop(ink, 280 + 14 * i, 157, 3, 38, PIX_SET, NULL, 0, 0);
    }
    assert_true(grid_find_holes(ink, &holes));
    assert_int_equal(boxaGetCount(holes.boxes), 16);
    grid_free_holes(&holes);
    pixDestroy(&ink);
}

static void what_is_transparent_is_paper(void **state)
{
    (void)state;
    PIX *drawn = pixCreate(300, 300, 32);
    pixSetSpp(drawn, 4); /* all of it black, and nothing of it to be seen */
    l_uint8 *png = NULL;
    size_t size = 0;
    const char *error;
    assert_int_equal(pixWriteMemPng(&png, &size, drawn, 0), 0);
    PIX *pix = picture_decode(png, size, &error);
    assert_non_null(pix);
    l_uint32 value = 0;
    PIX *grey = pixConvertTo8(pix, 0);
    pixGetPixel(grey, 150, 150, &value);
    assert_int_equal(value, 255);
    pixDestroy(&grey);
    pixDestroy(&pix);
    pixDestroy(&drawn);
    lept_free(png);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(numbers_are_read_alone), cmocka_unit_test(words_end_a_number),
        cmocka_unit_test(a_joined_point_is_not_lost), cmocka_unit_test(words_at_the_line_do_not_move_a_corner), cmocka_unit_test(strokes_do_not_cut_a_cell),
        cmocka_unit_test(what_is_transparent_is_paper) };
    return cmocka_run_group_tests_name("ocr/pictures", tests, NULL, NULL);
}
