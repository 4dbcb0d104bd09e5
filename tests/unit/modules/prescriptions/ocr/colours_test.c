/* What is taken away before a header is read: coloured ink and the desk; and that black print stays. Drawn pictures, no models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../../../../modules/prescriptions/ocr/colours.h"
#include "../../../../../modules/prescriptions/ocr/desk.h"

enum { SIDE = 600, TEXT_Y = 100, PEN_Y = 300 };

static void paint(PIX *pix, int x, int y, int w, int h, l_uint32 colour)
{
    BOX *box = boxCreate(x, y, w, h);
    pixSetInRectArbitrary(pix, box, colour);
    boxDestroy(&box);
}

/* Yellowish paper with a stroke of print, `ink`, and one of a blue pen. */
static PIX *draw_page(l_uint32 ink)
{
    PIX *rgb = pixCreate(SIDE, SIDE, 32);
    paint(rgb, 0, 0, SIDE, SIDE, 0xf0e8d000);
    paint(rgb, 50, TEXT_Y, 500, 6, ink);
    paint(rgb, 50, PEN_Y, 500, 6, 0x20309800);
    return rgb;
}

static int level_at(PIX *pix, int x, int y)
{
    l_uint32 value = 0;
    pixGetPixel(pix, x, y, &value);
    return (int)value;
}

static void check_fading(l_uint32 ink)
{
    PIX *rgb = draw_page(ink), *grey = pixConvertRGBToLuminance(rgb), *map = colours_map(colours_sample(rgb));
    const struct warp same = { { 1, 0, 0, 0, 1, 0, 0, 0 }, SIDE, SIDE };
    const struct warp_map colours = { map, &same, SIDE };
    const struct ocr_box table = { 0, TEXT_Y - 20, SIDE, 60 };
    int before = level_at(grey, 300, TEXT_Y + 3);
    assert_non_null(map);
    assert_true(colours_fade(&colours, colours_of_print(&colours, grey, &table), grey, 0, 0) > 0.005);
    assert_in_range(level_at(grey, 300, TEXT_Y + 3), before, before + 8);
    assert_in_range(level_at(grey, 300, PEN_Y + 3), 240, 255);
    pixDestroy(&rgb);
    pixDestroy(&grey);
    pixDestroy(&map);
}

static void a_pen_fades_and_black_print_stays(void **state)
{
    (void)state;
    check_fading(0x20202000);
}

static void print_may_be_bluish_itself(void **state)
{
    (void)state;
    check_fading(0x20205800);
}

static void a_grey_picture_has_no_colours(void **state)
{
    PIX *grey = pixCreate(SIDE, SIDE, 8);
    (void)state;
    assert_null(colours_map(colours_sample(grey)));
    pixDestroy(&grey);
}

static void the_desk_becomes_white_and_words_stay(void **state)
{
    PIX *grey = pixCreate(SIDE, SIDE, 8);
    (void)state;
    pixSetAllArbitrary(grey, 250);
    paint(grey, 0, 0, SIDE, 80, 40);           /* the desk above the paper */
    paint(grey, 0, SIDE - 6, SIDE, 6, 0);      /* the table's line */
    for (int x = 100; x < 400; x += 12) paint(grey, x, 300, 5, 30, 0); /* a word */
    desk_whiten(grey, true);
    assert_int_equal(level_at(grey, 300, 20), 255);
    assert_int_equal(level_at(grey, 102, 310), 0);
    assert_int_equal(level_at(grey, 300, SIDE - 3), 0);
    pixDestroy(&grey);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_pen_fades_and_black_print_stays), cmocka_unit_test(print_may_be_bluish_itself),
        cmocka_unit_test(a_grey_picture_has_no_colours), cmocka_unit_test(the_desk_becomes_white_and_words_stay) };
    return cmocka_run_group_tests_name("prescriptions/ocr/colours", tests, NULL, NULL);
}
