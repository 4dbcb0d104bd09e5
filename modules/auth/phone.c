/* Proof of a phone number. The code is short, so the database keeps an HMAC of it under a key that never gets there: a hash
 * of six digits would tell them. */
#include "phone.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "access/seal.h"
#include "auth_sql.h"
#include "core/config.h"
#include "core/random.h"
#include "proof.h"

#define CODE_DIGITS 6
#define MAC_BYTES 32

/* Bytea text. Of this account's code: the same digits are another's in another account. */
static char *code_mac(struct request *r, const char *code)
{
    unsigned char mac[MAC_BYTES];
    unsigned n = sizeof mac;
    const char *key = config_text("DASTERN_OUTBOX_KEY"), *named = arena_printf(r->mem, "phone code %s %s", r->who.user_id, code);
    HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)named, strlen(named), mac, &n);
    return arena_printf(r->mem, "\\x%s", hex_encode(r->mem, mac, sizeof mac));
}

static enum err send_code(struct request *r)
{
    char id[37], *sealed;
    struct rows sent = {0};
    const char *code = random_code(r->mem, "0123456789", CODE_DIGITS);
    random_uuid(id);
    const char *key = arena_printf(r->mem, "code %s", id), *values = arena_printf(r->mem, "{\"code\":\"%s\"}", code);
    enum err err = seal(r->mem, config_text("DASTERN_OUTBOX_KEY"), "sms", key, values, &sealed);
    if (err == OK)
        err = db_query(r, &SQL_send_phone_code, &sent, "code_hash", code_mac(r, code), "key", key, "sealed", sealed, NULL);
    if (err != OK)
        return err;
    long wait = rows_long(&sent, 0, "wait");
    return wait > 0 ? too_often(r, wait) : OK;
}

static bool has_gateway(void)
{
    return *config_text("DASTERN_SMS_URL");
}

enum err send_phone_code(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    if (!has_gateway())
        return fail(r, E_NOT_FOUND, "not_found");
    enum err err = password_confirm(r, "password");
    if (err == OK)
        err = send_code(r);
    return err == OK ? reply_sent(r) : err;
}

/* The try is counted apart, so that no Idempotency-Key undoes it with the refusal. */
enum err verify_phone(struct request *r, const struct sql_stmt *sql)
{
    (void)sql;
    struct rows proved = {0};
    if (!has_gateway())
        return fail(r, E_NOT_FOUND, "not_found");
    enum err err = db_query_apart(r, &SQL_try_phone_code, NULL);
    if (err == OK)
        err = db_query(r, &SQL_prove_phone, &proved, "code_hash", code_mac(r, input(r, "code")), NULL);
    if (err != OK)
        return err;
    if (rows_bool(&proved, 0, "proved"))
        return reply_no_content(r);
    fault(r, "/code", "code");
    return fail_fields(r);
}
