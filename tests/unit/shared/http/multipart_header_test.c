/* The grammar of multipart headers: what is refused, then the ways clients really write them. */
#include "unit.h"

#include "core/str.h"
#include "http/multipart.h"
#include "http/multipart_header.h"

#define SEVENTY "1234567890123456789012345678901234567890123456789012345678901234567890"

static void content_types_without_a_usable_boundary_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "multipart/form-data", "multipart/form-data;", "multipart/form-data; boundary", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"a", "multipart/form-data; boundary=a b",
        "multipart/form-data boundary=a",
        "multipart/mixed; boundary=a", "multipart/form-datax; boundary=a", "application/json", "form-data; boundary=a",
        "multipart/form-data, boundary=a",
        "multipart/form-data; boundary=a; boundary=a", "multipart/form-data; boundary=a; boundary=b", "multipart/form-data; boundary=" SEVENTY "1",
        "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=a@b", "multipart/form-data; boundary=\"a\\nb\"",
        "multipart/form-data; boundary=\"a\r\nb\"", "multipart/form-data; boundary=a;", "multipart/form-data; boundary = a",
        "multipart/form-data; boundary=a/b", "multipart/form-data; boundary=\"a\"b", "multipart/form-data; boundary=\"a;b\"",
        "multipart/form-data; boundary=\xe1\x9e\x90", "multipart/form-data; boundary*=UTF-8''a", "multipart/form-data; boundary=a\x7f"};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (multipart_boundary(mem, bad[i]))
            fail_msg("accepted: %s", bad[i]);
}

static void boundaries_are_found(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", "----WebKitFormBoundary7MA4YWxkTrZu0gW"},
        {"multipart/form-data; boundary=---------------------------9051914041544843365972754266",
         "---------------------------9051914041544843365972754266"},
        {"multipart/form-data; boundary=------------------------d74496d66958873e", "------------------------d74496d66958873e"},
        {"Multipart/Form-Data;BOUNDARY=a", "a"}, {"multipart/form-data; charset=utf-8; boundary=a", "a"},
        {"multipart/form-data;\tboundary=\"a b:c/d=e?(f)',g\"", "a b:c/d=e?(f)',g"}, {"multipart/form-data; boundary=" SEVENTY, SEVENTY},
        {"multipart/form-data; boundary=dart-http-boundary-+_-.", "dart-http-boundary-+_-."}, {" multipart/form-data; boundary=a ", "a"}};
    for (size_t i = 0; i < COUNT(good); i++) {
        const char *found = multipart_boundary(mem, good[i][0]);
        if (!str_eq(found, good[i][1]))
            fail_msg("%s: %s", good[i][0], found);
    }
}

#define NAMED "Content-Disposition: form-data; name=\"a\"\r\n"

static void part_headers_that_are_wrong_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "\r\n", "Content-Type: text/plain\r\n", "Content-Disposition: form-data\r\n", "Content-Disposition: form-data; filename=\"x\"\r\n",
        "Content-Disposition: form-data; name=\"\"\r\n", "Content-Disposition: attachment; name=\"a\"\r\n",
        "Content-Disposition: form-data; name\r\n",
        "Content-Disposition: form-data; name=\r\n", "Content-Disposition: form-data; name=\"a\r\n",
        "Content-Disposition: form-data; name=\"a\"x\r\n",
        "Content-Disposition: form-data; name=\"a\\x\"\r\n", "Content-Disposition: form-data; name=\"a\\\"\r\n",
        "Content-Disposition: form-data name=\"a\"\r\n",
        "Content-Disposition: form-data; name=\"a\"; name=\"b\"\r\n", "Content-Disposition: form-data; name=\"a\";\r\n",
        "Content-Disposition: form-data; name=\"a\"; filename=\"x\"; filename=\"y\"\r\n",
        "Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''x.jpg\r\n", "Content-Disposition: form-data; name*=UTF-8''a\r\n",
        "Content-Disposition: form-data; name=\"a\"; size=1\r\n", "Content-Disposition : form-data; name=\"a\"\r\n",
        " Content-Disposition: form-data; name=\"a\"\r\n",
        "Content-Disposition: form-data;\r\n name=\"a\"\r\n", NAMED NAMED, NAMED "Content-Type: text/plain\r\nContent-Type: text/plain\r\n",
        NAMED "Content-Type: text\r\n", NAMED "Content-Type: \r\n", NAMED "Content-Type: text/plain; charset=iso-8859-1\r\n",
        NAMED "Content-Type: text/plain; charset\r\n", NAMED "Content-Type: multipart/mixed; boundary=x\r\n", NAMED "Content-Type: text/plain, text/html\r\n",
        NAMED "Content-Transfer-Encoding: base64\r\n", NAMED "Content-Transfer-Encoding: quoted-printable\r\n", NAMED "Content-Length: x\r\n",
        NAMED "Content-Length: -1\r\n", NAMED "Content-Length:\r\n", NAMED "X-Other: 1\r\n", NAMED "Content-Encoding: gzip\r\n", NAMED "nonsense\r\n",
        NAMED ": x\r\n", "Content-Disposition: form-data; name=\"a\"\n", "Content-Disposition: form-data; name=\"a\nb\"\r\n",
        "Content-Disposition: form-data; name=\"a\rb\"\r\n", "Content-Disposition: form-data; name=\"a\x01\"\r\n",
        "Content-Disposition: form-data; name=\"a\x7f\"\r\n",
        "Content-Disposition: form-data; name=\"\xff\"\r\n", "Content-Disposition: form-data; name=\"\xc0\x80\"\r\n",
        NAMED "Content-Type: text/plain"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct multipart_part part = {.fd = -1};
        if (multipart_part_header(mem, bad[i], strlen(bad[i]), &part))
            fail_msg("accepted: %s", bad[i]);
    }
    struct multipart_part part = {.fd = -1};
    static const char nul[] = "Content-Disposition: form-data; name=\"a\0b\"\r\n";
    assert_false(multipart_part_header(mem, nul, sizeof nul - 1, &part));
}

static void part_headers_of_real_clients_are_read(void **state)
{
    (void)state;
    static const struct { const char *lines, *name, *filename, *type; } good[] = {
        {NAMED, "a", NULL, NULL},
        {"content-disposition:form-data;name=a\r\n", "a", NULL, NULL},
        {"Content-Disposition: form-data; name=\"image\"; filename=\"IMG 2041.jpg\"\r\nContent-Type: image/JPEG\r\n", "image", "IMG 2041.jpg",
         "image/jpeg"},
        {"Content-Type: image/png\r\nContent-Disposition: form-data; filename=\"\"; name=\"image\"\r\n", "image", "", "image/png"},
        {"Content-Disposition: form-data; name=\"a\"; filename=\"វេជ្ជបញ្ជា.png\"\r\n", "a", "វេជ្ជបញ្ជា.png", NULL},
        {"Content-Disposition: form-data; name=\"a\"; filename=\"quote\\\"back\\\\slash\"\r\n", "a", "quote\"back\\slash", NULL},
        {"Content-Disposition: form-data; name=\"a\"; filename=\"../../etc/passwd\"\r\n", "a", "../../etc/passwd", NULL}, /* a label, no path */
        {"content-disposition: form-data; name=\"note\"\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-transfer-encoding: binary\r\n", "note", NULL,
         "text/plain"}, /* Dart, for text that is not ASCII */
        {"Content-Disposition: form-data; name=\"a\"\r\nContent-Length: 12\r\n", "a", NULL, NULL}, /* OkHttp */
        {NAMED "Content-Type: text/plain; charset=\"UTF-8\"; format=flowed\r\n", "a", NULL, "text/plain"}};
    for (size_t i = 0; i < COUNT(good); i++) {
        struct multipart_part part = {.fd = -1};
        if (!multipart_part_header(mem, good[i].lines, strlen(good[i].lines), &part))
            fail_msg("refused: %s", good[i].lines);
        assert_string_equal(part.name, good[i].name);
        assert_true(str_eq(part.filename, good[i].filename));
        assert_true(str_eq(part.type, good[i].type));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(content_types_without_a_usable_boundary_are_refused),
        in_arena(boundaries_are_found),
        in_arena(part_headers_that_are_wrong_are_refused),
        in_arena(part_headers_of_real_clients_are_read),
    };
    return cmocka_run_group_tests_name("http/multipart_header", tests, NULL, NULL);
}
