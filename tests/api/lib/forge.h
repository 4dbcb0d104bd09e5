/* Tokens made with the stack's own signing key, so that a forgery can be wrong in one point only. Needs the stack's state directory
 * ($DASTERN_VAR). */
#ifndef DASTERN_TESTS_FORGE_H
#define DASTERN_TESTS_FORGE_H

#include <openssl/evp.h>
#include <stdbool.h>

#include "core/arena.h"
#include "people.h"

struct forge {
    EVP_PKEY *key;    /* that signs */
    char kid[80];     /* its name */
    char *public_pem; /* its public half */
};

/* False, with a message, when there is no $DASTERN_VAR. */
bool forge_open(struct arena *mem, struct forge *out);
void forge_close(struct forge *f);
/* Part of a token that says `text`. */
char *forge_part(struct arena *mem, const char *text);
/* A token of this header and these claims (JSON, or what is to pass for it) with a signature by the key. */
char *forge_token(struct arena *mem, EVP_PKEY *by, const char *header, const char *claims);
/* The person's latest session. */
const char *forge_session(struct arena *mem, const struct person *p);

#endif
