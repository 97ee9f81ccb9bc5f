/* What twelve calm nodes cost: the engines of a real configuration in one process, virtual
 * time, beats over no network, probes that are all good, a log that only orders what the
 * leader proposes. Every call into the engine and the beat codec is timed; what the loop
 * itself takes is not counted.
 *
 *   engine_bench FILE.yaml [SECONDS [ROUNDS]]
 *
 * Prints, of the best round, calls per virtual second, ns per call (the mean of all but the
 * longest hundredth, in which the machine did something else) and us per virtual second; what a
 * page of metrics and the operators' page take; then the processor time of a run that nothing is
 * timed in. */
#include "base/check.h"
#include "base/mem.h"
#include "core/engine.h"
#include "report/metrics.h"
#include "report/ops.h"
#include "wire/codec.h"
#include "wire/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NODES 12
#define LEADER 8
#define WARM_MS 20000
#define UTC_START 1790000000000ll
#define LOG_MAX 1024

enum cost {
    COST_BEAT,
    COST_BEAT_LEADER,
    COST_PROBE,
    COST_PROBE_LEADER,
    COST_TICK,
    COST_TICK_LEADER,
    COST_OTHER,
    COST_MAKE,
    COST_ENCODE,
    COST_DECODE,
    COST_NEXT,
    COSTS
};

static const char *const cost_names[COSTS] = {
    "EVENT_BEAT, follower", "EVENT_BEAT, leader", "EVENT_PROBE, follower", "EVENT_PROBE, leader",
    "EVENT_TICK, follower", "EVENT_TICK, leader", "other events",          "engine_beat",
    "beat_encode",          "beat_decode",        "engine_next_ms"};

#define NS_MAX 16384

struct tally {
    uint64_t calls[COSTS];
    uint32_t took[COSTS][NS_MAX]; /* calls that took so many ns */
};

struct world {
    int64_t now_ms;
    struct engine *engines[NODES];
    struct effects effects[NODES];
    int64_t *probe_ms[NODES]; /* next of each check */
    struct buf log[LOG_MAX];
    int n_log, applied[NODES];
    bool timed;
    struct tally tally;
    uint64_t clock_ns; /* what reading the clock twice takes */
};

static uint64_t clock_now(const struct world *w)
{
    struct timespec now = {0};

    if (w->timed)
        clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t measure_clock(struct world *w)
{
    uint64_t least = UINT64_MAX;
    int i;

    w->timed = true;
    for (i = 0; i < 100000; i++) {
        uint64_t began = clock_now(w), took = clock_now(w) - began;

        least = took < least ? took : least;
    }
    return least;
}

static void count(struct world *w, enum cost cost, uint64_t began)
{
    uint64_t took;

    if (!w->timed)
        return;
    took = clock_now(w) - began;
    took = took > w->clock_ns ? took - w->clock_ns : 0;
    w->tally.calls[cost]++;
    w->tally.took[cost][took < NS_MAX ? took : NS_MAX - 1]++;
}

static struct moment moment(const struct world *w)
{
    return (struct moment){.boot_ms = w->now_ms, .utc_ms = UTC_START + w->now_ms};
}

static void carry_out(struct world *w, int node);

static enum cost cost_of(int node, enum event_kind kind)
{
    int leader = node == LEADER;

    if (kind == EVENT_BEAT)
        return COST_BEAT + leader;
    if (kind == EVENT_PROBE)
        return COST_PROBE + leader;
    return kind == EVENT_TICK ? COST_TICK + leader : COST_OTHER;
}

static void step(struct world *w, int node, const struct event *event)
{
    uint64_t began = clock_now(w);

    engine_step(w->engines[node], event, &w->effects[node]);
    count(w, cost_of(node, event->kind), began);
    if (w->effects[node].n > 0)
        carry_out(w, node);
}

static void catch_up(struct world *w, int node)
{
    while (w->applied[node] < w->n_log) {
        const struct buf *bytes = &w->log[w->applied[node]++];
        struct entry entry;
        struct err err;

        CHECK(entry_decode(bytes->data, bytes->len, &entry, &err) == 0);
        engine_apply(w->engines[node], moment(w), (uint64_t)w->applied[node], &entry, NULL, NULL,
                     &w->effects[node]);
        entry_free(&entry);
        carry_out(w, node);
    }
}

static void propose(struct world *w, int node, const struct effect *effect)
{
    struct event event = {.kind = EVENT_PROPOSED, .now = moment(w)};

    CHECK(w->n_log < LOG_MAX);
    entry_encode(&effect->propose.entry, &w->log[w->n_log++]);
    catch_up(w, node);
    event.proposed.proposal = effect->propose.number;
    event.proposed.fate = PROPOSAL_COMMITTED;
    step(w, node, &event);
}

static void send_beat(struct world *w, int node)
{
    struct buf bytes = {0};
    struct beat out, in;
    struct err err;
    uint64_t began = clock_now(w);
    int i;

    engine_beat(w->engines[node], moment(w), &out);
    count(w, COST_MAKE, began);
    began = clock_now(w);
    beat_encode(&out, &bytes);
    count(w, COST_ENCODE, began);
    for (i = 0; i < NODES; i++) {
        struct event event = {.kind = EVENT_BEAT, .now = moment(w), .beat = &in};

        if (i == node)
            continue;
        began = clock_now(w);
        CHECK(beat_decode(bytes.data, bytes.len, &in, &err) == 0);
        count(w, COST_DECODE, began);
        in.from = node;
        step(w, i, &event);
    }
    buf_free(&bytes);
}

static void act(struct world *w, int node, const struct effect *effect)
{
    struct event event = {.kind = EVENT_ACTED, .now = moment(w)};

    event.acted.route = effect->act.route;
    event.acted.actuator = effect->act.actuator;
    event.acted.epoch = effect->act.placement.epoch;
    event.acted.step = effect->act.placement.step;
    step(w, node, &event);
}

static void carry_out(struct world *w, int node)
{
    struct effects effects = w->effects[node];
    int i;

    w->effects[node] = (struct effects){0};
    for (i = 0; i < effects.n; i++) {
        if (effects.items[i].kind == EFFECT_PROPOSE)
            propose(w, node, &effects.items[i]);
        else if (effects.items[i].kind == EFFECT_BEAT)
            send_beat(w, node);
        else if (effects.items[i].kind == EFFECT_PROBE)
            w->probe_ms[node][effects.items[i].check] = w->now_ms;
        else if (effects.items[i].kind == EFFECT_ACT)
            act(w, node, &effects.items[i]);
    }
    effects_clear(&effects);
    if (w->effects[node].items == NULL)
        w->effects[node] = effects; /* its memory is used again */
    else
        effects_free(&effects);
}

static struct model *parse(const char *path, const struct buf *yaml)
{
    struct model *model = NULL;
    struct err err = {{0}};

    if (config_parse(path, yaml->data, yaml->len, &model, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return model;
}

static void boot(struct world *w, const char *path, const struct buf *yaml)
{
    int i, c;

    for (i = 0; i < NODES; i++) {
        struct engine_options options = {.self = i,
                                         .boot = (uint64_t)i + 1,
                                         .seed = (uint64_t)i,
                                         .shared = shared_new(),
                                         .model = parse(path, yaml),
                                         .yaml = yaml->data,
                                         .yaml_len = (uint32_t)yaml->len,
                                         .now = moment(w)};

        CHECK(options.model->n_coordinators == NODES);
        w->probe_ms[i] = mem_zalloc((size_t)options.model->n_checks, sizeof *w->probe_ms[i]);
        for (c = 0; c < options.model->n_checks; c++)
            w->probe_ms[i][c] = model_observers(options.model, c) & server_bit(i)
                                    ? w->now_ms + (i * 7 + c * 11) % 100
                                    : INT64_MAX;
        w->engines[i] = engine_new(&options);
    }
}

static void tell_raft(struct world *w, int node)
{
    struct event event = {.kind = EVENT_RAFT, .now = moment(w)};

    event.raft.role = node == LEADER ? RAFT_ROLE_LEADER : RAFT_ROLE_FOLLOWER;
    event.raft.term = 1;
    event.raft.leader = LEADER;
    step(w, node, &event);
}

static void run_node(struct world *w, int node)
{
    struct event tick = {.kind = EVENT_TICK, .now = moment(w)};
    const struct model *model = engine_model(w->engines[node]);
    uint64_t began;
    int64_t next;
    int c;

    catch_up(w, node);
    for (c = 0; c < model->n_checks; c++)
        if (w->now_ms >= w->probe_ms[node][c]) {
            struct event event = {.kind = EVENT_PROBE, .now = moment(w)};

            w->probe_ms[node][c] = w->now_ms + model->checks[c].interval_ms;
            event.probe.check = c;
            event.probe.reason = REASON_OK;
            event.probe.began_ms = w->now_ms - 1;
            event.probe.took_ms = 1;
            step(w, node, &event);
        }
    began = clock_now(w);
    next = engine_next_ms(w->engines[node]);
    count(w, COST_NEXT, began);
    if (w->now_ms >= next)
        step(w, node, &tick);
}

static void run(struct world *w, int64_t ms)
{
    int64_t until = w->now_ms + ms;
    int i;

    for (; w->now_ms < until; w->now_ms++)
        for (i = 0; i < NODES; i++)
            run_node(w, i);
}

static bool calm(const struct world *w)
{
    const struct shared *shared = engine_shared(w->engines[LEADER]);
    int i;

    if (shared->model == NULL || !engine_leads(w->engines[LEADER]))
        return false;
    for (i = 0; i < shared->model->n_checks; i++)
        if (shared->checks[i].verdict != VERDICT_UP || shared->checks[i].hole)
            return false;
    for (i = 0; i < shared->model->n_routes; i++)
        if (shared->routes[i].phase != ROUTE_SERVING)
            return false;
    return true;
}

/* Mean of all but the longest hundredth. */
static double mean_ns(const struct tally *tally, enum cost cost)
{
    uint64_t most = tally->calls[cost] - tally->calls[cost] / 100, n = 0, ns = 0;
    uint64_t t;

    for (t = 0; t < NS_MAX && n < most; t++) {
        n += tally->took[cost][t];
        ns += t * tally->took[cost][t];
    }
    return n > 0 ? (double)ns / (double)n : 0;
}

/* engine_next_ms() is asked every ms here, which no shell does: it is not in the sum. */
static double sum_ns(const struct tally *tally)
{
    double sum = 0;
    int i;

    for (i = 0; i < COST_DECODE; i++)
        sum += mean_ns(tally, (enum cost)i) * (double)tally->calls[i];
    return sum;
}

static void print(const struct tally *tally, int seconds)
{
    double sum = sum_ns(tally) / seconds / 1000, us = 0;
    int i;

    printf("%-24s %10s %10s %10s\n", "", "calls/s", "ns/call", "us/s");
    for (i = 0; i < COSTS; i++) {
        us = mean_ns(tally, (enum cost)i) * (double)tally->calls[i] / seconds / 1000;
        printf("%-24s %10.1f %10.1f %10.1f\n", cost_names[i], (double)tally->calls[i] / seconds,
               mean_ns(tally, (enum cost)i), us);
        if (i == COST_DECODE - 1)
            printf("%-24s %32.1f\n", "sum so far", sum);
        if (i == COST_DECODE)
            printf("%-24s %32.1f\n", "sum so far", sum + us);
    }
}

#define PAGES 2000

/* What one scrape takes of the loop, without what the kernel says of the process. */
static void print_page(const struct world *w, int node, const char *what)
{
    struct metrics_local local = {.status = {.self = node}, .version = "0"};
    uint64_t began = clock_now(w), took;
    struct buf page = {0};
    int i, series = 0;
    char *at;

    for (i = 0; i < PAGES; i++) {
        buf_clear(&page);
        metrics_page(w->engines[node], moment(w), &local, &page);
    }
    took = clock_now(w) - began;
    for (at = (char *)buf_cstr(&page); *at != '\0'; at = strchr(at, '\n') + 1)
        series += *at != '#';
    printf("%-24s %10zu bytes %6d series %10.1f us\n", what, page.len, series,
           (double)took / PAGES / 1000);
    buf_free(&page);
}

/* What the operators' page takes when somebody asks, and each second while somebody watches. */
static void print_ops(struct world *w, int node)
{
    static struct ops_matrix matrix;
    struct status_local local = {.self = node};
    struct ops_newest newest = {0};
    struct ops_sent sent = {0};
    struct buf page = {0}, event = {0};
    uint64_t began, page_ns, event_ns = 0;
    struct ops ops;
    int i;

    began = clock_now(w);
    for (i = 0; i < PAGES / 10; i++) {
        ops = (struct ops){.engine = w->engines[node],
                           .now = moment(w),
                           .local = &local,
                           .matrix = &matrix,
                           .newest = &newest};
        buf_clear(&page);
        ops_matrix_look(&matrix, ops.engine, ops.now, LIMIT_CHECKS);
        ops_page(&ops, &page);
    }
    page_ns = (clock_now(w) - began) / (PAGES / 10);
    for (i = 0; i < PAGES / 10; i++) {
        run(w, 100);
        ops.now = moment(w);
        buf_clear(&event);
        began = clock_now(w);
        ops_matrix_look(&matrix, ops.engine, ops.now, LIMIT_CHECKS);
        ops_event(&ops, &sent, SIZE_MAX, &event);
        event_ns += clock_now(w) - began;
    }
    printf("%-24s %10zu bytes %26.1f us\n", "/ops", page.len, (double)page_ns / 1000);
    printf("%-24s %10zu bytes %26.1f us\n", "/ops, an event", event.len,
           (double)event_ns / (PAGES / 10) / 1000);
    buf_free(&page);
    buf_free(&event);
}

static void read_file(const char *path, struct buf *into)
{
    FILE *file = fopen(path, "rb");
    uint8_t part[4096];
    size_t n;

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        buf_append(into, part, n);
    fclose(file);
}

int main(int argc, char **argv)
{
    int seconds = argc > 2 ? atoi(argv[2]) : 20, rounds = argc > 3 ? atoi(argv[3]) : 5, i;
    struct world *w = mem_zalloc(1, sizeof *w);
    struct tally *best = mem_zalloc(1, sizeof *best);
    clock_t began;
    struct buf yaml = {0};

    if (argc < 2 || seconds < 1 || rounds < 1) {
        fprintf(stderr, "usage: engine_bench FILE.yaml [SECONDS [ROUNDS]]\n");
        return 2;
    }
    read_file(argv[1], &yaml);
    w->now_ms = 1000;
    w->clock_ns = measure_clock(w);
    boot(w, argv[1], &yaml);
    for (i = 0; i < NODES; i++, w->now_ms += 7)
        tell_raft(w, i);
    run(w, WARM_MS);
    CHECK(calm(w));
    for (i = 0; i < rounds; i++) {
        int before = w->n_log;

        memset(&w->tally, 0, sizeof w->tally);
        run(w, seconds * 1000ll);
        CHECK(w->n_log == before); /* nothing is decided while all is calm */
        if (i == 0 || sum_ns(&w->tally) < sum_ns(best))
            *best = w->tally;
    }
    print(best, seconds);
    print_page(w, 0, "/metrics, follower");
    print_page(w, LEADER, "/metrics, leader");
    print_ops(w, LEADER);
    w->timed = false;
    began = clock();
    run(w, seconds * 1000ll * rounds);
    printf("%-24s %32.1f\n", "all, this loop included",
           (double)(clock() - began) * 1e6 / CLOCKS_PER_SEC / (seconds * rounds));
    for (i = 0; i < NODES; i++) {
        engine_free(w->engines[i]);
        effects_free(&w->effects[i]);
        mem_free(w->probe_ms[i]);
    }
    for (i = 0; i < w->n_log; i++)
        buf_free(&w->log[i]);
    buf_free(&yaml);
    mem_free(best);
    mem_free(w);
    return 0;
}
