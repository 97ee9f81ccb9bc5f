#include "cli/ledger_span.h"
#include "cli/cluster_file.h"
#include "base/clock.h"
#include "base/limits.h"
#include "core/account/zone.h"
#include "store/zone_file.h"

#include <string.h>

static int read_time(struct cli *cli, const char *option, int64_t *utc_ms)
{
    const char *text = cli_value(cli, option);

    if (text != NULL && cli_time(text, clock_utc_ms(), utc_ms) != 0)
        return cli_fail(cli, CLI_USAGE,
                        "--%s \"%s\" is not a time such as 2026-11-01T00:00:00+09:00", option,
                        text);
    return 0;
}

/* What the ledger does not say yet, its configuration does. */
static int ask_zone(struct cli *cli, const char *told, char zone[LIMIT_NAME])
{
    struct model *model;
    int r;

    snprintf(zone, LIMIT_NAME, "%s", told);
    if (zone[0] != '\0' || cli_value(cli, "month") == NULL)
        return 0;
    if (cli_value(cli, "from") != NULL)
        return cli_fail(cli, CLI_USAGE,
                        "no line of the export says the contract's zone: give --since and --until");
    r = cluster_model_ask(cli, &model);
    if (r != 0)
        return r;
    snprintf(zone, LIMIT_NAME, "%s", model->contract.timezone);
    model_free(model);
    return 0;
}

static int read_month(struct cli *cli, const char *zone_name, struct ledger_span *span)
{
    const char *month = cli_value(cli, "month");
    struct zone_month bounds;
    struct zone *zone;
    struct err err;
    int year, number;

    if (month == NULL)
        return 0;
    if (zone_month_parse(month, &year, &number) != 0)
        return cli_fail(cli, CLI_USAGE, "--month \"%s\" is not a month such as 2026-11", month);
    if (zone_file_load(zone_name, &zone, &err) < 0)
        return cli_fail(cli, CLI_USAGE, "%s", err.text);
    bounds = zone_month(zone, year, number);
    zone_free(zone);
    *span = (struct ledger_span){.since_ms = bounds.begin_ms, .until_ms = bounds.end_ms};
    return 0;
}

int ledger_span_read(struct cli *cli, const char *zone, struct ledger_span *span)
{
    char name[LIMIT_NAME];
    int r;

    *span = (struct ledger_span){.since_ms = INT64_MIN, .until_ms = INT64_MAX};
    if (cli_value(cli, "month") != NULL &&
        (cli_value(cli, "since") != NULL || cli_value(cli, "until") != NULL))
        return cli_fail(cli, CLI_USAGE, "give --month, or --since and --until");
    r = ask_zone(cli, zone, name);
    if (r == 0)
        r = read_month(cli, name, span);
    if (r == 0)
        r = read_time(cli, "since", &span->since_ms);
    if (r == 0)
        r = read_time(cli, "until", &span->until_ms);
    span->open = cli_flag(cli, "open");
    return r;
}
