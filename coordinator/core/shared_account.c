/* Which functions are down, since when: outages and unmonitored time begin and end
 * here, as consequences of the entry just applied. */
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/shared_apply.h"

#include <string.h>

static void add_window(struct recorder *r)
{
    struct shared *shared = r->shared;
    const struct entry *e = r->entry;
    struct window_state *window;

    if (shared->n_windows == LIMIT_WINDOWS) {
        memmove(shared->windows, shared->windows + 1,
                (LIMIT_WINDOWS - 1) * sizeof shared->windows[0]);
        shared->n_windows--;
    }
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
    record_window(r, window, false);
    shared_remember(shared, e, r->index, COMMAND_DONE, "added");
}

void apply_window(struct recorder *r)
{
    struct shared *shared = r->shared;
    int i;

    if (!r->entry->window.end) {
        add_window(r);
        return;
    }
    for (i = 0; i < shared->n_windows; i++) {
        struct window_state *window = &shared->windows[i];

        if (window->id != r->entry->window.window || window->finished_ms != UTC_NONE)
            continue;
        window->finished_ms = shared->time_ms;
        record_window(r, window, true);
        shared_remember(shared, r->entry, r->index, COMMAND_DONE, "ended");
        return;
    }
    shared_remember(shared, r->entry, r->index, COMMAND_REFUSED,
                    "no such window, or it has ended already");
}

/* The edges of what makes a function down now. */
struct cause {
    bool down;
    int64_t start_ms, last_good_ms;
    uint64_t evidence;
};

static void add_check(const struct shared *shared, int check, struct cause *cause)
{
    const struct check_state *state = &shared->checks[check];

    if (state->verdict != VERDICT_DOWN)
        return;
    if (state->fail_since_ms < cause->start_ms) {
        cause->start_ms = state->fail_since_ms;
        cause->evidence = state->index;
    }
    if (state->good_before_ms != UTC_NONE &&
        (cause->last_good_ms == UTC_NONE || state->good_before_ms < cause->last_good_ms))
        cause->last_good_ms = state->good_before_ms;
}

/* Down while the active candidate holds less than its least, and, after a move that
 * was not planned, until the new placement is verified. */
static void route_cause(const struct shared *shared, int route, struct cause *cause)
{
    const struct route_state *state = &shared->routes[route];
    const struct candidate *c = &shared->model->routes[route].candidates[state->now.candidate];
    bool moving = (state->phase == ROUTE_WAITING || state->phase == ROUTE_ACTING) &&
                  state->previous >= 0 && !state->planned && state->moved_ms < state->intent_ms;
    int i, m;

    if (!moving && !shared_candidate_failed(shared, route, state->now.candidate))
        return;
    cause->down = true;
    for (m = 0; m < c->n_members; m++)
        for (i = 0; i < shared->model->n_checks; i++)
            if (shared->model->checks[i].target == c->members[m])
                add_check(shared, i, cause);
}

static void checks_cause(const struct shared *shared, const struct function *f, struct cause *cause)
{
    int i, failed = 0, good;

    for (i = 0; i < f->n_checks; i++)
        if (shared->checks[f->checks[i]].verdict == VERDICT_DOWN)
            failed++;
    good = f->n_checks - failed;
    if (f->n_checks == 0 || (f->need == NEED_ALL && failed == 0) ||
        (f->need == NEED_ANY && good > 0) || (f->need == NEED_LEAST && good >= f->least))
        return;
    cause->down = true;
    for (i = 0; i < f->n_checks; i++)
        add_check(shared, f->checks[i], cause);
}

static void open_outage(struct recorder *r, int function, const struct cause *cause)
{
    struct function_state *state = &r->shared->functions[function];

    state->down = true;
    state->start_ms = cause->start_ms == INT64_MAX ? r->shared->time_ms : cause->start_ms;
    state->last_good_ms = cause->last_good_ms;
    if (state->last_good_ms == UTC_NONE || state->last_good_ms > state->start_ms)
        state->last_good_ms = state->start_ms;
    state->outage = record_outage_open(r, function, state, cause->evidence) + 1;
}

/* The first good observation, and the newest failing one before it: what the recovery's
 * ballots say; for a move its verification and its intent. */
static void close_outage(struct recorder *r, int function)
{
    struct function_state *state = &r->shared->functions[function];
    int64_t end = r->shared->time_ms, fail = state->start_ms;

    if (r->first_good_ms != UTC_NONE) {
        end = r->first_good_ms;
        fail = r->last_fail_ms;
    } else if (r->entry->kind == ENTRY_VERIFIED) {
        fail = r->shared->routes[r->entry->outcome.route].intent_ms;
    }
    if (end < state->start_ms)
        end = state->start_ms;
    if (fail == UTC_NONE || fail < state->start_ms)
        fail = state->start_ms;
    record_outage_close(r, function, state, end, fail < end ? fail : end);
    state->down = false;
    state->outage = 0;
}

static void account_outage(struct recorder *r, int function)
{
    const struct function *f = &r->shared->model->functions[function];
    struct function_state *state = &r->shared->functions[function];
    struct cause cause = {.start_ms = INT64_MAX, .last_good_ms = UTC_NONE};

    if (f->route >= 0)
        route_cause(r->shared, f->route, &cause);
    checks_cause(r->shared, f, &cause);
    if (cause.down && !state->down) {
        open_outage(r, function, &cause);
    } else if (!cause.down && state->down) {
        close_outage(r, function);
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

        for (i = 0; i < shared->model->n_checks; i++)
            for (m = 0; m < c->n_members && shared->checks[i].hole; m++)
                if (shared->model->checks[i].target == c->members[m])
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
        record_unmonitored_close(r, function, state->unmonitored - 1, state->unmonitored_ms);
        state->unmonitored = 0;
    }
}

/* Only these kinds can change what a function's state follows from. */
static bool matters(enum entry_kind kind)
{
    return kind == ENTRY_VERDICT || kind == ENTRY_INTENT || kind == ENTRY_ACT ||
           kind == ENTRY_VERIFIED || kind == ENTRY_COVERAGE || kind == ENTRY_CONFIG ||
           kind == ENTRY_REFUSED;
}

void account_functions(struct recorder *r)
{
    int i;

    if (!matters(r->entry->kind))
        return;
    for (i = 0; i < r->shared->model->n_functions; i++) {
        account_outage(r, i);
        account_unmonitored(r, i);
    }
}
