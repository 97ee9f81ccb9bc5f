/* UTC milliseconds since 1970 <-> RFC 3339 text. Proleptic Gregorian calendar,
 * no leap seconds (POSIX), no time zone but an offset in the text. */
#ifndef BASE_UTC_H
#define BASE_UTC_H

#include <stdint.h>

#define UTC_TEXT_MAX 32
#define UTC_NONE INT64_MIN /* "no such time" */
/* Further than any text says, and from zero in both directions: times within it can be added to
 * and subtracted. */
#define UTC_MOST_MS (1ll << 50)

/* "2026-11-22T03:04:05.678Z" into text[UTC_TEXT_MAX]. */
void utc_format(int64_t utc_ms, char *text);
/* Accepts "YYYY-MM-DDTHH:MM:SS[.fff](Z|+hh:mm|-hh:mm)"; 0 or ERR_INVALID. */
int utc_parse(const char *text, int64_t *utc_ms);
/* Days since 1970-01-01 of a civil date, and back. month 1..12, day 1..31. */
int64_t utc_days_from_civil(int year, int month, int day);
void utc_civil_from_days(int64_t days, int *year, int *month, int *day);

#endif
