#include "cli/move.h"

#include <string.h>
#include <unistd.h>

/* Forcing skips checks: a person has to say yes, or the command line beforehand. */
static int confirm(struct cli *cli)
{
    char line[16] = "";

    if (cli_flag(cli, "yes"))
        return 0;
    if (!isatty(STDIN_FILENO))
        return cli_fail(cli, CLI_USAGE, "--force asks first, and there is no terminal: add --yes");
    fprintf(cli->err,
            "Force %s to %s? Checks that would refuse it are skipped; your name and reason are "
            "recorded.\nType yes to go on: ",
            cli->arguments[0], cli_value(cli, "to"));
    fflush(cli->err);
    if (fgets(line, sizeof line, stdin) == NULL || strcmp(line, "yes\n") != 0)
        return cli_fail(cli, CLI_REFUSED, "not confirmed, nothing was done");
    return 0;
}

static int run(struct cli *cli)
{
    json_t *args;
    int r;

    if (cli_flag(cli, "yes") && !cli_flag(cli, "force"))
        return cli_fail(cli, CLI_USAGE, "--yes goes with --force");
    if (cli_flag(cli, "force") && !cli_flag(cli, "dry-run")) {
        r = confirm(cli);
        if (r != 0)
            return r;
    }
    args = json_object();
    if (cli_flag(cli, "force"))
        json_object_set_new(args, "force", json_true());
    return move_run(cli, "failover", args);
}

static const struct cli_option options[] = {
    {"to", "CANDIDATE", "who is to serve", true},
    {"reason", "TEXT", "why; it goes into the ledger", true},
    {"dry-run", NULL, "only say what would be done, with every rule and fact", false},
    {"force", NULL, "although the active side is not seen failed, or the other not ready", false},
    {"yes", NULL, "with --force: do not ask", false},
    {0},
};

const struct cli_command cmd_failover = {
    .name = "failover",
    .arguments = "ROUTE",
    .n_arguments = 1,
    .summary = "Move a route's traffic away from a failed candidate",
    .needs = "operator",
    .example = "kirikae failover calls --to osaka --reason \"tokyo lost power\"",
    .options = options,
    .run = run,
};
