/* What the parts of the public status page share. */
#ifndef REPORT_BOARD_HTML_H
#define REPORT_BOARD_HTML_H

#include "report/board_words.h"
#include "report/sla_words.h"
#include "report/html.h"

/* Of one page, so that nobody's browser works for minutes; all is in the JSON (report/board_json).
 */
#define BOARD_SHOWN_OPEN 50
#define BOARD_SHOWN_PAST 20 /* of the first page */
#define BOARD_SHOWN_ALL 300 /* of the history */
#define BOARD_PAST_DAYS 14  /* of the first page */

struct board_html {
    const struct board_page *page;
    enum sla_language language;
    bool history; /* the page of all that was */
    struct html html;
};

extern const char board_style[]; /* the style sheet */

const char *board_html_word(const struct board_html *p, enum board_word word);
void board_html_leaf(struct board_html *p, const char *element, const char *class_name,
                     enum board_word word);
void board_html_moment(struct board_html *p, int64_t utc_ms);
void board_html_duration(struct board_html *p, int64_t ms);
/* A small figure beside the word that says the same. */
void board_html_mark(struct board_html *p, enum board_state state);
void board_html_section(struct board_html *p, const char *id, enum board_word heading);
void board_html_section_end(struct board_html *p);

/* ---- sections: board_html_lists.c ---- */

void board_html_open(struct board_html *p);
void board_html_past(struct board_html *p);
void board_html_windows(struct board_html *p, bool over);

#endif
