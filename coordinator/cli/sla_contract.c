#include "cli/sla_contract.h"
#include "base/mem.h"
#include "cli/cluster_file.h"
#include "cli/contract_file.h"
#include "cli/ledger_pull.h"
#include "cli/verified.h"
#include "report/line.h"

#include <inttypes.h>
#include <string.h>

void sla_contract_free(struct sla_contract *found)
{
    zone_free(found->zone);
    contract_free(&found->contract);
    mem_free(found->line);
    *found = (struct sla_contract){0};
}

/* ---- the ledger's ---- */

#define WORDS_WITHIN 256

struct search {
    const struct sla_request *request;
    struct sla_contract *found;
    struct err err; /* of the first contract that is none; failed != 0 */
    int failed;
};

/* Of a line `config/contract`; *touches: its validity touches the month, which ends at *end_ms. */
static int parse(const struct search *search, const char *line, size_t len,
                 const struct line_start *start, struct sla_contract *found, bool *touches,
                 int64_t *end_ms, struct err *err)
{
    const struct sla_request *request = search->request;
    json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL), *contract;
    char *text = NULL;
    struct period period;
    int rc = 0;

    *found = (struct sla_contract){.seq = start->seq};
    *touches = false;
    snprintf(found->from, sizeof found->from, "entry %" PRIu64 " of the ledger", start->seq);
    contract = json_object_get(root, "contract");
    if (json_is_object(contract)) {
        json_t *whole = json_pack("{s:O}", "contract", contract);

        text = json_dumps(whole, JSON_COMPACT);
        json_decref(whole);
        rc = contract_text_read(found->from, text, strlen(text), &found->contract, &found->zone,
                                err);
    }
    json_decref(root);
    if (text != NULL && rc == 0) {
        period = sla_period(&found->contract, found->zone, request->year, request->month,
                            request->as_of_ms);
        *touches = period.begin_ms < period.end_ms;
        *end_ms = zone_month(found->zone, request->year, request->month).end_ms;
    }
    free(text);
    return rc;
}

static int look(struct cli *cli, void *context, const char *line, size_t len)
{
    static const char words[] = "\"category\":\"config\",\"type\":\"contract\"";
    struct search *search = context;
    struct sla_contract next;
    struct line_start start;
    int64_t end_ms = 0;
    bool touches;
    struct err err;

    (void)cli;
    /* A line that is not whole is named when all are verified. Its words stand near its start. */
    if (search->failed != 0 ||
        memmem(line, len < WORDS_WITHIN ? len : WORDS_WITHIN, words, sizeof words - 1) == NULL ||
        line_start(line, len, &start, &err) < 0 || strcmp(start.category, "config") != 0 ||
        strcmp(start.type, "contract") != 0 || start.time_ms > search->request->as_of_ms)
        return 0;
    search->failed = parse(search, line, len, &start, &next, &touches, &end_ms, &search->err);
    if (search->failed == 0 && touches && (search->found->line == NULL || start.time_ms < end_ms)) {
        sla_contract_free(search->found);
        *search->found = next;
        search->found->line = mem_dup(line, len);
        search->found->len = len;
    } else {
        sla_contract_free(&next);
    }
    return 0;
}

static int pass(struct cli *cli, void *context, const char *line, size_t len)
{
    (void)cli;
    (void)context;
    (void)line;
    (void)len;
    return 0;
}

/* Without a contract that is good the export is not read again for its report: that it is whole is
 * to be known first. */
static int look_in_export(struct cli *cli, const char *file, struct search *search)
{
    struct verify_result result;
    int r = lines_read(cli, file, look, search);

    if (r == 0 && (search->failed != 0 || search->found->line == NULL))
        r = verified_read(cli, file, pass, NULL, &result);
    return r;
}

static int look_in_ledger(struct cli *cli, struct search *search)
{
    json_t *categories = json_pack("[s]", "config");
    int r = ledger_pull_part(cli, categories, 0, UINT64_MAX, look, search);

    json_decref(categories);
    return r;
}

/* ---- a configuration's ---- */

static int from_model(struct cli *cli, struct model *model, const char *from,
                      struct sla_contract *found)
{
    model_contract(model, &found->contract);
    model_free(model);
    snprintf(found->from, sizeof found->from, "%s", from);
    return sla_zone_read(cli, &found->contract, &found->zone);
}

static int from_cluster_file(struct cli *cli, struct sla_contract *found)
{
    struct model *model;
    struct err err;

    if (cluster_file_read(cli->cluster, &model, &err) < 0)
        return cli_fail(cli, CLI_USAGE, "%s", err.text);
    return from_model(cli, model, cli->cluster, found);
}

int sla_contract_ask(struct cli *cli, struct sla_contract *found)
{
    struct model *model;
    int r = cluster_model_ask(cli, &model);

    *found = (struct sla_contract){0};
    return r != 0 ? r : from_model(cli, model, CLUSTER_NAME, found);
}

int sla_contract_find(struct cli *cli, const struct sla_request *request,
                      struct sla_contract *found)
{
    const char *file = cli_value(cli, "contract"), *from = cli_value(cli, "from");
    struct search search = {.request = request, .found = found};
    int r;

    *found = (struct sla_contract){0};
    if (file != NULL) {
        snprintf(found->from, sizeof found->from, "%s", file);
        return contract_file_read(cli, file, &found->contract, &found->zone);
    }
    if (from != NULL && cli->cluster != NULL)
        return from_cluster_file(cli, found);
    r = from != NULL ? look_in_export(cli, from, &search) : look_in_ledger(cli, &search);
    if (r == 0 && search.failed != 0)
        r = cli_fail(cli, CLI_REFUSED, "the ledger's contract: %s", search.err.text);
    if (r != 0 || found->line != NULL)
        return r;
    if (from != NULL)
        return cli_fail(cli, CLI_USAGE,
                        "%s has no contract that is in force in %04d-%02d: give one with "
                        "--contract FILE",
                        from, request->year, request->month);
    return sla_contract_ask(cli, found);
}
