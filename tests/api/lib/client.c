/* HTTP client of the API tests, over libcurl; a plain socket where the bytes on the wire matter. */
#include "client.h"

#include <curl/curl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/arena.h"

#define TIMEOUT_S 60L
#define URL_BYTES 4096

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct answer *all;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t handle_key;

static void handle_close(void *curl) { curl_easy_cleanup(curl); }

static void client_end(void) {
    CURL *mine = pthread_getspecific(handle_key);
    if (mine) {
        curl_easy_cleanup(mine);
        pthread_setspecific(handle_key, NULL);
    }
    client_forget();
}

static void client_start(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    pthread_key_create(&handle_key, handle_close);
    atexit(client_end);
}

/* One kept connection per thread. */
static CURL *handle(void) {
    pthread_once(&once, client_start);
    CURL *curl = pthread_getspecific(handle_key);
    if (!curl) {
        curl = curl_easy_init();
        pthread_setspecific(handle_key, curl);
    }
    curl_easy_reset(curl);
    return curl;
}

const char *client_url(void) {
    const char *url = getenv("DASTERN_URL");
    return url && *url ? url : "http://127.0.0.1:8080";
}

static struct answer *answer_new(void) {
    pthread_once(&once, client_start);
    struct answer *a = xcalloc(1, sizeof *a);
    a->body = xstrdup("");
    a->head = xstrdup("");
    pthread_mutex_lock(&all_lock);
    a->next = all;
    all = a;
    pthread_mutex_unlock(&all_lock);
    return a;
}

void client_forget(void) {
    pthread_mutex_lock(&all_lock);
    struct answer *next;
    for (struct answer *a = all; a; a = next) {
        next = a->next;
        json_decref(a->json);
        free(a->body);
        free(a->head);
        free(a);
    }
    all = NULL;
    pthread_mutex_unlock(&all_lock);
}

int client_teardown(void **state) {
    (void)state;
    client_forget();
    return 0;
}

static char *joined(char *to, size_t have, const char *bytes, size_t n) {
    to = xrealloc(to, have + n + 1);
    memcpy(to + have, bytes, n);
    to[have + n] = '\0';
    return to;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *answer) {
    struct answer *a = answer;
    a->body = joined(a->body, a->size, bytes, one * n);
    a->size += one * n;
    return one * n;
}

static size_t on_header(char *bytes, size_t one, size_t n, void *answer) {
    struct answer *a = answer;
    a->head = joined(a->head, strlen(a->head), bytes, one * n);
    return one * n;
}

static struct curl_slist *header_list(const struct call *call, bool json_body) {
    char line[URL_BYTES];
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    if (call->token) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", call->token);
        list = curl_slist_append(list, line);
    }
    if (json_body || call->raw) {
        snprintf(line, sizeof line, "Content-Type: %s", call->content_type ? call->content_type : "application/json");
        list = curl_slist_append(list, line);
    }
    for (const char *const *h = call->headers; h && *h; h++)
        list = curl_slist_append(list, *h);
    return list;
}

/* --- what nobody may find in a log ------------------------------------------------------------------------------- */
static bool is_secret_name(const char *name) {
    static const char *const names[] = {"access_token", "refresh_token", "secret", "recovery_codes", "code", "otpauth_uri"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void write_texts(FILE *to, const json_t *value) {
    size_t i;
    json_t *item;
    json_array_foreach(value, i, item)
        write_texts(to, item);
    if (json_is_string(value))
        fprintf(to, "%s\n", json_string_value(value));
}

/* A problem's code is none: the API's description shows problems as examples. */
static bool is_problem(const json_t *object) {
    return json_object_get(object, "type") && json_object_get(object, "title") && json_object_get(object, "status");
}

static void write_secrets(FILE *to, json_t *object) {
    const char *name;
    json_t *member;
    if (is_problem(object))
        return;
    json_object_foreach(object, name, member) {
        if (is_secret_name(name))
            write_texts(to, member);
        else
            write_secrets(to, member);
    }
}

void client_note_secret(const char *secret) {
    const char *path = getenv("DASTERN_TEST_SECRETS");
    FILE *to = path ? fopen(path, "a") : NULL;
    if (to) {
        fprintf(to, "%s\n", secret);
        fclose(to);
    }
}

/* Whatever secret an answer hands out goes to the list that tests/api/no-secrets-in-logs looks for afterwards. */
static void note_secrets(const struct answer *a) {
    const char *path = getenv("DASTERN_TEST_SECRETS");
    FILE *to = path && a->status < 300 ? fopen(path, "a") : NULL;
    if (to) {
        write_secrets(to, a->json);
        fclose(to);
    }
}

static void perform(CURL *curl, const char *path, struct answer *a) {
    char url[URL_BYTES];
    snprintf(url, sizeof url, "%s%s%s", client_url(), *path == '@' ? "" : "/api/v1", *path == '@' ? path + 1 : path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
    CURLcode rc = curl_easy_perform(curl);
    if (rc != CURLE_OK)
        print_error("%s: %s\n", path, curl_easy_strerror(rc));
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &a->seconds);
    a->status = rc == CURLE_OK ? (int)status : 0;
    a->json = json_loadb(a->body, a->size, JSON_DECODE_ANY, NULL);
    note_secrets(a);
}

struct answer *client_call(const struct call *call) {
    struct answer *a = answer_new();
    CURL *curl = handle();
    char *text = call->json ? json_dumps(call->json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    struct curl_slist *headers = header_list(call, text != NULL);
    const char *bytes = text ? text : call->raw;
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (bytes) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, bytes);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(text ? strlen(text) : call->raw_size));
    } else if (call->method && strcmp(call->method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    }
    if (call->from) {
        curl_easy_setopt(curl, CURLOPT_INTERFACE, call->from);
        curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method ? call->method : "GET");
    perform(curl, call->path, a);
    curl_slist_free_all(headers);
    free(text);
    json_decref(call->json);
    return a;
}

#define FORMATTED(path)                                  \
    char formatted[URL_BYTES];                           \
    va_list args;                                        \
    va_start(args, path);                                \
    vsnprintf(formatted, sizeof formatted, path, args); \
    va_end(args)

struct answer *get(const char *token, const char *path, ...) {
    FORMATTED(path);
    return client_call(&(struct call){.path = formatted, .token = token});
}

struct answer *delete_(const char *token, const char *path, ...) {
    FORMATTED(path);
    return client_call(&(struct call){.method = "DELETE", .path = formatted, .token = token});
}

struct answer *post(const char *token, json_t *body, const char *path, ...) {
    FORMATTED(path);
    return client_call(&(struct call){.method = "POST", .path = formatted, .token = token, .json = body});
}

struct answer *put(const char *token, json_t *body, const char *path, ...) {
    FORMATTED(path);
    return client_call(&(struct call){.method = "PUT", .path = formatted, .token = token, .json = body});
}

struct answer *patch(const char *token, json_t *body, const char *path, ...) {
    FORMATTED(path);
    return client_call(&(struct call){.method = "PATCH", .path = formatted, .token = token, .json = body});
}

struct answer *post_once(const char *token, const char *key, json_t *body, const char *path) {
    char line[256];
    snprintf(line, sizeof line, "Idempotency-Key: %s", key);
    const char *const headers[] = {line, NULL};
    return client_call(&(struct call){.method = "POST", .path = path, .token = token, .json = body, .headers = headers});
}

struct answer *post_raw(const char *token, const char *path, const char *bytes, size_t n) {
    return client_call(&(struct call){.method = "POST", .path = path, .token = token, .raw = bytes, .raw_size = n});
}

struct answer *post_form(const char *token, const char *path, const struct part *parts) {
    struct answer *a = answer_new();
    CURL *curl = handle();
    curl_mime *form = curl_mime_init(curl);
    for (const struct part *p = parts; p->name; p++) {
        curl_mimepart *part = curl_mime_addpart(form);
        curl_mime_name(part, p->name);
        curl_mime_data(part, p->value, p->size ? p->size : CURL_ZERO_TERMINATED);
        if (p->filename)
            curl_mime_filename(part, p->filename);
        if (p->type)
            curl_mime_type(part, p->type);
    }
    struct curl_slist *headers = header_list(&(struct call){.token = token}, false);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, form);
    perform(curl, path, a);
    curl_slist_free_all(headers);
    curl_mime_free(form);
    return a;
}

/* --- bytes on the wire ------------------------------------------------------------------------------------------ */
int client_connect(void) {
    CURLU *url = curl_url();
    char *host = NULL, *port = NULL;
    curl_url_set(url, CURLUPART_URL, client_url(), 0);
    curl_url_get(url, CURLUPART_HOST, &host, 0);
    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};
    int fd = -1;
    if (getaddrinfo(host, port, &hints, &found) == 0) {
        fd = socket(found->ai_family, SOCK_STREAM, 0);
        if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
        freeaddrinfo(found);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(url);
    return fd;
}

static void read_until_closed(int fd, int seconds, struct answer *a) {
    time_t end = time(NULL) + seconds;
    char bytes[16384];
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int left = (int)(end - time(NULL));
        if (left <= 0 || poll(&p, 1, left * 1000) <= 0)
            return;
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            return;
        on_body(bytes, 1, (size_t)n, a);
    }
}

/* Takes the head off the body. */
static void split_head(struct answer *a) {
    char *end = strstr(a->body, "\r\n\r\n");
    if (!end || sscanf(a->body, "HTTP/1.%*d %d", &a->status) != 1)
        return;
    size_t head = (size_t)(end + 4 - a->body);
    free(a->head);
    a->head = joined(NULL, 0, a->body, head);
    a->size -= head;
    memmove(a->body, a->body + head, a->size + 1);
    a->json = json_loadb(a->body, a->size, JSON_DECODE_ANY, NULL);
}

struct answer *client_raw(const void *bytes, size_t n, int seconds) {
    struct answer *a = answer_new();
    int fd = client_connect();
    assert_true(fd >= 0);
    const char *at = bytes;
    for (size_t left = n; left > 0;) {
        ssize_t sent = send(fd, at, left, MSG_NOSIGNAL);
        if (sent <= 0)
            break;
        at += sent;
        left -= (size_t)sent;
    }
    read_until_closed(fd, seconds, a);
    close(fd);
    split_head(a);
    return a;
}

/* --- reading an answer ------------------------------------------------------------------------------------------ */

const char *answer_header(struct answer *a, const char *name) {
    size_t n = strlen(name);
    for (char *line = a->head, *end; (end = strstr(line, "\n")) != NULL; line = end + 1) {
        if (strncasecmp(line, name, n) != 0 || line[n] != ':')
            continue;
        static _Thread_local char value[8192];
        const char *from = line + n + 1;
        from += strspn(from, " \t");
        size_t length = strcspn(from, "\r\n");
        snprintf(value, sizeof value, "%.*s", (int)length, from);
        return value;
    }
    return NULL;
}

json_t *answer_at(const struct answer *a, const char *path) {
    json_t *at = a->json;
    while (at && *path) {
        char key[128];
        size_t n = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10)) : json_object_get(at, key);
        path += n + (path[n] == '.');
    }
    return at;
}

static json_t *must_have(const struct answer *a, const char *path, bool right_type) {
    if (!right_type) {
        print_error("no such value at %s in %d %s\n", path, a->status, a->body);
        fail();
    }
    return answer_at(a, path);
}

const char *answer_text(const struct answer *a, const char *path) {
    return json_string_value(must_have(a, path, json_is_string(answer_at(a, path))));
}

double answer_number(const struct answer *a, const char *path) {
    return json_number_value(must_have(a, path, json_is_number(answer_at(a, path))));
}

bool answer_true(const struct answer *a, const char *path) {
    return json_is_true(must_have(a, path, json_is_boolean(answer_at(a, path))));
}

size_t answer_count(const struct answer *a, const char *path) {
    return json_array_size(must_have(a, path, json_is_array(answer_at(a, path))));
}
