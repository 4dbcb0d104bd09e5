/* Time-based one-time codes (RFC 6238). */
#include "totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "core/random.h"
#include "core/str.h"

#define SECRET_BYTES 20
#define STEP_SECONDS 30
static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* 20 bytes are exactly 32 characters of 5 bits: evenly chosen characters are evenly chosen bytes. */
char *totp_secret_make(struct arena *mem)
{
    return random_code(mem, base32, SECRET_BYTES * 8 / 5);
}

char *totp_uri(struct arena *mem, const char *secret, const char *account)
{
    struct buf label = {.mem = mem};
    buf_str(&label, "");
    for (const unsigned char *p = (const unsigned char *)account; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr("-._@", *p);
        buf_printf(&label, plain ? "%c" : "%%%02X", *p);
    }
    return arena_printf(mem, "otpauth://totp/DasTern:%s?secret=%s&issuer=DasTern&algorithm=SHA1&digits=%d&period=%d", label.data,
                        secret, TOTP_DIGITS, STEP_SECONDS);
}

/* Returns the number of bytes, 0 for what is not base 32. */
static size_t base32_decode(const char *text, unsigned char *out, size_t room)
{
    unsigned bits = 0, value = 0;
    size_t n = 0;
    for (; *text; text++) {
        const char *at = strchr(base32, *text);
        if (!at || n >= room)
            return 0;
        value = value << 5 | (unsigned)(at - base32);
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (unsigned char)(value >> bits & 0xff);
        }
    }
    return n;
}

bool totp_code(struct arena *mem, const char *secret, int64_t step, char out[TOTP_DIGITS + 1])
{
    size_t room = strlen(secret) * 5 / 8 + 1;
    unsigned char *key = arena_alloc(mem, room), counter[8], mac[20];
    unsigned n = sizeof mac;
    size_t key_bytes = base32_decode(secret, key, room);
    if (key_bytes == 0)
        return false;
    for (int i = 0; i < 8; i++)
        counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
    HMAC(EVP_sha1(), key, (int)key_bytes, counter, sizeof counter, mac, &n);
    const unsigned char *at = mac + (mac[19] & 15);
    uint32_t number = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    snprintf(out, TOTP_DIGITS + 1, "%06u", number % 1000000);
    return true;
}

bool totp_matches(struct arena *mem, const char *secret, const char *code, int64_t unix_time, int64_t last_step, int64_t *step)
{
    char expected[TOTP_DIGITS + 1];
    bool found = false;
    if (strlen(code) != TOTP_DIGITS)
        return false;
    for (int64_t s = unix_time / STEP_SECONDS - 1; s <= unix_time / STEP_SECONDS + 1; s++) {
        if (s > last_step && totp_code(mem, secret, s, expected) && mem_eq_ct(expected, code, TOTP_DIGITS)) {
            *step = s;
            found = true;
        }
    }
    return found;
}
