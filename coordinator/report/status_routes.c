#include "report/status.h"
#include "core/failover/rules.h"

static void member_checks(const struct shared *shared, int server, struct jsonw *w)
{
    const struct model *model = shared->model;
    int i, listed = 0;

    jsonw_array(w, "failing");
    for (i = 0; i < model->n_checks && listed < STATUS_LIST_MAX; i++) {
        if (model->checks[i].target != server || shared->checks[i].verdict != VERDICT_DOWN)
            continue;
        jsonw_str(w, NULL, model->checks[i].name);
        listed++;
    }
    jsonw_end(w);
}

static void members(const struct engine *engine, int route, const struct candidate *candidate,
                    bool active, struct jsonw *w)
{
    const struct shared *shared = engine_shared(engine);
    const struct route_state *state = &shared->routes[route];
    int i;

    jsonw_array(w, "members");
    for (i = 0; i < candidate->n_members; i++) {
        int server = candidate->members[i];

        jsonw_object(w, NULL);
        jsonw_str(w, "server", shared->model->servers[server].name);
        jsonw_bool(w, "healthy", shared_member_ok(shared, server));
        jsonw_bool(w, "drained", shared_drained(shared, server));
        jsonw_str(w, "unable", engine_unable(engine, route, server));
        jsonw_bool(w, "serving", active && (state->now.members & server_bit(server)) != 0);
        jsonw_bool(w, "draining", (state->now.draining & server_bit(server)) != 0);
        member_checks(shared, server, w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void candidates(const struct engine *engine, int route, struct jsonw *w)
{
    const struct shared *shared = engine_shared(engine);
    const struct route *plan = &shared->model->routes[route];
    const struct route_state *state = &shared->routes[route];
    int i;

    jsonw_array(w, "candidates");
    for (i = 0; i < plan->n_candidates; i++) {
        const struct candidate *candidate = &plan->candidates[i];
        bool active = i == state->now.candidate;

        jsonw_object(w, NULL);
        jsonw_str(w, "candidate", candidate->name);
        jsonw_bool(w, "active", active);
        jsonw_bool(w, "ready", engine_ready(engine, route, i));
        jsonw_int(w, "healthy", server_count(shared_candidate_ok(shared, route, i)));
        jsonw_int(w, "least", candidate->least);
        members(engine, route, candidate, active, w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

const char *status_actuator_kind_name(enum actuator_kind kind)
{
    static const char *const kinds[] = {[ACTUATOR_HAPROXY] = "haproxy",   [ACTUATOR_DNS] = "dns",
                                        [ACTUATOR_KAMAILIO] = "kamailio", [ACTUATOR_EXEC] = "exec",
                                        [ACTUATOR_ADDRESS] = "address",   [ACTUATOR_HOOK] = "hook"};

    return kinds[kind];
}

static void actuators(const struct route *plan, const struct route_state *state, struct jsonw *w)
{
    int i;

    jsonw_array(w, "actuators");
    for (i = 0; i < plan->n_actuators; i++) {
        jsonw_object(w, NULL);
        jsonw_str(w, "actuator", plan->actuators[i].name);
        jsonw_str(w, "kind", status_actuator_kind_name(plan->actuators[i].kind));
        jsonw_bool(w, "required", !plan->actuators[i].optional);
        jsonw_bool(w, "done", (state->done & ((uint32_t)1 << i)) != 0);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void last_move(const struct route *plan, const struct route_state *state, struct jsonw *w)
{
    if (state->intent_index == 0) {
        jsonw_null(w, "last_move");
        return;
    }
    jsonw_object(w, "last_move");
    jsonw_int(w, "index", (int64_t)state->intent_index);
    jsonw_time(w, "intent", state->intent_ms);
    jsonw_time(w, "verified", state->moved_ms);
    jsonw_int(w, "rule", state->rule);
    jsonw_bool(w, "planned", state->planned);
    jsonw_str(w, "who", state->who[0] != '\0' ? state->who : NULL);
    jsonw_str(w, "from",
              state->previous >= 0 && state->previous < plan->n_candidates
                  ? plan->candidates[state->previous].name
                  : NULL);
    jsonw_end(w);
}

/* Only this node's own grant is known; other holders know theirs. */
static void grant(const struct engine *engine, struct moment now, int route, struct jsonw *w)
{
    int64_t until_ms;

    if (engine_shared(engine)->model->routes[route].kind != ROUTE_EXCLUSIVE)
        return;
    until_ms = engine_grant(engine, route);
    if (until_ms > now.boot_ms)
        jsonw_int(w, "grant_ms", until_ms - now.boot_ms);
    else
        jsonw_null(w, "grant_ms");
}

void status_routes_json(const struct engine *engine, struct moment now,
                        const struct status_local *local, struct jsonw *w)
{
    const struct shared *shared = engine_shared(engine);
    int i;

    jsonw_object(w, NULL);
    jsonw_str(w, "node", engine_model(engine)->servers[local->self].name);
    jsonw_int(w, "index", (int64_t)shared->index);
    jsonw_array(w, "routes");
    for (i = 0; shared->model != NULL && i < shared->model->n_routes; i++) {
        const struct route *plan = &shared->model->routes[i];
        const struct route_state *state = &shared->routes[i];

        jsonw_object(w, NULL);
        jsonw_str(w, "route", plan->name);
        jsonw_str(w, "kind", status_route_kind_name(plan->kind));
        jsonw_str(w, "follows",
                  plan->follows >= 0 ? shared->model->routes[plan->follows].name : NULL);
        jsonw_str(w, "phase", phase_name(state->phase));
        jsonw_int(w, "epoch", state->now.epoch);
        jsonw_int(w, "step", state->now.step);
        jsonw_str(w, "active", plan->candidates[state->now.candidate].name);
        jsonw_bool(w, "held", state->held);
        status_paused(shared, i, now, w);
        candidates(engine, i, w);
        actuators(plan, state, w);
        last_move(plan, state, w);
        grant(engine, now, i, w);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}
