#include "simulate/parts/targets.h"
#include "base/check.h"
#include "base/mem.h"
#include "observe/observe.h"
#include "observe/schedule.h"

#include <string.h>

/* As observe/ has it: regular probes leave room for a confirmation when nothing answers. */
#define REGULAR_IN_FLIGHT (OBSERVE_IN_FLIGHT - 2)

/* A check that a node watches. */
struct watch {
    struct prng prng;
    int64_t due_ms;
    int check, interval_ms, timeout_ms;
    int route; /* whose callers it stands for; -1 */
    uint8_t target, kind, in_flight;
    bool held; /* its time came while the node was frozen */
};

struct observer {
    struct targets *targets;
    int node, site;
    uint64_t start;
    uint32_t schedule; /* counts targets_watch(): events of earlier ones are stale */
    bool frozen;
    struct watch *watches; /* owned */
    int n_watches;
    int *by_check; /* owned: the check's watch, -1 */
    int n_checks;
};

#define N_STATES (SERVICE_GONE + 1)

struct truth {
    int all[N_STATES];               /* how often each state is on */
    int seen[LIMIT_SITES][N_STATES]; /* … for a site alone */
    uint8_t finds[LIMIT_SITES];      /* what follows: enum service_state */
    int slow_ms;
};

struct targets {
    struct targets_options options;
    struct observer observers[LIMIT_SERVERS];
    struct truth truths[LIMIT_SERVERS];
};

struct targets *targets_new(const struct targets_options *options)
{
    struct targets *targets = mem_zalloc(1, sizeof *targets);

    targets->options = *options;
    for (int i = 0; i < LIMIT_SERVERS; i++) {
        targets->observers[i].targets = targets;
        targets->observers[i].node = i;
    }
    return targets;
}

static void watch_nothing(struct observer *observer)
{
    mem_free(observer->watches);
    mem_free(observer->by_check);
    observer->watches = NULL;
    observer->by_check = NULL;
    observer->n_watches = observer->n_checks = 0;
}

void targets_free(struct targets *targets)
{
    for (int i = 0; i < LIMIT_SERVERS; i++)
        watch_nothing(&targets->observers[i]);
    mem_free(targets);
}

/* ---- what happens on the wheel: a probe is nothing but its event, so it costs no memory ---- */

enum { WATCH_BITS = 14, TOOK_BITS = 26, REASON_BITS = 4, SCHEDULE_BITS = 20 };
_Static_assert(LIMIT_CHECKS <= 1 << WATCH_BITS, "a watch's index fits");
_Static_assert(REASON_COUNT <= 1 << REASON_BITS, "a reason fits");
_Static_assert(WATCH_BITS + TOOK_BITS + REASON_BITS + SCHEDULE_BITS == 64, "of one argument");

static uint64_t pack(const struct observer *observer, const struct watch *watch, int took_ms,
                     enum reason reason)
{
    uint64_t arg = observer->schedule;

    arg = arg << REASON_BITS | (uint64_t)reason;
    arg = arg << TOOK_BITS | (uint64_t)took_ms;
    return arg << WATCH_BITS | (uint64_t)(watch - observer->watches);
}

static uint64_t unpack(uint64_t *arg, int bits)
{
    uint64_t value = *arg & ((UINT64_C(1) << bits) - 1);

    *arg >>= bits;
    return value;
}

static void tell(struct observer *observer, int check, enum reason reason, int took_ms)
{
    const struct targets_options *options = &observer->targets->options;

    options->ended(options->context, observer->node, observer->start, check, reason,
                   wheel_now(options->wheel) - took_ms);
}

static void on_ended(void *context, uint64_t arg)
{
    struct observer *observer = context;
    uint64_t watch_index = unpack(&arg, WATCH_BITS);
    int took_ms = (int)unpack(&arg, TOOK_BITS);
    enum reason reason = (enum reason)unpack(&arg, REASON_BITS);
    struct watch *watch;

    if (arg != observer->schedule)
        return;
    watch = &observer->watches[watch_index];
    watch->in_flight--;
    tell(observer, watch->check, reason, took_ms);
}

/* ---- what a probe finds ---- */

static enum reason answer_of(enum service_state state, int kind)
{
    if (state == SERVICE_REFUSES)
        return REASON_REFUSED;
    if (state != SERVICE_SICK || kind == CHECK_TCP)
        return REASON_OK;
    return kind == CHECK_REPORT ? REASON_REPORTED : REASON_STATUS;
}

static int route_of_callers(const struct targets *targets, const struct check *check)
{
    const struct model *model = targets->options.model;

    for (int r = 0; model != NULL && r < model->n_routes; r++)
        if (model->routes[r].callers >= 0 &&
            strcmp(model->checks[model->routes[r].callers].name, check->name) == 0)
            return r;
    return -1;
}

/* A switch answers for who is behind it. */
static enum reason answer_through(const struct targets *targets, int route, int place,
                                  enum reason reason)
{
    const struct targets_options *options = &targets->options;

    return route < 0 || reason != REASON_OK || options->served(options->context, route, place)
               ? reason
               : REASON_STATUS;
}

static enum reason find(const struct observer *observer, const struct watch *watch, int *took_ms)
{
    const struct truth *truth = &observer->targets->truths[watch->target];
    enum service_state state = truth->finds[observer->site];
    int ms;

    *took_ms = watch->timeout_ms;
    if (state == SERVICE_GONE || state == SERVICE_HANGS)
        return REASON_TIMEOUT;
    ms = network_exchange(observer->targets->options.network, observer->node, watch->target,
                          watch->timeout_ms);
    if (ms < 0)
        return REASON_TIMEOUT;
    if (state != SERVICE_REFUSES) /* the machine's kernel refuses, however slow the service */
        ms += truth->slow_ms;
    if (ms > watch->timeout_ms)
        return REASON_TIMEOUT;
    *took_ms = ms;
    return answer_through(observer->targets, watch->route, watch->target,
                          answer_of(state, watch->kind));
}

/* Puts the probe's end on the wheel; its answer is never given from inside a call. */
static void send_out(struct observer *observer, struct watch *watch, int took_ms,
                     enum reason reason)
{
    struct wheel *wheel = observer->targets->options.wheel;

    watch->in_flight++;
    wheel_at(wheel, wheel_now(wheel) + took_ms, on_ended, observer,
             pack(observer, watch, took_ms, reason));
}

void targets_probe(struct targets *targets, int node, int check)
{
    struct observer *observer = &targets->observers[node];
    struct watch *watch;
    enum reason reason;
    int took_ms;

    if (check < 0 || check >= observer->n_checks || observer->by_check[check] < 0)
        return;
    watch = &observer->watches[observer->by_check[check]];
    if (observer->frozen || watch->in_flight >= OBSERVE_IN_FLIGHT)
        return;
    reason = find(observer, watch, &took_ms);
    send_out(observer, watch, took_ms, reason);
}

/* ---- the schedule ---- */

static void on_due(void *context, uint64_t arg);

static void await_due(struct observer *observer, struct watch *watch)
{
    struct wheel *wheel = observer->targets->options.wheel;

    /* After a stall the missed ones are left out. */
    if (watch->due_ms < wheel_now(wheel))
        watch->due_ms = wheel_now(wheel);
    wheel_at(wheel, watch->due_ms, on_due, observer, pack(observer, watch, 0, REASON_NONE));
}

static void on_due(void *context, uint64_t arg)
{
    struct observer *observer = context;
    uint64_t watch_index = unpack(&arg, WATCH_BITS);
    struct watch *watch;
    enum reason reason;
    int took_ms;

    if (arg >> (TOOK_BITS + REASON_BITS) != observer->schedule)
        return;
    watch = &observer->watches[watch_index];
    watch->held = observer->frozen;
    if (watch->held)
        return;
    watch->due_ms += schedule_gap_ms(&watch->prng, watch->interval_ms);
    await_due(observer, watch);
    if (watch->in_flight >= REGULAR_IN_FLIGHT)
        return;
    reason = find(observer, watch, &took_ms);
    if (took_ms > 0)
        send_out(observer, watch, took_ms, reason);
    else
        tell(observer, watch->check, reason, took_ms); /* may replace the watches */
}

void targets_freeze(struct targets *targets, int node, bool frozen)
{
    struct observer *observer = &targets->observers[node];
    struct wheel *wheel = targets->options.wheel;

    observer->frozen = frozen;
    for (int i = 0; i < observer->n_watches && !frozen; i++) {
        struct watch *watch = &observer->watches[i];

        if (watch->held)
            wheel_at(wheel, wheel_now(wheel), on_due, observer,
                     pack(observer, watch, 0, REASON_NONE));
        watch->held = false;
    }
}

static void watch_begin(struct observer *observer, const struct model *model, int check,
                        uint64_t seed)
{
    const struct check *c = &model->checks[check];
    struct watch *watch = &observer->watches[observer->n_watches];

    CHECK(c->timeout_ms < 1 << TOOK_BITS);
    *watch = (struct watch){.check = check,
                            .interval_ms = c->interval_ms,
                            .timeout_ms = c->timeout_ms,
                            .route = route_of_callers(observer->targets, c),
                            .target = (uint8_t)c->target,
                            .kind = (uint8_t)c->kind};
    observer->by_check[check] = observer->n_watches++;
    schedule_seed(&watch->prng, seed, check);
    watch->due_ms = wheel_now(observer->targets->options.wheel) +
                    schedule_first_ms(&watch->prng, watch->interval_ms);
    await_due(observer, watch);
}

void targets_watch(struct targets *targets, int node, uint64_t start, const struct model *model,
                   uint64_t seed)
{
    struct observer *observer = &targets->observers[node];

    watch_nothing(observer);
    observer->start = start;
    observer->schedule++;
    CHECK(observer->schedule < 1 << SCHEDULE_BITS);
    if (model == NULL)
        return;
    observer->site = model->servers[node].site;
    observer->n_checks = model->n_checks;
    observer->watches = mem_zalloc((size_t)model->n_checks, sizeof *observer->watches);
    observer->by_check = mem_zalloc((size_t)model->n_checks, sizeof *observer->by_check);
    for (int i = 0; i < model->n_checks; i++) {
        observer->by_check[i] = -1;
        if (model->checks[i].kind != CHECK_REPORT && (model_observers(model, i) & server_bit(node)))
            watch_begin(observer, model, i, seed);
    }
}

/* ---- the truth ---- */

static enum service_state worst(const int *one, const int *other)
{
    static const enum service_state order[] = {SERVICE_GONE, SERVICE_REFUSES, SERVICE_HANGS,
                                               SERVICE_SICK};

    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        if (one[order[i]] > 0 || other[order[i]] > 0)
            return order[i];
    return SERVICE_UP;
}

static void count(struct truth *truth, int *states, enum service_state state, bool on)
{
    states[state] += on ? 1 : -1;
    CHECK(states[state] >= 0);
    for (int site = 0; site < LIMIT_SITES; site++)
        truth->finds[site] = (uint8_t)worst(truth->all, truth->seen[site]);
}

void targets_service(struct targets *targets, int server, enum service_state state, bool on)
{
    struct truth *truth = &targets->truths[server];

    count(truth, truth->all, state, on);
}

void targets_seen(struct targets *targets, int server, int site, enum service_state state, bool on)
{
    struct truth *truth = &targets->truths[server];

    count(truth, truth->seen[site], state, on);
}

void targets_slow(struct targets *targets, int server, int ms, bool on)
{
    struct truth *truth = &targets->truths[server];

    truth->slow_ms += on ? ms : -ms;
    CHECK(truth->slow_ms >= 0);
}

bool targets_serves(const struct targets *targets, int server)
{
    const struct truth *truth = &targets->truths[server];

    return worst(truth->all, truth->all) == SERVICE_UP && truth->slow_ms <= TARGETS_PATIENCE_MS;
}

enum reason targets_finds(const struct targets *targets, int site, const struct check *check)
{
    const struct truth *truth = &targets->truths[check->target];
    enum service_state state = truth->finds[site];

    if (state == SERVICE_GONE || state == SERVICE_HANGS ||
        (state != SERVICE_REFUSES && truth->slow_ms >= check->timeout_ms))
        return REASON_TIMEOUT;
    return answer_through(targets, route_of_callers(targets, check), check->target,
                          answer_of(state, (int)check->kind));
}
