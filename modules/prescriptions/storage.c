/* Pictures on disk. A name appears in the folder only when its whole content is on the platter. */
#include "storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/random.h"
#include "core/str.h"

#define UUID_CHARS 36
#define COPY_BYTES 65536
#define SWEEP_AGE_S 3600
#define TEMPORARY_ENDING ".part"

static const char *const endings[] = {
    [STORAGE_UPLOAD] = ".upload",
    [STORAGE_IMAGE] = ".jpg",
    [STORAGE_THUMBNAIL] = ".thumbnail.jpg",
    [STORAGE_RECTIFIED] = ".rectified.jpg",
};

static int folder_fd = -1;

enum err storage_open(const char *folder)
{
    if (mkdir(folder, 0750) != 0 && errno != EEXIST)
        return E_UNAVAILABLE;
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0 || faccessat(folder_fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
        return E_UNAVAILABLE;
    return OK;
}

const char *storage_name(struct arena *mem, const char *prescription_id, enum storage_kind kind)
{
    return arena_printf(mem, "%s%s", prescription_id, endings[kind]);
}

/* Is `name` an id followed by exactly this ending? */
static bool has_ending(const char *name, const char *ending)
{
    char id[UUID_CHARS + 1];
    if (strlen(name) != UUID_CHARS + strlen(ending) || !str_eq(name + UUID_CHARS, ending))
        return false;
    memcpy(id, name, UUID_CHARS);
    id[UUID_CHARS] = '\0';
    return str_is_uuid(id);
}

bool storage_is_servable(const char *name)
{
    return has_ending(name, endings[STORAGE_IMAGE]) || has_ending(name, endings[STORAGE_THUMBNAIL]) ||
           has_ending(name, endings[STORAGE_RECTIFIED]);
}

bool storage_is_full(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* A file on its way into the folder. */
struct draft {
    int fd;
    char name[UUID_CHARS + sizeof TEMPORARY_ENDING];
};

static enum err draft_open(struct draft *draft)
{
    char id[UUID_CHARS + 1];
    random_uuid(id);
    snprintf(draft->name, sizeof draft->name, "%s%s", id, TEMPORARY_ENDING);
    draft->fd = openat(folder_fd, draft->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    return draft->fd < 0 ? E_UNAVAILABLE : OK;
}

static enum err draft_write(const struct draft *draft, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(draft->fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return E_UNAVAILABLE;
        bytes += n;
        size -= (size_t)n;
    }
    return OK;
}

static void draft_drop(struct draft *draft)
{
    int error = errno;
    if (draft->fd >= 0)
        close(draft->fd);
    storage_remove(draft->name);
    errno = error;
}

/* Gives the draft its name. Some file systems tell only at close() that there was no room. */
static enum err draft_keep(struct draft *draft, const char *name)
{
    bool synced = fsync(draft->fd) == 0;
    int fd = draft->fd;
    if (synced) {
        draft->fd = -1;
        synced = close(fd) == 0;
    }
    if (!synced || renameat(folder_fd, draft->name, folder_fd, name) != 0) {
        draft_drop(draft);
        return E_UNAVAILABLE;
    }
    if (fsync(folder_fd) == 0)
        return OK;
    storage_remove(name);
    return E_UNAVAILABLE;
}

enum err storage_write(const char *name, const void *bytes, size_t size)
{
    struct draft draft;
    if (draft_open(&draft) != OK)
        return E_UNAVAILABLE;
    if (draft_write(&draft, bytes, size) != OK) {
        draft_drop(&draft);
        return E_UNAVAILABLE;
    }
    return draft_keep(&draft, name);
}

static enum err copy_and_hash(const struct draft *draft, int fd, size_t size, EVP_MD_CTX *hash)
{
    char bytes[COPY_BYTES];
    for (size_t done = 0; done < size;) {
        size_t want = size - done < sizeof bytes ? size - done : sizeof bytes;
        ssize_t n = pread(fd, bytes, want, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || EVP_DigestUpdate(hash, bytes, (size_t)n) != 1 || draft_write(draft, bytes, (size_t)n) != OK)
            return E_UNAVAILABLE;
        done += (size_t)n;
    }
    return OK;
}

enum err storage_copy(const char *name, int fd, size_t size, unsigned char hash[STORAGE_HASH_BYTES])
{
    struct draft draft;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (!md || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1 || draft_open(&draft) != OK) {
        EVP_MD_CTX_free(md);
        return E_UNAVAILABLE;
    }
    enum err err = copy_and_hash(&draft, fd, size, md);
    if (err == OK && EVP_DigestFinal_ex(md, hash, NULL) != 1)
        err = E_UNAVAILABLE;
    EVP_MD_CTX_free(md);
    if (err == OK)
        return draft_keep(&draft, name);
    draft_drop(&draft);
    return err;
}

/* --- the rest of a file's life ------------------------------------------------------------------------------------- */

int storage_read(const char *name)
{
    return openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

void storage_remove(const char *name)
{
    unlinkat(folder_fd, name, 0);
}

static bool is_old(const char *name)
{
    struct stat st;
    return fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           time(NULL) - st.st_mtime > SWEEP_AGE_S;
}

static bool is_left_behind(const char *name, bool (*is_known)(void *, const char *), void *arg)
{
    if (has_ending(name, TEMPORARY_ENDING))
        return is_old(name);
    if (!has_ending(name, endings[STORAGE_UPLOAD]) || !is_old(name))
        return false;
    char id[UUID_CHARS + 1];
    snprintf(id, sizeof id, "%.*s", UUID_CHARS, name);
    return !is_known(arg, id);
}

size_t storage_sweep(bool (*is_known)(void *arg, const char *prescription_id), void *arg)
{
    size_t removed = 0;
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (is_left_behind(entry->d_name, is_known, arg)) {
            storage_remove(entry->d_name);
            removed++;
        }
    }
    closedir(dir);
    return removed;
}
