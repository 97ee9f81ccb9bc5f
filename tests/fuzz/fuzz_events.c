/* A list of events as a stranger may hand it in: read and, when it is accepted, accounted and
 * printed in every way. */
#include "base/mem.h"
#include "report/event_list.h"
#include "report/sla.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nine hours ahead, always. */
static const uint8_t tokyo[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                               "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                               "\0\0\0\0\0\0JST\0"
                               "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                               "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                               "\0\0\x7e\x90\0\0JST\0"
                               "\nJST-9\n";

static void make_contract(struct contract *contract)
{
    contract_init(contract);
    contract->terms.target_micro = 98000000;
    contract->terms.excluded_cause[CAUSE_ATTACK] = true;
    contract->terms.minimum_outage_ms = 1000;
    contract->terms.discounts[0] = (struct tier){98000000, 10000000};
    contract->terms.n_discounts = 1;
    contract->monthly_fee_yen = 100000;
    contract->recovery[SEVERITY_MINOR] = (struct target){TARGET_BUSINESS_DAYS, 2};
    contract->notification[SEVERITY_EMERGENCY] = (struct target){TARGET_CLOCK, 3600000};
    contract->n_functions = 2;
    contract->functions = mem_zalloc(2, sizeof *contract->functions);
    strcpy(contract->functions[0].name, "calling");
    strcpy(contract->functions[1].name, "login");
    contract->n_services = 1;
    contract->services = mem_zalloc(1, sizeof *contract->services);
    strcpy(contract->services[0].name, "centre");
    contract->services[0].critical.bits[0] = 3;
}

static void print(const struct contract *contract, const struct zone *zone, struct history *history)
{
    struct function_names names;
    struct sla_input input = {.contract = contract,
                              .zone = zone,
                              .year = 2026,
                              .month = 10,
                              .as_of_ms = 1793458800000,
                              .history = history,
                              .names = &names};
    struct buf out = {0};
    struct sla *sla;

    function_names_init(&names, contract);
    sla = sla_new(&input);
    sla_json(sla, &out);
    sla_text(sla, SLA_JAPANESE, &out);
    sla_html(sla, SLA_ENGLISH, &out);
    sla_csv(sla, &out);
    sla_csv_outages(sla, &out);
    sla_csv_windows(sla, &out);
    sla_free(sla);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *end = at + size;
    struct contract contract;
    struct event_list *list;
    struct history *history;
    struct zone *zone;
    struct err err;
    int rc;

    rc = zone_parse(tokyo, sizeof tokyo - 1, &zone, &err);
    make_contract(&contract);
    list = event_list_new(&contract, "events");
    while (rc == 0 && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = newline != NULL ? (size_t)(newline - at) : (size_t)(end - at);

        rc = event_list_line(list, at, len, &err);
        at += newline != NULL ? len + 1 : len;
    }
    if (rc == 0 && event_list_end(list, &history, &err) == 0)
        print(&contract, zone, history);
    event_list_free(list);
    contract_free(&contract);
    zone_free(zone);
    return 0;
}
