/* The agent beside a switch that cannot compare (agent/orders.c, agent/port.c): it keeps the newest
 * order on its disk before it obeys, refuses older ones after any restart too, and obeys one at a
 * time. What it has kept and not obeyed when it dies is done when the order comes again. */
#include "simulate/parts/switches_private.h"

enum { OBEY_MS = 3, AGAIN_MS = 100 }; /* systemd starts an agent that died */

static int64_t now_ms(const struct call *call)
{
    return wheel_now(call->switches->options.wheel);
}

static int than(const struct setting *a, const struct setting *b)
{
    if (a->epoch != b->epoch)
        return a->epoch < b->epoch ? -1 : 1;
    return a->step == b->step ? 0 : a->step < b->step ? -1 : 1;
}

static void answer(struct call *call, int code, int64_t in_ms)
{
    call->code = code;
    if (call->back_ms >= 0 && call->at->deaf == 0)
        call_put(call, in_ms + call->back_ms + call->at->slow_ms, call_look, true);
}

static void on_turn(void *context, uint64_t arg)
{
    struct call *call = context;
    struct setting setting = setting_of(&call->placement);
    struct switch_sim *at = call->at;

    if (call->agent_start != at->starts) {
        call_release(call); /* nobody has it any more */
        return;
    }
    if (than(&setting, &at->kept) < 0) {
        answer(call, ERR_UNAVAILABLE, 0);
        call_release(call);
        return;
    }
    call->changed = at->says.epoch != setting.epoch || at->says.step != setting.step ||
                    at->says.candidate != setting.candidate || at->says.members != setting.members;
    if (call->changed)
        switch_say(call->switches, call->route, call->actuator, &setting, at->newest + 1);
    answer(call, 0, OBEY_MS);
    call_release(call);
}

void agent_take(struct call *call)
{
    struct setting setting = setting_of(&call->placement);
    struct switch_sim *at = call->at;
    int order;

    if (now_ms(call) < at->back_ms)
        return;
    call->got = at->kept;
    order = than(&setting, &at->kept);
    if (order < 0 || (order == 0 && now_ms(call) < at->busy_ms)) {
        answer(call, ERR_UNAVAILABLE, 0);
        return;
    }
    at->kept = setting;
    call->agent_start = at->starts;
    if (at->busy_ms < now_ms(call))
        at->busy_ms = now_ms(call);
    call_put(call, at->busy_ms - now_ms(call), on_turn, 0);
    at->busy_ms += OBEY_MS;
}

void agent_restarts(struct switches *switches, struct switch_sim *at)
{
    int64_t ms = wheel_now(switches->options.wheel);

    at->starts++;
    at->busy_ms = ms;
    at->back_ms = ms + AGAIN_MS;
}
