/* What a reading child sends through its pipe: frames of a kind, a length and that many bytes. */
#ifndef DASTERN_OCR_FRAMES_H
#define DASTERN_OCR_FRAMES_H

#include "ocr.h"

enum frame_kind { FRAME_PROGRESS = 1, FRAME_JSON, FRAME_IMAGE, FRAME_THUMBNAIL, FRAME_RECTIFIED, FRAME_ERROR, FRAME_END };
enum { FRAME_BYTES_MAX = 24 * 1024 * 1024 };

struct frame_header { uint32_t kind, length; };

/* Writes one frame, however many writes it takes. False: the reader is gone. */
bool frame_write(int fd, enum frame_kind kind, const void *data, size_t length);

/* Collects frames from a pipe that a hostile child may write to. */
struct frame_reader { unsigned char *data; size_t used, room; };

/* Reads what is there. 1: more may come, 0: end of file, -1: too much, or an error. */
int frame_read(struct frame_reader *reader, int fd);

/* Takes the next whole frame; false when there is none yet. *payload stays valid until the next frame_read. A frame that is too
 * long sets *broken. */
bool frame_next(struct frame_reader *reader, size_t *at, struct frame_header *header, const unsigned char **payload, bool *broken);

#endif
