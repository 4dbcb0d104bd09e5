/* Dates and times: the calendar, PostgreSQL's epoch, and the C library as a second opinion. */
#include "unit.h"

#include <time.h>

#include "core/clock.h"

static void dates_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "2026-02-30", "2026-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-01-00",
                                      "2026-01-32", "1899-12-31", "2201-01-01", "2026-1-1", "26-01-01", "2026/01/01", "2026-01-01 ",
                                      " 2026-01-01", "2026-01-01T", "20260101", "+026-01-01", "2026-01-1a"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(time_is_date(bad[i]));
    static const char *const good[] = {"2026-02-28", "2024-02-29", "2000-02-29", "1900-01-01", "2200-12-31"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(time_is_date(good[i]));
}

static void clock_times_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "24:00", "23:60", "7:00", "07:0", "0700", "07:00:00", "07-00", "-1:00", "07:00 ", "ab:cd"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(time_is_clock(bad[i]));
    assert_true(time_is_clock("00:00"));
    assert_true(time_is_clock("23:59"));
}

static void timestamps_need_an_offset(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "2026-01-31", "2026-01-31T08:00:00", "2026-01-31 08:00:00Z", "2026-01-31T08:00Z", "2026-01-31T24:00:00Z", "2026-01-31T08:00:60Z",
        "2026-01-31T08:60:00Z", "2026-01-31T08:00:00.Z", "2026-01-31T08:00:00.1234567890Z", "2026-01-31T08:00:00+7", "2026-01-31T08:00:00+07",
        "2026-01-31T08:00:00+0700", "2026-01-31T08:00:00+15:00", "2026-01-31T08:00:00+07:60", "2026-01-31T08:00:00Z ", "2026-01-31T08:00:00Zx",
        "2026-02-30T08:00:00Z", "2026-01-31T08:00:00+07:00x", "2026-01-31t08:00:00z", "2026-01-31T08-00:00Z", "2026-01-31T08:00-00Z"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(time_is_timestamp(bad[i]));
    static const char *const good[] = {"2026-01-31T08:00:00Z", "2026-01-31T08:00:00+07:00", "2026-01-31T08:00:00-14:00",
                                       "2026-01-31T23:59:59.999999999Z", "2026-01-31T08:00:00.5+05:45"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(time_is_timestamp(good[i]));
}

static void dates_are_written_as_the_c_library_writes_them(void **state)
{
    (void)state;
    for (int32_t day = -36525 * 3; day < 36525 * 3; day += 1) {
        char ours[16], theirs[32];
        time_t seconds = ((time_t)day + 10957) * 86400;
        struct tm tm;
        gmtime_r(&seconds, &tm);
        strftime(theirs, sizeof theirs, "%Y-%m-%d", &tm);
        time_format_date(day, ours);
        assert_string_equal(ours, theirs);
    }
}

static void timestamps_are_written_in_utc(void **state)
{
    (void)state;
    static const struct { int64_t us; const char *text; } cases[] = {
        {0, "2000-01-01T00:00:00Z"}, {1, "2000-01-01T00:00:00.000001Z"}, {-1, "1999-12-31T23:59:59.999999Z"},
        {INT64_C(822960000000000) + 500000, "2026-01-29T00:00:00.500000Z"}, {-INT64_C(86400000000), "1999-12-31T00:00:00Z"},
        {INT64_MAX, "infinity"}, {INT64_MIN, "-infinity"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        time_format_timestamp(cases[i].us, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void far_away_values_fit(void **state)
{
    (void)state;
    char date[16], stamp[32];
    for (int64_t v = INT64_MIN; v < INT64_MIN / 2; v += INT64_MAX / 7)
        time_format_timestamp(v + 1, stamp);
    time_format_timestamp(INT64_MAX - 1, stamp);
    assert_string_equal(stamp, "294277-01-09T04:00:54.775806Z");
    time_format_date(INT32_MAX - 1, date); /* 14699 times 400 years, and 3843 days: 2010-07-10 that much later */
    assert_string_equal(date, "5881610-07-10");
    time_format_date(INT32_MAX, date);
    assert_string_equal(date, "infinity");
}

static void clock_times_show_seconds_only_when_there_are(void **state)
{
    (void)state;
    char text[16];
    time_format_clock(INT64_C(27000000000), text);
    assert_string_equal(text, "07:30");
    time_format_clock(INT64_C(27005000000), text);
    assert_string_equal(text, "07:30:05");
    time_format_clock(INT64_C(86400000000), text);
    assert_string_equal(text, "24:00");
}

static void clocks_run(void **state)
{
    (void)state;
    int64_t start = clock_us();
    usleep(2000);
    int64_t passed = clock_us() - start;
    assert_in_range(passed, 2000, 5000000);
    assert_in_range(clock_unix() - time(NULL) + 1, 0, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(dates_that_do_not_exist_are_refused), in_arena(clock_times_that_do_not_exist_are_refused),
        in_arena(timestamps_need_an_offset), in_arena(dates_are_written_as_the_c_library_writes_them),
        in_arena(timestamps_are_written_in_utc), in_arena(far_away_values_fit),
        in_arena(clock_times_show_seconds_only_when_there_are), in_arena(clocks_run),
    };
    return cmocka_run_group_tests_name("core/clock", tests, NULL, NULL);
}
