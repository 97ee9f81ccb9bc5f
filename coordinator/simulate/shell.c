/* What a process is given in place of libuv, links and files. */
#include "simulate/inside.h"
#include "store/zone_file.h"

static struct process *of(void *context)
{
    return context;
}

static struct moment now(void *context)
{
    struct process *process = of(context);

    return clock_now(&process->machine->clock, sim_ms(process->sim));
}

/* The world looks at node_due_ms() after everything it brings to a node that lives. */
static void wake(void *context)
{
    struct process *process = of(context);

    if (process->gone)
        process_closing(process);
}

static int send_raft(void *context, int server, const uint8_t *bytes, size_t len)
{
    struct process *process = of(context);

    if (process->gone)
        return ERR_UNAVAILABLE;
    return network_stream(process->sim->network, process->machine->server, server, bytes, len);
}

static void send_beat(void *context, const uint8_t *bytes, size_t len)
{
    struct process *process = of(context);
    struct parcel *parcel;

    if (process->gone)
        return;
    parcel = parcel_new(bytes, len);
    network_cast(process->sim->network, process->machine->server, parcel);
    parcel_release(parcel);
}

static void probe(void *context, int check)
{
    struct process *process = of(context);

    if (!process->gone)
        targets_probe(process->sim->targets, process->machine->server, check);
}

static void act(void *context, int route, int actuator, const struct placement *placement)
{
    struct process *process = of(context);

    if (!process->gone)
        switches_call(process->sim->switches, process->machine->server, process->start, route,
                      actuator, placement);
}

static void hold(void *context, int route, uint32_t epoch, int64_t until_ms, int fence_ms)
{
    struct process *process = of(context);
    struct keeping_order order = {.epoch = epoch, .until_ms = until_ms, .fence_ms = fence_ms};

    if (!process->gone)
        helper_order(process->machine, route, &order);
}

static void tell(void *context, const struct tell_order *order)
{
    struct process *process = of(context);

    if (!process->gone)
        receivers_tell(process->sim->receivers, process->machine->server, process->start, order);
}

void shell_configure(struct process *process)
{
    targets_watch(process->sim->targets, process->machine->server, process->start,
                  engine_model(node_engine(process->node)),
                  prng_mix(process->sim->seed ^ process->start));
    helper_greet(process->machine);
}

static void configured(void *context)
{
    struct process *process = of(context);

    if (!process->gone && !process->opening)
        shell_configure(process);
}

static struct zone *zone(void *context, const char *name)
{
    struct zone *found;
    struct err err;

    (void)context;
    return zone_file_load(name, &found, &err) == 0 ? found : NULL;
}

static void reply(void *context, const struct command_id *id, int code, const char *text)
{
    asks_reply(of(context), id, code, text);
}

/* ---- the ledger ---- */

static uint64_t ledger_size_of(void *context)
{
    return of(context)->machine->lines;
}

static int ledger_put_line(void *context, uint64_t seq, const char *line, size_t len,
                           struct err *err)
{
    return book_put(of(context)->machine, seq, line, len, err);
}

static int ledger_sync_all(void *context, struct err *err)
{
    struct machine *machine = of(context)->machine;

    (void)err;
    machine->synced = machine->lines;
    return 0;
}

static int ledger_root_of(void *context, uint8_t root[TREE_HASH], struct err *err)
{
    struct process *process = of(context);

    (void)err;
    book_root(process->sim, process->machine->lines, root);
    return 0;
}

static void fetch(void *context, int server, uint64_t from)
{
    asks_fetch(of(context), server, from);
}

static void join(void *context, int server, uint64_t raft_id)
{
    asks_join(of(context), server, raft_id);
}

static void fatal(void *context, const char *why)
{
    process_fail(of(context), why);
}

struct node_shell shell_of(struct process *process)
{
    return (struct node_shell){
        .context = process,
        .now = now,
        .wake = wake,
        .send_raft = send_raft,
        .send_beat = send_beat,
        .probe = probe,
        .act = act,
        .hold = hold,
        .tell = tell,
        .configured = configured,
        .zone = zone,
        .reply = reply,
        .ledger_size = ledger_size_of,
        .ledger_put = ledger_put_line,
        .ledger_sync = ledger_sync_all,
        .ledger_root = ledger_root_of,
        .fetch = fetch,
        .join = join,
        .fatal = fatal,
    };
}
