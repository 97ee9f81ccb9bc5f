#include "simulate/show/campaign_run.h"
#include "core/failover/rules.h"
#include "simulate/truth/truth.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FIRST_MS 1000
#define PHASE_MS 37

int64_t run_phase_ms(int phase)
{
    return FIRST_MS + (int64_t)phase * PHASE_MS;
}

int64_t run_length_ms(const struct fault *faults, int n, int64_t at_ms, int64_t fault_ms)
{
    int64_t last_ms = 0;
    int i;

    for (i = 0; i < n; i++)
        if (faults[i].at_ms > last_ms)
            last_ms = faults[i].at_ms;
    return at_ms + last_ms + fault_ms;
}

/* ---- what moves ---- */

void counting_note(void *context, const struct note *note)
{
    struct counting *counting = context;
    const char *route;
    json_t *line;
    int r;

    if (counting->model == NULL || note->kind != NOTE_LEDGER || strcmp(note->word, "intent") != 0)
        return;
    line = json_loads(note->line, 0, NULL);
    route = json_string_value(json_object_get(line, "route"));
    r = route != NULL ? model_route(counting->model, route) : -1;
    if (r >= 0 && json_integer_value(json_object_get(line, "rule")) > RULE_RENUMBERED &&
        strcmp(json_string_value(json_object_get(line, "kind")), "move") == 0)
        counting->moves[r]++;
    json_decref(line);
}

/* ---- what was true ---- */

/* The worst that was true of each route's callers, looked at as each fault begins. */
struct looks {
    struct truth lines[LIMIT_ROUTES][LIMIT_ACTUATORS];
};

static void look(const struct run *run, struct looks *looks)
{
    const struct model *model = sim_model(run->sim);
    int r, a;

    for (r = 0; r < model->n_routes; r++)
        for (a = 0; a < model->routes[r].n_actuators; a++) {
            struct truth *worst = &looks->lines[r][a];
            struct truth now = truth_look(run->sim, r, a, run->leader);
            bool stays = worst->leader_stays && now.leader_stays;

            if (now.callers > worst->callers)
                *worst = now;
            worst->leader_stays = stays;
        }
}

static void begin_faults(const struct run *run, struct looks *looks)
{
    int i, r, a;

    for (r = 0; r < LIMIT_ROUTES; r++)
        for (a = 0; a < LIMIT_ACTUATORS; a++)
            looks->lines[r][a] = (struct truth){.leader_stays = true};
    for (i = 0; i < run->n_faults; i++) {
        struct fault fault = run->faults[i];

        fault.at_ms += run->at_ms;
        sim_inject(run->sim, &fault);
    }
    for (i = 0; i < run->n_faults; i++)
        if (sim_run(run->sim, run->faults[i].at_ms + run->at_ms + 1) == 0)
            look(run, looks);
}

/* ---- what was promised ---- */

static void broken(struct run_result *result, enum campaign_promise promise, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));

/* The first one's text counts. */
static void broken(struct run_result *result, enum campaign_promise promise, const char *format,
                   ...)
{
    va_list args;

    result->promises |= 1u << promise;
    if (result->result == CAMPAIGN_BROKEN)
        return;
    result->result = CAMPAIGN_BROKEN;
    va_start(args, format);
    vsnprintf(result->text, sizeof result->text, format, args);
    va_end(args);
}

static void judge_line(const struct run *run, const struct truth *truth, int route, int actuator,
                       struct run_result *result)
{
    const struct model *model = sim_model(run->sim);
    struct callers_view callers = sim_callers(run->sim, route, actuator);
    const char *by = model->routes[route].actuators[actuator].name;
    const char *name = model->routes[route].name;
    int64_t bound_ms;

    if (truth->callers == TRUTH_NOT_COVERED) {
        if (result->result == CAMPAIGN_KEPT)
            snprintf(result->text, sizeof result->text, "%s by %s: %s", name, by, truth->why);
        if (result->result == CAMPAIGN_KEPT)
            result->result = CAMPAIGN_NOT_COVERED;
        return;
    }
    if (callers.longest_ms > result->outage_ms)
        result->outage_ms = callers.longest_ms;
    if (truth->callers == TRUTH_UNTOUCHED && callers.longest_ms > 0 && !run->pair)
        broken(result, PROMISE_CALM, "callers of %s by %s are lost for %lld ms for nothing", name,
               by, (long long)callers.longest_ms);
    if (truth->callers != TRUTH_COVERED)
        return;
    bound_ms =
        campaign_bound_ms(model, route, actuator, run->between_sites_ms, truth->leader_stays);
    if (bound_ms > result->bound_ms)
        result->bound_ms = bound_ms;
    if (callers.longest_ms > bound_ms && !run->pair)
        broken(result, PROMISE_OUTAGE,
               "callers of %s by %s are lost for %lld ms, the bound is %lld", name, by,
               (long long)callers.longest_ms, (long long)bound_ms);
}

static void judge_route(const struct run *run, const struct looks *looks, int route,
                        struct run_result *result)
{
    const struct route *r = &sim_model(run->sim)->routes[route];
    bool untouched = r->n_actuators > 0;
    bool led = r->follows >= 0 && run->counting->moves[r->follows] > 0;
    int a;

    for (a = 0; a < r->n_actuators; a++) {
        judge_line(run, &looks->lines[route][a], route, a, result);
        untouched = untouched && looks->lines[route][a].callers == TRUTH_UNTOUCHED;
    }
    result->moves += run->counting->moves[route];
    if (untouched && run->counting->moves[route] > 0 && !led && !run->pair)
        broken(result, PROMISE_CALM, "%s moves though its active candidate serves", r->name);
}

void run_scenario(const struct run *run, struct run_result *result)
{
    const struct model *model = sim_model(run->sim);
    struct played played;
    struct looks looks;
    int r;

    result->outage_ms = result->bound_ms = -1;
    run->counting->model = model;
    begin_faults(run, &looks);
    play_to_rest(run->sim, run_length_ms(run->faults, run->n_faults, run->at_ms, run->fault_ms),
                 &played);
    result->settled_ms = played.settled_ms;
    result->simulated_ms = sim_now(run->sim);
    result->false_moves = sim_counts(run->sim).false_moves;
    if (played.breach[0] != '\0')
        broken(result, PROMISE_INVARIANTS, "%s: %s", played.breach, played.breach_text);
    else if (!played.settled)
        broken(result, PROMISE_REST, "no rest after %lld s: %s",
               (long long)(played.settled_ms / 1000), played.why);
    for (r = 0; r < model->n_routes; r++)
        judge_route(run, &looks, r, result);
}
