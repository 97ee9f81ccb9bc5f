#include "base/buf.h"
#include "base/utc.h"
#include "cli/sla_source.h"
#include "report/sla_status.h"

/* The month that as-of lies in, there. */
static void month_at(const struct zone *zone, struct sla_request *request)
{
    int64_t local_ms =
        request->as_of_ms + (zone != NULL ? zone_offset(zone, request->as_of_ms) * 1000ll : 0);
    int day;

    utc_civil_from_days(local_ms / 86400000, &request->year, &request->month, &day);
}

/* The contract's zone says which month it is, and the month which contract: asked again when the
 * two do not agree yet. */
static int this_month(struct cli *cli, struct sla_request *request)
{
    struct sla_contract found;
    int r;

    month_at(NULL, request);
    r = sla_contract_find(cli, request, &found);
    if (r == 0)
        month_at(found.zone, request);
    sla_contract_free(&found);
    return r;
}

static int print(struct cli *cli, const struct sla_request *request, const struct sla_made *made)
{
    struct sla_status *status = sla_status_new(&made->input);
    struct buf out = {0};

    if (cli->json)
        sla_status_json(status, &out);
    else
        sla_status_text(status, made->input.zone, request->language, &out);
    fwrite(out.data, 1, out.len, cli->out);
    buf_free(&out);
    sla_status_free(status);
    return CLI_DONE;
}

static int show(struct cli *cli, const struct sla_request *request, const struct sla_source *source)
{
    const struct period *period = &source->period;
    struct sla_made made;
    int r;

    if (period->as_of_ms <= period->begin_ms || period->as_of_ms > period->end_ms)
        return cli_fail(cli, CLI_USAGE,
                        "the contract is not in force in %04d-%02d up to then: nothing is used",
                        request->year, request->month);
    r = sla_source_make(cli, source, cli_value(cli, "service"), 0, &made);
    if (r == 0)
        r = print(cli, request, &made);
    sla_made_free(&made);
    return r;
}

static int run(struct cli *cli)
{
    struct sla_source source;
    struct sla_request request;
    int r;

    r = sla_request_read(cli, &request);
    if (r == 0)
        r = this_month(cli, &request);
    if (r != 0)
        return r;
    r = sla_source_open(cli, &request, &source);
    if (r == 0)
        r = show(cli, &request, &source);
    sla_source_close(&source);
    return r;
}

static const struct cli_option options[] = {
    {"service", "SERVICE", "only this service", false},
    {"lang", "LANG", "en (default) or ja", false},
    {"as-of", "TIME", "as the ledger knew it then (default: now)", false},
    {"from", "EXPORT", "read this export instead of the cluster's ledger", false},
    {"contract", "FILE", "go by this contract instead of the ledger's", false},
    {0},
};

const struct cli_command cmd_sla_status = {
    .name = "sla status",
    .arguments = "",
    .summary = "This month so far: downtime used and left, trend, what another hour would do",
    .needs = "viewer; nothing with --from",
    .example = "kirikae sla status",
    .options = options,
    .run = run,
};
