#include "expect.h"
#include "base/check.h"
#include "base/utc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a word is of, and what its value is. */
enum expect_of { OF_NOTHING, OF_ROUTE, OF_FUNCTION, OF_CHECK, OF_RULE, OF_WORD };
enum expect_unit { COUNT, TIME, CANDIDATE, SERVER, YES };

typedef int64_t expect_measure(const struct expect *expect, const struct observed *seen);

struct expect_word {
    const char *word;
    enum expect_of of;
    bool of_all; /* the object may be left out: of all together */
    enum expect_unit unit;
    expect_measure *measure;
    const char *says;
};

/* ---- the ledger ---- */

static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));

    return text != NULL ? text : "";
}

static json_int_t number_of(const json_t *line, const char *key)
{
    return json_integer_value(json_object_get(line, key));
}

static bool is_of(const struct expect *expect, const json_t *line, const char *key)
{
    return expect->object < 0 || strcmp(text_of(line, key), expect->of) == 0;
}

static bool is_intent(const json_t *line, const char *kind)
{
    return strcmp(text_of(line, "type"), "intent") == 0 && strcmp(text_of(line, "kind"), kind) == 0;
}

static int64_t count_intents(const struct expect *expect, const struct observed *seen,
                             const char *kind)
{
    const json_t *line;
    int64_t n = 0;
    size_t i;

    json_array_foreach(seen->ledger, i, line) n +=
        is_intent(line, kind) && is_of(expect, line, "route");
    return n;
}

static int64_t measure_moves(const struct expect *expect, const struct observed *seen)
{
    return count_intents(expect, seen, "move");
}

static int64_t measure_pools(const struct expect *expect, const struct observed *seen)
{
    return count_intents(expect, seen, "pool");
}

static int64_t count_notices(const struct expect *expect, const struct observed *seen,
                             const char *type, const char *with)
{
    const json_t *line;
    int64_t n = 0;
    size_t i;

    json_array_foreach(seen->ledger, i, line) n +=
        strcmp(text_of(line, "category"), "notice") == 0 &&
        strcmp(text_of(line, "type"), type) == 0 &&
        (with == NULL || json_is_true(json_object_get(line, with))) &&
        (expect->of[0] == '\0' || strcmp(text_of(line, "receiver"), expect->of) == 0);
    return n;
}

static int64_t measure_told(const struct expect *expect, const struct observed *seen)
{
    return count_notices(expect, seen, "accepted", NULL);
}

static int64_t measure_repeats(const struct expect *expect, const struct observed *seen)
{
    return count_notices(expect, seen, "intent", "repeat");
}

/* Never: later than any bound. */
static int64_t measure_moved(const struct expect *expect, const struct observed *seen)
{
    const json_t *line;
    size_t i;

    json_array_foreach(seen->ledger, i, line)
    {
        if (is_intent(line, "move") && is_of(expect, line, "route"))
            return number_of(line, "at_ms");
    }
    return INT64_MAX;
}

static int64_t measure_rule(const struct expect *expect, const struct observed *seen)
{
    const json_t *line;
    int64_t n = 0;
    size_t i;

    json_array_foreach(seen->ledger, i, line) n += number_of(line, "rule") == expect->object;
    return n;
}

static int64_t measure_ledger(const struct expect *expect, const struct observed *seen)
{
    const json_t *line;
    int64_t n = 0;
    size_t i;

    json_array_foreach(seen->ledger, i, line) n += strcmp(text_of(line, "type"), expect->of) == 0;
    return n;
}

static int64_t count_verdicts(const struct expect *expect, const struct observed *seen,
                              const char *type)
{
    const json_t *line;
    int64_t n = 0;
    size_t i;

    json_array_foreach(seen->ledger, i, line) n +=
        strcmp(text_of(line, "type"), type) == 0 && is_of(expect, line, "check");
    return n;
}

static int64_t measure_down(const struct expect *expect, const struct observed *seen)
{
    return count_verdicts(expect, seen, "down");
}

static int64_t measure_disputed(const struct expect *expect, const struct observed *seen)
{
    return count_verdicts(expect, seen, "disputed");
}

/* The line that closed the outage said the start that was known then. */
static int64_t earlier_by(const struct observed *seen, const json_t *extended)
{
    int64_t start_ms, was_ms;
    const json_t *line;
    size_t i;

    json_array_foreach(seen->ledger, i, line)
    {
        if (strcmp(text_of(line, "type"), "close") == 0 &&
            number_of(line, "outage") == number_of(extended, "outage") &&
            utc_parse(text_of(line, "start"), &was_ms) == 0 &&
            utc_parse(text_of(extended, "start"), &start_ms) == 0 && start_ms < was_ms)
            return was_ms - start_ms;
    }
    return 0;
}

static int64_t measure_downtime(const struct expect *expect, const struct observed *seen)
{
    const json_t *line;
    int64_t sum_ms = 0;
    size_t i;

    json_array_foreach(seen->ledger, i, line)
    {
        if (strcmp(text_of(line, "type"), "close") == 0 && is_of(expect, line, "function"))
            sum_ms += number_of(line, "counted_ms");
        if (strcmp(text_of(line, "type"), "extended-back") == 0 && is_of(expect, line, "function"))
            sum_ms += earlier_by(seen, line);
    }
    return sum_ms;
}

/* ---- the world ---- */

/* The worst of the actuators of the route, or of all routes. */
static struct callers_view worst_callers(const struct expect *expect, const struct observed *seen)
{
    const struct model *model = sim_model(seen->sim);
    struct callers_view worst = {.served = true}, view;
    int r, a;

    for (r = 0; r < model->n_routes; r++)
        for (a = 0; a < model->routes[r].n_actuators; a++) {
            if (expect->object >= 0 && expect->object != r)
                continue;
            view = sim_callers(seen->sim, r, a);
            worst.served = worst.served && view.served;
            worst.lost_ms = view.lost_ms > worst.lost_ms ? view.lost_ms : worst.lost_ms;
            worst.longest_ms =
                view.longest_ms > worst.longest_ms ? view.longest_ms : worst.longest_ms;
            worst.outages = view.outages > worst.outages ? view.outages : worst.outages;
        }
    return worst;
}

static int64_t measure_outage(const struct expect *expect, const struct observed *seen)
{
    return worst_callers(expect, seen).longest_ms;
}

static int64_t measure_lost(const struct expect *expect, const struct observed *seen)
{
    return worst_callers(expect, seen).lost_ms;
}

static int64_t measure_outages(const struct expect *expect, const struct observed *seen)
{
    return worst_callers(expect, seen).outages;
}

static int64_t measure_placed(const struct expect *expect, const struct observed *seen)
{
    return sim_shared(seen->sim)->routes[expect->object].now.candidate;
}

/* What is decided is also what callers get. */
static int64_t measure_served(const struct expect *expect, const struct observed *seen)
{
    return worst_callers(expect, seen).served ? measure_placed(expect, seen) : -1;
}

static int64_t measure_members(const struct expect *expect, const struct observed *seen)
{
    return server_count(sim_shared(seen->sim)->routes[expect->object].now.members);
}

static int64_t measure_holder(const struct expect *expect, const struct observed *seen)
{
    server_set set = sim_holders(seen->sim, expect->object);
    int i;

    for (i = 0; i < sim_model(seen->sim)->n_servers; i++)
        if (set & server_bit(i))
            return i;
    return -1;
}

static int64_t measure_unheld(const struct expect *expect, const struct observed *seen)
{
    int64_t since_ms = sim_now(seen->sim) - seen->routes[expect->object].since_ms;
    int64_t longest_ms = seen->routes[expect->object].longest_ms;

    if (seen->routes[expect->object].holders > 0 || since_ms < longest_ms)
        return longest_ms;
    return since_ms;
}

static int64_t measure_leader(const struct expect *expect, const struct observed *seen)
{
    (void)expect;
    return sim_leader(seen->sim);
}

static int64_t measure_elections(const struct expect *expect, const struct observed *seen)
{
    (void)expect;
    return seen->leaders;
}

static int64_t measure_settled(const struct expect *expect, const struct observed *seen)
{
    (void)expect;
    return seen->settled;
}

static int64_t measure_log(const struct expect *expect, const struct observed *seen)
{
    return json_integer_value(json_object_get(seen->logs, expect->of));
}

static int64_t measure_replies(const struct expect *expect, const struct observed *seen)
{
    return json_integer_value(json_object_get(seen->replies, expect->of));
}

static int64_t measure_outlives(const struct expect *expect, const struct observed *seen)
{
    return sim_counts(seen->sim).outside;
}

static const struct expect_word table[] = {
    {"moves", OF_ROUTE, true, COUNT, measure_moves, "switch-overs decided"},
    {"moved", OF_ROUTE, true, TIME, measure_moved, "when the first of them was decided"},
    {"pools", OF_ROUTE, true, COUNT, measure_pools, "changes of the pool decided"},
    {"placed", OF_ROUTE, false, CANDIDATE, measure_placed, "the candidate decided"},
    {"served", OF_ROUTE, false, CANDIDATE, measure_served, "… from which all callers are served"},
    {"members", OF_ROUTE, false, COUNT, measure_members, "servers in the pool"},
    {"outage", OF_ROUTE, true, TIME, measure_outage, "longest time that callers had no service"},
    {"lost", OF_ROUTE, true, TIME, measure_lost, "all such time together"},
    {"outages", OF_ROUTE, true, COUNT, measure_outages, "how often callers lost the service"},
    {"holder", OF_ROUTE, false, SERVER, measure_holder, "who serves an exclusive route"},
    {"unheld", OF_ROUTE, false, TIME, measure_unheld, "longest time that nobody did"},
    {"downtime", OF_FUNCTION, true, TIME, measure_downtime, "what the ledger will bill for"},
    {"told", OF_WORD, true, COUNT, measure_told, "notices that a receiver accepted"},
    {"repeats", OF_WORD, true, COUNT, measure_repeats, "… that it was told once more, perhaps"},
    {"down", OF_CHECK, true, COUNT, measure_down, "verdicts \"down\""},
    {"disputed", OF_CHECK, true, COUNT, measure_disputed, "verdicts \"disputed\""},
    {"rule", OF_RULE, false, COUNT, measure_rule, "lines of the ledger that cite the rule"},
    {"ledger", OF_WORD, false, COUNT, measure_ledger, "lines of the ledger of the type"},
    {"log", OF_WORD, false, COUNT, measure_log, "lines in the nodes' own logs of the event"},
    {"replies", OF_WORD, false, COUNT, measure_replies, "answers to operators: done, refused, …"},
    {"elections", OF_NOTHING, false, COUNT, measure_elections, "new leaders"},
    {"leader", OF_NOTHING, false, SERVER, measure_leader, "who leads"},
    {"outlives", OF_NOTHING, false, COUNT, measure_outlives, "how often two serve: a known limit"},
    {"settled", OF_NOTHING, false, YES, measure_settled, "healed, all has come to rest"},
};

static const char *const of_words[] = {"", " ROUTE", " FUNCTION", " CHECK", " RULE", " WORD"};
static const char *const unit_words[] = {" NUMBER", " TIME", " CANDIDATE", " SERVER|nobody", ""};

void expect_usage(struct buf *out)
{
    size_t i;

    for (i = 0; i < ARRAY_LEN(table); i++)
        buf_printf(out, "  %-9s%-10s%-16s %s\n", table[i].word, of_words[table[i].of],
                   unit_words[table[i].unit], table[i].says);
}

/* ---- reading ---- */

static int object_of(const struct model *model, enum expect_of of, const char *text)
{
    switch (of) {
    case OF_ROUTE:
        return model_route(model, text);
    case OF_FUNCTION:
        return model_function(model, text);
    case OF_CHECK:
        return model_check(model, text);
    case OF_RULE:
        return atoi(text) > 0 ? atoi(text) : -1;
    default:
        return 0;
    }
}

static int take_object(char ***words, int *n, const struct model *model, struct expect *expect,
                       struct err *err)
{
    const struct expect_word *word = expect->word;

    expect->object = -1;
    if (word->of == OF_NOTHING)
        return 0;
    if (*n > 0 && (expect->object = object_of(model, word->of, **words)) >= 0) {
        snprintf(expect->of, sizeof expect->of, "%s", **words);
        ++*words;
        --*n;
        return 0;
    }
    if (word->of_all &&
        (*n == 0 || strspn(**words, "0123456789<>=") > 0 || strcmp(**words, "at") == 0))
        return 0;
    return err_set(err, ERR_INVALID, "\"%s\" is of a%s: %s", word->word, of_words[word->of],
                   *n > 0 ? **words : "none is given");
}

static int take_name(const char *text, const struct model *model, struct expect *expect,
                     struct err *err)
{
    if (strcmp(text, "nobody") == 0)
        expect->value = -1;
    else if (expect->word->unit == SERVER)
        expect->value = model_server(model, text);
    else
        expect->value = model_candidate(&model->routes[expect->object], text);
    if (expect->value < 0 && strcmp(text, "nobody") != 0)
        return err_set(err, ERR_INVALID, "%s: there is no such%s", text,
                       unit_words[expect->word->unit]);
    return 0;
}

static int take_value(char ***words, int *n, const struct model *model, struct expect *expect,
                      struct err *err)
{
    enum expect_unit unit = expect->word->unit;
    const char *text;
    char *end;

    expect->value = 1;
    if (unit == YES)
        return 0;
    if (*n > 0 &&
        (strcmp(**words, "=") == 0 || strcmp(**words, "<=") == 0 || strcmp(**words, ">=") == 0)) {
        expect->op = (**words)[0] == '<'   ? EXPECT_AT_MOST
                     : (**words)[0] == '>' ? EXPECT_AT_LEAST
                                           : EXPECT_IS;
        ++*words;
        --*n;
    }
    if (*n == 0)
        return err_set(err, ERR_INVALID, "\"%s\" needs a%s", expect->word->word, unit_words[unit]);
    text = *(*words)++;
    --*n;
    if (unit == TIME)
        return fault_time_parse(text, &expect->value, err);
    if (unit != COUNT)
        return take_name(text, model, expect, err);
    expect->value = strtoll(text, &end, 10);
    if (end == text || *end != '\0')
        return err_set(err, ERR_INVALID, "%s: not a number", text);
    return 0;
}

int expect_parse(char **words, int n, const struct model *model, struct expect *expect,
                 struct err *err)
{
    bool none = n > 0 && strcmp(words[0], "no") == 0;
    size_t i;

    words += none;
    n -= none;
    expect->at_ms = -1;
    for (i = 0; n > 0 && i < ARRAY_LEN(table) && strcmp(table[i].word, words[0]) != 0; i++)
        ;
    if (n == 0 || i == ARRAY_LEN(table))
        return err_set(err, ERR_INVALID, "nothing can be expected of \"%s\" (see --help)",
                       n > 0 ? words[0] : "");
    expect->word = &table[i];
    if (none && table[i].unit != COUNT)
        return err_set(err, ERR_INVALID, "\"%s\" is no number, so \"no\" says nothing", words[0]);
    words++;
    n--;
    if (take_object(&words, &n, model, expect, err) < 0 ||
        (!none && take_value(&words, &n, model, expect, err) < 0))
        return ERR_INVALID;
    if (n == 2 && strcmp(words[0], "at") == 0)
        return fault_time_parse(words[1], &expect->at_ms, err);
    return n == 0 ? 0 : err_set(err, ERR_INVALID, "\"%s\" is too much", words[0]);
}

/* ---- looking ---- */

bool expect_is_settled(const struct expect *expect)
{
    return expect->word->measure == measure_settled;
}

static void put_value(const struct expect *expect, const struct observed *seen, int64_t value,
                      struct buf *out)
{
    const struct model *model = sim_model(seen->sim);

    if (expect->word->unit == TIME && value == INT64_MAX)
        buf_str(out, "never");
    else if (expect->word->unit == TIME)
        fault_time_format(value, out);
    else if (expect->word->unit == YES)
        buf_printf(out, "not: %s", buf_cstr((struct buf *)&seen->unsettled));
    else if (expect->word->unit == COUNT)
        buf_printf(out, "%lld", (long long)value);
    else if (value < 0)
        buf_str(out, "nobody");
    else if (expect->word->unit == SERVER)
        buf_str(out, model->servers[value].name);
    else
        buf_str(out, model->routes[expect->object].candidates[value].name);
}

bool expect_holds(const struct expect *expect, const struct observed *seen, struct buf *why)
{
    int64_t value = expect->word->measure(expect, seen);

    put_value(expect, seen, value, why);
    return expect->op == EXPECT_AT_MOST    ? value <= expect->value
           : expect->op == EXPECT_AT_LEAST ? value >= expect->value
                                           : value == expect->value;
}
