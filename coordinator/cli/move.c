#include "cli/move.h"

int move_run(struct cli *cli, const char *verb, json_t *args)
{
    json_t *result;
    int r;

    r = cli_put(cli, args, "route", cli->arguments[0]);
    if (r == 0)
        r = cli_put(cli, args, "to", cli_value(cli, "to"));
    if (r == 0)
        r = cli_put(cli, args, "reason", cli_value(cli, "reason"));
    if (r != 0) {
        json_decref(args);
        return r;
    }
    if (cli_flag(cli, "dry-run"))
        json_object_set_new(args, "dry_run", json_true());
    r = cli_tell(cli, verb, args, &result);
    if (r != 0)
        return r;
    if (cli->json)
        cli_print_json(cli->out, result);
    else
        fprintf(cli->out, "%s\n",
                cli_text(result, "text")[0] != '\0' ? cli_text(result, "text") : "done");
    json_decref(result);
    return CLI_DONE;
}
