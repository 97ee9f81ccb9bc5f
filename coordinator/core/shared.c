#include "core/shared.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/feature.h"
#include "core/shared_apply.h"

#include <stdlib.h>
#include <string.h>

struct shared *shared_new(void)
{
    struct shared *shared = mem_zalloc(1, sizeof *shared);

    shared->leader = SERVER_NONE;
    shared->time_ms = 0;
    shared->level = FEATURE_FIRST;
    shared->told_ms = UTC_NONE;
    return shared;
}

void shared_free(struct shared *shared)
{
    if (shared == NULL)
        return;
    model_free(shared->model);
    mem_free(shared->config_yaml);
    mem_free(shared->checks);
    mem_free(shared->routes);
    mem_free(shared->functions);
    mem_free(shared->windows);
    mem_free(shared->notices.list);
    mem_free(shared);
}

struct shared *shared_copy(const struct shared *shared)
{
    const struct model *model = shared->model;
    struct shared *copy = mem_dup(shared, sizeof *shared);

    CHECK(model != NULL);
    copy->checks = mem_dup(shared->checks, (size_t)model->n_checks * sizeof copy->checks[0]);
    copy->routes = mem_dup(shared->routes, (size_t)model->n_routes * sizeof copy->routes[0]);
    copy->functions =
        mem_dup(shared->functions, (size_t)model->n_functions * sizeof copy->functions[0]);
    copy->windows = mem_dup(shared->windows, (size_t)shared->n_windows * sizeof copy->windows[0]);
    copy->notices.list =
        mem_dup(shared->notices.list, (size_t)shared->notices.n * sizeof copy->notices.list[0]);
    return copy;
}

void shared_copy_free(struct shared *copy)
{
    if (copy == NULL)
        return;
    copy->model = NULL;
    copy->config_yaml = NULL;
    shared_free(copy);
}

const struct command_state *shared_command(const struct shared *shared, const struct command_id *id)
{
    static const struct command_id none;
    size_t i;

    if (memcmp(id, &none, sizeof none) == 0)
        return NULL;
    for (i = 0; i < ARRAY_LEN(shared->commands); i++)
        if (shared->commands[i].result != COMMAND_UNKNOWN &&
            memcmp(&shared->commands[i].id, id, sizeof *id) == 0)
            return &shared->commands[i];
    return NULL;
}

enum fitness { MEMBER_OK, MEMBER_UNKNOWN, MEMBER_DOWN };

static enum fitness fitness(const struct shared *shared, int server)
{
    enum fitness worst = MEMBER_OK;
    int i, checks = 0;

    if (shared_drained(shared, server))
        return MEMBER_DOWN;
    for (i = model_next_check(shared->model, server, -1); i >= 0;
         i = model_next_check(shared->model, server, i)) {
        checks++;
        if (shared->checks[i].verdict == VERDICT_DOWN)
            return MEMBER_DOWN;
        if (shared->checks[i].verdict == VERDICT_UNKNOWN)
            worst = MEMBER_UNKNOWN;
    }
    return checks > 0 ? worst : MEMBER_UNKNOWN;
}

bool shared_member_ok(const struct shared *shared, int server)
{
    return fitness(shared, server) == MEMBER_OK;
}

/* What speaks against a member of an exclusive route's candidate besides its checks: it is
 * placed and does not hold the route; or it could not, because its coordinator is silent. */
static bool cannot_hold(const struct shared *shared, int route, int candidate, int server,
                        enum fitness asked)
{
    const struct route_state *state = &shared->routes[route];

    if (shared->model->routes[route].kind != ROUTE_EXCLUSIVE)
        return false;
    if (candidate == state->now.candidate)
        return (state->lapsed & server_bit(server)) != 0;
    return asked == MEMBER_OK && shared->nodes[server].silent;
}

static server_set members_up_to(const struct shared *shared, int route, int candidate,
                                enum fitness worst)
{
    const struct candidate *c = &shared->model->routes[route].candidates[candidate];
    server_set set = 0;
    int i;

    for (i = 0; i < c->n_members; i++)
        if (fitness(shared, c->members[i]) <= worst &&
            !cannot_hold(shared, route, candidate, c->members[i], worst))
            set |= server_bit(c->members[i]);
    return set;
}

server_set shared_candidate_ok(const struct shared *shared, int route, int candidate)
{
    return members_up_to(shared, route, candidate, MEMBER_OK);
}

server_set shared_candidate_standing(const struct shared *shared, int route, int candidate)
{
    return members_up_to(shared, route, candidate, MEMBER_UNKNOWN);
}

server_set shared_candidate_drained(const struct shared *shared, int route, int candidate)
{
    const struct candidate *c = &shared->model->routes[route].candidates[candidate];
    server_set set = 0;
    int i;

    for (i = 0; i < c->n_members; i++)
        if (shared_drained(shared, c->members[i]))
            set |= server_bit(c->members[i]);
    return set;
}

bool shared_candidate_ready(const struct shared *shared, int route, int candidate)
{
    return server_count(shared_candidate_ok(shared, route, candidate)) >=
           shared->model->routes[route].candidates[candidate].least;
}

const struct window_state *shared_window(const struct shared *shared, uint64_t id)
{
    int i;

    for (i = 0; i < shared->n_windows; i++)
        if (shared->windows[i].id == id)
            return &shared->windows[i];
    return NULL;
}

bool shared_candidate_failed(const struct shared *shared, int route, int candidate)
{
    return server_count(shared_candidate_standing(shared, route, candidate)) <
           shared->model->routes[route].candidates[candidate].least;
}

int shared_follow_to(const struct shared *shared, int route)
{
    const struct route *r = &shared->model->routes[route];
    const struct route_state *state = &shared->routes[route], *parent;
    int c;

    if (r->follows < 0)
        return -1;
    parent = &shared->routes[r->follows];
    if (parent->intent_index <= state->intent_index)
        return -1;
    c = model_candidate(r,
                        shared->model->routes[r->follows].candidates[parent->now.candidate].name);
    return c != state->now.candidate && shared_candidate_ready(shared, route, c) ? c : -1;
}

bool shared_function_in_window(const struct shared *shared, int function, int64_t utc_ms)
{
    int i;

    for (i = 0; i < shared->n_windows; i++) {
        const struct window_state *w = &shared->windows[i];
        int64_t start = w->start_ms > w->announced_ms ? w->start_ms : w->announced_ms;
        int64_t end =
            w->finished_ms != UTC_NONE && w->finished_ms < w->end_ms ? w->finished_ms : w->end_ms;

        if ((w->functions[function / 64] >> (function % 64) & 1) && utc_ms >= start && utc_ms < end)
            return true;
    }
    return false;
}

/* ---- applying ---- */

void shared_remember(struct shared *shared, const struct entry *entry, uint64_t index,
                     enum command_result result, const char *text)
{
    static const struct command_id none;
    struct command_state *slot = NULL;
    size_t i;

    if (memcmp(&entry->id, &none, sizeof none) == 0)
        return;
    for (i = 0; i < ARRAY_LEN(shared->commands) && slot == NULL; i++)
        if (memcmp(&shared->commands[i].id, &entry->id, sizeof entry->id) == 0)
            slot = &shared->commands[i];
    if (slot == NULL) {
        slot = &shared->commands[shared->next_command++ % ARRAY_LEN(shared->commands)];
        *slot = (struct command_state){0};
    }
    /* The entry that ends a command says only which one it was. */
    *slot = (struct command_state){.id = entry->id,
                                   .digest = entry->digest != 0 ? entry->digest : slot->digest,
                                   .result = result,
                                   .index = index};
    memcpy(slot->text, text, strnlen(text, sizeof slot->text - 1));
}

static void apply_leader(struct recorder *r)
{
    if (r->entry->term < r->shared->leader_term)
        return; /* proposed in an earlier term, committed by a later leader */
    r->shared->leader_term = r->entry->term;
    r->shared->leader = r->entry->leader;
    apply_led(r);
    if (r->shared->model != NULL) /* before the first configuration nobody has a name */
        record_leader(r);
}

static int by_age(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x < y) - (x > y);
}

/* Age of the earliest failing observation in the set that confirmed it. Those who failed
 * it alone before, against all others, dissented, and a disagreement is no downtime: after
 * a dispute of `disputed_ms` (0: there was none) it begins when enough failed it, or with
 * the first who failed it after that. */
static uint32_t failing_age(uint32_t *fails, int n, int need, int64_t disputed_ms)
{
    uint32_t age;
    int i;

    if (n == 0)
        return 0;
    qsort(fails, (size_t)n, sizeof fails[0], by_age); /* oldest first */
    if (disputed_ms == 0 || need < 1)
        return fails[0];
    age = fails[(need < n ? need : n) - 1];
    for (i = 0; i < n; i++)
        if (fails[i] < disputed_ms)
            return fails[i] > age ? fails[i] : age;
    return age;
}

/* Start of an outage, with the newest good observation before it as its bound. */
static void failure_edges(const struct recorder *r, struct check_state *state)
{
    int64_t disputed_ms =
        state->verdict == VERDICT_DISPUTED ? r->shared->time_ms - state->since_ms : 0;
    uint32_t fails[LIMIT_SERVERS], newest_good = AGE_NEVER;
    int i, n = 0;

    for (i = 0; i < r->entry->verdict.n_ballots; i++) {
        const struct ballot *ballot = &r->entry->verdict.ballots[i];

        if (ballot->abstain || ballot->opinion != OPINION_DOWN || ballot->fail_age_ms == AGE_NEVER)
            continue;
        fails[n++] = ballot->fail_age_ms;
        if (ballot->good_age_ms < newest_good && ballot->good_age_ms >= ballot->fail_age_ms)
            newest_good = ballot->good_age_ms;
    }
    state->fail_since_ms =
        r->shared->time_ms - failing_age(fails, n, r->entry->verdict.need, disputed_ms);
    state->good_before_ms = newest_good == AGE_NEVER ? UTC_NONE : r->shared->time_ms - newest_good;
    if (state->good_before_ms != UTC_NONE && state->good_before_ms > state->fail_since_ms)
        state->good_before_ms = state->fail_since_ms;
}

/* End of an outage: the first good observation in the set that confirmed the recovery,
 * with the newest failing one before it. Observers that never failed it in this outage
 * have nothing to say of its end. */
static void recovery_edges(struct recorder *r, int64_t fail_since_ms)
{
    int64_t now = r->shared->time_ms;
    int i;

    for (i = 0; i < r->entry->verdict.n_ballots; i++) {
        const struct ballot *ballot = &r->entry->verdict.ballots[i];

        if (ballot->opinion != OPINION_UP || ballot->fail_age_ms == AGE_NEVER ||
            ballot->good_age_ms > ballot->fail_age_ms || now - ballot->fail_age_ms < fail_since_ms)
            continue;
        if (r->first_good_ms == UTC_NONE || now - ballot->good_age_ms < r->first_good_ms)
            r->first_good_ms = now - ballot->good_age_ms;
    }
    for (i = 0; i < r->entry->verdict.n_ballots; i++) {
        const struct ballot *ballot = &r->entry->verdict.ballots[i];
        int64_t fail = now - ballot->fail_age_ms;

        if (ballot->fail_age_ms != AGE_NEVER && r->first_good_ms != UTC_NONE &&
            fail <= r->first_good_ms && fail > r->last_fail_ms)
            r->last_fail_ms = fail;
    }
}

static void apply_verdict(struct recorder *r)
{
    const struct entry *entry = r->entry;
    struct check_state *state;
    enum verdict was;

    if (entry->verdict.check >= r->shared->model->n_checks)
        return;
    state = &r->shared->checks[entry->verdict.check];
    was = state->verdict;
    if (state->verdict == entry->verdict.verdict)
        return;
    if (state->verdict == VERDICT_DOWN)
        recovery_edges(r, state->fail_since_ms);
    state->fail_since_ms = UTC_NONE;
    state->good_before_ms = UTC_NONE;
    if (entry->verdict.verdict == VERDICT_DOWN)
        failure_edges(r, state);
    state->verdict = entry->verdict.verdict;
    state->since_ms = r->shared->time_ms;
    state->index = r->index;
    record_verdict(r, was, state);
}

static void apply_node(struct recorder *r)
{
    struct node_state *node;

    if (r->entry->node.server < 0 || r->entry->node.server >= r->shared->model->n_coordinators)
        return;
    node = &r->shared->nodes[r->entry->node.server];
    if (r->entry->kind == ENTRY_MEMBER) {
        node->raft_id = r->entry->node.raft_id;
        record_member(r);
        return;
    }
    if (node->silent == r->entry->node.silent)
        return;
    node->silent = r->entry->node.silent;
    node->since_ms = r->shared->time_ms;
    record_node(r);
}

static void apply_coverage(struct recorder *r)
{
    struct check_state *state;

    if (r->entry->coverage.check < 0 || r->entry->coverage.check >= r->shared->model->n_checks)
        return;
    state = &r->shared->checks[r->entry->coverage.check];
    if (state->hole == r->entry->coverage.hole)
        return;
    state->hole = r->entry->coverage.hole;
    record_coverage(r);
}

static void apply_features(struct recorder *r)
{
    uint32_t was = r->shared->level;

    if (r->entry->features.level <= was)
        return;
    r->shared->level = r->entry->features.level;
    record_features(r, was);
    if ((was < FEATURE_REPORT && r->shared->level >= FEATURE_REPORT) ||
        (was < FEATURE_NOTICE && r->shared->level >= FEATURE_NOTICE &&
         r->shared->model->status_page.given))
        record_contract(r);
    if (was < FEATURE_NOTICE && r->shared->level >= FEATURE_NOTICE)
        notices_enabled(r->shared);
}

static void apply_one(struct recorder *r)
{
    switch (r->entry->kind) {
    case ENTRY_VERDICT:
        apply_verdict(r);
        break;
    case ENTRY_INTENT:
        apply_intent(r);
        break;
    case ENTRY_ACT:
        apply_act(r);
        break;
    case ENTRY_OUTCOME:
    case ENTRY_REASSERTED:
        apply_outcome(r);
        break;
    case ENTRY_VERIFIED:
        apply_verified(r);
        break;
    case ENTRY_REFUSED:
        apply_refused(r);
        break;
    case ENTRY_WINDOW:
        apply_window(r);
        break;
    case ENTRY_COVERAGE:
        apply_coverage(r);
        break;
    case ENTRY_HOLDING:
        apply_holding(r);
        break;
    case ENTRY_NODE:
    case ENTRY_MEMBER:
        apply_node(r);
        break;
    case ENTRY_SECURITY:
        record_security(r);
        break;
    case ENTRY_PAUSE:
        apply_pause(r);
        break;
    case ENTRY_DRAIN:
        apply_drain(r);
        break;
    case ENTRY_HANDOVER:
        apply_handover(r);
        break;
    case ENTRY_FEATURES:
        apply_features(r);
        break;
    case ENTRY_CLOCK:
        record_clock(r);
        break;
    case ENTRY_INCIDENT:
        apply_incident(r);
        break;
    case ENTRY_JOURNAL:
        apply_journal(r);
        break;
    case ENTRY_ACKNOWLEDGED:
        apply_acknowledged(r);
        break;
    case ENTRY_POST:
        apply_post(r);
        break;
    case ENTRY_NOTICE:
        apply_notice(r);
        break;
    case ENTRY_TROUBLE:
        apply_trouble(r);
        break;
    case ENTRY_CONFIG:
    case ENTRY_LEADER:
        break; /* applied before: they need no index into a configuration */
    }
}

/* What a command asks for happens once, however often it was proposed: to one leader,
 * and again to the next because the first one's answer was lost. */
static bool answered_before(const struct recorder *r)
{
    return shared_command(r->shared, &r->entry->id) != NULL;
}

void shared_apply(struct shared *shared, uint64_t index, struct entry *entry, ledger_emit *emit,
                  void *context)
{
    struct recorder r = {.shared = shared,
                         .entry = entry,
                         .index = index,
                         .emit = emit,
                         .context = context,
                         .first_good_ms = UTC_NONE,
                         .last_fail_ms = UTC_NONE};

    shared->index = index;
    shared->term = entry->term;
    if (entry->time_ms > shared->time_ms)
        shared->time_ms = entry->time_ms;
    if (entry->kind == ENTRY_CONFIG)
        apply_config(&r, entry);
    else if (entry->kind == ENTRY_LEADER)
        apply_leader(&r); /* whatever configuration it was made under */
    else if (shared->model == NULL || answered_before(&r))
        return;
    else if (entry->config_version == shared->model->version)
        apply_one(&r);
    else {
        operator_refused(&r, NULL, "the configuration changed meanwhile: look again");
        return; /* its indices mean nothing here */
    }
    if (shared->model != NULL) {
        account_functions(&r);
        notices_settle(shared);
    }
}
