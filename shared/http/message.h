/* What people are told, by problem code, in English, French and Khmer. Source: messages.tsv. */
#ifndef DASTERN_HTTP_MESSAGE_H
#define DASTERN_HTTP_MESSAGE_H

#include <stddef.h>

enum language { EN, FR, KM };

struct message {
    const char *code;
    const char *text[3]; /* by enum language */
};

extern const struct message messages[];
extern const size_t messages_count;

/* Text for a code, or NULL when the catalogue does not know it. */
const char *message_text(const char *code, const char *language);

/* "km", "en" or "fr": the best of an Accept-Language header (RFC 9110 §12.5.4); English without one. */
const char *language_choose(const char *accept_language);

#endif
