#include "cli/explain.h"
#include "cli/move.h"

/* A dry run only asks what would be decided: phase, facts and rows are those of the moment. */
static int dry_run(struct cli *cli, const char *verb, json_t *args)
{
    bool moves;
    int r;

    json_object_set_new(args, "ask", json_string(verb));
    r = explain_now(cli, args, &moves);
    return r != 0 || moves ? r : CLI_REFUSED;
}

int move_run(struct cli *cli, const char *verb, json_t *args)
{
    json_t *result;
    int r;

    r = cli_put(cli, args, "route", cli->arguments[0]);
    if (r == 0)
        r = cli_put(cli, args, "to", cli_value(cli, "to"));
    if (r == 0 && cli_flag(cli, "dry-run"))
        return dry_run(cli, verb, args);
    if (r == 0)
        r = cli_put(cli, args, "reason", cli_value(cli, "reason"));
    if (r != 0) {
        json_decref(args);
        return r;
    }
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
