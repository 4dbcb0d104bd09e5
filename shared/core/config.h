/* Run-time configuration from the environment, one table per executable plus the common one. */
#ifndef DASTERN_CORE_CONFIG_H
#define DASTERN_CORE_CONFIG_H

#include <stdbool.h>

enum config_type { CONFIG_TEXT, CONFIG_INT, CONFIG_COUNT, CONFIG_BOOL, CONFIG_PATH, CONFIG_SECRET };

/* `name` is the variable (DASTERN_…). `def` NULL means it must be given. A CONFIG_COUNT is a number from 1 to INT_MAX. A
 * CONFIG_SECRET DASTERN_X_KEY is read from the file that DASTERN_X_KEY_FILE names, or else from $DASTERN_SECRETS_DIR/x_key: text
 * of at least 32 bytes, mode without group/other write and without other read. It has no default but "", which means that it may
 * be left out. */
struct config_item {
    const char *name;
    enum config_type type;
    const char *def;
    const char *help;
};

/* Reads common + own items (both end with a NULL name). On any fault prints every fault to stderr and exits 78 (EX_CONFIG).
 * `--help` among argv prints the table and exits 0. */
void config_load(const struct config_item *common, const struct config_item *own, int argc, char **argv);

/* Values after config_load; asking for an unknown name aborts (a programming error). Optional text may be "". */
const char *config_text(const char *name);
long config_int(const char *name);
bool config_bool(const char *name);

#endif
