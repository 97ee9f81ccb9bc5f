#include "cli/rules_show.h"

/* Names. */
static json_t *json_facts(uint32_t facts)
{
    json_t *list = json_array();
    int bit;

    for (bit = 0; bit < FACT_COUNT; bit++)
        if (facts & 1u << bit)
            json_array_append_new(list, json_string(fact_name(bit)));
    return list;
}

uint32_t rules_facts(const json_t *names)
{
    const json_t *name;
    uint32_t facts = 0;
    size_t i;

    json_array_foreach(names, i, name)
    {
        int bit = json_is_string(name) ? fact_by_name(json_string_value(name)) : -1;

        if (bit >= 0)
            facts |= 1u << bit;
    }
    return facts;
}

json_t *rules_json_meanings(uint32_t facts)
{
    json_t *list = json_array();
    int bit;

    for (bit = 0; bit < FACT_COUNT; bit++)
        if (facts & 1u << bit)
            json_array_append_new(
                list, json_pack("{s:s,s:s}", "name", fact_name(bit), "meaning", fact_meaning(bit)));
    return list;
}

json_t *rules_json(const struct rule *rule)
{
    json_t *phases = json_array();
    int phase;

    for (phase = 0; phase < PHASE_COUNT; phase++)
        if (rule->phases & 1u << phase)
            json_array_append_new(phases, json_string(phase_name((enum route_phase)phase)));
    return json_pack("{s:i,s:o,s:o,s:o,s:s,s:s}", "number", (int)rule->number, "phases", phases,
                     "needs", json_facts(rule->with), "forbids", json_facts(rule->without),
                     "action", action_name(rule->action), "comment", rule->comment);
}

static bool would_move(const struct rule *rule)
{
    return rule->action == ACTION_MOVE || rule->action == ACTION_FAILBACK ||
           rule->action == ACTION_FOLLOW || rule->action == ACTION_LEAVE ||
           rule->action == ACTION_MOVE_TO;
}

json_t *rules_json_passed(enum route_phase phase, uint32_t facts, const struct rule *until)
{
    const struct rule *first, *table;
    json_t *list = json_array();
    int i, n;

    table = rules_table(&n);
    first = rules_first(table, n, phase, facts);
    for (i = 0; i < n && &table[i] != until; i++) {
        const struct rule *rule = &table[i];

        if (!would_move(rule) || !(rule->phases & 1u << phase) || rule == first ||
            ((rule->with & FACT_ASKED) && !(facts & rule->with & FACT_ASKED)))
            continue;
        json_array_append_new(list,
                              json_pack("{s:i,s:s,s:s,s:o,s:o,s:o}", "number", (int)rule->number,
                                        "action", action_name(rule->action), "comment",
                                        rule->comment, "missing", json_facts(rule->with & ~facts),
                                        "forbidding", json_facts(rule->without & facts), "behind",
                                        first != NULL && rule_fits(rule, phase, facts)
                                            ? json_integer(first->number)
                                            : json_null()));
    }
    return list;
}

static void print_names(FILE *out, const char *before, const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
        fprintf(out, "%s%s", i == 0 ? before : ", ", json_string_value(item));
}

void rules_print_passed(FILE *out, const json_t *passed, const char *indent)
{
    const json_t *row;
    size_t i;

    json_array_foreach(passed, i, row)
    {
        const json_t *missing = json_object_get(row, "missing");

        fprintf(out, "%s%2lld %-8s  ", indent,
                (long long)json_integer_value(json_object_get(row, "number")),
                json_string_value(json_object_get(row, "action")));
        if (json_is_integer(json_object_get(row, "behind")))
            fprintf(out, "it fits, but rule %lld comes first",
                    (long long)json_integer_value(json_object_get(row, "behind")));
        print_names(out, "it lacks ", missing);
        print_names(out, json_array_size(missing) > 0 ? "; against it: " : "against it: ",
                    json_object_get(row, "forbidding"));
        fputc('\n', out);
    }
}

void rules_print_facts(FILE *out, uint32_t facts)
{
    const char *before = "";
    int bit;

    if (facts == 0)
        fputs("none", out);
    for (bit = 0; bit < FACT_COUNT; bit++) {
        if (!(facts & 1u << bit))
            continue;
        fprintf(out, "%s%s", before, fact_name(bit));
        before = ", ";
    }
}

void rules_print_meanings(FILE *out, uint32_t facts, const char *indent)
{
    int bit;

    for (bit = 0; bit < FACT_COUNT; bit++)
        if (facts & 1u << bit)
            fprintf(out, "%s%-16s  %s\n", indent, fact_name(bit), fact_meaning(bit));
}
