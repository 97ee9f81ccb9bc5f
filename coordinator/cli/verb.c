#include "cli/verb.h"
#include "base/limits.h"
#include "cli/explain.h"

#include <string.h>
#include <unistd.h>

static int put_reason(struct cli *cli, json_t *args)
{
    const char *reason = cli_value(cli, "reason");

    if (strlen(reason) >= LIMIT_TEXT)
        return cli_fail(cli, CLI_USAGE, "--reason is %zu bytes long, at most %d go into the ledger",
                        strlen(reason), LIMIT_TEXT - 1);
    if (reason[strspn(reason, " ")] == '\0')
        return cli_fail(cli, CLI_USAGE, "--reason is empty: it goes into the ledger");
    return cli_put(cli, args, "reason", reason);
}

static int tell(struct cli *cli, const char *name, json_t *args)
{
    json_t *result;
    int r = cli_tell(cli, name, args, &result);

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

/* What the cluster says that it would do; an exit code when it would not. */
static int rehearse(struct cli *cli, const char *name, const json_t *args)
{
    json_t *trial = json_deep_copy(args), *result;
    int r;

    json_object_set_new(trial, "dry_run", json_true());
    r = cli_tell(cli, name, trial, &result);
    if (r != 0)
        return r;
    fprintf(cli->err, "%s\n", cli_text(result, "text"));
    json_decref(result);
    return 0;
}

static bool typed(struct cli *cli, const struct verb *verb)
{
    char line[LIMIT_NAME + 2] = "";

    if (verb->word != NULL)
        fprintf(cli->err, "Type %s to go on: ", verb->word_of);
    else
        fprintf(cli->err, "Go on? [y/N] ");
    fflush(cli->err);
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    if (verb->word != NULL)
        return strcmp(line, verb->word) == 0;
    return strcmp(line, "y") == 0 || strcmp(line, "yes") == 0;
}

static int confirm(struct cli *cli, const struct verb *verb, const json_t *args)
{
    int r;

    if (cli_flag(cli, "yes"))
        return 0;
    if (!isatty(STDIN_FILENO)) {
        if (verb->word == NULL)
            return 0;
        return cli_fail(cli, CLI_USAGE,
                        "--force asks first, and there is no terminal: add --yes to do it");
    }
    fprintf(cli->err, "%s\n", verb->what);
    r = verb->rehearsed ? rehearse(cli, verb->name, args) : 0;
    if (r == 0 && !typed(cli, verb))
        r = cli_fail(cli, CLI_REFUSED, "not confirmed, nothing was done");
    return r;
}

/* What would be decided: phase, facts and rows are those of the moment. */
static int explain(struct cli *cli, const char *question, json_t *args)
{
    bool moves;
    int r;

    json_object_set_new(args, "ask", json_string(question));
    r = explain_now(cli, args, &moves);
    return r != 0 || moves ? r : CLI_REFUSED;
}

int verb_run(struct cli *cli, const struct verb *verb, json_t *args)
{
    int r;

    if (verb->question != NULL && cli_flag(cli, "dry-run"))
        return explain(cli, verb->question, args);
    r = put_reason(cli, args);
    if (r == 0 && verb->rehearsed && cli_flag(cli, "dry-run"))
        json_object_set_new(args, "dry_run", json_true());
    else if (r == 0)
        r = confirm(cli, verb, args);
    if (r != 0) {
        json_decref(args);
        return r;
    }
    return tell(cli, verb->name, args);
}

int verb_put(struct cli *cli, json_t *args, const char *key, const char *text)
{
    int r = cli_put(cli, args, key, text);

    if (r != 0)
        json_decref(args);
    return r;
}
