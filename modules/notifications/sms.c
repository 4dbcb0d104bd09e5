/* Text messages by way of a gateway. Redirects are not followed: number, text and token are for this server alone. */
#include "sms.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <string.h>

#include "core/log.h"
#include "core/str.h"
#include "json/json_write.h"

#define CONNECT_SECONDS 10L

static CURL *curl;
static struct sms_gateway gateway;

static size_t drop(char *bytes, size_t one, size_t n, void *unused)
{
    (void)bytes;
    (void)unused;
    return one * n;
}

static bool set_options(void)
{
    return !curl_easy_setopt(curl, CURLOPT_URL, gateway.url) && !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") &&
           (!*gateway.ca_file || !curl_easy_setopt(curl, CURLOPT_CAINFO, gateway.ca_file)) &&
           !curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) &&
           !curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) && !curl_easy_setopt(curl, CURLOPT_PROXY, "") &&
           !curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) &&
           !curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)SMS_SECONDS) && !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
}

static const char *check(const struct sms_gateway *given)
{
    if (!str_starts(given->url, "https://"))
        return "not an https URL";
    for (const char *c = given->token; *c; c++)
        if (*c <= ' ' || *c > '~')
            return "the token holds more than visible ASCII characters";
    return NULL;
}

enum err sms_open(const struct sms_gateway *given)
{
    const char *fault = check(given);
    gateway = *given;
    curl_easy_cleanup(curl);
    curl = NULL;
    if (!fault && (curl_global_init(CURL_GLOBAL_DEFAULT) || !(curl = curl_easy_init()) || !set_options()))
        fault = "libcurl cannot do this";
    if (!fault)
        return OK;
    log_note(LOG_ERROR, "sms_configuration", "fault", fault);
    return E_INVALID;
}

/* What a later try, or an operator, can mend; the rest is about this message. */
static bool may_pass(long status)
{
    return status == 0 || status == 401 || status == 403 || status == 408 || status == 425 || status == 429 || status >= 500;
}

static enum err judge(struct arena *mem, CURLcode code, const char **reason)
{
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status >= 200 && status < 300)
        return OK;
    *reason = arena_printf(mem, "sms: %s (%ld)", curl_easy_strerror(code), status);
    return code != CURLE_OK || may_pass(status) ? E_UNAVAILABLE : E_INVALID;
}

static char *body_of(struct arena *mem, const char *to, const char *text)
{
    struct buf json = {.mem = mem};
    struct json_out out = {.to = &json};
    json_open(&out, '{');
    json_key_str(&out, "to", to);
    json_key_str(&out, "text", text);
    json_close(&out, '}');
    return json.data;
}

/* A hash, because a key may hold ids that are nobody's business on the way. */
static const char *repeat_key(struct arena *mem, const char *key)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_Digest(key, strlen(key), digest, &n, EVP_sha256(), NULL);
    return hex_encode(mem, digest, 16);
}

/* NULL: no memory. */
static struct curl_slist *headers_of(struct arena *mem, const char *key)
{
    const char *lines[] = {"Content-Type: application/json; charset=utf-8",
                           arena_printf(mem, "Idempotency-Key: %s", repeat_key(mem, key)),
                           arena_printf(mem, "Authorization: Bearer %s", gateway.token)};
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < (*gateway.token ? 3u : 2u); i++) {
        struct curl_slist *longer = curl_slist_append(list, lines[i]);
        if (!longer) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

enum err sms_send(struct arena *mem, const char *to, const char *text, const char *key, const char **reason)
{
    struct curl_slist *headers = headers_of(mem, key);
    CURLcode code = headers ? curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) : CURLE_OUT_OF_MEMORY;
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body_of(mem, to, text));
    if (!code)
        code = curl_easy_perform(curl);
    enum err err = judge(mem, code, reason);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
    curl_slist_free_all(headers);
    return err;
}
