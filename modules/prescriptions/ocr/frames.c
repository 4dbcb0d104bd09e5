/* Frames over a pipe. */
#include "frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool write_all(int fd, const void *data, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = write(fd, (const char *)data + done, length - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

bool frame_write(int fd, enum frame_kind kind, const void *data, size_t length)
{
    struct frame_header header = { (uint32_t)kind, (uint32_t)length };
    return length <= FRAME_BYTES_MAX && write_all(fd, &header, sizeof header) && write_all(fd, data, length);
}

int frame_read(struct frame_reader *reader, int fd)
{
    enum { STEP = 256 * 1024, TOTAL_MAX = 3 * FRAME_BYTES_MAX };
    if (reader->room - reader->used < STEP) {
        if (reader->room >= TOTAL_MAX) return -1;
        size_t room = reader->room + (reader->room > STEP ? reader->room : STEP);
        unsigned char *data = realloc(reader->data, room);
        if (!data) return -1;
        reader->data = data;
        reader->room = room;
    }
    ssize_t n = read(fd, reader->data + reader->used, reader->room - reader->used);
    if (n < 0) return errno == EINTR || errno == EAGAIN ? 1 : -1;
    reader->used += (size_t)n;
    return n > 0;
}

bool frame_next(struct frame_reader *reader, size_t *at, struct frame_header *header, const unsigned char **payload, bool *broken)
{
    if (reader->used - *at < sizeof *header) return false;
    memcpy(header, reader->data + *at, sizeof *header);
    if (header->length > FRAME_BYTES_MAX) {
        *broken = true;
        return false;
    }
    if (reader->used - *at - sizeof *header < header->length) return false;
    *payload = reader->data + *at + sizeof *header;
    *at += sizeof *header + header->length;
    return true;
}
