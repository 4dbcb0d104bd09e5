/* What all executables have in common as processes. */
#include "unit.h"

#include <openssl/evp.h>

#include "core/process.h"

#define MUCH (64UL << 20)

static void hash_without_memory(void *unused)
{
    (void)unused;
    process_harden();
    unit_no_more_memory();
    EVP_MD_CTX_free(EVP_MD_CTX_new());
    OPENSSL_free(OPENSSL_malloc(MUCH));
}

/* Else OpenSSL would say of a good signature that it is wrong. A sanitizer ends the process before we do. */
static void no_memory_for_openssl_ends_the_process(void **state)
{
    (void)state;
    char out[4096];
    assert_int_not_equal(unit_run_child(hash_without_memory, NULL, out, sizeof out), 0);
}

static void sizes_of_nothing_are_as_openssl_has_them(void *unused)
{
    (void)unused;
    process_harden();
    char *text = OPENSSL_malloc(4);
    bool good = text && !OPENSSL_malloc(0) && !OPENSSL_realloc(text, 0) && (text = OPENSSL_realloc(NULL, 8)) != NULL;
    OPENSSL_free(text);
    if (!good)
        abort();
}

static void openssl_has_memory(void **state)
{
    (void)state;
    char out[4096];
    assert_int_equal(unit_run_child(sizes_of_nothing_are_as_openssl_has_them, NULL, out, sizeof out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_for_openssl_ends_the_process),
        cmocka_unit_test(openssl_has_memory),
    };
    return cmocka_run_group_tests_name("core/process", tests, NULL, NULL);
}
