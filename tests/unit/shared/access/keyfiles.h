/* Key directories for tests: temporary, filled with keys made on the spot. */
#ifndef DASTERN_TESTS_KEYFILES_H
#define DASTERN_TESTS_KEYFILES_H

#include "unit.h"

#include <dirent.h>
#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

static char public_dir[64], private_dir[64];

static inline void keyfiles_make_dirs(void)
{
    snprintf(public_dir, sizeof public_dir, "/tmp/keys_test.XXXXXX");
    snprintf(private_dir, sizeof private_dir, "/tmp/keys_test.XXXXXX");
    assert_non_null(mkdtemp(public_dir));
    assert_non_null(mkdtemp(private_dir));
}

static inline const char *keyfiles_path(const char *dir, const char *kid)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s.pem", dir, kid);
    return path;
}

static inline void keyfiles_empty(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
}

static inline void keyfiles_drop_dirs(void)
{
    keyfiles_empty(public_dir);
    keyfiles_empty(private_dir);
    rmdir(public_dir);
    rmdir(private_dir);
}

static inline void keyfiles_write_public(const char *kid, EVP_PKEY *key)
{
    FILE *f = fopen(keyfiles_path(public_dir, kid), "w");
    assert_non_null(f);
    assert_true(PEM_write_PUBKEY(f, key));
    fclose(f);
}

static inline void keyfiles_write_private(const char *kid, EVP_PKEY *key)
{
    mode_t old = umask(077);
    FILE *f = fopen(keyfiles_path(private_dir, kid), "w");
    umask(old);
    assert_non_null(f);
    assert_true(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
    fclose(f);
}

static inline void keyfiles_write_text(const char *dir, const char *kid, const char *text)
{
    FILE *f = fopen(keyfiles_path(dir, kid), "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
}

/* A new key in both directories; the caller frees it. */
static inline EVP_PKEY *keyfiles_add(const char *kid)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    keyfiles_write_public(kid, key);
    keyfiles_write_private(kid, key);
    return key;
}

#endif
