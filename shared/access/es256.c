/* ECDSA on P-256 by OpenSSL, which speaks DER where JOSE wants two plain numbers. */
#include "access/es256.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define NUMBER_BYTES (ES256_SIGNATURE_BYTES / 2)
#define DER_BYTES 80 /* a DER signature on P-256 takes at most 72 */

static int no_passphrase(char *out, int size, int writing, void *arg)
{
    (void)out, (void)size, (void)writing, (void)arg;
    return -1;
}

/* Keeps the key only when it is on P-256. */
static EVP_PKEY *p256_or_null(EVP_PKEY *key)
{
    char group[32];
    if (key && EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
        OBJ_txt2nid(group) == NID_X9_62_prime256v1)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static EVP_PKEY *read_key(const char *pem, size_t n, EVP_PKEY *(*reader)(BIO *, EVP_PKEY **, pem_password_cb *, void *))
{
    BIO *bio = BIO_new_mem_buf(pem, (int)n);
    EVP_PKEY *key = bio ? reader(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return p256_or_null(key);
}

EVP_PKEY *es256_read_public(const char *pem, size_t n)
{
    return read_key(pem, n, PEM_read_bio_PUBKEY);
}

EVP_PKEY *es256_read_private(const char *pem, size_t n)
{
    return read_key(pem, n, PEM_read_bio_PrivateKey);
}

static bool der_to_numbers(const unsigned char *der, size_t n, unsigned char out[ES256_SIGNATURE_BYTES])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, NUMBER_BYTES) == NUMBER_BYTES &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + NUMBER_BYTES, NUMBER_BYTES) == NUMBER_BYTES;
    ECDSA_SIG_free(sig);
    return ok;
}

/* Bytes written to der, 0 on failure. */
static size_t numbers_to_der(const unsigned char in[ES256_SIGNATURE_BYTES], unsigned char der[DER_BYTES])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(in, NUMBER_BYTES, NULL), *s = BN_bin2bn(in + NUMBER_BYTES, NUMBER_BYTES, NULL);
    int n = 0;
    if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
        r = s = NULL; /* sig owns them now */
        n = i2d_ECDSA_SIG(sig, NULL) <= DER_BYTES ? i2d_ECDSA_SIG(sig, &der) : 0;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return n > 0 ? (size_t)n : 0;
}

bool es256_sign(EVP_PKEY *key, const void *text, size_t n, unsigned char signature[ES256_SIGNATURE_BYTES])
{
    unsigned char der[DER_BYTES];
    size_t der_len = sizeof der;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestSign(ctx, der, &der_len, text, n) == 1 && der_to_numbers(der, der_len, signature);
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

bool es256_verify(EVP_PKEY *key, const void *text, size_t n, const unsigned char signature[ES256_SIGNATURE_BYTES])
{
    unsigned char der[DER_BYTES];
    size_t der_len = numbers_to_der(signature, der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = der_len > 0 && ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, der, der_len, text, n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

static bool coordinate(EVP_PKEY *key, const char *name, unsigned char out[NUMBER_BYTES])
{
    BIGNUM *number = NULL;
    bool ok = EVP_PKEY_get_bn_param(key, name, &number) == 1 && BN_bn2binpad(number, out, NUMBER_BYTES) == NUMBER_BYTES;
    BN_free(number);
    return ok;
}

bool es256_point(EVP_PKEY *key, unsigned char x[32], unsigned char y[32])
{
    return coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, x) && coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, y);
}
