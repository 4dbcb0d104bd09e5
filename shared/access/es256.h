/* ECDSA on P-256 with SHA-256, signatures as r || s (RFC 7518 §3.4). */
#ifndef DASTERN_ACCESS_ES256_H
#define DASTERN_ACCESS_ES256_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#define ES256_SIGNATURE_BYTES 64

/* Reads a PEM public or private key (never asks for a passphrase). NULL unless it is a key on P-256. Release: EVP_PKEY_free. */
EVP_PKEY *es256_read_public(const char *pem, size_t n);
/* The same for a private key. */
EVP_PKEY *es256_read_private(const char *pem, size_t n);

/* Signs n bytes of text; false only when OpenSSL fails. */
bool es256_sign(EVP_PKEY *key, const void *text, size_t n, unsigned char signature[ES256_SIGNATURE_BYTES]);
/* Whether the signature is that key's, of these n bytes. */
bool es256_verify(EVP_PKEY *key, const void *text, size_t n, const unsigned char signature[ES256_SIGNATURE_BYTES]);

/* The public point, 32 bytes big-endian each. */
bool es256_point(EVP_PKEY *key, unsigned char x[32], unsigned char y[32]);

#endif
