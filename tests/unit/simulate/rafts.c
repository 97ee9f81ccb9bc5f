#include "rafts.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct command {
    struct raft_apply req;
    struct world *world;
    uint64_t id;
};

struct parcel {
    struct node *to;
    struct raft_message message;
};

static int apply(struct raft_fsm *fsm, const struct raft_buffer *buf, void **result)
{
    struct process *process = fsm->data;
    struct world *world = process->node->world;
    uint64_t id;

    assert_int_equal(buf->len, 32);
    memcpy(&id, buf->base, sizeof id);
    process->chain = prng_mix(process->chain ^ id);
    process->count++;
    assert_true(process->count <= world->n_chain + 1);
    if (process->count > world->n_chain) {
        world->chain[process->count] = process->chain;
        world->n_chain = process->count;
        world->present[id] = true;
    }
    assert_true(world->chain[process->count] == process->chain);
    *result = NULL;
    return 0;
}

static int snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[], unsigned *n_bufs)
{
    struct process *process = fsm->data;
    uint64_t state[2] = {process->count, process->chain};

    *bufs = raft_malloc(sizeof **bufs);
    **bufs = (struct raft_buffer){.base = raft_malloc(sizeof state), .len = sizeof state};
    memcpy((*bufs)->base, state, sizeof state);
    *n_bufs = 1;
    return 0;
}

static int restore(struct raft_fsm *fsm, struct raft_buffer *buf)
{
    struct process *process = fsm->data;
    uint64_t state[2];

    assert_int_equal(buf->len, sizeof state);
    memcpy(state, buf->base, sizeof state);
    process->count = state[0];
    process->chain = state[1];
    assert_true(process->node->world->chain[state[0]] == state[1]);
    raft_free(buf->base);
    return 0;
}

static void copy_entries(struct raft_append_entries *append)
{
    const struct raft_entry *from = append->entries;
    size_t size = 1;
    char *batch;

    if (append->n_entries == 0)
        return;
    for (unsigned i = 0; i < append->n_entries; i++)
        size += from[i].buf.len;
    batch = raft_malloc(size);
    append->entries = raft_malloc(append->n_entries * sizeof *append->entries);
    for (unsigned i = 0; i < append->n_entries; i++) {
        append->entries[i] = from[i];
        append->entries[i].batch = i == 0 ? batch : append->entries[0].batch;
        append->entries[i].buf.base = batch;
        memcpy(batch, from[i].buf.base, from[i].buf.len);
        batch += from[i].buf.len;
    }
}

static void copy_install(struct raft_install_snapshot *install, const struct platter *platter)
{
    struct platter_view view = platter_view(platter);
    struct raft_buffer conf;
    void *data = raft_malloc(install->data.len);

    memcpy(data, install->data.base, install->data.len);
    install->data.base = data;
    raft_configuration_encode(&install->conf, &conf);
    raft_configuration_decode(&conf, &install->conf);
    raft_free(conf.base);
    guard_snapshot_term(install, view.snapshot, view.snapshot_term);
}

static void drop(struct raft_message *message)
{
    if (message->type == RAFT_APPEND_ENTRIES && message->append_entries.n_entries > 0) {
        raft_free(message->append_entries.entries[0].batch);
        raft_free(message->append_entries.entries);
    } else if (message->type == RAFT_INSTALL_SNAPSHOT) {
        raft_configuration_close(&message->install_snapshot.conf);
        raft_free(message->install_snapshot.data.base);
    }
}

static bool guarded(struct raft *raft, struct raft_message *message)
{
    if (guard_two_leaders(raft->state == RAFT_LEADER, raft->current_term, message))
        return true;
    if (message->type == RAFT_APPEND_ENTRIES)
        guard_clamp_commit(&message->append_entries, raft->commit_index);
    return message->type == RAFT_INSTALL_SNAPSHOT &&
           (raft->legacy.snapshot_taking || raft->legacy.snapshot_install);
}

static void deliver(void *context, uint64_t arg)
{
    struct parcel *parcel = context;
    struct node *node = parcel->to;

    if (node->process == NULL || guarded(&node->process->raft, &parcel->message)) {
        drop(&parcel->message);
    } else {
        node->installs += parcel->message.type == RAFT_INSTALL_SNAPSHOT;
        node->process->recv(&node->process->io, &parcel->message);
        platter_fire(node->platter);
    }
    mem_free(parcel);
}

static int send(struct raft_io *io, struct raft_io_send *req, const struct raft_message *message,
                raft_io_send_cb cb)
{
    struct process *process = (struct process *)((char *)io - offsetof(struct process, io));
    struct node *node = process->node;
    struct world *world = node->world;
    struct parcel *parcel;
    int64_t *last_ms = &node->last_ms[message->server_id - 1];
    int64_t at_ms = wheel_now(world->wheel) + 1 + prng_below(&world->prng, 3);

    req->cb = cb;
    if (node->process == process) {
        parcel = mem_zalloc(1, sizeof *parcel);
        parcel->to = &world->nodes[message->server_id - 1];
        parcel->message = *message;
        parcel->message.server_id = (raft_id)node->id;
        parcel->message.server_address = "peer";
        if (message->type == RAFT_APPEND_ENTRIES)
            copy_entries(&parcel->message.append_entries);
        else if (message->type == RAFT_INSTALL_SNAPSHOT)
            copy_install(&parcel->message.install_snapshot, node->platter);
        *last_ms = at_ms > *last_ms ? at_ms : *last_ms;
        wheel_at(world->wheel, *last_ms, deliver, parcel, 0);
    }
    cb(req, 0);
    return 0;
}

static int64_t now_of(void *context)
{
    struct node *node = context;

    return 100 * node->id + wheel_now(node->world->wheel);
}

static int64_t when_of(void *context, int64_t boot_ms)
{
    struct node *node = context;

    return boot_ms - 100 * node->id;
}

static void run_of(void *context, wheel_fire *fire, void *fire_context, uint64_t arg)
{
    fire(fire_context, arg);
}

static void report(void *context, enum guard_disk what)
{
    struct process *process = context;

    process->node->reports[what]++;
}

static int draw(struct raft_io *io, int min, int max)
{
    struct process *process = (struct process *)((char *)io - offsetof(struct process, io));

    return min + (int)prng_below(&process->node->world->prng, (uint32_t)(max - min));
}

static int start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick, raft_io_recv_cb recv)
{
    struct process *process = (struct process *)((char *)io - offsetof(struct process, io));

    process->recv = recv;
    return process->start(io, msecs, tick, recv);
}

static struct process *process_new(struct node *node)
{
    struct process *process = mem_zalloc(1, sizeof *process);
    struct raft *raft = &process->raft;
    struct err err;
    char address[8] = {(char)('0' + node->id)};

    process->node = node;
    process->disk = platter_attach(node->platter);
    process->disk->report = report;
    process->disk->context = process;
    assert_int_equal(process->disk->open(process->disk, &process->io, &err), 0);
    process->io.send = send;
    process->io.random = draw;
    process->start = process->io.start;
    process->io.start = start;
    process->fsm = (struct raft_fsm){
        .version = 1, .data = process, .apply = apply, .snapshot = snapshot, .restore = restore};
    assert_int_equal(raft_init(raft, &process->io, &process->fsm, (raft_id)node->id, address), 0);
    raft->data = process;
    raft_set_election_timeout(raft, 200);
    raft_set_heartbeat_timeout(raft, 20);
    raft_set_pre_vote(raft, true);
    raft_set_capacity_threshold(raft, 256);
    raft_set_snapshot_threshold(raft, node->world->snapshot_every);
    raft_set_snapshot_trailing(raft, node->world->snapshot_every / 2);
    return process;
}

static void closed(struct raft *raft)
{
    struct process *process = raft->data;

    process->node->world->closing--;
    process->disk->free(process->disk);
    mem_free(process);
}

static void stop(struct node *node, struct process *process)
{
    node->process = NULL;
    node->world->closing++;
    raft_close(&process->raft, closed);
}

int up(struct node *node)
{
    struct process *process = process_new(node);
    int rv = raft_start(&process->raft);

    node->process = process;
    if (rv != 0)
        stop(node, process);
    return rv;
}

void crash(struct node *node, bool power)
{
    platter_cut_off(node->platter, power);
    stop(node, node->process);
}

static void bootstrap(struct node *node)
{
    struct process *process = process_new(node);
    struct raft_configuration conf;

    raft_configuration_init(&conf);
    for (int i = 1; i <= node->world->n; i++)
        raft_configuration_add(&conf, (raft_id)i, (char[]){(char)('0' + i), 0}, RAFT_VOTER);
    assert_int_equal(raft_bootstrap(&process->raft, &conf), 0);
    raft_configuration_close(&conf);
    node->world->closing++;
    raft_close(&process->raft, closed);
    while (node->world->closing > 0)
        process->disk->turn(process->disk);
}

void idle_ms(struct world *world, int64_t ms)
{
    int64_t until_ms = wheel_now(world->wheel) + ms;

    while (wheel_step(world->wheel, until_ms))
        ;
}

struct world *world_new(int n, unsigned snapshot_every, uint64_t seed)
{
    struct world *world = mem_zalloc(1, sizeof *world);

    world->wheel = wheel_new();
    world->n = n;
    world->snapshot_every = snapshot_every;
    prng_seed(&world->prng, seed);
    for (int i = 0; i < n; i++) {
        struct node *node = &world->nodes[i];
        struct platter_options options = {.name = "disk",
                                          .wheel = world->wheel,
                                          .seed = seed + 1000 * (uint64_t)i,
                                          .write_ms = 1,
                                          .now = now_of,
                                          .when = when_of,
                                          .run = run_of,
                                          .context = node};

        node->world = world;
        node->id = i + 1;
        node->platter = platter_new(&options);
        bootstrap(node);
        assert_int_equal(up(node), 0);
    }
    return world;
}

void world_free(struct world *world)
{
    for (int i = 0; i < world->n; i++)
        if (world->nodes[i].process != NULL)
            crash(&world->nodes[i], false);
    idle_ms(world, 5000); /* also for what is left on the wheel */
    assert_int_equal(world->closing, 0);
    for (int i = 0; i < world->n; i++)
        platter_free(world->nodes[i].platter);
    wheel_free(world->wheel);
    mem_free(world);
}

struct node *leader(struct world *world)
{
    struct node *found = NULL;

    for (int i = 0; i < world->n; i++) {
        struct process *process = world->nodes[i].process;

        if (process != NULL && raft_state(&process->raft) == RAFT_LEADER &&
            (found == NULL || process->raft.current_term > found->process->raft.current_term))
            found = &world->nodes[i];
    }
    return found;
}

static void applied(struct raft_apply *req, int status, void *result)
{
    struct command *command = req->data;

    if (status == 0) {
        command->world->acked[command->id] = true;
        command->world->n_acked++;
    }
    command->world->n_out--;
    mem_free(command);
}

int propose(struct world *world)
{
    struct node *node = leader(world);
    struct command *command;
    struct raft_buffer buf = {.len = 32};
    int rv;

    if (node == NULL)
        return RAFT_NOTLEADER;
    assert_true(world->proposed + 1 < COMMANDS);
    command = mem_zalloc(1, sizeof *command);
    command->world = world;
    command->id = ++world->proposed;
    command->req.data = command;
    buf.base = raft_calloc(1, buf.len);
    memcpy(buf.base, &command->id, sizeof command->id);
    rv = raft_apply(&node->process->raft, &command->req, &buf, 1, applied);
    if (rv == 0) {
        world->n_out++;
    } else {
        raft_free(buf.base);
        mem_free(command);
    }
    platter_fire(node->platter);
    return rv;
}

void run_ms(struct world *world, int64_t ms)
{
    for (int64_t i = 0; i < ms; i++) {
        idle_ms(world, 1);
        propose(world);
    }
}

void check_all_equal(struct world *world)
{
    idle_ms(world, 3000);
    for (uint64_t id = 1; id <= world->proposed; id++)
        assert_true(!world->acked[id] || world->present[id]);
    for (int i = 0; i < world->n; i++) {
        struct platter *mine = world->nodes[i].platter;
        raft_term term[2];
        uint64_t hash[2];

        assert_non_null(world->nodes[i].process);
        assert_int_equal(world->nodes[i].process->count, world->n_chain);
        for (raft_index k = platter_view(mine).first; k <= platter_view(mine).last; k++) {
            assert_true(platter_entry(mine, k, &term[0], &hash[0]));
            if (!platter_entry(world->nodes[0].platter, k, &term[1], &hash[1]))
                continue;
            assert_true(term[0] == term[1] && hash[0] == hash[1]);
        }
    }
}
