#include "cli/cli.h"
#include "cli/ledger_pull.h"
#include "core/failover/rules.h"

#include <string.h>

#define BLOCK 2000    /* lines that are looked at in one go, backwards */
#define BLOCKS_MAX 50 /* then the move is too old */

/* ---- the lines, newest block first ---- */

static json_t *categories(void)
{
    return json_pack("[s,s]", "failover", "verdict");
}

/* Lines [from, end) of interest, parsed, into *lines. */
static int read_block(struct cli *cli, uint64_t from, uint64_t end, json_t **lines)
{
    json_t *page;
    int r;

    *lines = json_array();
    while (from < end) {
        const json_t *text;
        uint64_t next;
        size_t i;

        r = ledger_page(cli, from, end - from, categories(), &page);
        if (r != 0)
            return r;
        json_array_foreach(json_object_get(page, "lines"), i, text)
            json_array_append_new(*lines, json_loads(json_string_value(text), 0, NULL));
        next = (uint64_t)cli_int(page, "next");
        json_decref(page);
        if (next <= from)
            return cli_fail(cli, CLI_REFUSED, "the ledger ends at line %llu on this node",
                            (unsigned long long)from);
        from = next;
    }
    return 0;
}

static bool is(const json_t *line, const char *category, const char *type)
{
    return strcmp(cli_text(line, "category"), category) == 0 &&
           (type == NULL || strcmp(cli_text(line, "type"), type) == 0);
}

static bool is_move(const json_t *line, const char *route)
{
    return is(line, "failover", "intent") && strcmp(cli_text(line, "kind"), "move") == 0 &&
           strcmp(cli_text(line, "route"), route) == 0;
}

/* Number of the newest move in `lines`, -1: none. */
static int newest_move(const json_t *lines, const char *route)
{
    int i;

    for (i = (int)json_array_size(lines) - 1; i >= 0; i--)
        if (is_move(json_array_get(lines, (size_t)i), route))
            return i;
    return -1;
}

static int ledger_size_now(struct cli *cli, uint64_t *size)
{
    json_t *page;
    int r = ledger_page(cli, 0, 1, categories(), &page);

    if (r != 0)
        return r;
    *size = (uint64_t)cli_int(page, "size");
    json_decref(page);
    return 0;
}

/* Reads backwards until the route's newest move and one block before it are in *lines.
 * Without any move *lines is all that was read. */
static int read_back(struct cli *cli, const char *route, json_t **lines)
{
    bool found = false;
    uint64_t end;
    int i, r;

    *lines = json_array();
    r = ledger_size_now(cli, &end);
    for (i = 0; r == 0 && end > 0 && i < BLOCKS_MAX; i++) {
        uint64_t from = end > BLOCK ? end - BLOCK : 0;
        bool enough = found;
        json_t *block;

        r = read_block(cli, from, end, &block);
        found = found || newest_move(block, route) >= 0;
        json_array_extend(block, *lines);
        json_decref(*lines);
        *lines = block;
        end = from;
        if (enough)
            break;
    }
    return r;
}

/* ---- what belongs to the move ---- */

static bool names_member(const json_t *candidates, const char *candidate, const char *server)
{
    const json_t *c, *member;
    size_t i, j;

    json_array_foreach(candidates, i, c)
    {
        if (strcmp(cli_text(c, "candidate"), candidate) != 0)
            continue;
        json_array_foreach(json_object_get(c, "members"), j, member)
        {
            if (strcmp(cli_text(member, "server"), server) == 0)
                return true;
        }
    }
    return false;
}

/* The newest verdict of each check on the old side's members before the move, when that
 * is "down": what the rule's facts were made of. */
static json_t *evidence(const json_t *lines, int move, const json_t *candidates)
{
    const char *from = cli_text(json_array_get(lines, (size_t)move), "from");
    json_t *newest = json_object(), *list = json_array(), *line;
    const char *check;
    int i;

    for (i = move - 1; i >= 0; i--) {
        line = json_array_get(lines, (size_t)i);
        check = cli_text(line, "check");
        if (!is(line, "verdict", NULL) || json_object_get(newest, check) != NULL ||
            !names_member(candidates, from, cli_text(line, "target")))
            continue;
        json_object_set(newest, check, line);
    }
    json_object_foreach(newest, check, line)
    {
        if (is(line, "verdict", "down"))
            json_array_append(list, line);
    }
    json_decref(newest);
    return list;
}

/* What was recorded of the route since (and with `move` -1, at all). */
static json_t *aftermath(const json_t *lines, int move, const char *route)
{
    json_t *list = json_array();
    size_t i;

    for (i = (size_t)(move + 1); i < json_array_size(lines); i++) {
        json_t *line = json_array_get(lines, i);

        if (is(line, "failover", NULL) && strcmp(cli_text(line, "route"), route) == 0)
            json_array_append(list, line);
    }
    return list;
}

static json_t *find_route(const json_t *routes, const char *name)
{
    json_t *route;
    size_t i;

    json_array_foreach(json_object_get(routes, "routes"), i, route)
    {
        if (strcmp(cli_text(route, "route"), name) == 0)
            return route;
    }
    return NULL;
}

static json_t *explain(const json_t *lines, const json_t *route)
{
    const char *name = cli_text(route, "route");
    int move = newest_move(lines, name);
    json_t *answer = json_pack("{s:s,s:s}", "route", name, "active", cli_text(route, "active"));
    const struct rule *rule;

    if (move >= 0) {
        json_t *intent = json_array_get(lines, (size_t)move);

        rule = rules_by_number((uint16_t)cli_int(intent, "rule"));
        json_object_set(answer, "move", intent);
        json_object_set_new(answer, "rule",
                            rule != NULL ? json_string(rule->comment) : json_null());
        json_object_set_new(answer, "verdicts",
                            evidence(lines, move, json_object_get(route, "candidates")));
    } else {
        json_object_set_new(answer, "move", json_null());
    }
    json_object_set_new(answer, "since", aftermath(lines, move, name));
    return answer;
}

/* ---- for people ---- */

static void print_texts(FILE *out, const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
        fprintf(out, "%s%s", i > 0 ? ", " : "", json_string_value(item));
    fputc('\n', out);
}

static void print_ballot(FILE *out, const json_t *ballot)
{
    const json_t *fail = json_object_get(ballot, "fail_age_ms");

    fprintf(out, "    %-12s %-10s %-5s %s", cli_text(ballot, "observer"), cli_text(ballot, "site"),
            cli_bool(ballot, "abstain") ? "abstains" : cli_text(ballot, "opinion"),
            cli_text(ballot, "reason"));
    if (json_is_integer(fail))
        fprintf(out, ", failing since %lld ms before", (long long)json_integer_value(fail));
    fputc('\n', out);
}

static void print_verdict(FILE *out, const json_t *line)
{
    const json_t *ballot;
    size_t i;

    fprintf(out, "  %s  %s %s (index %lld): %lld of %lld observers agree, %lld needed\n",
            cli_text(line, "time"), cli_text(line, "check"), cli_text(line, "type"),
            (long long)cli_int(line, "index"), (long long)cli_int(line, "agree"),
            (long long)cli_int(line, "assigned"), (long long)cli_int(line, "need"));
    fprintf(out, "    first failure %s, last good %s\n", cli_text(line, "fail_since"),
            cli_text(line, "good_before")[0] != '\0' ? cli_text(line, "good_before") : "never");
    json_array_foreach(json_object_get(line, "ballots"), i, ballot) print_ballot(out, ballot);
}

static void print_move(FILE *out, const json_t *answer)
{
    const json_t *move = json_object_get(answer, "move"), *line;
    const char *who = cli_text(move, "who");
    size_t i;

    fprintf(out, "%s went from %s to %s at %s\n", cli_text(answer, "route"), cli_text(move, "from"),
            cli_text(move, "to"), cli_text(move, "time"));
    fprintf(out, "  index %lld, term %lld, epoch %lld\n", (long long)cli_int(move, "index"),
            (long long)cli_int(move, "term"), (long long)cli_int(move, "epoch"));
    if (who[0] != '\0')
        fprintf(out, "  asked for by %s%s: %s\n", who, cli_bool(move, "forced") ? ", forced" : "",
                cli_text(move, "reason"));
    else
        fprintf(out, "  automatic\n");
    fprintf(out, "  rule %lld: %s\n  facts: ", (long long)cli_int(move, "rule"),
            cli_text(answer, "rule"));
    print_texts(out, json_object_get(move, "facts"));
    fprintf(out, "because of\n");
    json_array_foreach(json_object_get(answer, "verdicts"), i, line) print_verdict(out, line);
    if (i == 0)
        fprintf(out, "  no verdict: nothing of %s was down\n", cli_text(move, "from"));
}

static void print_event(FILE *out, const json_t *line)
{
    const char *reason = cli_text(line, "reason");

    fprintf(out, "  %s  %s", cli_text(line, "time"), cli_text(line, "type"));
    if (cli_text(line, "actuator")[0] != '\0')
        fprintf(out, " of %s", cli_text(line, "actuator"));
    if (json_object_get(line, "ok") != NULL)
        fprintf(out, ": %s", cli_bool(line, "ok") ? "done" : "FAILED");
    if (json_object_get(line, "took_ms") != NULL)
        fprintf(out, ", %lld ms", (long long)cli_int(line, "took_ms"));
    if (json_is_integer(json_object_get(line, "rule")))
        fprintf(out, ", rule %lld", (long long)cli_int(line, "rule"));
    fprintf(out, "%s%s (index %lld)\n", reason[0] != '\0' ? ": " : "", reason,
            (long long)cli_int(line, "index"));
}

static void print(FILE *out, const json_t *answer)
{
    const json_t *line;
    size_t i;

    if (json_is_object(json_object_get(answer, "move")))
        print_move(out, answer);
    else
        fprintf(out, "%s has not moved lately; %s serves\n", cli_text(answer, "route"),
                cli_text(answer, "active"));
    if (json_array_size(json_object_get(answer, "since")) > 0)
        fprintf(out, "since then\n");
    json_array_foreach(json_object_get(answer, "since"), i, line) print_event(out, line);
}

static int run(struct cli *cli)
{
    json_t *routes = NULL, *lines = NULL, *route, *answer;
    int r;

    r = cli_ask(cli, "routes", NULL, &routes);
    if (r != 0)
        return r;
    route = find_route(routes, cli->arguments[0]);
    if (route == NULL)
        r = cli_fail(cli, CLI_USAGE, "no route \"%s\": see kirikae routes", cli->arguments[0]);
    else
        r = read_back(cli, cli->arguments[0], &lines);
    if (r == 0) {
        answer = explain(lines, route);
        if (cli->json)
            cli_print_json(cli->out, answer);
        else
            print(cli->out, answer);
        json_decref(answer);
    }
    json_decref(lines);
    json_decref(routes);
    return r;
}

const struct cli_command cmd_why = {
    .name = "why",
    .arguments = "ROUTE",
    .n_arguments = 1,
    .summary = "Explain a route's last move: rule, facts and who saw what",
    .needs = "viewer",
    .example = "kirikae why calls",
    .run = run,
};
