/* Ledger lines in words. */
#include "core/failover/rules.h"
#include "simulate/show/timeline.h"

#include <jansson.h>
#include <string.h>

#define OLD_MS 300 /* beats come three times as often and more */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static bool is_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static bool is(const json_t *line, const char *type)
{
    return strcmp(text_of(line, "type"), type) == 0;
}

/* ---- who saw what ---- */

/* The ballots of one site. */
struct sight {
    int observers, fail, up, silent;
    int old;                             /* not heard lately: it says what it said last */
    long long heard_age_ms;              /* the newest of these */
    long long first_age_ms, last_age_ms; /* since when they fail it, before the verdict */
    struct buf reasons;
};

static void add_reason(struct sight *sight, const char *reason)
{
    if (strstr(buf_cstr(&sight->reasons), reason) == NULL)
        buf_printf(&sight->reasons, "%s%s", sight->reasons.len > 0 ? ", " : "", reason);
}

static void take_ballot(struct sight *sight, const json_t *ballot)
{
    const json_t *arrived = json_object_get(ballot, "arrived_age_ms");
    const char *opinion = text_of(ballot, "opinion");
    long long age_ms = number_of(ballot, "fail_age_ms");

    sight->observers++;
    if (json_is_integer(arrived) && json_integer_value(arrived) > OLD_MS) {
        if (sight->old++ == 0 || json_integer_value(arrived) < sight->heard_age_ms)
            sight->heard_age_ms = json_integer_value(arrived);
    } else if (is_true(ballot, "abstain") || strcmp(opinion, "none") == 0) {
        sight->silent++;
    } else if (strcmp(opinion, "up") == 0) {
        sight->up++;
    } else {
        if (sight->fail == 0 || age_ms > sight->first_age_ms)
            sight->first_age_ms = age_ms;
        if (sight->fail == 0 || age_ms < sight->last_age_ms)
            sight->last_age_ms = age_ms;
        sight->fail++;
        add_reason(sight, text_of(ballot, "reason"));
    }
}

static void print_sight(const char *site, struct sight *sight, int64_t at_ms, struct buf *out)
{
    const char *between = "";

    buf_printf(out, "\n  %s: ", site);
    if (sight->fail > 0) {
        buf_printf(out, "%d of %d see it fail (%s), the first at %.3f", sight->fail,
                   sight->observers, buf_cstr(&sight->reasons),
                   (double)(at_ms - sight->first_age_ms) / 1000);
        if (sight->fail > 1)
            buf_printf(out, ", the last at %.3f", (double)(at_ms - sight->last_age_ms) / 1000);
        between = "; ";
    }
    if (sight->up > 0) {
        buf_printf(out, "%s%d of %d see it up", between, sight->up, sight->observers);
        between = "; ";
    }
    if (sight->silent > 0) {
        buf_printf(out, "%s%d of %d say nothing", between, sight->silent, sight->observers);
        between = "; ";
    }
    if (sight->old > 0)
        buf_printf(out, "%s%d of %d not heard since %.3f", between, sight->old, sight->observers,
                   (double)(at_ms - sight->heard_age_ms) / 1000);
}

/* Site by site, in the order in which they come. */
static void sites(const json_t *line, int64_t at_ms, struct buf *out)
{
    const json_t *ballots = json_object_get(line, "ballots"), *ballot, *other;
    size_t i, k;

    json_array_foreach(ballots, i, ballot)
    {
        const char *site = text_of(ballot, "site");
        struct sight sight = {0};
        bool before = false;

        json_array_foreach(ballots, k, other)
        {
            if (strcmp(text_of(other, "site"), site) != 0)
                continue;
            before = before || k < i;
            take_ballot(&sight, other);
        }
        if (!before)
            print_sight(site, &sight, at_ms, out);
        buf_free(&sight.reasons);
    }
}

static const char *verdict(const json_t *line, int64_t at_ms, struct buf *out, bool *refused)
{
    long long agree = number_of(line, "agree"), need = number_of(line, "need");

    buf_printf(out, "%s is %s: %lld of %lld observers %s, %lld needed", text_of(line, "check"),
               text_of(line, "type"), agree, number_of(line, "assigned"),
               is(line, "up") ? "see it up" : "see it fail", need);
    if (is(line, "disputed")) {
        buf_str(out, agree < need ? ": nothing follows from it"
                                  : ", but not from enough sites, or another sees it up");
        *refused = true;
    }
    if (!is(line, "up"))
        sites(line, at_ms, out);
    return "verdict";
}

/* ---- what was decided ---- */

static void rule(const json_t *line, struct buf *out)
{
    long long number = number_of(line, "rule");
    const struct rule *rule = rules_by_number((uint16_t)number);

    buf_printf(out, "\n  rule %lld: %s", number,
               rule != NULL ? rule->comment
               : number == RULE_RENUMBERED
                   ? "the same placement, above an epoch that an actuator had seen"
                   : "as the configuration begins");
    if (text_of(line, "who")[0] != '\0')
        buf_printf(out, "\n  asked for by %s: %s", text_of(line, "who"), text_of(line, "reason"));
}

static void members(const json_t *line, struct buf *out)
{
    const json_t *member;
    size_t i;

    json_array_foreach(json_object_get(line, "members"), i, member)
        buf_printf(out, "%s%s", i > 0 ? ", " : "", json_string_value(member));
}

static void intent(const json_t *line, struct buf *out)
{
    if (strcmp(text_of(line, "kind"), "move") == 0)
        buf_printf(out, "%s is to move from %s to %s: ", text_of(line, "route"),
                   text_of(line, "from"), text_of(line, "to"));
    else
        buf_printf(out, "%s stays on %s: ", text_of(line, "route"), text_of(line, "to"));
    members(line, out);
    buf_printf(out, ", epoch %lld.%lld", number_of(line, "epoch"), number_of(line, "step"));
    rule(line, out);
}

static void outcome(const json_t *line, struct buf *out)
{
    const char *reason = text_of(line, "reason");

    buf_printf(out, "%s of %s, epoch %lld.%lld: %s", text_of(line, "actuator"),
               text_of(line, "route"), number_of(line, "epoch"), number_of(line, "step"),
               is(line, "reasserted") ? "told once more"
               : is_true(line, "ok")  ? "done"
                                      : "FAILED");
    if (is(line, "outcome"))
        buf_printf(out, " in %lld ms", number_of(line, "took_ms"));
    if (reason[0] != '\0')
        buf_printf(out, ": %s", reason);
}

static const char *failover(const json_t *line, struct buf *out, bool *refused)
{
    const char *route = text_of(line, "route");

    if (is(line, "intent")) {
        intent(line, out);
        return "rule";
    }
    if (is(line, "outcome") || is(line, "reasserted")) {
        *refused = is(line, "outcome") && !is_true(line, "ok");
        outcome(line, out);
        return "actuator";
    }
    if (is(line, "act")) {
        buf_printf(out, "%s: nobody can serve the old epoch any more, the actuators may be told",
                   route);
        return "rule";
    }
    if (is(line, "verified")) {
        buf_printf(out, "%s is served by %s, epoch %lld.%lld", route, text_of(line, "to"),
                   number_of(line, "epoch"), number_of(line, "step"));
        return "verified";
    }
    buf_printf(out, "%s is %s", route, text_of(line, "type"));
    if (is(line, "refused"))
        buf_printf(out, " to move to %s", text_of(line, "to"));
    rule(line, out);
    *refused = !is(line, "unblocked");
    return "rule";
}

/* ---- the rest ---- */

static const char *incident(const json_t *line, struct buf *out)
{
    const char *severity = text_of(line, "severity"), *cause = text_of(line, "cause");

    if (is(line, "acknowledged") || is(line, "post")) {
        buf_printf(out, "%s %s entry %lld's outage", text_of(line, "who"),
                   is(line, "post") ? "tells customers of" : "looks after",
                   number_of(line, "outage"));
        return "outage";
    }
    buf_printf(out, "%s %s entry %lld's outage", text_of(line, "who"),
               is(line, "note") ? "says of" : "amends", number_of(line, "outage"));
    if (severity[0] != '\0')
        buf_printf(out, ", severity %s", severity);
    if (cause[0] != '\0')
        buf_printf(out, ", cause %s", cause);
    if (is(line, "note"))
        buf_printf(out, ": %s", text_of(line, "text"));
    return "outage";
}

static const char *standing(const json_t *line, struct buf *out)
{
    if (strcmp(text_of(line, "category"), "incident") == 0)
        return incident(line, out);
    if (strcmp(text_of(line, "category"), "outage") == 0) {
        buf_printf(out, "outage of %s %s", text_of(line, "function"),
                   is(line, "open")            ? "begins in the ledger"
                   : is(line, "extended-back") ? "began earlier, as is told now"
                   : is(line, "disputed")      ? "is none in the ledger: callers were served"
                                               : "ends in the ledger");
        return "outage";
    }
    if (is(line, "no-quorum")) {
        buf_printf(out, "without a quorum from %s to %s: what was seen then is told now",
                   text_of(line, "from"), text_of(line, "to"));
        return "coverage";
    }
    if (is(line, "silent") || is(line, "heard")) {
        buf_printf(out, "%s's coordinator is %s", text_of(line, "server"),
                   is(line, "silent") ? "not heard any more" : "heard again");
        return "nodes";
    }
    if (is(line, "hole") || is(line, "covered")) {
        buf_printf(out, "%s is watched by %lld observers from %lld sites%s", text_of(line, "check"),
                   number_of(line, "observers"), number_of(line, "sites"),
                   is(line, "hole") ? ": too few" : " again");
        return "coverage";
    }
    return NULL;
}

const char *timeline_line(const char *text, int64_t at_ms, struct buf *out, bool *refused)
{
    json_t *line = json_loads(text, 0, NULL);
    const char *kind;

    *refused = false;
    if (strcmp(text_of(line, "category"), "verdict") == 0)
        kind = verdict(line, at_ms, out, refused);
    else if (strcmp(text_of(line, "category"), "failover") == 0)
        kind = failover(line, out, refused);
    else
        kind = standing(line, out);
    json_decref(line);
    return kind;
}
