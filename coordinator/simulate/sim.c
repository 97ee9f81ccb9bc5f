#include "simulate/sim.h"
#include "base/check.h"
#include "base/mem.h"
#include "simulate/inside.h"
#include "simulate/truth/watch.h"

#include <stdarg.h>
#include <stdio.h>

#define WARM_UP_MS 5000

/* ---- telling ---- */

void sim_mix(struct sim *sim, uint64_t value)
{
    sim->digest = prng_mix(sim->digest ^ value) + (uint64_t)sim_ms(sim);
}

static uint64_t mix_text(uint64_t digest, const char *text)
{
    for (; *text != '\0'; text++)
        digest = (digest ^ (uint8_t)*text) * 1099511628211ull;
    return digest;
}

void sim_note(struct sim *sim, enum note_kind kind, int server, const char *word,
              const char *format, ...)
{
    char text[2048];
    struct note note = {.at_ms = sim_ms(sim) - sim->zero_ms,
                        .kind = kind,
                        .server = server,
                        .word = word,
                        .text = text,
                        .line = kind == NOTE_LEDGER ? sim->book.lines[sim->book.n - 1] : NULL};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sim_mix(sim, mix_text(mix_text((uint64_t)kind, word), text));
    if (sim->tell != NULL)
        sim->tell(sim->context, &note);
}

void sim_break(struct sim *sim, const char *invariant, const char *format, ...)
{
    va_list args;

    CHECK(invariant_known(invariant));
    if (sim->breach != NULL)
        return;
    sim->breach = invariant;
    va_start(args, format);
    vsnprintf(sim->breach_text, sizeof sim->breach_text, format, args);
    va_end(args);
    sim_note(sim, NOTE_BREACH, SERVER_NONE, invariant, "%s", sim->breach_text);
}

/* ---- making ---- */

static bool reaches_outside(void *context, int node)
{
    const struct sim *sim = context;

    return sim->server_shut[node] == 0 && sim->server_dark[node] == 0;
}

static void open_things(struct sim *sim, int between_sites_ms)
{
    struct network_options network = {.model = sim->model,
                                      .wheel = sim->wheel,
                                      .seed = prng_mix(sim->seed ^ 1),
                                      .between_sites_ms = between_sites_ms,
                                      .deliver = machine_deliver,
                                      .context = sim};
    struct targets_options targets = {.wheel = sim->wheel,
                                      .model = sim->model,
                                      .served = callers_served_through,
                                      .ended = machine_probe_ended,
                                      .context = sim};
    struct switches_options switches = {.model = sim->model,
                                        .wheel = sim->wheel,
                                        .seed = prng_mix(sim->seed ^ 2),
                                        .may = machine_may,
                                        .boot_ms = machine_boot_ms,
                                        .acted = machine_acted,
                                        .changed = callers_switched,
                                        .context = sim};

    struct receivers_options receivers = {.model = sim->model,
                                          .wheel = sim->wheel,
                                          .seed = prng_mix(sim->seed ^ 4),
                                          .reaches = reaches_outside,
                                          .took = told_took,
                                          .told = machine_acted,
                                          .context = sim};

    sim->network = network_new(&network);
    targets.network = switches.network = sim->network;
    sim->targets = targets_new(&targets);
    sim->switches = switches_new(&switches);
    sim->receivers = receivers_new(&receivers);
}

static void take_options(struct sim *sim, const struct sim_options *options)
{
    snprintf(sim->name, sizeof sim->name, "%s", options->name);
    sim->seed = options->seed;
    sim->snapshot_every = options->snapshot_every;
    sim->snapshot_trailing = options->snapshot_trailing;
    sim->log_level = options->log_level;
    sim->tell = options->tell;
    sim->context = options->context;
    sim->zero_ms = options->warm_up_ms > 0 ? options->warm_up_ms : WARM_UP_MS;
}

int sim_new(const struct sim_options *options, struct sim **out, struct err *err)
{
    struct sim *sim = mem_zalloc(1, sizeof *sim);
    int code;

    take_options(sim, options);
    code = edition_first(sim, options->yaml, options->yaml_len, err);
    if (code < 0) {
        mem_free(sim);
        return code;
    }
    prng_seed(&sim->prng, prng_mix(sim->seed ^ 3));
    sim->wheel = wheel_new();
    watch_open(sim);
    evidence_open(sim);
    oracle_open(sim);
    told_open(sim);
    asks_open(sim);
    open_things(sim, options->between_sites_ms);
    callers_open(sim);
    inject_plan(sim, options->faults, options->n_faults);
    machines_open(sim);
    software_open(sim);
    *out = sim;
    return 0;
}

void sim_free(struct sim *sim)
{
    if (sim == NULL)
        return;
    sim->tell = NULL;
    machines_free(sim);
    inject_free(sim);
    switches_free(sim->switches);
    targets_free(sim->targets);
    network_free(sim->network);
    asks_free(sim);
    evidence_free(sim);
    oracle_free(sim);
    told_free(sim);
    receivers_free(sim->receivers);
    watch_free(sim);
    wheel_free(sim->wheel);
    book_free(&sim->book);
    editions_free(sim);
    mem_free(sim);
}

/* ---- running ---- */

int sim_run(struct sim *sim, int64_t until_ms)
{
    while (sim->breach == NULL && wheel_step(sim->wheel, sim->zero_ms + until_ms))
        ;
    return sim->breach != NULL ? ERR_REFUSED : 0;
}

void sim_heal(struct sim *sim)
{
    inject_end_all(sim);
}

int sim_audit(struct sim *sim)
{
    if (!sim->murky)
        oracle_compare(sim);
    return sim->breach != NULL ? ERR_REFUSED : 0;
}

/* ---- what can be asked ---- */

const char *sim_breach(const struct sim *sim, const char **text)
{
    if (text != NULL)
        *text = sim->breach_text;
    return sim->breach;
}

struct sim_counts sim_counts(const struct sim *sim)
{
    struct sim_counts counts = sim->counts;

    counts.events = wheel_fired(sim->wheel);
    return counts;
}

uint64_t sim_digest(const struct sim *sim)
{
    return sim->digest;
}

int64_t sim_now(const struct sim *sim)
{
    return sim_ms(sim) - sim->zero_ms;
}

int64_t sim_utc_ms(const struct sim *sim)
{
    return WORLD_UTC_MS + sim_ms(sim);
}

const struct model *sim_model(const struct sim *sim)
{
    return sim->model;
}

int sim_leader(const struct sim *sim)
{
    int i, leader = SERVER_NONE;
    uint64_t newest = 0;

    for (i = 0; i < sim->model->n_coordinators; i++) {
        const struct process *process = sim->machines[i].process;

        if (process_runs(process) && engine_leads(node_engine(process->node)) &&
            node_raft(process->node).term > newest) {
            leader = i;
            newest = node_raft(process->node).term;
        }
    }
    return leader;
}

const struct shared *sim_shared(const struct sim *sim)
{
    const struct shared *newest = NULL;
    int i;

    for (i = 0; i < sim->model->n_coordinators; i++) {
        const struct process *process = sim->machines[i].process;

        if (process == NULL || process->node == NULL)
            continue;
        if (newest == NULL || engine_shared(node_engine(process->node))->index > newest->index)
            newest = engine_shared(node_engine(process->node));
    }
    return newest;
}
