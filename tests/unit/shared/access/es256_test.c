/* ES256 against the RFC's vector, against libjwt in both directions, and signatures made to slip through. */
#include "unit.h"

#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "access/es256.h"
#include "core/str.h"

static EVP_PKEY *key;
static char public_pem[1024], private_pem[1024];

static void write_pem(char out[1024], int (*writer)(BIO *, EVP_PKEY *))
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_true(writer(bio, key));
    int n = BIO_read(bio, out, 1023);
    out[n] = '\0';
    BIO_free(bio);
}

static int write_public(BIO *bio, EVP_PKEY *k)
{
    return PEM_write_bio_PUBKEY(bio, k);
}

static int write_private(BIO *bio, EVP_PKEY *k)
{
    return PEM_write_bio_PrivateKey(bio, k, NULL, NULL, 0, NULL, NULL);
}

static int make_key(void **state)
{
    (void)state;
    key = EVP_EC_gen("P-256");
    write_pem(public_pem, write_public);
    write_pem(private_pem, write_private);
    return 0;
}

static int drop_key(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

/* RFC 7515, appendix A.3. The key's point as SubjectPublicKeyInfo. */
static const char rfc_key[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
                              "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
                              "-----END PUBLIC KEY-----\n";
static const char rfc_text[] = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char rfc_signature[] = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

static void the_vector_of_the_rfc_verifies(void **state)
{
    (void)state;
    unsigned char *signature, x[32], y[32];
    size_t n;
    EVP_PKEY *k = es256_read_public(rfc_key, strlen(rfc_key));
    assert_non_null(k);
    assert_true(base64url_decode(mem, rfc_signature, strlen(rfc_signature), &signature, &n));
    assert_int_equal(n, ES256_SIGNATURE_BYTES);
    assert_true(es256_verify(k, rfc_text, strlen(rfc_text), signature));
    assert_false(es256_verify(k, rfc_text, strlen(rfc_text) - 1, signature));
    for (size_t i = 0; i < n; i++) {
        signature[i] ^= 0x20;
        assert_false(es256_verify(k, rfc_text, strlen(rfc_text), signature));
        signature[i] ^= 0x20;
    }
    assert_true(es256_point(k, x, y));
    assert_string_equal(base64url_encode(mem, x, 32), "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    assert_string_equal(base64url_encode(mem, y, 32), "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    EVP_PKEY_free(k);
}

static void made_up_signatures_fail(void **state)
{
    (void)state;
    static const unsigned char order[32] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    unsigned char zero[64] = {0}, ones[64] = {[31] = 1, [63] = 1}, all[64], at_order[64];
    memset(all, 0xff, sizeof all);
    memcpy(at_order, order, 32);
    memcpy(at_order + 32, order, 32);
    assert_false(es256_verify(key, "x", 1, zero)); /* CVE-2022-21449 took this one */
    assert_false(es256_verify(key, "x", 1, ones));
    assert_false(es256_verify(key, "x", 1, all));
    assert_false(es256_verify(key, "x", 1, at_order));
}

static void what_is_signed_verifies_and_nothing_else(void **state)
{
    (void)state;
    EVP_PKEY *other = EVP_EC_gen("P-256");
    for (int i = 0; i < 300; i++) { /* enough for numbers with leading zero bytes */
        unsigned char signature[64];
        assert_true(es256_sign(key, &i, sizeof i, signature));
        assert_true(es256_verify(key, &i, sizeof i, signature));
        assert_false(es256_verify(other, &i, sizeof i, signature));
        int changed = i + 1;
        assert_false(es256_verify(key, &changed, sizeof changed, signature));
    }
    EVP_PKEY_free(other);
}

static void libjwt_takes_our_signatures(void **state)
{
    (void)state;
    unsigned char signature[64];
    const char *text = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ4In0"; /* {"alg":"ES256","typ":"JWT"}.{"sub":"x"} */
    assert_true(es256_sign(key, text, strlen(text), signature));
    char *token = arena_printf(mem, "%s.%s", text, base64url_encode(mem, signature, sizeof signature));
    jwt_t *jwt = NULL;
    assert_int_equal(jwt_decode(&jwt, token, (unsigned char *)public_pem, (int)strlen(public_pem)), 0);
    assert_string_equal(jwt_get_grant(jwt, "sub"), "x");
    jwt_free(jwt);
}

static void we_take_signatures_of_libjwt(void **state)
{
    (void)state;
    jwt_t *jwt;
    assert_int_equal(jwt_new(&jwt), 0);
    assert_int_equal(jwt_add_grant(jwt, "sub", "x"), 0);
    assert_int_equal(jwt_set_alg(jwt, JWT_ALG_ES256, (unsigned char *)private_pem, (int)strlen(private_pem)), 0);
    char *token = jwt_encode_str(jwt);
    const char *dot = strrchr(token, '.');
    unsigned char *signature;
    size_t n;
    assert_true(base64url_decode(mem, dot + 1, strlen(dot + 1), &signature, &n));
    assert_int_equal(n, ES256_SIGNATURE_BYTES);
    assert_true(es256_verify(key, token, (size_t)(dot - token), signature));
    free(token);
    jwt_free(jwt);
}

static void other_keys_are_not_read(void **state)
{
    (void)state;
    static const char *const groups[] = {"P-384", "P-521", "secp256k1"};
    EVP_PKEY *p256 = key;
    char pem[1024];
    for (size_t i = 0; i < COUNT(groups); i++) {
        key = EVP_EC_gen(groups[i]);
        assert_non_null(key);
        write_pem(pem, write_public);
        assert_null(es256_read_public(pem, strlen(pem)));
        write_pem(pem, write_private);
        assert_null(es256_read_private(pem, strlen(pem)));
        EVP_PKEY_free(key);
    }
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    write_pem(pem, write_public);
    assert_null(es256_read_public(pem, strlen(pem)));
    EVP_PKEY_free(key);
    key = p256;
    assert_null(es256_read_public(private_pem, strlen(private_pem)));
    assert_null(es256_read_private(public_pem, strlen(public_pem)));
    assert_null(es256_read_public("", 0));
    assert_null(es256_read_public(public_pem, strlen(public_pem) / 2));
}

static int write_encrypted(BIO *bio, EVP_PKEY *k)
{
    return PEM_write_bio_PrivateKey(bio, k, EVP_aes_128_cbc(), (const unsigned char *)"pw", 2, NULL, NULL);
}

static void a_passphrase_is_never_asked_for(void **state)
{
    (void)state;
    char pem[1024];
    write_pem(pem, write_encrypted);
    assert_null(es256_read_private(pem, strlen(pem)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_arena(the_vector_of_the_rfc_verifies), in_arena(made_up_signatures_fail), in_arena(what_is_signed_verifies_and_nothing_else),
        in_arena(libjwt_takes_our_signatures),    in_arena(we_take_signatures_of_libjwt), in_arena(other_keys_are_not_read),
        in_arena(a_passphrase_is_never_asked_for),
    };
    return cmocka_run_group_tests_name("access/es256", tests, make_key, drop_key);
}
