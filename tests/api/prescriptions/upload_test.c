/* Taking in pictures: what is refused, that nothing of it stays, and what a good one becomes. */
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
#include "people.h"
#include "picture.h"

#define MB (1024u * 1024u)

static struct person patient, stranger, relative, doctor;

/* For each test, since a person may send 30 pictures at once. */
static int make_patient(void **state)
{
    (void)state;
    person_new(&patient, "patient");
    return 0;
}

static long rows_of(const char *user_id)
{
    return owner_count("SELECT count(*) FROM prescriptions WHERE created_by = $1::uuid OR patient_id = $1::uuid", user_id, NULL);
}

/* Files of the storage folder that do not belong to a prescription: what a refused upload would leave behind. Exports lie
 * there too, and may come at any time. */
static long all_strays(void)
{
    char path[4096];
    const char *var = getenv("DASTERN_VAR");
    snprintf(path, sizeof path, "%s/storage", var ? var : "var");
    DIR *dir = opendir(path);
    assert_non_null(dir);
    long strays = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char id[37];
        if (entry->d_name[0] == '.' || strstr(entry->d_name, ".export."))
            continue;
        snprintf(id, sizeof id, "%.36s", entry->d_name);
        strays += owner_count("SELECT (NOT EXISTS (SELECT FROM prescriptions WHERE id::text = $1))::int", id, NULL);
    }
    closedir(dir);
    return strays;
}

static long strays_before;

static long stray_files(void)
{
    return all_strays() - strays_before;
}

static int make_people(void **state)
{
    (void)state;
    person_new(&stranger, "patient");
    person_new(&relative, "family_member");
    person_new(&doctor, "doctor");
    strays_before = all_strays();
    return 0;
}

/* --- what is no picture ------------------------------------------------------------------------------------------- */

static void other_bytes_are_refused(void **state)
{
    (void)state;
    unsigned char png[PNG_BYTES];
    picture_png(png, 800, 600);
    const struct { const void *bytes; size_t size; const char *name, *type, *code; int status; } cases[] = {
        {"no picture at all, just text", 28, "page.jpg", "image/jpeg", "ocr.bad_image", 415},
        {"GIF89a\x20\x03\x58\x02", 10, "page.gif", "image/gif", "ocr.bad_image", 415},
        {"%PDF-1.7\n", 9, "page.pdf", "application/pdf", "ocr.bad_image", 415},
        {"<svg xmlns='http://www.w3.org/2000/svg'/>", 41, "page.svg", "image/svg+xml", "ocr.bad_image", 415},
        {"\xff\xd8\xff", 3, "page.jpg", "image/jpeg", "ocr.bad_image", 415},
        {"\xff\xd8\xff\xe0\xff\xff", 6, "page.jpg", "image/jpeg", "ocr.bad_image", 415},
        {"RIFF\xff\xff\xff\x7fWEBPVP8 ", 16, "page.webp", "image/webp", "ocr.bad_image", 415},
        {png, 20, "page.png", "image/png", "ocr.bad_image", 415},
        {png, PNG_BYTES, "page.png", "image/jpeg", "upload.type_differs", 415},
        {png, PNG_BYTES, "page.jpg", "image/png", "upload.type_differs", 415},
        {png, PNG_BYTES, "page.png.exe", "image/png", "upload.type_differs", 415},
        {png, PNG_BYTES, "page.png", "text/html", "upload.type_differs", 415},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_problem(picture_send(patient.token, cases[i].bytes, cases[i].size, cases[i].name, cases[i].type, NULL), cases[i].status,
                       cases[i].code);
    assert_int_equal(rows_of(patient.id), 0);
    assert_int_equal(stray_files(), 0);
}

static struct answer *send_text(const char *token, const char *content_type, const char *body)
{
    return client_call(&(struct call){.method = "POST", .path = "/prescriptions", .token = token, .raw = body, .raw_size = strlen(body),
                                      .content_type = content_type});
}

static void empty_file_is_refused(void **state)
{
    (void)state;
    static const char form[] = "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\r\n--b--\r\n";
    expect_problem(send_text(patient.token, "multipart/form-data; boundary=b", form), 415, "ocr.bad_image");
}

static void bombs_are_refused_by_their_header(void **state)
{
    (void)state;
    static const struct { unsigned width, height; const char *code; } cases[] = {
        {12000, 12000, "ocr.too_large"}, {30000, 30000, "ocr.too_large"}, {10001, 300, "ocr.too_large"}, {8000, 8000, "ocr.too_large"},
        {0xffffffff, 0xffffffff, "ocr.too_large"}, {100, 100, "ocr.too_small"}, {0, 600, "ocr.bad_image"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char png[PNG_BYTES];
        picture_png(png, cases[i].width, cases[i].height);
        struct answer *a = picture_send(patient.token, png, sizeof png, "page.png", "image/png", NULL);
        expect_problem(a, strcmp(cases[i].code, "ocr.bad_image") == 0 ? 415 : 422, cases[i].code);
        assert_true(a->seconds < 1.0);
    }
    assert_int_equal(rows_of(patient.id), 0);
}

static void too_many_bytes_are_refused(void **state)
{
    (void)state;
    static const unsigned sizes[] = {10 * MB + 1, 11 * MB + MB / 2, 30 * MB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *bytes = xcalloc(1, sizes[i]);
        picture_png(bytes, 800, 600);
        struct answer *a = picture_send(patient.token, bytes, sizes[i], "page.png", "image/png", NULL);
        /* nginx may close while the client still writes: then there is no answer to be read */
        assert_true(a->status == 413 || (a->status == 0 && sizes[i] > 11 * MB));
        if (a->status == 413 && i == 0)
            expect_problem(a, 413, "multipart.file_too_large");
        free(bytes);
    }
    assert_int_equal(rows_of(patient.id), 0);
    assert_int_equal(stray_files(), 0);
}

/* --- what is no form ---------------------------------------------------------------------------------------------- */

static void broken_forms_are_refused(void **state)
{
    (void)state;
    static const char *const form = "multipart/form-data; boundary=b";
#define PART "Content-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\nx"
    static const struct { const char *type, *body, *code; int status; } cases[] = {
        {"multipart/form-data", "--b\r\n" PART "\r\n--b--\r\n", "multipart.boundary", 400},
        {form, "--b\r\n" PART, "multipart.truncated", 400},
        {form, "--b\r\n" PART "\r\n--b", "multipart.truncated", 400},
        {form, "", "multipart.truncated", 400},
        {form, PART, "multipart.truncated", 400},
        {form, "--b\r\nX: " PART, "multipart.header", 400},
        {"multipart/form-data; boundary=other", "--b\r\n" PART "\r\n--b--\r\n", "multipart.truncated", 400},
        {"text/plain", PART, "request.content_type", 415},
        {"image/png", PART, "request.content_type", 415},
        {"application/x-www-form-urlencoded", "image=" PART, "request.content_type", 415},
    };
#undef PART
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_problem(send_text(patient.token, cases[i].type, cases[i].body), cases[i].status, cases[i].code);
    assert_int_equal(rows_of(patient.id), 0);
    assert_int_equal(stray_files(), 0);
}

static void other_fields_are_refused(void **state)
{
    (void)state;
    unsigned char png[PNG_BYTES];
    picture_png(png, 800, 600);
    const struct part image = {.name = "image", .value = (const char *)png, .size = sizeof png, .filename = "a.png", .type = "image/png"};
    struct part wrong_name = image;
    wrong_name.name = "photo";
    const char *token = patient.token;
    expect_fault(post_form(token, "/prescriptions", (struct part[]){{.name = "patient_id", .value = patient.id}, {0}}), "/image", "required");
    expect_fault(post_form(token, "/prescriptions", (struct part[]){wrong_name, {0}}), "/image", "required");
    expect_fault(post_form(token, "/prescriptions", (struct part[]){image, {.name = "status", .value = "completed"}, {0}}), "/status", "unknown");
    expect_fault(post_form(token, "/prescriptions", (struct part[]){image, {.name = "diagnosis", .value = "flu"}, {0}}), "/diagnosis", "unknown");
    expect_fault(post_form(token, "/prescriptions", (struct part[]){image, {.name = "patient_id", .value = "me"}, {0}}), "/patient_id", "format");
    expect_problem(post_form(token, "/prescriptions", (struct part[]){image, {.name = "patient_id", .value = "\xff\xfe"}, {0}}), 400,
                   "multipart.encoding");
    expect_problem(post_form(token, "/prescriptions", (struct part[]){image, image, {0}}), 400, "multipart.too_many_parts");
    assert_int_equal(rows_of(patient.id), 0);
    assert_int_equal(stray_files(), 0);
}

/* --- who may not --------------------------------------------------------------------------------------------------- */

static void only_for_patients_who_let_one(void **state)
{
    (void)state;
    expect_problem(picture_good(NULL, NULL), 401, "auth.token_missing");
    expect_problem(picture_good(relative.token, NULL), 422, "patient.required");
    expect_problem(picture_good(doctor.token, NULL), 422, "patient.required");
    const char *const foreigners[] = {stranger.token, relative.token, doctor.token};
    for (size_t i = 0; i < sizeof foreigners / sizeof foreigners[0]; i++) {
        struct answer *random = expect_problem(picture_good(foreigners[i], nobody_id()), 404, "not_found");
        expect_same_refusal(picture_good(foreigners[i], patient.id), random);
    }
    assert_int_equal(rows_of(patient.id), 0);
    assert_int_equal(stray_files(), 0);
}

static void onboarding_comes_first(void **state)
{
    (void)state;
    struct person newcomer;
    person_register(&newcomer);
    struct answer *a = expect_problem(picture_good(newcomer.token, NULL), 403, "onboarding.incomplete");
    assert_string_equal(answer_text(a, "next_step"), "select_role");
}

static void a_relative_needs_both_permissions(void **state)
{
    (void)state;
    struct person owner, viewer, manager;
    char link[37];
    person_new(&owner, "patient");
    person_new(&viewer, "family_member");
    person_new(&manager, "family_member");
    person_link(&owner, &viewer, json_pack("{s:b}", "view_prescriptions", 1), link);
    person_link(&owner, &manager, json_pack("{s:b, s:b}", "view_prescriptions", 1, "manage_reminders", 1), link);
    expect_problem(picture_good(viewer.token, owner.id), 404, "not_found");
    struct answer *a = expect(picture_good(manager.token, owner.id), 202);
    assert_int_equal(owner_count("SELECT count(*) FROM prescriptions WHERE id = $1::uuid AND patient_id = $2::uuid AND created_by = $3::uuid",
                                 answer_text(a, "id"), owner.id, manager.id, NULL), 1);
    expect(delete_(owner.token, "/family/members/%s", link), 204);
    expect_problem(picture_good(manager.token, owner.id), 404, "not_found");
}

/* --- how much ------------------------------------------------------------------------------------------------------ */

static void quota_counts_bytes(void **state)
{
    (void)state;
    struct person hoarder;
    person_new(&hoarder, "patient");
    struct answer *first = expect(picture_good(hoarder.token, NULL), 202);
    owner_sql("UPDATE prescriptions SET image_bytes = 1073741824 - 40 WHERE id = $1::uuid", answer_text(first, "id"), NULL);
    struct answer *a = expect_problem(picture_good(hoarder.token, NULL), 409, "upload.quota_reached");
    assert_true(answer_number(a, "used_bytes") > 1e9);
    assert_int_equal(rows_of(hoarder.id), 1);
    assert_int_equal(stray_files(), 0);
}

static void quota_counts_pictures(void **state)
{
    (void)state;
    struct person hoarder;
    person_new(&hoarder, "patient");
    owner_sql("INSERT INTO prescriptions (patient_id, created_by, original_image_url, image_bytes) "
              "SELECT $1::uuid, $1::uuid, gen_random_uuid() || '.jpg', 1 FROM generate_series(1, 2000)", hoarder.id, NULL);
    expect_problem(picture_good(hoarder.token, NULL), 409, "upload.quota_reached");
    assert_int_equal(rows_of(hoarder.id), 2000);
}

/* --- what becomes of a good one ------------------------------------------------------------------------------------- */

static void a_picture_is_queued(void **state)
{
    (void)state;
    struct answer *a = expect(picture_good(stranger.token, NULL), 202);
    char location[80];
    snprintf(location, sizeof location, "/api/v1/prescriptions/%s", answer_text(a, "id"));
    assert_string_equal(answer_header(a, "Location"), location);
    assert_string_equal(answer_text(a, "status"), "processing");
    assert_string_equal(answer_text(a, "processing.status"), "queued");
    assert_non_null(answer_text(a, "processing.queued_at"));
    assert_int_equal(owner_count("SELECT count(*) FROM prescription_processing_queue WHERE prescription_id = $1::uuid",
                                 answer_text(a, "id"), NULL), 1);
}

static void a_name_is_never_a_path(void **state)
{
    (void)state;
    unsigned char png[PNG_BYTES];
    picture_png(png, 800, 600);
    expect(picture_send(stranger.token, png, sizeof png, "../../../../tmp/evil.png", "image/png", NULL), 202);
    expect(picture_send(stranger.token, png, sizeof png, "\xe1\x9e\x9b\xe1\x9f\x81\xe1\x9e\x81", "application/octet-stream", NULL), 202);
    FILE *evil = fopen("/tmp/evil.png", "rb");
    assert_null(evil);
    assert_int_equal(stray_files(), 0);
}

static void a_chunked_body_is_taken(void **state)
{
    (void)state;
    unsigned char request[8192], png[PNG_BYTES];
    picture_png(png, 800, 600);
    static const char head[] = "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n";
    static const char tail[] = "\r\n--b--\r\n";
    int n = snprintf((char *)request, sizeof request,
                     "POST /api/v1/prescriptions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n"
                     "Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n%x\r\n",
                     stranger.token, sizeof head - 1, head, PNG_BYTES);
    memcpy(request + n, png, PNG_BYTES);
    n += PNG_BYTES;
    n += snprintf((char *)request + n, sizeof request - (size_t)n, "\r\n%zx\r\n%s\r\n0\r\n\r\n", sizeof tail - 1, tail);
    assert_int_equal(client_raw(request, (size_t)n, 10)->status, 202);
}

/* The client goes away in the middle of its body. */
static void a_broken_off_body_leaves_nothing(void **state)
{
    (void)state;
    long before = rows_of(stranger.id);
    char request[4096];
    int n = snprintf(request, sizeof request,
                     "POST /api/v1/prescriptions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                     "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n"
                     "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n\x89PNG", stranger.token);
    client_raw(request, (size_t)n, 1);
    assert_int_equal(rows_of(stranger.id), before);
    assert_int_equal(stray_files(), 0);
}

static void a_key_stores_one(void **state)
{
    (void)state;
    long before = rows_of(stranger.id);
    unsigned char png[PNG_BYTES];
    picture_png(png, 800, 600);
    char body[512], key[64];
    static const char head[] = "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n";
    static const char tail[] = "\r\n--b--\r\n";
    memcpy(body, head, sizeof head - 1);
    memcpy(body + sizeof head - 1, png, sizeof png);
    memcpy(body + sizeof head - 1 + sizeof png, tail, sizeof tail);
    snprintf(key, sizeof key, "Idempotency-Key: %s", nobody_id());
    const char *const headers[] = {key, NULL};
    const struct call call = {.method = "POST", .path = "/prescriptions", .token = stranger.token, .raw = body,
                              .raw_size = sizeof head - 1 + sizeof png + sizeof tail - 1,
                              .content_type = "multipart/form-data; boundary=b", .headers = headers};
    struct answer *first = expect(client_call(&call), 202);
    struct answer *again = expect(client_call(&call), 202);
    assert_string_equal(answer_text(again, "id"), answer_text(first, "id"));
    assert_string_equal(answer_header(again, "Idempotent-Replayed"), "true");
    assert_int_equal(rows_of(stranger.id), before + 1);
    assert_int_equal(stray_files(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(other_bytes_are_refused, make_patient),
        cmocka_unit_test_setup(empty_file_is_refused, make_patient),
        cmocka_unit_test_setup(bombs_are_refused_by_their_header, make_patient),
        cmocka_unit_test_setup(too_many_bytes_are_refused, make_patient),
        cmocka_unit_test_setup(broken_forms_are_refused, make_patient),
        cmocka_unit_test_setup(other_fields_are_refused, make_patient),
        cmocka_unit_test_setup(only_for_patients_who_let_one, make_patient),
        cmocka_unit_test_setup(onboarding_comes_first, make_patient),
        cmocka_unit_test_setup(a_relative_needs_both_permissions, make_patient),
        cmocka_unit_test_setup(quota_counts_bytes, make_patient),
        cmocka_unit_test_setup(quota_counts_pictures, make_patient),
        cmocka_unit_test_setup(a_picture_is_queued, make_patient),
        cmocka_unit_test_setup(a_name_is_never_a_path, make_patient),
        cmocka_unit_test_setup(a_chunked_body_is_taken, make_patient),
        cmocka_unit_test_setup(a_broken_off_body_leaves_nothing, make_patient),
        cmocka_unit_test_setup(a_key_stores_one, make_patient),
    };
    return cmocka_run_group_tests_name("uploads", tests, make_people, NULL);
}
