/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SVG 1.1: the few shapes that a map is made of. Lengths are pixels.
 */
#ifndef BH_IMAGE_SVG_H
#define BH_IMAGE_SVG_H

#include <stdio.h>

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

void svg_begin(FILE *out, unsigned width, unsigned height, const char *title);
void svg_end(FILE *out);

/* A rectangle; `tip` is shown when one points at it, or NULL. `fill` is a colour or "url(#...)". */
void svg_rect(FILE *out, double x, double y, double width, double height, const char *fill, const char *tip);
void svg_dashed_rect(FILE *out, double x, double y, double width, double height, const char *stroke);
/* A line, with arrow heads where they are wanted. */
void svg_arrow(FILE *out, double x1, double x2, double y, int at_start, int at_end);
void svg_line(FILE *out, double x1, double y1, double x2, double y2);

/*
 * Text of one line, cut to `width` with an ellipsis. `style` is one of the classes "h1", "h2", "t", "s", "m", "b"; the last
 * one is for names, which are cut in their middle.
 */
void svg_text(FILE *out, double x, double y, double width, enum svg_anchor anchor, const char *style, const char *fill,
              const char *text);

/* How wide a text is at most, in a style. */
double svg_text_width(const char *style, const char *text);

/* Black or white: what can be read on `fill`, "#rrggbb". */
const char *svg_ink(const char *fill);

#endif
