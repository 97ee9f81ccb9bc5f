/* How a route stands now: the phase and facts come from the leader, what they mean and what
 * each row makes of them from the table. */
#include "cli/explain.h"
#include "cli/rules_show.h"

static void print_disputed(FILE *out, const json_t *list)
{
    const json_t *check;
    size_t i;

    json_array_foreach(list, i, check)
    {
        fprintf(out, "\n%s is disputed since %s: recorded, never acted on\n",
                cli_text(check, "check"), cli_text(check, "since"));
        explain_print_ballots(out, json_object_get(check, "ballots"));
    }
}

static void print_unable(FILE *out, const json_t *list)
{
    const json_t *server;
    size_t i;

    json_array_foreach(list, i, server)
        fprintf(out, "%s%s could not hold it: %s\n", i == 0 ? "\n" : "", cli_text(server, "server"),
                cli_text(server, "why"));
}

void explain_print_view(FILE *out, const json_t *view)
{
    const json_t *passed = json_object_get(view, "passed_over"), *fact;
    const json_t *rule = json_object_get(view, "matches");
    size_t i;

    fprintf(out, "%s is served by %s, epoch %lld, phase %s\n", cli_text(view, "route"),
            cli_text(view, "active"), (long long)cli_int(view, "epoch"), cli_text(view, "phase"));
    fprintf(out, "\nrule %lld matches: %s\n  %s\n", (long long)cli_int(rule, "number"),
            cli_text(rule, "action"), cli_text(rule, "comment"));
    fprintf(out, "\nfacts\n");
    json_array_foreach(json_object_get(view, "facts"), i, fact)
        fprintf(out, "  %-16s  %s\n", cli_text(fact, "name"), cli_text(fact, "meaning"));
    if (json_array_size(json_object_get(view, "facts")) == 0)
        fprintf(out, "  none\n");
    if (json_array_size(passed) > 0)
        fprintf(out, "\nrows that would move it, and what keeps each\n");
    rules_print_passed(out, passed, "  ");
    print_unable(out, json_object_get(view, "unable"));
    print_disputed(out, json_object_get(view, "disputed"));
}

int explain_view(struct cli *cli, json_t *view)
{
    const struct rule *rule, *table;
    uint32_t facts = rules_facts(json_object_get(view, "facts"));
    int phase = phase_by_name(cli_text(view, "phase")), n;

    rule = rules_by_number((uint16_t)cli_int(view, "rule"));
    table = rules_table(&n);
    if (phase < 0 || rule == NULL || rules_first(table, n, (enum route_phase)phase, facts) != rule)
        return cli_fail(cli, CLI_REFUSED,
                        "%s goes by rule %lld, which the table of this program does not give: it "
                        "is of another version",
                        cli_text(view, "node"), (long long)cli_int(view, "rule"));
    json_object_set_new(view, "matches", rules_json(rule));
    json_object_set_new(view, "facts", rules_json_meanings(facts));
    json_object_set_new(view, "passed_over",
                        rules_json_passed((enum route_phase)phase, facts, NULL));
    return 0;
}

int explain_now(struct cli *cli, json_t *args)
{
    json_t *view;
    int r = cli_ask(cli, "explain", args, &view);

    if (r != 0)
        return r;
    cli_clean(cli, view);
    r = explain_view(cli, view);
    if (r == 0 && cli->json)
        cli_print_json(cli->out, view);
    else if (r == 0)
        explain_print_view(cli->out, view);
    json_decref(view);
    return r;
}
