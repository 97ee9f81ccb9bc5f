#include "cli/sla_source.h"

static int run(struct cli *cli)
{
    struct sla_source source;
    struct sla_request request;
    struct sla_made made;
    int edition, r;

    r = sla_request_read(cli, &request);
    if (r == 0)
        r = sla_edition_read(cli, "--edition", cli_value(cli, "edition"), &edition);
    if (r != 0)
        return r;
    r = sla_source_open(cli, &request, &source);
    if (r == 0) {
        r = sla_source_make(cli, &source, cli_value(cli, "service"), edition, &made);
        if (r == 0)
            sla_request_print(cli, &request, &made.input);
        sla_made_free(&made);
    }
    sla_source_close(&source);
    return r;
}

static const struct cli_option options[] = {
    {"month", "YYYY-MM", "in the contract's time zone", true},
    {"service", "SERVICE", "only this service and its critical functions", false},
    {"edition", "N", "this edition (default: the newest)", false},
    {"lang", "LANG", "en (default) or ja", false},
    {"format", "FORMAT", "text (default), json, csv or html", false},
    {"section", "SECTION", "of a CSV: figures (default), outages or maintenance", false},
    {"as-of", "TIME", "what the ledger knew then (default: now)", false},
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
    .summary = "Compute a month's availability",
    .needs = "viewer; nothing with --from and --cluster or --contract",
    .example = "kirikae sla report --month 2026-11 --lang ja",
    .options = options,
    .run = run,
};
