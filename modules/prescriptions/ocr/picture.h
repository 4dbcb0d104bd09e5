/* From uploaded bytes to grey pixels fit for reading, and back to clean JPEGs. */
#ifndef DASTERN_OCR_PICTURE_H
#define DASTERN_OCR_PICTURE_H

#include "ocr.h"

#include <leptonica/allheaders.h>

/* Decodes at a size the memory limit allows, without alpha or colour map, turned upright by EXIF: 8 or 32 bits a pixel.
 * NULL with *error set: "ocr.bad_image", "ocr.too_large" ... The caller owns the PIX. */
PIX *picture_decode(const void *data, size_t size, const char **error);

/* Encodes as JPEG with nothing in it but pixels. Data NULL when it fails. */
struct ocr_picture picture_encode(PIX *pix, int quality);

/* The same, at most `side` px long. */
struct ocr_picture picture_thumbnail(PIX *pix, int side);

/* Grey, at most 1600 px on the shorter side, paper made evenly white and ink dark; coloured stamps and pens become paler
 * than black print. */
PIX *picture_prepare(PIX *pix);

/* Black ink on white by a local threshold (Sauvola), 1 bit a pixel, from 8 bit grey. `faint` also takes what is little darker than
 * the paper: lines in a deep shadow, and more noise. */
PIX *picture_binarise(PIX *grey, bool faint);

/* How steep the steepest edges of a prepared picture are, in grey levels per pixel; a sharp photo has over 60. */
double picture_sharpness(PIX *grey);

#endif
