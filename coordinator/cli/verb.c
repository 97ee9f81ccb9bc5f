#include "cli/verb.h"
#include "base/limits.h"
#include "base/plain.h"
#include "cli/explain.h"
#include "cli/plan.h"

#include <string.h>
#include <unistd.h>

static int put_text(struct cli *cli, json_t *args, const char *option)
{
    const char *text = option[0] != '\0' ? cli_value(cli, option) : NULL;

    if (text == NULL)
        return 0; /* which its options allow */
    if (strlen(text) >= LIMIT_TEXT)
        return cli_fail(cli, CLI_USAGE, "--%s is %zu bytes long, at most %d go into the ledger",
                        option, strlen(text), LIMIT_TEXT - 1);
    if (plain_blank(text))
        return cli_fail(cli, CLI_USAGE, "--%s is empty: it goes into the ledger", option);
    return cli_put(cli, args, option, text);
}

static int tell(struct cli *cli, const struct verb *verb, json_t *args)
{
    json_t *result;
    int r = cli_tell(cli, verb->name, args, &result);

    if (r != 0)
        return r;
    if (verb->answer != NULL) {
        *verb->answer = result;
        return CLI_DONE;
    }
    cli_clean(cli, result);
    if (cli->json)
        cli_print_json(cli->out, result);
    else
        fprintf(cli->out, "%s\n",
                cli_text(result, "text")[0] != '\0' ? cli_text(result, "text") : "done");
    json_decref(result);
    return CLI_DONE;
}

/* What the cluster says that it would do. */
static int foretell(struct cli *cli, const char *name, const json_t *args, json_t **plan)
{
    json_t *trial = json_deep_copy(args);
    int r;

    json_object_set_new(trial, "dry_run", json_true());
    r = cli_tell(cli, name, trial, plan);
    cli_clean(cli, *plan);
    return r;
}

/* In brief, before it asks; an exit code when it would be refused. */
static int rehearse(struct cli *cli, const char *name, const json_t *args)
{
    json_t *plan;
    int r = foretell(cli, name, args, &plan);

    if (r != 0)
        return r;
    if (cli_int(plan, "code") != 0)
        r = cli_fail(cli, CLI_REFUSED, "%s", cli_text(plan, "text"));
    else
        plan_print_changes(cli->err, plan);
    json_decref(plan);
    return r;
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
    r = rehearse(cli, verb->name, args);
    if (r == 0 && !typed(cli, verb))
        r = cli_fail(cli, CLI_REFUSED, "not confirmed, nothing was done");
    return r;
}

/* All of it: what would be decided and why, what it would change, what would be recorded. */
static int dry_run(struct cli *cli, const char *name, const json_t *args)
{
    json_t *plan;
    int r = foretell(cli, name, args, &plan);

    if (r != 0)
        return r;
    if (json_object_get(plan, "phase") != NULL)
        r = explain_view(cli, plan);
    if (r == 0 && cli->json)
        cli_print_json(cli->out, plan);
    else if (r == 0)
        plan_print(cli->out, plan);
    if (r == 0 && cli_int(plan, "code") != 0)
        r = CLI_REFUSED;
    json_decref(plan);
    return r;
}

int verb_run(struct cli *cli, const struct verb *verb, json_t *args)
{
    bool dry = cli_flag(cli, "dry-run");
    int r = put_text(cli, args, verb->text != NULL ? verb->text : "reason");

    if (r == 0)
        r = dry ? dry_run(cli, verb->name, args) : confirm(cli, verb, args);
    if (r != 0 || dry) {
        json_decref(args);
        return r;
    }
    return tell(cli, verb, args);
}

int verb_put(struct cli *cli, json_t *args, const char *key, const char *text)
{
    int r = cli_put(cli, args, key, text);

    if (r != 0)
        json_decref(args);
    return r;
}
