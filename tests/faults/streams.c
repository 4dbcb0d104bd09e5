/* Streams of events while the module behind them restarts or is killed. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "faults.h"
#include "load.h"
#include "owner.h"
#include "people.h"
#include "stack.h"

#define STREAMS 20
#define WITHIN_S 15.0
#define POSITION_BYTES 128

struct follower {
    struct person person;
    struct stream *stream;
    char last[POSITION_BYTES];
};

static void follow(struct follower *f) {
    f->stream = stream_begin(f->person.token, "/notifications/stream", *f->last ? f->last : NULL);
}

/* What a client does when its stream ends: remembers the last event's id, and comes again. */
static void come_again(struct follower *f) {
    must(stream_ends(f->stream, WITHIN_S), "a stream ends with the process that wrote it");
    for (const char *at = stream_text(f->stream); (at = strstr(at, "\nid: ")) != NULL;) {
        at += 5;
        snprintf(f->last, sizeof f->last, "%.*s", (int)strcspn(at, "\n"), at);
    }
    stream_close(f->stream);
    follow(f);
}

static void tell_all(struct follower *f, const char *type) {
    for (size_t i = 0; i < STREAMS; i++)
        owner_sql("SELECT notify_user($1::uuid, $2, '{}')", f[i].person.id, type, NULL);
}

static void all_hear(struct follower *f, const char *type) {
    size_t heard = 0;
    for (size_t i = 0; i < STREAMS; i++)
        heard += stream_brings(f[i].stream, type, WITHIN_S);
    printf("  %zu of %d streams brought %s\n", heard, STREAMS, type);
    must(heard == STREAMS, "every stream brings what was told");
}

/* Notices are told while nobody listens: between the end of the streams and the clients' coming again. */
static void come_again_all(struct follower *f, const char *meanwhile) {
    tell_all(f, meanwhile);
    for (size_t i = 0; i < STREAMS; i++)
        come_again(&f[i]);
    all_hear(f, meanwhile);
}

static void kill_serving(void) {
    pid_t pids[256];
    size_t n = stack_modules(pids, 256, false);
    for (size_t i = 0; i < n; i++)
        send_signal(pids[i], SIGKILL);
}

void break_streams(int times) {
    static struct follower f[STREAMS];
    for (size_t i = 0; i < STREAMS; i++) {
        person_new(&f[i].person, "patient");
        follow(&f[i]);
        must(stream_brings(f[i].stream, "\nid: ", WITHIN_S), "a stream begins");
    }
    for (int i = 0; i < times; i++) {
        must(roll_all(30), "every process was replaced");
        come_again_all(f, "dose.due");
        kill_serving();
        come_again_all(f, "dose.missed");
    }
    for (size_t i = 0; i < STREAMS; i++)
        stream_close(f[i].stream);
    client_forget();
}
