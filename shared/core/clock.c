/* Clocks, checks of date and time texts, PostgreSQL's binary times to text. Calendar: proleptic Gregorian, as PostgreSQL's. */
#include "core/clock.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (INT64_C(86400) * US_PER_SECOND)
#define YEAR_MIN 1900
#define YEAR_MAX 2200

int64_t clock_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * US_PER_SECOND + t.tv_nsec / 1000;
}

int64_t clock_unix(void)
{
    return (int64_t)time(NULL);
}

/* The number in exactly `n` digits at s, or -1. */
static int digits(const char *s, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        value = value * 10 + (s[i] - '0');
    }
    return value;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

/* s has at least 10 bytes before its NUL. */
static bool date_ok(const char *s)
{
    int year = digits(s, 4), month = digits(s + 5, 2), day = digits(s + 8, 2);
    return s[4] == '-' && s[7] == '-' && year >= YEAR_MIN && year <= YEAR_MAX && month >= 1 && month <= 12 && day >= 1 &&
           day <= days_in_month(year, month);
}

/* s has at least 5 bytes before its NUL. */
static bool hour_minute_ok(const char *s, int max_hour)
{
    int hour = digits(s, 2), minute = digits(s + 3, 2);
    return s[2] == ':' && hour >= 0 && hour <= max_hour && minute >= 0 && minute <= 59;
}

bool time_is_date(const char *s)
{
    return strlen(s) == 10 && date_ok(s);
}

bool time_is_clock(const char *s)
{
    return strlen(s) == 5 && hour_minute_ok(s, 23);
}

/* Z or ±HH:MM and the end. No place on earth is further than 14 hours from UTC. */
static bool offset_ok(const char *s)
{
    if (*s == 'Z')
        return s[1] == '\0';
    return (*s == '+' || *s == '-') && strlen(s) == 6 && hour_minute_ok(s + 1, 14);
}

bool time_is_timestamp(const char *s)
{
    if (strlen(s) < sizeof "2000-01-01T00:00:00Z" - 1 || !date_ok(s) || s[10] != 'T')
        return false;
    int second = digits(s + 17, 2); /* no leap seconds: PostgreSQL has none */
    if (!hour_minute_ok(s + 11, 23) || s[16] != ':' || second < 0 || second > 59)
        return false;
    s += 19;
    if (*s == '.') {
        size_t fraction = strspn(s + 1, "0123456789");
        if (fraction < 1 || fraction > 9)
            return false;
        s += 1 + fraction;
    }
    return offset_ok(s);
}

struct civil {
    long year;
    int month, day;
};

/* Days since 2000-01-01 to a calendar date (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
static struct civil civil_from_days(int64_t days_since_2000)
{
    int64_t z = days_since_2000 + 730425; /* days since 0000-03-01 */
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int day = (int)(doy - (153 * mp + 2) / 5 + 1);
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct civil){.year = (long)(yoe + era * 400 + (month <= 2)), .month = month, .day = day};
}

static const char *infinity(bool negative)
{
    return negative ? "-infinity" : "infinity";
}

/* Two digits, then `behind`. By hand, as lists hold hundreds of times and snprintf takes half a microsecond for each. */
static char *put_two(char *out, int value, char behind)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
    out[2] = behind;
    return out + 3;
}

/* YYYY-MM-DD, then `behind`. PostgreSQL's years reach from -4713 to 294276: those outside four digits go by snprintf. */
static char *put_date(char *out, int64_t days_since_2000, char behind)
{
    struct civil c = civil_from_days(days_since_2000);
    if (c.year < 0 || c.year > 9999)
        out += snprintf(out, 9, "%04ld", c.year);
    else
        out = put_two(put_two(out, (int)c.year / 100, 0) - 1, (int)c.year % 100, 0) - 1;
    *out++ = '-';
    return put_two(put_two(out, c.month, '-'), c.day, behind);
}

void time_format_date(int32_t days_since_2000, char out[16])
{
    if (days_since_2000 == INT32_MAX || days_since_2000 == INT32_MIN)
        snprintf(out, 16, "%s", infinity(days_since_2000 < 0));
    else
        put_date(out, days_since_2000, '\0');
}

/* The fraction of a second, if there is one, and the zone. */
static void put_fraction(char *out, int us)
{
    if (us) {
        *out++ = '.';
        for (int unit = 100000; unit > 0; unit /= 10)
            *out++ = (char)('0' + us / unit % 10);
    }
    *out++ = 'Z';
    *out = '\0';
}

void time_format_timestamp(int64_t us_since_2000, char out[32])
{
    if (us_since_2000 == INT64_MAX || us_since_2000 == INT64_MIN) {
        snprintf(out, 32, "%s", infinity(us_since_2000 < 0));
        return;
    }
    int64_t days = us_since_2000 / US_PER_DAY, us = us_since_2000 % US_PER_DAY;
    if (us < 0) {
        us += US_PER_DAY;
        days--;
    }
    int second = (int)(us / US_PER_SECOND);
    out = put_two(put_date(out, days, 'T'), second / 3600, ':');
    out = put_two(put_two(out, second / 60 % 60, ':'), second % 60, '\0') - 1;
    put_fraction(out, (int)(us % US_PER_SECOND));
}

void time_format_clock(int64_t us_of_day, char out[16])
{
    int second = (int)(us_of_day / US_PER_SECOND);
    bool whole = second % 60 == 0;
    out = put_two(put_two(out, second / 3600, ':'), second / 60 % 60, whole ? '\0' : ':');
    if (!whole)
        put_two(out, second % 60, '\0');
}
