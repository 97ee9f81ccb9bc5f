/* The month's figure against the truth: downtime as the ledger has it, by its lines alone,
 * and downtime as the world knows it. Two accounts that share nothing.
 *
 *   every outage of the ledger is a time in which callers really were not served, and
 *   every time in which they plainly were not is in the ledger,
 *
 * each up to what it takes to see a failure and its end. While nobody leads nothing is written
 * down; what the ledger says later of a time without a quorum must be true as well:
 *
 *   callers that were not served in it are in the ledger, or the time is unmonitored. */
#include "base/mem.h"
#include "core/feature.h"
#include "simulate/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SPANS_MAX 4096
#define GAP_LEAST_MS 5000 /* a time without a leader that is told; an election is none */
#define GAP_EDGE_MS 1500  /* … so exactly */
#define GAP_TOLD_MS 8000  /* … by then */
#define SLACK_MS 2500     /* beside the checks' own: windows, commits, elections, actuators */

/* World ms; end INT64_MAX: not over. */
struct span {
    int64_t start_ms, end_ms;
    int64_t line; /* of the ledger, that opened it */
};

struct spans {
    struct span span[SPANS_MAX];
    int n;
};

struct account {
    struct spans truth[LIMIT_ROUTES];  /* who the first switch names did not work */
    struct spans ledger[LIMIT_ROUTES]; /* of the function that names the route */
    struct spans unled;                /* nobody leads: nothing can be written down */
    struct spans gaps;                 /* … as the ledger says later */
    struct spans blind[LIMIT_ROUTES];  /* likewise: nobody could tell of that function */
    struct spans unsure[LIMIT_ROUTES]; /* … or too few are heard: a failure is not believed */
    struct spans lossy[LIMIT_ROUTES];  /* one that works may look as if it did not */
    bool led;
    int losses[LIMIT_SERVERS];   /* faults on its paths */
    server_set silent;           /* as the ledger says */
    int candidate[LIMIT_ROUTES]; /* likewise: where the route is */
    bool full;                   /* too many to keep: no verdict */
};

void oracle_open(struct sim *sim)
{
    sim->account = mem_zalloc(1, sizeof *sim->account);
}

void oracle_free(struct sim *sim)
{
    mem_free(sim->account);
}

static void begin(struct account *account, struct spans *spans, int64_t ms)
{
    if (spans->n == SPANS_MAX) {
        account->full = true;
        return;
    }
    spans->span[spans->n++] = (struct span){ms, INT64_MAX, -1};
}

static void end(struct spans *spans, int64_t ms)
{
    if (spans->n > 0 && spans->span[spans->n - 1].end_ms == INT64_MAX)
        spans->span[spans->n - 1].end_ms = ms;
}

static void mark(struct account *account, struct spans *spans, bool on, int64_t ms)
{
    bool is = spans->n > 0 && spans->span[spans->n - 1].end_ms == INT64_MAX;

    if (on && !is)
        begin(account, spans, ms);
    else if (!on)
        end(spans, ms);
}

void oracle_served(struct sim *sim, int route, bool served)
{
    mark(sim->account, &sim->account->truth[route], !served, sim_ms(sim));
}

/* May it be believed that the server fails? More than half of those who watch it have to see it,
 * from two sites (protocol.md, Belief). Who has but three coordinators, or two sites, and loses
 * one has accepted that nobody can tell. */
static bool watched(const struct sim *sim, int server)
{
    const struct model *model = sim->model;
    server_set all = model_observers(model, model_next_check(model, server, -1));
    server_set heard = all & ~sim->account->silent;
    uint64_t sites = 0;
    int i;

    for (i = 0; i < model->n_coordinators; i++)
        if (heard & server_bit(i))
            sites |= 1ull << model->servers[i].site;
    return 2 * server_count(heard) > server_count(all) && __builtin_popcountll(sites) >= 2;
}

/* What makes the ledger's word and the truth differ, with nobody to blame. */
static void look_at_routes(struct sim *sim)
{
    struct account *account = sim->account;
    int r, m;

    for (r = 0; r < sim->model->n_routes; r++) {
        const struct candidate *c = &sim->model->routes[r].candidates[account->candidate[r]];
        bool sure = account->led, lossy = false;

        for (m = 0; m < c->n_members; m++) {
            sure = sure && watched(sim, c->members[m]);
            lossy |= account->losses[c->members[m]] > 0;
        }
        mark(account, &account->unsure[r], !sure, sim_ms(sim));
        mark(account, &account->lossy[r], lossy, sim_ms(sim));
    }
}

void oracle_led(struct sim *sim, bool led)
{
    sim->account->led = led;
    mark(sim->account, &sim->account->unled, !led, sim_ms(sim));
    look_at_routes(sim);
}

void oracle_lossy(struct sim *sim, int from, int to, bool on)
{
    int *losses = sim->account->losses;
    int before = (losses[from] > 0) + (losses[to] > 0);

    losses[from] += on ? 1 : -1;
    losses[to] += on ? 1 : -1;
    if ((losses[from] > 0) + (losses[to] > 0) != before)
        look_at_routes(sim);
}

void oracle_heard(struct sim *sim, int server, bool heard)
{
    server_set bit = server_bit(server);

    sim->account->silent = heard ? sim->account->silent & ~bit : sim->account->silent | bit;
    look_at_routes(sim);
}

void oracle_moved(struct sim *sim, int route, int candidate)
{
    sim->account->candidate[route] = candidate;
    look_at_routes(sim);
}

/* ---- the ledger's side ---- */

static int64_t world_of(const char *time)
{
    struct tm tm = {0};
    int ms = 0;

    if (sscanf(time, "%d-%d-%dT%d:%d:%d.%dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec, &ms) != 7)
        return -1;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (int64_t)timegm(&tm) * 1000 + ms - WORLD_UTC_MS;
}

static int route_of(const struct sim *sim, const char *function)
{
    int f = model_function(sim->model, function);

    return f >= 0 ? sim->model->functions[f].route : -1;
}

static struct span *by_line(struct spans *spans, int64_t line)
{
    int i;

    for (i = spans->n - 1; i >= 0; i--)
        if (spans->span[i].line == line)
            return &spans->span[i];
    return NULL;
}

void oracle_outage(struct sim *sim, const char *function, int64_t line, const char *start,
                   const char *over)
{
    int route = route_of(sim, function);
    struct spans *spans;
    struct span *span;

    if (route < 0)
        return;
    spans = &sim->account->ledger[route];
    span = by_line(spans, line);
    if (span == NULL) {
        begin(sim->account, spans, world_of(start));
        if (spans->n > 0)
            spans->span[spans->n - 1].line = line;
    } else if (over != NULL) {
        span->end_ms = world_of(over);
    } else {
        span->start_ms = world_of(start);
    }
}

void oracle_gap(struct sim *sim, const char *function, const char *start, const char *over)
{
    int route = function != NULL ? route_of(sim, function) : -1;
    struct spans *spans = &sim->account->gaps;

    if (function != NULL && route < 0)
        return;
    if (function != NULL)
        spans = &sim->account->blind[route];
    begin(sim->account, spans, world_of(start));
    end(spans, world_of(over));
}

/* ---- the comparison ---- */

/* How long a failure or recovery of a server of this route may go unseen. */
int64_t oracle_slack_ms(const struct sim *sim, int route)
{
    const struct model *model = sim->model;
    int64_t most = 0;
    int c;

    for (c = 0; c < model->n_checks; c++) {
        const struct check *check = &model->checks[c];
        int64_t ms = (int64_t)check->interval_ms * (check->fall_silent + check->rise) +
                     2ll * check->timeout_ms;

        if (model_in_route(model, check->target) && ms > most)
            most = ms;
    }
    if (model->routes[route].callers >= 0)
        most += model->checks[model->routes[route].callers].timeout_ms + model->timing.window_ms;
    return most + model->routes[route].patience_ms + 2ll * model->timing.window_ms + SLACK_MS;
}

/* Ms of [start, end] that no span of the other account covers, each made longer by `slack`. */
static int64_t uncovered(const struct span *span, const struct spans *by, int64_t slack,
                         int64_t now_ms)
{
    int64_t at = span->start_ms, last = span->end_ms < now_ms ? span->end_ms : now_ms, open = 0;
    int i;

    for (i = 0; i < by->n && at < last; i++) {
        int64_t from = by->span[i].start_ms - slack;
        int64_t to = by->span[i].end_ms < now_ms ? by->span[i].end_ms + slack : last;

        if (to <= at)
            continue;
        if (from > last)
            break;
        if (from > at)
            open += from - at;
        at = to > at ? to : at;
    }
    return at < last ? open + last - at : open;
}

/* Ms of the span within these others, and a while after each: the rest is written down later. */
static int64_t within(const struct sim *sim, const struct span *span, const struct spans *spans)
{
    int64_t last = span->end_ms < sim_ms(sim) ? span->end_ms : sim_ms(sim), ms = 0;
    int i;

    for (i = 0; i < spans->n; i++) {
        int64_t from = spans->span[i].start_ms, to = spans->span[i].end_ms;

        from = from > span->start_ms ? from : span->start_ms;
        to = to < last ? to : last;
        if (to > from)
            ms += to - from + SLACK_MS;
    }
    return ms;
}

static bool compare(struct sim *sim, int route, const struct spans *a, const struct spans *b,
                    int64_t allowed, const char *what)
{
    struct account *account = sim->account;
    bool told = a == &account->ledger[route];
    int i;

    for (i = 0; i < a->n; i++) {
        int64_t open = uncovered(&a->span[i], b, oracle_slack_ms(sim, route), sim_ms(sim));

        open -= told ? within(sim, &a->span[i], &account->unled) +
                           within(sim, &a->span[i], &account->lossy[route])
                     : within(sim, &a->span[i], &account->unsure[route]);
        if (open <= allowed)
            continue;
        sim_break(sim, "downtime-true", "%s: %s from %lld to %lld ms, of which %lld ms are not %s",
                  sim->model->routes[route].name, what,
                  (long long)(a->span[i].start_ms - sim->zero_ms),
                  (long long)((a->span[i].end_ms < sim_ms(sim) ? a->span[i].end_ms : sim_ms(sim)) -
                              sim->zero_ms),
                  (long long)open, told ? "true" : "in the ledger");
        return false;
    }
    return true;
}

static int by_start(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    return (x->start_ms > y->start_ms) - (x->start_ms < y->start_ms);
}

/* What the ledger told later may have begun before what it told first. */
static void sort(struct spans *spans)
{
    qsort(spans->span, (size_t)spans->n, sizeof spans->span[0], by_start);
}

/* Of the ledger's outages and unmonitored times of a route. */
static void told_of(const struct account *account, int route, struct spans *told)
{
    int i;

    told->n = 0;
    for (i = 0; i < account->ledger[route].n && told->n < SPANS_MAX; i++)
        told->span[told->n++] = account->ledger[route].span[i];
    for (i = 0; i < account->blind[route].n && told->n < SPANS_MAX; i++)
        told->span[told->n++] = account->blind[route].span[i];
    sort(told);
}

/* What of these in the gap is in the other account too? */
static bool told_right(struct sim *sim, int route, const struct span *gap, const struct spans *a,
                       const struct spans *b, int64_t allowed, const char *what)
{
    int i;

    for (i = 0; i < a->n; i++) {
        struct span span = a->span[i];
        int64_t open;

        span.start_ms = span.start_ms > gap->start_ms ? span.start_ms : gap->start_ms;
        span.end_ms = span.end_ms < gap->end_ms ? span.end_ms : gap->end_ms;
        if (span.end_ms <= span.start_ms)
            continue;
        open = uncovered(&span, b, oracle_slack_ms(sim, route), sim_ms(sim)) -
               within(sim, &span, &sim->account->lossy[route]);
        if (open <= allowed)
            continue;
        sim_break(sim, "gap-told", "%s: %s from %lld to %lld ms, without a quorum, %lld ms wrongly",
                  sim->model->routes[route].name, what, (long long)(span.start_ms - sim->zero_ms),
                  (long long)(span.end_ms - sim->zero_ms), (long long)open);
        return false;
    }
    return true;
}

static bool compare_gaps(struct sim *sim, int route, struct spans *told)
{
    const struct account *account = sim->account;
    int64_t slack_ms = oracle_slack_ms(sim, route);
    int g;

    told_of(account, route, told);
    for (g = 0; g < account->gaps.n; g++)
        if (!told_right(sim, route, &account->gaps.span[g], &account->truth[route], told, slack_ms,
                        "nothing is told") ||
            !told_right(sim, route, &account->gaps.span[g], &account->ledger[route],
                        &account->truth[route], 0, "an outage is told"))
            return false;
    return true;
}

/* Somebody has been there all the time since, and knows that nobody led for so long. */
static bool remembered(const struct sim *sim, const struct span *unled)
{
    bool any = false;
    int i;

    for (i = 0; i < sim->model->n_coordinators; i++) {
        if (sim->machines[i].level < FEATURE_REPORT)
            return false;
        any = any || sim->machines[i].started_ms < unled->start_ms;
    }
    return any && !sim->crooked;
}

/* When somebody leads for long enough to tell of it, or of it and the next ones together;
 * INT64_MAX: not yet. */
static int64_t told_by(const struct spans *unled, int i)
{
    while (i + 1 < unled->n && unled->span[i].end_ms != INT64_MAX &&
           unled->span[i + 1].start_ms - unled->span[i].end_ms < GAP_TOLD_MS)
        i++;
    return unled->span[i].end_ms == INT64_MAX ? INT64_MAX : unled->span[i].end_ms + GAP_TOLD_MS;
}

static void compare_unled(struct sim *sim)
{
    const struct account *account = sim->account;
    int i;

    for (i = 0; i < account->unled.n; i++) {
        const struct span *unled = &account->unled.span[i];
        int64_t open = uncovered(unled, &account->gaps, GAP_EDGE_MS, sim_ms(sim));

        if (told_by(&account->unled, i) > sim_ms(sim) ||
            unled->end_ms - unled->start_ms < GAP_LEAST_MS || open == 0 || !remembered(sim, unled))
            continue;
        sim_break(sim, "gap-told",
                  "nobody led from %lld to %lld ms, and the ledger does not say so of %lld ms",
                  (long long)(unled->start_ms - sim->zero_ms),
                  (long long)(unled->end_ms - sim->zero_ms), (long long)open);
        return;
    }
}

/* A short outage may pass unseen; one that is in the ledger must have been. */
void oracle_compare(struct sim *sim)
{
    struct account *account = sim->account;
    struct spans *told;
    int r;

    if (account->full)
        return;
    sort(&account->gaps);
    compare_unled(sim);
    told = mem_zalloc(1, sizeof *told);
    for (r = 0; r < sim->model->n_routes; r++) {
        if (sim->model->routes[r].n_actuators == 0)
            continue;
        sort(&account->ledger[r]);
        if (!compare(sim, r, &account->ledger[r], &account->truth[r], 0, "the ledger has it down"))
            break;
        if (!compare(sim, r, &account->truth[r], &account->ledger[r], oracle_slack_ms(sim, r),
                     "callers were lost") ||
            !compare_gaps(sim, r, told))
            break;
    }
    mem_free(told);
}
