/* The most used passwords, so that nobody uses them here. */
#ifndef DASTERN_AUTH_COMMON_PASSWORDS_H
#define DASTERN_AUTH_COMMON_PASSWORDS_H

#include <stdbool.h>

/* `password` in lower case. */
bool password_is_common(const char *password);

#endif
