#include "core/model/span.h"
#include "base/check.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS 60000ll
#define DAY_MIN 1440
#define DAY_MS (DAY_MIN * MINUTE_MS)

static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

static int take_day(const char **at)
{
    int d;

    for (d = 0; d < 7; d++)
        if (strncmp(*at, names[d], 3) == 0) {
            *at += 3;
            return d;
        }
    return -1;
}

/* "Mon-Fri": over the week's end too. */
static bool take_days(const char **at, struct week_span *span)
{
    int first = take_day(at), last = first, d;

    if (first >= 0 && **at == '-') {
        ++*at;
        last = take_day(at);
    }
    if (first < 0 || last < 0)
        return false;
    for (d = first; d != last; d = (d + 1) % 7)
        span->days |= (uint8_t)(1 << d);
    span->days |= (uint8_t)(1 << last);
    return true;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_time(const char **at, int16_t *minute)
{
    const char *t = *at;
    int hours, minutes;

    if (!digit(t[0]) || !digit(t[1]) || t[2] != ':' || !digit(t[3]) || !digit(t[4]))
        return false;
    hours = (t[0] - '0') * 10 + t[1] - '0';
    minutes = (t[3] - '0') * 10 + t[4] - '0';
    *minute = (int16_t)(hours * 60 + minutes);
    *at += 5;
    return minutes < 60 && *minute <= DAY_MIN;
}

bool span_parse(const char *text, struct week_span *span)
{
    const char *at = text;

    *span = (struct week_span){0};
    if (digit(*at)) {
        span->days = 0x7f;
    } else {
        do {
            if (!take_days(&at, span))
                return false;
        } while (*at == ',' && *++at != '\0');
        if (*at++ != ' ')
            return false;
    }
    return take_time(&at, &span->begin_min) && span->begin_min < DAY_MIN && *at++ == '-' &&
           take_time(&at, &span->end_min) && *at == '\0';
}

static bool has(const struct week_span *span, int day)
{
    return day < 7 && (span->days >> day & 1) != 0;
}

void span_format(const struct week_span *span, char text[SPAN_TEXT_MAX])
{
    int d, last, used = 0;

    CHECK(span->days != 0);
    for (d = 0; d < 7; d = last + 1) {
        for (last = d; has(span, d) && has(span, last + 1);)
            last++;
        if (has(span, d))
            used += snprintf(text + used, (size_t)(SPAN_TEXT_MAX - used), "%s%s%s%s",
                             used > 0 ? "," : "", names[d], last > d ? "-" : "",
                             last > d ? names[last] : "");
    }
    used += snprintf(text + used, (size_t)(SPAN_TEXT_MAX - used), " %02d:%02d-%02d:%02d",
                     span->begin_min / 60, span->begin_min % 60, span->end_min / 60,
                     span->end_min % 60);
    CHECK(used < SPAN_TEXT_MAX);
}

/* Days since Monday, 1969-12-29, three days before the epoch. */
static int64_t day_of(int64_t local_ms)
{
    int64_t ms = local_ms + 3 * DAY_MS;

    return ms >= 0 ? ms / DAY_MS : (ms + 1) / DAY_MS - 1;
}

static int64_t begin_ms(const struct week_span *span, int64_t day)
{
    return (day - 3) * DAY_MS + span->begin_min * MINUTE_MS;
}

static bool begins_on(const struct week_span *span, int64_t day)
{
    return span->days >> (((day % 7) + 7) % 7) & 1;
}

bool span_contains(const struct week_span *span, int64_t local_ms)
{
    int64_t day = day_of(local_ms), d;
    int64_t length = span->end_min - span->begin_min;

    if (length <= 0)
        length += DAY_MIN;
    for (d = day - 1; d <= day; d++)
        if (begins_on(span, d) && local_ms >= begin_ms(span, d) &&
            local_ms < begin_ms(span, d) + length * MINUTE_MS)
            return true;
    return false;
}

int64_t span_next_ms(const struct week_span *span, int64_t local_ms)
{
    int64_t d = day_of(local_ms);

    while (!begins_on(span, d) || begin_ms(span, d) <= local_ms)
        d++;
    return begin_ms(span, d);
}
