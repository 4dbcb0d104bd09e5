/* Log lines: always one whole JSON object, whatever is put in. */
#include "unit.h"

#include <limits.h>

#include "core/err.h"
#include "core/log.h"
#include "json/json_read.h"

/* What the function wrote: exactly one line, parsed. */
static json_t *one_line(void (*fn)(void *), void *arg)
{
    char out[3 * PIPE_BUF];
    assert_int_equal(unit_run_child(fn, arg, out, sizeof out), 0);
    size_t n = strlen(out);
    assert_true(n > 0 && n <= PIPE_BUF);
    assert_ptr_equal(strchr(out, '\n'), out + n - 1);
    struct json_fault fault;
    json_t *line = json_read(mem, out, n, &fault);
    assert_non_null(line);
    return line;
}

static const char *text(json_t *line, const char *key)
{
    return json_string_value(json_object_get(line, key));
}

static void write_value(void *value)
{
    log_init("reminders", "info");
    struct log_line *l = log_begin(LOG_WARN, "request");
    log_str(l, "value", value);
    log_int(l, "status", -404);
    log_str(l, "nothing", NULL);
    log_end(l);
}

static void values_cannot_break_the_line(void **state)
{
    (void)state;
    static const struct { const char *in, *out; } cases[] = {
        {"plain", "plain"}, {"", ""}, {"a\r\nb\tc\x01\x7f", "a\r\nb\tc\x01\x7f"}, {"quote\" back\\", "quote\" back\\"},
        {"ថ្នាំ 😀", "ថ្នាំ 😀"}, {"bad \xff\xc0\x80 utf", "bad \uFFFD\uFFFD\uFFFD utf"}, {"cut \xe1\x9e", "cut \uFFFD\uFFFD"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        json_t *line = one_line(write_value, (void *)(uintptr_t)cases[i].in);
        assert_string_equal(text(line, "value"), cases[i].out);
        assert_string_equal(text(line, "level"), "warn");
        assert_string_equal(text(line, "area"), "reminders");
        assert_string_equal(text(line, "event"), "request");
        assert_int_equal(json_integer_value(json_object_get(line, "status")), -404);
        assert_true(json_is_null(json_object_get(line, "nothing")));
        assert_int_equal(strlen(text(line, "time")), 27);
    }
}

static void a_long_value_is_cut(void **state)
{
    (void)state;
    char big[2000];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_int_equal(strlen(text(one_line(write_value, big), "value")), 512);
}

static void write_too_much(void *arg)
{
    char control[600];
    memset(control, 1, sizeof control - 1); /* six bytes each once escaped */
    control[sizeof control - 1] = '\0';
    (void)arg;
    struct log_line *l = log_begin(LOG_ERROR, "big");
    for (int i = 0; i < 50; i++)
        log_str(l, "value", "some text that fills the line up bit by bit");
    log_str(l, "control", control);
    log_str(l, "control", control);
    log_int(l, "last", 1);
    log_end(l);
}

static void a_line_never_outgrows_a_pipe(void **state)
{
    (void)state;
    char out[3 * PIPE_BUF];
    assert_int_equal(unit_run_child(write_too_much, NULL, out, sizeof out), 0);
    size_t n = strlen(out);
    assert_in_range(n, PIPE_BUF / 2, PIPE_BUF);
    assert_string_equal(out + n - 13, ",\"cut\":true}\n");
    json_error_t error;
    json_t *line = json_loads(out, 0, &error);
    assert_non_null(line);
    json_decref(line);
}

static void write_levels(void *level)
{
    log_init("x", level);
    log_note(LOG_DEBUG, "d", "k", "v");
    log_note(LOG_INFO, "i", "k", "v");
    log_note(LOG_WARN, "w", "k", "v");
    log_note(LOG_ERROR, "e", "k", "v");
}

static void lower_levels_are_not_written(void **state)
{
    (void)state;
    static char *const levels[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < COUNT(levels); i++) {
        char out[4096];
        size_t lines = 0;
        unit_run_child(write_levels, levels[i], out, sizeof out);
        for (const char *c = out; *c; c++)
            lines += *c == '\n';
        assert_int_equal(lines, 4 - i);
        assert_non_null(strstr(out, "\"event\":\"e\",\"k\":\"v\""));
    }
}

static void errors_have_names(void **state)
{
    (void)state;
    for (int e = OK; e <= E_LATER; e++)
        for (int other = OK; other < e; other++)
            assert_string_not_equal(err_name((enum err)e), err_name((enum err)other));
    assert_string_equal(err_name(E_NOT_FOUND), "not_found");
    assert_string_equal(err_name((enum err)999), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(values_cannot_break_the_line),
        in_arena(a_long_value_is_cut),
        in_arena(a_line_never_outgrows_a_pipe),
        in_arena(lower_levels_are_not_written),
        in_arena(errors_have_names),
    };
    return cmocka_run_group_tests_name("core/log", tests, NULL, NULL);
}
