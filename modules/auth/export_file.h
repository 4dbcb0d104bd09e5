/* A person's export as a ZIP file: export.json, and the pictures of the prescriptions beside it. */
#ifndef DASTERN_AUTH_EXPORT_FILE_H
#define DASTERN_AUTH_EXPORT_FILE_H

#include <stddef.h>

#include "core/err.h"

/* Writes `name` into the directory: whole, or not at all. `pictures` are names in the same directory; one that is not there
 * is left out. E_UNAVAILABLE: no room, or the disk fails. */
enum err export_file_write(int directory, const char *name, const char *document, const char *const *pictures, size_t count) MUST_CHECK;
/* Removes it, and what a writer that was killed has left of it. E_UNAVAILABLE: the disk fails. None there: OK. */
enum err export_file_remove(int directory, const char *name) MUST_CHECK;

#endif
