/* The words of e-mails, in Khmer, English and French. None of them tells anything about health. */
#ifndef DASTERN_NOTIFICATIONS_MAIL_TEXT_H
#define DASTERN_NOTIFICATIONS_MAIL_TEXT_H

#include <jansson.h>

#include "core/arena.h"
#include "core/err.h"

/*
 * Subject and text of a template ("account.reset_password") with its {placeholders} filled from the string members of
 * `values` (a JSON object). An unknown language means Khmer. E_NOT_FOUND: no such template; E_INVALID: a value is missing.
 */
enum err mail_text(struct arena *mem, const char *template, const char *language, const json_t *values, char **subject,
                   char **text) MUST_CHECK;

/* Name of the k-th template, NULL past the last. */
const char *mail_text_name(size_t k);

#endif
