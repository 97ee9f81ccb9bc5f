/* The POSIX TZ rule in the footer of a TZif file: what holds after its last listed
 * transition, e.g. "EST5EDT,M3.2.0,M11.1.0" or "<+09>-9". */
#ifndef CORE_ACCOUNT_ZONE_RULE_H
#define CORE_ACCOUNT_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone_rule_date {
    char kind;            /* 'M': month, week, day of week; 'J': 1..365, never 29 February;
                           * 'D': 0..365 */
    int month, week, day; /* 'J' and 'D' use `day` alone */
    int time_s;           /* local wall clock before the change; -167 h .. 167 h */
};

struct zone_rule {
    int standard_s, daylight_s; /* ahead of UTC */
    bool has_daylight;
    struct zone_rule_date start, end; /* of daylight time */
};

/* 0 or ERR_INVALID. */
int zone_rule_parse(const char *text, size_t len, struct zone_rule *rule);

/* The offset at `utc_s`; *until_s is the next moment at which it may change (INT64_MAX:
 * never). */
int zone_rule_offset(const struct zone_rule *rule, int64_t utc_s, int64_t *until_s);

#endif
