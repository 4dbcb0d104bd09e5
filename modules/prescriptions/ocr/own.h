/* The own reader of a number: ink is cut into connected pieces, and the glyph network reads them from left to right. */
#ifndef DASTERN_OCR_OWN_H
#define DASTERN_OCR_OWN_H

#include <leptonica/allheaders.h>

#include <stdbool.h>

enum { OWN_PIECES_MAX = 48 };

struct piece { int x, y, w, h, mask, mask_x, mask_y; }; /* mask_x, mask_y: where its mask begins, when the piece is a part of it */
struct pieces { struct piece at[OWN_PIECES_MAX]; int count; PIXA *masks; };

struct own_reading {
    char text[24];          /* "1", "0.5", "1½", "1+1/2"; "" when the first glyph is none of a number */
    double confidence;      /* of the weakest glyph */
    int end_x;              /* px where the number ends */
    int top, bottom;        /* px, of its first digit */
    int whole_end_x;        /* px where the digits before a fraction end; 0: there are none */
    struct piece fraction;  /* a ½, ¼ or ¾, also one spelled 1/2; w == 0: none */
    bool point_clear;       /* the last decimal point is as black as the digits and no speck */
    bool words_follow;      /* something that is no number stands behind */
    bool gap_follows;       /* there is a space before it */
};

/* Halfway between the paper and the darkest strokes. */
int own_ink_level(PIX *grey);

/* Connected ink darker than `level`, from left to right, without specks. Give the result to own_drop. */
struct pieces own_cut(PIX *grey, int level);
void own_drop(struct pieces *pieces); /* those that own_first_line made share their masks: only drop what own_cut gave */

/* The height of the tallest piece, 0 for none. */
int own_tallest(const struct pieces *pieces);

/* Keeps the pieces of the first text line: those that overlap in height with its tallest piece. */
struct pieces own_first_line(const struct pieces *all, int digit_height);

/* The box around `count` > 0 pieces. */
struct piece own_join(const struct piece *pieces, int count);

/* Reads glyphs from the left until words begin (a gap, or a piece that is no glyph of a number). Joined digits of `line` are cut. */
struct own_reading own_read(PIX *grey, struct pieces *line, int digit_height);

#endif
