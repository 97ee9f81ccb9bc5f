#include "core/record.h"
#include "base/check.h"
#include "base/utc.h"
#include "core/account/contract.h"
#include "core/detect/count.h"
#include "core/failover/rules.h"
#include "core/feature.h"
#include "core/record_line.h"

#include <string.h>

#define CONTRACT_MAX (LIMIT_LEDGER_LINE - 1024) /* bytes, beside the line's own keys */

void line_begin(struct recorder *r, struct line *line, const char *category, const char *type)
{
    *line = (struct line){0};
    jsonw_begin(&line->w, &line->text);
    jsonw_object(&line->w, NULL);
    jsonw_int(&line->w, "v", 1);
    jsonw_int(&line->w, "seq", (int64_t)r->shared->ledger.size);
    jsonw_int(&line->w, "index", (int64_t)r->index);
    jsonw_int(&line->w, "term", (int64_t)r->entry->term);
    jsonw_time(&line->w, "time", r->shared->time_ms);
    jsonw_str(&line->w, "category", category);
    jsonw_str(&line->w, "type", type);
}

uint64_t line_finish(struct recorder *r, struct line *line)
{
    uint64_t seq = r->shared->ledger.size;
    uint8_t leaf[TREE_HASH];

    jsonw_end(&line->w);
    CHECK(line->w.depth == 0);
    tree_leaf(line->text.data, line->text.len, leaf);
    tree_append(&r->shared->ledger, leaf);
    if (r->emit != NULL)
        r->emit(r->context, seq, (const char *)line->text.data, line->text.len);
    buf_free(&line->text);
    return seq;
}

static const struct model *model_of(const struct recorder *r)
{
    return r->shared->model;
}

const char *line_text(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

const char *line_server(const struct recorder *r, int server)
{
    const struct model *model = model_of(r);

    return server >= 0 && server < model->n_servers ? model->servers[server].name : NULL;
}

static void age(struct jsonw *w, const char *key, uint32_t age_ms)
{
    if (age_ms == AGE_NEVER)
        jsonw_null(w, key);
    else
        jsonw_int(w, key, age_ms);
}

/* Somebody may have to be told of the line `seq`. */
static void tell(struct recorder *r, enum notice_event event, uint64_t seq)
{
    notice_raise(r, &(struct news){.event = event, .seq = seq, .function = -1, .rule = -1});
}

static void tell_outage(struct recorder *r, enum notice_event event, uint64_t seq, uint64_t outage,
                        int function)
{
    notice_raise(r, &(struct news){.event = event,
                                   .seq = seq,
                                   .outage = outage,
                                   .function = function,
                                   .over = event != NOTICE_OUTAGE,
                                   .rule = -1});
}

void line_who(const struct recorder *r, struct jsonw *w)
{
    jsonw_str(w, "who", line_text(r->entry->who));
    jsonw_str(w, "reason", line_text(r->entry->reason));
}

void record_config(struct recorder *r, const uint8_t sha256[32])
{
    struct line line;

    line_begin(r, &line, "config", "config");
    jsonw_int(&line.w, "version", model_of(r)->version);
    jsonw_hex(&line.w, "sha256", sha256, 32);
    jsonw_str(&line.w, "who", line_text(r->entry->who));
    line_finish(r, &line);
}

/* The functions that the status page shows; nothing without one, or while members may not know. */
static void status_page_json(const struct shared *shared, struct buf *out)
{
    const struct model *model = shared->model;
    struct jsonw w;
    int i;

    if (shared->level < FEATURE_NOTICE || !model->status_page.given)
        return;
    jsonw_begin(&w, out);
    jsonw_array(&w, NULL);
    for (i = 0; i < model->n_functions; i++)
        if (function_set_has(&model->status_page.functions, i))
            jsonw_str(&w, NULL, model->functions[i].name);
    jsonw_end(&w);
}

void record_promises(const struct shared *shared, struct buf *out)
{
    model_contract_json(shared->model, out);
    status_page_json(shared, out);
}

/* So that a ledger alone tells what was promised when. `null` of nothing at all, and of what does
 * not fit into a line: nobody signs such a contract. */
void record_contract(struct recorder *r)
{
    struct buf contract = {0}, page = {0};
    struct line line;

    model_contract_json(model_of(r), &contract);
    status_page_json(r->shared, &page);
    line_begin(r, &line, "config", "contract");
    jsonw_int(&line.w, "version", model_of(r)->version);
    if (model_of(r)->n_functions > 0 && contract.len + page.len <= CONTRACT_MAX)
        jsonw_raw(&line.w, "contract", (const char *)contract.data, contract.len);
    else
        jsonw_null(&line.w, "contract");
    if (page.len > 0)
        jsonw_raw(&line.w, "status_page", (const char *)page.data, page.len);
    line_finish(r, &line);
    buf_free(&contract);
    buf_free(&page);
}

void record_leader(struct recorder *r)
{
    struct line line;

    line_begin(r, &line, "membership", "leader");
    jsonw_str(&line.w, "server", line_server(r, r->entry->leader));
    line_finish(r, &line);
}

void record_node(struct recorder *r)
{
    struct line line;

    line_begin(r, &line, "membership", r->entry->node.silent ? "silent" : "heard");
    jsonw_str(&line.w, "server", line_server(r, r->entry->node.server));
    jsonw_int(&line.w, "silent_ms", r->entry->node.silent_ms);
    tell(r, r->entry->node.silent ? NOTICE_NODE_LOST : NOTICE_NODE_BACK, line_finish(r, &line));
}

void record_member(struct recorder *r)
{
    struct line line;

    line_begin(r, &line, "membership", "member");
    jsonw_str(&line.w, "server", line_server(r, r->entry->node.server));
    jsonw_int(&line.w, "raft_id", (int64_t)r->entry->node.raft_id);
    line_finish(r, &line);
}

static const char *opinion_word(uint8_t opinion)
{
    return opinion == OPINION_UP ? "up" : opinion == OPINION_DOWN ? "down" : "none";
}

static void ballots(const struct recorder *r, struct jsonw *w)
{
    const struct model *model = model_of(r);
    int i;

    jsonw_array(w, "ballots");
    for (i = 0; i < r->entry->verdict.n_ballots; i++) {
        const struct ballot *ballot = &r->entry->verdict.ballots[i];

        if (ballot->observer >= model->n_servers)
            continue;
        jsonw_object(w, NULL);
        jsonw_str(w, "observer", line_server(r, ballot->observer));
        jsonw_str(w, "site", model->sites[model->servers[ballot->observer].site].name);
        jsonw_str(w, "opinion", opinion_word(ballot->opinion));
        jsonw_str(w, "reason", reason_name(ballot->reason));
        jsonw_bool(w, "abstain", ballot->abstain);
        age(w, "fail_age_ms", ballot->fail_age_ms);
        age(w, "good_age_ms", ballot->good_age_ms);
        age(w, "arrived_age_ms", ballot->arrived_age_ms);
        jsonw_end(w);
    }
    jsonw_end(w);
}

void record_verdict(struct recorder *r, enum verdict was, const struct check_state *state)
{
    const struct model *model = model_of(r);
    int number = r->entry->verdict.check;
    const struct check *check = &model->checks[number];
    struct line line;
    uint64_t seq;

    line_begin(r, &line, "verdict", verdict_name(state->verdict));
    jsonw_str(&line.w, "check", check->name);
    jsonw_str(&line.w, "target", line_server(r, check->target));
    jsonw_str(&line.w, "site", model->sites[model->servers[check->target].site].name);
    jsonw_str(&line.w, "was", verdict_name(was));
    jsonw_int(&line.w, "need", r->entry->verdict.need);
    jsonw_int(&line.w, "agree", r->entry->verdict.agree);
    jsonw_int(&line.w, "assigned", r->entry->verdict.assigned);
    jsonw_int(&line.w, "window_ms", model->timing.window_ms);
    jsonw_int(&line.w, "patience_ms", count_patience_ms(model, number));
    jsonw_time(&line.w, "fail_since", state->fail_since_ms);
    jsonw_time(&line.w, "good_before", state->good_before_ms);
    ballots(r, &line.w);
    seq = line_finish(r, &line);
    if (state->verdict == VERDICT_DISPUTED)
        tell(r, NOTICE_DISPUTED, seq);
}

void line_servers(const struct recorder *r, struct jsonw *w, const char *key, server_set set)
{
    int i;

    jsonw_array(w, key);
    for (i = 0; i < model_of(r)->n_servers; i++)
        if (set & server_bit(i))
            jsonw_str(w, NULL, line_server(r, i));
    jsonw_end(w);
}

/* All that a row is found by, and the row. */
static void decision(const struct recorder *r, struct jsonw *w)
{
    uint32_t bits = r->entry->intent.facts;
    int phase = r->entry->intent.phase, bit;

    jsonw_int(w, "rule", r->entry->intent.rule);
    jsonw_str(w, "phase", phase >= 0 ? phase_name((enum route_phase)phase) : NULL);
    jsonw_array(w, "facts");
    for (bit = 0; bit < FACT_COUNT; bit++)
        if (bits & (1u << bit))
            jsonw_str(w, NULL, fact_name(bit));
    jsonw_end(w);
}

static const char *candidate_name(const struct route *route, int candidate)
{
    return candidate >= 0 && candidate < route->n_candidates ? route->candidates[candidate].name
                                                             : NULL;
}

void record_intent(struct recorder *r, server_set left, bool move)
{
    const struct route *route = &model_of(r)->routes[r->entry->intent.route];
    struct line line;

    line_begin(r, &line, "failover", "intent");
    jsonw_str(&line.w, "route", route->name);
    jsonw_str(&line.w, "kind", move ? "move" : "pool");
    jsonw_int(&line.w, "epoch", r->entry->intent.epoch);
    jsonw_int(&line.w, "step", r->entry->intent.step);
    jsonw_str(&line.w, "from", candidate_name(route, r->entry->intent.from));
    jsonw_str(&line.w, "to", candidate_name(route, r->entry->intent.to));
    line_servers(r, &line.w, "left", left);
    line_servers(r, &line.w, "members", r->entry->intent.members);
    decision(r, &line.w);
    jsonw_bool(&line.w, "planned", r->entry->intent.planned);
    jsonw_bool(&line.w, "forced", r->entry->intent.forced);
    line_who(r, &line.w);
    line_finish(r, &line);
}

static void outcome_keys(const struct recorder *r, struct jsonw *w, bool actuator)
{
    const struct route *route = &model_of(r)->routes[r->entry->outcome.route];

    jsonw_str(w, "route", route->name);
    if (actuator)
        jsonw_str(w, "actuator", route->actuators[r->entry->outcome.actuator].name);
    jsonw_int(w, "epoch", r->entry->outcome.epoch);
    jsonw_int(w, "step", r->entry->outcome.step);
}

void record_act(struct recorder *r)
{
    struct line line;

    line_begin(r, &line, "failover", "act");
    outcome_keys(r, &line.w, false);
    line_finish(r, &line);
}

void record_outcome(struct recorder *r, const char *type)
{
    struct line line;

    line_begin(r, &line, "failover", type);
    outcome_keys(r, &line.w, true);
    if (r->entry->kind == ENTRY_OUTCOME) {
        jsonw_bool(&line.w, "ok", r->entry->outcome.ok);
        jsonw_int(&line.w, "took_ms", r->entry->outcome.took_ms);
    }
    jsonw_str(&line.w, "reason", line_text(r->entry->reason));
    line_finish(r, &line);
}

void record_verified(struct recorder *r, int64_t took_ms, bool move)
{
    const struct route *route = &model_of(r)->routes[r->entry->outcome.route];
    const struct route_state *state = &r->shared->routes[r->entry->outcome.route];
    struct line line;
    uint64_t seq;

    line_begin(r, &line, "failover", "verified");
    outcome_keys(r, &line.w, false);
    jsonw_str(&line.w, "to", candidate_name(route, state->now.candidate));
    jsonw_int(&line.w, "took_ms", took_ms);
    seq = line_finish(r, &line);
    if (move)
        tell(r, NOTICE_FAILOVER, seq);
}

void record_standing(struct recorder *r, const char *type)
{
    const struct route *route = &model_of(r)->routes[r->entry->intent.route];
    const struct route_state *state = &r->shared->routes[r->entry->intent.route];
    bool stands = strcmp(type, "blocked") == 0 || strcmp(type, "held") == 0;
    struct line line;
    uint64_t seq;

    line_begin(r, &line, "failover", type);
    jsonw_str(&line.w, "route", route->name);
    jsonw_int(&line.w, "epoch", state->now.epoch);
    jsonw_str(&line.w, "active", candidate_name(route, state->now.candidate));
    decision(r, &line.w);
    jsonw_str(&line.w, "reason", line_text(r->entry->reason));
    seq = line_finish(r, &line);
    if (stands)
        tell(r, NOTICE_BLOCKED, seq);
}

void record_holding(struct recorder *r)
{
    const struct route *route = &model_of(r)->routes[r->entry->holding.route];
    struct line line;

    line_begin(r, &line, "failover", r->entry->holding.holds ? "holds" : "lapsed");
    jsonw_str(&line.w, "route", route->name);
    jsonw_int(&line.w, "epoch", r->entry->holding.epoch);
    jsonw_str(&line.w, "server", line_server(r, r->entry->holding.server));
    if (!r->entry->holding.holds)
        jsonw_int(&line.w, "since_ms", r->entry->holding.since_ms);
    line_finish(r, &line);
}

void record_refused(struct recorder *r)
{
    const struct route *route = &model_of(r)->routes[r->entry->intent.route];
    struct line line;

    line_begin(r, &line, "failover", "refused");
    jsonw_str(&line.w, "route", route->name);
    jsonw_str(&line.w, "to", candidate_name(route, r->entry->intent.to));
    decision(r, &line.w);
    line_who(r, &line.w);
    tell(r, NOTICE_REFUSED, line_finish(r, &line));
}

uint64_t record_outage_open(struct recorder *r, int function, const struct function_state *state,
                            uint64_t evidence)
{
    const struct function *f = &model_of(r)->functions[function];
    struct line line;
    uint64_t seq;

    line_begin(r, &line, "outage", "open");
    jsonw_int(&line.w, "outage", (int64_t)r->shared->ledger.size);
    jsonw_str(&line.w, "function", f->name);
    jsonw_str(&line.w, "route", f->route >= 0 ? model_of(r)->routes[f->route].name : NULL);
    jsonw_str(&line.w, "severity", outage_severity_name(f->severity));
    jsonw_str(&line.w, "cause", outage_cause_name(CAUSE_PROVIDER));
    jsonw_time(&line.w, "start", state->start_ms);
    jsonw_time(&line.w, "last_good", state->last_good_ms);
    jsonw_time(&line.w, "recognised", r->shared->time_ms);
    jsonw_int(&line.w, "evidence", (int64_t)evidence);
    seq = line_finish(r, &line);
    tell_outage(r, NOTICE_OUTAGE, seq, seq + 1, function);
    return seq;
}

void record_outage_disputed(struct recorder *r, int function, const struct function_state *state)
{
    struct line line;

    line_begin(r, &line, "outage", "disputed");
    jsonw_int(&line.w, "outage", (int64_t)state->outage - 1);
    jsonw_str(&line.w, "function", model_of(r)->functions[function].name);
    jsonw_time(&line.w, "start", state->start_ms);
    tell_outage(r, NOTICE_DISPUTED, line_finish(r, &line), state->outage, function);
}

void record_outage_close(struct recorder *r, int function, const struct function_state *state,
                         int64_t end_ms, int64_t last_fail_ms)
{
    struct line line;

    line_begin(r, &line, "outage", "close");
    jsonw_int(&line.w, "outage", (int64_t)state->outage - 1);
    jsonw_str(&line.w, "function", model_of(r)->functions[function].name);
    jsonw_time(&line.w, "start", state->start_ms);
    jsonw_time(&line.w, "end", end_ms);
    jsonw_time(&line.w, "last_fail", last_fail_ms);
    tell_outage(r, NOTICE_RECOVERED, line_finish(r, &line), state->outage, function);
}

void record_coverage(struct recorder *r)
{
    struct line line;
    uint64_t seq;

    line_begin(r, &line, "coverage", r->entry->coverage.hole ? "hole" : "covered");
    jsonw_str(&line.w, "check", model_of(r)->checks[r->entry->coverage.check].name);
    jsonw_int(&line.w, "observers", r->entry->coverage.observers);
    jsonw_int(&line.w, "sites", r->entry->coverage.sites);
    seq = line_finish(r, &line);
    if (r->entry->coverage.hole)
        tell(r, NOTICE_COVERAGE, seq);
}

uint64_t record_unmonitored_open(struct recorder *r, int function)
{
    struct line line;

    line_begin(r, &line, "coverage", "unmonitored-open");
    jsonw_int(&line.w, "unmonitored", (int64_t)r->shared->ledger.size);
    jsonw_str(&line.w, "function", model_of(r)->functions[function].name);
    return line_finish(r, &line);
}

void record_unmonitored_close(struct recorder *r, int function, uint64_t id, int64_t start_ms,
                              int64_t end_ms)
{
    struct line line;

    line_begin(r, &line, "coverage", "unmonitored-close");
    jsonw_int(&line.w, "unmonitored", (int64_t)id);
    jsonw_str(&line.w, "function", model_of(r)->functions[function].name);
    jsonw_time(&line.w, "start", start_ms);
    jsonw_time(&line.w, "end", end_ms);
    line_finish(r, &line);
}

void record_clock(struct recorder *r)
{
    const struct entry *entry = r->entry;
    struct line line;

    line_begin(r, &line, "clock", "stepped");
    jsonw_str(&line.w, "server", line_server(r, entry->clock.server));
    jsonw_int(&line.w, "steps", entry->clock.steps);
    jsonw_int(&line.w, "stepped_ms", entry->clock.stepped_ms);
    if (entry->clock.compared)
        jsonw_int(&line.w, "ahead_ms", entry->clock.ahead_ms);
    else
        jsonw_null(&line.w, "ahead_ms");
    jsonw_int(&line.w, "bound_ms", entry->clock.bound_ms);
    tell(r, NOTICE_CLOCK, line_finish(r, &line));
}

void record_features(struct recorder *r, uint32_t was)
{
    struct line line;

    line_begin(r, &line, "config", "features");
    jsonw_int(&line.w, "level", r->shared->level);
    jsonw_int(&line.w, "was", was);
    line_finish(r, &line);
}

void record_security(struct recorder *r)
{
    struct line line;

    line_begin(r, &line, "security", "refused");
    jsonw_str(&line.w, "server", line_server(r, r->entry->security.server));
    jsonw_int(&line.w, "connections", r->entry->security.refused);
    line_finish(r, &line);
}
