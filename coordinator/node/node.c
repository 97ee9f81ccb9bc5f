#include "node/node.h"
#include "base/check.h"
#include "base/mem.h"
#include "core/feature.h"
#include "node/internal.h"
#include "wire/codec.h"
#include "wire/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void node_fatal(struct node *node, const char *format, ...)
{
    char why[ERR_TEXT_MAX];
    va_list args;

    if (node->dead)
        return;
    node->dead = true;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    if (!node->closing)
        node->shell.fatal(node->shell.context, why);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Of all but Raft. */
static int64_t due_ms(const struct node *node)
{
    return sooner(engine_next_ms(node->engine), sooner(node->fetch_ms, node->join_ms));
}

void node_tell(struct node *node)
{
    int64_t due = due_ms(node);

    if (due >= node->told_ms || !node_lives(node))
        return;
    node->told_ms = due;
    node->shell.wake(node->shell.context);
}

/* ---- opening ---- */

static struct engine *new_engine(const struct node_options *options, struct moment now)
{
    struct engine_options o = {.self = options->self,
                               .boot = options->boot,
                               .seed = options->boot,
                               .level = options->level,
                               .shared = shared_new(),
                               .yaml = options->yaml,
                               .yaml_len = (uint32_t)options->yaml_len,
                               .now = now};
    struct err err;

    CHECK(config_parse(options->file, options->yaml, options->yaml_len, &o.model, &err) == 0);
    return engine_new(&o);
}

static struct replicate_options raft_options(const struct node_options *options)
{
    return (struct replicate_options){.disk = options->disk,
                                      .raft_id = options->raft_id,
                                      .model = options->model,
                                      .timing = options->model->timing,
                                      .seed = options->boot,
                                      .snapshot_every = options->snapshot_every,
                                      .snapshot_trailing = options->snapshot_trailing,
                                      .log = options->log};
}

int node_open(const struct node_options *options, struct node **out, struct err *err)
{
    struct replicate_options raft = raft_options(options);
    struct node *node = mem_zalloc(1, sizeof *node);
    struct replicate *replicate = NULL;
    struct moment now;
    int r;

    node->self = options->self;
    node->raft_id = options->raft_id;
    node->file = options->file;
    node->level = options->level != 0 ? options->level : FEATURE_NEWEST;
    node->model = options->model;
    node->log = options->log;
    node->shell = options->shell;
    now = node_now(node);
    node->engine = new_engine(options, now);
    node->fetch_ms = node->join_ms = now.boot_ms + LOOK_MS;
    raft.handlers = entries_handlers(node);
    /* What the engine says meanwhile waits for the first node_run(). */
    node->carrying = true;
    r = replicate_open(&raft, &replicate, err);
    node->carrying = false;
    node->replicate = replicate;
    if (r == 0 && node->dead)
        r = err_set(err, ERR_CORRUPT, "what is stored cannot be gone on with");
    if (r < 0)
        node->dead = true;
    node->told_ms = due_ms(node);
    *out = node;
    return r;
}

int node_bootstrap(const struct node_options *options, struct err *err)
{
    struct replicate_options raft = raft_options(options);

    return replicate_bootstrap(&raft, err);
}

/* ---- closing ---- */

static void on_raft_closed(void *context)
{
    struct node *node = context;

    node->replicate = NULL;
}

void node_close(struct node *node, void (*closed)(void *context), void *context)
{
    CHECK(!node->closing);
    node->closing = true;
    node->closed = closed;
    node->closed_context = context;
    commands_end(node);
    if (node->replicate != NULL)
        replicate_close(node->replicate, on_raft_closed, node);
    node->shell.wake(node->shell.context);
}

static void finish(struct node *node)
{
    void (*closed)(void *context) = node->closed;
    void *context = node->closed_context;

    engine_free(node->engine);
    effects_free(&node->effects);
    effects_free(&node->carried);
    buf_free(&node->scratch);
    mem_free(node);
    closed(context);
}

/* ---- time ---- */

/* Raft's disk may count from another point than the boot clock. */
static int64_t raft_due_ms(const struct node *node)
{
    uint64_t due = replicate_due_ms(node->replicate);

    if (due == UINT64_MAX)
        return INT64_MAX;
    return node_now(node).boot_ms + (int64_t)(due - replicate_now(node->replicate));
}

int64_t node_due_ms(const struct node *node)
{
    if (node->closing)
        return node->replicate != NULL ? raft_due_ms(node) : 0;
    if (node->dead)
        return INT64_MAX;
    return sooner(raft_due_ms(node), due_ms(node));
}

void node_run(struct node *node)
{
    struct event tick = {.kind = EVENT_TICK};
    int64_t now_ms;

    node->told_ms = INT64_MIN; /* it will ask */
    if (node->replicate != NULL && (node->closing || !node->dead))
        replicate_run(node->replicate);
    /* Closed from inside too, but the node goes here, where nobody above needs it. */
    if (node->closing && node->replicate == NULL) {
        finish(node);
        return;
    }
    if (!node_lives(node))
        return;
    tick.now = node_now(node);
    now_ms = tick.now.boot_ms;
    if (now_ms >= engine_next_ms(node->engine))
        node_step(node, &tick);
    if (now_ms >= node->join_ms)
        rejoin_look(node, now_ms);
    if (now_ms >= node->fetch_ms)
        ledger_sync_look(node, now_ms);
    effects_carry_out(node);
    node->told_ms = due_ms(node);
}

/* Members change by entries of the log, so only a new one can make this node a voter. */
static void tell_standing(struct node *node, const struct replicate_info *info)
{
    engine_standing(node->engine, node_now(node), info->stored_index,
                    replicate_placed(node->replicate, node->raft_id, MEMBER_VOTER));
    node_tell(node);
}

/* libraft tells nobody when its state changes. */
void node_poll(struct node *node)
{
    struct event event = {.kind = EVENT_RAFT};
    struct replicate_info info;

    if (!node_lives(node) || node->replicate == NULL)
        return;
    info = replicate_info(node->replicate);
    if (info.last_index != node->seen.last_index || info.stored_index != node->seen.stored_index) {
        node->seen.last_index = info.last_index;
        node->seen.stored_index = info.stored_index;
        tell_standing(node, &info);
    }
    if (info.members_change != node->seen.members_change) {
        node->seen.members_change = info.members_change;
        members_tell(node);
    }
    if (info.role == node->seen.role && info.term == node->seen.term &&
        info.leader_raft_id == node->seen.leader_raft_id)
        return;
    node->seen = info;
    event.now = node_now(node);
    event.raft.role = (enum raft_role)info.role;
    event.raft.term = info.term;
    event.raft.leader = info.leader_raft_id != 0 ? replicate_server_of(info.leader_raft_id) : -1;
    event.raft.last_index = info.last_index;
    event.raft.commit_index = info.commit_index;
    node_step(node, &event);
}

/* ---- what happened ---- */

void node_step(struct node *node, const struct event *event)
{
    if (event->kind == EVENT_COMMAND && !commands_add(node, &event->command->id))
        return;
    if (!node_lives(node))
        return;
    engine_step(node->engine, event, &node->effects);
    effects_carry_out(node);
    node_tell(node);
}

void node_take_beat(struct node *node, int server, struct beat *beat)
{
    struct event event = {.kind = EVENT_BEAT};
    struct err err;

    if (!node_lives(node))
        return;
    if (feature_check("the cluster", beat->level_needed, node->level, &err) < 0) {
        node_fatal(node, "%s says: %s", node->model->servers[server].name, err.text);
        return;
    }
    beat->from = server; /* by the key that authenticated it, not by its word */
    event.now = node_now(node);
    event.beat = beat;
    node_step(node, &event);
}

int node_beat(struct node *node, int server, const uint8_t *bytes, size_t len, struct err *err)
{
    int r;

    if (!node_lives(node))
        return 0;
    r = beat_decode(bytes, len, &node->beat, err);
    if (r == 0)
        node_take_beat(node, server, &node->beat);
    return r;
}

void node_receive(struct node *node, int server, const uint8_t *bytes, size_t len)
{
    if (node_lives(node) && node->replicate != NULL)
        replicate_receive(node->replicate, server, bytes, len);
}

/* Two files of one version would be in force in turn, by who leads. */
static int check_version(const struct node *node, const struct model *model, const uint8_t *yaml,
                         uint32_t yaml_len, struct err *err)
{
    const struct shared *shared = engine_shared(node->engine);

    if (shared->model == NULL || shared->model->version != model->version ||
        (shared->config_yaml_len == yaml_len && memcmp(shared->config_yaml, yaml, yaml_len) == 0))
        return 0;
    return err_set(err, ERR_REFUSED, "%s differs from version %u, in force, but has its number",
                   node->file, model->version);
}

int node_offer(struct node *node, struct model *model, const uint8_t *yaml, uint32_t yaml_len,
               struct err *err)
{
    int r = check_version(node, model, yaml, yaml_len, err);

    if (r < 0) {
        model_free(model);
        return r;
    }
    return engine_offer(node->engine, model, yaml, yaml_len, err);
}

void node_certificate(struct node *node, int64_t ends_ms)
{
    engine_certificate(node->engine, ends_ms);
}

/* ---- what can be asked ---- */

/* Raft's own word comes first, because a node that knows a newer term has no say in its own. */
int node_may_act(struct node *node, int route, uint32_t epoch, uint32_t step, int64_t since_ms)
{
    struct event event = {.kind = EVENT_RECHECK, .recheck.since_ms = since_ms};
    int may;

    node_poll(node);
    if (!node_lives(node))
        return -1;
    event.now = node_now(node);
    may = engine_may_act(node->engine, event.now, route, epoch, step, since_ms);
    if (may == 0)
        node_step(node, &event);
    return may;
}

struct lease node_lend(struct node *node, int route)
{
    if (!node_lives(node))
        return (struct lease){0};
    return engine_lend(node->engine, node_now(node), route);
}

const struct engine *node_engine(const struct node *node)
{
    return node->engine;
}

struct replicate_info node_raft(const struct node *node)
{
    if (node->replicate == NULL)
        return (struct replicate_info){.role = RAFT_ROLE_OTHER};
    return replicate_info(node->replicate);
}
