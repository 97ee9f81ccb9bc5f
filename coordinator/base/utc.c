#include "base/utc.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000ll

/* Eras of 400 years begin on 1 March (Howard Hinnant, "chrono-compatible
 * low-level date algorithms", days_from_civil). */
int64_t utc_days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

void utc_civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

void utc_format(int64_t utc_ms, char *text)
{
    int64_t days = utc_ms / DAY_MS;
    int64_t rest = utc_ms % DAY_MS;
    int year, month, day;

    if (rest < 0) {
        rest += DAY_MS;
        days--;
    }
    utc_civil_from_days(days, &year, &month, &day);
    snprintf(text, UTC_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day,
             (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
             (int)(rest % 1000));
}

static bool digits(const char *text, int count, int *value)
{
    int i;

    *value = 0;
    for (i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *value = *value * 10 + (text[i] - '0');
    }
    return true;
}

static bool month_has(int year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    if (month < 1 || month > 12 || day < 1)
        return false;
    return day <= lengths[month - 1] + (month == 2 && leap ? 1 : 0);
}

static int parse_fraction(const char **at)
{
    int ms = 0, scale = 100;

    if (**at != '.')
        return 0;
    (*at)++;
    if (**at < '0' || **at > '9')
        return ERR_INVALID;
    for (; **at >= '0' && **at <= '9'; (*at)++, scale /= 10)
        ms += (**at - '0') * scale;
    return ms;
}

int utc_parse(const char *text, int64_t *utc_ms)
{
    int year, month, day, hour, minute, second, ms, oh, om;
    int64_t offset_ms = 0;

    if (!digits(text, 4, &year) || text[4] != '-' || !digits(text + 5, 2, &month) ||
        text[7] != '-' || !digits(text + 8, 2, &day) || (text[10] != 'T' && text[10] != ' ') ||
        !digits(text + 11, 2, &hour) || text[13] != ':' || !digits(text + 14, 2, &minute) ||
        text[16] != ':' || !digits(text + 17, 2, &second))
        return ERR_INVALID;
    if (!month_has(year, month, day) || hour > 23 || minute > 59 || second > 59)
        return ERR_INVALID;
    text += 19;
    ms = parse_fraction(&text);
    if (ms < 0)
        return ERR_INVALID;
    if (*text == '+' || *text == '-') {
        if (!digits(text + 1, 2, &oh) || text[3] != ':' || !digits(text + 4, 2, &om) || oh > 23 ||
            om > 59 || text[6] != '\0')
            return ERR_INVALID;
        offset_ms = (oh * 60ll + om) * 60000 * (*text == '-' ? -1 : 1);
    } else if (strcmp(text, "Z") != 0) {
        return ERR_INVALID;
    }
    *utc_ms = utc_days_from_civil(year, month, day) * DAY_MS +
              ((hour * 60ll + minute) * 60 + second) * 1000 + ms - offset_ms;
    return 0;
}
