/* The keys of the access tokens: two directories of <kid>.pem, watched while the program runs. Thread-safe. */
#ifndef DASTERN_ACCESS_KEYS_H
#define DASTERN_ACCESS_KEYS_H

#include <openssl/types.h>

#include "core/err.h"
#include "core/str.h"

#define KEY_ID_BYTES 64

/* See token_keys_load. May be called again with other directories. */
enum err keys_load(const char *public_dir, const char *private_dir) MUST_CHECK;

/* Changes whenever any key does; never 0. */
unsigned long keys_generation(void);
/* The public key called `kid`, or NULL; `generation` as above, of the same moment. Release: EVP_PKEY_free. */
EVP_PKEY *keys_verifier(const char *kid, unsigned long *generation);
/* The private key that signs now, and its name; or NULL. Release: EVP_PKEY_free. */
EVP_PKEY *keys_signer(char kid[KEY_ID_BYTES + 1]);
/* Calls fn for every public key, in order of their names. fn must not call into this file. */
void keys_each(void (*fn)(const char *kid, EVP_PKEY *key, void *arg), void *arg);

#endif
