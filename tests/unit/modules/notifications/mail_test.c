/* Messages read back by GMime: what goes in comes out, in lines SMTP can carry, and nothing can be injected. */
#include <gmime/gmime.h>

#include "../../../../modules/notifications/mail.h"
#include "unit.h"

static struct mail sample(void)
{
    return (struct mail){
        .from = "no-reply@dastern.example", .from_name = "DasTern", .to = "sok@example.org", .subject = "Hello",
        .text = "One.\nTwo.\n", .key = "reset:1", .language = "en", .unix_time = 1767225599,
    };
}

static const char *written(const struct mail *mail)
{
    struct buf out = {.mem = mem};
    mail_write(&out, mail);
    return out.data;
}

static GMimeMessage *parse(const char *text)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(text, strlen(text));
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    assert_non_null(message);
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

static char *text_of(GMimeMessage *message)
{
    char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(g_mime_message_get_mime_part(message)));
    char *copy = arena_strdup(mem, text);
    g_free(text);
    return copy;
}

static void expect_lines_fit(const char *message)
{
    for (const char *line = message; *line;) {
        size_t n = strcspn(line, "\r\n");
        assert_true(n <= 78);
        assert_memory_equal(line + n, "\r\n", 2);
        line += n + 2;
    }
}

static void expect_round_trip(const char *subject, const char *text, const char *wanted_text)
{
    struct mail mail = sample();
    mail.subject = subject;
    mail.text = text;
    const char *bytes = written(&mail);
    expect_lines_fit(bytes);
    GMimeMessage *message = parse(bytes);
    assert_string_equal(g_mime_message_get_subject(message), subject);
    assert_string_equal(text_of(message), wanted_text);
    g_object_unref(message);
}

static void comes_back_in_every_language(void **state)
{
    (void)state;
    expect_round_trip("Hello", "One.\nTwo.\n", "One.\r\nTwo.\r\n");
    expect_round_trip("Réinitialisez votre mot de passe, s'il vous plaît, dès maintenant", "é", "é");
    expect_round_trip("កំណត់ពាក្យសម្ងាត់ថ្មីសម្រាប់គណនីរបស់អ្នកនៅក្នុងកម្មវិធី DasTern",
                      "លេខកូដ៖ 493817\n.\n..\n", "លេខកូដ៖ 493817\r\n.\r\n..\r\n");
    expect_round_trip("😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀", "", "");
}

/* Every length, so that each way of breaking lines and words is met. */
static void comes_back_at_every_length(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 130; n++) {
        struct buf text = {.mem = mem};
        for (size_t i = 0; i < n; i++)
            buf_str(&text, i % 3 ? "ក" : "a");
        expect_round_trip(text.data, text.data, text.data);
        arena_reset(mem);
    }
}

static void cannot_be_given_another_header(void **state)
{
    (void)state;
    struct mail mail = sample();
    mail.subject = "Hi\r\nBcc: evil@example.org\r\n\r\nbody";
    mail.text = "\r\n.\r\nMAIL FROM:<evil@example.org>\r\n";
    GMimeMessage *message = parse(written(&mail));
    assert_null(g_mime_object_get_header(GMIME_OBJECT(message), "Bcc"));
    assert_string_equal(g_mime_message_get_subject(message), "Hi  Bcc: evil@example.org    body");
    assert_null(strstr(written(&mail), "\r\n.\r\n"));
    assert_null(strstr(written(&mail), "evil@"));
    g_object_unref(message);
}

static void names_itself_the_same_when_repeated(void **state)
{
    (void)state;
    struct mail mail = sample(), other = sample();
    other.key = "reset:2";
    other.unix_time++;
    GMimeMessage *first = parse(written(&mail)), *second = parse(written(&other));
    mail.unix_time += 60;
    GMimeMessage *again = parse(written(&mail));
    assert_string_equal(g_mime_message_get_message_id(first), g_mime_message_get_message_id(again));
    assert_string_not_equal(g_mime_message_get_message_id(first), g_mime_message_get_message_id(second));
    assert_null(strstr(g_mime_message_get_message_id(first), "reset"));
    g_object_unref(first);
    g_object_unref(second);
    g_object_unref(again);
}

static void has_its_headers(void **state)
{
    (void)state;
    struct mail mail = sample();
    const char *bytes = written(&mail);
    assert_non_null(strstr(bytes, "Date: Wed, 31 Dec 2025 23:59:59 +0000\r\n"));
    GMimeMessage *message = parse(bytes);
    InternetAddressList *from = g_mime_message_get_from(message), *to = g_mime_message_get_to(message);
    assert_int_equal(internet_address_list_length(from), 1);
    assert_string_equal(internet_address_get_name(internet_address_list_get_address(from, 0)), "DasTern");
    InternetAddress *recipient = internet_address_list_get_address(to, 0);
    assert_string_equal(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(recipient)), "sok@example.org");
    assert_string_equal(g_mime_object_get_header(GMIME_OBJECT(message), "Auto-Submitted"), "auto-generated");
    g_object_unref(message);
}

static void knows_addresses_it_can_send_to(void **state)
{
    (void)state;
    const char *good[] = {"a@b", "sok.dara+x@mail.example.org", "o'neil@example.org", "a_b-c@x-y.example"};
    const char *bad[] = {"", "@", "a@", "@b", "a", "a@b@c", "a b@c", "a@b>c", "<a@b", "a@b\r\nRCPT TO:<c@d>", "\"a\"@b",
                         "a@b,c", "a@b;c", "a(b)@c", "é@b", "a@[127.0.0.1]", "-a@b", "a@-b", "a\\@b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(mail_address_ok(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(mail_address_ok(bad[i]));
    char long_one[257] = "a@";
    memset(long_one + 2, 'b', 252);
    assert_true(mail_address_ok(long_one));
    long_one[254] = 'b';
    assert_false(mail_address_ok(long_one));
}

int main(void)
{
    g_mime_init();
    const struct CMUnitTest tests[] = {
        in_arena(comes_back_in_every_language),
        in_arena(comes_back_at_every_length),
        in_arena(cannot_be_given_another_header),
        in_arena(names_itself_the_same_when_repeated),
        in_arena(has_its_headers),
        cmocka_unit_test(knows_addresses_it_can_send_to),
    };
    int failed = cmocka_run_group_tests_name("mail", tests, NULL, NULL);
    g_mime_shutdown();
    return failed;
}
