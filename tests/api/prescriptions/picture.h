/* Pictures for upload tests: real headers without pixels, which is all that the front door looks at. */
#ifndef DASTERN_TESTS_PICTURE_H
#define DASTERN_TESTS_PICTURE_H

#include <stddef.h>
#include <string.h>

#include "client.h"

#define PNG_BYTES 45

/* A PNG that claims this size and ends with its first, empty IDAT chunk. */
static inline void picture_png(unsigned char out[PNG_BYTES], unsigned width, unsigned height)
{
    static const unsigned char head[16] = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
    memset(out, 0, PNG_BYTES);
    memcpy(out, head, sizeof head);
    for (unsigned i = 0; i < 4; i++) {
        out[16 + i] = (unsigned char)(width >> (24 - 8 * i));
        out[20 + i] = (unsigned char)(height >> (24 - 8 * i));
    }
    out[24] = 8;
    memcpy(out + 37, "IDAT", 4);
}

/* Sends bytes as the form's picture. `patient_id` may be NULL. */
static inline struct answer *picture_send(const char *token, const void *bytes, size_t size, const char *filename, const char *type,
                                          const char *patient_id)
{
    const struct part parts[] = {
        {.name = "image", .value = bytes, .size = size, .filename = filename, .type = type},
        {.name = patient_id ? "patient_id" : NULL, .value = patient_id},
        {0}};
    return post_form(token, "/prescriptions", parts);
}

/* A picture that is taken. */
static inline struct answer *picture_good(const char *token, const char *patient_id)
{
    unsigned char png[PNG_BYTES];
    picture_png(png, 800, 600);
    return picture_send(token, png, sizeof png, "page.png", "image/png", patient_id);
}

#endif
