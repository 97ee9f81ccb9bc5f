#include "core/account/zone_rule.h"
#include "base/err.h"
#include "base/utc.h"

#include <string.h>

#define DAY_S 86400ll
#define RULE_TEXT_MAX 128

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "EST" or "<+09>": at least three characters. */
static bool skip_name(const char **at)
{
    const char *p = *at;
    int n = 0;

    if (*p == '<') {
        for (p++; is_alpha(*p) || is_digit(*p) || *p == '+' || *p == '-'; p++)
            n++;
        if (*p++ != '>')
            return false;
    } else {
        for (; is_alpha(*p); p++)
            n++;
    }
    *at = p;
    return n >= 3;
}

static bool number(const char **at, int low, int high, int *value)
{
    const char *p = *at;

    *value = 0;
    if (!is_digit(*p))
        return false;
    for (; is_digit(*p) && *value <= high; p++)
        *value = *value * 10 + (*p - '0');
    *at = p;
    return *value >= low && *value <= high;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool clock_text(const char **at, int max_hours, int *seconds)
{
    int hours, minutes = 0, rest = 0;
    bool negative = **at == '-';

    if (**at == '-' || **at == '+')
        (*at)++;
    if (!number(at, 0, max_hours, &hours))
        return false;
    if (**at == ':') {
        (*at)++;
        if (!number(at, 0, 59, &minutes))
            return false;
        if (**at == ':') {
            (*at)++;
            if (!number(at, 0, 59, &rest))
                return false;
        }
    }
    *seconds = (hours * 60 + minutes) * 60 + rest;
    if (negative)
        *seconds = -*seconds;
    return true;
}

static bool date_text(const char **at, struct zone_rule_date *date)
{
    if (*(*at)++ != ',')
        return false;
    date->kind = **at == 'M' || **at == 'J' ? *(*at)++ : 'D';
    if (date->kind == 'M') {
        if (!number(at, 1, 12, &date->month) || *(*at)++ != '.' || !number(at, 1, 5, &date->week) ||
            *(*at)++ != '.' || !number(at, 0, 6, &date->day))
            return false;
    } else if (!number(at, date->kind == 'J' ? 1 : 0, 365, &date->day)) {
        return false;
    }
    date->time_s = 2 * 3600;
    if (**at != '/')
        return true;
    (*at)++;
    return clock_text(at, 167, &date->time_s);
}

int zone_rule_parse(const char *text, size_t len, struct zone_rule *rule)
{
    char copy[RULE_TEXT_MAX];
    const char *at = copy;

    if (len >= sizeof copy || memchr(text, '\0', len) != NULL)
        return ERR_INVALID;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *rule = (struct zone_rule){0};
    /* POSIX counts offsets westwards. */
    if (!skip_name(&at) || !clock_text(&at, 24, &rule->standard_s))
        return ERR_INVALID;
    rule->standard_s = -rule->standard_s;
    if (*at == '\0')
        return 0;
    rule->has_daylight = true;
    rule->daylight_s = rule->standard_s + 3600;
    if (!skip_name(&at))
        return ERR_INVALID;
    if (*at != ',') {
        if (!clock_text(&at, 24, &rule->daylight_s))
            return ERR_INVALID;
        rule->daylight_s = -rule->daylight_s;
    }
    if (!date_text(&at, &rule->start) || !date_text(&at, &rule->end) || *at != '\0')
        return ERR_INVALID;
    return 0;
}

static bool leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The date's local wall clock in `year`, as seconds since 1970 local. */
static int64_t date_local(const struct zone_rule_date *date, int year)
{
    int64_t days;

    if (date->kind == 'M') {
        int64_t first = utc_days_from_civil(year, date->month, 1);
        int64_t next = date->month == 12 ? utc_days_from_civil(year + 1, 1, 1)
                                         : utc_days_from_civil(year, date->month + 1, 1);
        int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */

        days = first + (date->day - weekday + 7) % 7 + 7 * (date->week - 1);
        if (days >= next) /* week 5 is the last one */
            days -= 7;
    } else {
        days = utc_days_from_civil(year, 1, 1) + date->day;
        if (date->kind == 'J' && (!leap(year) || date->day < 60))
            days--;
    }
    return days * DAY_S + date->time_s;
}

struct change {
    int64_t at_s;
    bool daylight;
};

/* Insertion keeps equal moments in the order of the calls: daylight time all year is
 * an end and a start at the same moment, and the later year's start wins. */
static void insert(struct change *changes, int n, struct change change)
{
    for (; n > 0 && changes[n - 1].at_s > change.at_s; n--)
        changes[n] = changes[n - 1];
    changes[n] = change;
}

int zone_rule_offset(const struct zone_rule *rule, int64_t utc_s, int64_t *until_s)
{
    struct change changes[6];
    int64_t local_day;
    int year, month, day, i, n = 0;
    bool daylight;

    *until_s = INT64_MAX;
    if (!rule->has_daylight)
        return rule->standard_s;
    local_day = (utc_s + rule->standard_s) / DAY_S;
    utc_civil_from_days(local_day, &year, &month, &day);
    for (i = year - 1; i <= year + 1; i++) {
        insert(changes, n++, (struct change){date_local(&rule->start, i) - rule->standard_s, true});
        insert(changes, n++, (struct change){date_local(&rule->end, i) - rule->daylight_s, false});
    }
    daylight = !changes[0].daylight;
    for (i = 0; i < n && changes[i].at_s <= utc_s; i++)
        daylight = changes[i].daylight;
    if (i < n)
        *until_s = changes[i].at_s;
    else /* only rules that wander off their year by days: ask again later */
        *until_s = utc_s + DAY_S;
    return daylight ? rule->daylight_s : rule->standard_s;
}
