/* What a public status page needs of the ledger, line by line as it grows: outages, maintenance,
 * unmonitored time and operators' posts of the last BOARD_KEPT_MS. Memory does not grow with the
 * ledger: when more happens than BOARD_MOST, the oldest time is forgotten, and known to be. Pure.
 *
 *   board = board_new();
 *   ... board_line() for each line, from entry 0 on ...
 *   view = board_view(board);          a copy: another thread may make pages of it
 *   board_files(&page, files, &err);   report/board_files.h
 *   board_view_free(view); */
#ifndef REPORT_BOARD_H
#define REPORT_BOARD_H

#include "core/entry.h"
#include "report/ledger_events.h"

#define BOARD_KEPT_MS (92ll * 86400000) /* 90 days of any zone */
#define BOARD_MOST 20000                /* outages and unmonitored times */
#define BOARD_POSTS_MOST 2000
#define BOARD_ID 16

struct board;

struct board_post {
    uint64_t line, outage; /* the line that said it, and the outage that it is about */
    int64_t at_ms;
    enum post_status status;
    char *ja, *en; /* owned, plain; NULL: not given */
};

/* A copy of all that the board knows. */
struct board_view {
    struct ledger_view ledger; /* history and the names behind its numbers */
    struct board_post *posts;  /* owned, in order of their lines */
    size_t n_posts;
    uint64_t told;        /* lines that were of the kinds that pages are made of */
    int64_t time_ms;      /* of the newest line; UTC_NONE: there is none */
    int64_t from_ms;      /* of what was before this nothing is known; UTC_NONE likewise */
    uint8_t id[BOARD_ID]; /* the ledger's own: of its first line */
};

struct board *board_new(void);
void board_free(struct board *board); /* NULL is fine */

/* The next line, without its newline. ERR_INVALID or ERR_LIMIT names the entry; then the board is
 * of no more use. */
int board_line(struct board *board, const char *line, size_t len, struct err *err);
/* Rises with every line that may change what is shown. */
uint64_t board_told(const struct board *board);
/* Of the newest line; UTC_NONE: there is none. */
int64_t board_time_ms(const struct board *board);

struct board_view *board_view(const struct board *board);
void board_view_free(struct board_view *view); /* NULL is fine */

#endif
