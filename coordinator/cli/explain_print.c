#include "cli/explain.h"
#include "cli/rules_show.h"
#include "cli/table.h"

#include <string.h>

static void print_texts(FILE *out, const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
        fprintf(out, "%s%s", i > 0 ? ", " : "", json_string_value(item));
    if (json_array_size(list) == 0)
        fputs("none", out);
}

/* ---- what happened ---- */

static void print_timeline(FILE *out, const json_t *list)
{
    const json_t *event;
    size_t i;

    fprintf(out, "\nwhat happened, in ms\n");
    json_array_foreach(list, i, event)
    {
        fprintf(out, "  %7lld  %+7lld  %s", (long long)cli_int(event, "ms"),
                (long long)cli_int(event, "after_ms"), cli_text(event, "what"));
        if (json_is_integer(json_object_get(event, "seq")))
            fprintf(out, " (entry %lld)", (long long)cli_int(event, "seq"));
        fputc('\n', out);
    }
}

/* ---- who saw it ---- */

static void age_cell(struct table *table, const json_t *ballot, const char *key)
{
    const json_t *age = json_object_get(ballot, key);

    if (json_is_integer(age))
        table_cell(table, "%lld ms", (long long)json_integer_value(age));
    else
        table_cell(table, "never");
}

void explain_print_ballots(FILE *out, const json_t *ballots)
{
    static const char *const heads[] = {"  OBSERVER", "SITE", "SAYS", "REASON",
                                        "FAILED",     "GOOD", "HEARD"};
    struct table *table = table_new(heads, 7);
    const json_t *ballot;
    size_t i;

    json_array_foreach(ballots, i, ballot)
    {
        table_cell(table, "  %s", cli_text(ballot, "observer"));
        table_cell(table, "%s", cli_text(ballot, "site"));
        table_cell(table, "%s",
                   cli_bool(ballot, "abstain") ? "abstains" : cli_text(ballot, "opinion"));
        table_cell(table, "%s", cli_text(ballot, "reason"));
        age_cell(table, ballot, "fail_age_ms");
        age_cell(table, ballot, "good_age_ms");
        age_cell(table, ballot, "arrived_age_ms");
    }
    table_end(table, out, "  nobody has voted");
}

/* "tokyo 3 of 3, osaka 4 of 4" */
static void print_sites(FILE *out, const json_t *ballots)
{
    const json_t *ballot, *other;
    const char *before = "";
    size_t i, k;

    json_array_foreach(ballots, i, ballot)
    {
        const char *site = cli_text(ballot, "site");
        int fail = 0, assigned = 0;
        bool said = false;

        json_array_foreach(ballots, k, other)
        {
            if (strcmp(cli_text(other, "site"), site) != 0)
                continue;
            said = said || k < i;
            assigned++;
            fail += strcmp(cli_text(other, "opinion"), "down") == 0 && !cli_bool(other, "abstain");
        }
        if (said)
            continue;
        fprintf(out, "%s%s %d of %d", before, site, fail, assigned);
        before = ", ";
    }
}

void explain_print_verdict(FILE *out, const json_t *line)
{
    const json_t *ballots = json_object_get(line, "ballots");
    const char *good = cli_text(line, "good_before");

    fprintf(out, "\n%s was believed %s at %s (entry %lld)\n", cli_text(line, "check"),
            cli_text(line, "type"), cli_text(line, "time"), (long long)cli_int(line, "seq"));
    fprintf(out, "  %lld of %lld assigned observers agree, %lld needed; from ",
            (long long)cli_int(line, "agree"), (long long)cli_int(line, "assigned"),
            (long long)cli_int(line, "need"));
    print_sites(out, ballots);
    if (cli_text(line, "fail_since")[0] != '\0')
        fprintf(out, "\n  first failure %s, last good %s", cli_text(line, "fail_since"),
                good[0] != '\0' ? good : "never");
    fprintf(out, "\n");
    explain_print_ballots(out, ballots);
}

/* ---- what was decided ---- */

static void print_decision(FILE *out, const json_t *account)
{
    const json_t *line = json_object_get(account, "decision"), *fact;
    const json_t *rule = json_object_get(account, "rule");
    const json_t *passed = json_object_get(account, "passed_over");
    size_t i;

    if (line == NULL)
        return;
    fprintf(out, "\nrule %lld decided in phase %s: %s\n", (long long)cli_int(line, "rule"),
            cli_text(line, "phase")[0] != '\0' ? cli_text(line, "phase") : "(not recorded)",
            json_is_object(rule) ? cli_text(rule, "comment") : "no row of the table");
    json_array_foreach(json_object_get(account, "facts"), i, fact)
        fprintf(out, "  %-16s  %s\n", cli_text(fact, "name"), cli_text(fact, "meaning"));
    if (json_array_size(passed) > 0)
        fprintf(out, "passed over before it\n");
    rules_print_passed(out, passed, "  ");
}

static void print_before(FILE *out, const json_t *before)
{
    const json_t *grants = json_object_get(before, "grants_over_ms");

    fprintf(out, "\nheld until then by %s, epoch %lld: ", cli_text(before, "candidate"),
            (long long)cli_int(before, "epoch"));
    print_texts(out, json_object_get(before, "servers"));
    fputc('\n', out);
    if (json_is_integer(grants))
        fprintf(out, "  its last grant was over %lld ms after the decision\n",
                (long long)json_integer_value(grants));
}

static void print_head(FILE *out, const json_t *account)
{
    const json_t *move = json_object_get(account, "move"),
                 *incident = json_object_get(account, "incident");
    const char *who = cli_text(move, "who"), *route = cli_text(account, "route");

    if (json_is_object(incident))
        fprintf(out, "outage %lld of %s, from %s on%s\n", (long long)cli_int(incident, "outage"),
                cli_text(incident, "function"), cli_text(incident, "start"),
                json_is_object(move) ? "" : ": nothing moved");
    else if (!json_is_object(move))
        fprintf(out, "%s has not moved: see kirikae explain --why-not %s\n", route, route);
    if (!json_is_object(move))
        return;
    fprintf(out, "%s went from %s to %s at %s\n", route, cli_text(move, "from"),
            cli_text(move, "to"), cli_text(move, "time"));
    fprintf(out, "  entry %lld, index %lld, term %lld, epoch %lld\n",
            (long long)cli_int(move, "seq"), (long long)cli_int(move, "index"),
            (long long)cli_int(move, "term"), (long long)cli_int(move, "epoch"));
    if (who[0] != '\0')
        fprintf(out, "  asked for by %s%s: %s\n", who, cli_bool(move, "forced") ? ", forced" : "",
                cli_text(move, "reason"));
    else
        fprintf(out, "  automatic\n");
}

void explain_print(FILE *out, const json_t *account)
{
    const json_t *line, *verdicts = json_object_get(account, "verdicts");
    size_t i;

    print_head(out, account);
    if (json_array_size(json_object_get(account, "timeline")) == 0)
        return;
    print_timeline(out, json_object_get(account, "timeline"));
    json_array_foreach(verdicts, i, line) explain_print_verdict(out, line);
    if (json_array_size(verdicts) == 0)
        fprintf(out, "\nno verdict: nothing of it was down\n");
    print_decision(out, account);
    if (json_object_get(account, "before") != NULL)
        print_before(out, json_object_get(account, "before"));
}
