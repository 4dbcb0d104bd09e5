/* The processes of the stack under test, found through /proc. */
#include "stack.h"

#include <dirent.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 512

static const char *state_directory(void) {
    const char *var = getenv("DASTERN_VAR");
    if (!var || *var != '/') {
        fputs("DASTERN_VAR must be the absolute path of the stack's state directory\n", stderr);
        exit(2);
    }
    return var;
}

static pid_t parent_of(pid_t pid) {
    char path[PATH_BYTES], line[512];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (f && fgets(line, sizeof line, f)) {
        const char *after_name = strrchr(line, ')');
        if (!after_name || sscanf(after_name, ") %*c %d", &parent) != 1)
            parent = 0;
    }
    if (f)
        fclose(f);
    return parent;
}

/* The name the process was started by; "" if it can't be read. (/proc/<pid>/exe is closed: modules are not dumpable.) */
static void executable_of(pid_t pid, char *path, size_t size) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/cmdline", (int)pid);
    FILE *f = fopen(name, "re");
    size_t n = f ? fread(path, 1, size - 1, f) : 0;
    path[n] = '\0';
    if (f)
        fclose(f);
}

static bool runs(pid_t pid, const char *prefix) {
    char path[PATH_BYTES];
    executable_of(pid, path, sizeof path);
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

static size_t collect(pid_t *pids, size_t room, bool (*wanted)(pid_t)) {
    size_t n = 0;
    DIR *proc = opendir("/proc");
    if (!proc)
        return 0;
    for (struct dirent *entry; n < room && (entry = readdir(proc)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && wanted(pid))
            pids[n++] = pid;
    }
    closedir(proc);
    return n;
}

static bool is_ours(pid_t pid) {
    char prefix[PATH_BYTES];
    snprintf(prefix, sizeof prefix, "%s/app/bin/", state_directory());
    return runs(pid, prefix);
}

static bool is_module(pid_t pid) {
    char path[PATH_BYTES];
    executable_of(pid, path, sizeof path);
    return is_ours(pid) && !strstr(path, "_worker");
}

static bool is_module_parent(pid_t pid) { return is_module(pid) && !is_ours(parent_of(pid)); }
static bool is_module_child(pid_t pid) { return is_module(pid) && is_ours(parent_of(pid)); }

bool stack_runs(pid_t pid, const char *name) {
    char path[PATH_BYTES], wanted[PATH_BYTES];
    snprintf(wanted, sizeof wanted, "%s/app/bin/%s", state_directory(), name);
    executable_of(pid, path, sizeof path);
    return strcmp(path, wanted) == 0;
}

size_t stack_processes(pid_t *pids, size_t room) { return collect(pids, room, is_ours); }

size_t stack_modules(pid_t *pids, size_t room, bool parents) {
    return collect(pids, room, parents ? is_module_parent : is_module_child);
}

static bool is_reader(pid_t pid) {
    char path[PATH_BYTES];
    executable_of(pid, path, sizeof path);
    return is_ours(pid) && strstr(path, "/ocr_worker") && !is_ours(parent_of(pid));
}

size_t stack_readers(pid_t *pids, size_t room) { return collect(pids, room, is_reader); }

/* Between the two is the process with the warm models. */
pid_t stack_reading_child(pid_t worker) {
    pid_t pids[256];
    size_t n = collect(pids, sizeof pids / sizeof *pids, is_ours);
    for (size_t i = 0; i < n; i++)
        if (parent_of(parent_of(pids[i])) == worker)
            return pids[i];
    return 0;
}

const char *stack_path(const char *name) {
    static char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", state_directory(), name);
    return path;
}

pid_t stack_postmaster(void) {
    char path[PATH_BYTES];
    int pid = 0;
    snprintf(path, sizeof path, "%s/postgres/postmaster.pid", state_directory());
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%d", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return pid;
}

static pid_t wanted_parent;

static bool is_child(pid_t pid) { return parent_of(pid) == wanted_parent; }

size_t stack_backends(pid_t postmaster, pid_t *pids, size_t room) {
    wanted_parent = postmaster;
    return postmaster > 0 ? collect(pids, room, is_child) : 0; /* without one, it would be everybody's */
}

/* A backend's title names the role. */
bool stack_serves(pid_t backend, const char *name) {
    char title[PATH_BYTES], role[64];
    snprintf(role, sizeof role, " dastern_%s ", name);
    executable_of(backend, title, sizeof title);
    return strstr(title, role) != NULL;
}

/* Redis renames itself to "redis-server unixsocket:<path>": the path tells whose it is. */
static bool is_redis(pid_t pid) {
    char path[PATH_BYTES], line[PATH_BYTES] = "", wanted[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    snprintf(wanted, sizeof wanted, "unixsocket:%s/run/redis.sock", state_directory());
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f)
        fclose(f);
    for (size_t i = 0; i < n; i++)
        if (line[i] == '\0')
            line[i] = ' ';
    return strstr(line, wanted) != NULL;
}

pid_t stack_redis(void) {
    pid_t pid = 0;
    collect(&pid, 1, is_redis);
    return pid;
}

bool stack_postgres_accepts(void) {
    char target[PATH_BYTES];
    snprintf(target, sizeof target, "host=%s/run dbname=dastern_db connect_timeout=2", state_directory());
    return PQping(target) == PQPING_OK;
}

void stack_hold_redis(bool hold) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/run/redis.hold", state_directory());
    if (!hold) {
        unlink(path);
        return;
    }
    FILE *f = fopen(path, "we");
    if (f)
        fclose(f);
}
