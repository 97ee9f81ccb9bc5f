/* What a page is made of while it is made: its functions and days (board_page.c), and what was, is
 * and is planned (board_page_lists.c). */
#ifndef REPORT_BOARD_PAGE_PRIVATE_H
#define REPORT_BOARD_PAGE_PRIVATE_H

#include "report/board_page.h"

struct maker {
    struct board_page *page;
    const struct board_source *source;
    struct history history;       /* a copy, in which unknown time is unmonitored */
    struct function_names names;  /* the history's, and all functions that are shown */
    int shown[LIMIT_FUNCTIONS];   /* of the page's functions: the history's number */
    int page_of[LIMIT_FUNCTIONS]; /* and back; -1 */
    struct intervals *windows;    /* owned, of the page's functions: taken, of both kinds */
    struct account *account;
    struct interval period; /* of all days, up to as-of */
    int64_t first_day;
};

void board_page_incidents(struct maker *m);
void board_page_windows(struct maker *m);

#endif
