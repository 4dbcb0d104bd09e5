/* The whole way of a photo, with the real reader: sent, read in the background, checked, confirmed. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/arena.h"
#include "expect.h"
#include "owner.h"
#include "page.h"
#include "people.h"
#include "picture.h"

#define PAGE_SEED 7
#define CANARY "GPS 11.5564 N 104.9282 E"

static struct person patient;
static struct page page;

static int make_people(void **state)
{
    (void)state;
    person_new(&patient, "patient");
    return 0;
}

/* Sends a picture and waits until nothing more happens to it. */
static struct answer *read_picture(const void *bytes, size_t size, const char *filename, const char *type, char id[37])
{
    struct answer *a = expect(picture_send(patient.token, bytes, size, filename, type, NULL), 202);
    snprintf(id, 37, "%s", answer_text(a, "id"));
    for (int i = 0; i < 60; i++) {
        a = expect(get(patient.token, "/prescriptions/%s/processing?wait=20", id), 200);
        const char *status = answer_text(a, "status");
        if (strcmp(status, "done") == 0 || strcmp(status, "error") == 0)
            return a;
    }
    fail_msg("%s is not read", id);
    return NULL;
}

/* The photo of a page, with a place in its EXIF data as phones write it. */
static unsigned char *photo(uint64_t seed, enum page_choice choice, size_t *size)
{
    static const char segment[] = "\xff\xe1\x00\x28""Exif\0\0II*\0\0\0\0\0" CANARY;
    page_make(&page, seed, choice);
    unsigned char *jpeg = page_photograph(&page, true, size);
    unsigned char *marked = xcalloc(1, *size + sizeof segment);
    size_t n = 2 + 0x28;
    memcpy(marked, jpeg, 2);
    memcpy(marked + 2, segment, n);
    memcpy(marked + 2 + n, jpeg + 2, *size - 2);
    *size += n;
    free(jpeg);
    return marked;
}

/*
 * The same photo as a phone held upright takes it: the pixels lie on their side, EXIF says how to turn them (6: a quarter to the
 * right) and, in a GPS directory, where it was taken.
 */
static unsigned char *sideways(uint64_t seed, size_t *size)
{
    static const unsigned char segment[] =
        "\xff\xe1\x00\x7c" "Exif\0\0" "MM\0\x2a\0\0\0\x08"
        "\0\x02" "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" "\x88\x25\0\x04\0\0\0\x01\0\0\0\x26" "\0\0\0\0"
        "\0\x02" "\0\x01\0\x02\0\0\0\x02N\0\0\0" "\0\x02\0\x05\0\0\0\x03\0\0\0\x44" "\0\0\0\0"
        "\0\0\0\x0b\0\0\0\x01" "\0\0\0\x21\0\0\0\x01" "\0\0\0\x17\0\0\0\x01" CANARY;
    size_t n = 2 + 0x7c, upright_size;
    assert_int_equal(sizeof segment - 1, n);
    page_make(&page, seed, CHOOSE_TABLES);
    unsigned char *upright = page_photograph(&page, true, &upright_size), *jpeg = NULL;
    PIX *pix = pixReadMem(upright, upright_size), *turned = pixRotate90(pix, -1);
    assert_int_equal(pixWriteMemJpeg(&jpeg, size, turned, 90, 0), 0);
    unsigned char *marked = xcalloc(1, *size + n);
    memcpy(marked, jpeg, 2);
    memcpy(marked + 2, segment, n);
    memcpy(marked + 2 + n, jpeg + 2, *size - 2);
    *size += n;
    pixDestroy(&pix);
    pixDestroy(&turned);
    free(upright);
    lept_free(jpeg);
    return marked;
}

static bool in_storage(const char *id, const char *ending)
{
    char path[4096];
    const char *var = getenv("DASTERN_VAR");
    snprintf(path, sizeof path, "%s/storage/%s%s", var ? var : "var", id, ending);
    FILE *file = fopen(path, "rb");
    if (file)
        fclose(file);
    return file != NULL;
}

static bool is_unsure(const struct answer *a, size_t row, const char *field)
{
    char path[64];
    snprintf(path, sizeof path, "medications.%zu.unsure", row);
    json_t *name;
    size_t i;
    json_array_foreach(answer_at(a, path), i, name)
        if (strcmp(json_string_value(name), field) == 0)
            return true;
    return false;
}

/* The one thing that must never be: a dose that is wrong and not marked. */
static void expect_true_doses(const struct answer *a)
{
    static const char *const slots[] = {"morning", "noon", "evening", "night"};
    assert_int_equal(answer_count(a, "medications"), page.row_count);
    for (size_t row = 0; row < (size_t)page.row_count; row++) {
        for (size_t slot = 0; slot < 4; slot++) {
            char path[64], field[32];
            snprintf(path, sizeof path, "medications.%zu.doses.%s", row, slots[slot]);
            snprintf(field, sizeof field, "doses.%s", slots[slot]);
            assert_true(is_unsure(a, row, field) || answer_number(a, path) == page.rows[row].doses[slot]);
        }
    }
}

/* Corrections that accept every field as it was read. */
static json_t *accept_all(const struct answer *a)
{
    json_t *corrections = json_array(), *medication;
    size_t i;
    json_array_foreach(answer_at(a, "medications"), i, medication)
        json_array_append_new(corrections, json_pack("{s:O, s:O}", "id", json_object_get(medication, "id"), "accept",
                                                     json_object_get(medication, "unsure")));
    return json_pack("{s:o}", "medications", corrections);
}

static void expect_clean_pictures(const char *id)
{
    static const char *const kinds[] = {"image", "thumbnail", "rectified"};
    for (size_t i = 0; i < 3; i++) {
        struct answer *a = expect(get(patient.token, "/prescriptions/%s/%s", id, kinds[i]), 200);
        assert_string_equal(answer_header(a, "Content-Type"), "image/jpeg");
        assert_string_equal(answer_header(a, "X-Content-Type-Options"), "nosniff");
        assert_non_null(strstr(answer_header(a, "Cache-Control"), "no-store"));
        assert_memory_equal(a->body, "\xff\xd8\xff", 3);
        assert_null(memmem(a->body, a->size, CANARY, strlen(CANARY)));
        assert_null(memmem(a->body, a->size, "Exif", 4));
        assert_null(memmem(a->body, a->size, "\xff\xe1", 2)); /* inside JPEG data 0xff is followed by 0 or a marker of ours */
    }
    assert_false(in_storage(id, ".upload"));
}

static int number_at(const json_t *list, size_t i)
{
    return (int)json_integer_value(json_array_get(list, i));
}

/* The share of dark pixels in a box, all of which lies on the picture. */
static double ink(PIX *grey, const json_t *box)
{
    l_uint32 level;
    int x = number_at(box, 0), y = number_at(box, 1), w = number_at(box, 2), h = number_at(box, 3), dark = 0;
    assert_true(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= pixGetWidth(grey) && y + h <= pixGetHeight(grey));
    for (int j = y; j < y + h; j++)
        for (int i = x; i < x + w; i++)
            dark += pixGetPixel(grey, i, j, &level) == 0 && level < 128;
    return (double)dark / ((double)w * h);
}

/* One medicine: every field says how sure it is, the name's box holds letters, and it is below the one of the row above. */
static int expect_row_drawable(PIX *grey, json_t *row, int below)
{
    json_t *field, *name = json_object_get(json_object_get(row, "fields"), "name");
    const char *key;
    json_object_foreach(json_object_get(row, "fields"), key, field) {
        double confidence = json_number_value(json_object_get(field, "confidence"));
        assert_true(json_is_number(json_object_get(field, "confidence")) && confidence >= 0 && confidence <= 1);
        assert_true(json_is_boolean(json_object_get(field, "unsure")));
        if (json_is_array(json_object_get(field, "box")))
            ink(grey, json_object_get(field, "box"));
    }
    double share = ink(grey, json_object_get(name, "box"));
    assert_true(share > 0.005 && share < 0.5);
    int middle = number_at(json_object_get(name, "box"), 1) + number_at(json_object_get(name, "box"), 3) / 2;
    assert_true(middle > below);
    return middle;
}

/* What a client draws: the boxes over the straightened picture, as both are served. */
static void expect_review_drawable(const char *id)
{
    struct answer *a = expect(get(patient.token, "/prescriptions/%s/review", id), 200);
    const char *url = answer_text(a, "picture.url");
    char path[100];
    snprintf(path, sizeof path, "@%s", url);
    struct answer *picture = expect(get(patient.token, "%s", path), 200);
    PIX *pix = pixReadMem((const l_uint8 *)picture->body, picture->size), *grey = pixConvertTo8(pix, 0);
    assert_int_equal(pixGetWidth(grey), (int)answer_number(a, "picture.width"));
    assert_int_equal(pixGetHeight(grey), (int)answer_number(a, "picture.height"));
    json_t *row;
    size_t i;
    int below = -1;
    assert_int_equal(answer_count(a, "rows"), page.row_count);
    json_array_foreach(answer_at(a, "rows"), i, row)
        below = expect_row_drawable(grey, row, below);
    pixDestroy(&pix);
    pixDestroy(&grey);
}

static void a_photo_becomes_reminders(void **state)
{
    (void)state;
    char id[37];
    size_t size;
    unsigned char *bytes = photo(PAGE_SEED, CHOOSE_TABLES, &size);
    struct answer *a = read_picture(bytes, size, "IMG_0001.JPG", "image/jpeg", id);
    free(bytes);
    assert_string_equal(answer_text(a, "stage"), "review");
    a = expect(get(patient.token, "/prescriptions/%s", id), 200);
    expect_true_doses(a);
    expect_clean_pictures(id);
    expect_review_drawable(id);
    assert_int_equal(owner_count("SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND type = 'prescription.ready' "
                                 "AND data ->> 'prescription_id' = $2", patient.id, id, NULL), 1);
    struct answer *done = expect(post(patient.token, accept_all(a), "/prescriptions/%s/confirm", id), 200);
    assert_string_equal(answer_text(done, "status"), "completed");
    assert_true(answer_number(done, "reminders_created") > 0);
    struct answer *again = expect(post(patient.token, json_object(), "/prescriptions/%s/confirm", id), 200);
    assert_true(answer_number(again, "reminders_created") == answer_number(done, "reminders_created"));
}

/* Turned as EXIF says, and nothing of EXIF is left: a served picture tells nobody where its patient lives. */
static void a_photo_on_its_side_is_upright_and_tells_no_place(void **state)
{
    (void)state;
    char id[37];
    size_t size;
    unsigned char *bytes = sideways(PAGE_SEED, &size);
    PIX *sent = pixReadMem(bytes, size);
    read_picture(bytes, size, "IMG_0002.jpg", "image/jpeg", id);
    free(bytes);
    expect_true_doses(expect(get(patient.token, "/prescriptions/%s", id), 200));
    expect_clean_pictures(id);
    expect_review_drawable(id);
    struct answer *a = expect(get(patient.token, "/prescriptions/%s/image", id), 200);
    PIX *kept = pixReadMem((const l_uint8 *)a->body, a->size);
    assert_true((pixGetWidth(kept) > pixGetHeight(kept)) == (pixGetHeight(sent) > pixGetWidth(sent)));
    pixDestroy(&sent);
    pixDestroy(&kept);
}

/* Read again from our own copy: the picture stays as it is. */
static void a_draft_can_be_read_again(void **state)
{
    (void)state;
    char id[37];
    size_t size;
    unsigned char *bytes = photo(PAGE_SEED, CHOOSE_TABLES, &size);
    read_picture(bytes, size, "a.jpg", "image/jpeg", id);
    free(bytes);
    struct answer *first = expect(get(patient.token, "/prescriptions/%s/image", id), 200);
    expect(post(patient.token, NULL, "/prescriptions/%s/reprocess", id), 202);
    for (int i = 0; i < 60; i++) {
        struct answer *a = expect(get(patient.token, "/prescriptions/%s/processing?wait=20", id), 200);
        if (strcmp(answer_text(a, "status"), "done") == 0)
            break;
        assert_string_not_equal(answer_text(a, "status"), "error");
    }
    expect_true_doses(expect(get(patient.token, "/prescriptions/%s", id), 200));
    struct answer *second = expect(get(patient.token, "/prescriptions/%s/image", id), 200);
    assert_int_equal(first->size, second->size);
    assert_memory_equal(first->body, second->body, first->size);
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    char id[37];
    size_t size;
    unsigned char *bytes = photo(3, CHOOSE_UNREADABLE, &size);
    struct answer *a = read_picture(bytes, size, "a.jpg", "image/jpeg", id);
    free(bytes);
    assert_string_equal(answer_text(a, "status"), "error");
    assert_non_null(strstr(answer_text(a, "error"), "ocr."));
    assert_true(answer_number(a, "attempts") == 1);
    a = expect(get(patient.token, "/prescriptions/%s", id), 200);
    assert_int_equal(answer_count(a, "medications"), 0);
    expect(get(patient.token, "/prescriptions/%s/image", id), 200); /* to enter it by hand from */
    assert_false(in_storage(id, ".upload"));
}

/* A header like a picture's, and nothing behind it. */
static void what_cannot_be_decoded_is_not_kept(void **state)
{
    (void)state;
    char id[37];
    unsigned char png[PNG_BYTES];
    picture_png(png, 800, 600);
    struct answer *a = read_picture(png, sizeof png, "a.png", "image/png", id);
    assert_string_equal(answer_text(a, "error"), "ocr.bad_image");
    assert_true(answer_number(a, "attempts") == 1);
    expect_problem(get(patient.token, "/prescriptions/%s/image", id), 404, "not_found");
    expect_problem(post(patient.token, NULL, "/prescriptions/%s/reprocess", id), 409, "prescription.not_readable_again");
    assert_false(in_storage(id, ".upload"));
    assert_false(in_storage(id, ".jpg"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_photo_becomes_reminders),
        cmocka_unit_test(a_photo_on_its_side_is_upright_and_tells_no_place),
        cmocka_unit_test(a_draft_can_be_read_again),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(what_cannot_be_decoded_is_not_kept),
    };
    return cmocka_run_group_tests_name("reading", tests, make_people, NULL);
}
