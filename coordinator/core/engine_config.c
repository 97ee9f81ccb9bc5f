/* The configuration in force: the local file's until one is committed. What is kept by a
 * route's position follows its name into another one. */
#include "base/mem.h"
#include "core/engine_private.h"

#include <string.h>

void config_use(struct engine *engine, struct moment now)
{
    engine->model = engine->shared->model != NULL ? engine->shared->model : engine->local_model;
    engine->model_ms = now.boot_ms;
    engine->routes_busy = true;
    count_reset(engine);
    hold_reset(engine);
    belief_reset(engine, now);
}

void config_names(const struct engine *engine, struct route_names *old)
{
    int r;

    old->n = engine->model->n_routes;
    for (r = 0; r < old->n; r++)
        memcpy(old->names[r], engine->model->routes[r].name, LIMIT_NAME);
    old->n_receivers = engine->model->notices != NULL ? engine->model->notices->n_receivers : 0;
    for (r = 0; r < old->n_receivers; r++)
        memcpy(old->receivers[r], engine->model->notices->receivers[r].name, LIMIT_NAME);
}

static int old_index(const struct route_names *old, const char *name)
{
    int r;

    for (r = 0; r < old->n; r++)
        if (strcmp(old->names[r], name) == 0)
            return r;
    return -1;
}

/* What a helper holds of a route that is gone, it holds until its deadline. */
static void follow_holders(struct engine *engine, const struct route_names *old)
{
    struct holder holders[LIMIT_ROUTES];
    int r, o;

    memcpy(holders, engine->holders, sizeof holders);
    memset(engine->holders, 0, sizeof engine->holders);
    memset(engine->seen_epoch, 0, sizeof engine->seen_epoch);
    for (o = 0; o < old->n; o++) {
        r = model_route(engine->model, old->names[o]);
        if (r >= 0) {
            engine->holders[r] = holders[o];
            /* It may have been on its way, under another number. */
            engine->holders[r].over_told = 0;
        } else if (holders[o].told_ms > engine->stray_ms) {
            engine->stray_ms = holders[o].told_ms;
        }
    }
}

/* Grants are kept by the position of their route: follow the names. What the peers said
 * last is not carried over: it counts only under the configuration it was said under. */
static void follow_routes(struct engine *engine, const struct route_names *old)
{
    int i, r, o;

    for (i = 0; i < LIMIT_SERVERS; i++) {
        struct peer *peer = &engine->peers[i];
        uint64_t granted[LIMIT_ROUTES] = {0};
        uint32_t epoch[LIMIT_ROUTES] = {0};

        for (r = 0; r < engine->model->n_routes; r++) {
            o = old_index(old, engine->model->routes[r].name);
            granted[r] = o >= 0 ? peer->granted[o] : 0;
            epoch[r] = o >= 0 ? peer->granted_epoch[o] : 0;
        }
        memcpy(peer->granted, granted, sizeof granted);
        memcpy(peer->granted_epoch, epoch, sizeof epoch);
        peer->n_clears = 0;
    }
    follow_holders(engine, old);
    memset(engine->failed_ms, 0, sizeof engine->failed_ms);
    memset(engine->served_ms, 0, sizeof engine->served_ms);
    memset(engine->ready_ms, 0, sizeof engine->ready_ms);
    memset(engine->moved_index, 0, sizeof engine->moved_index);
}

void config_changed(struct engine *engine, struct moment now, const struct route_names *old)
{
    config_use(engine, now);
    follow_routes(engine, old);
    tell_follow(engine, old);
    outbox_reset(engine);
    grants_fence(engine, now.boot_ms, -1);
}

int engine_offer(struct engine *engine, struct model *model, const uint8_t *yaml, uint32_t yaml_len,
                 struct err *err)
{
    if (!model_same_coordinators(model, engine->model)) {
        model_free(model);
        return err_set(err, ERR_REFUSED, "a configuration cannot change the coordinators");
    }
    /* Until one is committed the local file is the one in force: it stays. */
    if (engine->shared->model == NULL) {
        model_free(model);
        return 0;
    }
    model_free(engine->local_model);
    mem_free(engine->local_yaml);
    engine->local_model = model;
    engine->foreign = false;
    engine->local_yaml = mem_dup(yaml, yaml_len);
    engine->local_yaml_len = yaml_len;
    return 0;
}
