/* Log lines: one JSON object a line on stderr. Never tokens, names of people or medicines, free text of users. */
#ifndef DASTERN_CORE_LOG_H
#define DASTERN_CORE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Sets the "area" key of every line and the lowest level written ("debug".."error"). Call once at start. */
void log_init(const char *area, const char *level);

/* Builders keep the values typed: log_begin … log_str/log_int … log_end. */
struct log_line;
struct log_line *log_begin(enum log_level level, const char *event); /* NULL when the level is off; all calls accept NULL */
void log_str(struct log_line *l, const char *key, const char *value);  /* control bytes are escaped, cut at 512 bytes; NULL value = null */
void log_int(struct log_line *l, const char *key, long value);
void log_end(struct log_line *l);                                       /* one write(2) of the whole line */

/* Short form for a line with one detail. */
void log_note(enum log_level level, const char *event, const char *key, const char *value);

#endif
