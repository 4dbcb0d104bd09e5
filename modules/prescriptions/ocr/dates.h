/* Dates as prescriptions print them. */
#ifndef DASTERN_OCR_DATES_H
#define DASTERN_OCR_DATES_H

#include <stdbool.h>
#include <time.h>

/* Finds a date in a line: 12/03/2024, 2024-03-12, 12 mars 2024, March 12, 2024, ថ្ងៃទី 12 ខែ 03 ឆ្នាំ 2024 (also in Khmer digits).
 * Writes YYYY-MM-DD; *sure is false when the century or the order had to be guessed. */
bool dates_find(const char *line, char out[11], bool *sure);

/* Whether a prescription may have been written on that day (YYYY-MM-DD): not more than a day after `today` (a camera's clock and
 * a server's may stand on different days) and not more than ten years before. */
bool dates_is_plausible(const char *date, time_t today);

#endif
