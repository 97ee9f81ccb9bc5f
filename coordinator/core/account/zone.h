/* A time zone from the bytes of its TZif file (RFC 8536, version 2 or later), so that
 * a calendar month in the contract's zone becomes UTC milliseconds without any global
 * state and with the tzdata that the caller chose. Bytes may come from anyone. */
#ifndef CORE_ACCOUNT_ZONE_H
#define CORE_ACCOUNT_ZONE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONE_FILE_MAX (256 << 10) /* bytes of a TZif file */
#define ZONE_YEAR_MIN 1970
#define ZONE_YEAR_MAX 9999

struct zone;

/* An IANA name such as "Asia/Tokyo", safe to put behind a directory's name; not what
 * zoneinfo has beside the zones: "localtime", "right/…". */
bool zone_name_ok(const char *name);

/* ERR_INVALID or ERR_LIMIT with what is wrong. Files with leap seconds ("right/") are
 * refused: UTC milliseconds have none. */
int zone_parse(const uint8_t *bytes, size_t len, struct zone **zone, struct err *err);
void zone_free(struct zone *zone); /* NULL is fine */

/* Seconds that local time is ahead of UTC at a UTC moment. */
int zone_offset(const struct zone *zone, int64_t utc_ms);

/* The first UTC moment at which the local clock reads `local_ms` (milliseconds since
 * 1970-01-01 00:00 local, as if the local clock were UTC) or later. So a time that a
 * change of the clock skips is the moment of the change, and of a time that happens
 * twice it is the first. */
int64_t zone_to_utc(const struct zone *zone, int64_t local_ms);

/* A month is [first day 00:00, next month's first day 00:00) local, in UTC ms; months
 * tile time without gaps. year ZONE_YEAR_MIN .. ZONE_YEAR_MAX, month 1 .. 12. */
struct zone_month {
    int64_t begin_ms, end_ms;
};
struct zone_month zone_month(const struct zone *zone, int year, int month);

/* "2026-10" alone; 0 or ERR_INVALID. */
int zone_month_parse(const char *text, int *year, int *month);

#endif
