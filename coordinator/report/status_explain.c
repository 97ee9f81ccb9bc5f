/* How a route stands: what it goes by, the row that matches, and what its servers' observers
 * disagree about. */
#include "base/check.h"
#include "core/failover/rules.h"
#include "report/status.h"

static void age(struct jsonw *w, const char *key, uint32_t age_ms)
{
    if (age_ms == AGE_NEVER)
        jsonw_null(w, key);
    else
        jsonw_int(w, key, age_ms);
}

/* As in the ledger (core/record.c). */
static void ballots(const struct engine *engine, struct moment now, int check, struct jsonw *w)
{
    static const char *const opinions[] = {
        [OPINION_NONE] = "none", [OPINION_UP] = "up", [OPINION_DOWN] = "down"};
    const struct model *model = engine_model(engine);
    struct ballot list[LIMIT_SERVERS];
    int i, n = engine_ballots(engine, now, check, list);

    jsonw_array(w, "ballots");
    for (i = 0; i < n; i++) {
        const struct server *observer = &model->servers[list[i].observer];

        jsonw_object(w, NULL);
        jsonw_str(w, "observer", observer->name);
        jsonw_str(w, "site", model->sites[observer->site].name);
        jsonw_str(w, "opinion",
                  list[i].opinion < ARRAY_LEN(opinions) ? opinions[list[i].opinion] : NULL);
        jsonw_str(w, "reason", reason_name(list[i].reason));
        jsonw_bool(w, "abstain", list[i].abstain);
        age(w, "fail_age_ms", list[i].fail_age_ms);
        age(w, "good_age_ms", list[i].good_age_ms);
        age(w, "arrived_age_ms", list[i].arrived_age_ms);
        jsonw_end(w);
    }
    jsonw_end(w);
}

static void disputed(const struct engine *engine, struct moment now, const struct route *route,
                     struct jsonw *w)
{
    const struct shared *shared = engine_shared(engine);
    int i, listed = 0;

    jsonw_array(w, "disputed");
    for (i = 0; i < shared->model->n_checks && listed < STATUS_LIST_MAX; i++) {
        if (shared->checks[i].verdict != VERDICT_DISPUTED ||
            !model_route_has(route, shared->model->checks[i].target))
            continue;
        listed++;
        jsonw_object(w, NULL);
        jsonw_str(w, "check", shared->model->checks[i].name);
        jsonw_time(w, "since", shared->checks[i].since_ms);
        ballots(engine, now, i, w);
        jsonw_end(w);
    }
    jsonw_end(w);
}

/* Servers that could not hold an exclusive route, whatever their checks say. */
static void unable(const struct engine *engine, int route, struct jsonw *w)
{
    const struct model *model = engine_model(engine);
    const struct route *r = &model->routes[route];
    int i;

    jsonw_array(w, "unable");
    for (i = 0; i < model->n_coordinators; i++) {
        if (!model_route_has(r, i) || engine_unable(engine, route, i) == NULL)
            continue;
        jsonw_object(w, NULL);
        jsonw_str(w, "server", model->servers[i].name);
        jsonw_str(w, "why", engine_unable(engine, route, i));
        jsonw_end(w);
    }
    jsonw_end(w);
}

void status_explain_keys(const struct engine *engine, struct moment now, int self, int route,
                         const struct command *command, struct jsonw *w)
{
    const struct model *model = engine_model(engine);
    const struct route_state *state = &engine_shared(engine)->routes[route];
    struct route_view view = engine_route_view(engine, now, route, command);
    const struct route *r = &model->routes[route];
    int bit;

    jsonw_str(w, "node", model->servers[self].name);
    jsonw_str(w, "route", r->name);
    jsonw_str(w, "active", r->candidates[state->now.candidate].name);
    jsonw_int(w, "epoch", state->now.epoch);
    jsonw_int(w, "step", state->now.step);
    jsonw_str(w, "phase", phase_name(view.phase));
    jsonw_array(w, "facts");
    for (bit = 0; bit < FACT_COUNT; bit++)
        if (view.facts & 1u << bit)
            jsonw_str(w, NULL, fact_name(bit));
    jsonw_end(w);
    jsonw_int(w, "rule", view.rule->number);
    jsonw_str(w, "action", action_name(view.rule->action));
    jsonw_str(w, "comment", view.rule->comment);
    disputed(engine, now, r, w);
    unable(engine, route, w);
}

void status_explain_json(const struct engine *engine, struct moment now, int self, int route,
                         const struct command *command, struct jsonw *w)
{
    jsonw_object(w, NULL);
    status_explain_keys(engine, now, self, route, command, w);
    jsonw_end(w);
}
