/* One FastCGI connection over libfcgi. fcgi.c alone includes fcgiapp.h. */
#ifndef DASTERN_HTTP_FCGI_H
#define DASTERN_HTTP_FCGI_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct fcgi;

/* Once per process. */
void fcgi_init(void);
/* Takes over an accepted socket; sets its time-outs. */
struct fcgi *fcgi_new(int fd);
/* Closes what is still open. NULL is allowed. */
void fcgi_free(struct fcgi *f);
int fcgi_fd(const struct fcgi *f);
/* Are the next request's parameters here to their end (or is there nothing to wait for)? Then fcgi_accept does not block.
 * The body is not looked at: nginx begins when it has the whole. */
bool fcgi_arrived(const struct fcgi *f);

/* Reads the next request's parameters. E_UNAVAILABLE: the peer closed or sent nonsense; free the connection. */
enum err fcgi_accept(struct fcgi *f) MUST_CHECK;
const char *fcgi_param(const struct fcgi *f, const char *name); /* NULL if absent */
/* Up to n bytes of the body; 0 at its end; -1 when the client broke off. */
long fcgi_read(struct fcgi *f, char *to, size_t n);
/* Sends head and body behind each other and the answer's end with them, in as few writes as they allow: the last that is sent
 * for a request. What goes wrong shows in fcgi_finish. */
void fcgi_send(struct fcgi *f, const char *head, size_t head_n, const char *body, size_t body_n);
/* The same for a part of an answer that goes on: never waits. False: the peer reads too slowly, or is gone. */
bool fcgi_push(struct fcgi *f, const char *head, size_t head_n, const char *body, size_t body_n) MUST_CHECK;
/* Ends the answer, unless fcgi_send did. The connection is kept only if `keep`, the peer asked for it, the body was read to its end and
 * nothing failed; false: it is closed, free it. */
bool fcgi_finish(struct fcgi *f, bool keep);
/* Has the peer gone away meanwhile? (for parked requests) */
bool fcgi_peer_gone(const struct fcgi *f);

#endif
