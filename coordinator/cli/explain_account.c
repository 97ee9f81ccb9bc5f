#include "cli/explain.h"
#include "cli/rules_show.h"

#include <string.h>

static const json_t *line_at(const struct past *past, int i)
{
    return i >= 0 ? json_array_get(past->lines, (size_t)i) : NULL;
}

/* ---- what it rests on ---- */

/* Puts the names of `list` into the set. */
static void add_names(json_t *set, const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
        json_object_set_new(set, json_string_value(item), json_true());
}

/* All servers that any decision up to the move placed under the candidate it leaves. */
static json_t *members_of(const struct past *past, const char *candidate)
{
    json_t *set = json_object();
    int i;

    for (i = 0; i <= past->move; i++) {
        const json_t *line = line_at(past, i);

        if (!line_is_of(line, "intent", past->route))
            continue;
        if (strcmp(cli_text(line, "from"), candidate) == 0)
            add_names(set, json_object_get(line, "left"));
        if (strcmp(cli_text(line, "to"), candidate) == 0)
            add_names(set, json_object_get(line, "members"));
    }
    return set;
}

/* The newest verdict of each check on those servers before the move, when that is "down". */
static json_t *verdicts_before(const struct past *past)
{
    json_t *newest = json_object(), *list = json_array(), *line;
    json_t *members = members_of(past, cli_text(line_at(past, past->move), "from"));
    const char *check;
    int i;

    for (i = past->move - 1; i >= 0; i--) {
        line = json_array_get(past->lines, (size_t)i);
        check = cli_text(line, "check");
        if (line_is(line, "verdict", NULL) && json_object_get(newest, check) == NULL &&
            json_object_get(members, cli_text(line, "target")) != NULL)
            json_object_set(newest, check, line);
    }
    json_object_foreach(newest, check, line)
    {
        if (line_is(line, "verdict", "down"))
            json_array_insert(list, 0, line);
    }
    json_decref(newest);
    json_decref(members);
    return list;
}

/* An outage without a move: the verdict that began it. */
static json_t *verdict_of_outage(const struct past *past)
{
    const json_t *open = line_at(past, past->outage);
    json_t *list = json_array(), *line;
    size_t i;

    json_array_foreach(past->lines, i, line)
    {
        if (line_is(line, "verdict", NULL) && cli_int(line, "index") == cli_int(open, "evidence"))
            json_array_append(list, line);
    }
    return list;
}

/* Those of the route's functions that were down when it moved, or the one that is asked for. */
static json_t *outages(const struct past *past)
{
    int i, k, until = past->move >= 0 ? past->move : past->outage;
    json_t *list = json_array();

    for (i = 0; i <= until; i++) {
        const json_t *open = line_at(past, i);
        bool over = false;

        if (!line_is(open, "outage", "open") ||
            (i != past->outage && strcmp(cli_text(open, "route"), past->route) != 0))
            continue;
        for (k = i + 1; k < until && !over; k++)
            over = line_ends(line_at(past, k), open);
        if (!over)
            json_array_append(list, json_array_get(past->lines, (size_t)i));
    }
    return list;
}

/* ---- what was decided ---- */

/* The decision that is told of: the move, or what was said of the route while it was down. */
static int decision_of(const struct past *past)
{
    static const char *const types[] = {"blocked", "held", "callers-served", "refused"};
    size_t t;
    int i;

    if (past->move >= 0 || past->outage < 0 || past->route[0] == '\0')
        return past->move;
    for (i = past->outage; i < (int)json_array_size(past->lines); i++)
        for (t = 0; t < sizeof types / sizeof types[0]; t++)
            if (line_is_of(line_at(past, i), types[t], past->route))
                return i;
    return -1;
}

/* Row, facts with their meaning, and the rows before it that would have moved the route. */
static void put_decision(json_t *account, const json_t *line)
{
    const struct rule *rule = rules_by_number((uint16_t)cli_int(line, "rule"));
    int phase = phase_by_name(cli_text(line, "phase"));
    uint32_t facts = rules_facts(json_object_get(line, "facts"));

    json_object_set_new(account, "decision", json_deep_copy(line));
    json_object_set_new(account, "rule", rule != NULL ? rules_json(rule) : json_null());
    json_object_set_new(account, "facts", rules_json_meanings(facts));
    json_object_set_new(account, "passed_over",
                        rule != NULL && phase >= 0
                            ? rules_json_passed((enum route_phase)phase, facts, rule)
                            : json_array());
}

/* Who held it until then; for an exclusive route, when the last grant of that was over. */
static json_t *held_before(const struct past *past)
{
    const json_t *move = line_at(past, past->move), *line;
    json_t *act = json_null();
    size_t i;

    for (i = (size_t)past->move + 1; i < json_array_size(past->lines); i++) {
        line = json_array_get(past->lines, i);
        if (line_is_move(line, past->route))
            break;
        if (line_is_of(line, "act", past->route) &&
            cli_int(line, "epoch") == cli_int(move, "epoch")) {
            act = json_integer(explain_ms(cli_text(move, "time"), cli_text(line, "time")));
            break;
        }
    }
    return json_pack("{s:O?,s:I,s:O?,s:o}", "candidate", json_object_get(move, "from"), "epoch",
                     (json_int_t)cli_int(move, "epoch") - 1, "servers",
                     json_object_get(move, "left"), "grants_over_ms", act);
}

/* ---- all of it ---- */

json_t *explain_account(const struct past *past)
{
    struct grounds grounds = {
        .verdicts = past->move >= 0     ? verdicts_before(past)
                    : past->outage >= 0 ? verdict_of_outage(past)
                                        : json_array(),
        .outages = past->move >= 0 || past->outage >= 0 ? outages(past) : json_array(),
    };
    json_t *account = json_pack("{s:s}", "route", past->route);
    int decision = decision_of(past);

    json_object_set_new(account, "incident",
                        past->outage >= 0 ? json_deep_copy(line_at(past, past->outage))
                                          : json_null());
    json_object_set_new(account, "move",
                        past->move >= 0 ? json_deep_copy(line_at(past, past->move)) : json_null());
    if (past->move >= 0)
        json_object_set_new(account, "before", held_before(past));
    if (decision >= 0)
        put_decision(account, line_at(past, decision));
    json_object_set_new(account, "timeline", explain_timeline(past, &grounds));
    json_object_set_new(account, "verdicts", grounds.verdicts);
    json_object_set_new(account, "outages", grounds.outages);
    return account;
}
