/* A PostgreSQL cluster of the test's own: made in a temporary directory, reached by a unix socket, gone afterwards. PostgreSQL
 * refuses root, so root's tests run it as the user `postgres`. */
#ifndef DASTERN_TESTS_CLUSTER_H
#define DASTERN_TESTS_CLUSTER_H

#include "unit.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>

#define POSTGRES_BIN "/usr/lib/postgresql/15/bin/"

static char cluster_dir[64];
static PGconn *cluster_admin; /* a superuser's connection to the database postgres */

static inline void cluster_become_postgres(void)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    if (user && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
        _exit(126);
}

static inline pid_t cluster_spawn(const char *const *argv)
{
    pid_t pid = fork();
    if (pid == 0) {
        int log = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        if (chdir(cluster_dir) != 0)
            _exit(126);
        cluster_become_postgres();
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

static inline int cluster_control(const char *verb, const char *options)
{
    char data[96];
    int status;
    snprintf(data, sizeof data, "%s/data", cluster_dir);
    const char *const argv[] = {POSTGRES_BIN "pg_ctl", verb, "-D", data, "-w", "-m", "immediate", options ? "-o" : NULL, options, NULL};
    waitpid(cluster_spawn(argv), &status, 0);
    return status;
}

/* libpq's words for reaching the cluster as `user`. Good until the next call. */
static inline const char *cluster_conninfo(const char *user)
{
    static char text[160];
    snprintf(text, sizeof text, "host=%s dbname=postgres user=%s", cluster_dir, user);
    return text;
}

/* Runs SQL as superuser; the first value of its answer as text ("" for none), good until the next call. */
static inline const char *cluster_sql(const char *sql)
{
    static char value[256];
    PGresult *r = PQexec(cluster_admin, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s\n%s", sql, PQresultErrorMessage(r));
    snprintf(value, sizeof value, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return value;
}

/* Starts it (again) and connects to it. */
static inline int cluster_restart(void)
{
    char options[160];
    snprintf(options, sizeof options, "-c listen_addresses= -c unix_socket_directories=%s -c fsync=off -c timezone=UTC", cluster_dir);
    if (cluster_control("start", options) != 0)
        return -1;
    cluster_admin = PQconnectdb(cluster_conninfo("postgres"));
    return PQstatus(cluster_admin) == CONNECTION_OK ? 0 : -1;
}

static inline int cluster_start(void **state)
{
    char data[96];
    int status;
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    (void)state;
    snprintf(cluster_dir, sizeof cluster_dir, "/tmp/dastern-unit.XXXXXX");
    if (!mkdtemp(cluster_dir) || (user && chown(cluster_dir, user->pw_uid, user->pw_gid) != 0))
        return -1;
    snprintf(data, sizeof data, "%s/data", cluster_dir);
    const char *const initdb[] = {POSTGRES_BIN "initdb", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8", "-U", "postgres", "-A", "trust",
                                  "-D", data, NULL};
    waitpid(cluster_spawn(initdb), &status, 0);
    return status == 0 ? cluster_restart() : -1;
}

static inline int cluster_stop(void **state)
{
    const char *const remove[] = {"/bin/rm", "-rf", cluster_dir, NULL};
    int status;
    (void)state;
    PQfinish(cluster_admin);
    cluster_control("stop", NULL);
    waitpid(cluster_spawn(remove), &status, 0);
    rmdir(cluster_dir);
    return 0;
}

#endif
