/* The corners of a table, from which it is rectified. */
#ifndef DASTERN_OCR_CORNERS_H
#define DASTERN_OCR_CORNERS_H

#include "grid.h"

/* Where lines through the outermost cells' edges meet; top left, top right, bottom right, bottom left, as x,y pairs. False when
 * there are too few cells on some side. */
bool corners_by_lines(const struct grid_holes *holes, double corners[4][2]);

/* The same from the pixels that reach furthest into each corner: right when holes that are no cells disturb the lines. */
void corners_by_reach(const struct grid_holes *holes, double corners[4][2]);

#endif
