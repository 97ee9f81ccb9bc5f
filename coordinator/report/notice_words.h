/* Every word of a notice, in both languages, and what each kind of event is called. Pure. Private
 * to the notice_*.c files. */
#ifndef REPORT_NOTICE_WORDS_H
#define REPORT_NOTICE_WORDS_H

#include "report/notice_facts.h"

enum notice_word {
    N_REPEAT,
    N_REPEAT_MARK,
    N_ESCALATED,
    N_ESCALATED_MARK,
    N_OTHERWISE,
    N_TEST,
    N_DEAR,
    N_GREETING,
    N_OUTAGE_NOW,
    N_OUTAGE_OVER,
    N_LASTING_NOW,
    N_POST_NOW,
    N_WINDOW_NOW,
    N_WINDOW_EXTENDED,
    N_WINDOW_CANCELLED,
    N_WINDOW_BEGUN,
    N_WINDOW_OVERRUN,
    N_WINDOW_OVER,
    N_TEST_NOW,
    N_GENERAL_NOW,
    N_SORRY,
    N_SORRY_WINDOW,
    N_TWO_WEEKS,
    N_SHORT_NOTICE,
    N_STATUS_PAGE,
    N_REGARDS,
    N_CLUSTER,
    N_NOTICE,
    N_RULE,
    N_RAISED,
    N_INCIDENT,
    N_FUNCTION,
    N_SEVERITY,
    N_CAUSE,
    N_ROUTE,
    N_SERVER,
    N_SITE,
    N_CHECK,
    N_TO,
    N_WHO,
    N_REASON,
    N_RULE_ROW,
    N_LAST_GOOD,
    N_START,
    N_START_CUSTOMERS,
    N_RECOGNISED,
    N_RECOGNISED_CUSTOMERS,
    N_END,
    N_END_CUSTOMERS,
    N_DURATION,
    N_TOOK,
    N_SILENT,
    N_STEPPED,
    N_EXPIRES,
    N_SINCE,
    N_STATE,
    N_EVIDENCE,
    N_KIND,
    N_REGULAR,
    N_EMERGENCY,
    N_PERIOD,
    N_STOPS,
    N_STOPS_NOTE,
    N_STILL_DOWN,
    N_ANNOUNCED,
    N_FINISHED,
    N_END_BEFORE,
    N_END_AFTER,
    N_TIME,
    N_OPEN,
    N_RECOVERED,
    N_PARTLY,
    N_AND_MORE_FUNCTIONS, /* %d */
    N_AND_MORE,           /* %d */
    N_AND_OTHERS,         /* %d */
    N_LEFT_OUT,           /* %d */
    N_LIST_COMMA,
    N_LIST_POINT,
    N_LOOK,
    N_ACKNOWLEDGE,
    N_ZONE, /* name, offset */
    N_UNREAD,
    N_QUORUM_ADVICE,
    N_WORDS
};

/* Kinds of events as people know them, the weightiest first. */
enum notice_title {
    TITLE_QUORUM_LOST,
    TITLE_OUTAGE,
    TITLE_LASTING,
    TITLE_BLOCKED,
    TITLE_HELD,
    TITLE_REFUSED,
    TITLE_POSTED,
    TITLE_RECOVERED,
    TITLE_FAILOVER,
    TITLE_QUORUM_BACK,
    TITLE_OVERRUN,
    TITLE_NODE_LOST,
    TITLE_COVERAGE,
    TITLE_CERTIFICATE,
    TITLE_CLOCK,
    TITLE_DISPUTED,
    TITLE_EMERGENCY,
    TITLE_MAINTENANCE,
    TITLE_EXTENDED,
    TITLE_CANCELLED,
    TITLE_BEGUN,
    TITLE_OVER,
    TITLE_NODE_BACK,
    TITLE_TEST,
    TITLE_GENERAL, /* customers: something internal */
    TITLES
};

const char *notice_word(enum notice_word word, enum language language);
enum notice_title notice_title_of(const struct notice_fact *fact);
/* To customers, NULL of what they are not told. */
const char *notice_title_words(enum notice_title title, bool customers, enum language language);
/* "investigating" and so on, of a post. The word itself when it is none of those. */
const char *notice_status_words(const char *status, enum language language);
/* The sentence that customers' mails begin with. */
enum notice_word notice_sentence(enum notice_title title, bool over);

#endif
