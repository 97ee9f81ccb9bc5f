#include "simulate/parts/receivers.h"
#include "base/mem.h"
#include "base/prng.h"

#define UNHEARD_IN 40 /* answers, one is lost on its way */

struct delivery_call {
    struct receivers *receivers;
    int node;
    uint64_t start;
    struct tell_order order;
    int64_t began_ms;
    int code;
    bool unsure;
    struct delivery_call *next;
};

struct receivers {
    struct receivers_options options;
    struct prng prng;
    int faults[LIMIT_RECEIVERS][RECEIVER_FAULTS];
    struct delivery_call *calls; /* owned: under way */
};

struct receivers *receivers_new(const struct receivers_options *options)
{
    struct receivers *receivers = mem_zalloc(1, sizeof *receivers);

    receivers->options = *options;
    prng_seed(&receivers->prng, options->seed);
    return receivers;
}

static void call_free(struct delivery_call *call)
{
    struct delivery_call **at = &call->receivers->calls;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    mem_free(call);
}

void receivers_free(struct receivers *receivers)
{
    while (receivers->calls != NULL)
        call_free(receivers->calls);
    mem_free(receivers);
}

static void on_answer(void *context, uint64_t arg)
{
    struct delivery_call *call = context;
    const struct receivers_options *options = &call->receivers->options;
    struct event event = {.kind = EVENT_TOLD};
    int node = call->node;
    uint64_t start = call->start;

    (void)arg;
    event.told.notice = call->order.notice;
    event.told.receiver = call->order.receiver;
    event.told.attempt = call->order.attempt;
    event.told.code = call->code;
    event.told.unsure = call->unsure;
    event.told.text = call->code == 0 ? "taken" : "no answer";
    call_free(call);
    options->told(options->context, node, start, &event);
}

static void answer(struct delivery_call *call, int code, bool unsure)
{
    struct receivers *receivers = call->receivers;
    const struct notice_config *config = receivers->options.model->notices;
    int channel = config->receivers[call->order.receiver].channel;
    int64_t now_ms = wheel_now(receivers->options.wheel), at_ms;

    at_ms = code == 0 ? now_ms + 2 + prng_below(&receivers->prng, 100)
                      : call->began_ms + config->channels[channel].timeout_ms;
    call->code = code;
    call->unsure = unsure;
    wheel_at(receivers->options.wheel, at_ms > now_ms ? at_ms : now_ms, on_answer, call, 0);
}

static void on_arrival(void *context, uint64_t arg)
{
    struct delivery_call *call = context;
    struct receivers *receivers = call->receivers;
    const int *faults = receivers->faults[call->order.receiver];
    bool unheard = prng_below(&receivers->prng, UNHEARD_IN) == 0;

    (void)arg;
    if (faults[RECEIVER_SILENT] > 0 ||
        !receivers->options.reaches(receivers->options.context, call->node)) {
        answer(call, ERR_TIMEOUT, false);
        return;
    }
    receivers->options.took(receivers->options.context, call->node, &call->order);
    if (unheard || faults[RECEIVER_UNHEARD] > 0)
        answer(call, ERR_TIMEOUT, true);
    else
        answer(call, 0, false);
}

void receivers_tell(struct receivers *receivers, int node, uint64_t start,
                    const struct tell_order *order)
{
    struct delivery_call *call = mem_zalloc(1, sizeof *call);
    int64_t now_ms = wheel_now(receivers->options.wheel);

    *call = (struct delivery_call){.receivers = receivers,
                                   .node = node,
                                   .start = start,
                                   .order = *order,
                                   .began_ms = now_ms,
                                   .next = receivers->calls};
    receivers->calls = call;
    wheel_at(receivers->options.wheel, now_ms + 2 + prng_below(&receivers->prng, 100), on_arrival,
             call, 0);
}

void receivers_fault(struct receivers *receivers, int receiver, enum receiver_fault fault, bool on)
{
    receivers->faults[receiver][fault] += on ? 1 : -1;
}
