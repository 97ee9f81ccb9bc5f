#include "observe/observe.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "observe/connection.h"
#include "observe/probe.h"
#include "observe/process.h"
#include "observe/schedule.h"

/* Regular probes leave room for a confirmation when nothing answers. */
#define REGULAR_IN_FLIGHT (OBSERVE_IN_FLIGHT - 2)

/* Checks that are probed together, at most: each may take a connection. */
#define BATCH_MAX 8

/* A time-out that is noticed this late was our own stall: the answer may have been waiting. */
#define STALL_MS 50
#define STALL_SAID_MS 60000 /* a busy machine stalls many probes, many times */

/* Idle connections: some for each check that keeps them, within reason. */
#define KEPT_MIN 16
#define KEPT_MAX 1024

static const struct probe_kind *const kinds[] = {
    [CHECK_TCP] = &probe_tcp,
    [CHECK_HTTP] = &probe_http,
    [CHECK_SIP] = &probe_sip,
};

struct watch;

/* A probe in flight. */
struct run {
    struct probe probe; /* first: the kinds know only this */
    struct watch *watch;
    uv_timer_t timer;
    int64_t began_us;
    bool late; /* past its time-out: one more look at the sockets */
};

/* A check that this node watches. */
struct watch {
    struct observe *observe;
    int check;
    struct prng numbers;                 /* of its probes */
    struct run *runs[OBSERVE_IN_FLIGHT]; /* NULL: free */
    bool local; /* the newest probe failed for a reason of our own, and it was said */
};

/* Checks of one interval, which this node probes at the same moments: it wakes up once for
 * all of them. When the other observers probe them has nothing to do with it. */
struct batch {
    struct observe *observe;
    struct prng prng;
    uv_timer_t timer;
    int64_t due_ms;
    struct watch *watches[BATCH_MAX];
    int n;
};

/* What tells of a check without a probe. */
struct ear {
    struct observe *observe;
    int check;
    struct connection *connection; /* one of the two */
    struct process *process;       /* … */
    struct ear *next;
};

struct observe {
    uv_loop_t *loop;
    const struct model *model;
    struct log *log;
    observe_result *result;
    observe_hint *hint;
    void *context;
    struct ear *ears;
    struct transfers *transfers;
    struct watch **watches; /* by check; NULL: not ours */
    struct batch **batches; /* all watches are in one */
    int n_batches;
    int64_t stall_said_ms; /* 0: never */
    int handles;           /* that are not closed yet */
    bool closing;
    void (*closed)(void *context);
    void *closed_context;
};

static void release(struct observe *observe)
{
    if (--observe->handles > 0)
        return;
    for (int i = 0; i < observe->model->n_checks; i++)
        mem_free(observe->watches[i]);
    for (int i = 0; i < observe->n_batches; i++)
        mem_free(observe->batches[i]);
    while (observe->ears != NULL) {
        struct ear *ear = observe->ears;

        observe->ears = ear->next;
        mem_free(ear);
    }
    mem_free(observe->watches);
    mem_free(observe->batches);
    if (observe->closed != NULL)
        observe->closed(observe->closed_context);
    mem_free(observe);
}

void probe_hold(struct observe *observe)
{
    observe->handles++;
}

void probe_release(struct observe *observe)
{
    release(observe);
}

static void start_timer(struct observe *observe, uv_timer_t *timer, void *data)
{
    CHECK(uv_timer_init(observe->loop, timer) == 0);
    timer->data = data;
    observe->handles++;
}

static void on_run_closed(uv_handle_t *handle)
{
    struct run *run = handle->data;
    struct observe *observe = run->watch->observe;

    mem_free(run);
    release(observe);
}

/* Takes the run off its watch; its memory goes with its timer. */
static void drop(struct run *run)
{
    struct watch *watch = run->watch;

    for (int i = 0; i < OBSERVE_IN_FLIGHT; i++) {
        if (watch->runs[i] == run)
            watch->runs[i] = NULL;
    }
    uv_close((uv_handle_t *)&run->timer, on_run_closed);
}

static const struct check *check_of(const struct watch *watch)
{
    return &watch->observe->model->checks[watch->check];
}

static void tell_stall(struct observe *observe, int64_t late_ms)
{
    int64_t now_ms = clock_boot_ms();

    if (observe->stall_said_ms != 0 && now_ms - observe->stall_said_ms < STALL_SAID_MS)
        return;
    observe->stall_said_ms = now_ms;
    log_line(observe->log, LOG_LEVEL_WARN, "probe-local",
             "this process stood still for %lld ms: probes that were out do not count",
             (long long)late_ms);
}

/* An observer that cannot probe says so once, not ten times a second. No text: it was said. */
static void tell_local(struct watch *watch, enum reason reason, const char *text)
{
    struct log *log = watch->observe->log;
    bool local = reason == REASON_LOCAL;

    if (local && text == NULL)
        return;
    if (local && !watch->local)
        log_line(log, LOG_LEVEL_WARN, "probe-local", "cannot probe %s: %s", check_of(watch)->name,
                 text);
    if (!local && watch->local)
        log_line(log, LOG_LEVEL_INFO, "probe-local", "can probe %s again", check_of(watch)->name);
    watch->local = local;
}

void probe_end(struct probe *probe, enum reason reason, int status, const char *text)
{
    struct run *run = (struct run *)probe;
    struct watch *watch = run->watch;
    struct observe *observe = watch->observe;
    struct probe_result result = {
        .check = watch->check,
        .reason = reason,
        .status = status,
        .began_ms = run->began_us / 1000,
        .took_ms = (uint32_t)((clock_boot_us() - run->began_us) / 1000),
    };

    drop(run);
    tell_local(watch, reason, text);
    observe->result(observe->context, &result);
}

static void on_timeout(uv_timer_t *timer)
{
    struct run *run = timer->data;
    int64_t late_ms = (clock_boot_us() - run->began_us) / 1000 - run->probe.check->timeout_ms;

    /* libuv runs timers before it looks at the sockets. */
    if (!run->late) {
        run->late = true;
        uv_timer_start(timer, on_timeout, 1, 0);
        return;
    }
    kinds[run->probe.check->kind]->stop(&run->probe);
    if (late_ms < STALL_MS) {
        probe_end(&run->probe, REASON_TIMEOUT, 0, "no answer in time");
        return;
    }
    tell_stall(run->watch->observe, late_ms);
    probe_end(&run->probe, REASON_LOCAL, 0, NULL);
}

/* Starts a probe unless `most` are in flight. */
static void probe(struct watch *watch, bool fresh, int most)
{
    struct observe *observe = watch->observe;
    const struct check *check = check_of(watch);
    struct run *run, **place = NULL;
    int in_flight = 0;

    for (int i = 0; i < OBSERVE_IN_FLIGHT; i++) {
        if (watch->runs[i] != NULL)
            in_flight++;
        else
            place = &watch->runs[i];
    }
    if (place == NULL || in_flight >= most)
        return;
    run = mem_zalloc(1, sizeof *run);
    run->probe = (struct probe){.check = check,
                                .observe = observe,
                                .loop = observe->loop,
                                .transfers = observe->transfers,
                                .number = prng_next(&watch->numbers),
                                .fresh = fresh};
    run->watch = watch;
    run->began_us = clock_boot_us();
    start_timer(observe, &run->timer, run);
    /* Time-outs count from the loop's time, which stands still while callbacks work. */
    uv_update_time(observe->loop);
    uv_timer_start(&run->timer, on_timeout, (uint64_t)check->timeout_ms, 0);
    *place = run;
    kinds[check->kind]->start(&run->probe);
}

static int interval_of(const struct batch *batch)
{
    return check_of(batch->watches[0])->interval_ms;
}

static void on_due(uv_timer_t *timer);

static void await_due(struct batch *batch)
{
    int64_t now_ms = clock_boot_ms();

    /* After a stall the missed ones are left out. */
    if (batch->due_ms < now_ms)
        batch->due_ms = now_ms;
    uv_update_time(batch->observe->loop);
    uv_timer_start(&batch->timer, on_due, (uint64_t)(batch->due_ms - now_ms), 0);
}

static void on_due(uv_timer_t *timer)
{
    struct batch *batch = timer->data;

    batch->due_ms += schedule_gap_ms(&batch->prng, interval_of(batch));
    await_due(batch);
    for (int i = 0; i < batch->n; i++)
        probe(batch->watches[i], false, REGULAR_IN_FLIGHT);
}

/* The newest of that interval, if there is room in it. */
static struct batch *batch_with_room(const struct observe *observe, int interval_ms)
{
    for (int i = observe->n_batches - 1; i >= 0; i--)
        if (interval_of(observe->batches[i]) == interval_ms)
            return observe->batches[i]->n < BATCH_MAX ? observe->batches[i] : NULL;
    return NULL;
}

static void batch_open(struct watch *first, uint64_t seed)
{
    struct observe *observe = first->observe;
    struct batch *batch = mem_zalloc(1, sizeof *batch);

    batch->observe = observe;
    batch->watches[batch->n++] = first;
    observe->batches[observe->n_batches++] = batch;
    schedule_seed(&batch->prng, seed, first->check);
    start_timer(observe, &batch->timer, batch);
    batch->due_ms = clock_boot_ms() + schedule_first_ms(&batch->prng, interval_of(batch));
    await_due(batch);
}

static void watch_open(struct observe *observe, int check, uint64_t seed)
{
    struct watch *watch = mem_zalloc(1, sizeof *watch);
    struct batch *batch = batch_with_room(observe, observe->model->checks[check].interval_ms);

    watch->observe = observe;
    watch->check = check;
    observe->watches[check] = watch;
    schedule_seed(&watch->numbers, ~seed, check);
    if (batch != NULL)
        batch->watches[batch->n++] = watch;
    else
        batch_open(watch, seed);
}

/* ---- what tells of itself ---- */

static void on_event(void *context)
{
    struct ear *ear = context;

    ear->observe->hint(ear->observe->context, ear->check);
}

static void on_ear_closed(void *context)
{
    struct ear *ear = context;

    release(ear->observe);
}

static struct ear *ear_new(struct observe *observe, int check)
{
    struct ear *ear = mem_zalloc(1, sizeof *ear);

    ear->observe = observe;
    ear->check = check;
    ear->next = observe->ears;
    observe->ears = ear;
    observe->handles++;
    return ear;
}

static void listen_for(struct observe *observe, const struct observe_options *options)
{
    const char *cgroups = options->cgroups != NULL ? options->cgroups : PROCESS_CGROUPS;
    int holds = 0;

    for (int i = 0; i < observe->model->n_checks; i++) {
        const struct check *check = &observe->model->checks[i];

        if (check->keep_connection && observe->watches[i] != NULL &&
            holds++ < OBSERVE_CONNECTIONS) {
            struct ear *ear = ear_new(observe, i);

            ear->connection = connection_open(observe->loop, check, on_event, ear);
        }
        if (check->process_kind != PROCESS_NONE && check->target == options->self) {
            struct ear *ear = ear_new(observe, i);

            ear->process = process_open(observe->loop, check, cgroups, on_event, ear);
        }
    }
    if (holds > OBSERVE_CONNECTIONS)
        log_line(observe->log, LOG_LEVEL_WARN, "hold",
                 "of %d checks with hold the connections of the first %d are held", holds,
                 OBSERVE_CONNECTIONS);
}

static void close_ears(struct observe *observe)
{
    for (struct ear *ear = observe->ears; ear != NULL; ear = ear->next) {
        if (ear->connection != NULL)
            connection_close(ear->connection, on_ear_closed);
        else
            process_close(ear->process, on_ear_closed);
    }
}

struct observe *observe_open(const struct observe_options *options)
{
    struct observe *observe = mem_zalloc(1, sizeof *observe);
    const struct model *model = options->model;
    int kept = KEPT_MIN;

    observe->loop = options->loop;
    observe->model = model;
    observe->log = options->log;
    observe->result = options->result;
    observe->hint = options->hint;
    observe->context = options->context;
    observe->watches = mem_zalloc((size_t)model->n_checks, sizeof *observe->watches);
    observe->batches = mem_zalloc((size_t)model->n_checks, sizeof *observe->batches);
    for (int i = 0; i < model->n_checks; i++) {
        if (model->checks[i].kind == CHECK_REPORT ||
            (model_observers(model, i) & server_bit(options->self)) == 0)
            continue;
        watch_open(observe, i, options->seed);
        kept += 2;
    }
    observe->transfers = transfers_open(observe->loop, kept < KEPT_MAX ? kept : KEPT_MAX);
    observe->handles++;
    listen_for(observe, options);
    return observe;
}

void observe_now(struct observe *observe, int check)
{
    if (observe->closing || check < 0 || check >= observe->model->n_checks ||
        observe->watches[check] == NULL)
        return;
    probe(observe->watches[check], true, OBSERVE_IN_FLIGHT);
}

static void on_transfers_closed(void *context)
{
    release(context);
}

static void on_batch_closed(uv_handle_t *handle)
{
    struct batch *batch = handle->data;

    release(batch->observe);
}

void observe_close(struct observe *observe, void (*closed)(void *context), void *context)
{
    CHECK(!observe->closing);
    observe->closing = true;
    observe->closed = closed;
    observe->closed_context = context;
    for (int i = 0; i < observe->model->n_checks; i++) {
        struct watch *watch = observe->watches[i];

        if (watch == NULL)
            continue;
        for (int j = 0; j < OBSERVE_IN_FLIGHT; j++) {
            struct run *run = watch->runs[j];

            if (run == NULL)
                continue;
            kinds[run->probe.check->kind]->stop(&run->probe);
            drop(run);
        }
    }
    for (int i = 0; i < observe->n_batches; i++)
        uv_close((uv_handle_t *)&observe->batches[i]->timer, on_batch_closed);
    close_ears(observe);
    transfers_close(observe->transfers, on_transfers_closed, observe);
}
