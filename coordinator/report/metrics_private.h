/* The page's parts, by subject. */
#ifndef REPORT_METRICS_PRIVATE_H
#define REPORT_METRICS_PRIVATE_H

#include "report/metrics.h"
#include "report/openmetrics.h"

struct page {
    struct om om;
    const struct engine *engine;
    const struct shared *shared;
    const struct model *model;     /* in force, perhaps not committed yet */
    const struct model *committed; /* NULL: none yet; its order is that of the shared state */
    const struct counters *counters;
    const struct metrics_local *local;
    const struct status_local *status;
    struct moment now;
    int self;
};

void metrics_raft(struct page *page); /* metrics_raft.c: Raft and coordinators */
void metrics_peers(struct page *page);
void metrics_checks(struct page *page);  /* metrics_checks.c */
void metrics_routes(struct page *page);  /* metrics_routes.c: routes and their actuators */
void metrics_account(struct page *page); /* metrics_account.c: functions, operators, the ledger */
void metrics_notices(struct page *page); /* metrics_notices.c */
void metrics_process(struct page *page); /* metrics_process.c */

#endif
