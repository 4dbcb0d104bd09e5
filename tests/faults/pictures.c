/* Pictures on their way while readers die and disks fill up. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/arena.h"
#include "faults.h"
#include "load.h"
#include "owner.h"
#include "page.h"
#include "people.h"
#include "picture.h"
#include "stack.h"

#define LEASE_S 30.0           /* of ocr_worker.c */
#define RESCUE_S (LEASE_S + 5)
#define READ_S 180.0           /* a machine that is busy with other things reads slowly */
#define DEAD_S 600.0
#define BEHIND 3               /* pictures that wait behind a bad one */
#define DISK_BYTES (32L << 20)
#define ROOM_FOR_ONE (96L << 10)
#define LARGE_JSON_BYTES (500UL << 10)
#define SMALL_JSON_BYTES (60UL << 10)
#define PATH_BYTES 512
#define JOB "FROM prescription_processing_queue WHERE prescription_id = $1::uuid ORDER BY id DESC LIMIT 1"

static struct person patient, admin;
static unsigned char *photo;
static size_t photo_size;

static void prepare(void) {
    static struct page page;
    person_new(&patient, "patient");
    person_register(&admin);
    owner_sql("UPDATE users SET role = 'admin', onboarding_status = 'active' WHERE id = $1::uuid", admin.id, NULL);
    person_login(&admin);
    page_make(&page, 7, CHOOSE_TABLES);
    free(photo);
    photo = page_photograph(&page, true, &photo_size);
}

/* The answer's status; the new prescription's id when that is 202. */
static int send_photo(char id[37]) {
    struct answer *a = picture_send(patient.token, photo, photo_size, "page.jpg", "image/jpeg", NULL);
    if (a->status == 202)
        snprintf(id, 37, "%s", answer_text(a, "id"));
    return a->status;
}

static bool job_is(const char *id, const char *status) {
    const char *is = owner_sql("SELECT status " JOB, id, NULL);
    return is && strcmp(is, status) == 0;
}

static bool wait_job(const char *id, const char *status, double seconds) {
    double until = now_seconds() + seconds;
    while (!job_is(id, status) && now_seconds() < until)
        sleep_seconds(0.05);
    return job_is(id, status);
}

static long attempts(const char *id) { return owner_count("SELECT attempts " JOB, id, NULL); }

/* Who reads it just now, by the name it claims under: <executable>-<pid>-… */
static pid_t reader_of(const char *id) {
    const char *name = owner_sql("SELECT substring(locked_by FROM '-([0-9]+)-') " JOB, id, NULL);
    return name ? (pid_t)strtol(name, NULL, 10) : 0;
}

static void must_be_finished_once(const char *id) {
    must(owner_count("SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND type = 'prescription.ready' "
                     "AND data ->> 'prescription_id' = $2", patient.id, id, NULL) == 1, "one notice that it is ready");
    must(owner_count("SELECT count(*) FROM medications WHERE prescription_id = $1::uuid", id, NULL) > 0, "it has its medicines");
    must(owner_count("SELECT count(*) - count(DISTINCT sequence_number) FROM medications WHERE prescription_id = $1::uuid", id, NULL) == 0,
         "each medicine once");
}

/* --- a worker dies ---------------------------------------------------------------------------------------------- */

void kill_readers(int times) {
    char id[37];
    prepare();
    for (int i = 0; i < times; i++) {
        must(send_photo(id) == 202, "a picture is taken");
        must(wait_job(id, "running", READ_S), "a picture is claimed");
        send_signal(reader_of(id), SIGKILL);
        double killed = now_seconds();
        while (attempts(id) < 2 && now_seconds() < killed + 2 * RESCUE_S)
            sleep_seconds(0.05);
        double took = now_seconds() - killed;
        must(took <= RESCUE_S, "another worker takes it within lease + 5 s");
        must(wait_job(id, "done", READ_S), "it is read");
        /* The second attempt, as a rule; a third when the machine is so busy that a lease ran out between two stages. */
        must(attempts(id) <= 3, "within its attempts");
        must_be_finished_once(id);
        printf("reader killed        taken again after %.1f s, done %.1f s after that\n", took, now_seconds() - killed - took);
    }
    client_forget();
}

/* --- a picture that cannot be read ---------------------------------------------------------------------------------- */

/* Sends the signal to whatever child reads the picture, until its job is dead. */
static bool spoil(const char *id, int number) {
    double until = now_seconds() + DEAD_S;
    while (!job_is(id, "dead") && now_seconds() < until) {
        pid_t reader = job_is(id, "running") ? reader_of(id) : 0;
        pid_t child = reader > 0 ? stack_reading_child(reader) : 0;
        if (child > 0)
            kill(child, number);
        sleep_seconds(0.02);
    }
    return job_is(id, "dead");
}

static bool lists(const struct answer *a, const char *id) {
    size_t i;
    json_t *item;
    json_array_foreach(answer_at(a, "items"), i, item)
        if (strcmp(json_string_value(json_object_get(item, "id")), id) == 0)
            return true;
    return false;
}

/* What an administrator sees and does about it; and then it is read, since nothing is wrong with it. */
static void try_again(const char *id) {
    char job[37];
    snprintf(job, sizeof job, "%s", owner_sql("SELECT id " JOB, id, NULL));
    struct answer *a = get(admin.token, "/admin/queues");
    must(a->status == 200 && strstr(a->body, "\"dead\""), "the dead letter is counted");
    must(lists(get(admin.token, "/admin/queues/jobs?queue=prescription_processing_queue&limit=100"), job), "the dead job is listed");
    must(post(admin.token, NULL, "/admin/queues/jobs/%s/retry", job)->status == 204, "it is put back");
    must(wait_job(id, "done", READ_S), "it is read in the end");
    must_be_finished_once(id);
}

static void spoil_readings(int times, int number, const char *code) {
    char bad[37], behind[BEHIND][37];
    prepare();
    for (int i = 0; i < times; i++) {
        must(send_photo(bad) == 202, "a picture is taken");
        for (size_t k = 0; k < BEHIND; k++)
            must(send_photo(behind[k]) == 202, "others are taken behind it");
        must(spoil(bad, number), "it ends in the dead letter");
        person_login(&patient); /* a token lives for ten minutes */
        person_login(&admin);
        must(attempts(bad) == 3, "after three attempts");
        struct answer *a = get(patient.token, "/prescriptions/%s/processing", bad);
        const char *error = json_string_value(answer_at(a, "error"));
        must(error && strcmp(error, code) == 0, "its people see why");
        size_t meanwhile = 0; /* how many depends on how busy the machine is; none would mean that the bad one blocks them */
        for (size_t k = 0; k < BEHIND; k++)
            meanwhile += job_is(behind[k], "done");
        must(meanwhile > 0, "others are read before it is given up");
        for (size_t k = 0; k < BEHIND; k++)
            must(wait_job(behind[k], "done", READ_S), "all behind it are read");
        long seconds = owner_count("SELECT extract(epoch FROM completed_at - created_at)::int " JOB, bad, NULL);
        try_again(bad);
        printf("%-20s dead after 3 attempts and %ld s, %zu of %d others read meanwhile, read when tried again\n", code, seconds, meanwhile,
               BEHIND);
    }
    client_forget();
}

void crash_readings(int times) { spoil_readings(times, SIGKILL, "ocr.crashed"); }
void stall_readings(int times) { spoil_readings(times, SIGSTOP, "ocr.timed_out"); }

/* --- no room ------------------------------------------------------------------------------------------------------ */

/* Copies the empty folders of a directory onto the disk that will be mounted over it (nginx keeps some in tmp/). */
static void make_same_folders(int old, const char *path) {
    DIR *dir = fdopendir(old);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char name[PATH_BYTES * 2];
        struct stat st;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && fstatat(old, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
            must(mkdir(name, st.st_mode & 0777) == 0 && chown(name, st.st_uid, st.st_gid) == 0, "a folder on the small disk");
    }
    if (dir)
        closedir(dir);
}

static bool mount_small(const char *path) {
    char options[128];
    struct stat st;
    int old = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(old >= 0 && fstat(old, &st) == 0, "the directory is there");
    snprintf(options, sizeof options, "size=%ld,mode=%o,uid=%u,gid=%u", DISK_BYTES, st.st_mode & 0777, st.st_uid, st.st_gid);
    if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) != 0) {
        printf("  left out: no small disk can be mounted here (%s)\n", strerror(errno));
        close(old);
        return false;
    }
    make_same_folders(old, path);
    return true;
}

/* Leaves about so much room on the disk; the ballast is a file that no program of the stack knows. */
static void leave_room(const char *path, long bytes) {
    char name[PATH_BYTES + 16];
    struct statvfs disk;
    snprintf(name, sizeof name, "%s/.ballast", path);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0 && statvfs(path, &disk) == 0, "the small disk");
    long used = (long)(disk.f_bavail * disk.f_frsize) - bytes;
    must(used > 0 && posix_fallocate(fd, 0, used) == 0, "ballast on it");
    close(fd);
}

static void give_room(const char *path) {
    char name[PATH_BYTES + 16];
    snprintf(name, sizeof name, "%s/.ballast", path);
    unlink(name);
}

/* Files by the end of their name. */
static long count_files(const char *path, const char *ending) {
    long n = 0;
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        size_t length = strlen(entry->d_name), wanted = strlen(ending);
        n += entry->d_name[0] != '.' && length >= wanted && strcmp(entry->d_name + length - wanted, ending) == 0;
    }
    if (dir)
        closedir(dir);
    return n;
}

static long rows(void) { return owner_count("SELECT count(*) FROM prescriptions WHERE patient_id = $1::uuid", patient.id, NULL); }

static void must_be_refused(const char *what) {
    long before = rows();
    struct answer *a = picture_send(patient.token, photo, photo_size, "page.jpg", "image/jpeg", NULL);
    const char *code = json_string_value(answer_at(a, "code"));
    printf("  %s: %d %s\n", what, a->status, code ? code : "-");
    must(a->status == 507 && code && strcmp(code, "storage.full") == 0, "507 storage.full");
    must(rows() == before, "no row is left");
}

/* Modules and workers hold the folder open that they found at their start. */
static void open_storage_anew(void) {
    pid_t readers[64];
    size_t n = stack_readers(readers, 64);
    for (size_t i = 0; i < n; i++)
        send_signal(readers[i], SIGTERM);
    must(roll_all(30), "every process was replaced");
}

/* The upload itself has room, the pictures made of it have not. */
static void fill_under_the_worker(const char *storage) {
    char id[37];
    leave_room(storage, (long)photo_size + ROOM_FOR_ONE);
    must(send_photo(id) == 202, "an upload for which there is room");
    double until = now_seconds() + READ_S;
    while (owner_count("SELECT count(*) FROM prescription_processing_queue WHERE prescription_id = $1::uuid AND last_error = 'storage.full'", id, NULL) == 0 &&
           now_seconds() < until)
        sleep_seconds(0.05);
    must(now_seconds() < until, "the worker says that the disk is full");
    must(count_files(storage, ".part") == 0 && count_files(storage, ".upload") == 1 && count_files(storage, "") == 1, "nothing half-written");
    give_room(storage);
    must(wait_job(id, "done", READ_S), "it is read by itself once there is room");
    /* The upload goes after the job has ended: if the worker dies in between, the sweep takes it. */
    for (until = now_seconds() + 5; count_files(storage, ".upload") > 0 && now_seconds() < until;)
        sleep_seconds(0.05);
    must(count_files(storage, ".upload") == 0 && count_files(storage, ".jpg") == 3, "its pictures are whole");
    must_be_finished_once(id);
    printf("  full while the worker writes: done in %ld attempts\n", attempts(id));
}

static void fill_storage(void) {
    char storage[PATH_BYTES], id[37];
    snprintf(storage, sizeof storage, "%s", stack_path("storage"));
    if (!mount_small(storage))
        return;
    open_storage_anew();
    leave_room(storage, ROOM_FOR_ONE);
    must_be_refused("no room for the upload");
    must(count_files(storage, "") == 0, "no file is left");
    give_room(storage);
    fill_under_the_worker(storage);
    must(send_photo(id) == 202 && wait_job(id, "done", READ_S), "the next one is taken and read");
    must(umount2(storage, MNT_DETACH) == 0, "the small disk goes");
    open_storage_anew();
}

/* A body that no route takes, so that only its size matters. */
static struct answer *send_json(size_t size) {
    char *text = xcalloc(1, size);
    memset(text, ' ', size);
    memcpy(text, "{\"unknown\": 1", 13);
    text[size - 1] = '}';
    struct answer *a = post_raw(patient.token, "/doses/sync", text, size);
    free(text);
    return a;
}

/* nginx keeps the beginning of a body in memory. */
static void send_json_without_room(void) {
    struct answer *a = send_json(LARGE_JSON_BYTES);
    const char *code = json_string_value(answer_at(a, "code"));
    printf("  no room for a large JSON body: %d %s\n", a->status, code ? code : "-");
    must(a->status == 507 && code && strcmp(code, "storage.full") == 0, "507 storage.full");
    must(send_json(SMALL_JSON_BYTES)->status == 422, "a usual body is taken all the same");
}

/* Where nginx and the module keep a body while it comes in. */
static void fill_tmp(void) {
    char tmp[PATH_BYTES], id[37];
    snprintf(tmp, sizeof tmp, "%s", stack_path("tmp"));
    if (!mount_small(tmp))
        return;
    leave_room(tmp, ROOM_FOR_ONE / 4);
    must_be_refused("no room for nginx to take it in");
    send_json_without_room();
    leave_room(tmp, (long)photo_size + ROOM_FOR_ONE);
    must_be_refused("no room for the module to take it in");
    give_room(tmp);
    must(send_photo(id) == 202, "the next one is taken");
    must(send_json(LARGE_JSON_BYTES)->status == 422, "so is a large JSON body");
    must(umount2(tmp, MNT_DETACH) == 0, "the small disk goes");
}

void fill_disks(int times) {
    prepare();
    for (int i = 0; i < times; i++) {
        printf("disk full            a picture of %zu KB\n", photo_size >> 10);
        fill_tmp();
        fill_storage();
    }
    client_forget();
}
