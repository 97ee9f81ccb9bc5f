#include "cli/rules_show.h"

json_t *rules_json_facts(uint32_t facts)
{
    json_t *list = json_array();
    int bit;

    for (bit = 0; bit < FACT_COUNT; bit++)
        if (facts & 1u << bit)
            json_array_append_new(list, json_string(fact_name(bit)));
    return list;
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
                     "needs", rules_json_facts(rule->with), "forbids",
                     rules_json_facts(rule->without), "action", action_name(rule->action),
                     "comment", rule->comment);
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
