/* The catalogue of text messages: every template in every language, with the same placeholders, and short. */
#include "../../../../modules/notifications/sms_text.h"
#include "core/str.h"
#include "unit.h"

#define PART_KHMER 67   /* characters in each part of a longer message */
#define PART_LATIN 153

static json_t *values(void)
{
    json_t *v = json_object();
    json_object_set_new(v, "code", json_string("123456"));
    json_object_set_new(v, "minutes", json_string("10"));
    return v;
}

static void every_template_speaks_every_language_in_few_parts(void **state)
{
    (void)state;
    static const struct { const char *language; size_t chars; } languages[] = {{"km", 2 * PART_KHMER}, {"en", PART_LATIN}, {"fr", PART_LATIN}};
    json_t *v = values();
    char *text[3];
    for (size_t k = 0; sms_text_name(k); k++) {
        for (size_t l = 0; l < 3; l++) {
            assert_int_equal(sms_text(mem, sms_text_name(k), languages[l].language, v, &text[l]), OK);
            assert_true(utf8_valid(text[l], strlen(text[l])) && str_starts(text[l], "DasTern"));
            assert_in_range(utf8_length(text[l]), 20, languages[l].chars);
            assert_null(strpbrk(text[l], "{}"));
            assert_int_equal(!strstr(text[l], "123456"), !strstr(text[0], "123456"));
        }
        assert_string_not_equal(text[0], text[1]);
        assert_string_not_equal(text[1], text[2]);
    }
    json_decref(v);
}

static void what_is_missing_is_refused(void **state)
{
    (void)state;
    char *text;
    json_t *none = json_object();
    assert_int_equal(sms_text(mem, "account.phone_code", "en", none, &text), E_INVALID);
    assert_int_equal(sms_text(mem, "account.nothing", "en", none, &text), E_NOT_FOUND);
    json_decref(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(every_template_speaks_every_language_in_few_parts),
        in_arena(what_is_missing_is_refused),
    };
    return cmocka_run_group_tests_name("sms_text", tests, NULL, NULL);
}
