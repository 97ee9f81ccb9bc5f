#include "cli/cli.h"
#include "cli/rules_show.h"

static void print_rule(FILE *out, const struct rule *rule)
{
    const char *before = "";
    int phase;

    fprintf(out, "%2u  ", rule->number);
    for (phase = 0; phase < PHASE_COUNT; phase++) {
        if (!(rule->phases & 1u << phase))
            continue;
        fprintf(out, "%s%s", before, phase_name((enum route_phase)phase));
        before = ", ";
    }
    fprintf(out, ": %s\n  %s\n  needs    ", action_name(rule->action), rule->comment);
    rules_print_facts(out, rule->with);
    if (rule->without != 0) {
        fprintf(out, "\n  without  ");
        rules_print_facts(out, rule->without);
    }
    fprintf(out, "\n\n");
}

static void print(FILE *out, const struct rule *table, int n)
{
    int i;

    fprintf(out, "The first row that fits a route's phase and facts says what is done.\n\n");
    for (i = 0; i < n; i++)
        print_rule(out, &table[i]);
    fprintf(out, "facts\n");
    rules_print_meanings(out, (1u << FACT_COUNT) - 1, "  ");
}

static int run(struct cli *cli)
{
    const struct rule *table;
    json_t *rules, *answer;
    int i, n;

    table = rules_table(&n);
    if (!cli->json) {
        print(cli->out, table, n);
        return CLI_DONE;
    }
    rules = json_array();
    for (i = 0; i < n; i++)
        json_array_append_new(rules, rules_json(&table[i]));
    answer = json_pack("{s:o,s:o}", "rules", rules, "facts",
                       rules_json_meanings((1u << FACT_COUNT) - 1));
    cli_print_json(cli->out, answer);
    json_decref(answer);
    return CLI_DONE;
}

const struct cli_command cmd_rules = {
    .name = "rules",
    .arguments = "",
    .summary = "Print the table that decides what is done with a route, and what facts mean",
    .needs = "nothing: works offline",
    .example = "kirikae rules",
    .run = run,
};
