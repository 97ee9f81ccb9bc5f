/* Probes and actuators. They work on a copy of the configuration in force and are
 * replaced as a whole when another takes effect. */
#include "base/check.h"
#include "base/mem.h"
#include "daemon/node.h"

static void on_result(void *context, const struct probe_result *result)
{
    struct world *world = context;
    struct event event = {.kind = EVENT_PROBE, .now = node_now()};

    if (world != world->node->world)
        return;
    event.probe.check = result->check;
    event.probe.reason = result->reason;
    event.probe.began_ms = result->began_ms;
    event.probe.took_ms = result->took_ms;
    node_step(world->node, &event);
}

/* Right before an actuator call takes effect: does this node still lead? Raft's own
 * word is late when a partition is young, so most others must be heard as well. */
static bool on_may(void *context)
{
    struct world *world = context;

    return world == world->node->world && engine_leads(world->node->engine) &&
           engine_trusted(world->node->engine, node_now());
}

static void world_gone(void *context)
{
    struct world *world = context;
    struct node *node = world->node;

    if (--world->open > 0)
        return;
    model_free(world->model);
    mem_free(world);
    if (--node->worlds == 0 && node->closing)
        node_module_closed(node);
}

static void world_close(struct world *world)
{
    observe_close(world->observe, world_gone, world);
    act_close(world->act, world_gone, world);
}

static struct world *world_open(struct node *node)
{
    const struct shared *shared = engine_shared(node->engine);
    struct world *world = mem_zalloc(1, sizeof *world);
    struct err err;
    int r;

    world->node = node;
    world->open = 2;
    if (shared->model != NULL)
        r = config_parse("committed configuration", shared->config_yaml, shared->config_yaml_len,
                         &world->model, &err);
    else
        r = config_parse(node->config.cluster_file, node->cluster_yaml.data, node->cluster_yaml.len,
                         &world->model, &err);
    CHECK(r == 0); /* both were parsed before */
    world->observe =
        observe_open(node->loop, world->model, node->self, node->boot, node->log, on_result, world);
    world->act = act_open(node->loop, node->log, on_may, world);
    node->worlds++;
    return world;
}

void world_replace(struct node *node)
{
    if (node->world == NULL)
        return; /* not open yet: it will begin with what is in force then */
    world_close(node->world);
    node->world = world_open(node);
}

int world_module_open(struct node *node, struct err *err)
{
    (void)err;
    node->world = world_open(node);
    return 0;
}

void world_module_close(struct node *node)
{
    struct world *world = node->world;

    node->world = NULL;
    world_close(world);
}
