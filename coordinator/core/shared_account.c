/* Which functions are down, since when: outages and unmonitored time begin and end
 * here, as consequences of the entry just applied. */
#include "base/mem.h"
#include "base/utc.h"
#include "core/failover/rules.h"
#include "core/feature.h"
#include "core/shared_apply.h"

#include <stdlib.h>
#include <string.h>

/* The oldest one that is over makes room, the oldest of all when none is. */
static void forget_window(struct shared *shared)
{
    int i = 0;

    while (i < shared->n_windows && shared->windows[i].finished_ms == UTC_NONE &&
           shared->windows[i].end_ms > shared->time_ms)
        i++;
    if (i == shared->n_windows)
        i = 0;
    memmove(shared->windows + i, shared->windows + i + 1,
            (size_t)(shared->n_windows - i - 1) * sizeof shared->windows[0]);
    shared->n_windows--;
}

static void add_window(struct recorder *r)
{
    struct shared *shared = r->shared;
    const struct entry *e = r->entry;
    struct window_state *window;

    if (shared->n_windows == LIMIT_WINDOWS)
        forget_window(shared);
    shared->windows =
        mem_realloc(shared->windows, (size_t)shared->n_windows + 1, sizeof shared->windows[0]);
    window = &shared->windows[shared->n_windows++];
    *window = (struct window_state){.id = r->index,
                                    .emergency = e->window.emergency,
                                    .short_notice = e->window.short_notice,
                                    .announced_ms = shared->time_ms,
                                    .start_ms = e->window.start_ms,
                                    .end_ms = e->window.end_ms,
                                    .finished_ms = UTC_NONE};
    memcpy(window->functions, e->window.functions, sizeof window->functions);
    memcpy(window->who, e->who, sizeof window->who);
    memcpy(window->reason, e->reason, sizeof window->reason);
    record_window(r, window, "added");
    shared_remember(shared, e, r->index, COMMAND_DONE, "added");
}

static void end_window(struct recorder *r, struct window_state *window)
{
    if (window->end_ms <= r->shared->time_ms) {
        operator_refused(r, "window", "window %llu is over already",
                         (unsigned long long)window->id);
        return;
    }
    window->finished_ms = r->shared->time_ms;
    record_window(r, window, "ended");
    shared_remember(r->shared, r->entry, r->index, COMMAND_DONE, "ended");
}

/* What is added to it is announced now: the line has an announcement and bounds of its own. */
static void extend_window(struct recorder *r, struct window_state *window)
{
    struct window_state more = *window;

    if (window->end_ms <= r->shared->time_ms) {
        operator_refused(r, "window", "window %llu is over: add a new one",
                         (unsigned long long)window->id);
        return;
    }
    if (r->entry->window.end_ms <= window->end_ms) {
        operator_refused(r, "window", "window %llu would not end later than it does",
                         (unsigned long long)window->id);
        return;
    }
    more.announced_ms = r->shared->time_ms;
    more.start_ms = window->end_ms;
    more.end_ms = r->entry->window.end_ms;
    more.short_notice = r->entry->window.short_notice;
    record_window(r, &more, "extended");
    window->end_ms = more.end_ms;
    window->short_notice = window->short_notice || more.short_notice;
    shared_remember(r->shared, r->entry, r->index, COMMAND_DONE, "extended");
}

void apply_window(struct recorder *r)
{
    struct shared *shared = r->shared;
    const struct entry *e = r->entry;
    int i;

    if (e->window.refused) {
        operator_refused(r, "window", "%s", e->reason);
        return;
    }
    if (!e->window.end && !e->window.extend) {
        add_window(r);
        return;
    }
    for (i = 0; i < shared->n_windows; i++) {
        struct window_state *window = &shared->windows[i];

        if (window->id != e->window.window || window->finished_ms != UTC_NONE)
            continue;
        if (e->window.end)
            end_window(r, window);
        else
            extend_window(r, window);
        return;
    }
    operator_refused(r, "window", "no window %llu, or it has ended already",
                     (unsigned long long)e->window.window);
}

/* Where an outage begins. */
struct edge {
    int64_t start_ms, last_good_ms;
    uint64_t evidence; /* index of the entry that says so */
};

static int by_start(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;

    return (x->start_ms > y->start_ms) - (x->start_ms < y->start_ms);
}

static struct edge edge_of(const struct check_state *state)
{
    return (struct edge){.start_ms = state->fail_since_ms,
                         .last_good_ms = state->good_before_ms,
                         .evidence = state->index};
}

/* Of `n` parts that failed, the one whose failure was one too many: `spare` could. */
static struct edge one_too_many(struct edge *edges, int n, int spare)
{
    qsort(edges, (size_t)n, sizeof edges[0], by_start);
    return edges[spare < n ? spare : n - 1];
}

/* Of the check of a server that failed first; false when none did. */
static bool member_edge(const struct shared *shared, int server, struct edge *edge)
{
    bool any = false;
    int i;

    for (i = model_next_check(shared->model, server, -1); i >= 0;
         i = model_next_check(shared->model, server, i)) {
        const struct check_state *state = &shared->checks[i];

        if (state->verdict != VERDICT_DOWN || (any && state->fail_since_ms >= edge->start_ms))
            continue;
        *edge = edge_of(state);
        any = true;
    }
    return any;
}

/* Since it did not hold the route, or since a check of it failed, if that was before. */
static struct edge lapse_edge(const struct shared *shared, int server,
                              const struct route_state *state)
{
    struct edge edge, lapse = {.start_ms = state->lapsed_ms,
                               .last_good_ms = state->lapsed_ms,
                               .evidence = state->lapsed_index};

    return member_edge(shared, server, &edge) && edge.start_ms < lapse.start_ms ? edge : lapse;
}

/* After a move that was not planned: until the new placement is verified. */
bool route_moving(const struct route_state *state)
{
    return (state->phase == ROUTE_WAITING || state->phase == ROUTE_ACTING) &&
           state->previous >= 0 && !state->planned && state->moved_ms == UTC_NONE;
}

/* The check of the way that its callers take, when they are asked before it is called down. */
static const struct check_state *callers_of(const struct shared *shared, int route)
{
    int check = shared->model->routes[route].callers;

    return shared->routes[route].disputed && check >= 0 ? &shared->checks[check] : NULL;
}

/* Down while the active candidate holds less than its least, since the failure that was
 * one too many (the others may be older: it served without them). */
static bool route_down(const struct shared *shared, int route, struct edge *edge)
{
    const struct route_state *state = &shared->routes[route];
    const struct candidate *c = &shared->model->routes[route].candidates[state->now.candidate];
    const struct check_state *callers = callers_of(shared, route);
    struct edge edges[LIMIT_SERVERS];
    int m, n = 0, spare = c->n_members - c->least;

    *edge = (struct edge){
        .start_ms = state->intent_ms, .last_good_ms = UTC_NONE, .evidence = state->intent_index};
    if (!shared_candidate_failed(shared, route, state->now.candidate))
        return route_moving(state);
    if (callers != NULL && callers->verdict != VERDICT_DOWN)
        return route_moving(state);
    if (callers != NULL) {
        *edge = edge_of(callers);
        return true;
    }
    for (m = 0; m < c->n_members; m++) {
        if (shared_drained(shared, c->members[m]))
            spare--;
        else if (state->lapsed & server_bit(c->members[m]))
            edges[n++] = lapse_edge(shared, c->members[m], state);
        else
            n += member_edge(shared, c->members[m], &edges[n]);
    }
    if (n > 0)
        *edge = one_too_many(edges, n, spare > 0 ? spare : 0);
    /* It did not serve before it was placed. */
    if (state->previous >= 0 && edge->start_ms < state->intent_ms)
        edge->start_ms = state->intent_ms;
    return true;
}

int function_spare(const struct function *f)
{
    return f->need == NEED_ALL ? 0 : f->need == NEED_ANY ? f->n_checks - 1 : f->n_checks - f->least;
}

static bool checks_down(const struct shared *shared, const struct function *f, struct edge *edge)
{
    struct edge *edges;
    int i, n = 0;

    for (i = 0; i < f->n_checks; i++)
        n += shared->checks[f->checks[i]].verdict == VERDICT_DOWN;
    if (n == 0 || n <= function_spare(f))
        return false;
    edges = mem_zalloc((size_t)n, sizeof *edges);
    for (i = n = 0; i < f->n_checks; i++)
        if (shared->checks[f->checks[i]].verdict == VERDICT_DOWN)
            edges[n++] = edge_of(&shared->checks[f->checks[i]]);
    *edge = one_too_many(edges, n, function_spare(f));
    mem_free(edges);
    return true;
}

static void open_outage(struct recorder *r, int function, const struct edge *edge)
{
    struct function_state *state = &r->shared->functions[function];

    state->down = true;
    /* What was down already becomes an outage by being placed or configured, not before. */
    state->start_ms = r->entry->kind == ENTRY_VERDICT || r->entry->kind == ENTRY_HOLDING
                          ? edge->start_ms
                          : r->shared->time_ms;
    state->last_good_ms = edge->last_good_ms;
    if (state->last_good_ms == UTC_NONE || state->last_good_ms > state->start_ms)
        state->last_good_ms = state->start_ms;
    state->outage = record_outage_open(r, function, state, edge->evidence) + 1;
}

/* Programs that do not know it keep none: all must keep the same. */
static void is_over(struct recorder *r, struct function_state *state, int64_t end_ms)
{
    if (r->shared->level >= FEATURE_REPORT)
        state->last =
            (struct last_outage){state->outage, state->start_ms, state->last_good_ms, end_ms};
    state->down = false;
    state->outage = 0;
}

static bool begins_dispute(const struct recorder *r, int route)
{
    return r->entry->kind == ENTRY_REFUSED && r->entry->intent.rule == RULE_DISPUTED &&
           r->entry->intent.route == route;
}

/* Callers are served, so the outage is none. Unless it is older than their service: it began
 * under another placement, or their check was down as well; then it ends where that begins. */
static void dispute_outage(struct recorder *r, int function)
{
    struct function_state *state = &r->shared->functions[function];
    const struct route_state *route =
        &r->shared->routes[r->shared->model->functions[function].route];
    int callers = r->shared->model->routes[r->entry->intent.route].callers;
    int64_t served_ms = callers >= 0 ? r->shared->checks[callers].since_ms : UTC_NONE;

    if (route->previous >= 0 && route->intent_ms > state->start_ms && route->moved_ms > served_ms)
        served_ms = route->moved_ms;
    if (served_ms > state->start_ms)
        record_outage_close(r, function, state, served_ms, served_ms);
    else
        record_outage_disputed(r, function, state);
    is_over(r, state, served_ms > state->start_ms ? served_ms : state->start_ms);
}

/* The first good observation, and the newest failing one before it: what the recovery's
 * ballots say; for a move its verification and its intent. */
static void close_outage(struct recorder *r, int function)
{
    struct function_state *state = &r->shared->functions[function];
    int64_t end = r->shared->time_ms, fail = state->start_ms;
    int route = r->shared->model->functions[function].route;

    if (r->first_good_ms != UTC_NONE) {
        end = r->first_good_ms;
        fail = r->last_fail_ms;
    } else if (r->entry->kind == ENTRY_VERIFIED && r->entry->outcome.route == route) {
        fail = r->shared->routes[route].intent_ms;
    }
    if (end < state->start_ms)
        end = state->start_ms;
    if (fail == UTC_NONE || fail < state->start_ms)
        fail = state->start_ms;
    record_outage_close(r, function, state, end, fail < end ? fail : end);
    is_over(r, state, end);
}

static void account_outage(struct recorder *r, int function)
{
    const struct function *f = &r->shared->model->functions[function];
    struct function_state *state = &r->shared->functions[function];
    struct edge by_route, by_checks;
    bool route = f->route >= 0 && route_down(r->shared, f->route, &by_route);
    bool checks = checks_down(r->shared, f, &by_checks);

    if (!route && !checks) {
        if (state->down && begins_dispute(r, f->route))
            dispute_outage(r, function);
        else if (state->down)
            close_outage(r, function);
    } else if (!state->down) {
        bool first = !checks || (route && by_route.start_ms <= by_checks.start_ms);

        open_outage(r, function, first ? &by_route : &by_checks);
    }
}

static bool has_hole(const struct shared *shared, int function)
{
    const struct function *f = &shared->model->functions[function];
    int i, m;

    for (i = 0; i < f->n_checks; i++)
        if (shared->checks[f->checks[i]].hole)
            return true;
    if (f->route >= 0) {
        const struct candidate *c =
            &shared->model->routes[f->route].candidates[shared->routes[f->route].now.candidate];
        const struct check_state *callers = callers_of(shared, f->route);

        if (callers != NULL && callers->hole) /* it alone tells of downtime now */
            return true;
        for (m = 0; m < c->n_members; m++)
            for (i = model_next_check(shared->model, c->members[m], -1); i >= 0;
                 i = model_next_check(shared->model, c->members[m], i))
                if (shared->checks[i].hole)
                    return true;
    }
    return false;
}

static void account_unmonitored(struct recorder *r, int function)
{
    struct function_state *state = &r->shared->functions[function];
    bool hole = has_hole(r->shared, function);

    if (hole && state->unmonitored == 0) {
        state->unmonitored_ms = r->shared->time_ms;
        state->unmonitored = record_unmonitored_open(r, function) + 1;
    } else if (!hole && state->unmonitored != 0) {
        record_unmonitored_close(r, function, state->unmonitored - 1, state->unmonitored_ms,
                                 r->shared->time_ms);
        state->unmonitored = 0;
    }
}

/* Only these kinds can change what a function's state follows from. */
static bool matters(enum entry_kind kind)
{
    return kind == ENTRY_VERDICT || kind == ENTRY_INTENT || kind == ENTRY_ACT ||
           kind == ENTRY_VERIFIED || kind == ENTRY_COVERAGE || kind == ENTRY_CONFIG ||
           kind == ENTRY_REFUSED || kind == ENTRY_DRAIN || kind == ENTRY_HOLDING;
}

/* Does the function hang on this check? With ten thousand checks most do not. */
static bool hangs_on(const struct shared *shared, const struct function *f, int check)
{
    int i;

    if (f->route >= 0 &&
        candidate_has(
            &shared->model->routes[f->route].candidates[shared->routes[f->route].now.candidate],
            shared->model->checks[check].target))
        return true;
    for (i = 0; i < f->n_checks; i++)
        if (f->checks[i] == check)
            return true;
    return f->route >= 0 && shared->model->routes[f->route].callers == check;
}

/* The one check that the entry speaks of; -1: it may touch any function. */
static int check_of(const struct entry *entry)
{
    return entry->kind == ENTRY_VERDICT    ? entry->verdict.check
           : entry->kind == ENTRY_COVERAGE ? entry->coverage.check
                                           : -1;
}

/* Its candidate is fit again, or a new configuration asks no callers. */
static void end_disputes(struct shared *shared)
{
    int i;

    for (i = 0; i < shared->model->n_routes; i++)
        if (shared->model->routes[i].callers < 0 ||
            !shared_candidate_failed(shared, i, shared->routes[i].now.candidate))
            shared->routes[i].disputed = false;
}

void account_functions(struct recorder *r)
{
    int i, check = check_of(r->entry);

    if (!matters(r->entry->kind) || check >= r->shared->model->n_checks)
        return;
    end_disputes(r->shared);
    for (i = 0; i < r->shared->model->n_functions; i++) {
        if (check >= 0 && !hangs_on(r->shared, &r->shared->model->functions[i], check))
            continue;
        account_outage(r, i);
        account_unmonitored(r, i);
    }
}
