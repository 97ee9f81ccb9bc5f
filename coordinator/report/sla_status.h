/* How a month stands before it is over: what of the downtime that the target allows is used, where
 * that leads, and what the next hour of outage would do. Exact integers, as everywhere in the
 * account; what lies ahead is taken to be without outage and monitored. Pure. */
#ifndef REPORT_SLA_STATUS_H
#define REPORT_SLA_STATUS_H

#include "report/sla.h"

/* What the whole month comes to when nothing more happens. */
struct sla_outlook {
    int64_t availability; /* as judged, percent * 10 000; PERCENT_NONE */
    int target_met;       /* 1, 0; -1: no planned time or no target */
    int64_t discount_micro;
};

struct sla_budget {
    char name[LIMIT_NAME];
    bool service;
    int64_t planned_ms;    /* of the whole month */
    int64_t allowed_ms;    /* downtime with which the target is just met; -1: no target */
    int64_t used_ms;       /* downtime so far, as the contract judges it */
    int64_t week_ms;       /* of that, in the last seven days */
    int64_t trend_ms;      /* at the month's rate so far, its end has this much downtime … */
    int64_t week_trend_ms; /* … and at the last seven days' rate from now on */
    struct sla_outlook now, hour; /* as it is, and after an hour of outage from now on */
};

struct sla_status {
    const struct contract *contract;
    struct period period;     /* as_of_ms: now */
    int64_t elapsed;          /* of the month: percent * 10 000 */
    int64_t week_begin_ms;    /* seven days ago, or the month's beginning */
    struct sla_budget *items; /* owned: services, then functions */
    int n;
};

/* Of input->history as it is known at input->as_of_ms, which lies in the month. */
struct sla_status *sla_status_new(const struct sla_input *input);
void sla_status_free(struct sla_status *status); /* NULL is fine */

void sla_status_text(const struct sla_status *status, const struct zone *zone,
                     enum sla_language language, struct buf *out);
void sla_status_json(const struct sla_status *status, struct buf *out); /* and a newline */

#endif
