/* What a notice's events are about, read from their ledger lines. Private to the notice_*.c
 * files. */
#ifndef REPORT_NOTICE_FACTS_H
#define REPORT_NOTICE_FACTS_H

#include "base/utc.h"
#include "report/notice_text.h"

#define NOTICE_NONE UINT64_MAX /* no such number */

/* Texts are plain; "" and UTC_NONE and -1: not said. */
struct notice_fact {
    enum notice_event event;
    uint64_t seq;
    bool known;            /* its line was there and was understood */
    bool over;             /* of an outage: it has ended */
    char type[LIMIT_NAME]; /* of the line */
    int64_t time_ms;
    uint64_t outage; /* number of the incident, NOTICE_NONE */
    char function[LIMIT_NAME], route[LIMIT_NAME], server[LIMIT_NAME], check[LIMIT_NAME];
    char to[LIMIT_NAME]; /* candidate */
    char who[LIMIT_NAME], reason[LIMIT_TEXT];
    int severity, cause;             /* enums, or -1 */
    int64_t rule, took_ms, evidence; /* -1 */
    int64_t start_ms, end_ms, recognised_ms, last_good_ms, last_fail_ms, expires_ms;
    uint64_t window;
    bool emergency, short_notice;
    int64_t announced_ms, finished_ms;
    uint64_t functions[LIMIT_FUNCTIONS / 64]; /* of a window, in the model */
    uint64_t down[LIMIT_FUNCTIONS / 64];      /* of them, still down after its end */
    char status[LIMIT_NAME];                  /* of a post */
    char post[2][LIMIT_POST + 1];             /* by enum language */
    struct buf line;                          /* as it stands in the ledger */
};

/* Owned by the caller, one per event of the notice; `n` is how many. */
struct notice_fact *notice_facts_read(const struct notice_input *input, int *n);
void notice_facts_free(struct notice_fact *facts, int n);

#endif
