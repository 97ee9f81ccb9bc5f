/* Kamailio and programs, by an agent beside them (wire/agent.h): one order, one answer. The
 * agent compares (epoch, step), keeps the newest, obeys and reads back. */
#include "wire/agent.h"
#include "act/address.h"
#include "act/call.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

struct asked {
    struct link_order *order; /* under way */
};

static void on_answer(void *context, int code, const char *why, const uint8_t *bytes, size_t len)
{
    struct call *call = context;
    struct asked *asked = call->state;
    struct agent_answer answer;
    struct err err;

    asked->order = NULL;
    if (code == 0)
        code = agent_answer_decode(bytes, len, &answer, &err);
    else
        err_set(&err, code, "the agent: %s", why);
    if (code != 0) {
        call_fail(call, code, "%s", err.text);
    } else if (call_compare(call, answer.epoch, answer.step) <= 0) {
        call->result.changed = answer.changed;
        if (answer.code == 0)
            call_finish(call, 0);
        else
            call_fail(call, answer.code, "%s", answer.text);
    }
    call_release(call);
}

static enum agent_duty duty_of(const struct call *call, int candidate, int server)
{
    const struct act_order *order = &call->order;

    if (candidate == order->candidate && (order->members & server_bit(server)))
        return AGENT_SERVES;
    return order->draining & server_bit(server) ? AGENT_DRAINS : AGENT_RESTS;
}

static void add_server(const struct call *call, struct agent_order *out, int candidate, int member)
{
    const struct candidate *of = &call->route->candidates[candidate];
    const struct server *server = &call->order.model->servers[of->members[member]];
    struct agent_server *into = &out->servers[out->n_servers++];
    bool six = strchr(server->host, ':') != NULL;

    memcpy(into->name, server->name, sizeof into->name);
    if (call->actuator->kind == ACTUATOR_KAMAILIO)
        snprintf(into->uri, sizeof into->uri, "sip:%s%s%s:%d;transport=%s", six ? "[" : "",
                 server->host, six ? "]" : "", call->actuator->port,
                 call->actuator->transport == TRANSPORT_TCP ? "tcp" : "udp");
    into->duty = duty_of(call, candidate, of->members[member]);
    into->weight = of->weights[member];
}

static void make_order(const struct call *call, struct agent_order *out)
{
    const struct actuator *actuator = call->actuator;

    memcpy(out->route, call->route->name, sizeof out->route);
    memcpy(out->actuator, actuator->name, sizeof out->actuator);
    out->epoch = call->order.epoch;
    out->step = call->order.step;
    memcpy(out->candidate, call->candidate->name, sizeof out->candidate);
    memcpy(out->value, call->candidate->value, sizeof out->value);
    out->kind = actuator->kind == ACTUATOR_KAMAILIO ? AGENT_KAMAILIO : AGENT_EXEC;
    out->timeout_ms = actuator->timeout_ms - actuator->timeout_ms / 10; /* the rest for the way */
    out->set = actuator->set;
    memcpy(out->program, actuator->program, sizeof out->program);
    for (int k = 0; k < call->route->n_candidates; k++)
        for (int m = 0; m < call->route->candidates[k].n_members; m++)
            add_server(call, out, k, m);
}

static void agent_start(struct call *call)
{
    struct sockaddr_storage address;
    struct agent_order order = {0};
    struct asked *asked = call->state = mem_zalloc(1, sizeof *asked);
    struct buf bytes = {0};
    struct err err;
    int rv;

    call->doing = "waiting for the agent";
    rv = act_address_parse(call->actuator->address, &address, &err);
    if (rv == 0 && call->link == NULL)
        rv = err_set(&err, ERR_UNAVAILABLE, "this program has no way to agents");
    if (rv != 0) {
        call_fail(call, rv, "%s", err.text);
        return;
    }
    if (!call_may(call))
        return;
    make_order(call, &order);
    agent_order_encode(&order, &bytes);
    asked->order = link_order(call->link, call->actuator->agent, (struct sockaddr *)&address,
                              bytes.data, bytes.len, on_answer, call, &err);
    buf_free(&bytes);
    if (asked->order == NULL)
        call_fail(call, ERR_UNAVAILABLE, "%s", err.text);
    else
        call_hold(call);
}

static void agent_stop(struct call *call)
{
    struct asked *asked = call->state;

    if (asked == NULL || asked->order == NULL)
        return;
    link_order_cancel(asked->order);
    asked->order = NULL;
    call_release(call);
}

static void agent_free(struct call *call)
{
    mem_free(call->state);
}

const struct driver driver_agent = {agent_start, agent_stop, agent_free};
