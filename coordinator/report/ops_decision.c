/* The operators' page: the ledger's newest verdict with its ballots, and its newest decision on a
 * route with rule and facts, as the lines say it. */
#include "core/failover/rules.h"
#include "report/line.h"
#include "report/ops_pen.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* ---- lines ---- */

static void keep(struct buf *kept, const char *line, size_t len)
{
    buf_clear(kept);
    buf_append(kept, line, len);
}

/* Those of `failover` that name a rule. */
static bool decides(const char *type)
{
    static const char *const types[] = {"intent",  "refused",   "held",
                                        "blocked", "unblocked", "callers-served"};
    size_t i;

    for (i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

void ops_newest_line(struct ops_newest *newest, const char *line, size_t len)
{
    struct line_start start;
    struct err err;

    if (line_start(line, len, &start, &err) < 0)
        return;
    if (strcmp(start.category, "verdict") == 0)
        keep(&newest->verdict, line, len);
    else if (strcmp(start.category, "failover") == 0 && decides(start.type))
        keep(&newest->decision, line, len);
}

void ops_newest_free(struct ops_newest *newest)
{
    buf_free(&newest->verdict);
    buf_free(&newest->decision);
}

static json_t *parse(const struct buf *line)
{
    return line->len == 0 ? NULL : json_loadb((const char *)line->data, line->len, 0, NULL);
}

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static long long number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- both ---- */

static void fact_text(struct ops_pen *pen, enum ops_word word, const char *value)
{
    pen_fact(pen, word);
    html_leaf(&pen->html, "bdi", NULL, value != NULL ? value : "–");
    pen_fact_end(pen);
}

/* When, and in which line. */
static void line_facts(struct ops_pen *pen, const json_t *line)
{
    const char *time = text(line, "time");

    pen_fact(pen, O_AT);
    if (time != NULL && strlen(time) > 19)
        html_textf(&pen->html, "%.10s %.8s UTC", time, time + 11);
    pen_fact_end(pen);
    pen_fact(pen, O_ENTRY);
    pen_figure(pen, CMD_EXPLAIN_LAST, "%lld", number(line, "seq"));
    pen_fact_end(pen);
}

/* ---- the verdict ---- */

static void age_cell(struct ops_pen *pen, const json_t *ballot, const char *key)
{
    const json_t *age = json_object_get(ballot, key);
    char words[PEN_AGE_MAX];

    pen_cell(pen, "num");
    html_text(&pen->html, json_is_integer(age) ? pen_age(json_integer_value(age), words) : "–");
    pen_end(pen);
}

static void ballot_row(struct ops_pen *pen, const json_t *ballot)
{
    const char *opinion = text(ballot, "opinion");
    bool down = opinion != NULL && strcmp(opinion, "down") == 0;
    bool up = opinion != NULL && strcmp(opinion, "up") == 0;

    pen_row(pen, text(ballot, "observer"));
    pen_cell(pen, NULL);
    html_leaf(&pen->html, "bdi", NULL, text(ballot, "site"));
    pen_end(pen);
    pen_cell(pen, NULL);
    pen_leaf(pen, "span",
             down ? "bad"
             : up ? "good"
                  : "warn",
             down ? O_DOWN_WORD
             : up ? O_UP
                  : O_NO_OPINION);
    if (json_is_true(json_object_get(ballot, "abstain")))
        pen_tag(pen, "warn", O_ABSTAINS);
    pen_end(pen);
    pen_cell(pen, NULL);
    html_text(&pen->html, text(ballot, "reason"));
    pen_end(pen);
    age_cell(pen, ballot, "fail_age_ms");
    age_cell(pen, ballot, "good_age_ms");
    pen_end(pen);
}

static void verdict(struct ops_pen *pen, const json_t *line)
{
    static const enum ops_word columns[] = {O_OBSERVER, O_SITE,        O_OPINION,
                                            O_REASON,   O_FAILS_SINCE, O_GOOD_BEFORE};
    const json_t *ballots = json_object_get(line, "ballots");
    const char *was = text(line, "was"), *is = text(line, "type");
    size_t i;

    html_open_class(&pen->html, "dl", "facts");
    fact_text(pen, O_CHECK, text(line, "check"));
    fact_text(pen, O_TARGET, text(line, "target"));
    pen_fact(pen, O_FOUND);
    html_text(&pen->html, was);
    html_text(&pen->html, " → ");
    html_text(&pen->html, is);
    pen_fact_end(pen);
    pen_fact(pen, O_AGREE);
    pen_figure(pen, CMD_EXPLAIN_LAST, "%lld, %lld, %lld", number(line, "agree"),
               number(line, "need"), number(line, "assigned"));
    pen_fact_end(pen);
    line_facts(pen, line);
    html_close(&pen->html);
    pen_table(pen, "ballots", "h-verdict");
    pen_head(pen, columns, 6);
    for (i = 0; i < json_array_size(ballots); i++)
        ballot_row(pen, json_array_get(ballots, i));
    pen_table_end(pen);
}

void ops_verdict(struct ops_pen *pen)
{
    json_t *line = parse(&pen->ops->newest->verdict);

    if (line == NULL)
        pen_leaf(pen, "p", "none", O_NO_VERDICT);
    else
        verdict(pen, line);
    json_decref(line);
}

/* ---- the decision ---- */

static const char *rule_comment(long long number)
{
    const struct rule *rule =
        number > 0 && number <= UINT16_MAX ? rules_by_number((uint16_t)number) : NULL;

    return rule != NULL ? rule->comment : "";
}

static void names(struct ops_pen *pen, const json_t *list)
{
    size_t i;

    for (i = 0; i < json_array_size(list); i++) {
        html_text(&pen->html, i > 0 ? ", " : "");
        html_leaf(&pen->html, "bdi", NULL, json_string_value(json_array_get(list, i)));
    }
    if (i == 0)
        html_text(&pen->html, "–");
}

static void what(struct ops_pen *pen, const json_t *line)
{
    const char *from = text(line, "from"), *to = text(line, "to"), *kind = text(line, "kind");
    const char *active = text(line, "active"), *type = text(line, "type");
    struct html *h = &pen->html;

    pen_fact(pen, O_WHAT);
    html_text(h, type);
    html_text(h, kind != NULL ? " – " : NULL);
    html_text(h, kind);
    pen_fact_end(pen);
    pen_fact(pen, O_FROM_TO);
    html_leaf(h, "bdi", NULL, from != NULL ? from : active != NULL ? active : "–");
    if (to != NULL) {
        html_text(h, " → ");
        html_leaf(h, "bdi", NULL, to);
    }
    pen_fact_end(pen);
    pen_fact(pen, O_EPOCH);
    if (json_is_integer(json_object_get(line, "epoch")))
        html_textf(h, "%lld.%lld", number(line, "epoch"), number(line, "step"));
    else
        html_text(h, "–");
    pen_fact_end(pen);
}

static void decision(struct ops_pen *pen, const json_t *line)
{
    const char *who = text(line, "who"), *reason = text(line, "reason");

    html_open_class(&pen->html, "dl", "facts");
    fact_text(pen, O_ROUTE, text(line, "route"));
    what(pen, line);
    pen_fact(pen, O_RULE);
    pen_figure(pen, CMD_RULES, "%lld", number(line, "rule"));
    html_textf(&pen->html, " %s", rule_comment(number(line, "rule")));
    pen_fact_end(pen);
    pen_fact(pen, O_FACTS);
    names(pen, json_object_get(line, "facts"));
    pen_fact_end(pen);
    pen_fact(pen, O_PLACEMENT);
    names(pen, json_object_get(line, "members"));
    pen_fact_end(pen);
    fact_text(pen, O_WHO, who != NULL ? who : pen_say(pen, O_AUTOMATICALLY));
    if (reason != NULL)
        fact_text(pen, O_REASON, reason);
    line_facts(pen, line);
    html_close(&pen->html);
}

void ops_decision(struct ops_pen *pen)
{
    json_t *line = parse(&pen->ops->newest->decision);

    if (line == NULL)
        pen_leaf(pen, "p", "none", O_NO_DECISION);
    else
        decision(pen, line);
    json_decref(line);
}
