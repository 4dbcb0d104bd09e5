/* Two lists of keys, read from directories and read again when a directory's files change. The look at the directories is
 * done by whoever asks for a key when the last one is TOKEN_KEYS_LOOK_MS old, under the lock, so that nobody is answered
 * from an older look: a key removed is a key refused. */
#include "access/keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "access/es256.h"
#include "access/token.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/log.h"

#define KEY_FILE_BYTES 8192
#define SIGNING_AGE_SECONDS 2 /* longer than any program's look at the directory can be old */
#define SUFFIX ".pem"

struct key {
    char id[KEY_ID_BYTES + 1];
    struct stat mark; /* tells whether the file is still the same */
    EVP_PKEY *key;    /* NULL: the file holds no usable key */
};

struct key_list {
    struct key keys[LIMIT_TOKEN_KEYS];
    size_t count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *public_dir, *private_dir;
static struct key_list public_keys, private_keys;
static unsigned long generation = 1;
static int64_t next_look_us;

static void complain(const char *event, const char *dir, const char *name)
{
    struct log_line *l = log_begin(LOG_ERROR, event);
    log_str(l, "directory", dir);
    log_str(l, "file", name);
    log_end(l);
}

static void list_clear(struct key_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        EVP_PKEY_free(list->keys[i].key);
    list->count = 0;
}

static int is_key_file(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t id = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    return id >= 1 && id <= KEY_ID_BYTES && str_eq(name + id, SUFFIX);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The key in an open file, or NULL after telling why it is not used. */
static EVP_PKEY *read_key(const char *dir, const char *name, int fd, const struct stat *st, bool is_private)
{
    if (!S_ISREG(st->st_mode) || st->st_size > KEY_FILE_BYTES)
        return complain("key_not_a_key_file", dir, name), NULL;
    if (is_private && st->st_mode & (S_IRWXG | S_IRWXO))
        return complain("key_open_to_others", dir, name), NULL;
    char pem[KEY_FILE_BYTES];
    ssize_t n = read(fd, pem, sizeof pem);
    EVP_PKEY *key = NULL;
    if (n > 0)
        key = is_private ? es256_read_private(pem, (size_t)n) : es256_read_public(pem, (size_t)n);
    explicit_bzero(pem, sizeof pem);
    if (!key)
        complain("key_not_p256", dir, name);
    return key;
}

/* False when the file could not be looked at for a reason that may pass. A file that is gone is no key. */
static bool load_key(const char *dir, const char *name, bool is_private, struct key *out)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    snprintf(out->id, sizeof out->id, "%.*s", (int)(strlen(name) - strlen(SUFFIX)), name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT || errno == EACCES;
    bool ok = fstat(fd, &out->mark) == 0;
    if (ok)
        out->key = read_key(dir, name, fd, &out->mark, is_private);
    close(fd);
    return ok;
}

static bool mark_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size && a->st_mode == b->st_mode &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Whether the files are those the list was made of. The change time, not the modification time: it cannot be set. */
static bool unchanged(const char *dir, struct dirent **names, size_t count, const struct key_list *list)
{
    if (count != list->count)
        return false;
    for (size_t i = 0; i < count; i++) {
        char path[PATH_MAX];
        struct stat now = {0};
        const struct key *k = &list->keys[i];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
        bool same_name = strncmp(names[i]->d_name, k->id, strlen(k->id)) == 0 && names[i]->d_name[strlen(k->id)] == '.';
        if (!same_name || stat(path, &now) != 0 || !mark_same(&now, &k->mark))
            return false;
    }
    return true;
}

/* Puts the keys of the named files into the list; leaves it alone when they cannot be read for now. */
static bool replace(const char *dir, struct dirent **names, size_t count, bool is_private, struct key_list *list)
{
    struct key_list fresh = {0};
    for (size_t i = 0; i < count; i++) {
        if (!load_key(dir, names[i]->d_name, is_private, &fresh.keys[fresh.count++])) {
            complain("key_unreadable", dir, names[i]->d_name);
            list_clear(&fresh);
            return false;
        }
    }
    list_clear(list);
    *list = fresh;
    generation++;
    return true;
}

/* Brings a list up to date with its directory. A directory that does not exist has no keys. */
static bool look(const char *dir, bool is_private, struct key_list *list)
{
    struct dirent **names = NULL;
    int found = scandir(dir, &names, is_key_file, by_name);
    if (found < 0 && errno != ENOENT) {
        complain("keys_unreadable", dir, NULL);
        return false;
    }
    size_t count = found > 0 ? (size_t)found : 0;
    size_t skip = count > LIMIT_TOKEN_KEYS ? count - LIMIT_TOKEN_KEYS : 0; /* the oldest names */
    bool ok = unchanged(dir, names + skip, count - skip, list) ||
              replace(dir, names + skip, count - skip, is_private, list);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return ok;
}

static bool look_at_both(void)
{
    next_look_us = clock_us() + TOKEN_KEYS_LOOK_MS * 1000;
    bool ok = look(public_dir, false, &public_keys);
    return (!private_dir || look(private_dir, true, &private_keys)) && ok;
}

static void look_when_due(void)
{
    if (public_dir && clock_us() >= next_look_us)
        (void)look_at_both(); /* what could not be read stays as it was, and was logged */
}

static bool all_usable(const struct key_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!list->keys[i].key)
            return false;
    return list->count > 0;
}

enum err keys_load(const char *public_path, const char *private_path)
{
    pthread_mutex_lock(&lock);
    list_clear(&public_keys);
    list_clear(&private_keys);
    free(public_dir);
    free(private_dir);
    public_dir = xstrdup(public_path);
    private_dir = private_path ? xstrdup(private_path) : NULL;
    generation++;
    bool ok = look_at_both() && all_usable(&public_keys) && (!private_dir || all_usable(&private_keys));
    pthread_mutex_unlock(&lock);
    if (!ok)
        complain("keys_not_loaded", public_path, private_path);
    return ok ? OK : E_INVALID;
}

static struct key *find(struct key_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->keys[i].key && str_eq(list->keys[i].id, id))
            return &list->keys[i];
    return NULL;
}

static EVP_PKEY *share(EVP_PKEY *key)
{
    return EVP_PKEY_up_ref(key) == 1 ? key : NULL;
}

unsigned long keys_generation(void)
{
    pthread_mutex_lock(&lock);
    look_when_due();
    unsigned long current = generation;
    pthread_mutex_unlock(&lock);
    return current;
}

EVP_PKEY *keys_verifier(const char *kid, unsigned long *current_generation)
{
    pthread_mutex_lock(&lock);
    look_when_due();
    const struct key *k = find(&public_keys, kid);
    EVP_PKEY *key = k ? share(k->key) : NULL;
    *current_generation = generation;
    pthread_mutex_unlock(&lock);
    return key;
}

/* A private key whose public half everybody can see. */
static bool can_sign(const struct key *k)
{
    const struct key *public = k->key ? find(&public_keys, k->id) : NULL;
    return public && EVP_PKEY_eq(public->key, k->key) == 1;
}

/* The newest key that every program has had time to see; when all are that fresh, the oldest of them. */
static const struct key *choose_signer(void)
{
    const struct key *fresh = NULL;
    int64_t now = clock_unix();
    for (size_t i = private_keys.count; i-- > 0;) {
        const struct key *k = &private_keys.keys[i];
        if (!can_sign(k))
            continue;
        if (now - k->mark.st_ctim.tv_sec > SIGNING_AGE_SECONDS)
            return k;
        fresh = k;
    }
    return fresh;
}

EVP_PKEY *keys_signer(char kid[KEY_ID_BYTES + 1])
{
    pthread_mutex_lock(&lock);
    look_when_due();
    const struct key *k = choose_signer();
    EVP_PKEY *key = k ? share(k->key) : NULL;
    if (k)
        memcpy(kid, k->id, sizeof k->id);
    pthread_mutex_unlock(&lock);
    return key;
}

void keys_each(void (*fn)(const char *kid, EVP_PKEY *key, void *arg), void *arg)
{
    pthread_mutex_lock(&lock);
    look_when_due();
    for (size_t i = 0; i < public_keys.count; i++)
        if (public_keys.keys[i].key)
            fn(public_keys.keys[i].id, public_keys.keys[i].key, arg);
    pthread_mutex_unlock(&lock);
}
