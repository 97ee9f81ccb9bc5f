#include "report/sla.h"
#include "base/check.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTICE_MS (336ll * 3600000) /* a regular window is to be announced so long ahead */

const char *const sla_missing[] = {"response_time",    "slots",      "backups",  "notices",
                                   "recovery_targets", "amendments", "discount", NULL};

struct period sla_period(const struct zone *zone, int year, int month, int64_t as_of_ms)
{
    struct zone_month bounds = zone_month(zone, year, month);

    return (struct period){bounds.begin_ms, bounds.end_ms, as_of_ms};
}

static struct terms terms_of(const struct contract *contract)
{
    struct terms terms = {.target_micro = contract->target_micro,
                          .minimum_outage_ms = contract->minimum_outage_ms,
                          .judged_by = JUDGED_MEASURED};

    memcpy(terms.down_severity, contract->down_severity, sizeof terms.down_severity);
    return terms;
}

static void fill_functions(struct sla *sla, const struct model *model,
                           const struct history *history, const struct terms *terms)
{
    int i;

    sla->n_functions = model->n_functions;
    sla->functions = mem_zalloc((size_t)model->n_functions + 1, sizeof *sla->functions);
    for (i = 0; i < model->n_functions; i++) {
        struct sla_row *row = &sla->functions[i];

        memcpy(row->name, model->functions[i].name, LIMIT_NAME);
        memcpy(row->label_ja, model->functions[i].label_ja, LIMIT_NAME);
        row->figures = account_function(history, terms, &sla->period, i);
    }
}

static void fill_services(struct sla *sla, const struct model *model, const struct history *history,
                          const struct terms *terms)
{
    int i, k;

    sla->n_services = model->n_services;
    sla->services = mem_zalloc((size_t)model->n_services + 1, sizeof *sla->services);
    for (i = 0; i < model->n_services; i++) {
        const struct service *service = &model->services[i];
        struct function_set critical = {0};

        for (k = 0; k < service->n_critical; k++)
            function_set_add(&critical, service->critical[k]);
        memcpy(sla->services[i].name, service->name, LIMIT_NAME);
        sla->services[i].figures = account_service(history, terms, &sla->period, &critical);
    }
}

static int by_start_outage(const void *a, const void *b)
{
    const struct outage *x = &((const struct sla_outage *)a)->seen;
    const struct outage *y = &((const struct sla_outage *)b)->seen;

    if (x->start_ms != y->start_ms)
        return x->start_ms < y->start_ms ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int by_start_window(const void *a, const void *b)
{
    const struct window *x = &((const struct sla_window *)a)->window;
    const struct window *y = &((const struct sla_window *)b)->window;

    if (x->start_ms != y->start_ms)
        return x->start_ms < y->start_ms ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static void list_outages(struct sla *sla, const struct history *history, const struct terms *terms)
{
    const struct period *period = &sla->period;
    size_t i;

    sla->outages = mem_zalloc(history->n_outages + 1, sizeof *sla->outages);
    for (i = 0; i < history->n_outages; i++) {
        struct sla_outage *item = &sla->outages[sla->n_outages];
        bool open;

        if (!outage_seen(&history->outages[i], period->as_of_ms, &item->seen) ||
            item->seen.start_ms >= period->end_ms)
            continue;
        open = item->seen.end_ms == UTC_NONE;
        if (!open && item->seen.end_ms <= period->begin_ms)
            continue;
        item->counted = outage_counts(&item->seen, terms, period->as_of_ms);
        item->failure = account_failure(history, terms, period, &history->outages[i],
                                        &history->outages[i].functions);
        sla->provisional |= open;
        sla->n_outages++;
    }
    qsort(sla->outages, sla->n_outages, sizeof *sla->outages, by_start_outage);
}

static void list_windows(struct sla *sla, const struct history *history)
{
    const struct period *period = &sla->period;
    size_t i;

    sla->windows = mem_zalloc(history->n_windows + 1, sizeof *sla->windows);
    for (i = 0; i < history->n_windows; i++) {
        const struct window *w = &history->windows[i];
        struct sla_window *item = &sla->windows[sla->n_windows];

        if (w->start_ms >= period->end_ms || w->end_ms <= period->begin_ms ||
            w->announced_ms > period->as_of_ms)
            continue;
        item->window = *w;
        if (w->finished_ms > period->as_of_ms)
            item->window.finished_ms = UTC_NONE;
        item->notice_met = w->emergency || w->start_ms - w->announced_ms >= NOTICE_MS;
        sla->n_windows++;
    }
    qsort(sla->windows, sla->n_windows, sizeof *sla->windows, by_start_window);
}

struct sla *sla_new(const struct sla_input *input)
{
    const struct history *history = ledger_events_history(input->events);
    const struct model *model = input->model;
    struct terms terms = terms_of(&model->contract);
    struct sla *sla = mem_zalloc(1, sizeof *sla);
    int i;

    memcpy(sla->cluster, model->cluster, LIMIT_NAME);
    memcpy(sla->contract, model->contract.name, LIMIT_NAME);
    memcpy(sla->timezone, model->contract.timezone, LIMIT_NAME);
    if (input->tzdata != NULL)
        snprintf(sla->tzdata, sizeof sla->tzdata, "%s", input->tzdata);
    sla->year = input->year;
    sla->month = input->month;
    sla->zone = input->zone;
    sla->period = sla_period(input->zone, input->year, input->month, input->as_of_ms);
    sla->provisional = input->as_of_ms < sla->period.end_ms;
    sla->target_micro = terms.target_micro;
    sla->n_names = ledger_events_functions(input->events);
    CHECK(sla->n_names >= model->n_functions);
    for (i = 0; i < sla->n_names; i++)
        memcpy(sla->names[i], ledger_events_function(input->events, i), LIMIT_NAME);
    sla->ledger_size = input->ledger_size;
    memcpy(sla->ledger_root, input->ledger_root, TREE_HASH);
    fill_functions(sla, model, history, &terms);
    fill_services(sla, model, history, &terms);
    list_outages(sla, history, &terms);
    list_windows(sla, history);
    return sla;
}

void sla_free(struct sla *sla)
{
    if (sla == NULL)
        return;
    mem_free(sla->functions);
    mem_free(sla->services);
    mem_free(sla->outages);
    mem_free(sla->windows);
    mem_free(sla);
}

const char *sla_target_text(int64_t target_micro, char text[PERCENT_TEXT_MAX])
{
    size_t len;

    snprintf(text, PERCENT_TEXT_MAX, "%" PRId64 ".%06d", target_micro / 1000000,
             (int)(target_micro % 1000000));
    len = strlen(text);
    while (text[len - 1] == '0')
        len--;
    text[text[len - 1] == '.' ? len - 1 : len] = '\0';
    return text;
}
