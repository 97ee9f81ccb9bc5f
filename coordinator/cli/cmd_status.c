#include "cli/cli.h"
#include "cli/table.h"

static void head(FILE *out, const json_t *s)
{
    const json_t *quorum = json_object_get(s, "quorum");
    const json_t *config = json_object_get(s, "config");
    const json_t *ledger = json_object_get(s, "ledger");
    const char *leader = cli_text(s, "leader");

    fprintf(out, "cluster  %s, configuration %lld (%s%s)\n", cli_text(s, "cluster"),
            (long long)cli_int(config, "version"), cli_text(config, "profile"),
            cli_bool(config, "committed") ? "" : ", not committed");
    fprintf(out, "asked    %s at %s\n", cli_text(s, "node"), cli_text(s, "utc"));
    fprintf(out, "leader   %s, term %lld, index %lld\n", leader[0] != '\0' ? leader : "none",
            (long long)cli_int(json_object_get(s, "raft"), "term"),
            (long long)cli_int(json_object_get(s, "raft"), "applied"));
    fprintf(out, "quorum   %s: %s hears %lld of %lld voters, %lld needed\n",
            cli_bool(quorum, "ok") ? "yes" : "NO", cli_text(quorum, "heard_by"),
            (long long)cli_int(quorum, "heard"), (long long)cli_int(quorum, "voters"),
            (long long)cli_int(quorum, "majority"));
    fprintf(out, "ledger   %lld lines, root %.16s…\n", (long long)cli_int(ledger, "size"),
            cli_text(ledger, "root"));
}

/* Only while not all have the newest version. */
static void features(FILE *out, const json_t *s)
{
    const json_t *features = json_object_get(s, "features");
    const json_t *lack = json_object_get(features, "lack"), *name;
    size_t i;

    if (cli_int(features, "newest") <= cli_int(features, "level"))
        return;
    fprintf(out,
            "features level %lld; not known to know %lld:", (long long)cli_int(features, "level"),
            (long long)cli_int(features, "newest"));
    json_array_foreach(lack, i, name)
        fprintf(out, "%s %s", i > 0 ? "," : "", json_string_value(name));
    fprintf(out, "%s\n", json_array_size(lack) == 0 ? " nobody, soon" : "");
}

static const char *kept_off(const json_t *route, char *text, size_t size)
{
    const json_t *paused = json_object_get(route, "paused");

    text[0] = '\0';
    if (cli_bool(route, "held"))
        snprintf(text, size, "held: hands off until told");
    else if (json_is_object(paused))
        snprintf(text, size, "paused until %s by %s", cli_text(paused, "until"),
                 cli_text(paused, "who"));
    else if (cli_bool(route, "disputed"))
        snprintf(text, size, "DISPUTED: see explain --why-not");
    return text;
}

static void routes(FILE *out, const json_t *s)
{
    static const char *const heads[] = {"ROUTE", "ACTIVE", "PHASE", "EPOCH", ""};
    struct table *table = table_new(heads, 5);
    const json_t *route;
    char text[160];
    size_t i;

    json_array_foreach(json_object_get(s, "routes"), i, route)
    {
        table_cell(table, "%s", cli_text(route, "route"));
        table_cell(table, "%s", cli_text(route, "active"));
        table_cell(table, "%s", cli_text(route, "phase"));
        table_cell(table, "%lld.%lld", (long long)cli_int(route, "epoch"),
                   (long long)cli_int(route, "step"));
        table_cell(table, "%s", kept_off(route, text, sizeof text));
    }
    table_end(table, out, "no routes");
}

static void functions(FILE *out, const json_t *s)
{
    static const char *const heads[] = {"FUNCTION", "STATE", ""};
    struct table *table = table_new(heads, 3);
    const json_t *function;
    size_t i;

    json_array_foreach(json_object_get(s, "functions"), i, function)
    {
        table_cell(table, "%s", cli_text(function, "function"));
        table_cell(table, "%s", cli_bool(function, "down") ? "DOWN" : "up");
        table_cell(table, "%s", cli_bool(function, "maintenance") ? "in maintenance" : "");
    }
    table_end(table, out, "no functions");
}

static void outages(FILE *out, const json_t *s)
{
    const json_t *outage;
    size_t i;

    json_array_foreach(json_object_get(s, "outages"), i, outage)
        fprintf(out, "outage %lld of %s since %s, %lld s\n", (long long)cli_int(outage, "outage"),
                cli_text(outage, "function"), cli_text(outage, "start"),
                (long long)cli_int(outage, "lasting_ms") / 1000);
}

static void checks(FILE *out, const json_t *s, const char *key, const char *what)
{
    const json_t *list = json_object_get(s, key), *check;
    int64_t count = cli_int(list, "count");
    size_t i;

    json_array_foreach(json_object_get(list, "checks"), i, check)
        fprintf(out, "%s %s since %s\n", what, cli_text(check, "check"), cli_text(check, "since"));
    if (count > (int64_t)i)
        fprintf(out, "%s %lld more\n", what, (long long)(count - (int64_t)i));
}

static void silent(FILE *out, const json_t *s)
{
    const json_t *server;
    size_t i;

    json_array_foreach(json_object_get(s, "silent"), i, server)
        fprintf(out, "silent %s since %s\n", cli_text(server, "server"), cli_text(server, "since"));
}

static void operators(FILE *out, const json_t *s)
{
    const json_t *paused = json_object_get(s, "paused"), *server;
    size_t i;

    if (json_is_object(paused))
        fprintf(out, "paused   all automatic moves until %s, by %s: %s\n",
                cli_text(paused, "until"), cli_text(paused, "who"), cli_text(paused, "reason"));
    json_array_foreach(json_object_get(s, "drained"), i, server)
        fprintf(out, "drained  %s since %s, by %s: %s\n", cli_text(server, "server"),
                cli_text(server, "since"), cli_text(server, "who"), cli_text(server, "reason"));
}

static void print(FILE *out, const json_t *s)
{
    head(out, s);
    features(out, s);
    operators(out, s);
    fputc('\n', out);
    routes(out, s);
    fputc('\n', out);
    functions(out, s);
    fputc('\n', out);
    outages(out, s);
    checks(out, s, "down", "down");
    checks(out, s, "disputed", "disputed");
    checks(out, s, "holes", "watched by too few:");
    silent(out, s);
}

static int run(struct cli *cli)
{
    json_t *result;
    int r = cli_ask(cli, "status", NULL, &result);

    if (r != 0)
        return r;
    cli_clean(cli, result);
    if (cli->json)
        cli_print_json(cli->out, result);
    else
        print(cli->out, result);
    if (!cli_bool(json_object_get(result, "quorum"), "ok"))
        r = CLI_UNREACHABLE;
    json_decref(result);
    return r;
}

const struct cli_command cmd_status = {
    .name = "status",
    .arguments = "",
    .summary = "Show the cluster at a glance; exit 3 when it has no quorum",
    .needs = "viewer",
    .example = "kirikae status",
    .run = run,
};
