/* Access tokens. An input that begins with 'S' is a header line and a payload, which are signed with the real key, so that what
 * lies behind the signature is reached; any other input is a token as it stands, and must never be good. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "access/es256.h"
#include "access/token.h"
#include "core/clock.h"
#include "core/str.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static EVP_PKEY *key;
static char dir[] = "/tmp/token_fuzz.XXXXXX", path[64];

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void remove_keys(void)
{
    unlink(path);
    rmdir(dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    require(mkdtemp(dir) != NULL && atexit(remove_keys) == 0);
    snprintf(path, sizeof path, "%s/k1.pem", dir);
    key = EVP_EC_gen("P-256");
    FILE *f = fopen(path, "w");
    require(f && PEM_write_PUBKEY(f, key) && fclose(f) == 0);
    require(token_keys_load(dir, NULL) == OK);
    return 0;
}

static char *signed_token(struct arena *mem, const char *header, size_t header_n, const char *payload, size_t payload_n)
{
    char *text = arena_printf(mem, "%s.%s", base64url_encode(mem, header, header_n), base64url_encode(mem, payload, payload_n));
    unsigned char signature[ES256_SIGNATURE_BYTES];
    require(es256_sign(key, text, strlen(text), signature));
    return arena_printf(mem, "%s.%s", text, base64url_encode(mem, signature, sizeof signature));
}

/* What any module may rely on, whatever was in the payload. */
static void check_claims(const struct token_claims *c)
{
    int64_t now = clock_unix();
    require(str_is_uuid(c->user_id) && str_is_uuid(c->session_id) && str_is_uuid(c->token_id));
    require(!c->role || (strlen(c->role) >= 1 && strlen(c->role) <= 32));
    require(c->expires_at >= now && c->issued_at <= now + TOKEN_SKEW_SECONDS);
    require(c->expires_at - c->issued_at <= TOKEN_LIFETIME_SECONDS && c->expires_at > c->issued_at);
}

/* Times in the corpus would grow old: the digits 1000000 stand for now, 2000000 for ten minutes later. */
static char *with_now(struct arena *mem, const char *payload)
{
    struct buf b = {.mem = mem};
    buf_add(&b, "", 0);
    while (*payload) {
        bool now = str_starts(payload, "1000000"), later = str_starts(payload, "2000000");
        if (now || later)
            buf_printf(&b, "%ld", (long)clock_unix() + (later ? 600 : 0));
        else
            buf_char(&b, *payload);
        payload += now || later ? 7 : 1;
    }
    return b.data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *mem = arena_new(8192);
    struct token_claims claims = {0};
    const char *fault = NULL;
    const uint8_t *line = memchr(data, '\n', size);
    bool ours = size > 0 && data[0] == 'S' && line;
    char *token = arena_strndup(mem, (const char *)data, size);
    if (ours) {
        char *payload = with_now(mem, arena_strndup(mem, (const char *)line + 1, size - (size_t)(line + 1 - data)));
        token = signed_token(mem, (const char *)data + 1, (size_t)(line - data - 1), payload, strlen(payload));
    }
    enum err e = token_verify(mem, token, &claims, &fault);
    require((e == OK && !fault && ours) || (e == E_UNAUTHENTICATED && fault && !claims.user_id));
    if (e == OK)
        check_claims(&claims);
    arena_free(mem);
    return 0;
}
