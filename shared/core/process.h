/* What modules and background workers have in common as processes. */
#ifndef DASTERN_CORE_PROCESS_H
#define DASTERN_CORE_PROCESS_H

#include <stdbool.h>

#include "core/config.h"

/* Database and log: part of every executable's configuration. */
extern const struct config_item process_config[];

/* No core files, not traceable, SIGPIPE ignored, no memory for OpenSSL ends the process. Once, before requests or jobs are touched
 * and before anything is asked of OpenSSL. */
void process_harden(void);

/* Is `option` among the arguments? */
bool process_option(int argc, char **argv, const char *option);

#endif
