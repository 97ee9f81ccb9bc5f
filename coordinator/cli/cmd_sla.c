#include "base/buf.h"
#include "base/clock.h"
#include "cli/cluster_file.h"
#include "cli/verified.h"
#include "report/ledger_events.h"
#include "report/sla.h"
#include "store/zone_file.h"
#include "wire/config.h"

#include <string.h>

struct request {
    int year, month;
    int64_t as_of_ms;
    enum sla_language language;
    const char *format;
};

static int read_request(struct cli *cli, struct request *request)
{
    const char *month = cli_value(cli, "month"), *as_of = cli_value(cli, "as-of");
    const char *language = cli_value(cli, "lang");

    *request = (struct request){.as_of_ms = clock_utc_ms(), .format = cli_value(cli, "format")};
    if (zone_month_parse(month, &request->year, &request->month) != 0)
        return cli_fail(cli, CLI_USAGE, "--month \"%s\" is not a month such as 2026-11", month);
    if (as_of != NULL && cli_time(as_of, clock_utc_ms(), &request->as_of_ms) != 0)
        return cli_fail(cli, CLI_USAGE,
                        "--as-of \"%s\" is not a time such as "
                        "2026-12-01T00:00:00+09:00",
                        as_of);
    if (language != NULL && strcmp(language, "ja") == 0)
        request->language = SLA_JAPANESE;
    else if (language != NULL && strcmp(language, "en") != 0)
        return cli_fail(cli, CLI_USAGE, "--lang is ja or en, not \"%s\"", language);
    if (request->format == NULL)
        request->format = cli->json ? "json" : "text";
    if (strcmp(request->format, "text") != 0 && strcmp(request->format, "json") != 0 &&
        strcmp(request->format, "csv") != 0)
        return cli_fail(cli, CLI_USAGE, "--format is text, json or csv, not \"%s\"",
                        request->format);
    return 0;
}

/* ---- what it is made of ---- */

/* With --from and --cluster nobody is asked: the contract is the cluster file's. */
static int read_model(struct cli *cli, struct model **model)
{
    json_t *result;
    struct err err;
    const char *yaml;
    int r;

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

static int read_zone(struct cli *cli, const struct contract *contract, struct zone **zone)
{
    struct err err;

    if (zone_file_load(contract->timezone, zone, &err) < 0)
        return cli_fail(cli, CLI_USAGE, "%s", err.text);
    return 0;
}

/* "# version 2025b" begins tzdata.zi; false: not known. */
static bool tzdata_version(char *version, size_t size)
{
    FILE *f = fopen(ZONE_DIR "/tzdata.zi", "re");
    char line[64] = "";
    bool found;

    if (f == NULL)
        return false;
    found = fgets(line, sizeof line, f) != NULL && strncmp(line, "# version ", 10) == 0;
    fclose(f);
    snprintf(version, size, "%.*s", (int)strcspn(line + (found ? 10 : 0), "\n"),
             line + (found ? 10 : 0));
    return found;
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

static bool missed(const struct sla *sla)
{
    int i;

    for (i = 0; i < sla->n_functions; i++)
        if (sla->functions[i].figures.target_met == 0)
            return true;
    for (i = 0; i < sla->n_services; i++)
        if (sla->services[i].figures.target_met == 0)
            return true;
    return false;
}

static int print(struct cli *cli, const struct request *request, const struct sla_input *input)
{
    struct sla *sla = sla_new(input);
    struct buf out = {0};
    int r = missed(sla) ? CLI_REFUSED : CLI_DONE;

    if (strcmp(request->format, "json") == 0)
        sla_json(sla, &out);
    else if (strcmp(request->format, "csv") == 0)
        sla_csv(sla, &out);
    else
        sla_text(sla, request->language, &out);
    fwrite(out.data, 1, out.len, cli->out);
    buf_free(&out);
    sla_free(sla);
    return r;
}

static int report(struct cli *cli, const struct request *request, const char *cluster,
                  const struct contract *contract, const struct zone *zone)
{
    struct period period =
        sla_period(contract, zone, request->year, request->month, request->as_of_ms);
    struct ledger_events *events = ledger_events_new(contract, &period);
    struct ledger_head head;
    char version[32];
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
                                  .tzdata =
                                      tzdata_version(version, sizeof version) ? version : NULL,
                                  .ledger_size = head.size};

        memcpy(input.ledger_root, head.root, sizeof input.ledger_root);
        r = print(cli, request, &input);
    }
    ledger_events_free(events);
    return r;
}

static int run(struct cli *cli)
{
    struct contract contract = {0};
    struct model *model = NULL;
    struct zone *zone = NULL;
    struct request request;
    int r;

    r = read_request(cli, &request);
    if (r == 0)
        r = read_model(cli, &model);
    if (r == 0) {
        model_contract(model, &contract);
        r = read_zone(cli, &contract, &zone);
    }
    if (r == 0)
        r = report(cli, &request, model->cluster, &contract, zone);
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
     "read this export instead of the cluster's ledger; with --cluster, too, "
     "nobody is asked",
     false},
    {0},
};

const struct cli_command cmd_sla_report = {
    .name = "sla report",
    .arguments = "",
    .summary = "Compute a month's availability; exit 1 when a target is not met",
    .needs = "viewer; nothing with --from and --cluster",
    .example = "kirikae sla report --month 2026-11 --lang ja",
    .options = options,
    .run = run,
};
