/* Common ground of all executables. */
#include "core/process.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "core/str.h"

const struct config_item process_config[] = {
    {"DASTERN_DB", CONFIG_TEXT, NULL, "PostgreSQL connection string (no password in it: use a socket or a passfile)"},
    {"DASTERN_DB_PREPARE", CONFIG_BOOL, "on", "prepared statements; off behind PgBouncer in transaction mode"},
    {"DASTERN_LOG_LEVEL", CONFIG_TEXT, "info", "debug, info, warn or error"},
    {NULL, CONFIG_TEXT, NULL, NULL}};

/* Nothing of a request may reach a core file or another process of the same user. */
void process_harden(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
}

bool process_option(int argc, char **argv, const char *option)
{
    for (int i = 1; i < argc; i++)
        if (str_eq(argv[i], option))
            return true;
    return false;
}
