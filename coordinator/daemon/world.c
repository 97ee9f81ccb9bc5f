/* Probes and actuators. They work on a copy of the configuration in force and are
 * replaced as a whole when another takes effect. */
#include "base/check.h"
#include "base/mem.h"
#include "daemon/daemon.h"

static void on_result(void *context, const struct probe_result *result)
{
    struct world *world = context;
    struct event event = {.kind = EVENT_PROBE, .now = daemon_now()};

    if (world != world->daemon->world)
        return;
    if (result->reason != REASON_OK)
        log_line(world->daemon->log, LOG_LEVEL_DEBUG, "probe", "%s: %s after %u ms",
                 world->model->checks[result->check].name, reason_name(result->reason),
                 result->took_ms);
    event.probe.check = result->check;
    event.probe.reason = result->reason;
    event.probe.began_ms = result->began_ms;
    event.probe.took_ms = result->took_ms;
    node_step(world->daemon->node, &event);
}

static void on_hint(void *context, int check)
{
    struct world *world = context;
    struct event event = {.kind = EVENT_HINT, .now = daemon_now(), .hint.check = check};

    if (world == world->daemon->world)
        node_step(world->daemon->node, &event);
}

_Static_assert(ACT_NO_TOKEN == ENGINE_NO_TOKEN, "");

static int on_may(void *context, const struct act_order *order, int64_t since_ms)
{
    struct world *world = context;
    int may;

    if (world != world->daemon->world)
        return -1;
    may = node_may_act(world->daemon->node, order->route, order->epoch, order->step, since_ms);
    return world == world->daemon->world ? may : -1; /* asking may have replaced it */
}

static void world_gone(void *context)
{
    struct world *world = context;
    struct daemon *daemon = world->daemon;

    if (--world->open > 0)
        return;
    model_free(world->model);
    mem_free(world);
    if (--daemon->worlds == 0 && daemon->closing)
        daemon_module_closed(daemon);
}

static void world_close(struct world *world)
{
    observe_close(world->observe, world_gone, world);
    act_close(world->act, world_gone, world);
}

static struct world *world_open(struct daemon *daemon)
{
    const struct shared *shared = engine_shared(node_engine(daemon->node));
    struct world *world = mem_zalloc(1, sizeof *world);
    struct observe_options watching;
    struct err err;
    int r;

    world->daemon = daemon;
    world->open = 2;
    if (shared->model != NULL)
        r = config_parse("committed configuration", shared->config_yaml, shared->config_yaml_len,
                         &world->model, &err);
    else
        r = config_parse(daemon->config.cluster_file, daemon->cluster_yaml.data,
                         daemon->cluster_yaml.len, &world->model, &err);
    CHECK(r == 0); /* both were parsed before */
    watching = (struct observe_options){.loop = daemon->loop,
                                        .model = world->model,
                                        .self = daemon->self,
                                        .seed = daemon->boot,
                                        .log = daemon->log,
                                        .result = on_result,
                                        .hint = on_hint,
                                        .context = world};
    world->observe = observe_open(&watching);
    world->act = act_open(daemon->loop, daemon->log, on_may, world);
    act_agents(world->act, daemon->link);
    daemon->worlds++;
    return world;
}

void world_replace(void *context)
{
    struct daemon *daemon = context;

    holder_configured(daemon);
    status_page_configured(daemon);
    if (daemon->world == NULL)
        return; /* not open yet: it will begin with what is in force then */
    world_close(daemon->world);
    daemon->world = world_open(daemon);
}

int world_module_open(struct daemon *daemon, struct err *err)
{
    (void)err;
    daemon->world = world_open(daemon);
    return 0;
}

void world_module_close(struct daemon *daemon)
{
    struct world *world = daemon->world;

    daemon->world = NULL;
    world_close(world);
}

void world_probe(void *context, int check)
{
    struct daemon *daemon = context;

    if (daemon->world != NULL)
        observe_now(daemon->world->observe, check);
}

static void on_acted(void *context, const struct act_order *order, const struct act_result *result)
{
    struct world *world = context;
    struct event event = {.kind = EVENT_ACTED, .now = daemon_now()};

    if (world != world->daemon->world)
        return; /* of a configuration that is no longer in force */
    event.acted.route = order->route;
    event.acted.actuator = order->actuator;
    event.acted.epoch = order->epoch;
    event.acted.step = order->step;
    event.acted.code = result->code;
    event.acted.changed = result->changed;
    event.acted.seen_epoch = result->seen_epoch;
    event.acted.took_ms = result->took_ms;
    event.acted.text = result->err.text[0] != '\0' ? result->err.text : NULL;
    node_step(world->daemon->node, &event);
}

void world_act(void *context, int route, int actuator, const struct placement *placement)
{
    struct daemon *daemon = context;
    struct act_order order;

    if (daemon->world == NULL)
        return;
    order = (struct act_order){.model = daemon->world->model,
                               .route = route,
                               .actuator = actuator,
                               .epoch = placement->epoch,
                               .step = placement->step,
                               .candidate = placement->candidate,
                               .members = placement->members,
                               .draining = placement->draining};
    act_run(daemon->world->act, &order, on_acted, daemon->world);
}
