#include "cli/cluster_file.h"
#include "cli/contract_file.h"
#include "cli/sla_command.h"
#include "cli/verified.h"
#include "report/ledger_events.h"
#include "wire/config.h"

#include <string.h>

/* ---- what it is made of ---- */

/* With --from and --cluster nobody is asked: the contract is the cluster file's, unless it has a
 * file of its own. Then the cluster would only be asked for its name. */
static int read_model(struct cli *cli, struct model **model)
{
    json_t *result;
    struct err err;
    const char *yaml;
    int r;

    if (cli_value(cli, "from") != NULL && cli_value(cli, "contract") != NULL &&
        cli->cluster == NULL)
        return 0;
    if (cli_value(cli, "from") != NULL && cli->cluster != NULL) {
        r = cluster_file_read(cli->cluster, model, &err);
        return r < 0 ? cli_fail(cli, CLI_USAGE, "%s", err.text) : 0;
    }
    r = cli_ask(cli, "config", NULL, &result);
    if (r != 0)
        return r;
    yaml = cli_text(result, "yaml");
    r = config_parse("the cluster's configuration", (const uint8_t *)yaml, strlen(yaml), model,
                     &err);
    json_decref(result);
    return r < 0 ? cli_fail(cli, CLI_REFUSED, "%s", err.text) : 0;
}

static int feed(struct cli *cli, void *context, const char *line, size_t len)
{
    struct err err;

    if (ledger_events_line(context, line, len, &err) < 0)
        return cli_fail(cli, CLI_REFUSED, "the ledger yields no report: %s", err.text);
    return 0;
}

static int read_ledger(struct cli *cli, struct ledger_events *events, struct ledger_head *head)
{
    const char *file = cli_value(cli, "from");
    struct verify_result result;
    int r;

    if (file == NULL)
        return ledger_pull(cli, feed, events, head);
    r = verified_read(cli, file, feed, events, &result);
    if (r != 0)
        return r;
    if (result.from != 0)
        return cli_fail(cli, CLI_REFUSED,
                        "%s begins with entry %llu: a report needs all from the first on", file,
                        (unsigned long long)result.from);
    head->size = result.size;
    memcpy(head->root, result.root, sizeof head->root);
    return 0;
}

/* ---- the report ---- */

static int report(struct cli *cli, const struct sla_request *request, const char *cluster,
                  const struct contract *contract, const struct zone *zone)
{
    struct period period =
        sla_period(contract, zone, request->year, request->month, request->as_of_ms);
    struct ledger_events *events = ledger_events_new(contract, &period);
    struct ledger_head head;
    char version[SLA_VERSION_MAX];
    int r;

    r = read_ledger(cli, events, &head);
    if (r == 0) {
        struct sla_input input = {.contract = contract,
                                  .zone = zone,
                                  .year = request->year,
                                  .month = request->month,
                                  .as_of_ms = request->as_of_ms,
                                  .history = ledger_events_history(events),
                                  .names = ledger_events_names(events),
                                  .cluster = cluster,
                                  .tzdata = sla_tzdata(version),
                                  .ledger_size = head.size};

        memcpy(input.ledger_root, head.root, sizeof input.ledger_root);
        r = sla_request_print(cli, request, &input);
    }
    ledger_events_free(events);
    return r;
}

static int run(struct cli *cli)
{
    const char *file = cli_value(cli, "contract");
    struct contract contract = {0};
    struct model *model = NULL;
    struct zone *zone = NULL;
    struct sla_request request;
    int r;

    r = sla_request_read(cli, &request);
    if (r == 0 && file != NULL)
        r = contract_file_read(cli, file, &contract, &zone);
    if (r == 0)
        r = read_model(cli, &model);
    if (r == 0 && file == NULL) {
        model_contract(model, &contract);
        r = sla_zone_read(cli, &contract, &zone);
    }
    if (r == 0)
        r = report(cli, &request, model != NULL ? model->cluster : "", &contract, zone);
    zone_free(zone);
    contract_free(&contract);
    model_free(model);
    return r;
}

static const struct cli_option options[] = {
    {"month", "YYYY-MM", "in the contract's time zone", true},
    {"lang", "LANG", "en (default) or ja", false},
    {"format", "FORMAT", "text (default), json or csv", false},
    {"as-of", "TIME", "what was known then (default: now)", false},
    {"from", "EXPORT",
     "read this export instead of the cluster's ledger; with --cluster or --contract, too, "
     "nobody is asked",
     false},
    {"contract", "FILE", "go by this contract instead of the cluster's", false},
    {0},
};

const struct cli_command cmd_sla_report = {
    .name = "sla report",
    .arguments = "",
    .summary = "Compute a month's availability; exit 1 when a target is not met",
    .needs = "viewer; nothing with --from and --cluster or --contract",
    .example = "kirikae sla report --month 2026-11 --lang ja",
    .options = options,
    .run = run,
};
