/* Reads a small fixed range of generated pages and insists on the figures the reader has reached there, so that a change
 * which makes it worse fails. They are no goals (those stand beside the figures that make bench-ocr prints): all rows of these 16
 * pages are found and 1 % of the doses are unsure; header fields are where most is left to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench_score.h"

#include <stdlib.h>
#include <string.h>

static struct ocr_reader *reader;

static void read_range(uint64_t from, uint64_t to, enum page_choice choice, struct score *score)
{
    static struct page page;
    static struct ocr_draft draft;
    for (uint64_t seed = from; seed <= to; seed++) {
        size_t size;
        page_make(&page, seed, choice);
        unsigned char *jpeg = page_photograph(&page, false, &size);
        ocr_read(reader, jpeg, size, &draft, NULL, NULL, NULL);
        score_add(score, &page, &draft, NULL);
        free(jpeg);
    }
}

static void tables_are_read(void **state)
{
    static struct score score;
    static const struct score_floors floors = { .slots_right = 99, .silent_max = 0, .rows = 99, .precision = 99, .names = 96,
        .quantities = 98, .unsure_max = 4, .fields = 90 };
    (void)state;
    read_range(501, 516, CHOOSE_TABLES, &score);
    if (score_check(&score, &floors, stdout) != 0) {
        score_print(&score, 0, stdout);
        fail();
    }
}

static void nothing_is_invented(void **state)
{
    static struct score score;
    (void)state;
    read_range(501, 512, CHOOSE_UNREADABLE, &score);
    assert_int_equal(score.unreadable, 12);
    assert_int_equal(score.invented_sure, 0);
}

static void without_lines_everything_is_unsure(void **state)
{
    static struct score score;
    (void)state;
    read_range(501, 503, CHOOSE_BORDERLESS, &score);
    assert_true(score.rows_read > 0);
    assert_int_equal(score.slots_silent, 0);
    assert_int_equal(score.slots_unsure, score.slots);
}

/* The kept copy has the pixels and nothing else: no EXIF, no maker's note, nothing of the GPS block. */
static void the_kept_copy_has_no_metadata(void **state)
{
    static struct page page;
    static struct ocr_draft draft;
    struct ocr_pictures pictures;
    size_t size;
    (void)state;
    page_make(&page, 501, CHOOSE_TABLES);
    unsigned char *jpeg = page_photograph(&page, false, &size);
    assert_non_null(memmem(jpeg, size, "GPS-CANARY", 10));
    ocr_read(reader, jpeg, size, &draft, &pictures, NULL, NULL);
    assert_true(pictures.image.size > 0 && pictures.thumbnail.size > 0 && pictures.rectified.size > 0);
    const struct ocr_picture *all[] = { &pictures.image, &pictures.thumbnail, &pictures.rectified };
    for (int i = 0; i < 3; i++) {
        assert_null(memmem(all[i]->data, all[i]->size, "GPS-CANARY", 10));
        assert_null(memmem(all[i]->data, all[i]->size, "Exif", 4));
    }
    ocr_pictures_free(&pictures);
    free(jpeg);
}

static int open_reader(void **state)
{
    (void)state;
    struct ocr_reader_options options = { NULL, getenv("DASTERN_OCR_ENG_BEST"), "database/seeds/drug_lexicon.tsv" };
    reader = ocr_reader_new(&options);
    return reader ? 0 : -1;
}

static int close_reader(void **state)
{
    (void)state;
    ocr_reader_free(reader);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(tables_are_read), cmocka_unit_test(nothing_is_invented),
        cmocka_unit_test(without_lines_everything_is_unsure), cmocka_unit_test(the_kept_copy_has_no_metadata) };
    (void)argc;
    ocr_single_thread(argv);
    return cmocka_run_group_tests_name("ocr/floors", tests, open_reader, close_reader);
}
