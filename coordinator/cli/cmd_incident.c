#include "base/utc.h"
#include "cli/incident.h"
#include "cli/ledger_span.h"

#include <stdlib.h>
#include <string.h>

/* ---- list ---- */

/* Does any of it lie within? What was disputed, or has no length, lies where it begins. */
static bool within(const json_t *incident, const struct ledger_span *span)
{
    const char *state = cli_text(incident, "state");
    int64_t start_ms = 0, end_ms = INT64_MAX;

    if (span->open && strcmp(state, "open") != 0)
        return false;
    utc_parse(cli_text(incident, "start"), &start_ms);
    if (strcmp(state, "disputed") == 0)
        end_ms = start_ms;
    else if (strcmp(state, "closed") == 0)
        utc_parse(cli_text(incident, "end"), &end_ms);
    return start_ms < span->until_ms && (end_ms > span->since_ms || start_ms >= span->since_ms);
}

static void show_list(struct cli *cli, const json_t *list, const struct ledger_span *span)
{
    json_t *chosen = json_array(), *incident;
    size_t i;

    json_array_foreach(list, i, incident)
    {
        if (within(incident, span))
            json_array_append(chosen, incident);
    }
    cli_clean(cli, chosen);
    if (cli->json) {
        json_t *object = json_pack("{s:O}", "incidents", chosen);

        cli_print_json(cli->out, object);
        json_decref(object);
    } else {
        incidents_print(cli->out, chosen);
    }
    json_decref(chosen);
}

static int run_list(struct cli *cli)
{
    struct incidents incidents;
    struct ledger_span span;
    int r = incidents_read(cli, cli_value(cli, "from"), &incidents);

    if (r == 0)
        r = ledger_span_read(cli, incidents.zone, &span);
    if (r == 0)
        show_list(cli, incidents.list, &span);
    incidents_free(&incidents);
    return r;
}

/* ---- show ---- */

static int show(struct cli *cli, const char *file, json_t *incident)
{
    int r = incident_read_more(cli, file, incident);

    if (r != 0)
        return r;
    if (!cli->json)
        incident_cut_lines(incident);
    cli_clean(cli, incident);
    if (cli->json)
        cli_print_json(cli->out, incident);
    else
        incident_print(cli->out, incident);
    return 0;
}

static int run_show(struct cli *cli)
{
    const char *file = cli_value(cli, "from");
    struct incidents incidents;
    json_t *incident;
    uint64_t outage;
    int r = incident_number(cli, &outage);

    if (r != 0)
        return r;
    r = incidents_read(cli, file, &incidents);
    if (r == 0) {
        incident = incidents_find(&incidents, outage);
        r = incident != NULL
                ? show(cli, file, incident)
                : cli_fail(cli, CLI_USAGE, "no outage has the number %s: see kirikae incident list",
                           cli->arguments[0]);
    }
    incidents_free(&incidents);
    return r;
}

static const struct cli_option list_options[] = {
    {"month", "YYYY-MM", "that touch this month, in the contract's time zone", false},
    {"since", "TIME", "that were not over before, such as 2026-11-01T00:00:00+09:00", false},
    {"until", "TIME", "that began before", false},
    {"open", NULL, "only those that are not over", false},
    {"from", "EXPORT", "read this export instead of the cluster's ledger", false},
    {0},
};

static const struct cli_option show_options[] = {
    {"from", "EXPORT", "read this export instead of the cluster's ledger", false},
    {0},
};

const struct cli_command cmd_incident_list = {
    .name = "incident list",
    .arguments = "",
    .summary = "List outages, with severity and cause as amended",
    .needs = "viewer; nothing with --from",
    .example = "kirikae incident list --month 2026-11",
    .options = list_options,
    .run = run_list,
};

const struct cli_command cmd_incident_show = {
    .name = "incident show",
    .arguments = "ID",
    .n_arguments = 1,
    .summary = "Show an outage: evidence, moves, amendments and notes",
    .needs = "viewer; nothing with --from",
    .example = "kirikae incident show 1234",
    .options = show_options,
    .run = run_show,
};
