/* Invariants over the ledger's lines: an auditor who believes nothing but what stands there
 * and what the world saw. It reads the lines as strangers do, by their keys, and shares no
 * code with what wrote them, except where it makes decisions again. */
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/failover/rules.h"
#include "core/feature.h"
#include "report/replay.h"
#include "simulate/inside.h"

#include <stdio.h>
#include <string.h>

#define SEEN_MS 60000 /* a failure that an observer saw longer ago backs no ballot */

struct evidence {
    struct sim *sim;
    int64_t *failed_ms; /* check * coordinators + observer: newest failing probe, world; -1 */
    bool *down;         /* by check, as the ledger says */
    int candidate[LIMIT_ROUTES];         /* where each goes, by the newest intent */
    int64_t paused_ms[LIMIT_ROUTES + 1]; /* UTC until when; the last one: all */
    server_set drained;
    struct replay *replay;
    server_set lapsed[LIMIT_ROUTES]; /* likewise: placed, and not serving */
    char newest[32];                 /* time of the newest line */
    json_int_t seq;
};

void evidence_open(struct sim *sim)
{
    struct evidence *e = mem_zalloc(1, sizeof *e);
    size_t n = (size_t)sim->model->n_checks * (size_t)sim->model->n_coordinators, i;
    const struct rule *rows;
    int n_rows;

    e->sim = sim;
    e->failed_ms = mem_zalloc(n, sizeof e->failed_ms[0]);
    for (i = 0; i < n; i++)
        e->failed_ms[i] = -1;
    e->down = mem_zalloc((size_t)sim->model->n_checks, sizeof e->down[0]);
    rows = rules_table(&n_rows);
    e->replay = replay_new(rows, n_rows);
    sim->evidence = e;
}

void evidence_free(struct sim *sim)
{
    replay_free(sim->evidence->replay);
    mem_free(sim->evidence->failed_ms);
    mem_free(sim->evidence->down);
    mem_free(sim->evidence);
}

static int64_t *failed(struct evidence *e, int check, int observer)
{
    return &e->failed_ms[check * e->sim->model->n_coordinators + observer];
}

void evidence_probe(struct sim *sim, int observer, int check, enum reason reason)
{
    enum reason_class class = reason_class(reason);

    if (class == REASON_WRONG || class == REASON_SILENT)
        *failed(sim->evidence, check, observer) = sim_ms(sim);
}

/* ---- reading a line ---- */

static const char *text_of(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));

    return text != NULL ? text : "";
}

static json_int_t number_of(const json_t *line, const char *key)
{
    return json_integer_value(json_object_get(line, key));
}

static bool is(const json_t *line, const char *category, const char *type)
{
    return strcmp(text_of(line, "category"), category) == 0 &&
           strcmp(text_of(line, "type"), type) == 0;
}

/* ---- times ---- */

#define AHEAD_MS 500   /* a clock that is further ahead was set so */
#define UNSEEN_MS 1000 /* beats on their way, and a step that they do not tell of yet */

/* The fewest that can decide must not have a median that is ahead, and all must say their
 * clocks. */
void evidence_clocks(struct sim *sim)
{
    int i, n = 0;
    bool old = false;

    for (i = 0; i < sim->model->n_coordinators; i++) {
        const struct machine *machine = &sim->machines[i];

        n += sim->model->servers[i].role == MEMBER_VOTER &&
             clock_now(&machine->clock, sim_ms(sim)).utc_ms > sim_utc_ms(sim) + AHEAD_MS;
        old = old || machine->level < FEATURE_CLOCK;
    }
    sim->crooked = sim->crooked || n > model_majority(sim->model) / 2 || (n > 0 && old);
}

static void check_ahead(struct evidence *e, const char *time)
{
    int64_t utc_ms;

    evidence_clocks(e->sim);
    if (!e->sim->crooked && utc_parse(time, &utc_ms) == 0 &&
        utc_ms > sim_utc_ms(e->sim) + CLOCK_BOUND_MS + UNSEEN_MS)
        sim_break(e->sim, "ledger-time", "line %lld is of %s, %lld ms too far ahead",
                  (long long)e->seq, time,
                  (long long)(utc_ms - sim_utc_ms(e->sim) - CLOCK_BOUND_MS));
}

static void check_time(struct evidence *e, const json_t *line)
{
    static const char *const durations[] = {"silent_ms", "took_ms"};
    const char *time = text_of(line, "time");
    const json_t *start = json_object_get(line, "start"), *end = json_object_get(line, "end");
    size_t i;

    /* Times of one form compare as texts. */
    if (strcmp(time, e->newest) < 0)
        sim_break(e->sim, "ledger-time", "line %lld is of %s, the one before of %s",
                  (long long)e->seq, time, e->newest);
    snprintf(e->newest, sizeof e->newest, "%s", time);
    check_ahead(e, time);
    if (json_is_string(start) && json_is_string(end) &&
        strcmp(json_string_value(end), json_string_value(start)) < 0)
        sim_break(e->sim, "ledger-time", "line %lld ends before it starts", (long long)e->seq);
    for (i = 0; i < ARRAY_LEN(durations); i++)
        if (number_of(line, durations[i]) < 0)
            sim_break(e->sim, "ledger-time", "line %lld: %s is negative", (long long)e->seq,
                      durations[i]);
    if (number_of(line, "seq") != e->seq++)
        sim_break(e->sim, "ledgers-equal", "line %lld has another number", (long long)e->seq - 1);
}

/* ---- verdicts ---- */

static bool backs(struct evidence *e, int check, int observer)
{
    int64_t when = *failed(e, check, observer);

    if (e->sim->model->checks[check].kind == CHECK_REPORT)
        return true; /* nobody probes: it was told, or not told */
    return when >= 0 && sim_ms(e->sim) - when <= SEEN_MS;
}

/* Never is older than anything. */
static json_int_t age_of(const json_t *ballot, const char *key)
{
    const json_t *age = json_object_get(ballot, key);

    return json_is_integer(age) ? json_integer_value(age) : INT64_MAX;
}

/* The ballots of one verdict, counted anew (protocol.md, Belief). */
struct recount {
    int fails, ups[LIMIT_SITES], failing[LIMIT_SITES];
};

static void count_ballot(struct evidence *e, const json_t *ballot, int check, struct recount *count)
{
    const struct model *model = e->sim->model;
    int observer = model_server(model, text_of(ballot, "observer"));
    int site = model_site(model, text_of(ballot, "site"));
    bool down = strcmp(text_of(ballot, "opinion"), "down") == 0;
    bool counts = age_of(ballot, "arrived_age_ms") <= model->timing.window_ms &&
                  !json_is_true(json_object_get(ballot, "abstain"));

    if (observer < 0 || site < 0 || observer == model->checks[check].target ||
        !(model_observers(model, check) & server_bit(observer))) {
        sim_break(e->sim, "ballots-true", "%s is no observer of %s", text_of(ballot, "observer"),
                  model->checks[check].name);
        return;
    }
    if (counts && down && !backs(e, check, observer))
        sim_break(e->sim, "ballots-true", "%s is said to fail %s and did not see it",
                  text_of(ballot, "observer"), model->checks[check].name);
    if (counts && down && age_of(ballot, "fail_age_ms") != INT64_MAX &&
        age_of(ballot, "fail_age_ms") <= age_of(ballot, "good_age_ms")) {
        count->fails++;
        count->failing[site]++;
    }
    count->ups[site] += counts && strcmp(text_of(ballot, "opinion"), "up") == 0;
}

/* From two sites at least, one not the target's own, and most of no other one see it up. */
static bool sites_agree(const struct model *model, int check, const struct recount *count)
{
    server_set observers = model_observers(model, check);
    int own = model->servers[model->checks[check].target].site, site, i, sites = 0, elsewhere = 0;

    for (site = 0; site < model->n_sites; site++) {
        int assigned = 0;

        for (i = 0; i < model->n_coordinators; i++)
            assigned += (observers & server_bit(i)) && model->servers[i].site == site;
        if (site != own && 2 * count->ups[site] > assigned)
            return false;
        sites += count->failing[site] > 0;
        elsewhere += count->failing[site] > 0 && site != own;
    }
    return sites >= 2 && elsewhere > 0;
}

static void check_down(struct evidence *e, const json_t *line, int check)
{
    const struct model *model = e->sim->model;
    const json_t *ballots = json_object_get(line, "ballots"), *ballot;
    int assigned = server_count(model_observers(model, check));
    struct recount count = {0};
    size_t i;

    json_array_foreach(ballots, i, ballot) count_ballot(e, ballot, check, &count);
    if (number_of(line, "agree") != count.fails || number_of(line, "assigned") != assigned ||
        2 * count.fails <= assigned || !sites_agree(model, check, &count))
        sim_break(e->sim, "failover-backed", "%s is called down on %d ballots of %d",
                  model->checks[check].name, count.fails, assigned);
}

static void take_verdict(struct evidence *e, const json_t *line)
{
    int check = model_check(e->sim->model, text_of(line, "check"));

    if (check < 0)
        return;
    e->sim->counts.verdicts++;
    if (is(line, "verdict", "disputed")) {
        e->sim->counts.disputed++;
        return; /* what was believed stays */
    }
    e->down[check] = is(line, "verdict", "down");
    if (e->down[check])
        check_down(e, line, check);
}

/* ---- moves ---- */

static bool member_down(const struct evidence *e, int server)
{
    int c;

    for (c = 0; c < e->sim->model->n_checks; c++)
        if (e->sim->model->checks[c].target == server && e->down[c])
            return true;
    return false;
}

static int standing(const struct evidence *e, const struct candidate *candidate, server_set lapsed)
{
    int m, n = 0;

    for (m = 0; m < candidate->n_members; m++)
        n += !member_down(e, candidate->members[m]) &&
             !((e->drained | lapsed) & server_bit(candidate->members[m]));
    return n;
}

/* ---- what operators say ---- */

static int64_t time_of(const json_t *line, const char *key)
{
    int64_t utc_ms;

    return utc_parse(text_of(line, key), &utc_ms) == 0 ? utc_ms : 0;
}

static void check_paused(struct evidence *e, const json_t *line, int route)
{
    int64_t now_ms = time_of(line, "time");

    if (e->paused_ms[route] > now_ms || e->paused_ms[LIMIT_ROUTES] > now_ms)
        sim_break(e->sim, "pause-kept", "%s moves by itself in a pause",
                  e->sim->model->routes[route].name);
}

static void take_pause(struct evidence *e, const json_t *line)
{
    int route = model_route(e->sim->model, text_of(line, "route"));

    e->paused_ms[route < 0 ? LIMIT_ROUTES : route] =
        is(line, "operator", "paused") ? time_of(line, "until") : 0;
}

static void take_drain(struct evidence *e, const json_t *line)
{
    const struct model *model = e->sim->model;
    int server = model_server(model, text_of(line, "server")), r, m;

    if (server < 0)
        return;
    e->drained &= ~server_bit(server);
    if (!is(line, "operator", "drained"))
        return;
    e->drained |= server_bit(server);
    for (r = 0; r < model->n_routes; r++) {
        const struct candidate *c =
            &model->routes[r].candidates[e->candidate[r] >= 0 ? e->candidate[r] : 0];

        for (m = 0; m < c->n_members; m++)
            if (c->members[m] == server && !member_down(e, server) &&
                !(e->lapsed[r] & server_bit(server)) && standing(e, c, 0) < c->least)
                sim_break(e->sim, "drain-keeps-least", "%s is drained, and of %s %d are left",
                          model->servers[server].name, c->name, standing(e, c, 0));
    }
}

static void take_operator(struct evidence *e, const json_t *line)
{
    if (is(line, "operator", "paused") || is(line, "operator", "resumed"))
        take_pause(e, line);
    else if (is(line, "operator", "drained") || is(line, "operator", "undrained"))
        take_drain(e, line);
    else if (is(line, "operator", "refused"))
        e->sim->counts.refused++;
}

/* Some of it may work, drained as it is. */
static bool any_drained(const struct evidence *e, const struct candidate *candidate)
{
    int m;

    for (m = 0; m < candidate->n_members; m++)
        if (e->drained & server_bit(candidate->members[m]))
            return true;
    return false;
}

/* Back to a preferred candidate, or after the route that it follows: neither leaves one that
 * failed. */
static bool check_other_way(struct evidence *e, int route, const struct rule *rule, int from,
                            int to)
{
    const struct route *r = &e->sim->model->routes[route];

    if (rule == NULL || (rule->action != ACTION_FAILBACK && rule->action != ACTION_FOLLOW))
        return false;
    if (standing(e, &r->candidates[to], 0) < r->candidates[to].least)
        sim_break(e->sim, "last-candidate-stays", "%s goes to %s by rule %u, of which %d stand",
                  r->name, r->candidates[to].name, rule->number,
                  standing(e, &r->candidates[to], 0));
    if (rule->action == ACTION_FAILBACK && (to >= from || !r->failback.automatic))
        sim_break(e->sim, "back-to-preferred", "%s goes from %s back to %s", r->name,
                  r->candidates[from].name, r->candidates[to].name);
    if (rule->action == ACTION_FOLLOW &&
        (r->follows < 0 || e->candidate[r->follows] < 0 ||
         strcmp(e->sim->model->routes[r->follows].candidates[e->candidate[r->follows]].name,
                r->candidates[to].name) != 0))
        sim_break(e->sim, "follows-its-route", "%s goes to %s, where what it follows is not",
                  r->name, r->candidates[to].name);
    return true;
}

/* Because of a coordinator that is stopped: then it was, and the other one stands. */
static void check_leave(struct evidence *e, int route, const char *who, int to)
{
    const struct route *r = &e->sim->model->routes[route];
    int server = model_server(e->sim->model, who);

    if (server < 0 || !e->sim->machines[server].left)
        sim_break(e->sim, "leaves-when-asked", "%s goes to %s because %s stops, and it does not",
                  r->name, r->candidates[to].name, who);
    if (standing(e, &r->candidates[to], 0) < r->candidates[to].least)
        sim_break(e->sim, "last-candidate-stays", "%s goes to %s, of which %d stand", r->name,
                  r->candidates[to].name, standing(e, &r->candidates[to], 0));
}

static void take_lapse(struct evidence *e, const json_t *line, bool lapsed)
{
    int route = model_route(e->sim->model, text_of(line, "route"));
    int server = model_server(e->sim->model, text_of(line, "server"));

    if (route < 0 || server < 0)
        return;
    if (lapsed)
        e->lapsed[route] |= server_bit(server);
    else
        e->lapsed[route] &= ~server_bit(server);
}

static void check_automatic(struct evidence *e, int route, const struct candidate *from,
                            const struct candidate *to)
{
    const struct route *r = &e->sim->model->routes[route];

    if (standing(e, from, e->lapsed[route]) >= from->least)
        sim_break(e->sim, "failover-backed", "%s leaves %s, of which %d stand", r->name, from->name,
                  standing(e, from, e->lapsed[route]));
    if (standing(e, to, 0) < to->least)
        sim_break(e->sim, "last-candidate-stays", "%s moves to %s, of which only %d stand", r->name,
                  to->name, standing(e, to, 0));
    if (!any_drained(e, from) && e->lapsed[route] == 0 &&
        callers_candidate_serves_since(e->sim, route, (int)(from - r->candidates),
                                       oracle_slack_ms(e->sim, route))) {
        e->sim->counts.false_moves++;
        sim_break(e->sim, "no-false-move", "%s leaves %s, which plainly serves", r->name,
                  from->name);
    }
}

static void take_intent(struct evidence *e, const json_t *line)
{
    int route = model_route(e->sim->model, text_of(line, "route")), from, to;
    const struct rule *rule = rules_by_number((uint16_t)number_of(line, "rule"));
    const struct route *r;
    bool pool = strcmp(text_of(line, "kind"), "pool") == 0;

    if (route < 0)
        return;
    r = &e->sim->model->routes[route];
    from = model_candidate(r, text_of(line, "from"));
    to = model_candidate(r, text_of(line, "to"));
    if (to < 0)
        return;
    if (!json_is_true(json_object_get(line, "forced")) &&
        (json_int_t)json_array_size(json_object_get(line, "members")) < r->candidates[to].least &&
        number_of(line, "rule") > RULE_RENUMBERED)
        sim_break(e->sim, "last-candidate-stays", "%s is to be served by %zu of %s", r->name,
                  json_array_size(json_object_get(line, "members")), r->candidates[to].name);
    if (pool) {
        e->sim->counts.pools++;
        return;
    }
    if (rule != NULL && rule->action == ACTION_LEAVE)
        check_leave(e, route, text_of(line, "who"), to);
    if (number_of(line, "rule") > RULE_RENUMBERED && from >= 0 && from != to) {
        e->sim->counts.moves++;
        e->candidate[route] = to;
        oracle_moved(e->sim, route, to);
        if (text_of(line, "who")[0] == '\0')
            check_paused(e, line, route);
        if (text_of(line, "who")[0] == '\0' && !check_other_way(e, route, rule, from, to))
            check_automatic(e, route, &r->candidates[from], &r->candidates[to]);
    }
    e->lapsed[route] = 0;
}

/* Whatever it says by now: it may have forgotten, or gone on. */
static void take_verified(struct evidence *e, const json_t *line)
{
    int route = model_route(e->sim->model, text_of(line, "route")), a;
    uint64_t placement =
        epoch_step((uint32_t)number_of(line, "epoch"), (uint32_t)number_of(line, "step"));

    for (a = 0; route >= 0 && a < e->sim->model->routes[route].n_actuators; a++)
        if (!actuator_is_own(&e->sim->model->routes[route].actuators[a]) &&
            !e->sim->model->routes[route].actuators[a].optional &&
            e->sim->said[route][a] < placement)
            sim_break(e->sim, "verified-true", "%s is verified, %s never said so",
                      e->sim->model->routes[route].name,
                      e->sim->model->routes[route].actuators[a].name);
}

/* ---- decisions ---- */

/* By the product's own functions: what they decided then they decide again. */
static void check_replay(struct evidence *e, const char *bytes, size_t len)
{
    struct replayed again;
    struct err err;

    if (replay_line(e->replay, bytes, len, &again, &err) < 0)
        sim_break(e->sim, "decisions-replay", "line %lld: %s", (long long)e->seq, err.text);
    else if (again.result == REPLAY_DIFFERS)
        sim_break(e->sim, "decisions-replay", "line %lld: %s of %s: recorded: %s; replayed: %s",
                  (long long)e->seq, again.kind, again.subject, again.recorded, again.again);
}

/* ---- the line ---- */

static void tell(struct sim *sim, int server, const json_t *line)
{
    static const char *const keys[] = {"check",    "target",  "route",    "function", "server",
                                       "actuator", "from",    "to",       "rule",     "epoch",
                                       "step",     "agree",   "assigned", "ok",       "until",
                                       "expired",  "subject", "why",      "reason"};
    struct buf text = {0};
    size_t i;

    for (i = 0; i < ARRAY_LEN(keys); i++) {
        const json_t *value = json_object_get(line, keys[i]);

        if (json_is_string(value) && json_string_length(value) > 0)
            buf_printf(&text, "%s%s %s", text.len > 0 ? ", " : "", keys[i],
                       json_string_value(value));
        else if (json_is_integer(value))
            buf_printf(&text, "%s%s %lld", text.len > 0 ? ", " : "", keys[i],
                       (long long)json_integer_value(value));
        else if (json_is_boolean(value))
            buf_printf(&text, "%s%s %s", text.len > 0 ? ", " : "", keys[i],
                       json_is_true(value) ? "yes" : "no");
    }
    sim_note(sim, NOTE_LEDGER, server, text_of(line, "type"), "%s", buf_cstr(&text));
    buf_free(&text);
}

static void take_outage(struct evidence *e, const json_t *line)
{
    const char *start = text_of(line, "start"), *over = NULL;

    if (is(line, "outage", "open"))
        e->sim->outage = (uint64_t)number_of(line, "outage") + 1;
    else if (is(line, "outage", "close"))
        over = text_of(line, "end");
    else if (is(line, "outage", "disputed"))
        over = start;
    oracle_outage(e->sim, text_of(line, "function"), number_of(line, "outage"), start, over);
}

void evidence_line(struct sim *sim, int server, const char *bytes, size_t len)
{
    struct evidence *e = sim->evidence;
    json_t *line = json_loadb(bytes, len, 0, NULL);

    if (line == NULL) {
        sim_break(sim, "ledgers-equal", "line %lld is no JSON", (long long)e->seq);
        return;
    }
    tell(sim, server, line);
    told_line(sim, line);
    check_time(e, line);
    check_replay(e, bytes, len);
    if (strcmp(text_of(line, "category"), "verdict") == 0)
        take_verdict(e, line);
    else if (is(line, "failover", "intent"))
        take_intent(e, line);
    else if (is(line, "failover", "verified"))
        take_verified(e, line);
    else if (is(line, "failover", "lapsed") || is(line, "failover", "holds"))
        take_lapse(e, line, is(line, "failover", "lapsed"));
    else if (is(line, "failover", "refused"))
        sim->counts.refused++;
    else if (strcmp(text_of(line, "category"), "operator") == 0)
        take_operator(e, line);
    else if (is(line, "membership", "silent") || is(line, "membership", "heard"))
        oracle_heard(sim, model_server(sim->model, text_of(line, "server")),
                     is(line, "membership", "heard"));
    else if (strcmp(text_of(line, "category"), "outage") == 0)
        take_outage(e, line);
    else if (is(line, "coverage", "no-quorum"))
        oracle_gap(sim, NULL, text_of(line, "from"), text_of(line, "to"));
    else if (is(line, "coverage", "unmonitored-close"))
        oracle_gap(sim, text_of(line, "function"), text_of(line, "start"), text_of(line, "end"));
    json_decref(line);
}
