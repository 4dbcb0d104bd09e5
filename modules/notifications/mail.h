/* An e-mail as SMTP carries it: headers that nothing can be injected into, and a text in any language (RFC 5322, 2045, 2047). */
#ifndef DASTERN_NOTIFICATIONS_MAIL_H
#define DASTERN_NOTIFICATIONS_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"

struct mail {
    const char *from;      /* address */
    const char *from_name; /* UTF-8 or NULL */
    const char *to;        /* address */
    const char *subject;   /* UTF-8; control characters become blanks */
    const char *text;      /* UTF-8, lines end in \n */
    const char *key;       /* what makes this message the same one when it is sent again; becomes the Message-ID */
    const char *language;  /* km, en or fr */
    int64_t unix_time;     /* for Date: seconds since 1970 */
};

/* Whether SMTP can be handed this address as it is: local@domain of visible ASCII characters, without quotes, brackets
 * and the like that could end the address early; at most 254 bytes. */
bool mail_address_ok(const char *address);

/* Appends the whole message with CRLF lines of at most 78 bytes. Both addresses must be mail_address_ok. */
void mail_write(struct buf *out, const struct mail *mail);

#endif
