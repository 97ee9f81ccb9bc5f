#include "cli/cli.h"
#include "kirikae/server.h"

#include <string.h>

/* Without a server's name it is this server's, and its node file says as whom to speak. */
static int connect_to(struct cli *cli, const char *check)
{
    int r;

    if (strchr(check, '@') != NULL || cli->node != NULL)
        return cli_connect(cli);
    cli->client = kirikae_new();
    r = kirikae_load_node(cli->client, NULL);
    return r == KIRIKAE_DONE ? 0 : cli_fail(cli, r, "%s", kirikae_error(cli->client));
}

static int run(struct cli *cli)
{
    const char *check = cli->arguments[0], *state = cli->arguments[1];
    bool failing = strcmp(state, "failing") == 0;
    int r;

    if (!failing && strcmp(state, "ok") != 0)
        return cli_fail(cli, CLI_USAGE, "the state is ok or failing, not \"%s\"", state);
    r = connect_to(cli, check);
    if (r != 0)
        return r;
    r = kirikae_report(cli->client, check, failing ? KIRIKAE_FAILING : KIRIKAE_OK,
                       cli_value(cli, "text"), cli->timeout_ms);
    if (r != KIRIKAE_DONE)
        return cli_fail(cli, r, "%s", kirikae_error(cli->client));
    if (cli->json)
        fprintf(cli->out, "{}\n");
    else
        fprintf(cli->out, "%s: %s is reported %s\n", kirikae_answered_by(cli->client), check,
                state);
    return CLI_DONE;
}

static const struct cli_option options[] = {
    {"text", "TEXT", "what is wrong, for the server's log", false},
    {0},
};

static void more(FILE *out)
{
    fprintf(out, "\nCHECK@SERVER, or CHECK alone on the server itself, whose node file\n"
                 "($KIRIKAE_NODE, /etc/kirikae/node.yaml) then says who speaks. STATE is ok or\n"
                 "failing; it must be renewed within the check's ttl.\n");
}

const struct cli_command cmd_report = {
    .name = "report",
    .arguments = "CHECK STATE",
    .n_arguments = 2,
    .summary = "Say for a server's software how it is: ok or failing",
    .needs = "operator, or the certificate of that server",
    .example = "kirikae report calls failing --text \"no trunk\"",
    .options = options,
    .more = more,
    .run = run,
};
