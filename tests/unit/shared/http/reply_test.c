/* Answers from rows: headers, cursors, conditions; and problems. */
#include "fake_fcgi.h"

#include <libpq-fe.h>

#include "db/pg_types.h"

static const struct field fields[] = {{.name = "name", .type = F_TEXT}, {.name = NULL}};
static const struct route list = {GET, "/things", PATIENT, R_LIST, fields, NULL, NULL};
static const struct route one = {GET, "/things/{thing_id:uuid}", PATIENT, 0, NULL, NULL, NULL};

static struct request *r;

static void clear(void *result)
{
    PQclear(result);
}

/* Rows of text: the names of the columns, then n values for each row; NULL is null. */
static struct rows rows_of(size_t columns, const char *const *names, size_t n, const char *const *values)
{
    PGresAttDesc *attributes = arena_array(mem, columns, sizeof *attributes);
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    arena_defer(mem, clear, result);
    for (size_t c = 0; c < columns; c++)
        attributes[c] = (PGresAttDesc){.name = arena_strdup(mem, names[c]), .typid = PG_TEXT, .format = 1};
    PQsetResultAttrs(result, (int)columns, attributes);
    for (size_t i = 0; i < n * columns; i++) {
        char *value = arena_strdup(mem, values[i]);
        PQsetvalue(result, (int)(i / columns), (int)(i % columns), value, value ? (int)strlen(value) : -1);
    }
    return (struct rows){.result = result};
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < r->reply.header_count; i++)
        if (str_eq(r->reply.headers[i].name, name))
            return r->reply.headers[i].value;
    return NULL;
}

static void nothing_breaks_out_of_a_header(void **state)
{
    (void)state;
    static const char *const values[] = {"a\r\nSet-Cookie: x", "a\nb", "a\rb", "\x7f", "a\tb", "\x01"};
    r = fake_request(&one);
    for (size_t i = 0; i < COUNT(values); i++)
        reply_header(r, "Location", values[i]);
    assert_int_equal(r->reply.header_count, 0);
    const char *const names[] = {"_location", "_etag", "id"}, *const row[] = {"/x\r\nEvil: 1", "e\"\r\nEvil: 1", "1"};
    struct rows rows = rows_of(3, names, 1, row);
    assert_int_equal(reply_row(r, 201, &rows), OK);
    reply_send(r);
    assert_null(strstr(fake_answer.data, "Evil"));
    assert_string_equal(strstr(fake_answer.data, "\r\n\r\n"), "\r\n\r\n{\"id\":\"1\"}");
}

static void no_row_is_not_found(void **state)
{
    (void)state;
    const char *const names[] = {"id"};
    r = fake_request(&one);
    struct rows none = rows_of(1, names, 0, NULL), empty = {0};
    assert_int_equal(reply_row(r, 200, &none), E_NOT_FOUND);
    assert_int_equal(reply_row(r, 200, &empty), E_NOT_FOUND);
    assert_string_equal(r->problem.code, "not_found");
    assert_int_equal(r->reply.status, 0);
}

static void a_refusal_keeps_nothing_of_the_answer_begun(void **state)
{
    (void)state;
    const char *const names[] = {"_location", "secret"}, *const row[] = {"/things/1", "half an answer"};
    struct rows rows = rows_of(2, names, 1, row);
    r = fake_request(&one);
    assert_int_equal(reply_row(r, 201, &rows), OK);
    r->reply.content_type = "text/event-stream";
    reply_header(r, "X-Accel-Redirect", "/_private/x");
    problem_render(r, fail(r, E_CONFLICT, "dose.not_pending"));
    reply_send(r);
    assert_non_null(strstr(fake_answer.data, "Status: 409\r\nContent-Type: application/problem+json"));
    assert_null(strstr(fake_answer.data, "half"));
    assert_null(strstr(fake_answer.data, "Location"));
    assert_null(strstr(fake_answer.data, "X-Accel"));
}

static void a_refusal_without_a_reason_is_still_whole(void **state)
{
    (void)state;
    r = fake_request(&one);
    problem_render(r, E_INTERNAL);
    reply_send(r);
    assert_non_null(strstr(fake_answer.data, "Status: 500"));
    assert_non_null(strstr(fake_answer.data, "\"code\":\"internal\""));
    assert_non_null(strstr(fake_answer.data, "\"request_id\":\"a-request\""));
}

static void members_of_a_problem_are_an_object_or_nothing(void **state)
{
    (void)state;
    static const struct { const char *members, *shown; } examples[] = {
        {"{\"next_step\":\"select_role\"}", ",\"next_step\":\"select_role\"}"}, {"{}", "\"a-request\"}"}, {"[1]", "\"a-request\"}"},
        {"not json", "\"a-request\"}"}, {"", "\"a-request\"}"}, {"{\"a\":{\"b\":[1,null]}}", ",\"a\":{\"b\":[1,null]}}"},
    };
    for (size_t i = 0; i < COUNT(examples); i++) {
        r = fake_request(&one);
        problem_render(r, fail_with(r, E_FORBIDDEN, 403, "onboarding.incomplete", examples[i].members));
        assert_string_equal(r->reply.body.data + r->reply.body.len - strlen(examples[i].shown), examples[i].shown);
    }
}

static void if_none_match_is_honoured(void **state)
{
    (void)state;
    static const struct { const char *known; int status; } examples[] = {
        {NULL, 200}, {"", 200}, {"\"v2\"", 200}, {"v1", 200}, {"\"v1", 200}, {"\"xv1\"", 200}, {"\"v1\"", 304}, {"W/\"v1\"", 304},
        {"\"v0\", \"v1\"", 304}, {"*", 304},
    };
    const char *const names[] = {"_etag", "id"}, *const row[] = {"v1", "1"};
    struct rows rows = rows_of(2, names, 1, row);
    for (size_t i = 0; i < COUNT(examples); i++) {
        r = fake_request(&one);
        if (examples[i].known)
            fake_param("HTTP_IF_NONE_MATCH", examples[i].known);
        assert_int_equal(reply_row(r, 200, &rows), OK);
        assert_int_equal(r->reply.status, examples[i].status);
        assert_string_equal(header("ETag"), "\"v1\"");
        assert_int_equal(r->reply.body.len > 0, examples[i].status == 200);
    }
}

static void a_cursor_leads_to_where_the_page_ended(void **state)
{
    (void)state;
    static const char *const names[] = {"_cursor_1", "_cursor_2", "id"};
    static const char *const values[] = {"2026-05-01T08:00:00.5Z", "a", "1", "ក/+&=\"", "b?", "2", "z", "c", "3"};
    r = fake_request(&list);
    fake_param("QUERY_STRING", "limit=2&name=a%26b");
    assert_int_equal(request_read_input(r), OK);
    struct rows rows = rows_of(3, names, 3, values);
    assert_int_equal(reply_rows(r, 200, &rows), OK);
    assert_string_equal(header("Link") ? "a link" : "none", "a link");
    assert_non_null(strstr(header("Link"), "</api/v1/things?limit=2&cursor="));
    assert_non_null(strstr(header("Link"), "&name=a%26b>; rel=\"next\""));
    assert_non_null(strstr(r->reply.body.data, "{\"items\":[{\"id\":\"1\"},{\"id\":\"2\"}],\"next_cursor\":\""));
    const char *start = strstr(header("Link"), "cursor="), *end = strchr(start, '&');
    const char *again = arena_printf(mem, "limit=2&%.*s", (int)(end - start), start);
    r = fake_request(&list);
    fake_param("QUERY_STRING", again);
    assert_int_equal(request_read_input(r), OK);
    assert_string_equal(r->exchange->cursor_1, "ក/+&=\"");
    assert_string_equal(r->exchange->cursor_2, "b?");
}

static void the_last_page_has_no_cursor(void **state)
{
    (void)state;
    static const char *const names[] = {"_cursor_1", "id"}, *const values[] = {"a", "1", "b", "2"};
    for (size_t n = 0; n <= 2; n++) {
        r = fake_request(&list);
        fake_param("QUERY_STRING", "limit=2");
        assert_int_equal(request_read_input(r), OK);
        struct rows rows = rows_of(2, names, n, values);
        assert_int_equal(reply_rows(r, 200, &rows), OK);
        assert_null(header("Link"));
        assert_non_null(strstr(r->reply.body.data, "\"next_cursor\":null}"));
    }
}

static void head_is_get_without_the_body(void **state)
{
    (void)state;
    const char *const names[] = {"id"}, *const row[] = {"1"};
    struct rows rows = rows_of(1, names, 1, row);
    r = fake_request(&one);
    r->exchange->head_only = true;
    assert_int_equal(reply_row(r, 200, &rows), OK);
    reply_send(r);
    assert_non_null(strstr(fake_answer.data, "Content-Length: 10\r\n"));
    assert_string_equal(strstr(fake_answer.data, "\r\n\r\n"), "\r\n\r\n");
}

static void files_stay_below_the_storage(void **state)
{
    (void)state;
    static const char *const names[] = {"/etc/passwd", "../x", "a/../../x", "a/.."};
    for (size_t i = 0; i < COUNT(names); i++) {
        r = fake_request(&one);
        assert_int_equal(reply_file(r, names[i], "image/jpeg"), E_INTERNAL);
        assert_null(header("X-Accel-Redirect"));
    }
    assert_int_equal(reply_file(r, "ab/cd.jpg", "image/jpeg"), OK);
    assert_string_equal(header("X-Accel-Redirect"), "/_private/ab/cd.jpg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(nothing_breaks_out_of_a_header), in_arena(no_row_is_not_found), in_arena(a_refusal_keeps_nothing_of_the_answer_begun),
        in_arena(a_refusal_without_a_reason_is_still_whole), in_arena(members_of_a_problem_are_an_object_or_nothing), in_arena(if_none_match_is_honoured),
        in_arena(a_cursor_leads_to_where_the_page_ended), in_arena(the_last_page_has_no_cursor), in_arena(head_is_get_without_the_body),
        in_arena(files_stay_below_the_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
