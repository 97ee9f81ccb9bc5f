#include "report/sla_details.h"
#include "report/ledger_events.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* The report's outages by id. */
struct index {
    struct sla_outage **items;
    size_t n;
};

static int by_id(const void *a, const void *b)
{
    const struct sla_outage *const *x = a, *const *y = b;

    return strcmp((*x)->seen.id, (*y)->seen.id);
}

static int is_id(const void *id, const void *item)
{
    const struct sla_outage *const *outage = item;

    return strcmp(id, (*outage)->seen.id);
}

static struct index index_outages(const struct sla *sla)
{
    struct index index = {mem_zalloc(sla->n_outages + 1, sizeof *index.items), sla->n_outages};
    size_t i;

    for (i = 0; i < index.n; i++)
        index.items[i] = &sla->outages[i];
    if (index.n > 1)
        qsort(index.items, index.n, sizeof *index.items, by_id);
    return index;
}

static struct sla_outage *find(const struct index *index, const char *id)
{
    struct sla_outage **found = bsearch(id, index->items, index->n, sizeof *index->items, is_id);

    return found != NULL ? *found : NULL;
}

/* ---- grounds ---- */

static enum sla_standing standing(const struct sla *sla, const struct sla_outage *item)
{
    const struct terms *terms = &sla->contract->terms;

    if (!terms->down_severity[item->seen.severity])
        return SLA_OTHER_SEVERITY;
    if (terms->excluded_cause[item->seen.cause])
        return SLA_EXCLUDED_CAUSE;
    return item->counted ? SLA_DOWN : SLA_TOO_SHORT;
}

const char *sla_standing_name(enum sla_standing standing)
{
    static const char *const names[] = {[SLA_DOWN] = "downtime",
                                        [SLA_OTHER_SEVERITY] = "severity",
                                        [SLA_EXCLUDED_CAUSE] = "excluded-cause",
                                        [SLA_TOO_SHORT] = "shorter-than-minimum"};

    return names[standing];
}

bool sla_covers(const struct sla *sla, const struct window *w, const struct outage *seen)
{
    struct interval taken = window_taken(w);
    int64_t until_ms = seen->end_ms == UTC_NONE ? sla->period.as_of_ms : seen->end_ms;
    size_t i;

    if (taken.begin < seen->start_ms)
        taken.begin = seen->start_ms;
    if (taken.end > until_ms)
        taken.end = until_ms;
    for (i = 0; i < LIMIT_FUNCTIONS / 64 && taken.begin < taken.end; i++)
        if ((w->functions.bits[i] & seen->functions.bits[i]) != 0)
            return true;
    return false;
}

/* ---- notices ---- */

static int by_channel(const void *a, const void *b)
{
    const struct sla_notice *x = a, *y = b;
    int order = strcmp(x->outage, y->outage);

    if (order == 0)
        order = strcmp(x->channel, y->channel);
    if (order == 0) /* what nobody has yet comes last */
        order = (x->at_ms == UTC_NONE) - (y->at_ms == UTC_NONE);
    return order != 0 ? order : (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

/* The earliest by each channel that is known at as-of. */
static void list_notices(struct sla *sla, const struct index *index)
{
    const struct history *history = sla->history;
    struct sla_notice *list = mem_zalloc(history->n_notices + 1, sizeof *list);
    size_t i, n = 0;

    for (i = 0; i < history->n_notices; i++) {
        const struct notice *notice = &history->notices[i];

        if (notice->at_ms > sla->period.as_of_ms || find(index, notice->outage) == NULL)
            continue;
        memcpy(list[n].outage, notice->outage, LIMIT_NAME);
        memcpy(list[n].channel, notice->channel, LIMIT_NAME);
        list[n++].at_ms = notice->at_ms;
    }
    if (n > 1)
        qsort(list, n, sizeof *list, by_channel);
    for (i = 0; i < n; i++) {
        const struct sla_notice *last = &list[sla->n_notices - (sla->n_notices > 0)];
        struct sla_outage *outage = find(index, list[i].outage);

        if (sla->n_notices > 0 && strcmp(last->outage, list[i].outage) == 0 &&
            strcmp(last->channel, list[i].channel) == 0)
            continue;
        list[sla->n_notices] = list[i];
        if (outage->n_notices++ == 0)
            outage->notices = &list[sla->n_notices];
        sla->n_notices++;
    }
    sla->notices = list;
}

/* ---- targets ---- */

static void judge(struct sla *sla, struct sla_outage *item, struct sla_notice *notices)
{
    const struct contract *contract = sla->contract;
    const struct outage *seen = &item->seen;
    int64_t as_of_ms = sla->period.as_of_ms, first_ms = UTC_NONE;
    bool late = false, running = false;
    size_t i;

    item->recover_by_ms = target_deadline_ms(&contract->recovery[seen->severity], &contract->desk,
                                             sla->zone, seen->recognised_ms, &sla->lacking_year);
    item->recovery =
        target_outcome(seen->recognised_ms, item->recover_by_ms, seen->end_ms, as_of_ms);
    item->notify_by_ms =
        target_deadline_ms(&contract->notification[seen->severity], &contract->desk, sla->zone,
                           seen->recognised_ms, &sla->lacking_year);
    for (i = 0; i < item->n_notices; i++) {
        notices[i].outcome =
            target_outcome(seen->recognised_ms, item->notify_by_ms, notices[i].at_ms, as_of_ms);
        late |= notices[i].outcome == OUTCOME_MISSED;
        running |= notices[i].outcome == OUTCOME_RUNNING;
        if (notices[i].at_ms != UTC_NONE && (first_ms == UTC_NONE || notices[i].at_ms < first_ms))
            first_ms = notices[i].at_ms;
    }
    item->notify = target_outcome(seen->recognised_ms, item->notify_by_ms, first_ms, as_of_ms);
    if (late || running) /* each channel is promised for itself */
        item->notify = late ? OUTCOME_MISSED : OUTCOME_RUNNING;
}

/* ---- amendments ---- */

static void list_amendments(struct sla *sla, const struct index *index)
{
    const struct history *history = sla->history;
    size_t i;

    sla->amendments = mem_zalloc(history->n_amendments + 1, sizeof *sla->amendments);
    for (i = 0; i < sla->n_outages; i++) { /* made again, from what was said first */
        sla->outages[i].seen.severity = sla->outages[i].seen.first_severity;
        sla->outages[i].seen.cause = sla->outages[i].seen.first_cause;
    }
    for (i = 0; i < history->n_amendments; i++) {
        const struct amendment *a = &history->amendments[i];
        struct sla_amendment *item = &sla->amendments[sla->n_amendments];
        struct sla_outage *outage = find(index, a->of);

        if (a->at_ms > sla->period.as_of_ms || outage == NULL)
            continue;
        *item = (struct sla_amendment){
            .amendment = a, .severity_was = outage->seen.severity, .cause_was = outage->seen.cause};
        if (a->severity >= 0)
            outage->seen.severity = (enum severity)a->severity;
        if (a->cause >= 0)
            outage->seen.cause = (enum cause)a->cause;
        item->late = a->at_ms >= sla->period.end_ms && (a->severity >= 0 || a->cause >= 0);
        sla->edition += item->late;
        sla->n_amendments++;
    }
}

void sla_details(struct sla *sla)
{
    struct index index = index_outages(sla);
    size_t i;

    sla->edition = 1;
    list_amendments(sla, &index);
    list_notices(sla, &index);
    for (i = 0; i < sla->n_outages; i++) {
        struct sla_outage *item = &sla->outages[i];
        size_t first = item->n_notices > 0 ? (size_t)(item->notices - sla->notices) : 0;

        item->standing = standing(sla, item);
        item->in_window = account_in_window(sla->account, &item->seen);
        judge(sla, item, sla->notices + first);
    }
    sla->notified = !sla->ledger || sla->n_notices > 0 || (sla->view != NULL && sla->view->notices);
    sla->missing = &sla_missing[sla->notified ? 1 : 0];
    mem_free(index.items);
}
