/* Japan's public holidays by local date, as the Cabinet Office published them: 国民の祝日 under
 * their names, and the rows that it only calls 「休日」 as what the law makes them, 振替休日
 * (国民の祝日に関する法律 3条2項) or 国民の休日 (3条3項). The equinoxes of a year, and so its
 * table, are known from February of the year before; a year that is not in the table has no
 * holidays here, and who needs it must say so. */
#ifndef CORE_ACCOUNT_HOLIDAYS_H
#define CORE_ACCOUNT_HOLIDAYS_H

#include <stdbool.h>

#define HOLIDAYS_SOURCE                                                                            \
    "内閣府「国民の祝日」 https://www8.cao.go.jp/chosei/shukujitsu/syukujitsu.csv"
#define HOLIDAYS_VERSION "2026-02-02" /* when the source was published */
#define HOLIDAYS_YEAR_FIRST 2020
#define HOLIDAYS_YEAR_LAST 2027

/* Is the whole of this year in the table? */
bool holidays_cover(int year);

/* "敬老の日"; NULL when the date is none, or its year is not in the table. */
const char *holiday_name(int year, int month, int day);

#endif
