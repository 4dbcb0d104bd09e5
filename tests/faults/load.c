/* Clients that read and write while something breaks. */
#include "load.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "core/arena.h"
#include "people.h"

#define PAUSE_S 0.002          /* between two requests of a client: a load, not a flood */
#define WRITE_TRIES 40         /* an unanswered write is sent again with its key, every … */
#define WRITE_PAUSE_S 0.25     /* … so long */
#define MARKER_BYTES 64
#define PAGES_MAX 1000         /* of the list that is read back */

struct client {
    struct load *load;
    pthread_t thread;
    struct person person;
    struct sample *samples;
    size_t sample_count, sample_room;
    char (*markers)[MARKER_BYTES];   /* of acknowledged writes */
    size_t marker_count, marker_room;
    unsigned written;
};

struct load {
    atomic_bool stop;
    size_t count;
    struct client *clients;
    struct sample *all;              /* once stopped */
    size_t all_count;
};

double now_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void sleep_seconds(double seconds) {
    struct timespec t = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

static struct answer *timed(struct client *c, const struct call *call, bool write) {
    double began = now_seconds();
    struct answer *a = client_call(call);
    if (c->sample_count == c->sample_room) {
        c->sample_room = c->sample_room ? c->sample_room * 2 : 1024;
        c->samples = xrealloc(c->samples, c->sample_room * sizeof *c->samples);
    }
    c->samples[c->sample_count++] = (struct sample){.began = began, .took = now_seconds() - began, .status = a->status,
                                                    .write = write, .retry_after = answer_header(a, "Retry-After") != NULL};
    return a;
}

static void remember(struct client *c, const char *marker) {
    if (c->marker_count == c->marker_room) {
        c->marker_room = c->marker_room ? c->marker_room * 2 : 256;
        c->markers = xrealloc(c->markers, c->marker_room * sizeof *c->markers);
    }
    snprintf(c->markers[c->marker_count++], MARKER_BYTES, "%s", marker);
}

static json_t *prescription(const char *marker) {
    return json_pack("{s:s, s:[{s:s, s:{s:i}}]}", "hospital_name", marker, "medications", "name", "Paracetamol", "doses", "morning", 1);
}

static void write_one(struct client *c) {
    char marker[MARKER_BYTES], key[MARKER_BYTES + 32];
    snprintf(marker, sizeof marker, "%.8s-%u", c->person.id + 24, c->written++);
    snprintf(key, sizeof key, "Idempotency-Key: %s", marker);
    const char *headers[] = {key, NULL};
    for (int i = 0; i < WRITE_TRIES; i++) {
        struct call call = {.method = "POST", .path = "/prescriptions", .token = c->person.token, .json = prescription(marker),
                            .headers = headers};
        int status = timed(c, &call, true)->status;
        if (status == 201)
            remember(c, marker);
        if (status != 0 && status < 500 && status != 409)
            return;
        sleep_seconds(WRITE_PAUSE_S);
    }
}

static void *run_client(void *argument) {
    static const char *const reads[] = {"/auth/me", "/prescriptions?limit=20", "/doses/today"};
    struct client *c = argument;
    for (unsigned turn = 0; !atomic_load(&c->load->stop); turn++) {
        if (turn % 4 == 3)
            write_one(c);
        else
            timed(c, &(struct call){.path = reads[turn % 4], .token = c->person.token}, false);
        sleep_seconds(PAUSE_S);
    }
    return NULL;
}

struct load *load_start(size_t clients) {
    struct load *load = xcalloc(1, sizeof *load);
    load->count = clients;
    load->clients = xcalloc(clients, sizeof *load->clients);
    for (size_t i = 0; i < clients; i++) {
        load->clients[i].load = load;
        person_new(&load->clients[i].person, "patient");
    }
    for (size_t i = 0; i < clients; i++)
        if (pthread_create(&load->clients[i].thread, NULL, run_client, &load->clients[i]) != 0)
            abort();
    return load;
}

static void stop_clients(struct load *load) {
    atomic_store(&load->stop, true);
    for (size_t i = 0; i < load->count; i++) {
        pthread_join(load->clients[i].thread, NULL);
        load->all_count += load->clients[i].sample_count;
    }
    load->all = xcalloc(load->all_count + 1, sizeof *load->all);
    struct sample *to = load->all;
    for (size_t i = 0; i < load->count; i++) {
        memcpy(to, load->clients[i].samples, load->clients[i].sample_count * sizeof *to);
        to += load->clients[i].sample_count;
    }
}

const struct sample *load_stop(struct load *load, size_t *count) {
    if (!load->all)
        stop_clients(load);
    *count = load->all_count;
    return load->all;
}

/* --- reading back ----------------------------------------------------------------------------------------------- */

/* How often each marker is stored, as an object marker → count; or NULL when the list can't be read. */
static json_t *stored_markers(const struct person *p) {
    json_t *stored = json_object();
    char path[512] = "/prescriptions?limit=100";
    for (int page = 0; page < PAGES_MAX; page++) {
        struct answer *a = client_call(&(struct call){.path = path, .token = p->token});
        size_t i;
        json_t *item;
        if (a->status != 200)
            break;
        json_array_foreach(answer_at(a, "items"), i, item) {
            const char *marker = json_string_value(json_object_get(item, "hospital_name"));
            json_object_set_new(stored, marker, json_integer(1 + json_integer_value(json_object_get(stored, marker))));
        }
        const char *next = json_string_value(answer_at(a, "next_cursor"));
        if (!next)
            return stored;
        snprintf(path, sizeof path, "/prescriptions?limit=100&cursor=%s", next);
    }
    json_decref(stored);
    return NULL;
}

static void verify_client(const struct client *c, size_t *lost, size_t *doubled) {
    json_t *stored = stored_markers(&c->person);
    const char *marker;
    json_t *times;
    for (size_t i = 0; i < c->marker_count; i++)
        *lost += !stored || !json_object_get(stored, c->markers[i]);
    json_object_foreach(stored, marker, times)
        *doubled += json_integer_value(times) > 1;
    json_decref(stored);
}

void load_verify(struct load *load, size_t *acknowledged, size_t *lost, size_t *doubled) {
    *acknowledged = *lost = *doubled = 0;
    for (size_t i = 0; i < load->count; i++) {
        *acknowledged += load->clients[i].marker_count;
        verify_client(&load->clients[i], lost, doubled);
    }
}

void load_free(struct load *load) {
    for (size_t i = 0; i < load->count; i++) {
        free(load->clients[i].samples);
        free(load->clients[i].markers);
    }
    free(load->clients);
    free(load->all);
    free(load);
    client_forget();
}
