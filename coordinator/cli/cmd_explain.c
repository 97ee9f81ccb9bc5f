#include "cli/explain.h"

static int past(struct cli *cli, const char *what)
{
    struct past past;
    json_t *account;
    int r;

    r = past_read(cli, what, cli_value(cli, "from"), &past);
    if (r == 0) {
        account = explain_account(&past);
        if (cli->json)
            cli_print_json(cli->out, account);
        else
            explain_print(cli->out, account);
        json_decref(account);
    }
    past_free(&past);
    return r;
}

static int now(struct cli *cli, const char *route)
{
    json_t *args = json_object();
    int r = cli_put(cli, args, "route", route);

    if (r != 0) {
        json_decref(args);
        return r;
    }
    return explain_now(cli, args);
}

static int run(struct cli *cli)
{
    const char *route = cli_value(cli, "why-not");
    const char *what = cli->n_arguments > 0 ? cli->arguments[0] : NULL;

    if ((what != NULL) + (route != NULL) + cli_flag(cli, "last") != 1)
        return cli_fail(cli, CLI_USAGE,
                        "one of these: a route or the number of an outage, --last, --why-not");
    if (route != NULL && cli_value(cli, "from") != NULL)
        return cli_fail(cli, CLI_USAGE, "--why-not asks the cluster, an export cannot tell");
    return route != NULL ? now(cli, route) : past(cli, what);
}

static const struct cli_option options[] = {
    {"last", NULL, "whatever moved last; without any move the last outage", false},
    {"from", "EXPORT", "read an export instead of asking the cluster", false},
    {"why-not", "ROUTE", "how it stands now, and what keeps each row from moving it", false},
    {0},
};

const struct cli_command cmd_explain = {
    .name = "explain",
    .arguments = "[ROUTE|OUTAGE]",
    .n_optional = 1,
    .summary = "Tell a move or an outage from first failure to proof, with every ballot",
    .needs = "viewer; with --from it works offline",
    .example = "kirikae explain calls",
    .options = options,
    .run = run,
};
