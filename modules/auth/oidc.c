/* Signing in at an OpenID provider. */
#include "oidc.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/config.h"
#include "core/log.h"
#include "core/str.h"
#include "fetch.h"
#include "id_token.h"
#include "json/json_read.h"

#define REMEMBER_US (10 * 60 * 1000000LL)

static const char *issuer, *client_id, *redirect_uri;

/* The provider's two documents as last fetched, as text: values of a request's arena cannot be shared. */
static struct document {
    char *text;
    int64_t fetched_us;
} discovery, key_set;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

enum err oidc_start(void)
{
    client_id = config_text("DASTERN_GOOGLE_CLIENT_ID");
    issuer = config_text("DASTERN_GOOGLE_ISSUER");
    redirect_uri = config_text("DASTERN_GOOGLE_REDIRECT_URI");
    if (!oidc_configured())
        return OK;
    if (!*redirect_uri) {
        log_note(LOG_ERROR, "oidc.configuration", "fault", "DASTERN_GOOGLE_REDIRECT_URI is missing");
        return E_INVALID;
    }
    return fetch_start();
}

bool oidc_configured(void)
{
    return *client_id != '\0';
}

/* A copy of what is remembered, or NULL when that is nothing or old. */
static json_t *recall(struct arena *mem, struct document *doc)
{
    struct json_fault fault;
    pthread_mutex_lock(&lock);
    bool fresh = doc->text && clock_us() - doc->fetched_us < REMEMBER_US;
    const char *text = fresh ? arena_strdup(mem, doc->text) : NULL;
    pthread_mutex_unlock(&lock);
    return text ? json_read(mem, text, strlen(text), &fault) : NULL;
}

static void remember(struct arena *mem, struct document *doc, const json_t *value)
{
    char *text = xstrdup(json_text(mem, value));
    pthread_mutex_lock(&lock);
    free(doc->text);
    doc->text = text;
    doc->fetched_us = clock_us();
    pthread_mutex_unlock(&lock);
}

static enum err document(struct arena *mem, struct document *doc, const char *url, bool again, json_t **out)
{
    *out = again ? NULL : recall(mem, doc);
    if (*out)
        return OK;
    if (fetch_json(mem, url, NULL, out) != OK)
        return E_UNAVAILABLE;
    remember(mem, doc, *out);
    return OK;
}

/* An endpoint that the discovery document names. The document must be the issuer's own (OpenID Connect Discovery §4.3). */
static enum err endpoint(struct arena *mem, const char *name, const char **url)
{
    json_t *doc;
    enum err err = document(mem, &discovery, arena_printf(mem, "%s/.well-known/openid-configuration", issuer), false, &doc);
    if (err != OK)
        return err;
    *url = json_string_value(json_object_get(doc, name));
    bool own = str_eq(json_string_value(json_object_get(doc, "issuer")), issuer);
    return *url && own ? OK : E_UNAVAILABLE;
}

enum err oidc_authorization_url(struct arena *mem, const char *state, const char *nonce, const char *verifier, char **url)
{
    const char *where;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    enum err err = endpoint(mem, "authorization_endpoint", &where);
    if (err != OK)
        return err;
    SHA256((const unsigned char *)verifier, strlen(verifier), digest);
    *url = arena_printf(mem, "%s%cresponse_type=code&client_id=%s&redirect_uri=%s&scope=openid%%20email%%20profile&state=%s&nonce=%s"
                             "&code_challenge=%s&code_challenge_method=S256",
                        where, strchr(where, '?') ? '&' : '?', fetch_escape(mem, client_id), fetch_escape(mem, redirect_uri), state,
                        nonce, base64url_encode(mem, digest, sizeof digest));
    return OK;
}

/* Verified against the remembered keys, and once more against fresh ones when it names one that is not among them. */
static enum err verify(struct arena *mem, const char *token, const char *nonce, json_t **claims)
{
    const struct id_token_rules rules = {.issuer = issuer, .audience = client_id, .nonce = nonce, .now = clock_unix()};
    const char *url;
    json_t *keys;
    enum err err = endpoint(mem, "jwks_uri", &url);
    for (int again = 0; err == OK && again < 2; again++) {
        err = document(mem, &key_set, url, again, &keys);
        if (err != OK)
            return err;
        err = id_token_verify(mem, token, keys, &rules, claims);
        if (err != E_NOT_FOUND)
            return err;
        err = OK;
    }
    return err == OK ? E_UNAUTHENTICATED : err;
}

static const char *text_claim(const json_t *claims, const char *name)
{
    const char *text = json_string_value(json_object_get(claims, name));
    return text && *text ? text : NULL;
}

enum err oidc_exchange(struct arena *mem, const char *code, const char *nonce, const char *verifier, struct oidc_person *out)
{
    const char *url, *token;
    json_t *answer, *claims;
    enum err err = endpoint(mem, "token_endpoint", &url);
    if (err != OK)
        return err;
    char *form = arena_printf(mem, "grant_type=authorization_code&code=%s&redirect_uri=%s&client_id=%s&client_secret=%s&code_verifier=%s",
                              fetch_escape(mem, code), fetch_escape(mem, redirect_uri), fetch_escape(mem, client_id),
                              fetch_escape(mem, config_text("DASTERN_GOOGLE_CLIENT_SECRET")), verifier);
    err = fetch_json(mem, url, form, &answer);
    if (err != OK)
        return err;
    token = json_string_value(json_object_get(answer, "id_token"));
    err = token ? verify(mem, token, nonce, &claims) : E_UNAUTHENTICATED;
    if (err != OK)
        return err;
    *out = (struct oidc_person){
        .subject = text_claim(claims, "sub"),
        .email = text_claim(claims, "email"),
        .email_verified = json_is_true(json_object_get(claims, "email_verified")),
        .first_name = text_claim(claims, "given_name"),
        .last_name = text_claim(claims, "family_name"),
    };
    return OK;
}
