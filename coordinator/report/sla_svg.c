#include "report/sla_svg.h"
#include "base/utc.h"

#include <inttypes.h>

/* ---- shapes ---- */

void svg_begin(struct page *p, const char *class_name, int width, int height)
{
    struct html *h = &p->html;
    int n = ++p->figures;

    html_open_class(h, "svg", class_name);
    html_attrf(h, "viewBox", "0 0 %d %d", width, height);
    html_attr(h, "role", "img");
    html_attrf(h, "aria-labelledby", "g%dt g%dd", n, n);
    html_open(h, "title");
    html_attrf(h, "id", "g%dt", n);
}

void svg_strip(struct page *p, const char *class_name)
{
    struct html *h = &p->html;
    int n = ++p->figures;

    html_open_class(h, "svg", class_name);
    html_attrf(h, "viewBox", "0 0 %d %d", STRIP_WIDTH, STRIP_HEIGHT);
    html_attr(h, "preserveAspectRatio", "none");
    html_attr(h, "role", "img");
    html_attrf(h, "aria-labelledby", "g%dt g%dd", n, n);
    html_open(h, "title");
    html_attrf(h, "id", "g%dt", n);
}

void svg_described(struct page *p)
{
    html_close(&p->html);
    html_open(&p->html, "desc");
    html_attrf(&p->html, "id", "g%dd", p->figures);
}

void svg_drawn(struct page *p)
{
    html_close(&p->html);
}

void svg_end(struct page *p)
{
    html_close(&p->html);
}

void svg_rect(struct page *p, const char *class_name, int x, int y, int width, int height)
{
    struct html *h = &p->html;

    html_void(h, "rect");
    html_attr(h, "class", class_name);
    html_attrf(h, "x", "%d", x);
    html_attrf(h, "y", "%d", y);
    html_attrf(h, "width", "%d", width);
    html_attrf(h, "height", "%d", height);
    html_void_end(h);
}

void svg_text(struct page *p, const char *class_name, int x, int y, const char *anchor,
              const char *text)
{
    struct html *h = &p->html;

    html_open_class(h, "text", class_name);
    html_attrf(h, "x", "%d", x);
    html_attrf(h, "y", "%d", y);
    html_attr(h, "text-anchor", anchor);
    html_text(h, text);
    html_close(h);
}

void svg_line(struct page *p, const char *class_name, int x1, int y1, int x2, int y2)
{
    struct html *h = &p->html;

    html_void(h, "path");
    html_attr(h, "class", class_name);
    html_attrf(h, "d", "M%d %dL%d %d", x1, y1, x2, y2);
    html_void_end(h);
}

/* ---- time ---- */

struct month month_of_report(const struct sla *sla)
{
    struct zone_month bounds = zone_month(sla->zone, sla->year, sla->month);
    int64_t first = utc_days_from_civil(sla->year, sla->month, 1);
    int64_t next = sla->month == 12 ? utc_days_from_civil(sla->year + 1, 1, 1)
                                    : utc_days_from_civil(sla->year, sla->month + 1, 1);
    struct month month = {.begin_ms = bounds.begin_ms,
                          .end_ms = bounds.end_ms,
                          .known_ms = sla->period.as_of_ms,
                          .local_ms = first * 86400000,
                          .days = (int)(next - first)};

    if (month.known_ms > month.end_ms)
        month.known_ms = month.end_ms;
    return month;
}

struct interval month_hours(const struct sla *sla, const struct month *month, int hour, int hours)
{
    int64_t local_ms = month->local_ms + hour * 3600000ll;

    return (struct interval){zone_to_utc(sla->zone, local_ms),
                             zone_to_utc(sla->zone, local_ms + hours * 3600000ll)};
}

int month_x(const struct month *month, int64_t utc_ms, int width)
{
    if (utc_ms <= month->begin_ms)
        return 0;
    if (utc_ms >= month->end_ms)
        return width;
    return (int)((utc_ms - month->begin_ms) * width / (month->end_ms - month->begin_ms));
}

int64_t within_ms(const struct intervals *set, int64_t begin_ms, int64_t end_ms)
{
    size_t low = 0, high = set->n;
    int64_t sum = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (set->items[middle].end <= begin_ms)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < set->n && set->items[low].begin < end_ms; low++) {
        int64_t from = set->items[low].begin, to = set->items[low].end;

        sum += (to < end_ms ? to : end_ms) - (from > begin_ms ? from : begin_ms);
    }
    return sum;
}
