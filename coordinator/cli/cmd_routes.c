#include "cli/cli.h"
#include "cli/table.h"

static void members(FILE *out, const json_t *candidate)
{
    const json_t *member, *check;
    size_t i, j;

    json_array_foreach(json_object_get(candidate, "members"), i, member)
    {
        fprintf(out, "    %s%s%s", cli_text(member, "server"),
                cli_bool(member, "drained")   ? ", drained"
                : cli_bool(member, "healthy") ? ", healthy"
                                              : ", SICK",
                cli_bool(member, "serving") ? ", serving" : "");
        if (cli_text(member, "unable")[0] != '\0')
            fprintf(out, ", UNABLE: %s", cli_text(member, "unable"));
        json_array_foreach(json_object_get(member, "failing"), j, check)
            fprintf(out, "%s%s", j == 0 ? ": " : ", ", json_string_value(check));
        fputc('\n', out);
    }
}

static void last_move(FILE *out, const json_t *route)
{
    const json_t *move = json_object_get(route, "last_move");

    if (!json_is_object(move))
        return;
    fprintf(out, "  last move %s, index %lld, rule %lld%s%s; verified %s\n",
            cli_text(move, "intent"), (long long)cli_int(move, "index"),
            (long long)cli_int(move, "rule"), cli_text(move, "from")[0] != '\0' ? ", from " : "",
            cli_text(move, "from"),
            cli_text(move, "verified")[0] != '\0' ? cli_text(move, "verified") : "not yet");
}

static void paused(FILE *out, const json_t *route)
{
    const json_t *paused = json_object_get(route, "paused");

    if (json_is_object(paused))
        fprintf(out, "  automatic moves%s paused until %s by %s: %s\n",
                cli_bool(paused, "all") ? " of all routes" : "", cli_text(paused, "until"),
                cli_text(paused, "who"), cli_text(paused, "reason"));
}

static void print_route(FILE *out, const json_t *route)
{
    const json_t *candidate, *actuator;
    size_t i;

    fprintf(out, "%s: %s serves, %s, epoch %lld.%lld, %s%s\n", cli_text(route, "route"),
            cli_text(route, "active"), cli_text(route, "phase"), (long long)cli_int(route, "epoch"),
            (long long)cli_int(route, "step"), cli_text(route, "kind"),
            cli_bool(route, "held") ? ", HELD: no automatic moves until an operator acts" : "");
    if (cli_text(route, "follows")[0] != '\0')
        fprintf(out, "  follows %s\n", cli_text(route, "follows"));
    paused(out, route);
    last_move(out, route);
    json_array_foreach(json_object_get(route, "actuators"), i, actuator) fprintf(
        out, "  actuator %s (%s): %s\n", cli_text(actuator, "actuator"), cli_text(actuator, "kind"),
        cli_bool(actuator, "done")       ? "done"
        : cli_bool(actuator, "required") ? "NOT DONE"
                                         : "not done, not required");
    if (json_object_get(route, "grant_ms") != NULL)
        fprintf(out, "  own grant: %lld ms\n", (long long)cli_int(route, "grant_ms"));
    json_array_foreach(json_object_get(route, "candidates"), i, candidate)
    {
        fprintf(out, "  %s%s: %s, %lld of at least %lld healthy\n",
                cli_text(candidate, "candidate"), cli_bool(candidate, "active") ? " (active)" : "",
                cli_bool(candidate, "ready") ? "ready" : "NOT READY",
                (long long)cli_int(candidate, "healthy"), (long long)cli_int(candidate, "least"));
        members(out, candidate);
    }
}

static void print(FILE *out, const json_t *result)
{
    const json_t *route;
    size_t i;

    json_array_foreach(json_object_get(result, "routes"), i, route)
    {
        if (i > 0)
            fputc('\n', out);
        print_route(out, route);
    }
    if (json_array_size(json_object_get(result, "routes")) == 0)
        fprintf(out, "no routes\n");
}

static int run(struct cli *cli)
{
    return cli_show(cli, "routes", NULL, print);
}

const struct cli_command cmd_routes = {
    .name = "routes",
    .arguments = "",
    .summary = "Show where each route's traffic goes and who could take over",
    .needs = "viewer",
    .example = "kirikae routes --json | jq '.routes[].active'",
    .run = run,
};
