/* A short request to a configured server. The only user of libcurl in this area. */
#include "fetch.h"

#include <curl/curl.h>
#include <string.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/str.h"
#include "json/json_read.h"

#define CONNECT_MS 2000L
#define ANSWER_MS 5000L

enum err fetch_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? OK : E_INTERNAL;
}

char *fetch_escape(struct arena *mem, const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, (int)strlen(text));
    char *copy = arena_strdup(mem, escaped);
    curl_free(escaped);
    return copy;
}

static size_t keep(char *bytes, size_t one, size_t n, void *body)
{
    struct buf *to = body;
    if (to->len + one * n > LIMIT_FETCH_BYTES)
        return 0;
    buf_add(to, bytes, one * n);
    return one * n;
}

static void set_options(CURL *curl, const char *url, const char *form, struct buf *body)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, str_starts(url, "http://127.0.0.1:") ? "http" : "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ANSWER_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    if (form)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, form);
}

enum err fetch_json(struct arena *mem, const char *url, const char *form, json_t **out)
{
    struct buf body = {.mem = mem};
    struct json_fault fault;
    long status = 0;
    CURL *curl = curl_easy_init();
    if (!curl)
        return E_UNAVAILABLE;
    buf_str(&body, "");
    set_options(curl, url, form, &body);
    CURLcode rc = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    if (rc != CURLE_OK || status >= 500) {
        log_note(LOG_WARN, "fetch.failed", "reason", rc != CURLE_OK ? curl_easy_strerror(rc) : "server error");
        return E_UNAVAILABLE;
    }
    *out = status == 200 ? json_read(mem, body.data, body.len, &fault) : NULL;
    return json_is_object(*out) ? OK : E_UNAUTHENTICATED;
}
