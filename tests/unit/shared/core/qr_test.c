/* QR pictures: the path drawn back into modules gives the code that libqrencode made, with its quiet zone. */
#include "unit.h"

#include <qrencode.h>

#include "core/qr.h"
#include "core/str.h"

#define QUIET 4

static char *svg; /* the picture, once read_url has undone the URL's escapes */

static void read_url(const char *url)
{
    static const char head[] = "data:image/svg+xml,";
    assert_true(str_starts(url, head));
    assert_true(percent_decode(mem, url + strlen(head), strlen(url) - strlen(head), false, &svg));
}

/* Fills `dark` (side × side) from the second path of the picture: runs "Mx,yhNv1h-Nz". */
static void draw_back(unsigned char *dark, int side)
{
    const char *path = strstr(strstr(svg, "<path d='"), "d='") + 3;
    int x, y, width, back, used;
    while (sscanf(path, "M%d,%dh%dv1h-%dz%n", &x, &y, &width, &back, &used) == 4) {
        assert_int_equal(width, back);
        assert_true(x >= QUIET && y >= QUIET && x + width <= side - QUIET && y < side - QUIET);
        for (int i = 0; i < width; i++)
            dark[y * side + x + i] = 1;
        path += used;
    }
    assert_int_equal(*path, '\'');
}

static void the_picture_is_the_code(void **state)
{
    (void)state;
    static const char *const texts[] = {"7KQMP4XT", "A", "https://example.org/a-longer-text?with=more#in-it"};
    for (size_t t = 0; t < COUNT(texts); t++) {
        const char *url = NULL;
        assert_int_equal(qr_svg_url(mem, texts[t], &url), OK);
        QRcode *wanted = QRcode_encodeString(texts[t], 0, QR_ECLEVEL_M, QR_MODE_8, 1);
        int side = wanted->width + 2 * QUIET;
        unsigned char *dark = arena_alloc(mem, (size_t)(side * side));
        read_url(url);
        draw_back(dark, side);
        for (int y = 0; y < wanted->width; y++)
            for (int x = 0; x < wanted->width; x++)
                assert_int_equal(dark[(y + QUIET) * side + x + QUIET], wanted->data[y * wanted->width + x] & 1);
        QRcode_free(wanted);
    }
}

static void the_url_holds_nothing_a_url_must_not(void **state)
{
    (void)state;
    const char *url = NULL;
    assert_int_equal(qr_svg_url(mem, "7KQMP4XT", &url), OK);
    assert_int_equal(strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~:/=,+%'"), strlen(url));
    assert_null(strstr(url, "7KQMP4XT")); /* only as a picture */
}

static void a_text_too_long_is_refused(void **state)
{
    (void)state;
    char text[4000];
    const char *url = NULL;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(qr_svg_url(mem, text, &url), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(the_picture_is_the_code),
        in_arena(the_url_holds_nothing_a_url_must_not),
        in_arena(a_text_too_long_is_refused),
    };
    return cmocka_run_group_tests_name("QR pictures", tests, NULL, NULL);
}
