/* Requests over the port: a node that fetches ledger lines or asks to join, an operator who
 * commands. Each has a deadline and is answered once, or not at all. */
#include "base/mem.h"
#include "simulate/inside.h"

#include <string.h>

#define ASK_MS 5000       /* a request between coordinators */
#define JOIN_MS 10000     /* … that changes the members */
#define ORDER_TRY_MS 5000 /* an operator's client tries the next coordinator then … */
#define ORDER_MS 60000    /* … and gives up then */
#define PAGE_LINES 256

enum ask_kind { ASK_FETCH, ASK_JOIN };

struct ask {
    struct sim *sim;
    uint64_t number;
    enum ask_kind kind;
    int server, peer;
    uint64_t start; /* of the process that asks */
    uint64_t value; /* first line; Raft id */
    int code, leader;
    uint64_t last;  /* line behind the last that the peer has */
    bool replacing; /* the peer's node still has it */
    bool over;      /* the asker knows, or does not wait any more */
    struct ask *next;
};

/* An operator's command and its client. */
struct order {
    struct command command;
    bool open;
    int at;                 /* server asked now */
    uint64_t start;         /* of the process that has it; 0: none */
    int submitted, replied; /* at that process */
    int64_t until_ms, retry_ms;
    int code;
    bool kept; /* acknowledged: must be in the state for ever */
    struct order *next;
};

struct asks {
    struct ask *asks;
    uint64_t numbers;
    struct order *orders;
};

void asks_open(struct sim *sim)
{
    sim->asks = mem_zalloc(1, sizeof *sim->asks);
}

void asks_free(struct sim *sim)
{
    struct ask *ask, *next_ask;
    struct order *order, *next_order;

    for (ask = sim->asks->asks; ask != NULL; ask = next_ask) {
        next_ask = ask->next;
        mem_free(ask);
    }
    for (order = sim->asks->orders; order != NULL; order = next_order) {
        next_order = order->next;
        mem_free(order);
    }
    mem_free(sim->asks);
}

/* ---- between coordinators ---- */

static struct ask *find(struct sim *sim, uint64_t number)
{
    struct ask *ask = sim->asks->asks;

    while (ask != NULL && ask->number != number)
        ask = ask->next;
    return ask;
}

static void drop_if_done(struct ask *ask)
{
    struct ask **at = &ask->sim->asks->asks;

    if (!ask->over || ask->replacing)
        return;
    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
    mem_free(ask);
}

/* What the asker's process does with the answer. */
static void take_answer(void *context, uint64_t number)
{
    struct ask *ask = find(context, number);
    struct sim *sim = context;
    struct process *process;
    int n = 0;

    if (ask == NULL || ask->over)
        return;
    ask->over = true;
    process = machine_process(sim, ask->server, ask->start);
    if (process != NULL && !process->failed) {
        if (ask->kind == ASK_JOIN)
            node_joined(process->node, ask->code, ask->code == 0 ? "member" : "not now",
                        ask->leader);
        if (ask->kind == ASK_FETCH && ask->code == 0)
            n = ask->last > ask->value ? (int)(ask->last - ask->value) : 0;
        if (ask->kind == ASK_FETCH)
            node_fetched(process->node, ask->code, ask->value,
                         (const char *const *)sim->book.lines + ask->value,
                         n < PAGE_LINES ? n : PAGE_LINES);
    }
    drop_if_done(ask);
}

static void on_answer(void *context, uint64_t number)
{
    struct ask *ask = find(context, number);

    if (ask == NULL || ask->over)
        return;
    if (machine_process(ask->sim, ask->server, ask->start) == NULL) {
        ask->over = true;
        drop_if_done(ask);
        return;
    }
    machine_run(&ask->sim->machines[ask->server], take_answer, context, number);
}

/* No answer came in time. */
static void on_deadline(void *context, uint64_t number)
{
    struct ask *ask = find(context, number);

    if (ask == NULL || ask->over)
        return;
    ask->code = ERR_TIMEOUT;
    ask->leader = SERVER_NONE;
    on_answer(context, number);
}

static void send_answer(struct ask *ask, int code)
{
    int ms = network_exchange(ask->sim->network, ask->peer, ask->server, ASK_MS);

    ask->code = code;
    if (ms >= 0)
        wheel_at(ask->sim->wheel, sim_ms(ask->sim) + ms / 2, on_answer, ask->sim, ask->number);
}

static void on_replaced(void *context, int code, const char *text)
{
    struct ask *ask = context;

    (void)text;
    ask->replacing = false;
    if (ask->over)
        drop_if_done(ask);
    else
        send_answer(ask, code);
}

static void on_arrival(void *context, uint64_t number)
{
    struct ask *ask = find(context, number);
    struct process *peer;

    if (ask == NULL || ask->over)
        return;
    peer = ask->sim->machines[ask->peer].process;
    if (!process_runs(peer))
        return;
    if (ask->kind == ASK_FETCH) {
        ask->last = peer->machine->lines;
        send_answer(ask, 0);
        return;
    }
    ask->leader = engine_leader(node_engine(peer->node));
    if (ask->leader != ask->peer) { /* serve/ sends the asker on */
        send_answer(ask, ERR_UNAVAILABLE);
        return;
    }
    ask->replacing = true;
    node_replace(peer->node, ask->server, ask->value, on_replaced, ask);
    process_after(peer);
}

static void ask(struct process *process, enum ask_kind kind, int peer, uint64_t value, int wait_ms)
{
    struct sim *sim = process->sim;
    struct ask *asked;
    int ms;

    if (process->gone)
        return;
    asked = mem_zalloc(1, sizeof *asked);
    *asked = (struct ask){.sim = sim,
                          .number = ++sim->asks->numbers,
                          .kind = kind,
                          .server = process->machine->server,
                          .peer = peer,
                          .start = process->start,
                          .value = value,
                          .leader = SERVER_NONE,
                          .next = sim->asks->asks};
    sim->asks->asks = asked;
    ms = network_exchange(sim->network, asked->server, peer, ASK_MS);
    if (ms >= 0)
        wheel_at(sim->wheel, sim_ms(sim) + (ms + 1) / 2, on_arrival, sim, asked->number);
    wheel_at(sim->wheel, sim_ms(sim) + wait_ms, on_deadline, sim, asked->number);
}

void asks_fetch(struct process *process, int server, uint64_t from)
{
    ask(process, ASK_FETCH, server, from, ASK_MS);
}

void asks_join(struct process *process, int server, uint64_t raft_id)
{
    ask(process, ASK_JOIN, server, raft_id, JOIN_MS);
}

/* ---- operators ---- */

static void end_order(struct sim *sim, struct order *order, int code, const char *text)
{
    order->open = false;
    order->code = code;
    sim->counts.answered++;
    sim_note(sim, NOTE_REPLY, order->at, code == 0 ? "done" : err_name(code), "%s", text);
}

/* Brings the command to a coordinator that leads; another says who does. */
static void submit(struct sim *sim, struct order *order)
{
    struct process *process = sim->machines[order->at].process;
    struct event event = {.kind = EVENT_COMMAND, .command = &order->command};

    order->retry_ms = sim_ms(sim) + ORDER_TRY_MS;
    if (!process_runs(process))
        return;
    if (!engine_leads(node_engine(process->node))) {
        int leader = engine_leader(node_engine(process->node));

        order->at = leader >= 0 && leader != order->at
                        ? leader
                        : (order->at + 1) % sim->model->n_coordinators;
        order->retry_ms = sim_ms(sim) + 200;
        return;
    }
    if (order->start == process->start && order->replied < order->submitted)
        return; /* it still has it */
    if (order->start != process->start)
        order->submitted = order->replied = 0;
    order->start = process->start;
    order->submitted++;
    event.now = clock_now(&process->machine->clock, sim_ms(sim));
    node_step(process->node, &event);
    process_after(process);
}

static void on_order(void *context, uint64_t arg)
{
    struct sim *sim = context;
    struct order *order;

    for (order = sim->asks->orders; order != NULL; order = order->next)
        if (order->open && sim_ms(sim) >= order->until_ms)
            end_order(sim, order, ERR_TIMEOUT, "no answer in time: it may still take effect");
        else if (order->open && sim_ms(sim) >= order->retry_ms)
            submit(sim, order);
    for (order = sim->asks->orders; order != NULL; order = order->next)
        if (order->open) {
            wheel_at(sim->wheel, sim_ms(sim) + 100, on_order, sim, 0);
            return;
        }
}

void sim_ask(struct sim *sim, int server, const struct command *command)
{
    struct order *order = mem_zalloc(1, sizeof *order);
    int leader = sim_leader(sim);

    order->command = *command;
    order->open = true;
    order->at = server >= 0 ? server : leader >= 0 ? leader : 0;
    order->until_ms = sim_ms(sim) + ORDER_MS;
    order->retry_ms = sim_ms(sim);
    order->next = sim->asks->orders;
    sim->asks->orders = order;
    sim->counts.commands++;
    wheel_at(sim->wheel, sim_ms(sim), on_order, sim, 0);
}

static struct order *find_order(struct sim *sim, const struct command_id *id)
{
    struct order *order = sim->asks->orders;

    while (order != NULL && memcmp(&order->command.id, id, sizeof *id) != 0)
        order = order->next;
    return order;
}

/* A node answers. The client has it a moment later, if it still waits. */
void asks_reply(struct process *process, const struct command_id *id, int code, const char *text)
{
    struct sim *sim = process->sim;
    struct order *order = find_order(sim, id);
    const struct command_state *state;

    if (process->gone || process->failed || order == NULL || order->start != process->start)
        return;
    if (++order->replied > order->submitted) {
        sim_break(sim, "answered-once", "%s answers a command %d times, asked %d times",
                  sim->model->servers[process->machine->server].name, order->replied,
                  order->submitted);
        return;
    }
    if (!order->open)
        return;
    if (code == ERR_UNAVAILABLE || code == ERR_TIMEOUT) {
        order->retry_ms = sim_ms(sim) + 500;
        order->at = (order->at + 1) % sim->model->n_coordinators;
        return;
    }
    state = shared_command(engine_shared(node_engine(process->node)), id);
    if (code == 0 && !order->command.dry_run && (state == NULL || state->result != COMMAND_DONE))
        sim_break(sim, "acknowledged-kept", "%s says done, its state does not",
                  sim->model->servers[process->machine->server].name);
    order->kept = code == 0 && !order->command.dry_run;
    end_order(sim, order, code, text);
}

/* Everything acknowledged is in the state; nothing waits at a node that lives. */
bool asks_open_ones(const struct sim *sim, struct buf *why)
{
    const struct order *order;
    bool open = false;

    for (order = sim->asks->orders; order != NULL; order = order->next) {
        const struct command_state *state = shared_command(sim_shared(sim), &order->command.id);

        if (order->open || (machine_process(sim, order->at, order->start) != NULL &&
                            order->replied < order->submitted)) {
            buf_printf(why, "a command is not answered; ");
            open = true;
        }
        if (order->kept && (state == NULL || state->result != COMMAND_DONE))
            sim_break((struct sim *)sim, "acknowledged-kept",
                      "an acknowledged command is no longer in the state");
    }
    return open;
}
