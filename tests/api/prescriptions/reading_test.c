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
    }
    assert_false(in_storage(id, ".upload"));
}

static void expect_boxes_inside(const char *id)
{
    struct answer *a = expect(get(patient.token, "/prescriptions/%s/review", id), 200);
    double width = answer_number(a, "picture.width"), height = answer_number(a, "picture.height");
    json_t *row, *field;
    size_t i;
    const char *name;
    json_array_foreach(answer_at(a, "rows"), i, row) {
        json_object_foreach(json_object_get(row, "fields"), name, field) {
            json_t *box = json_object_get(field, "box");
            if (!json_is_array(box))
                continue;
            assert_true(json_number_value(json_array_get(box, 0)) + json_number_value(json_array_get(box, 2)) <= width);
            assert_true(json_number_value(json_array_get(box, 1)) + json_number_value(json_array_get(box, 3)) <= height);
        }
    }
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
    expect_boxes_inside(id);
    assert_int_equal(owner_count("SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND type = 'prescription.ready' "
                                 "AND data ->> 'prescription_id' = $2", patient.id, id, NULL), 1);
    struct answer *done = expect(post(patient.token, accept_all(a), "/prescriptions/%s/confirm", id), 200);
    assert_string_equal(answer_text(done, "status"), "completed");
    assert_true(answer_number(done, "reminders_created") > 0);
    struct answer *again = expect(post(patient.token, json_object(), "/prescriptions/%s/confirm", id), 200);
    assert_true(answer_number(again, "reminders_created") == answer_number(done, "reminders_created"));
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
        cmocka_unit_test(a_draft_can_be_read_again),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(what_cannot_be_decoded_is_not_kept),
    };
    return cmocka_run_group_tests_name("reading", tests, make_people, NULL);
}
