/* HTTP client of the API tests: one request, one answer. Paths are below /api/v1; a path that starts with '@' is taken
 * as it stands ("@/healthz"). The server is $DASTERN_URL, http://127.0.0.1:8080 without it. Safe from several threads. */
#ifndef DASTERN_TESTS_CLIENT_H
#define DASTERN_TESTS_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* An answer and all it holds lives until client_forget() or the end of the program. */
struct answer {
    int status;       /* 0: the connection broke off without an answer */
    json_t *json;     /* NULL when the body is no JSON */
    char *body;       /* NUL-terminated */
    size_t size;
    char *head;       /* all header lines as received */
    double seconds;   /* from the first byte sent to the last received */
    struct answer *next;
};

struct call {
    const char *method;              /* "GET" when NULL */
    const char *path;
    const char *token;               /* access token or NULL */
    json_t *json;                    /* JSON body; released by the call */
    const char *raw;                 /* or any bytes, as content_type */
    size_t raw_size;
    const char *content_type;
    const char *const *headers;      /* "Name: value" lines ended by NULL, or NULL */
    const char *from;                /* address to come from, any of 127.0.0.0/8; NULL: the usual one */
};
struct answer *client_call(const struct call *call);

/* The usual ones; the path is a printf format. `body` is released and may be NULL. */
struct answer *get(const char *token, const char *path, ...) __attribute__((format(printf, 2, 3)));
struct answer *delete_(const char *token, const char *path, ...) __attribute__((format(printf, 2, 3)));
struct answer *post(const char *token, json_t *body, const char *path, ...) __attribute__((format(printf, 3, 4)));
struct answer *put(const char *token, json_t *body, const char *path, ...) __attribute__((format(printf, 3, 4)));
struct answer *patch(const char *token, json_t *body, const char *path, ...) __attribute__((format(printf, 3, 4)));
/* POST with an Idempotency-Key. */
struct answer *post_once(const char *token, const char *key, json_t *body, const char *path);
/* POST of any bytes as application/json. */
struct answer *post_raw(const char *token, const char *path, const char *bytes, size_t n);

/* multipart/form-data; the list ends with a NULL name. A part with a filename is a file. */
struct part {
    const char *name, *value;
    size_t size;              /* bytes of value; 0: up to its NUL */
    const char *filename, *type;
};
struct answer *post_form(const char *token, const char *path, const struct part *parts);

/* A fresh TCP connection to the server, for the caller to close; -1 if there is none. */
int client_connect(void);
/* Sends the bytes as they are over a fresh connection and reads until the server closes or `seconds` have passed. */
struct answer *client_raw(const void *bytes, size_t n, int seconds);

/* An answer of server-sent events, read while it goes on. Its bytes are as on the wire, so chunk sizes stand between events. */
struct stream;
/* Asks for it. `last` is the Last-Event-ID or NULL. Never NULL. */
struct stream *stream_begin(const char *token, const char *path, const char *last);
/* Reads until the text has come, within the time. */
bool stream_brings(struct stream *s, const char *text, double seconds);
/* Reads until the server has ended the answer, within the time. */
bool stream_ends(struct stream *s, double seconds);
/* All that has come so far, head included. */
const char *stream_text(const struct stream *s);
/* Breaks off. */
void stream_close(struct stream *s);

/* Header value by name (any case), NULL if absent. Good until the next call on this thread. */
const char *answer_header(struct answer *a, const char *name);
/* Value at a dotted path ("user.email", "items.0.id"); NULL when there is none. */
json_t *answer_at(const struct answer *a, const char *path);
/* The same as text or number; fails the test when it is not there or of another type (not from threads). */
const char *answer_text(const struct answer *a, const char *path);
double answer_number(const struct answer *a, const char *path);
bool answer_true(const struct answer *a, const char *path);
size_t answer_count(const struct answer *a, const char *path); /* length of an array */

/* Secrets in answers (tokens, codes …) are appended to the file $DASTERN_TEST_SECRETS, if set, for
 * tests/api/no-secrets-in-logs. This adds one that came another way. */
void client_note_secret(const char *secret);

/* Releases every answer so far (of all threads). */
void client_forget(void);
/* The same as a cmocka teardown function. */
int client_teardown(void **state);
/* The server's address without a trailing '/'. */
const char *client_url(void);

#endif
