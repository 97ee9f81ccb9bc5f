#include "act/haproxy_pool.h"

#include <stdio.h>
#include <string.h>

static const char *const words[] = {
    [HAPROXY_READY] = "ready", [HAPROXY_MAINT] = "maint", [HAPROXY_DRAIN] = "drain"};

const char *haproxy_backend(const struct candidate *candidate)
{
    return candidate->value[0] != '\0' ? candidate->value : candidate->name;
}

static enum haproxy_state wanted(const struct call *call, const struct haproxy_pool *pool, int c,
                                 int member)
{
    server_set bit = server_bit(call->route->candidates[c].members[member]);
    enum haproxy_state is = pool->servers[c][member].state;

    if (c == call->order.candidate)
        return call->order.members & bit    ? HAPROXY_READY
               : call->order.draining & bit ? HAPROXY_DRAIN
                                            : HAPROXY_MAINT;
    if (is == HAPROXY_MAINT || is == HAPROXY_ABSENT)
        return is;
    return call->order.draining & bit ? HAPROXY_DRAIN : HAPROXY_READY;
}

/* A share of the weight that HAProxy's configuration gives, and never nothing of something: a
 * server of weight 1 (its default) would get no calls at all. */
static unsigned wanted_weight(const struct call *call, const struct haproxy_pool *pool, int member)
{
    unsigned weight = call->candidate->weights[member];
    unsigned configured = pool->servers[call->order.candidate][member].configured;
    unsigned share = configured * weight / 100;

    if (!call->candidate->weighted)
        return pool->servers[call->order.candidate][member].weight;
    if (call->actuator->weights == WEIGHTS_ABSOLUTE)
        return weight;
    return share == 0 && configured > 0 ? 1 : share;
}

int haproxy_pool_read(const struct call *call, struct haproxy_pool *pool, int c, const char *answer,
                      struct err *err)
{
    const struct candidate *candidate = &call->route->candidates[c];
    bool serves = c == call->order.candidate;

    for (int i = 0; i < candidate->n_members; i++) {
        struct haproxy_server *server = &pool->servers[c][i];
        const char *name = call->order.model->servers[candidate->members[i]].name;
        int rv = haproxy_parse_server(answer, haproxy_backend(candidate), name, server, err);

        if (!serves && rv != 0)
            server->state = HAPROXY_ABSENT;
        else if (rv != 0)
            return rv;
        if (serves && server->state == HAPROXY_ABSENT)
            return err_set(err, ERR_INVALID, "HAProxy's backend %s has no server %s",
                           haproxy_backend(candidate), name);
    }
    return 0;
}

static int weight_commands(const struct call *call, const struct haproxy_pool *pool,
                           struct buf *commands)
{
    int n = 0;

    for (int i = 0; i < call->candidate->n_members; i++) {
        unsigned weight = wanted_weight(call, pool, i);

        if (pool->servers[call->order.candidate][i].weight == weight)
            continue;
        buf_printf(commands, "set server %s/%s weight %u\n", haproxy_backend(call->candidate),
                   call->order.model->servers[call->candidate->members[i]].name, weight);
        n++;
    }
    return n;
}

static int state_commands(const struct call *call, const struct haproxy_pool *pool, int c,
                          bool ready, struct buf *commands)
{
    const struct candidate *candidate = &call->route->candidates[c];
    int n = 0;

    for (int i = 0; i < candidate->n_members; i++) {
        enum haproxy_state want = wanted(call, pool, c, i);

        if (pool->servers[c][i].state == want || (want == HAPROXY_READY) != ready)
            continue;
        buf_printf(commands, "set server %s/%s state %s\n", haproxy_backend(candidate),
                   call->order.model->servers[candidate->members[i]].name, words[want]);
        n++;
    }
    return n;
}

/* Ready first: no pool is ever smaller than before or after. */
int haproxy_pool_commands(const struct call *call, const struct haproxy_pool *pool,
                          struct buf *commands)
{
    int n = weight_commands(call, pool, commands);

    for (int c = 0; c < call->route->n_candidates; c++)
        n += state_commands(call, pool, c, true, commands);
    for (int c = 0; c < call->route->n_candidates; c++)
        n += state_commands(call, pool, c, false, commands);
    return n;
}

bool haproxy_pool_right(const struct call *call, const struct haproxy_pool *pool)
{
    for (int i = 0; i < call->candidate->n_members; i++)
        if (pool->servers[call->order.candidate][i].weight != wanted_weight(call, pool, i))
            return false;
    for (int c = 0; c < call->route->n_candidates; c++)
        for (int i = 0; i < call->route->candidates[c].n_members; i++)
            if (pool->servers[c][i].state != wanted(call, pool, c, i))
                return false;
    return true;
}

void haproxy_pool_found(const struct call *call, const struct haproxy_pool *pool, char *text,
                        size_t size)
{
    size_t len = 0;

    text[0] = '\0';
    for (int i = 0; i < call->candidate->n_members && len < size; i++) {
        enum haproxy_state is = pool->servers[call->order.candidate][i].state;
        enum haproxy_state want = wanted(call, pool, call->order.candidate, i);

        if ((is == HAPROXY_READY) == (want == HAPROXY_READY))
            continue;
        len += (size_t)snprintf(text + len, size - len, "%s%s/%s was %s, is %s again",
                                len > 0 ? ", " : "", haproxy_backend(call->candidate),
                                call->order.model->servers[call->candidate->members[i]].name,
                                words[is], words[want]);
    }
}
