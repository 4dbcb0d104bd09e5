/* The catalogue of text messages. */
#ifndef DASTERN_NOTIFICATIONS_SMS_TEXT_H
#define DASTERN_NOTIFICATIONS_SMS_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"

/* The text of a template in a language (km, en, fr; anything else is Khmer), its placeholders filled from `values`, an object
 * of strings. E_NOT_FOUND: no such template; E_INVALID: a placeholder has no value. */
enum err sms_text(struct arena *mem, const char *template, const char *language, const json_t *values, char **text) MUST_CHECK;

/* The k-th template's name, NULL behind the last. */
const char *sms_text_name(size_t k);

#endif
