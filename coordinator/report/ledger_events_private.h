/* What reading a ledger's lines (ledger_events.c) and telling of them (ledger_view.c) share. */
#ifndef REPORT_LEDGER_EVENTS_PRIVATE_H
#define REPORT_LEDGER_EVENTS_PRIVATE_H

#include "report/ledger_events.h"
#include "report/ledger_kept.h"

struct ledger_events {
    struct period period;
    struct function_names names;
    uint64_t named[LIMIT_FUNCTIONS]; /* the line that first named it; 0: the contract */
    int n_contract;                  /* of the names */
    uint64_t lines, taken;           /* taken: not later than as-of */
    int64_t time_ms, begins_ms;
    struct kept kept;
    struct report_editions editions;
    struct tree tree; /* of what was taken */
    json_t *page;     /* owned: names of the functions that the status page shows; NULL: none */
    uint64_t notices; /* the first line that says that customers are told; UINT64_MAX: none */
};

/* ledger_notices.c */
/* A line config/contract: from now on the status page shows these. */
int notices_page(struct ledger_events *events, struct fields *f);
/* The outage's line is published with its commit, when the status page shows its function. */
int notices_published(struct ledger_events *events, struct fields *f, const struct outage *outage,
                      int64_t time_ms);
/* Lines notice/intent and notice/accepted. */
int notices_intent(struct ledger_events *events, struct fields *f, int64_t time_ms);
int notices_accepted(struct ledger_events *events, struct fields *f, int64_t time_ms);

#endif
