#include "cli/move.h"

static int run(struct cli *cli)
{
    return move_run(cli, "switchover", json_object());
}

static const struct cli_option options[] = {
    {"to", "CANDIDATE", "who is to serve", true},
    {"reason", "TEXT", "why; it goes into the ledger", true},
    {"dry-run", NULL, "only say what would be done, with every rule and fact", false},
    {0},
};

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
