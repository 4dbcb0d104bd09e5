/* Input against a table of fields: bad input first, every fault named. */
#include "http/field.h"
#include "json/json_read.h"
#include "unit.h"

static const char *const slots[] = {"morning", "noon", NULL};
static const struct field dose_fields[] = {
    {.name = "morning", .type = F_DECIMAL, .min = 0, .max = 20}, {.name = "noon", .type = F_DECIMAL, .max = 20}, {0}};
static const struct field row_fields[] = {
    {.name = "name", .type = F_TEXT, .required = true, .max = 10},
    {.name = "doses", .type = F_OBJECT, .fields = dose_fields}, {0}};
static const struct field row = {.type = F_OBJECT, .fields = row_fields};
static const struct field fields[] = {
    {.name = "email", .type = F_EMAIL, .required = true},
    {.name = "age", .type = F_INT, .min = 1, .max = 120},
    {.name = "amount", .type = F_DECIMAL, .min = 0, .max = 100, .nullable = true},
    {.name = "slot", .type = F_CHOICE, .choices = slots},
    {.name = "on", .type = F_BOOL},
    {.name = "day", .type = F_DATE},
    {.name = "rows", .type = F_LIST, .item = &row, .max = 2},
    {.name = "phone", .type = F_PHONE},
    {0}};

struct checked {
    struct arena *mem;
    struct input in[8];
    struct field_faults faults;
};

static void check(struct checked *c, const char *text)
{
    struct json_fault broken;
    memset(c, 0, sizeof *c);
    c->mem = arena_new(4096);
    c->faults.mem = c->mem;
    json_t *value = json_read(c->mem, text, strlen(text), &broken);
    assert_non_null(value);
    fields_read_json(c->mem, fields, value, c->in, &c->faults);
}

static bool has_fault(const struct checked *c, const char *pointer, const char *code)
{
    for (size_t i = 0; i < c->faults.count; i++)
        if (strcmp(c->faults.items[i].pointer, pointer) == 0 && strcmp(c->faults.items[i].code, code) == 0)
            return true;
    return false;
}

static void names_every_fault_at_once(void **state)
{
    struct checked c;
    (void)state;
    check(&c, "{\"age\":\"7\",\"amount\":1.234,\"slot\":\"dusk\",\"on\":1,\"day\":\"2026-02-30\",\"a/b~\":0,"
              "\"rows\":[{\"doses\":{\"morning\":-1,\"dusk\":1}},7]}");
    assert_true(has_fault(&c, "/email", "required"));
    assert_true(has_fault(&c, "/age", "type"));
    assert_true(has_fault(&c, "/amount", "format"));
    assert_true(has_fault(&c, "/slot", "choice"));
    assert_true(has_fault(&c, "/on", "type"));
    assert_true(has_fault(&c, "/day", "format"));
    assert_true(has_fault(&c, "/a~1b~0", "unknown"));
    assert_true(has_fault(&c, "/rows/0/name", "required"));
    assert_true(has_fault(&c, "/rows/0/doses/morning", "min"));
    assert_true(has_fault(&c, "/rows/0/doses/dusk", "unknown"));
    assert_true(has_fault(&c, "/rows/1", "type"));
    assert_int_equal(c.faults.count, 11);
    arena_free(c.mem);
}

static void collects_no_more_faults_than_the_limit(void **state)
{
    struct checked c;
    struct buf text = {.mem = mem};
    (void)state;
    buf_str(&text, "{\"email\":\"a@b.example\"");
    for (int i = 0; i < 500; i++)
        buf_printf(&text, ",\"x%d\":1", i);
    buf_char(&text, '}');
    check(&c, text.data);
    assert_int_equal(c.faults.count, 100);
    arena_free(c.mem);
}

static void hands_on_normal_forms(void **state)
{
    struct checked c;
    (void)state;
    check(&c, "{\"email\":\"Sok.Dara@Example.COM\",\"age\":40,\"amount\":null,\"slot\":\"noon\",\"on\":true,"
              "\"phone\":\"012 345-678\",\"rows\":[{\"name\":\"x\",\"doses\":{\"morning\":0.5}}]}");
    assert_int_equal(c.faults.count, 0);
    assert_string_equal(c.in[0].value, "sok.dara@example.com");
    assert_string_equal(c.in[1].value, "40");
    assert_null(c.in[2].value);
    assert_true(c.in[2].present);
    assert_string_equal(c.in[4].value, "true");
    assert_false(c.in[5].present);
    assert_string_equal(c.in[6].value, "[{\"name\":\"x\",\"doses\":{\"morning\":0.5}}]");
    assert_string_equal(c.in[7].value, "+85512345678");
    arena_free(c.mem);
}

static void knows_numbers_at_their_edges(void **state)
{
    static const struct { const char *text, *fault; } cases[] = {
        {"{\"email\":\"a@b.example\",\"age\":0}", "min"}, {"{\"email\":\"a@b.example\",\"age\":121}", "max"},
        {"{\"email\":\"a@b.example\",\"age\":1.0}", "type"}, {"{\"email\":\"a@b.example\",\"age\":9223372036854775807}", "max"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct checked c;
        check(&c, cases[i].text);
        assert_true(has_fault(&c, "/age", cases[i].fault));
        arena_free(c.mem);
    }
}

static void refuses_odd_addresses(void **state)
{
    static const char *const bad[] = {"", "a", "@b.c", "a@", "a@b", "a@@b.c", "a b@c.d", "a@b..c", ".a@b.c", "a.@b.c",
                                      "a@-b.c", "a@b.c.", "a@b_c.d", "\"a\"@b.c", "a@b.c\n", "\xe1\x9e\x80@b.c"};
    const struct field email = {.type = F_EMAIL};
    const char *code;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(field_read_text(mem, &email, bad[i], &code));
    assert_string_equal(field_read_text(mem, &email, "A+b@mail.example", &code), "a+b@mail.example");
}

static void counts_code_points_and_refuses_controls(void **state)
{
    const struct field name = {.type = F_TEXT, .min = 2, .max = 3};
    const char *code;
    (void)state;
    assert_non_null(field_read_text(mem, &name, "\xe1\x9e\x80\xe1\x9e\x81\xe1\x9e\x82", &code)); /* three Khmer letters */
    assert_null(field_read_text(mem, &name, "abcd", &code));
    assert_string_equal(code, "length");
    assert_null(field_read_text(mem, &name, "a\rb", &code));
    assert_string_equal(code, "control");
}

static void reads_pairs(void **state)
{
    const struct pair pairs[] = {{"email", "a@b.example"}, {"age", "07"}, {"on", "yes"}, {"email", "c@d.example"}, {"x", ""}};
    struct checked c = {.mem = arena_new(1024)};
    (void)state;
    c.faults.mem = c.mem;
    fields_read_pairs(c.mem, fields, pairs, 5, c.in, &c.faults);
    assert_true(has_fault(&c, "/age", "format"));
    assert_true(has_fault(&c, "/on", "format"));
    assert_true(has_fault(&c, "/email", "duplicate"));
    assert_true(has_fault(&c, "/x", "unknown"));
    arena_free(c.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_fault_at_once), in_arena(collects_no_more_faults_than_the_limit),
        cmocka_unit_test(hands_on_normal_forms), cmocka_unit_test(knows_numbers_at_their_edges),
        in_arena(refuses_odd_addresses), in_arena(counts_code_points_and_refuses_controls),
        cmocka_unit_test(reads_pairs)};
    return cmocka_run_group_tests_name("field", tests, NULL, NULL);
}
