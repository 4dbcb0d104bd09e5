/* The only user of libcurl in this area. */
#include "smtp.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/log.h"

#define CONNECT_SECONDS 10L

static CURL *curl;

static bool is_this_machine(const char *host)
{
    return str_eq(host, "localhost") || str_eq(host, "127.0.0.1") || str_eq(host, "[::1]");
}

static const char *check_url(const struct smtp_server *server)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL;
    const char *fault = NULL;
    if (!url || curl_url_set(url, CURLUPART_URL, server->url, CURLU_NON_SUPPORT_SCHEME) ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) || curl_url_get(url, CURLUPART_HOST, &host, 0))
        fault = "not a URL";
    else if (!str_eq(scheme, "smtp") && !str_eq(scheme, "smtps"))
        fault = "neither smtp:// nor smtps://";
    else if (server->without_tls && !is_this_machine(host))
        fault = "without TLS only to a server on this machine";
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return fault;
}

static const char *check_netrc(const char *path)
{
    struct stat st;
    if (!*path)
        return NULL;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return "the netrc file cannot be read";
    return st.st_mode & (S_IWGRP | S_IRWXO) ? "the netrc file is open to others" : NULL;
}

/* What is the same for every message. */
static bool set_options(const struct smtp_server *server)
{
    long tls = server->without_tls ? CURLUSESSL_NONE : CURLUSESSL_ALL;
    long netrc = *server->netrc ? CURL_NETRC_REQUIRED : CURL_NETRC_IGNORED;
    return !curl_easy_setopt(curl, CURLOPT_URL, server->url) && !curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") &&
           !curl_easy_setopt(curl, CURLOPT_USE_SSL, tls) && !curl_easy_setopt(curl, CURLOPT_NETRC, netrc) &&
           (!*server->netrc || !curl_easy_setopt(curl, CURLOPT_NETRC_FILE, server->netrc)) &&
           (!*server->ca_file || !curl_easy_setopt(curl, CURLOPT_CAINFO, server->ca_file)) &&
           !curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) &&
           !curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) &&
           !curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)SMTP_SECONDS) && !curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
}

enum err smtp_open(const struct smtp_server *server)
{
    const char *fault = check_url(server);
    if (!fault)
        fault = check_netrc(server->netrc);
    curl_easy_cleanup(curl);
    curl = NULL;
    if (!fault && (curl_global_init(CURL_GLOBAL_DEFAULT) || !(curl = curl_easy_init()) || !set_options(server)))
        fault = "libcurl cannot do this";
    if (!fault)
        return OK;
    log_note(LOG_ERROR, "smtp_configuration", "fault", fault);
    return E_INVALID;
}

struct reader {
    const struct buf *message;
    size_t at;
};

static size_t read_message(char *to, size_t size, size_t count, void *arg)
{
    struct reader *reader = arg;
    size_t n = reader->message->len - reader->at, room = size * count;
    if (n > room)
        n = room;
    memcpy(to, reader->message->data + reader->at, n);
    reader->at += n;
    return n;
}

/* A 5xx to the message or its recipient is final; one about signing in (530…538, RFC 4954) or TLS is for the operator to mend. */
static enum err judge(struct arena *mem, CURLcode code, const char **reason)
{
    long answer = 0;
    if (code == CURLE_OK)
        return OK;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    *reason = arena_printf(mem, "smtp: %s (%ld)", curl_easy_strerror(code), answer);
    bool about_message = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_WEIRD_SERVER_REPLY;
    bool about_us = answer >= 530 && answer <= 538;
    return about_message && !about_us && answer >= 500 && answer < 600 ? E_INVALID : E_UNAVAILABLE;
}

enum err smtp_send(struct arena *mem, const char *from, const char *to, const struct buf *message, const char **reason)
{
    struct reader reader = {.message = message};
    struct curl_slist *recipients = curl_slist_append(NULL, arena_printf(mem, "<%s>", to));
    CURLcode code = recipients ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_MAIL_FROM, arena_printf(mem, "<%s>", from));
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_message);
    if (!code)
        code = curl_easy_setopt(curl, CURLOPT_READDATA, &reader);
    if (!code)
        code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(recipients);
    return judge(mem, code, reason);
}
