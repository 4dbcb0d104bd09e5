/* The catalogue of e-mails: every template in every language, with the same placeholders and nothing left unfilled. */
#include "../../../../modules/notifications/mail_text.h"
#include "core/str.h"
#include "unit.h"

static const char *const languages[] = {"km", "en", "fr"};
static const char *const names[] = {"title", "code", "link", "minutes", "date"};

/* A value for every placeholder there is, but for `missing`. */
static json_t *values_without(const char *missing)
{
    json_t *values = json_object();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!str_eq(names[i], missing))
            json_object_set_new(values, names[i], json_sprintf("<%s>", names[i]));
    return values;
}

static enum err text_of(const char *template, const char *language, json_t *values, char **subject, char **text)
{
    enum err e = mail_text(mem, template, language, values, subject, text);
    json_decref(values);
    return e;
}

static void every_template_speaks_every_language(void **state)
{
    (void)state;
    char *subject, *text;
    for (size_t k = 0; mail_text_name(k); k++)
        for (size_t l = 0; l < 3; l++) {
            assert_int_equal(text_of(mail_text_name(k), languages[l], values_without(NULL), &subject, &text), OK);
            assert_true(utf8_valid(subject, strlen(subject)) && utf8_valid(text, strlen(text)));
            assert_true(*subject && !strchr(subject, '\n') && text[strlen(text) - 1] == '\n');
            assert_null(strpbrk(text, "{}"));
        }
}

static void texts_of_a_template_differ_by_language_but_not_by_value(void **state)
{
    (void)state;
    char *subject[3], *text[3];
    for (size_t k = 0; mail_text_name(k); k++) {
        for (size_t l = 0; l < 3; l++)
            assert_int_equal(text_of(mail_text_name(k), languages[l], values_without(NULL), &subject[l], &text[l]), OK);
        assert_string_not_equal(text[0], text[1]);
        assert_string_not_equal(text[1], text[2]);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            const char *value = arena_printf(mem, "<%s>", names[i]);
            assert_int_equal(!strstr(text[0], value), !strstr(text[1], value));
            assert_int_equal(!strstr(text[1], value), !strstr(text[2], value));
        }
    }
}

static void a_missing_value_is_refused(void **state)
{
    (void)state;
    char *subject, *text;
    assert_int_equal(text_of("account.reset_password", "en", values_without("code"), &subject, &text), E_INVALID);
    assert_int_equal(text_of("account.reset_password", "en", values_without("date"), &subject, &text), OK);
    assert_int_equal(text_of("no.such", "en", values_without(NULL), &subject, &text), E_NOT_FOUND);
}

static void a_value_is_not_looked_into(void **state)
{
    (void)state;
    char *subject, *text;
    json_t *values = json_pack("{s:s}", "title", "{code} {title} {");
    assert_int_equal(text_of("notice", "en", values, &subject, &text), OK);
    assert_string_equal(subject, "{code} {title} {");
}

static void an_unknown_language_is_khmer(void **state)
{
    (void)state;
    char *subject, *text, *khmer;
    assert_int_equal(text_of("account.password_changed", "km", values_without(NULL), &khmer, &text), OK);
    assert_int_equal(text_of("account.password_changed", "de", values_without(NULL), &subject, &text), OK);
    assert_string_equal(subject, khmer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(every_template_speaks_every_language),
        in_arena(texts_of_a_template_differ_by_language_but_not_by_value),
        in_arena(a_missing_value_is_refused),
        in_arena(a_value_is_not_looked_into),
        in_arena(an_unknown_language_is_khmer),
    };
    return cmocka_run_group_tests_name("mail_text", tests, NULL, NULL);
}
