/* SPDX-License-Identifier: Apache-2.0 */
#include "svg.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"

/* Classes of text. Advances are those of the widest fonts in common use, for the average letter. */
static const struct {
    const char *name;
    double advance;
} styles[] = { { "h1", 17.0 }, { "h2", 11.0 }, { "t", 7.0 }, { "s", 6.5 }, { "m", 7.3 }, { "b", 8.0 } };

void svg_begin(FILE *out, unsigned width, unsigned height, const char *title)
{
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\">\n"
            "<title>%s</title>\n"
            "<style>\n"
            "text { font-family: Helvetica, Arial, 'DejaVu Sans', sans-serif; }\n"
            ".h1 { font-size: 26px; font-weight: bold; }\n"
            ".h2 { font-size: 17px; font-weight: bold; }\n"
            ".t { font-size: 12px; }\n"
            ".s { font-size: 11px; }\n"
            ".m { font-size: 12px; font-family: 'DejaVu Sans Mono', Consolas, monospace; }\n"
            ".b { font-size: 12px; font-weight: bold; }\n"
            "</style>\n"
            "<defs>\n"
            "<pattern id=\"shared\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" "
            "patternTransform=\"rotate(45)\"><rect width=\"8\" height=\"8\" fill=\"#efe6d8\"/>"
            "<rect width=\"3\" height=\"8\" fill=\"#cbb891\"/></pattern>\n"
            "<pattern id=\"board\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
            "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#e8e8e8\"/>"
            "<rect width=\"2\" height=\"6\" fill=\"#b0b0b0\"/></pattern>\n"
            "<marker id=\"head\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" orient=\"auto\">"
            "<path d=\"M0,0 L8,4 L0,8 z\" fill=\"#455a64\"/></marker>\n"
            "<marker id=\"tail\" markerWidth=\"8\" markerHeight=\"8\" refX=\"1\" refY=\"4\" orient=\"auto\">"
            "<path d=\"M8,0 L0,4 L8,8 z\" fill=\"#455a64\"/></marker>\n"
            "</defs>\n"
            "<rect width=\"%u\" height=\"%u\" fill=\"#ffffff\"/>\n",
            width, height, width, height, title, width, height);
}

void svg_end(FILE *out)
{
    fputs("</svg>\n", out);
}

/* What XML takes for its own; control characters are no part of it at all. */
static void print_escaped(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '&') {
            fputs("&amp;", out);
        } else if (c == '<') {
            fputs("&lt;", out);
        } else if (c == '>') {
            fputs("&gt;", out);
        } else if (c == '"') {
            fputs("&quot;", out);
        } else {
            /* Names from elsewhere may be in any encoding. */
            fputc(c < 0x20 || c >= 0x7f ? '?' : c, out);
        }
    }
}

void svg_rect(FILE *out, double x, double y, double width, double height, const char *fill, const char *tip)
{
    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" stroke=\"#90a4ae\" "
            "stroke-width=\"0.7\"", x, y, width, height, fill);
    if (tip == NULL) {
        fputs("/>\n", out);
        return;
    }
    fputs("><title>", out);
    print_escaped(out, tip, strlen(tip));
    fputs("</title></rect>\n", out);
}

void svg_dashed_rect(FILE *out, double x, double y, double width, double height, const char *stroke)
{
    fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" stroke=\"%s\" "
            "stroke-width=\"2\" stroke-dasharray=\"5 3\"/>\n", x, y, width, height, stroke);
}

void svg_arrow(FILE *out, double x1, double x2, double y, int at_start, int at_end)
{
    fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#455a64\" stroke-width=\"1.4\"%s%s/>\n",
            x1, y, x2, y, at_start ? " marker-start=\"url(#tail)\"" : "", at_end ? " marker-end=\"url(#head)\"" : "");
}

void svg_line(FILE *out, double x1, double y1, double x2, double y2)
{
    fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#90a4ae\" stroke-width=\"0.7\"/>\n", x1,
            y1, x2, y2);
}

static double advance_of(const char *style)
{
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        if (strcmp(styles[i].name, style) == 0) {
            return styles[i].advance;
        }
    }
    return styles[0].advance;
}

double svg_text_width(const char *style, const char *text)
{
    return (double)strlen(text) * advance_of(style);
}

void svg_text(FILE *out, double x, double y, double width, enum svg_anchor anchor, const char *style, const char *fill,
              const char *text)
{
    static const char *const anchors[] = { "start", "middle", "end" };
    size_t length = strlen(text), room = (size_t)(width / advance_of(style));

    if (room == 0 || length == 0) {
        return;
    }
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" text-anchor=\"%s\" fill=\"%s\">", x, y, style,
            anchors[anchor], fill);
    if (length <= room) {
        print_escaped(out, text, length);
    } else {
        /* Names often differ at their end. */
        size_t tail = strcmp(style, "b") == 0 ? (room - 1) / 2 : 0;

        print_escaped(out, text, room - 1 - tail);
        fputs("&#8230;", out);
        print_escaped(out, text + length - tail, tail);
    }
    fputs("</text>\n", out);
}

const char *svg_ink(const char *fill)
{
    unsigned long rgb = fill[0] == '#' ? strtoul(fill + 1, NULL, 16) : 0xffffff;
    unsigned long light = 299 * (rgb >> 16 & 255) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255);

    return light > 150000 ? "#212121" : "#ffffff";
}
