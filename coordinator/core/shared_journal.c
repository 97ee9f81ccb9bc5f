/* The account of a time without a quorum: what the nodes' journals say of checks becomes outages
 * and unmonitored time of functions, beside those that verdicts began or ended since. */
#include "base/mem.h"
#include "base/utc.h"
#include "core/shared_apply.h"

#include <stdlib.h>

#define EDGES_MOST (2 * LIMIT_JOURNAL_SPANS + 2)

/* A function's downtime, or a time of which nobody could tell. */
struct stretch {
    int64_t start_ms, good_ms, end_ms, fail_ms;
};

/* What concerns one function. */
struct story {
    struct recorder *r;
    int function;
    const struct candidate *active; /* of its route, in that time; NULL: it has none */
    int n;
    const struct journal_span *spans[LIMIT_JOURNAL_SPANS];
    int n_now; /* those of the moment that is looked at */
    const struct journal_span *now[LIMIT_JOURNAL_SPANS];
    struct last_outage newest; /* as it was before */
    bool recovered; /* … from this, in the outage that is open, and was seen fine since */
    struct stretch before;
};

static bool in_candidate(const struct candidate *c, int server)
{
    int m;

    for (m = 0; c != NULL && m < c->n_members; m++)
        if (c->members[m] == server)
            return true;
    return false;
}

static const struct function *function_of(const struct story *story)
{
    return &story->r->shared->model->functions[story->function];
}

static bool needs(const struct story *story, int check)
{
    const struct model *model = story->r->shared->model;
    const struct function *f = function_of(story);
    int i;

    for (i = 0; i < f->n_checks; i++)
        if (f->checks[i] == check)
            return true;
    return f->route >= 0 && (in_candidate(story->active, model->checks[check].target) ||
                             model->routes[f->route].callers == check);
}

static bool concerns(const struct story *story, const struct journal_span *span)
{
    if (span->kind == SPAN_IDLE || span->kind == SPAN_UNTOLD)
        return span->route == function_of(story)->route &&
               in_candidate(story->active, span->server);
    return span->check < 0 || needs(story, span->check);
}

/* Nobody tells of what is still to come. */
static bool is_sane(const struct recorder *r, const struct journal_span *span)
{
    const struct model *model = r->shared->model;

    if (span->end_ms < span->start_ms || span->start_ms > r->entry->time_ms ||
        (span->end_ms != SPAN_GOES_ON && span->end_ms > r->entry->time_ms))
        return false;
    if (span->kind == SPAN_IDLE || span->kind == SPAN_UNTOLD)
        return span->route >= 0 && span->route < model->n_routes && span->server >= 0 &&
               span->server < model->n_servers;
    return span->check < model->n_checks && (span->check >= 0 || span->kind == SPAN_BLIND);
}

/* The candidate that served in that time: moves since then do not count. */
static const struct candidate *active_then(const struct recorder *r, int route)
{
    const struct route_state *state = &r->shared->routes[route];
    int candidate = state->intent_index > r->entry->journal.index && state->previous >= 0
                        ? state->previous
                        : state->now.candidate;

    return &r->shared->model->routes[route].candidates[candidate];
}

/* ---- at one moment ---- */

static bool is(const struct story *story, enum span_kind kind, int check)
{
    int i;

    for (i = 0; i < story->n_now; i++)
        if (story->now[i]->kind == kind &&
            (story->now[i]->check == check || story->now[i]->check < 0))
            return true;
    return false;
}

static bool holder_is(const struct story *story, enum span_kind kind, int server)
{
    int i;

    for (i = 0; i < story->n_now; i++)
        if (story->now[i]->kind == kind && story->now[i]->server == server)
            return true;
    return false;
}

enum told { TOLD_FINE, TOLD_DOWN, TOLD_NOTHING };

static enum told of_checks(const struct story *story)
{
    const struct function *f = function_of(story);
    bool blind = false;
    int i, down = 0;

    for (i = 0; i < f->n_checks; i++) {
        down += is(story, SPAN_DOWN, f->checks[i]);
        blind |= is(story, SPAN_BLIND, f->checks[i]);
    }
    if (down > 0 && down > function_spare(f))
        return TOLD_DOWN;
    return blind ? TOLD_NOTHING : TOLD_FINE;
}

static enum told of_member(const struct story *story, int server)
{
    const struct model *model = story->r->shared->model;
    bool blind = holder_is(story, SPAN_UNTOLD, server);
    int c;

    if (holder_is(story, SPAN_IDLE, server))
        return TOLD_DOWN;
    for (c = model_next_check(model, server, -1); c >= 0; c = model_next_check(model, server, c)) {
        if (is(story, SPAN_DOWN, c))
            return TOLD_DOWN;
        blind |= is(story, SPAN_BLIND, c);
    }
    return blind ? TOLD_NOTHING : TOLD_FINE;
}

/* As by verdicts: its callers' check, if it has one, must be down as well. */
static enum told of_route(const struct story *story)
{
    const struct shared *shared = story->r->shared;
    int callers = shared->model->routes[function_of(story)->route].callers;
    bool blind = callers >= 0 && is(story, SPAN_BLIND, callers);
    int m, standing = 0;

    for (m = 0; m < story->active->n_members; m++) {
        enum told told = of_member(story, story->active->members[m]);

        standing += told != TOLD_DOWN && !shared_drained(shared, story->active->members[m]);
        blind |= told == TOLD_NOTHING;
    }
    if (standing < story->active->least && (callers < 0 || is(story, SPAN_DOWN, callers)))
        return TOLD_DOWN;
    return blind ? TOLD_NOTHING : TOLD_FINE;
}

static enum told told_at(struct story *story, int64_t ms)
{
    enum told checks, route;
    int i;

    story->n_now = 0;
    for (i = 0; i < story->n; i++)
        if (story->spans[i]->start_ms <= ms && ms < story->spans[i]->end_ms)
            story->now[story->n_now++] = story->spans[i];
    checks = of_checks(story);
    route = story->active != NULL ? of_route(story) : TOLD_FINE;
    if (checks == TOLD_DOWN || route == TOLD_DOWN)
        return TOLD_DOWN;
    return checks == TOLD_NOTHING || route == TOLD_NOTHING ? TOLD_NOTHING : TOLD_FINE;
}

/* ---- into the ledger ---- */

/* Its servers may be fine, and callers not be led to them yet. */
static bool is_moving(const struct story *story)
{
    int route = function_of(story)->route;

    return route >= 0 && route_moving(&story->r->shared->routes[route]);
}

static bool overlap(const struct stretch *s, int64_t start_ms, int64_t end_ms)
{
    return s->start_ms < end_ms && s->end_ms > start_ms;
}

static void extend(struct story *story, const struct stretch *s, uint64_t outage, int64_t *start_ms,
                   int64_t *good_ms)
{
    if (s->start_ms >= *good_ms)
        return; /* what was good then says more */
    *start_ms = s->start_ms;
    *good_ms = s->good_ms;
    record_outage_extended(story->r, story->function, outage, *start_ms, *good_ms);
}

/* Down, fine and down again, while verdicts only know that it is down: these are two. */
static void split(struct story *story, const struct stretch *s)
{
    struct function_state *state = &story->r->shared->functions[story->function];

    record_outage_close(story->r, story->function, state, story->before.end_ms,
                        story->before.fail_ms);
    state->start_ms = s->start_ms;
    state->last_good_ms = s->good_ms;
    state->outage = record_outage_open(story->r, story->function, state, story->r->index) + 1;
}

/* One that is in the ledger may have begun earlier than verdicts could tell. Any other is told
 * whole; of what goes on and is in no verdict only the time without a quorum counts. */
static void tell_outage(struct story *story, struct stretch *s)
{
    struct function_state *state = &story->r->shared->functions[story->function];
    struct last_outage *newest = &story->newest;
    struct function_state told = *state;

    if (state->down && overlap(s, state->start_ms, INT64_MAX)) {
        if (story->recovered)
            split(story, s);
        else
            extend(story, s, state->outage, &state->start_ms, &state->last_good_ms);
        story->recovered = s->end_ms != SPAN_GOES_ON && !is_moving(story);
        story->before = *s;
        return;
    }
    if (newest->outage != 0 && overlap(s, newest->start_ms, newest->end_ms)) {
        extend(story, s, newest->outage, &newest->start_ms, &newest->last_good_ms);
        return;
    }
    if (s->end_ms == SPAN_GOES_ON)
        s->end_ms = s->fail_ms = story->r->entry->journal.to_ms;
    if (s->end_ms <= s->start_ms)
        return;
    told.start_ms = s->start_ms;
    told.last_good_ms = s->good_ms;
    told.outage = record_outage_open(story->r, story->function, &told, story->r->index) + 1;
    record_outage_close(story->r, story->function, &told, s->end_ms,
                        s->fail_ms < s->end_ms ? s->fail_ms : s->end_ms);
    if (state->last.end_ms < s->end_ms)
        state->last = (struct last_outage){told.outage, s->start_ms, s->good_ms, s->end_ms};
}

static void tell_unmonitored(struct story *story, const struct stretch *s)
{
    struct function_state *state = &story->r->shared->functions[story->function];
    uint64_t id;

    story->recovered = false; /* perhaps */
    if (s->end_ms <= s->start_ms ||
        (state->unmonitored != 0 && state->unmonitored_ms <= s->start_ms))
        return;
    id = record_unmonitored_open(story->r, story->function);
    record_unmonitored_close(story->r, story->function, id, s->start_ms, s->end_ms);
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int edges_of(const struct story *story, int64_t edges[EDGES_MOST])
{
    int i, n = 0;

    for (i = 0; i < story->n; i++) {
        edges[n++] = story->spans[i]->start_ms;
        edges[n++] = story->spans[i]->end_ms;
    }
    qsort(edges, (size_t)n, sizeof edges[0], by_time);
    return n;
}

static struct stretch begin(const struct story *story, int64_t ms)
{
    struct stretch s = {.start_ms = ms, .good_ms = ms, .end_ms = ms, .fail_ms = ms};
    int i;

    for (i = 0; i < story->n; i++)
        if (story->spans[i]->start_ms == ms && story->spans[i]->kind == SPAN_DOWN &&
            story->spans[i]->good_ms < s.good_ms)
            s.good_ms = story->spans[i]->good_ms;
    return s;
}

static void end(const struct story *story, struct stretch *s, int64_t ms)
{
    int i;

    s->end_ms = s->fail_ms = ms;
    for (i = 0; i < story->n; i++)
        if (story->spans[i]->end_ms == ms && story->spans[i]->kind == SPAN_DOWN &&
            story->spans[i]->fail_ms < s->fail_ms)
            s->fail_ms = story->spans[i]->fail_ms;
    if (s->fail_ms < s->start_ms)
        s->fail_ms = s->start_ms;
}

static void tell(struct story *story)
{
    int64_t edges[EDGES_MOST];
    struct stretch s = {0};
    enum told was = TOLD_FINE;
    int i, n = edges_of(story, edges);

    for (i = 0; i < n; i++) {
        enum told now = edges[i] == SPAN_GOES_ON ? TOLD_FINE : told_at(story, edges[i]);

        if (now == was)
            continue;
        if (was != TOLD_FINE)
            end(story, &s, edges[i]);
        if (was == TOLD_DOWN)
            tell_outage(story, &s);
        else if (was == TOLD_NOTHING)
            tell_unmonitored(story, &s);
        was = now;
        s = begin(story, edges[i]);
    }
}

void apply_journal(struct recorder *r)
{
    const struct model *model = r->shared->model;
    const struct journal_spans *spans = r->entry->journal.spans;
    int i, f;

    if (r->shared->told_ms != UTC_NONE && r->entry->journal.from_ms < r->shared->told_ms)
        return; /* proposed twice */
    if (r->entry->journal.to_ms > r->entry->time_ms)
        return; /* all that comes until then would never be told */
    r->shared->told_ms = r->entry->journal.to_ms;
    record_no_quorum(r);
    for (i = 0; i < spans->n; i++)
        if (is_sane(r, &spans->spans[i]))
            record_span(r, &spans->spans[i]);
    for (f = 0; f < model->n_functions; f++) {
        int route = model->functions[f].route;
        struct story story = {.r = r,
                              .function = f,
                              .active = route >= 0 ? active_then(r, route) : NULL,
                              .newest = r->shared->functions[f].last};

        for (i = 0; i < spans->n; i++)
            if (is_sane(r, &spans->spans[i]) && concerns(&story, &spans->spans[i]))
                story.spans[story.n++] = &spans->spans[i];
        tell(&story);
        if (r->shared->functions[f].last.outage == story.newest.outage)
            r->shared->functions[f].last = story.newest;
    }
}
