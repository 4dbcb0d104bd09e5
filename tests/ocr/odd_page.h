/* Pages that the generator does not make: each is written down by hand in a text file (odd_pages.txt), cell by cell, with the
 * doses that are meant. They are for one question only: is every dose that the reader gets wrong marked unsure? */
#ifndef DASTERN_TESTS_ODD_PAGE_H
#define DASTERN_TESTS_ODD_PAGE_H

#include <stdbool.h>
#include <stdio.h>

enum { ODD_LINES = 24, ODD_CELLS = 14, ODD_SLOTS = 4, ODD_COVERS = 4, ODD_TEXT = 160 };

enum odd_kind { ODD_HEAD, ODD_MEDICINE, ODD_OTHER };

struct odd_line {
    enum odd_kind kind;
    double doses[ODD_SLOTS];                /* NAN: nobody can know, so no value may be sure */
    char unit[16];                          /* printed behind the doses; "" when none is, or pieces are */
    char cells[ODD_CELLS][ODD_TEXT];
    int count;
    bool opens_table;                       /* a gap before it: a new table begins */
};

/* Something that lies over the page, in parts of the page's width and height. */
struct odd_cover { double x, y, w, h, grey, opacity; };

struct odd_page {
    char name[64], font[96], rules[32];     /* rules: all, level, upright, outer, none, double, dotted */
    double size, width, tilt, blur, noise, cut_left, cut_right, cut_top, cut_bottom, scale, ink, rule_ink, pad;
    bool zebra;
    struct odd_cover covers[ODD_COVERS];
    int cover_count;
    struct odd_line lines[ODD_LINES];
    int count;
};

/* The next page of `file`; false: there is none. Ends the program at a line it does not understand. */
bool odd_next(FILE *file, struct odd_page *page);

/* Its photo: JPEG in memory that lept_free releases. */
unsigned char *odd_photograph(const struct odd_page *page, size_t *size);

#endif
