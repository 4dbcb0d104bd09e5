/* The worker's side: starts the warm process, hands pictures over, collects frames. */
#include "frames.h"
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_SECONDS = 10 /* for the warm process, beyond the child's own deadline */ };

struct ocr_service { pid_t warm; int control, wall_seconds; };

void ocr_single_thread(char **argv)
{
    setlocale(LC_NUMERIC, "C");
    const char *limit = getenv("OMP_THREAD_LIMIT");
    if (limit && strcmp(limit, "1") == 0) return;
    if (setenv("OMP_THREAD_LIMIT", "1", 1) == 0) execv("/proc/self/exe", argv);
    perror("ocr: cannot restart with OMP_THREAD_LIMIT=1");
    _exit(1);
}

/* ---- start and stop ------------------------------------------------------------------------------------------- */

/* A signal meanwhile is no failure: the worker sees it and ends in order as soon as it is started. */
static bool is_ready(int control)
{
    char ready;
    ssize_t n;
    do n = recv(control, &ready, 1, 0);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

struct ocr_service *ocr_service_start(const struct ocr_service_options *options)
{
    static const struct ocr_service_options defaults;
    int ends[2];
    if (!options) options = &defaults;
    struct ocr_service *service = calloc(1, sizeof *service);
    if (!service || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        free(service);
        return NULL;
    }
    service->wall_seconds = options->wall_seconds > 0 ? options->wall_seconds : 30;
    service->control = ends[0];
    service->warm = fork();
    if (service->warm == 0) {
        close(ends[0]);
        warm_run(ends[1], options);
    }
    close(ends[1]);
    if (service->warm > 0 && is_ready(service->control)) return service;
    fputs("ocr: the reader did not start; are the Tesseract models for eng, fra and khm installed?\n", stderr);
    ocr_service_stop(service);
    return NULL;
}

void ocr_service_stop(struct ocr_service *service)
{
    if (!service) return;
    close(service->control);
    if (service->warm > 0)
        while (waitpid(service->warm, NULL, 0) < 0 && errno == EINTR) continue;
    free(service);
}

void ocr_result_free(struct ocr_result *result)
{
    free(result->json);
    ocr_pictures_free(&result->pictures);
    result->json = NULL;
}

/* ---- one picture ---------------------------------------------------------------------------------------------- */

static bool send_job(int control, int picture, int pipe)
{
    char byte = 'j', room[CMSG_SPACE(2 * sizeof(int))] = { 0 };
    struct iovec part = { &byte, 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    int fds[2] = { picture, pipe };
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(header), fds, sizeof fds);
    return sendmsg(control, &message, MSG_NOSIGNAL) == 1;
}

struct collecting {
    struct frame_reader frames;
    size_t at;
    struct ocr_result *result;
    ocr_progress_fn *progress;
    void *arg;
    bool broken, complete;
};

/* Known stage names come back as literals, so that nothing of the child's memory is kept. */
static const char *known_stage(const unsigned char *name, size_t length)
{
    static const char *const stages[] = { "decode", "prepare", "table", "columns", "rows", "header", "store" };
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        if (strlen(stages[i]) == length && memcmp(stages[i], name, length) == 0) return stages[i];
    return NULL;
}

/* A picture from the child is kept only when it looks like the JPEG it must be. */
static bool keep_picture(struct ocr_picture *picture, const unsigned char *data, size_t size)
{
    struct image_header header;
    if (size == 0) return true;
    const char *fault = image_check_header(data, size, &header);
    if ((fault && strcmp(fault, "ocr.too_small") != 0) || header.kind != IMAGE_JPEG || picture->data) return false;
    picture->data = malloc(size);
    if (!picture->data) return false;
    memcpy(picture->data, data, size);
    picture->size = size;
    return true;
}

static bool keep_json(struct ocr_result *result, const unsigned char *data, size_t size)
{
    if (result->json || size > OCR_JSON_MAX) return false;
    result->json = malloc(size + 1);
    if (!result->json) return false;
    memcpy(result->json, data, size);
    result->json[size] = '\0';
    return true;
}

static bool keep_error(struct ocr_result *result, const unsigned char *data, size_t size)
{
    if (size >= sizeof result->error) return false;
    memcpy(result->error, data, size);
    result->error[size] = '\0';
    return size == strspn(result->error, "abcdefghijklmnopqrstuvwxyz_.");
}

static bool take_frame(struct collecting *c, const struct frame_header *header, const unsigned char *payload)
{
    struct ocr_result *result = c->result;
    switch (header->kind) {
    case FRAME_PROGRESS:
        if (header->length > 1 && payload[0] <= 100 && c->progress) {
            const char *stage = known_stage(payload + 1, header->length - 1);
            if (stage) c->progress(c->arg, stage, payload[0]);
        }
        return true;
    case FRAME_IMAGE: return keep_picture(&result->pictures.image, payload, header->length);
    case FRAME_THUMBNAIL: return keep_picture(&result->pictures.thumbnail, payload, header->length);
    case FRAME_RECTIFIED: return keep_picture(&result->pictures.rectified, payload, header->length);
    case FRAME_ERROR: return keep_error(result, payload, header->length);
    case FRAME_JSON: return keep_json(result, payload, header->length);
    case FRAME_END: c->complete = true; return true;
    }
    return false;
}

static void take_frames(struct collecting *c)
{
    struct frame_header header;
    const unsigned char *payload;
    while (!c->broken && frame_next(&c->frames, &c->at, &header, &payload, &c->broken))
        if (!take_frame(c, &header, payload)) c->broken = true;
}

/* Reads frames until the pipe ends and the warm process has told how the child ended. */
static bool collect(struct ocr_service *service, int pipe, struct collecting *c, struct warm_end *end)
{
    struct pollfd wait[2] = { { pipe, POLLIN, 0 }, { service->control, POLLIN, 0 } };
    time_t deadline = time(NULL) + service->wall_seconds + GRACE_SECONDS;
    bool ended = false;
    while (wait[0].fd >= 0 || !ended) {
        if (ended) wait[1].fd = -1;
        int ready = poll(wait, 2, 1000);
        if (ready < 0 && errno != EINTR) return false;
        if (ready == 0 && c->progress) c->progress(c->arg, NULL, 0);
        if (time(NULL) > deadline) return false;
        if (ready <= 0) continue;
        if (wait[0].fd >= 0 && wait[0].revents) {
            int more = frame_read(&c->frames, pipe);
            if (more < 0) c->broken = true;
            take_frames(c);
            if (more <= 0 || c->broken) wait[0].fd = -1;
        }
        if (wait[1].fd >= 0 && wait[1].revents) {
            if (recv(service->control, end, sizeof *end, 0) != (ssize_t)sizeof *end) return false;
            ended = true;
        }
    }
    return true;
}

static enum ocr_outcome judge(const struct collecting *c, const struct warm_end *end)
{
    struct ocr_result *result = c->result;
    result->signal = end->signal;
    bool whole = c->complete && !c->broken && result->json && end->signal == 0 && end->status == 0;
    if (whole) return OCR_DONE;
    enum ocr_outcome outcome = end->timed_out ? OCR_TIMED_OUT : OCR_CRASHED;
    snprintf(result->error, sizeof result->error, "%s", outcome == OCR_TIMED_OUT ? "ocr.timed_out" : "ocr.crashed");
    free(result->json);
    result->json = NULL;
    return outcome;
}

enum ocr_outcome ocr_service_read(struct ocr_service *service, int fd, struct ocr_result *result,
                                  ocr_progress_fn *progress, void *arg)
{
    int ends[2];
    struct warm_end end = { 0, -1, false };
    struct collecting c = { .result = result, .progress = progress, .arg = arg };
    *result = (struct ocr_result){ .json = NULL };
    if (pipe2(ends, O_CLOEXEC) != 0) return OCR_CRASHED;
    bool sent = send_job(service->control, fd, ends[1]);
    close(ends[1]);
    bool told = sent && collect(service, ends[0], &c, &end);
    close(ends[0]);
    free(c.frames.data);
    if (told) return judge(&c, &end);
    ocr_result_free(result);
    return OCR_GONE;
}
