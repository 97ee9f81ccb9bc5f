/* Routes: where they go, who could take them, and the actuators that are told. */
#include "base/utc.h"
#include "core/failover/rules.h"
#include "report/metrics_private.h"

typedef void of_route(struct page *page, int route, const char *name);

static void each(struct page *page, of_route *say)
{
    int i;

    for (i = 0; page->committed != NULL && i < page->committed->n_routes; i++)
        say(page, i, page->committed->routes[i].name);
}

static const struct route_state *state_of(const struct page *page, int route)
{
    return &page->shared->routes[route];
}

static void phase(struct page *page, int route, const char *name)
{
    const char *const names[] = {phase_name(ROUTE_SERVING), phase_name(ROUTE_WAITING),
                                 phase_name(ROUTE_ACTING), phase_name(ROUTE_BLOCKED)};

    om_one_of(&page->om, OM_LABELS(name), names, 4, (int)state_of(page, route)->phase);
}

static void epoch(struct page *page, int route, const char *name)
{
    om_count(&page->om, OM_LABELS(name), state_of(page, route)->now.epoch);
}

static void step(struct page *page, int route, const char *name)
{
    om_count(&page->om, OM_LABELS(name), state_of(page, route)->now.step);
}

static void active(struct page *page, int route, const char *name)
{
    const struct route *plan = &page->committed->routes[route];
    const char *names[LIMIT_CANDIDATES];
    int i;

    for (i = 0; i < plan->n_candidates; i++)
        names[i] = plan->candidates[i].name;
    om_one_of(&page->om, OM_LABELS(name), names, plan->n_candidates,
              state_of(page, route)->now.candidate);
}

static void held(struct page *page, int route, const char *name)
{
    om_bool(&page->om, OM_LABELS(name), state_of(page, route)->held);
}

static void paused(struct page *page, int route, const char *name)
{
    om_bool(&page->om, OM_LABELS(name), shared_paused(page->shared, route, page->now.utc_ms));
}

static void disputed(struct page *page, int route, const char *name)
{
    om_bool(&page->om, OM_LABELS(name), state_of(page, route)->disputed);
}

static void moved(struct page *page, int route, const char *name)
{
    if (state_of(page, route)->intent_index != 0)
        om_ms(&page->om, OM_LABELS(name), state_of(page, route)->intent_ms);
}

static void move_took(struct page *page, int route, const char *name)
{
    const struct route_state *state = state_of(page, route);

    if (state->intent_index != 0 && state->moved_ms != UTC_NONE)
        om_ms(&page->om, OM_LABELS(name), state->moved_ms - state->intent_ms);
}

static void placed(struct page *page, int route, const char *name)
{
    om_int(&page->om, OM_LABELS(name), server_count(state_of(page, route)->now.members));
}

static void lapsed(struct page *page, int route, const char *name)
{
    if (page->committed->routes[route].kind == ROUTE_EXCLUSIVE)
        om_int(&page->om, OM_LABELS(name), server_count(state_of(page, route)->lapsed));
}

/* Only this node's own is known. */
static void grant(struct page *page, int route, const char *name)
{
    int64_t left_ms;

    if (page->committed->routes[route].kind != ROUTE_EXCLUSIVE)
        return;
    left_ms = engine_grant(page->engine, route) - page->now.boot_ms;
    om_ms(&page->om, OM_LABELS(name), left_ms > 0 ? left_ms : 0);
}

typedef void of_holder(struct om *om, const char *const *names, const struct holder_view *holder);

static void each_holder(struct page *page, of_holder *say)
{
    int r, s;

    for (r = 0; page->committed != NULL && r < page->committed->n_routes; r++) {
        server_set placed = state_of(page, r)->now.members;

        for (s = 0; s < page->committed->n_coordinators; s++)
            if (page->committed->routes[r].kind == ROUTE_EXCLUSIVE && (placed & server_bit(s))) {
                struct holder_view holder = engine_holder(page->engine, page->now, r, s);

                say(&page->om,
                    OM_LABELS(page->committed->routes[r].name, page->committed->servers[s].name),
                    &holder);
            }
    }
}

static void promised(struct om *om, const char *const *names, const struct holder_view *holder)
{
    om_ms(om, names, holder->left_ms);
}

static void serves(struct om *om, const char *const *names, const struct holder_view *holder)
{
    om_bool(om, names, holder->serves);
}

static void standing(struct page *page, const char *const *label)
{
    struct om *om = &page->om;

    om_gauge(om, "kirikae_route_phase", OM_NUMBER, "1 for the phase that the route is in.",
             OM_LABELS("route", "phase"));
    each(page, phase);
    om_gauge(om, "kirikae_route_active", OM_NUMBER, "1 for the candidate that the route goes to.",
             OM_LABELS("route", "candidate"));
    each(page, active);
    om_gauge(om, "kirikae_route_epoch", OM_NUMBER, "Epoch: it rises with every move.", label);
    each(page, epoch);
    om_gauge(om, "kirikae_route_step", OM_NUMBER, "Step: it rises with every change of the pool.",
             label);
    each(page, step);
    om_gauge(om, "kirikae_route_held", OM_NUMBER,
             "1: it moved too often by itself, and waits for an operator.", label);
    each(page, held);
    om_gauge(om, "kirikae_route_paused", OM_NUMBER, "1: an operator keeps automatic moves off.",
             label);
    each(page, paused);
    om_gauge(om, "kirikae_route_disputed", OM_NUMBER,
             "1: its servers failed by verdict, and its callers are served all the same.", label);
    each(page, disputed);
}

static void placement(struct page *page, const char *const *label)
{
    struct om *om = &page->om;

    om_gauge(om, "kirikae_route_move_time_seconds", OM_SECONDS,
             "Unix time of the intent of its newest move.", label);
    each(page, moved);
    om_gauge(om, "kirikae_route_move_duration_seconds", OM_SECONDS,
             "From the intent of its newest move until it was verified; nothing before that.",
             label);
    each(page, move_took);
    om_gauge(om, "kirikae_route_members_placed", OM_NUMBER, "Servers that serve it.", label);
    each(page, placed);
    om_gauge(om, "kirikae_route_members_lapsed", OM_NUMBER,
             "Servers placed on an exclusive route that do not serve it.", label);
    each(page, lapsed);
    om_gauge(om, "kirikae_route_grant_seconds", OM_SECONDS,
             "Time for which this node may still serve the exclusive route; 0: it may not.", label);
    each(page, grant);
    om_gauge(om, "kirikae_route_promise_seconds", OM_SECONDS,
             "Time for which the server placed may still serve the exclusive route, by what this "
             "node heard.",
             OM_LABELS("route", "server"));
    each_holder(page, promised);
    om_gauge(om, "kirikae_route_serves", OM_NUMBER,
             "1: the server placed says that it serves the exclusive route.",
             OM_LABELS("route", "server"));
    each_holder(page, serves);
}

/* ---- candidates ---- */

typedef int64_t of_candidate(const struct page *page, int route, int candidate);

static void each_candidate(struct page *page, of_candidate *of)
{
    int i, c;

    for (i = 0; page->committed != NULL && i < page->committed->n_routes; i++) {
        const struct route *plan = &page->committed->routes[i];

        for (c = 0; c < plan->n_candidates; c++)
            om_int(&page->om, OM_LABELS(plan->name, plan->candidates[c].name), of(page, i, c));
    }
}

static int64_t members_ok(const struct page *page, int route, int candidate)
{
    return server_count(shared_candidate_ok(page->shared, route, candidate));
}

static int64_t least(const struct page *page, int route, int candidate)
{
    return page->committed->routes[route].candidates[candidate].least;
}

static int64_t ready(const struct page *page, int route, int candidate)
{
    return engine_ready(page->engine, route, candidate);
}

static void candidates(struct page *page)
{
    static const char *const labels[] = {"route", "candidate", NULL};
    struct om *om = &page->om;

    om_gauge(om, "kirikae_candidate_members_ok", OM_NUMBER, "Servers of it that are fit to serve.",
             labels);
    each_candidate(page, members_ok);
    om_gauge(om, "kirikae_candidate_members_least", OM_NUMBER, "Servers that it needs to serve.",
             labels);
    each_candidate(page, least);
    om_gauge(om, "kirikae_candidate_ready", OM_NUMBER, "1: it could serve now.", labels);
    each_candidate(page, ready);
}

/* ---- actuators ---- */

typedef void of_actuator(struct page *page, int route, int actuator, const char *const *names);

static void each_actuator(struct page *page, of_actuator *say)
{
    int i, a;

    for (i = 0; page->committed != NULL && i < page->committed->n_routes; i++) {
        const struct route *plan = &page->committed->routes[i];

        for (a = 0; a < plan->n_actuators; a++)
            say(page, i, a, OM_LABELS(plan->name, plan->actuators[a].name));
    }
}

static void calls(struct page *page, int route, int actuator, const char *const *names)
{
    om_count(&page->om, names, page->counters->calls[route][actuator].calls);
}

static void call_failures(struct page *page, int route, int actuator, const char *const *names)
{
    om_count(&page->om, names, page->counters->calls[route][actuator].failures);
}

static void call_time(struct page *page, int route, int actuator, const char *const *names)
{
    om_ms(&page->om, names, (int64_t)page->counters->calls[route][actuator].took_ms);
}

static void done(struct page *page, int route, int actuator, const char *const *names)
{
    om_bool(&page->om, names, state_of(page, route)->done >> actuator & 1);
}

static void actuators(struct page *page)
{
    static const char *const labels[] = {"route", "actuator", NULL};
    struct om *om = &page->om;
    int kind;

    om_gauge(om, "kirikae_actuator_done", OM_NUMBER,
             "1: it has confirmed where the route is to go.", labels);
    each_actuator(page, done);
    om_counter(om, "kirikae_actuator_calls", OM_NUMBER,
               "Calls of the actuator by this node, as the leader.", labels);
    each_actuator(page, calls);
    om_counter(om, "kirikae_actuator_failures", OM_NUMBER,
               "Calls of the actuator by this node that failed.", labels);
    each_actuator(page, call_failures);
    om_counter(om, "kirikae_actuator_call_seconds", OM_SECONDS,
               "Time that its calls took together.", labels);
    each_actuator(page, call_time);
    om_histogram(om, "kirikae_driver_call_duration_seconds",
                 "How long calls of this kind of actuator took.", OM_LABELS("kind"));
    for (kind = 0; kind < COUNTED_ACTUATORS; kind++)
        if (kind != ACTUATOR_ADDRESS && kind != ACTUATOR_HOOK) /* helpers' own are not called */
            om_times(om, OM_LABELS(status_actuator_kind_name((enum actuator_kind)kind)),
                     &page->counters->call_time[kind]);
}

void metrics_routes(struct page *page)
{
    static const char *const label[] = {"route", NULL};

    standing(page, label);
    placement(page, label);
    candidates(page);
    actuators(page);
}
