/* Hands text messages to a gateway: one HTTPS POST of {"to": …, "text": …} each, by libcurl. */
#ifndef DASTERN_NOTIFICATIONS_SMS_H
#define DASTERN_NOTIFICATIONS_SMS_H

#include "core/arena.h"
#include "core/err.h"

struct sms_gateway {
    const char *url;     /* https://… */
    const char *token;   /* sent as `Authorization: Bearer …`, or "" */
    const char *ca_file; /* certificate authorities to trust instead of the system's, or "" */
};

/* Before any thread; again with another gateway replaces it. E_INVALID, with the reason in the log: not an https URL, or a token
 * that is no header's value. The texts must live on. */
enum err sms_open(const struct sms_gateway *gateway) MUST_CHECK;

/*
 * Sends one message. `to`: + and digits; `text`: UTF-8; `key`: what makes this message the same one when it is sent again, handed on
 * (hashed) as Idempotency-Key, by which a gateway drops repeats. Takes at most SMS_SECONDS.
 * E_UNAVAILABLE: not now (no connection, 401, 403, 408, 425, 429, 5xx). E_INVALID: the gateway refuses this message for good (any
 * other answer but 2xx). *reason is then a short text for the log, without number and text.
 */
enum err sms_send(struct arena *mem, const char *to, const char *text, const char *key, const char **reason) MUST_CHECK;
#define SMS_SECONDS 20

#endif
