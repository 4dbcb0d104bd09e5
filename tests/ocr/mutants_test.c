/* Broken and hostile pictures against the service: whatever they do to the child, the service goes on, and the next good
 * picture is read. MUTANTS (default 150) sets how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../modules/prescriptions/ocr/ocr.h"
#include "page.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct ocr_service *service;
static int outcomes[4];

static enum ocr_outcome read_bytes(const unsigned char *data, size_t size, struct ocr_result *result)
{
    int fd = memfd_create("picture", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    enum ocr_outcome outcome = ocr_service_read(service, fd, result, NULL, NULL);
    close(fd);
    outcomes[outcome]++;
    return outcome;
}

static void expect_refusal(const unsigned char *data, size_t size)
{
    struct ocr_result result;
    assert_int_not_equal(read_bytes(data, size, &result), OCR_GONE);
    assert_int_not_equal(result.error[0], '\0');
    ocr_result_free(&result);
}

/* A small page as JPEG, PNG or WebP. */
static unsigned char *encode(PIX *pix, int kind, size_t *size)
{
    unsigned char *data = NULL;
    if (kind == 0) pixWriteMemJpeg(&data, size, pix, 70, 0);
    if (kind == 1) pixWriteMemPng(&data, size, pix, 0);
    if (kind == 2) pixWriteMemWebP(&data, size, pix, 70, 0);
    return data;
}

static PIX *small_page(uint64_t seed)
{
    static struct page page;
    size_t size;
    page_make(&page, seed, CHOOSE_TABLES);
    unsigned char *jpeg = page_photograph(&page, true, &size);
    PIX *pix = pixReadMemJpeg(jpeg, size, 0, 4, NULL, 0);
    free(jpeg);
    return pix;
}

static void mutate(unsigned char *data, size_t *size, struct rng *rng)
{
    int changes = 1 + rng_below(rng, 40);
    for (int i = 0; i < changes; i++) {
        size_t at = rng_chance(rng, 0.5) ? (size_t)rng_below(rng, *size < 700 ? (int)*size : 700) : (size_t)rng_below(rng, (int)*size);
        data[at] = (unsigned char)(rng_chance(rng, 0.5) ? rng_below(rng, 256) : (int)data[at] ^ 1 << rng_below(rng, 8));
    }
    if (rng_chance(rng, 0.2)) *size = 1 + (size_t)rng_below(rng, (int)*size);
}

static void mutants_stay_inside(void **state)
{
    const char *wanted = getenv("MUTANTS");
    int total = wanted ? (int)strtol(wanted, NULL, 10) : 150;
    struct rng rng = { 4711 };
    PIX *pix = small_page(7);
    (void)state;
    for (int i = 0; i < total; i++) {
        size_t size;
        struct ocr_result result;
        unsigned char *data = encode(pix, i % 3, &size);
        mutate(data, &size, &rng);
        assert_int_not_equal(read_bytes(data, size, &result), OCR_GONE);
        ocr_result_free(&result);
        free(data);
    }
    pixDestroy(&pix);
    print_message("%d mutants: %d answered, %d ended their child, %d timed out\n", total, outcomes[OCR_DONE], outcomes[OCR_CRASHED],
                  outcomes[OCR_TIMED_OUT]);
}

static void bombs_and_strangers_are_refused(void **state)
{
    static const unsigned char png_bomb[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0x75, 0x30, 0, 0, 0x75,
        0x30, 8, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'I', 'D', 'A', 'T', 0, 0, 0, 0 };
    struct timespec before, after;
    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &before);
    expect_refusal(png_bomb, sizeof png_bomb);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true((double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec) < 1);
    expect_refusal((const unsigned char *)"http://127.0.0.1/x.png\n", 23);
    expect_refusal((const unsigned char *)"/etc/passwd\n", 12);
    expect_refusal((const unsigned char *)"", 0);
}

/* A PNG of one colour, small as a file and at the pixel limit: the most a header lets through. */
static void the_largest_allowed_fits(void **state)
{
    PIX *pix = pixCreate(3400, 3400, 8);
    size_t size;
    struct ocr_result result;
    (void)state;
    pixSetAllGray(pix, 230);
    unsigned char *data = encode(pix, 1, &size);
    assert_int_equal(read_bytes(data, size, &result), OCR_DONE);
    ocr_result_free(&result);
    free(data);
    pixDestroy(&pix);
}

static void a_good_picture_is_still_read(void **state)
{
    static struct page page;
    struct ocr_result result;
    size_t size;
    (void)state;
    page_make(&page, 2, CHOOSE_TABLES);
    unsigned char *jpeg = page_photograph(&page, true, &size);
    assert_int_equal(read_bytes(jpeg, size, &result), OCR_DONE);
    assert_string_equal(result.error, "");
    assert_non_null(strstr(result.json, "Paracetamol"));
    assert_true(result.pictures.image.size > 0 && result.pictures.rectified.size > 0);
    ocr_result_free(&result);
    free(jpeg);
}

static int start(void **state)
{
    struct ocr_service_options options = { .reader = { NULL, getenv("DASTERN_OCR_ENG_BEST"), NULL }, .wall_seconds = 60, .cpu_seconds = 30 };
    (void)state;
    service = ocr_service_start(&options);
    return service ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    ocr_service_stop(service);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(bombs_and_strangers_are_refused), cmocka_unit_test(mutants_stay_inside),
        cmocka_unit_test(the_largest_allowed_fits), cmocka_unit_test(a_good_picture_is_still_read) };
    (void)argc;
    ocr_single_thread(argv);
    return cmocka_run_group_tests_name("ocr/mutants", tests, start, stop);
}
