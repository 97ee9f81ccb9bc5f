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
};

#endif
