/* What the stack's delivery_worker handed to the mail server of tests/mail. */
#include "mailbox.h"

#include <glob.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "client.h"

#define MESSAGE_BYTES 65536

static char text[MESSAGE_BYTES];

/* Reads one message; its base64 body becomes `text`. False when it is not to this address. */
static int read_message(const char *path, const char *address) {
    static char raw[MESSAGE_BYTES];
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    raw[fread(raw, 1, sizeof raw - 1, f)] = '\0';
    fclose(f);
    char *envelope = strstr(raw, "\r\n"), *body = strstr(raw, "\r\n\r\n");
    if (!envelope || !body || !memmem(raw, (size_t)(envelope - raw), address, strlen(address)))
        return 0;
    char *to = raw;
    for (const char *from = body; *from; from++)
        if (*from != '\r' && *from != '\n')
            *to++ = *from;
    int n = EVP_DecodeBlock((unsigned char *)text, (const unsigned char *)raw, (int)(to - raw));
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static int64_t written_ns(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec : 0;
}

/* Leaves the newest match in `text`. */
size_t mailbox_count(const char *address, const char *word) {
    char pattern[4096];
    static char newest[MESSAGE_BYTES];
    glob_t found;
    size_t n = 0;
    int64_t latest = 0;
    snprintf(pattern, sizeof pattern, "%s/*.eml", getenv("DASTERN_TEST_MAIL"));
    if (glob(pattern, 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (!read_message(found.gl_pathv[i], address) || !strstr(text, word))
            continue;
        n++;
        if (written_ns(found.gl_pathv[i]) >= latest) {
            latest = written_ns(found.gl_pathv[i]);
            memcpy(newest, text, sizeof newest);
        }
    }
    globfree(&found);
    memcpy(text, newest, sizeof text);
    return n;
}

const char *mailbox_await(const char *address, const char *word, size_t n) {
    for (int tries = 0; tries < 300; tries++) {
        if (mailbox_count(address, word) >= n)
            return text;
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000}, NULL);
    }
    fail_msg("not %zu messages to %s with: %s", n, address, word);
    return NULL;
}

const char *mailbox_code(const char *message) {
    static char code[64];
    const char *at = strstr(message, "#code=");
    assert_non_null(at);
    snprintf(code, sizeof code, "%.*s", (int)strspn(at + 6, "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"), at + 6);
    client_note_secret(code);
    return code;
}
