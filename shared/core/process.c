/* Common ground of all executables. */
#include "core/process.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "core/arena.h"
#include "core/str.h"

const struct config_item process_config[] = {
    {"DASTERN_DB", CONFIG_TEXT, NULL, "PostgreSQL connection string (no password in it: use a socket or a passfile)"},
    {"DASTERN_DB_PREPARE", CONFIG_BOOL, "on", "prepared statements; off behind PgBouncer in transaction mode"},
    {"DASTERN_LOG_LEVEL", CONFIG_TEXT, "info", "debug, info, warn or error"},
    {NULL, CONFIG_TEXT, NULL, NULL}};

/* As OpenSSL's own, which give nothing for a size of nothing, but for what happens without memory. */
static void *allocate(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return n ? xrealloc(NULL, n) : NULL;
}

static void release(void *p, const char *file, int line)
{
    (void)file, (void)line;
    free(p);
}

static void *reallocate(void *p, size_t n, const char *file, int line)
{
    if (n)
        return xrealloc(p, n);
    release(p, file, line);
    return NULL;
}

/* Without memory OpenSSL says of a signature that it is wrong, and a person who did nothing is signed out. */
static void own_memory(void)
{
    if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1)
        abort(); /* it has allocated already */
}

/* Nothing of a request may reach a core file or another process of the same user. */
void process_harden(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
    own_memory();
}

bool process_option(int argc, char **argv, const char *option)
{
    for (int i = 1; i < argc; i++)
        if (str_eq(argv[i], option))
            return true;
    return false;
}
