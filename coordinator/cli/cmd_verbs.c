/* Pauses, drains, and who leads. */
#include "cli/verb.h"

#include <stdio.h>

/* ---- pause, resume ---- */

/* One route, or --all of them; `name` for what is shown. */
static int put_routes(struct cli *cli, json_t *args, const char **name)
{
    bool all = cli_flag(cli, "all");

    if (all == (cli->n_arguments > 0)) {
        json_decref(args);
        return cli_fail(cli, CLI_USAGE, "give one route, or --all");
    }
    *name = all ? "all routes" : cli->arguments[0];
    if (!all)
        return verb_put(cli, args, "route", cli->arguments[0]);
    json_object_set_new(args, "all", json_true());
    return 0;
}

static int run_pause(struct cli *cli)
{
    json_t *args = json_object();
    const char *name;
    char what[256];
    int64_t for_ms;
    int r = put_routes(cli, args, &name);

    if (r != 0)
        return r;
    if (cli_duration(cli_value(cli, "for"), &for_ms) != 0) {
        json_decref(args);
        return cli_fail(cli, CLI_USAGE, "--for \"%s\" is no duration: write 30m, 2h or 3d",
                        cli_value(cli, "for"));
    }
    json_object_set_new(args, "for_ms", json_integer(for_ms));
    snprintf(what, sizeof what, "No automatic moves of %s for %s. Operators' moves go on.", name,
             cli_value(cli, "for"));
    return verb_run(cli, &(struct verb){.name = "pause", .what = what}, args);
}

static int run_resume(struct cli *cli)
{
    json_t *args = json_object();
    const char *name;
    char what[256];
    int r = put_routes(cli, args, &name);

    if (r != 0)
        return r;
    snprintf(what, sizeof what, "Automatic moves of %s go on.", name);
    return verb_run(cli, &(struct verb){.name = "resume", .what = what}, args);
}

/* ---- servers ---- */

static int run_server(struct cli *cli, const char *verb, const char *format)
{
    json_t *args = json_object();
    char what[256];
    int r = verb_put(cli, args, "server", cli->arguments[0]);

    if (r != 0)
        return r;
    snprintf(what, sizeof what, format, cli->arguments[0]);
    return verb_run(cli, &(struct verb){.name = verb, .what = what}, args);
}

static int run_drain(struct cli *cli)
{
    return run_server(cli, "drain", "Server %s leaves the pools of all routes.");
}

static int run_undrain(struct cli *cli)
{
    return run_server(cli, "undrain", "Server %s may come back into its pools.");
}

static int run_leader_move(struct cli *cli)
{
    return run_server(cli, "leader-move", "%s is to lead the cluster.");
}

static void print_leader(FILE *out, const json_t *status)
{
    const char *leader = cli_text(status, "leader");

    if (leader[0] == '\0')
        fprintf(out, "nobody leads, as %s knows\n", cli_text(status, "node"));
    else
        fprintf(out, "%s leads in term %lld\n", leader,
                (long long)cli_int(json_object_get(status, "raft"), "term"));
}

static int run_leader(struct cli *cli)
{
    json_t *status;
    int r = cli_ask(cli, "status", NULL, &status);

    if (r != 0)
        return r;
    if (cli->json)
        cli_print_json(cli->out, status);
    else
        print_leader(cli->out, status);
    if (cli_text(status, "leader")[0] == '\0')
        r = CLI_UNREACHABLE;
    json_decref(status);
    return r;
}

/* ---- their tables ---- */

static const struct cli_option pause_options[] = {
    {"for", "DURATION", "30m, 2h, 3d; at most 7d", true},
    {"all", NULL, "of every route", false},
    VERB_REASON,
    VERB_DRY_RUN,
    VERB_YES,
    {0},
};

static const struct cli_option resume_options[] = {
    {"all", NULL, "what was paused with --all", false}, VERB_REASON, VERB_DRY_RUN, VERB_YES, {0},
};

static const struct cli_option server_options[] = {VERB_REASON, VERB_DRY_RUN, VERB_YES, {0}};

const struct cli_command cmd_pause = {
    .name = "pause",
    .arguments = "[ROUTE]",
    .n_optional = 1,
    .summary = "Keep automatic moves of a route, or of all, off for a time",
    .needs = "operator",
    .example = "kirikae pause calls --for 2h --reason \"work on tokyo's uplink\"",
    .options = pause_options,
    .run = run_pause,
};

const struct cli_command cmd_resume = {
    .name = "resume",
    .arguments = "[ROUTE]",
    .n_optional = 1,
    .summary = "End a pause before its time",
    .needs = "operator",
    .example = "kirikae resume calls --reason \"uplink done\"",
    .options = resume_options,
    .run = run_resume,
};

const struct cli_command cmd_drain = {
    .name = "drain",
    .arguments = "SERVER",
    .n_arguments = 1,
    .summary = "Take a server out of all pools; what it serves may finish",
    .needs = "operator",
    .example = "kirikae drain voice-2 --reason \"new disk\"",
    .options = server_options,
    .run = run_drain,
};

const struct cli_command cmd_undrain = {
    .name = "undrain",
    .arguments = "SERVER",
    .n_arguments = 1,
    .summary = "Let a drained server come back",
    .needs = "operator",
    .example = "kirikae undrain voice-2 --reason \"disk is in\"",
    .options = server_options,
    .run = run_undrain,
};

const struct cli_command cmd_leader = {
    .name = "leader",
    .arguments = "",
    .summary = "Say who leads; exit 3 when nobody does",
    .needs = "viewer",
    .example = "kirikae leader",
    .run = run_leader,
};

const struct cli_command cmd_leader_move = {
    .name = "leader move",
    .arguments = "SERVER",
    .n_arguments = 1,
    .summary = "Hand the lead to another voter",
    .needs = "admin",
    .example = "kirikae leader move backup-2 --reason \"backup-1 gets a new kernel\"",
    .options = server_options,
    .run = run_leader_move,
};
