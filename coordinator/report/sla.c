#include "report/sla_details.h"
#include "base/check.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTICE_MS (336ll * 3600000) /* a regular window is to be announced so long ahead */

/* Notices first: a list of events has them. */
const char *const sla_missing[] = {"notices", "response_time", "slots", "backups", NULL};

int function_names_find(struct function_names *names, const char *name, size_t len)
{
    int i;

    for (i = 0; i < names->n; i++)
        if (strlen(names->names[i]) == len && memcmp(names->names[i], name, len) == 0)
            return i;
    if (names->n == LIMIT_FUNCTIONS)
        return -1;
    CHECK(len < LIMIT_NAME);
    memcpy(names->names[i], name, len);
    names->names[i][len] = '\0';
    return names->n++;
}

void function_names_init(struct function_names *names, const struct contract *contract)
{
    int i;

    CHECK(contract->n_functions <= LIMIT_FUNCTIONS);
    for (i = 0; i < contract->n_functions; i++)
        memcpy(names->names[i], contract->functions[i].name, LIMIT_NAME);
    names->n = contract->n_functions;
}

struct period sla_period(const struct contract *contract, const struct zone *zone, int year,
                         int month, int64_t as_of_ms)
{
    struct zone_month bounds = zone_month(zone, year, month);
    struct period period = {bounds.begin_ms, bounds.end_ms, as_of_ms};
    int64_t from_ms = bound_ms(&contract->valid_from, zone);
    int64_t until_ms = bound_ms(&contract->valid_until, zone);

    if (contract->valid_from.given && from_ms > period.begin_ms)
        period.begin_ms = from_ms < period.end_ms ? from_ms : period.end_ms;
    if (contract->valid_until.given && until_ms < period.end_ms)
        period.end_ms = until_ms > period.begin_ms ? until_ms : period.begin_ms;
    return period;
}

/* The functions of the service; all that there are, those that the contract lacks too, of none. */
static void want(struct sla *sla, const char *service)
{
    int i;

    sla->part = service != NULL;
    if (service == NULL)
        memset(&sla->wanted, 0xff, sizeof sla->wanted);
    for (i = 0; i < sla->contract->n_services && service != NULL; i++)
        if (strcmp(sla->contract->services[i].name, service) == 0)
            sla->wanted = sla->contract->services[i].critical;
}

static bool wanted(const struct sla *sla, const struct function_set *functions)
{
    size_t i;

    for (i = 0; i < sizeof functions->bits / sizeof functions->bits[0]; i++)
        if ((functions->bits[i] & sla->wanted.bits[i]) != 0)
            return true;
    return !sla->part; /* one that concerns no function is told with the whole */
}

static void fill_functions(struct sla *sla)
{
    const struct contract *contract = sla->contract;
    int i;

    sla->functions = mem_zalloc((size_t)contract->n_functions + 1, sizeof *sla->functions);
    for (i = 0; i < contract->n_functions; i++) {
        struct sla_row *row = &sla->functions[sla->n_functions];

        if (!function_set_has(&sla->wanted, i))
            continue;
        sla->n_functions++;
        memcpy(row->name, contract->functions[i].name, LIMIT_NAME);
        memcpy(row->label_ja, contract->functions[i].label_ja, LIMIT_NAME);
        row->figures = account_function(sla->account, i);
        row->discount_yen = -1;
    }
}

/* The contract's share of its month's fee. */
static int64_t yen(const struct contract *contract, int64_t micro)
{
    const __int128 exact = (__int128)contract->monthly_fee_yen * micro, one = PERCENT_MICRO_MAX;
    const __int128 more = contract->yen_rounding == YEN_UP        ? one - 1
                          : contract->yen_rounding == YEN_HALF_UP ? one / 2
                                                                  : 0;

    return contract->monthly_fee_yen < 0 ? -1 : (int64_t)((exact + more) / one);
}

static void fill_services(struct sla *sla, const char *service)
{
    const struct contract *contract = sla->contract;
    int i;

    sla->services = mem_zalloc((size_t)contract->n_services + 1, sizeof *sla->services);
    for (i = 0; i < contract->n_services; i++) {
        struct sla_row *row = &sla->services[sla->n_services];

        if (service != NULL && strcmp(contract->services[i].name, service) != 0)
            continue;
        sla->n_services++;
        memcpy(row->name, contract->services[i].name, LIMIT_NAME);
        row->figures = account_service(sla->account, &contract->services[i].critical);
        row->discount_yen = yen(contract, row->figures.discount_micro);
    }
}

static int by_start_outage(const void *a, const void *b)
{
    const struct outage *x = &((const struct sla_outage *)a)->seen;
    const struct outage *y = &((const struct sla_outage *)b)->seen;

    if (x->start_ms != y->start_ms)
        return x->start_ms < y->start_ms ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

static int by_start_window(const void *a, const void *b)
{
    const struct window *x = &((const struct sla_window *)a)->window;
    const struct window *y = &((const struct sla_window *)b)->window;

    if (x->start_ms != y->start_ms)
        return x->start_ms < y->start_ms ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

static void list_outages(struct sla *sla)
{
    const struct history *history = sla->history;
    const struct period *period = &sla->period;
    size_t i;

    sla->outages = mem_zalloc(history->n_outages + 1, sizeof *sla->outages);
    for (i = 0; i < history->n_outages; i++) {
        struct sla_outage *item = &sla->outages[sla->n_outages];
        bool open;

        if (!wanted(sla, &history->outages[i].functions) ||
            !outage_seen(&history->outages[i], period->as_of_ms, &item->seen) ||
            item->seen.start_ms >= period->end_ms)
            continue;
        open = item->seen.end_ms == UTC_NONE;
        if (!open && item->seen.end_ms <= period->begin_ms)
            continue;
        item->counted = outage_counts(&item->seen, &sla->contract->terms, period->as_of_ms);
        item->failure =
            account_failure(sla->account, &history->outages[i], &history->outages[i].functions);
        sla->provisional |= open;
        sla->n_outages++;
    }
    qsort(sla->outages, sla->n_outages, sizeof *sla->outages, by_start_outage);
}

static void list_windows(struct sla *sla)
{
    const struct history *history = sla->history;
    const struct period *period = &sla->period;
    size_t i;

    sla->windows = mem_zalloc(history->n_windows + 1, sizeof *sla->windows);
    for (i = 0; i < history->n_windows; i++) {
        const struct window *w = &history->windows[i];
        struct sla_window *item = &sla->windows[sla->n_windows];

        if (w->start_ms >= period->end_ms || w->end_ms <= period->begin_ms ||
            w->announced_ms > period->as_of_ms || !wanted(sla, &w->functions))
            continue;
        item->window = *w;
        if (w->finished_ms > period->as_of_ms)
            item->window.finished_ms = UTC_NONE;
        item->untold = w->tells && w->told_ms == UTC_NONE;
        item->notice_ms = item->untold ? 0 : w->start_ms - window_announced_ms(w);
        item->notice_met = w->emergency || item->notice_ms >= NOTICE_MS;
        sla->n_windows++;
    }
    qsort(sla->windows, sla->n_windows, sizeof *sla->windows, by_start_window);
}

struct sla *sla_new(const struct sla_input *input)
{
    struct sla *sla = mem_zalloc(1, sizeof *sla);

    CHECK(input->names->n >= input->contract->n_functions);
    sla->contract = input->contract;
    sla->zone = input->zone;
    sla->history = input->history;
    sla->names = input->names;
    if (input->tzdata != NULL)
        snprintf(sla->tzdata, sizeof sla->tzdata, "%s", input->tzdata);
    if (input->cluster != NULL)
        snprintf(sla->cluster, sizeof sla->cluster, "%s", input->cluster);
    sla->contract_from = input->contract_from;
    sla->view = input->view;
    sla->before = input->before;
    sla->ledger = input->cluster != NULL;
    sla->ledger_size = input->ledger_size;
    memcpy(sla->ledger_root, input->ledger_root, TREE_HASH);
    sla->year = input->year;
    sla->month = input->month;
    sla->period =
        sla_period(input->contract, input->zone, input->year, input->month, input->as_of_ms);
    sla->provisional = input->as_of_ms < sla->period.end_ms;
    history_amend(input->history, input->as_of_ms);
    sla->account = account_new(input->history, &input->contract->terms, &sla->period);
    want(sla, input->service);
    fill_functions(sla);
    fill_services(sla, input->service);
    list_outages(sla);
    list_windows(sla);
    sla_details(sla);
    if (input->edition > 0)
        sla->edition = input->edition;
    if (input->view != NULL)
        sla->provisional = input->provisional;
    return sla;
}

void sla_free(struct sla *sla)
{
    if (sla == NULL)
        return;
    account_free(sla->account);
    mem_free(sla->functions);
    mem_free(sla->services);
    mem_free(sla->outages);
    mem_free(sla->windows);
    mem_free(sla->notices);
    mem_free(sla->amendments);
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
