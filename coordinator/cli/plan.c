#include "cli/plan.h"
#include "cli/cli.h"
#include "cli/explain.h"

#include <stdlib.h>

static void print_facts(FILE *out, const json_t *facts)
{
    const json_t *fact;
    size_t i;

    json_array_foreach(facts, i, fact)
        fprintf(out, "%s%s", i > 0 ? ", " : "", json_string_value(fact));
    fputs(json_array_size(facts) == 0 ? "none\n" : "\n", out);
}

static void print_view(FILE *out, const char *when, const json_t *view)
{
    fprintf(out, "  %s: rule %lld, %s: %s\n    facts: ", when, (long long)cli_int(view, "rule"),
            cli_text(view, "action"), cli_text(view, "comment"));
    print_facts(out, json_object_get(view, "facts"));
}

static void print_routes(FILE *out, const json_t *routes)
{
    const json_t *route;
    size_t i;

    json_array_foreach(routes, i, route)
    {
        fprintf(out, "\nby itself %s would go by other facts\n", cli_text(route, "route"));
        print_view(out, "now", json_object_get(route, "now"));
        print_view(out, "then", json_object_get(route, "then"));
    }
}

static void print_lines(FILE *out, const json_t *lines)
{
    const json_t *line;
    size_t i;

    if (json_array_size(lines) == 0)
        return;
    fprintf(out, "\nthe ledger would say\n");
    json_array_foreach(lines, i, line)
    {
        char *text = json_dumps(line, JSON_COMPACT);

        fprintf(out, "  %s\n", text != NULL ? text : "");
        free(text);
    }
}

void plan_print_changes(FILE *out, const json_t *plan)
{
    const json_t *change;
    size_t i;

    json_array_foreach(json_object_get(plan, "changes"), i, change)
        fprintf(out, "  %s\n", json_string_value(change));
}

void plan_print(FILE *out, const json_t *plan)
{
    if (json_object_get(plan, "matches") != NULL)
        explain_print_view(out, plan);
    else
        fprintf(out, "%s: %s\n",
                cli_int(plan, "code") == 0 ? "it would be done" : "it would be refused",
                cli_text(plan, "text"));
    fprintf(out, "\nwhat would change\n");
    plan_print_changes(out, plan);
    print_routes(out, json_object_get(plan, "routes"));
    print_lines(out, json_object_get(plan, "lines"));
    fprintf(out, "\nnothing was asked for\n");
}
