/* One job after the other: fork, sandbox, read, send; the parent half waits with a deadline. */
#include "warm.h"

#include "frames.h"
#include "sandbox.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WALL_SECONDS = 30, CPU_SECONDS = 20, MEMORY_MB = 320 };

struct job { int picture, pipe; };

static int or_default(int value, int fallback) { return value > 0 ? value : fallback; }

/* ---- the child ------------------------------------------------------------------------------------------------- */

static void send_progress(void *arg, const char *stage, int percent)
{
    char text[32] = { (char)percent };
    size_t length = strlen(stage);
    memcpy(text + 1, stage, length < sizeof text - 2 ? length : sizeof text - 2);
    if (!frame_write(*(const int *)arg, FRAME_PROGRESS, text, 1 + strlen(text + 1))) _exit(3);
}

/* The whole upload, read before the walls go up; NULL when it is empty, too large or unreadable. */
static unsigned char *load_picture(int fd, size_t *size)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || about.st_size <= 0 || about.st_size > OCR_FILE_MAX) return NULL;
    *size = (size_t)about.st_size;
    unsigned char *data = malloc(*size);
    for (size_t done = 0; data && done < *size;) {
        ssize_t n = pread(fd, data + done, *size - done, (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            free(data);
            return NULL;
        }
        done += (size_t)n;
    }
    return data;
}

static bool send_results(int pipe, const struct ocr_draft *draft, const struct ocr_pictures *pictures)
{
    char *json = ocr_draft_json(draft);
    bool sent = json && frame_write(pipe, FRAME_IMAGE, pictures->image.data, pictures->image.size) &&
                frame_write(pipe, FRAME_THUMBNAIL, pictures->thumbnail.data, pictures->thumbnail.size) &&
                frame_write(pipe, FRAME_RECTIFIED, pictures->rectified.data, pictures->rectified.size) &&
                frame_write(pipe, FRAME_ERROR, draft->error, strlen(draft->error)) &&
                frame_write(pipe, FRAME_JSON, json, strlen(json)) && frame_write(pipe, FRAME_END, "", 0);
    free(json);
    return sent;
}

static _Noreturn void read_in_child(struct ocr_reader *reader, const struct job *job, const struct ocr_service_options *options)
{
    static struct ocr_draft draft;
    struct ocr_pictures pictures;
    struct sandbox_limits limits = { or_default(options->cpu_seconds, CPU_SECONDS), or_default(options->memory_mb, MEMORY_MB) };
    size_t size = 0;
    int pipe = job->pipe;
    unsigned char *data = load_picture(job->picture, &size);
    if (!sandbox_enter(&limits, job->picture, pipe)) _exit(2);
    ocr_read(reader, data, data ? size : 0, &draft, &pictures, send_progress, &pipe);
    /* no destructors: the memory of this process is not to be trusted any more than its input */
    _exit(send_results(pipe, &draft, &pictures) ? 0 : 3);
}

/* ---- the warm process ------------------------------------------------------------------------------------------- */

static bool receive_job(int control, struct job *job)
{
    char byte, room[CMSG_SPACE(2 * sizeof(int))];
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
    ssize_t n;
    do n = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(2 * sizeof(int))) return false;
    int fds[2];
    memcpy(fds, CMSG_DATA(header), sizeof fds);
    *job = (struct job){ fds[0], fds[1] };
    return true;
}

/* Waits for the child; kills it at the deadline, or at once when the worker has gone. */
static struct warm_end await_child(pid_t child, int control, int seconds)
{
    struct warm_end end = { 0, 0, false };
    int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd wait[2] = { { pidfd, POLLIN, 0 }, { control, POLLRDHUP, 0 } };
    int ready = pidfd < 0 ? 0 : poll(wait, 2, seconds * 1000);
    if (ready <= 0 || !(wait[0].revents & POLLIN)) {
        end.timed_out = true;
        kill(child, SIGKILL);
    }
    if (pidfd >= 0) close(pidfd);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (end.signal == SIGXCPU) end.timed_out = true;
    return end;
}

static void run_job(struct ocr_reader *reader, const struct job *job, int control, const struct ocr_service_options *options)
{
    struct warm_end end = { 0, -1, false };
    pid_t child = fork();
    if (child == 0) read_in_child(reader, job, options);
    if (child > 0) end = await_child(child, control, or_default(options->wall_seconds, WALL_SECONDS));
    close(job->picture);
    close(job->pipe);
    if (send(control, &end, sizeof end, MSG_NOSIGNAL) != (ssize_t)sizeof end) _exit(0);
}

_Noreturn void warm_run(int control, const struct ocr_service_options *options)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "ocr_warm");
    /* Ctrl-C reaches the whole group; the worker decides when to stop, and closing the socket ends this process */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    struct ocr_reader *reader = ocr_reader_new(&options->reader);
    if (!reader || send(control, "", 1, MSG_NOSIGNAL) != 1) _exit(1);
    for (struct job job; receive_job(control, &job);) run_job(reader, &job, control, options);
    _exit(0);
}
