/* Time. Durations are measured on the monotonic clock; calendar instants are PostgreSQL's now(). */
#ifndef DASTERN_CORE_CLOCK_H
#define DASTERN_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_us(void);      /* monotonic, microseconds */
int64_t clock_unix(void);    /* wall clock, whole seconds since 1970 (token lifetimes only) */

/* Forms, checked including the calendar ("2026-02-30" is refused): */
bool time_is_date(const char *s);       /* YYYY-MM-DD, years 1900..2200 */
bool time_is_clock(const char *s);      /* HH:MM, 00:00..23:59 */
bool time_is_timestamp(const char *s);  /* RFC 3339 with offset, years 1900..2200 */

/* PostgreSQL binary values to text. `out` sizes include the NUL. */
void time_format_timestamp(int64_t us_since_2000, char out[32]); /* 2026-01-31T08:00:00Z, .ffffff only when not zero */
void time_format_date(int32_t days_since_2000, char out[16]);
void time_format_clock(int64_t us_of_day, char out[16]);         /* HH:MM, or HH:MM:SS when seconds are not zero */

#endif
