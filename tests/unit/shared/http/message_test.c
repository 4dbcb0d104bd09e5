/* Which language somebody is answered in. */
#include "unit.h"

#include "core/str.h"
#include "http/message.h"

static void what_is_no_list_of_languages_means_english(void **state)
{
    (void)state;
    static const char *const odd[] = {"", ",", ",,,;;;", ";q=1", "q=1", "*", "xx", "de-DE, de;q=0.9", "kmx", "english", "km;q=0", "km;q=-1",
                                      "km;q=nan", "\xff\xfe", "   ", "fr_FR", "k", "km;q=", ",km;q=0,"};
    assert_string_equal(language_choose(NULL), "en");
    for (size_t i = 0; i < COUNT(odd); i++)
        assert_string_equal(language_choose(odd[i]), "en");
}

static void the_best_known_one_wins(void **state)
{
    (void)state;
    static const struct { const char *header, *language; } examples[] = {
        {"km", "km"}, {"fr", "fr"}, {"en", "en"}, {"KM", "km"}, {"km-KH", "km"}, {"fr-CA,fr;q=0.9,en;q=0.8", "fr"}, {"de, km;q=0.5, en;q=0.4", "km"},
        {"en;q=0.4,km;q=0.5", "km"}, {"en;q=0.5,km;q=0.5", "en"}, {"fr;q=0.1, km ; q=0.9", "km"}, {"de;q=1.0,fr;q=0.001", "fr"}, {"*;q=0.5, fr", "fr"},
        {"en;q=0.9;x=q=1,km;q=1", "km"}, {" \t,km", "km"},
    };
    for (size_t i = 0; i < COUNT(examples); i++)
        assert_string_equal(language_choose(examples[i].header), examples[i].language);
}

/* A quality belongs to its own range, and a long header without any is no work. */
static void a_long_header_is_read_in_one_pass(void **state)
{
    (void)state;
    struct buf header = {.mem = mem};
    for (int i = 0; i < 2000; i++)
        buf_str(&header, "km,");
    buf_str(&header, "fr;q=1");
    assert_string_equal(language_choose(header.data), "km");
}

static void every_message_is_found_in_each_language(void **state)
{
    (void)state;
    assert_true(messages_count > 100);
    for (size_t i = 0; i < messages_count; i++) {
        assert_string_equal(message_text(messages[i].code, "en"), messages[i].text[EN]);
        assert_string_equal(message_text(messages[i].code, "km"), messages[i].text[KM]);
        assert_string_equal(message_text(messages[i].code, "fr"), messages[i].text[FR]);
        assert_string_equal(message_text(messages[i].code, "de"), messages[i].text[EN]);
    }
    assert_null(message_text("no.such_code", "en"));
    assert_null(message_text("", "en"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(what_is_no_list_of_languages_means_english), in_arena(the_best_known_one_wins), in_arena(a_long_header_is_read_in_one_pass),
        in_arena(every_message_is_found_in_each_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
