/* Messages handed to a real mail server: over TLS or not at all, signed in, refused for good or for now. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "../../modules/notifications/smtp.h"

static struct arena *mem;

struct mail_server {
    char dir[32];
    pid_t pid;
    struct smtp_server config;
};

static char *slurp(const char *path)
{
    char *text = arena_alloc(mem, 65536);
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    text[fread(text, 1, 65535, f)] = '\0';
    fclose(f);
    return text;
}

static const char *file_of(const struct mail_server *server, const char *name)
{
    return arena_printf(mem, "%s/%s", server->dir, name);
}

static void spit(const char *path, const char *text, mode_t mode)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static struct mail_server start(const char *mode)
{
    struct mail_server server = {.dir = "/tmp/dastern-mail.XXXXXX"};
    assert_non_null(mkdtemp(server.dir));
    FILE *out = popen(arena_printf(mem, "tests/mail/start %s %s", server.dir, mode), "r");
    char line[32] = "";
    assert_true(out && fgets(line, sizeof line, out));
    pclose(out);
    server.pid = (pid_t)strtol(line, NULL, 10);
    server.config = (struct smtp_server){
        .url = arena_printf(mem, "smtp://127.0.0.1:%s", slurp(file_of(&server, "port"))),
        .netrc = "",
        .ca_file = file_of(&server, "cert.pem"),
    };
    return server;
}

static void stop(struct mail_server *server)
{
    if (server->pid > 1)
        kill(server->pid, SIGTERM);
    static const char *const names[] = {"1.eml", "2.eml", "3.eml", "port", "cert.pem", "key.pem", "server.log", "netrc"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(file_of(server, names[i]));
    rmdir(server->dir);
}

static int make_arena(void **state)
{
    (void)state;
    mem = arena_new(65536);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

static enum err send_to(const char *to)
{
    struct buf message = {.mem = mem};
    const char *reason = NULL;
    buf_str(&message, "Subject: Hi\r\n\r\nOne.\r\n.\r\n..two\r\n");
    enum err e = smtp_send(mem, "no-reply@example.org", to, &message, &reason);
    assert_int_equal(e == OK, reason == NULL);
    assert_null(reason ? strchr(reason, '@') : NULL);
    return e;
}

static enum err open_and_send(const struct smtp_server *config)
{
    assert_int_equal(smtp_open(config), OK);
    return send_to("sok@example.org");
}

static void delivers_over_tls_one_after_another(void **state)
{
    (void)state;
    struct mail_server server = start("");
    assert_int_equal(open_and_send(&server.config), OK);
    assert_int_equal(send_to("dara@example.org"), OK);
    assert_string_equal(slurp(file_of(&server, "1.eml")), "X-Envelope: no-reply@example.org sok@example.org tls\r\n"
                                                          "Subject: Hi\r\n\r\nOne.\r\n.\r\n..two\r\n");
    assert_non_null(strstr(slurp(file_of(&server, "2.eml")), "dara@example.org"));
    assert_null(slurp(file_of(&server, "3.eml")));
    stop(&server);
}

static void trusts_only_the_named_authority(void **state)
{
    (void)state;
    struct mail_server server = start("");
    server.config.ca_file = "";
    assert_int_equal(open_and_send(&server.config), E_UNAVAILABLE);
    assert_null(slurp(file_of(&server, "1.eml")));
    stop(&server);
}

static void sends_nothing_in_the_clear_unless_told(void **state)
{
    (void)state;
    struct mail_server server = start("plain");
    assert_int_equal(open_and_send(&server.config), E_UNAVAILABLE);
    assert_null(slurp(file_of(&server, "1.eml")));
    server.config.without_tls = true;
    assert_int_equal(open_and_send(&server.config), OK);
    assert_non_null(strstr(slurp(file_of(&server, "1.eml")), "sok@example.org plain"));
    stop(&server);
}

static void signs_in_with_the_netrc_file(void **state)
{
    (void)state;
    struct mail_server server = start("auth");
    assert_int_equal(open_and_send(&server.config), E_UNAVAILABLE);
    server.config.netrc = file_of(&server, "netrc");
    spit(server.config.netrc, "machine 127.0.0.1 login dastern password wrong\n", 0600);
    assert_int_equal(open_and_send(&server.config), E_UNAVAILABLE);
    spit(server.config.netrc, "machine 127.0.0.1 login dastern password \"test mail password\"\n", 0600);
    assert_int_equal(open_and_send(&server.config), OK);
    stop(&server);
}

static void tells_refused_for_good_from_refused_for_now(void **state)
{
    (void)state;
    struct mail_server server = start("");
    assert_int_equal(smtp_open(&server.config), OK);
    assert_int_equal(send_to("reject-a@example.org"), E_INVALID);
    assert_int_equal(send_to("busy-a@example.org"), E_UNAVAILABLE);
    assert_int_equal(send_to("busy-a@example.org"), OK);
    assert_int_equal(send_to("reject-b@example.org"), E_INVALID);
    stop(&server);
    assert_int_equal(send_to("sok@example.org"), E_UNAVAILABLE);
}

static void refuses_a_wrong_configuration(void **state)
{
    (void)state;
    static const struct smtp_server wrong[] = {
        {.url = "http://127.0.0.1", .netrc = "", .ca_file = ""},
        {.url = "file:///etc/passwd", .netrc = "", .ca_file = ""},
        {.url = "127.0.0.1", .netrc = "", .ca_file = ""},
        {.url = "smtp://mail.example.org", .netrc = "", .ca_file = "", .without_tls = true},
        {.url = "smtp://127.0.0.1.example.org", .netrc = "", .ca_file = "", .without_tls = true},
        {.url = "smtp://127.0.0.1", .netrc = "/nonexistent", .ca_file = ""},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(smtp_open(&wrong[i]), E_INVALID);
    char path[] = "/tmp/dastern-netrc.XXXXXX";
    assert_int_equal(close(mkstemp(path)), 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(smtp_open(&(struct smtp_server){.url = "smtp://127.0.0.1", .netrc = path, .ca_file = ""}), E_INVALID);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(delivers_over_tls_one_after_another, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(trusts_only_the_named_authority, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(sends_nothing_in_the_clear_unless_told, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(signs_in_with_the_netrc_file, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(tells_refused_for_good_from_refused_for_now, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(refuses_a_wrong_configuration, make_arena, drop_arena),
    };
    return cmocka_run_group_tests_name("smtp", tests, NULL, NULL);
}
