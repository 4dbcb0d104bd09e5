/* Hands messages to one SMTP server (RFC 5321) over TLS, by libcurl; the connection is kept for the next message. */
#ifndef DASTERN_NOTIFICATIONS_SMTP_H
#define DASTERN_NOTIFICATIONS_SMTP_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

struct smtp_server {
    const char *url;     /* smtp://host[:port] (STARTTLS) or smtps://host[:port] */
    const char *netrc;   /* file with the server's login and password in .netrc form, or "" */
    const char *ca_file; /* certificate authorities to trust instead of the system's, or "" */
    bool without_tls;    /* only for a server on this machine */
};

/* Before any thread; again with another server replaces it. E_INVALID, with the reason in the log: the URL is not one of
 * the two forms, without_tls and another machine, or the netrc file is readable by everybody. The texts must live on. */
enum err smtp_open(const struct smtp_server *server) MUST_CHECK;

/*
 * Sends one message, one recipient; addresses must be mail_address_ok. Takes at most SMTP_SECONDS.
 * E_UNAVAILABLE: not now (no connection, no TLS, refused sign-in, 4xx). E_INVALID: the server refuses this message or
 * recipient for good (5xx). *reason is then a short text for the log, without addresses.
 */
enum err smtp_send(struct arena *mem, const char *from, const char *to, const struct buf *message,
                   const char **reason) MUST_CHECK;
#define SMTP_SECONDS 30

#endif
