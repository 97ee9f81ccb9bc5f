/* What the page's figures share. Their units are tenths of a pixel at the size in which they are
 * thought: all coordinates are integers, so that the bytes are the same everywhere. */
#ifndef REPORT_SLA_SVG_H
#define REPORT_SLA_SVG_H

#include "report/sla_page.h"

/* <svg role="img"> with title and description, which the caller writes in this order:
 * svg_begin(), html_text…() of the title, svg_described(), html_text…() of the rest,
 * svg_drawn(), shapes, svg_end(). */
void svg_begin(struct page *p, const char *class_name, int width, int height);
void svg_described(struct page *p);
void svg_drawn(struct page *p);
void svg_end(struct page *p);
/* A strip has no size of its own: it is drawn as wide and high as the page wants, without text. */
#define STRIP_WIDTH 10000
#define STRIP_HEIGHT 100
void svg_strip(struct page *p, const char *class_name);

void svg_rect(struct page *p, const char *class_name, int x, int y, int width, int height);
/* anchor: "start", "middle" or "end" of the text is at x. */
void svg_text(struct page *p, const char *class_name, int x, int y, const char *anchor,
              const char *text);
void svg_line(struct page *p, const char *class_name, int x1, int y1, int x2, int y2);

/* ---- time ---- */

struct month {
    int64_t begin_ms, end_ms; /* whole, whatever the contract cuts off */
    int64_t known_ms;         /* as-of, or its end */
    int64_t local_ms;         /* its beginning as the local clock reads */
    int days;
};
struct month month_of_report(const struct sla *sla);
/* [begin, end) of a local hour 0 .. 24 * days - 1: empty when the clock skips it, longer than an
 * hour when it happens twice. */
struct interval month_hours(const struct sla *sla, const struct month *month, int hour, int hours);
/* Where on an axis that is `width` long. */
int month_x(const struct month *month, int64_t utc_ms, int width);
/* How much of [begin, end) is in the set, in ms. */
int64_t within_ms(const struct intervals *set, int64_t begin_ms, int64_t end_ms);

#endif
