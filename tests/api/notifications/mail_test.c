/* E-mails from the outbox to a mail server and back: what arrives, what never does, and how a row ends. The stack's
 * delivery_worker must talk to the server of tests/mail, whose directory is $DASTERN_TEST_MAIL. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>
#include <gmime/gmime.h>

#include "access/seal.h"
#include "expect.h"
#include "owner.h"
#include "people.h"
#include "slurp.h"

static struct arena *mem;

static int make_arena(void **state)
{
    (void)state;
    mem = arena_new(65536);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    client_forget();
    arena_free(mem);
    return 0;
}

/* The messages (raw) whose envelope names this recipient; at most 8. */
static size_t messages_to(const char *address, const char *out[8])
{
    glob_t found;
    size_t n = 0;
    if (glob(arena_printf(mem, "%s/*.eml", getenv("DASTERN_TEST_MAIL")), 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc && n < 8; i++) {
        char *text = slurp(mem, found.gl_pathv[i], 65536), *end = strstr(text, "\r\n");
        if (end && memmem(text, (size_t)(end - text), address, strlen(address)))
            out[n++] = end + 2;
    }
    globfree(&found);
    return n;
}

/* How the row ended, "done" or "dead"; waits for it. */
static const char *ending_of(const char *outbox_id)
{
    for (int tries = 0; tries < 300; tries++) {
        const char *status = owner_sql("SELECT status FROM outbox WHERE id = $1::uuid", outbox_id, NULL);
        if (status && (strcmp(status, "done") == 0 || strcmp(status, "dead") == 0))
            return arena_strdup(mem, status);
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000}, NULL);
    }
    return "still waiting";
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

static const char *body_of(GMimeMessage *message)
{
    char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(g_mime_message_get_mime_part(message)));
    const char *copy = arena_strdup(mem, text);
    g_free(text);
    return copy;
}

/* `sealed` NULL: none. */
static const char *put_row(const struct person *p, const char *key, const char *payload, const char *sealed)
{
    return arena_strdup(mem, owner_sql("INSERT INTO outbox (kind, user_id, dedupe_key, payload, sealed) "
                                       "VALUES ('email', $1::uuid, $2, $3::jsonb, nullif($4, '')::bytea) RETURNING id", p->id, key, payload,
                                       sealed ? sealed : "", NULL));
}

/* A notice that is wanted by e-mail. */
static const char *notify_by_mail(const struct person *p, const char *language, const char *key)
{
    owner_sql("UPDATE users SET email_verified = true, language = $2 WHERE id = $1::uuid RETURNING 1", p->id, language, NULL);
    owner_sql("INSERT INTO notification_preferences VALUES ($1::uuid, 'dose.due', 'email', true) ON CONFLICT DO NOTHING RETURNING 1", p->id, NULL);
    owner_sql("SELECT notify_user($1::uuid, 'dose.due', '{\"medication\": \"Amoxicillin\", \"time\": \"07:00\"}', $2)", p->id, key, NULL);
    return arena_strdup(mem, owner_sql("SELECT id FROM outbox WHERE kind = 'email' AND dedupe_key = $1", key, NULL));
}

static void a_notice_arrives_without_the_medicine(void **state)
{
    (void)state;
    struct person p;
    const char *raw[8];
    person_new(&p, "patient");
    assert_string_equal(ending_of(notify_by_mail(&p, "km", nobody_id())), "done");
    assert_int_equal(messages_to(p.email, raw), 1);
    GMimeMessage *message = parse(raw[0]);
    assert_string_equal(g_mime_message_get_subject(message), "ដល់ម៉ោងលេបថ្នាំ");
    assert_non_null(strstr(body_of(message), "DasTern"));
    assert_null(strstr(body_of(message), "Amoxicillin"));
    assert_null(strstr(raw[0], "Amoxicillin"));
    assert_non_null(strstr(raw[0], "\r\nContent-Language: km\r\n"));
    g_object_unref(message);
}

/* Delivered, but the worker died before it could say so. */
static void sent_again_it_bears_the_same_name(void **state)
{
    (void)state;
    struct person p;
    const char *raw[8], *key = arena_strdup(mem, nobody_id());
    person_new(&p, "patient");
    const char *row = notify_by_mail(&p, "en", key);
    assert_string_equal(ending_of(row), "done");
    owner_sql("UPDATE outbox SET status = 'queued', completed_at = NULL WHERE id = $1::uuid RETURNING 1", row, NULL);
    assert_string_equal(ending_of(row), "done");
    assert_int_equal(messages_to(p.email, raw), 2);
    GMimeMessage *first = parse(raw[0]), *second = parse(raw[1]);
    assert_string_equal(g_mime_message_get_message_id(first), g_mime_message_get_message_id(second));
    g_object_unref(first);
    g_object_unref(second);
}

static void a_sealed_code_arrives_and_is_wiped(void **state)
{
    (void)state;
    struct person p;
    const char *raw[8], *key = arena_strdup(mem, nobody_id());
    char *secret = slurp(mem, getenv("DASTERN_TEST_OUTBOX_KEY"), 4096), *sealed;
    person_new(&p, "patient");
    assert_int_equal(seal(mem, secret, "email", key, "{\"code\": \"493817\", \"link\": \"https://example.org/r#t0k3n\"}", &sealed), OK);
    const char *row = put_row(&p, key, "{\"template\": \"account.reset_password\", \"values\": {\"minutes\": \"15\"}}", sealed);
    assert_string_equal(ending_of(row), "done");
    assert_int_equal(messages_to(p.email, raw), 1);
    GMimeMessage *message = parse(raw[0]);
    assert_non_null(strstr(body_of(message), "493817"));
    assert_non_null(strstr(body_of(message), "https://example.org/r#t0k3n"));
    assert_non_null(strstr(body_of(message), "15"));
    g_object_unref(message);
    assert_int_equal(owner_count("SELECT count(*) FROM outbox WHERE id = $1::uuid AND sealed IS NULL AND outbox::text NOT LIKE '%493817%'", row, NULL), 1);
}

static void what_cannot_be_a_message_dies_at_once(void **state)
{
    (void)state;
    struct person p;
    const char *raw[8];
    char *secret = slurp(mem, getenv("DASTERN_TEST_OUTBOX_KEY"), 4096), *sealed;
    person_new(&p, "patient");
    assert_int_equal(seal(mem, secret, "email", "another key", "{\"code\": \"1\", \"link\": \"2\"}", &sealed), OK);
    const struct { const char *payload, *sealed, *error; } rows[] = {
        {"{\"template\": \"no.such\"}", NULL, "mail.template"},
        {"{\"template\": \"account.reset_password\", \"values\": {\"minutes\": \"15\"}}", NULL, "mail.template"},
        {"{\"template\": \"account.reset_password\", \"values\": {\"minutes\": \"15\"}}", sealed, "message.seal"},
        {"{\"template\": \"account.password_changed\", \"values\": [1]}", NULL, "message.values"},
        {"{\"template\": \"account.password_changed\", \"to\": \"a@b>\\r\\nRCPT TO:<c@d\"}", NULL, "mail.address"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *row = put_row(&p, nobody_id(), rows[i].payload, rows[i].sealed);
        assert_string_equal(ending_of(row), "dead");
        assert_string_equal(owner_sql("SELECT last_error FROM outbox WHERE id = $1::uuid", row, NULL), rows[i].error);
        assert_int_equal(owner_count("SELECT count(*) FROM outbox WHERE id = $1::uuid AND sealed IS NULL AND attempts = 1", row, NULL), 1);
    }
    assert_int_equal(messages_to(p.email, raw), 0);
}

static const char *row_to(const struct person *p, const char *address)
{
    return put_row(p, nobody_id(), arena_printf(mem, "{\"template\": \"account.password_changed\", \"to\": \"%s\"}", address), NULL);
}

static void a_refused_recipient_is_given_up_a_busy_server_is_not(void **state)
{
    (void)state;
    struct person p;
    const char *raw[8];
    person_new(&p, "patient");
    const char *refused = row_to(&p, arena_printf(mem, "reject-%s", p.email));
    assert_string_equal(ending_of(refused), "dead");
    assert_null(strchr(owner_sql("SELECT last_error FROM outbox WHERE id = $1::uuid", refused, NULL), '@'));
    const char *later = row_to(&p, arena_printf(mem, "busy-%s", p.email));
    assert_string_equal(ending_of(later), "done");
    assert_int_equal(owner_count("SELECT attempts FROM outbox WHERE id = $1::uuid", later, NULL), 2);
    assert_int_equal(messages_to(arena_printf(mem, "busy-%s", p.email), raw), 1);
}

static void other_channels_end_with_a_note(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    owner_sql("SELECT notify_user($1::uuid, 'dose.due', '{}', $2)", p.id, nobody_id(), NULL);
    const char *row = arena_strdup(mem, owner_sql("SELECT id FROM outbox WHERE user_id = $1::uuid AND kind = 'push'", p.id, NULL));
    assert_string_equal(ending_of(row), "done");
    assert_string_equal(owner_sql("SELECT stage FROM outbox WHERE id = $1::uuid", row, NULL), "not_configured");
}

int main(void)
{
    if (!getenv("DASTERN_TEST_MAIL") || !getenv("DASTERN_TEST_OUTBOX_KEY")) {
        fputs("DASTERN_TEST_MAIL and DASTERN_TEST_OUTBOX_KEY must say where the mail server and the key are\n", stderr);
        return 1;
    }
    g_mime_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_notice_arrives_without_the_medicine, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(sent_again_it_bears_the_same_name, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(a_sealed_code_arrives_and_is_wiped, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(what_cannot_be_a_message_dies_at_once, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(a_refused_recipient_is_given_up_a_busy_server_is_not, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(other_channels_end_with_a_note, make_arena, drop_arena),
    };
    int failed = cmocka_run_group_tests_name("mail", tests, NULL, NULL);
    g_mime_shutdown();
    return failed;
}
