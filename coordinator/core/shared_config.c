/* A configuration takes effect: what is known of things that keep their names stays. */
#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/failover/rules.h"
#include "core/feature.h"
#include "core/shared_apply.h"

#include <openssl/sha.h>
#include <string.h>

static server_set all_members(const struct candidate *candidate)
{
    server_set set = 0;
    int i;

    for (i = 0; i < candidate->n_members; i++)
        set |= server_bit(candidate->members[i]);
    return set;
}

/* Nobody holds a grant before the first configuration; later on somebody may, of a
 * candidate or a route of that name that is gone. */
static void begin_route(const struct route *route, bool first, int64_t now_ms, uint32_t epoch,
                        struct route_state *state)
{
    size_t i;

    *state = (struct route_state){.phase = route->kind == ROUTE_EXCLUSIVE && !first ? ROUTE_WAITING
                                                                                    : ROUTE_ACTING,
                                  .previous = -1,
                                  .rule = RULE_FOUNDED,
                                  .moved_ms = UTC_NONE,
                                  .grace_until_ms = UTC_NONE,
                                  .lapsed_ms = UTC_NONE,
                                  .intent_ms = now_ms,
                                  .planned = true};
    for (i = 0; i < ARRAY_LEN(state->automatic_ms); i++)
        state->automatic_ms[i] = UTC_NONE;
    state->now = (struct placement){
        .epoch = epoch, .step = 0, .candidate = 0, .members = all_members(&route->candidates[0])};
}

/* The candidate of `route` that has the name of the old one; -1: gone, or there was none. */
static int same_candidate(const struct route *old, int candidate, const struct route *route)
{
    return candidate < 0 ? -1 : model_candidate(route, old->candidates[candidate].name);
}

/* Where the route that serves the same candidate under the same name stood before; -1. */
static int continues(const struct shared *old, const struct route *route)
{
    int before = old->model != NULL ? model_route(old->model, route->name) : -1;

    return before >= 0 && same_candidate(&old->model->routes[before],
                                         old->routes[before].now.candidate, route) >= 0
               ? before
               : -1;
}

/* A route that keeps its name and its serving candidate goes on under the same epoch;
 * its actuators are told again. One whose candidate is gone begins anew above it. */
static void carry_route(const struct shared *old, const struct route *route,
                        struct route_state *state)
{
    int before = model_route(old->model, route->name);
    const struct route *was;

    if (before < 0)
        return;
    if (continues(old, route) < 0) {
        state->now.epoch = old->routes[before].now.epoch + 1;
        state->pause = old->routes[before].pause;
        return;
    }
    was = &old->model->routes[before];
    *state = old->routes[before];
    state->now.candidate = same_candidate(was, state->now.candidate, route);
    state->previous = same_candidate(was, state->previous, route);
    state->now.step++;
    state->now.members = all_members(&route->candidates[state->now.candidate]);
    state->grace_until_ms = UTC_NONE;
    state->done = 0;
    if (state->phase == ROUTE_SERVING)
        state->phase = ROUTE_ACTING;
}

/* Those that are down by verdict stay out; when all are, all stay in. */
static void leave_out_sick(struct shared *shared, int route)
{
    struct placement *now = &shared->routes[route].now;
    server_set standing = shared_candidate_standing(shared, route, now->candidate);

    if (standing != 0)
        now->members = standing;
    now->draining = shared_candidate_drained(shared, route, now->candidate) & ~now->members;
}

/* A move that a command waits for ends with the route that it was of. */
static void end_commands(struct recorder *r, const struct model *model)
{
    struct shared *shared = r->shared;
    int i, j;

    for (i = 0; shared->model != NULL && i < shared->model->n_routes; i++) {
        struct entry answered = {.id = shared->routes[i].command};
        bool goes_on = false;

        for (j = 0; j < model->n_routes && !goes_on; j++)
            goes_on = continues(shared, &model->routes[j]) == i;
        if (!goes_on)
            shared_remember(shared, &answered, r->index, COMMAND_REFUSED,
                            "a new configuration ended the move");
    }
}

static struct check_state *carry_checks(const struct shared *old, const struct model *model)
{
    struct check_state *checks = mem_zalloc((size_t)model->n_checks, sizeof *checks);
    int i, before;

    for (i = 0; i < model->n_checks; i++) {
        before = old->model != NULL ? model_check(old->model, model->checks[i].name) : -1;
        if (before >= 0)
            checks[i] = old->checks[before];
        else
            checks[i] = (struct check_state){.fail_since_ms = UTC_NONE, .good_before_ms = UTC_NONE};
    }
    return checks;
}

/* Outages and unmonitored time of functions that are gone end here. */
static void close_functions(struct recorder *r, const struct model *model)
{
    struct shared *shared = r->shared;
    int i;

    for (i = 0; shared->model != NULL && i < shared->model->n_functions; i++) {
        struct function_state *state = &shared->functions[i];

        if (model_function(model, shared->model->functions[i].name) >= 0)
            continue;
        if (state->down)
            record_outage_close(r, i, state, shared->time_ms, state->start_ms);
        if (state->unmonitored != 0)
            record_unmonitored_close(r, i, state->unmonitored - 1, state->unmonitored_ms,
                                     shared->time_ms);
    }
}

static struct function_state *carry_functions(const struct shared *old, const struct model *model)
{
    struct function_state *functions = mem_zalloc((size_t)model->n_functions, sizeof *functions);
    int i, before;

    for (i = 0; i < model->n_functions; i++) {
        before = old->model != NULL ? model_function(old->model, model->functions[i].name) : -1;
        if (before >= 0)
            functions[i] = old->functions[before];
    }
    return functions;
}

/* Windows name functions by position: follow the names. */
static void carry_windows(struct shared *shared, const struct model *model)
{
    int w, i, to;

    for (w = 0; shared->model != NULL && w < shared->n_windows; w++) {
        uint64_t set[ARRAY_LEN(shared->windows[0].functions)] = {0};

        for (i = 0; i < shared->model->n_functions; i++) {
            to = model_function(model, shared->model->functions[i].name);
            if ((shared->windows[w].functions[i / 64] >> (i % 64) & 1) && to >= 0)
                set[to / 64] |= 1ull << (to % 64);
        }
        memcpy(shared->windows[w].functions, set, sizeof set);
    }
}

/* Drains are kept by the position of their server: follow the names. */
static void carry_drains(struct shared *shared, const struct model *model)
{
    struct drain old[LIMIT_SERVERS];
    int i, before;

    if (shared->model == NULL)
        return;
    memcpy(old, shared->drains, sizeof old);
    memset(shared->drains, 0, sizeof shared->drains);
    for (i = 0; i < model->n_servers; i++) {
        before = model_server(shared->model, model->servers[i].name);
        if (before >= 0)
            shared->drains[i] = old[before];
    }
}

static void replace(struct shared *shared, struct entry *entry, uint64_t index)
{
    bool first = shared->model == NULL;
    struct model *model = entry->config.model;
    struct route_state *routes = mem_zalloc((size_t)model->n_routes, sizeof *routes);
    struct check_state *checks = carry_checks(shared, model);
    struct function_state *functions = carry_functions(shared, model);
    int i;

    for (i = 0; i < model->n_routes; i++) {
        /* Above any epoch that a route of that name, gone meanwhile, ever had: its
         * actuators remember that one. */
        begin_route(&model->routes[i], first, shared->time_ms, first ? 1 : (uint32_t)index,
                    &routes[i]);
        if (!first)
            carry_route(shared, &model->routes[i], &routes[i]);
    }
    carry_windows(shared, model);
    carry_drains(shared, model);
    model_free(shared->model);
    mem_free(shared->config_yaml);
    mem_free(shared->routes);
    mem_free(shared->checks);
    mem_free(shared->functions);
    shared->model = model;
    shared->config_yaml = entry->config.yaml;
    shared->config_yaml_len = entry->config.yaml_len;
    shared->routes = routes;
    shared->checks = checks;
    shared->functions = functions;
    entry->config.model = NULL;
    entry->config.yaml = NULL;
    for (i = 0; i < model->n_routes && !first; i++)
        leave_out_sick(shared, i);
}

static bool same_promises(const struct shared *shared, const struct buf *promised)
{
    struct buf text = {0};
    bool same;

    record_promises(shared, &text);
    same = text.len == promised->len && memcmp(text.data, promised->data, text.len) == 0;
    buf_free(&text);
    return same;
}

void apply_config(struct recorder *r, struct entry *entry)
{
    struct shared *shared = r->shared;
    const struct model *model = entry->config.model;
    uint8_t digest[SHA256_DIGEST_LENGTH];
    struct buf promised = {0};
    bool first = shared->model == NULL;
    int i;

    if (model == NULL || (!first && (model->version <= shared->model->version ||
                                     !model_same_coordinators(model, shared->model)))) {
        shared_remember(shared, entry, r->index, COMMAND_REFUSED,
                        "not newer than the configuration in force, or other coordinators");
        return;
    }
    SHA256(entry->config.yaml, entry->config.yaml_len, digest);
    close_functions(r, model);
    end_commands(r, model);
    notices_follow(r, model);
    if (!first)
        record_promises(shared, &promised);
    replace(shared, entry, r->index);
    for (i = 0; first && i < shared->model->n_coordinators; i++)
        shared->nodes[i] = (struct node_state){.raft_id = (uint64_t)i + 1};
    record_config(r, digest);
    if (shared->level >= FEATURE_REPORT && !same_promises(shared, &promised))
        record_contract(r);
    buf_free(&promised);
    shared_remember(shared, entry, r->index, COMMAND_DONE, "in force");
}
