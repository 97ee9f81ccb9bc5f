/* A span of the week on a wall clock, such as "Mon-Fri 02:00-04:00". Pure. */
#ifndef CORE_MODEL_SPAN_H
#define CORE_MODEL_SPAN_H

#include <stdbool.h>
#include <stdint.h>

struct week_span {
    uint8_t days;               /* bit 0: Monday … bit 6: Sunday, on which it begins */
    int16_t begin_min, end_min; /* of the day; end <= begin: it ends on the next day */
};

/* "[DAY[-DAY][,…] ]HH:MM-HH:MM"; days as Mon Tue Wed Thu Fri Sat Sun, all when there are none;
 * 24:00 may end it. False: `text` is none. */
bool span_parse(const char *text, struct week_span *span);
/* As span_parse() takes it, always with days: "Mon-Wed,Fri 10:00-19:00". One day at least. */
#define SPAN_TEXT_MAX 48
void span_format(const struct week_span *span, char text[SPAN_TEXT_MAX]);
/* `local_ms`: ms since 1970-01-01 00:00 of the wall clock. */
bool span_contains(const struct week_span *span, int64_t local_ms);
/* When it begins next, after `local_ms`. */
int64_t span_next_ms(const struct week_span *span, int64_t local_ms);

#endif
