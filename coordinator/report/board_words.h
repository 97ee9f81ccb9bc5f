/* Every word that the public status page prints, in both languages. Pure, never NULL. */
#ifndef REPORT_BOARD_WORDS_H
#define REPORT_BOARD_WORDS_H

#include "report/board_page.h"
#include "report/sla.h"

enum board_word {
    B_ALL_GOOD,
    B_SOME_MAINTENANCE,
    B_SOME_UNMONITORED,
    B_SOME_IMPAIRED,
    B_SOME_DOWN,
    B_NOT_CERTAIN,
    B_STALE,
    B_STALE_SINCE,
    B_AS_OF,
    B_TIMES_IN,
    B_OTHER_LANGUAGE,
    B_NOW,
    B_LEGEND,
    B_LAST, /* before a number of … */
    B_DAYS,
    B_AVAILABILITY,
    B_DAYS_TABLE,
    B_DAY,
    B_STATE,
    B_DETAIL,
    B_DAYS_AGO,
    B_TODAY,
    B_DOWN_FOR,
    B_IMPAIRED_FOR,
    B_UNMONITORED_FOR,
    B_MAINTENANCE_FOR,
    B_NOT_APPLICABLE,
    B_OPEN_INCIDENTS,
    B_NO_OPEN,
    B_PAST_INCIDENTS,
    B_NO_PAST,
    B_ALL_INCIDENTS,
    B_HISTORY,
    B_BACK,
    B_INCIDENT,
    B_SEVERITY,
    B_BEGAN,
    B_ENDED,
    B_LASTED,
    B_SO_FAR,
    B_ONGOING,
    B_RECOVERED,
    B_UPDATES,
    B_MAINTENANCE,
    B_NO_MAINTENANCE,
    B_PAST_MAINTENANCE,
    B_NO_PAST_MAINTENANCE,
    B_WHEN,
    B_REGULAR,
    B_EMERGENCY,
    B_ANNOUNCED,
    B_FUNCTIONS,
    B_PHASE_PLANNED,
    B_PHASE_ACTIVE,
    B_PHASE_OVER,
    B_INVESTIGATING,
    B_IDENTIFIED,
    B_MONITORING,
    B_RESOLVED,
    B_LEFT_OUT,
    B_FEED,
    B_NOT_COUNTED,
    B_COUNT
};

const char *board_word(enum board_word word, enum sla_language language);
const char *board_state_word(enum board_state state, enum sla_language language);
const char *board_status_word(enum post_status status, enum sla_language language);
const char *board_phase_word(enum board_phase phase, enum sla_language language);
/* The page's headline. */
const char *board_headline(const struct board_page *page, enum sla_language language);

const char *board_title(const struct board_page *page, enum sla_language language);
/* Of the page's functions: its label, or its name when it has none. */
const char *board_function_label(const struct board_page *page, int function,
                                 enum sla_language language);
/* "発信、ログイン" */
void board_function_labels(const struct board_page *page, const struct function_set *functions,
                           enum sla_language language, struct buf *out);
/* What the post says in the language, or in the other one; *other says which. */
const char *board_post_text(const struct board_post *post, enum sla_language language, bool *other);
/* "1時間5分", "1 h 5 min": two units. */
void board_duration(int64_t ms, enum sla_language language, struct buf *out);
/* "2026-11-22 18:43:05" in the page's zone; with its offset where the zone's clock changes. */
void board_moment(const struct board_page *page, int64_t utc_ms, struct buf *out);
/* "+09:00" */
void board_offset(const struct board_page *page, int64_t utc_ms, struct buf *out);

#endif
