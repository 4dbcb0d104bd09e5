/* The pictures of prescriptions on disk: flat files in one folder, never half-written, named by the server alone. */
#ifndef DASTERN_PRESCRIPTIONS_STORAGE_H
#define DASTERN_PRESCRIPTIONS_STORAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"

/* What a file is. An upload is what a stranger sent: it is read once, in the sandbox, and never served. */
enum storage_kind { STORAGE_UPLOAD, STORAGE_IMAGE, STORAGE_THUMBNAIL, STORAGE_RECTIFIED };

#define STORAGE_HASH_BYTES 32

/* Opens the folder (made if missing, for the service's user and group only). E_UNAVAILABLE: it can't be opened or written;
 * errno tells why. Call once, before anything else here. */
enum err storage_open(const char *folder) MUST_CHECK;

/* The file name of a prescription's picture: the prescription's id and an ending. */
const char *storage_name(struct arena *mem, const char *prescription_id, enum storage_kind kind);
/* Was this name made by storage_name for a picture that may be served? */
bool storage_is_servable(const char *name);

/*
 * Write a whole file: to a temporary name, fsync, rename, fsync of the folder; a file of that name is replaced. On an error
 * nothing is left behind and errno tells why. E_UNAVAILABLE: the disk is full or failing.
 * storage_copy takes `size` bytes from fd at offset 0 and gives their SHA-256.
 */
enum err storage_write(const char *name, const void *bytes, size_t size) MUST_CHECK;
enum err storage_copy(const char *name, int fd, size_t size, unsigned char hash[STORAGE_HASH_BYTES]) MUST_CHECK;
/* Does errno mean that there is no room (disk, quota, file size limit)? */
bool storage_is_full(int error);

/* A descriptor for reading, -1 with errno when there is no such file. */
int storage_read(const char *name);
/* Removes the file if it is there. */
void storage_remove(const char *name);

/*
 * Removes what a crash left behind: temporary files, and uploads that `is_known` (given the prescription's id) denies, both
 * only when older than an hour. Returns how many went.
 */
size_t storage_sweep(bool (*is_known)(void *arg, const char *prescription_id), void *arg);

#endif
