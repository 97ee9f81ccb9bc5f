#include "act/act.h"
#include "act/call.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

static const struct driver *const drivers[] = {
    [ACTUATOR_HAPROXY] = &driver_haproxy,
    [ACTUATOR_DNS] = &driver_dns,
    [ACTUATOR_KAMAILIO] = &driver_agent,
    [ACTUATOR_EXEC] = &driver_agent,
};

enum { AGAIN_MS = 2 }; /* between two questions whether a call may take effect */

struct act {
    uv_loop_t *loop;
    struct log *log;
    struct link *link;
    act_may *may;
    void *context;
    struct call *calls; /* owned */
    bool closing;
    uv_timer_t anchor; /* never started: its closing makes `closed` asynchronous */
    void (*closed)(void *context);
    void *closed_context;
};

struct act *act_open(uv_loop_t *loop, struct log *log, act_may *may, void *context)
{
    struct act *act = mem_zalloc(1, sizeof *act);

    act->loop = loop;
    act->log = log;
    act->may = may;
    act->context = context;
    CHECK(uv_timer_init(loop, &act->anchor) == 0);
    act->anchor.data = act;
    return act;
}

void act_agents(struct act *act, struct link *link)
{
    act->link = link;
}

static void on_anchor_closed(uv_handle_t *handle)
{
    struct act *act = handle->data;
    void (*closed)(void *context) = act->closed;
    void *context = act->closed_context;

    mem_free(act);
    if (closed != NULL)
        closed(context);
}

static void close_when_idle(struct act *act)
{
    if (act->closing && act->calls == NULL && !uv_is_closing((uv_handle_t *)&act->anchor))
        uv_close((uv_handle_t *)&act->anchor, on_anchor_closed);
}

static void unlink_call(struct call *call)
{
    struct call **at = &call->act->calls;

    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

static void report(struct call *call)
{
    struct act *act = call->act;
    struct act_result *result = &call->result;

    unlink_call(call);
    result->took_ms = (uint32_t)(clock_boot_ms() - call->start_ms);
    log_line(
        act->log, LOG_LEVEL_DEBUG, "act", "%s/%s epoch %u.%u: %s%s%s, %u ms", call->route->name,
        call->actuator->name, call->order.epoch, call->order.step,
        result->code == 0 ? (result->changed ? "changed" : "as ordered") : err_name(result->code),
        result->code == 0 ? "" : ": ", result->code == 0 ? "" : result->err.text, result->took_ms);
    call->done(call->context, &call->order, result);
    if (call->driver != NULL)
        call->driver->free(call);
    mem_free(call);
    close_when_idle(act);
}

void call_hold(struct call *call)
{
    call->held++;
}

void call_release(struct call *call)
{
    CHECK(call->held > 0);
    if (--call->held == 0)
        report(call);
}

static void on_timer_closed(uv_handle_t *handle)
{
    call_release(handle->data);
}

void call_finish(struct call *call, int code)
{
    if (call->finished)
        return;
    call->finished = true;
    call->result.code = code;
    if (code != 0) {
        call->result.changed = false;
        err_wrap(&call->result.err, code, "%s", call->actuator->address);
    }
    if (call->driver != NULL)
        call->driver->stop(call);
    uv_close((uv_handle_t *)&call->deadline, on_timer_closed);
    uv_close((uv_handle_t *)&call->again, on_timer_closed);
}

void call_fail(struct call *call, int code, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    if (call->finished)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    call_finish(call, err_set(&call->result.err, code, "%s", text));
}

/* What act_may says; less than 0: the call is finished, perhaps by what the asking brought. */
static int ask(struct call *call)
{
    struct act *act = call->act;
    int may = act->may == NULL ? 1 : act->may(act->context, &call->order, call->token_ms);

    if (may < 0)
        call_fail(call, ERR_UNAVAILABLE,
                  "no longer the leader, or the order is not the newest: nothing was changed");
    return call->finished ? -1 : may;
}

bool call_may(struct call *call)
{
    return ask(call) >= 0;
}

bool call_token(struct call *call)
{
    call->token_ms = clock_boot_ms();
    return call_may(call);
}

static void on_again(uv_timer_t *timer)
{
    struct call *call = timer->data;

    call_when_may(call, call->then);
}

void call_when_may(struct call *call, call_step *then)
{
    int may = ask(call);

    call->then = then;
    if (may > 0) {
        log_line(call->act->log, LOG_LEVEL_DEBUG, "act-may",
                 "%s/%s epoch %u.%u, %lld ms after asking", call->route->name, call->actuator->name,
                 call->order.epoch, call->order.step,
                 (long long)(clock_boot_ms() - call->token_ms));
        then(call);
    } else if (may == 0) {
        call->doing = "asking the others whether this node still leads";
        CHECK(uv_timer_start(&call->again, on_again, AGAIN_MS, 0) == 0);
    }
}

int call_compare(struct call *call, uint32_t epoch, uint32_t step)
{
    const struct act_order *order = &call->order;
    bool newer = epoch > order->epoch || (epoch == order->epoch && step > order->step);

    if (!call->seen || newer) {
        call->seen = true;
        call->result.seen_epoch = epoch;
        call->result.seen_step = step;
    }
    if (newer) {
        call_fail(call, ERR_STALE, "it already serves epoch %u.%u, newer than %u.%u", epoch, step,
                  order->epoch, order->step);
        return 1;
    }
    return epoch == order->epoch && step == order->step ? 0 : -1;
}

static void on_deadline(uv_timer_t *timer)
{
    struct call *call = timer->data;

    call_fail(call, ERR_TIMEOUT, "no answer within %d ms while %s%s%s", call->actuator->timeout_ms,
              call->doing, call->note[0] == '\0' ? "" : "; ", call->note);
}

static struct call *under_way(const struct act *act, const struct act_order *order)
{
    struct call *call = act->calls;

    while (call != NULL && (call->finished || call->order.route != order->route ||
                            call->order.actuator != order->actuator))
        call = call->next;
    return call;
}

static bool newer(const struct act_order *order, const struct act_order *than)
{
    return order->epoch > than->epoch || (order->epoch == than->epoch && order->step > than->step);
}

/* No member to serve is never obeyed: a pool must not be emptied by an order. */
static bool serves(const struct act_order *order, const struct candidate *candidate)
{
    for (int i = 0; i < candidate->n_members; i++)
        if (order->members & server_bit(candidate->members[i]))
            return true;
    return false;
}

static struct call *call_new(struct act *act, const struct act_order *order)
{
    const struct model *model = order->model;
    struct call *call = mem_zalloc(1, sizeof *call);

    CHECK(order->route >= 0 && order->route < model->n_routes);
    call->act = act;
    call->loop = act->loop;
    call->link = act->link;
    call->order = *order;
    call->route = &model->routes[order->route];
    CHECK(order->actuator >= 0 && order->actuator < call->route->n_actuators);
    call->actuator = &call->route->actuators[order->actuator];
    CHECK(order->candidate >= 0 && order->candidate < call->route->n_candidates);
    call->candidate = &call->route->candidates[order->candidate];
    call->doing = "connecting";
    call->token_ms = ACT_NO_TOKEN;
    call->start_ms = clock_boot_ms();
    CHECK(uv_timer_init(act->loop, &call->deadline) == 0);
    CHECK(uv_timer_init(act->loop, &call->again) == 0);
    call->deadline.data = call->again.data = call;
    call_hold(call);
    call_hold(call); /* each timer */
    return call;
}

void act_run(struct act *act, const struct act_order *order, act_done *done, void *context)
{
    struct call *call = call_new(act, order);
    struct call *earlier = under_way(act, order);

    call->done = done;
    call->context = context;
    call->next = act->calls;
    act->calls = call;
    if (act->closing) {
        call_fail(call, ERR_UNAVAILABLE, "shutting down");
        return;
    }
    if (earlier != NULL && !newer(order, &earlier->order)) {
        call_fail(call, ERR_REFUSED, "an earlier call is still under way");
        return;
    }
    if (!serves(order, call->candidate)) {
        call_fail(call, ERR_INVALID, "the order leaves candidate %s without a server",
                  call->candidate->name);
        return;
    }
    if (earlier != NULL)
        call_fail(earlier, ERR_UNAVAILABLE, "a newer order took its place while %s",
                  earlier->doing);
    /* The loop's time is that of its last turn; the deadline counts from now. */
    uv_update_time(act->loop);
    CHECK(uv_timer_start(&call->deadline, on_deadline, (uint64_t)call->actuator->timeout_ms, 0) ==
          0);
    call->driver = drivers[call->actuator->kind];
    call->driver->start(call);
}

void act_close(struct act *act, void (*closed)(void *context), void *context)
{
    CHECK(!act->closing);
    act->closing = true;
    act->closed = closed;
    act->closed_context = context;
    for (struct call *call = act->calls; call != NULL; call = call->next)
        call_fail(call, ERR_UNAVAILABLE, "shutting down while %s", call->doing);
    close_when_idle(act);
}
