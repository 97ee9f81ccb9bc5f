/* What the public status page says: out of a board's copy and the contract, as of a moment.
 * Availability is the month's report's, day by day in the contract's zone: the same sets, cut
 * at the same midnights. Nothing in here is internal: functions by their names and labels, states,
 * times, severities, operators' posts, announced maintenance. Pure. */
#ifndef REPORT_BOARD_PAGE_H
#define REPORT_BOARD_PAGE_H

#include "core/account/zone.h"
#include "core/model/model.h"
#include "report/board.h"

struct board_source {
    const struct board_view *view;
    const struct contract *contract; /* with its functions */
    const struct zone *zone;         /* that the contract names */
    const struct status_page *page;  /* its functions are the contract's numbers */
    int64_t as_of_ms;
    int64_t stale_ms; /* UTC_NONE; or since when nothing certain is known: what is told is older */
};

/* Now, and the worst of a day; worse ones have greater numbers. */
enum board_state {
    BOARD_UNKNOWN, /* of a day: nothing is known of it */
    BOARD_GOOD,
    BOARD_MAINTENANCE,
    BOARD_UNMONITORED,
    BOARD_IMPAIRED, /* fails, but it is no downtime by the contract */
    BOARD_DOWN,
};
#define BOARD_STATES 6
const char *board_state_name(enum board_state state); /* "operational" */

struct board_day {
    int year, month, day;
    enum board_state worst;
    int64_t availability; /* percent * 10 000, truncated; PERCENT_NONE */
    int64_t down_ms, impaired_ms, unmonitored_ms, maintenance_ms;
};

struct board_function {
    const struct contract_function *function;
    enum board_state now;
    int64_t availability;   /* of all its days */
    struct board_day *days; /* owned: board_page.n_days, the last one is today */
};

struct board_incident {
    uint64_t id;
    int function; /* of the page's */
    enum severity severity;
    int64_t start_ms, end_ms;        /* UTC_NONE: open */
    int64_t updated_ms;              /* the newest of what is told of it */
    const struct board_post **posts; /* owned, newest first */
    size_t n_posts;
};

enum board_phase { BOARD_PLANNED, BOARD_ACTIVE, BOARD_OVER };
const char *board_phase_name(enum board_phase phase); /* "planned" */

struct board_window {
    uint64_t id;
    bool emergency;
    enum board_phase phase;
    struct function_set functions; /* of the page's */
    int64_t announced_ms, start_ms, end_ms;
};

struct board_page {
    const struct board_source *source;
    const char *title, *title_ja, *url; /* "" */
    enum board_state now;               /* the worst of all */
    int n_functions, n_days;
    struct board_function *functions; /* owned, in the contract's order */
    struct board_incident *incidents; /* owned: open ones first, then the newest first */
    size_t n_incidents, n_open;
    struct board_window *windows; /* owned: what is not over by start, then the newest first */
    size_t n_windows, n_ahead;    /* n_ahead: not over */
    uint64_t mark;                /* another one: something else is told than before */
};

/* The source is borrowed and must live as long. */
struct board_page *board_page_new(const struct board_source *source);
void board_page_free(struct board_page *page); /* NULL is fine */

/* When the day of as_of_ms is over in the zone. */
int64_t board_midnight_ms(const struct zone *zone, int64_t as_of_ms);

#endif
