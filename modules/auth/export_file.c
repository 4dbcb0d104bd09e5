/* A person's export as a ZIP file. */
#include "export_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COPY_BYTES 65536
#define NAME_BYTES 300

static bool add_header(struct archive *zip, const char *name, off_t size)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_mtime(entry, time(NULL), 0);
    bool ok = archive_write_header(zip, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    return ok;
}

static bool add_text(struct archive *zip, const char *name, const char *text)
{
    size_t n = strlen(text);
    return add_header(zip, name, (off_t)n) && archive_write_data(zip, text, n) == (la_ssize_t)n;
}

static bool copy_bytes(struct archive *zip, int fd)
{
    char bytes[COPY_BYTES];
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        if (archive_write_data(zip, bytes, (size_t)n) != n)
            return false;
    return n == 0;
}

static bool add_picture(struct archive *zip, int directory, const char *picture)
{
    char name[NAME_BYTES];
    struct stat st;
    int fd = openat(directory, picture, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return true; /* erased meanwhile */
    snprintf(name, sizeof name, "pictures/%s", picture);
    bool ok = fstat(fd, &st) == 0 && add_header(zip, name, st.st_size) && copy_bytes(zip, fd);
    close(fd);
    return ok;
}

static bool write_all(int fd, int directory, const char *document, const char *const *pictures, size_t count)
{
    struct archive *zip = archive_write_new();
    bool ok = archive_write_set_format_zip(zip) == ARCHIVE_OK && archive_write_open_fd(zip, fd) == ARCHIVE_OK &&
              add_text(zip, "export.json", document);
    for (size_t i = 0; ok && i < count; i++)
        ok = add_picture(zip, directory, pictures[i]);
    ok = archive_write_close(zip) == ARCHIVE_OK && ok;
    archive_write_free(zip);
    return ok && fsync(fd) == 0;
}

/* While it is written. The erasure of an account (database/functions/account_rights.sql) knows this name, too. */
static void name_part(const char *name, char part[NAME_BYTES])
{
    snprintf(part, NAME_BYTES, "%s.part", name);
}

enum err export_file_write(int directory, const char *name, const char *document, const char *const *pictures, size_t count)
{
    char part[NAME_BYTES];
    name_part(name, part);
    int fd = openat(directory, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return E_UNAVAILABLE;
    bool ok = write_all(fd, directory, document, pictures, count);
    close(fd);
    if (ok && renameat(directory, part, directory, name) == 0 && fsync(directory) == 0)
        return OK;
    unlinkat(directory, part, 0);
    return E_UNAVAILABLE;
}

static bool removed(int directory, const char *name)
{
    return unlinkat(directory, name, 0) == 0 || errno == ENOENT;
}

enum err export_file_remove(int directory, const char *name)
{
    char part[NAME_BYTES];
    name_part(name, part);
    bool whole = removed(directory, name);
    return removed(directory, part) && whole ? OK : E_UNAVAILABLE;
}
