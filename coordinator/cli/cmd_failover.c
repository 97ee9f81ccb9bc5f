#include "cli/verb.h"

#include <stdio.h>

/* What --force skips, and what it does not. */
static const char skipped[] =
    "Skipped: is the active candidate seen failed? Does the other one hold its least? Is another\n"
    "move under way? Not skipped: a majority of voters must be heard, and an exclusive route\n"
    "waits until who serves now can serve no more.\n"
    "Your name and reason are recorded.";

static int run(struct cli *cli)
{
    const char *route = cli->arguments[0], *to = cli_value(cli, "to");
    bool force = cli_flag(cli, "force");
    json_t *args = json_object();
    char what[640];
    int r = verb_put(cli, args, "route", route);

    if (r == 0)
        r = verb_put(cli, args, "to", to);
    if (r != 0)
        return r;
    if (force)
        json_object_set_new(args, "force", json_true());
    snprintf(what, sizeof what, "%s route %s to %s.%s%s", force ? "FORCE" : "Move", route, to,
             force ? "\n" : "", force ? skipped : "");
    return verb_run(cli,
                    &(struct verb){.name = "failover",
                                   .what = what,
                                   .word = force ? route : NULL,
                                   .word_of = "the route's name"},
                    args);
}

static const struct cli_option options[] = {
    {"to", "CANDIDATE", "who is to serve", true},
    VERB_REASON,
    VERB_DRY_RUN,
    {"force", NULL, "although the active side is not seen failed, or the other not ready", false},
    VERB_YES,
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
