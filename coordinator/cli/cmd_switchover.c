#include "cli/verb.h"

#include <stdio.h>

static int run(struct cli *cli)
{
    const char *route = cli->arguments[0], *to = cli_value(cli, "to");
    json_t *args = json_object();
    char what[256];
    int r = verb_put(cli, args, "route", route);

    if (r == 0)
        r = verb_put(cli, args, "to", to);
    if (r != 0)
        return r;
    snprintf(what, sizeof what, "Planned move of route %s to %s.", route, to);
    return verb_run(cli, &(struct verb){.name = "switchover", .what = what}, args);
}

static int run_failback(struct cli *cli)
{
    const char *route = cli->arguments[0];
    json_t *args = json_object();
    char what[256];
    int r = verb_put(cli, args, "route", route);

    if (r != 0)
        return r;
    snprintf(what, sizeof what, "Planned move of route %s back to its most preferred candidate.",
             route);
    return verb_run(cli, &(struct verb){.name = "failback", .what = what}, args);
}

static const struct cli_option options[] = {
    {"to", "CANDIDATE", "who is to serve", true}, VERB_REASON, VERB_DRY_RUN, VERB_YES, {0},
};

static const struct cli_option failback_options[] = {VERB_REASON, VERB_DRY_RUN, VERB_YES, {0}};

const struct cli_command cmd_switchover = {
    .name = "switchover",
    .arguments = "ROUTE",
    .n_arguments = 1,
    .summary = "Move a route's traffic as planned, with both sides healthy",
    .needs = "operator",
    .example = "kirikae switchover calls --to tokyo --reason \"tokyo repaired\"",
    .options = options,
    .run = run,
};

const struct cli_command cmd_failback = {
    .name = "failback",
    .arguments = "ROUTE",
    .n_arguments = 1,
    .summary = "Move a route's traffic back to its most preferred candidate, as planned",
    .needs = "operator",
    .example = "kirikae failback calls --reason \"tokyo repaired\"",
    .options = failback_options,
    .run = run_failback,
};
