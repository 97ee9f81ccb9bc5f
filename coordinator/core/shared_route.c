/* Entries of the route machine: intent -> (act) -> outcomes -> verified. */
#include "base/check.h"
#include "base/utc.h"
#include "core/failover/rules.h"
#include "core/shared_apply.h"

#include <string.h>

static void note_automatic(struct route_state *state, int64_t utc_ms)
{
    memmove(state->automatic_ms + 1, state->automatic_ms,
            sizeof state->automatic_ms - sizeof state->automatic_ms[0]);
    state->automatic_ms[0] = utc_ms;
}

/* An operator took it in hand: what moved by itself before does not count any more. */
static void begin_counting_anew(struct route_state *state)
{
    size_t i;

    state->held = false;
    for (i = 0; i < ARRAY_LEN(state->automatic_ms); i++)
        state->automatic_ms[i] = UTC_NONE;
}

/* The operator's command that the move under way answers ends with `result`. */
static void end_command(struct recorder *r, struct route_state *state, enum command_result result,
                        const char *text)
{
    static const struct command_id none;
    struct entry answered = {.id = state->command};

    shared_remember(r->shared, &answered, r->index, result, text);
    state->command = none;
}

/* A coordinator that is being stopped names itself, and is no operator. */
static bool is_leave(const struct entry *e)
{
    const struct rule *rule = rules_by_number(e->intent.rule);

    return rule != NULL && rule->action == ACTION_LEAVE;
}

static bool is_asked(const struct entry *e)
{
    return e->who[0] != '\0' && !is_leave(e);
}

/* Nobody asked for it, and an operator has said that such moves are off. */
static bool kept_off(const struct shared *shared, const struct entry *e)
{
    return !is_asked(e) && shared_paused(shared, e->intent.route, shared->time_ms);
}

/* Read again at commit what the rule went by: verdicts and pauses may have been committed
 * between. */
static bool still_right(const struct shared *shared, const struct entry *e)
{
    const struct rule *rule = rules_by_number(e->intent.rule);

    if (e->intent.forced || e->intent.to == shared->routes[e->intent.route].now.candidate)
        return true;
    if (kept_off(shared, e))
        return false;
    if (!shared_candidate_ready(shared, e->intent.route, e->intent.to))
        return false;
    if (rule != NULL && rule->action == ACTION_FOLLOW)
        return shared_follow_to(shared, e->intent.route) == e->intent.to;
    return rule == NULL || rule->action != ACTION_MOVE ||
           shared_candidate_failed(shared, e->intent.route, e->intent.from);
}

static bool members_fit(const struct candidate *candidate, server_set members)
{
    int i;

    if (members == 0)
        return false;
    for (i = 0; i < candidate->n_members; i++)
        members &= ~server_bit(candidate->members[i]);
    return members == 0;
}

/* An intent is good only on top of exactly the placement it was made for: two that
 * were proposed for the same situation cannot both count. */
static bool intent_fits(const struct recorder *r)
{
    const struct entry *e = r->entry;
    const struct route *route;
    const struct route_state *state;

    if (e->intent.route < 0 || e->intent.route >= r->shared->model->n_routes)
        return false;
    route = &r->shared->model->routes[e->intent.route];
    state = &r->shared->routes[e->intent.route];
    if (e->intent.to < 0 || e->intent.to >= route->n_candidates ||
        e->intent.from != state->now.candidate ||
        !members_fit(&route->candidates[e->intent.to], e->intent.members) ||
        !still_right(r->shared, e))
        return false;
    if (e->intent.rule == RULE_RENUMBERED)
        return e->intent.to == state->now.candidate && e->intent.epoch > state->now.epoch &&
               e->intent.step == 0;
    if (e->intent.to == state->now.candidate)
        return e->intent.epoch == state->now.epoch && e->intent.step == state->now.step + 1;
    return e->intent.epoch == state->now.epoch + 1 && e->intent.step == 0;
}

/* Who is left by a planned move may finish; after any other there is nothing to finish. And
 * whom an operator drains, until that ends. */
static server_set draining(const struct recorder *r, const struct route_state *state, bool move)
{
    const struct entry *e = r->entry;
    server_set left = move ? state->now.members : state->now.draining;

    if (r->shared->time_ms >= state->grace_until_ms)
        left = 0;
    return (left | shared_candidate_drained(r->shared, e->intent.route, e->intent.to)) &
           ~e->intent.members;
}

/* Moves that a route makes because another one did are counted there, and those of a
 * coordinator that is being stopped say nothing of its health. */
static bool counts(const struct entry *e)
{
    const struct rule *rule = rules_by_number(e->intent.rule);

    return rule == NULL || (rule->action != ACTION_FOLLOW && rule->action != ACTION_LEAVE);
}

static const char *route_name(const struct recorder *r)
{
    const struct model *model = r->shared->model;
    int route = r->entry->intent.route;

    return route >= 0 && route < model->n_routes ? model->routes[route].name : NULL;
}

void apply_intent(struct recorder *r)
{
    const struct entry *e = r->entry;
    struct route_state *state;
    bool move, exclusive;
    server_set left;

    if (!intent_fits(r)) {
        operator_refused(r, route_name(r),
                         "the situation changed before it was committed: look again");
        return;
    }
    state = &r->shared->routes[e->intent.route];
    exclusive = r->shared->model->routes[e->intent.route].kind == ROUTE_EXCLUSIVE;
    move = e->intent.to != state->now.candidate;
    if (move) {
        end_command(r, state, COMMAND_REFUSED, "a newer move took its place");
        state->previous = state->now.candidate;
        state->moved_ms = UTC_NONE;
        state->command = e->id;
        state->planned = e->intent.planned;
        memcpy(state->who, e->who, sizeof state->who);
        if (is_asked(e))
            begin_counting_anew(state);
        else if (counts(e))
            note_automatic(state, r->shared->time_ms);
        state->grace_until_ms =
            r->shared->time_ms +
            (e->intent.planned ? r->shared->model->routes[e->intent.route].grace_ms : 0);
        state->intent_index = r->index;
        state->intent_ms = r->shared->time_ms;
        state->rule = e->intent.rule;
    }
    left = state->now.members;
    state->now = (struct placement){.epoch = e->intent.epoch,
                                    .step = e->intent.step,
                                    .candidate = e->intent.to,
                                    .members = e->intent.members,
                                    .draining = draining(r, state, move)};
    state->done = 0;
    if (move)
        state->disputed = false;
    if (move)
        state->lapsed = 0; /* who comes next has not been seen to hold, nor not to */
    if (move)
        state->phase = exclusive ? ROUTE_WAITING : ROUTE_ACTING;
    else if (state->phase == ROUTE_SERVING)
        state->phase = ROUTE_ACTING;
    shared_remember(r->shared, e, r->index, COMMAND_PENDING, "under way");
    record_intent(r, left, move);
    /* Who forces it there against the verdicts knows better: nothing takes it back. */
    if (move && e->intent.forced &&
        !shared_candidate_ready(r->shared, e->intent.route, e->intent.to)) {
        state->held = true;
        record_standing(r, "held");
    }
}

/* The state of the route that an outcome-like entry speaks of, NULL when it speaks
 * of a placement that is over. */
static struct route_state *current(const struct recorder *r)
{
    struct route_state *state;

    if (r->entry->outcome.route < 0 || r->entry->outcome.route >= r->shared->model->n_routes)
        return NULL;
    state = &r->shared->routes[r->entry->outcome.route];
    if (r->entry->outcome.epoch != state->now.epoch || r->entry->outcome.step != state->now.step)
        return NULL;
    return state;
}

void apply_act(struct recorder *r)
{
    struct route_state *state = current(r);

    if (state == NULL || state->phase != ROUTE_WAITING)
        return;
    state->phase = ROUTE_ACTING;
    record_act(r);
}

void apply_outcome(struct recorder *r)
{
    struct route_state *state = current(r);

    if (state == NULL || r->entry->outcome.actuator < 0 ||
        r->entry->outcome.actuator >= r->shared->model->routes[r->entry->outcome.route].n_actuators)
        return;
    if (r->entry->kind == ENTRY_REASSERTED) {
        record_outcome(r, "reasserted");
        return;
    }
    if (r->entry->outcome.ok)
        state->done |= 1u << r->entry->outcome.actuator;
    record_outcome(r, "outcome");
}

void apply_verified(struct recorder *r)
{
    struct route_state *state = current(r);
    const struct route *route;
    bool move;

    if (state == NULL || state->phase != ROUTE_ACTING)
        return;
    route = &r->shared->model->routes[r->entry->outcome.route];
    if ((model_required(route, route->n_actuators) & ~state->done) != 0)
        return;
    move = state->moved_ms == UTC_NONE;
    state->phase = ROUTE_SERVING;
    record_verified(r, move ? r->shared->time_ms - state->intent_ms : 0,
                    move && state->previous >= 0);
    if (move)
        state->moved_ms = r->shared->time_ms;
    end_command(r, state, COMMAND_DONE, "verified");
}

void apply_holding(struct recorder *r)
{
    const struct entry *e = r->entry;
    server_set member = server_bit(e->holding.server);
    struct route_state *state;

    if (e->holding.route >= r->shared->model->n_routes)
        return;
    state = &r->shared->routes[e->holding.route];
    if (e->holding.epoch != state->now.epoch || !(state->now.members & member) ||
        e->holding.holds == !(state->lapsed & member))
        return;
    if (e->holding.holds) {
        state->lapsed &= ~member;
    } else {
        if (state->lapsed == 0) {
            state->lapsed_ms = r->shared->time_ms - e->holding.since_ms;
            state->lapsed_index = r->index;
        }
        state->lapsed |= member;
    }
    record_holding(r);
}

void apply_refused(struct recorder *r)
{
    const struct rule *rule = rules_by_number(r->entry->intent.rule);
    struct route_state *state;
    bool same;

    if (r->entry->intent.route < 0 || r->entry->intent.route >= r->shared->model->n_routes)
        return;
    state = &r->shared->routes[r->entry->intent.route];
    same = r->entry->intent.epoch == state->now.epoch && r->entry->intent.step == state->now.step;
    switch (rule != NULL ? rule->action : ACTION_REFUSE) {
    case ACTION_BLOCK: /* never out of waiting: only an act ends that */
        if (same && (state->phase == ROUTE_SERVING || state->phase == ROUTE_ACTING)) {
            state->phase = ROUTE_BLOCKED;
            record_standing(r, "blocked");
        }
        break;
    case ACTION_UNBLOCK:
        if (same && state->phase == ROUTE_BLOCKED) {
            state->phase = ROUTE_ACTING;
            state->done = 0;
            record_standing(r, "unblocked");
        }
        break;
    case ACTION_HOLD:
        if (!state->held) {
            state->held = true;
            record_standing(r, "held");
        }
        break;
    case ACTION_DISPUTE:
        if (same && !state->disputed) {
            state->disputed = true;
            record_standing(r, "callers-served");
        }
        break;
    default:
        shared_remember(r->shared, r->entry, r->index, COMMAND_REFUSED, r->entry->reason);
        record_refused(r);
        break;
    }
}
