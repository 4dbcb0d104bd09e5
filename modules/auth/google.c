/* Signing in with Google. What must be the same at the end as at the beginning (nonce, PKCE verifier) travels with the
 * client as `state`, sealed: nothing is stored for attempts that are never finished. */
#include "google.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "access/seal.h"
#include "auth_sql.h"
#include "core/clock.h"
#include "core/config.h"
#include "core/random.h"
#include "json/json_read.h"
#include "oidc.h"
#include "sign_in.h"

#define SEAL_KIND "oidc"
#define STATE_SECONDS 600
#define SECRET_CHARS 43 /* of 6 bits: 256 and a little */
#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#define WAIT_LOOK_MS 20
#define WAIT_MAX_US 5000000L

struct attempt {
    const char *nonce, *verifier;
};

/* --- the sealed state ----------------------------------------------------------------------------------------------- */

static enum err state_make(struct request *r, const struct attempt *a, const char **state)
{
    struct buf json = {.mem = r->mem};
    struct json_out out = {.to = &json};
    char *sealed;
    json_open(&out, '{');
    json_key_str(&out, "nonce", a->nonce);
    json_key_str(&out, "verifier", a->verifier);
    json_key_long(&out, "until", clock_unix() + STATE_SECONDS);
    json_close(&out, '}');
    if (seal(r->mem, config_text("DASTERN_OUTBOX_KEY"), SEAL_KIND, "state", json.data, &sealed) != OK)
        return fail(r, E_INTERNAL, "internal");
    *state = sealed + 2; /* the hex digits behind "\x" */
    return OK;
}

static unsigned char *hex_bytes(struct arena *mem, const char *hex, size_t *n)
{
    *n = strlen(hex) / 2;
    if (strlen(hex) % 2 || strspn(hex, "0123456789abcdef") != strlen(hex))
        return NULL;
    unsigned char *bytes = arena_alloc(mem, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return bytes;
}

static bool state_read(struct request *r, const char *state, struct attempt *a)
{
    size_t n;
    char *text;
    struct json_fault fault;
    const unsigned char *sealed = hex_bytes(r->mem, state, &n);
    if (!sealed || unseal(r->mem, config_text("DASTERN_OUTBOX_KEY"), SEAL_KIND, "state", sealed, n, &text) != OK)
        return false;
    const json_t *json = json_read(r->mem, text, strlen(text), &fault);
    a->nonce = json_string_value(json_object_get(json, "nonce"));
    a->verifier = json_string_value(json_object_get(json, "verifier"));
    return a->nonce && a->verifier && json_integer_value(json_object_get(json, "until")) > clock_unix();
}

/* --- the handlers --------------------------------------------------------------------------------------------------- */

/* The provider may be slow: one request of a process waits for it, the others wait parked. */
static atomic_flag talking = ATOMIC_FLAG_INIT;

static enum err take_turn(struct request *r)
{
    if (!atomic_flag_test_and_set(&talking))
        return OK;
    if (r->waited_us < WAIT_MAX_US && request_later(r, WAIT_LOOK_MS) == E_LATER)
        return E_LATER;
    return fail(r, E_UNAVAILABLE, "auth.busy");
}

static enum err provider_fault(struct request *r, enum err err)
{
    return err == E_UNAVAILABLE ? fail(r, err, "identity.provider_unavailable") : fail(r, E_UNAUTHENTICATED, "identity.refused");
}

enum err google_start(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    const struct attempt a = {random_code(r->mem, BASE64URL, SECRET_CHARS), random_code(r->mem, BASE64URL, SECRET_CHARS)};
    const char *state;
    char *url;
    if (!oidc_configured())
        return fail(r, E_NOT_FOUND, "not_found");
    enum err err = state_make(r, &a, &state);
    if (err == OK)
        err = take_turn(r);
    if (err != OK)
        return err;
    err = oidc_authorization_url(r->mem, state, a.nonce, a.verifier, &url);
    atomic_flag_clear(&talking);
    if (err != OK)
        return provider_fault(r, err);
    struct json_out out = reply_json(r, 200);
    json_open(&out, '{');
    json_key_str(&out, "authorization_url", url);
    json_key_str(&out, "state", state);
    json_close(&out, '}');
    return OK;
}

static enum err refuse_outcome(struct request *r, const char *outcome)
{
    if (str_eq(outcome, "email_in_use"))
        return fail(r, E_CONFLICT, "identity.email_in_use");
    return fail(r, E_FORBIDDEN, "identity.email_unverified");
}

/* By subject; a person seen for the first time by an address that both sides have verified; otherwise a new account. */
static enum err sign_in_person(struct request *r, const struct oidc_person *person)
{
    struct rows found = {0};
    enum err err = db_query_once(r, &SQL_find_identity, &found, "subject", person->subject, "email", person->email,
                                 "email_verified", person->email_verified ? "t" : "f", "first_name", person->first_name,
                                 "last_name", person->last_name, NULL);
    if (err != OK)
        return err;
    const char *user_id = rows_text(&found, r->mem, 0, "user_id");
    if (!user_id)
        return refuse_outcome(r, rows_text(&found, r->mem, 0, "outcome"));
    return sign_in_vouched(r, user_id, &found);
}

enum err google_finish(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    struct attempt a;
    struct oidc_person person;
    if (!oidc_configured())
        return fail(r, E_NOT_FOUND, "not_found");
    if (!state_read(r, input(r, "state"), &a))
        return fail(r, E_UNAUTHENTICATED, "identity.refused");
    enum err err = take_turn(r);
    if (err != OK)
        return err;
    err = oidc_exchange(r->mem, input(r, "code"), a.nonce, a.verifier, &person);
    atomic_flag_clear(&talking);
    return err == OK ? sign_in_person(r, &person) : provider_fault(r, err);
}
