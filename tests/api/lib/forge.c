/* Tokens made with the stack's own signing key. */
#include "forge.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "access/es256.h"
#include "core/str.h"
#include "owner.h"
#include "slurp.h"

#define PEM_BYTES 8192

/* The greatest name signs. */
static void find_kid(const char *private, char kid[80]) {
    DIR *dir = opendir(private);
    assert_non_null(dir);
    *kid = '\0';
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t n = strlen(e->d_name);
        if (n > 4 && strcmp(e->d_name + n - 4, ".pem") == 0 && strncmp(e->d_name, kid, n - 4) > 0)
            snprintf(kid, 80, "%.*s", (int)(n - 4), e->d_name);
    }
    closedir(dir);
}

bool forge_open(struct arena *mem, struct forge *out) {
    const char *var = getenv("DASTERN_VAR");
    if (!var) {
        print_message("DASTERN_VAR is not set: no key to forge with\n");
        return false;
    }
    find_kid(arena_printf(mem, "%s/keys/private", var), out->kid);
    const char *pem = slurp(mem, arena_printf(mem, "%s/keys/private/%s.pem", var, out->kid), PEM_BYTES);
    out->key = es256_read_private(pem, strlen(pem));
    out->public_pem = slurp(mem, arena_printf(mem, "%s/keys/public/%s.pem", var, out->kid), PEM_BYTES);
    assert_non_null(out->key);
    return true;
}

void forge_close(struct forge *f) {
    EVP_PKEY_free(f->key);
    f->key = NULL;
}

char *forge_part(struct arena *mem, const char *text) {
    return base64url_encode(mem, text, strlen(text));
}

char *forge_token(struct arena *mem, EVP_PKEY *by, const char *header, const char *claims) {
    unsigned char signature[ES256_SIGNATURE_BYTES];
    char *text = arena_printf(mem, "%s.%s", forge_part(mem, header), forge_part(mem, claims));
    assert_true(es256_sign(by, text, strlen(text), signature));
    return arena_printf(mem, "%s.%s", text, base64url_encode(mem, signature, sizeof signature));
}

const char *forge_session(struct arena *mem, const struct person *p) {
    return arena_strdup(mem, owner_sql("SELECT id FROM user_sessions WHERE user_id = $1::uuid AND revoked_at IS NULL ORDER BY id DESC LIMIT 1", p->id, NULL));
}
