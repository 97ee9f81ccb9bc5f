/* What only people ask: when this node last knew of a majority, and how sure the holders of an
 * exclusive route are. Nothing is decided by it. */
#include "core/engine_private.h"

int64_t engine_knew_ms(const struct engine *engine)
{
    return engine->knew_ms;
}

/* When did voter `v` last hear `holder`, while clear for the route's epoch, on this node's clock?
 * BOOT_NEVER: not, as far as its newest beat says. */
static int64_t heard_ms(const struct engine *engine, int route, int v, int holder)
{
    const struct peer *peer = &engine->peers[v];
    const struct clear *word = word_of(peer, route);

    if (v == engine->self)
        return engine->peers[holder].rx_ms;
    if (word == NULL || !word->clear || word->epoch != engine->shared->routes[route].now.epoch)
        return BOOT_NEVER;
    if (v == holder)
        return peer->rx_ms;
    return peer->echoes[holder].known ? peer->rx_ms - peer->echoes[holder].age_ms : BOOT_NEVER;
}

/* Who has it from a majority at `ms` or later. */
static bool by_majority(const struct engine *engine, const int64_t *heard, int64_t ms)
{
    int v, n = 0;

    for (v = 0; v < engine->model->n_coordinators; v++)
        n += engine->model->servers[v].role == MEMBER_VOTER && heard[v] >= ms;
    return n >= engine->majority;
}

/* The newest time by which a majority of voters had heard the holder. */
static int64_t promised_ms(const struct engine *engine, int route, int holder)
{
    int64_t heard[LIMIT_SERVERS], newest = BOOT_NEVER;
    int v;

    for (v = 0; v < engine->model->n_coordinators; v++)
        heard[v] = heard_ms(engine, route, v, holder);
    for (v = 0; v < engine->model->n_coordinators; v++)
        if (heard[v] > newest && by_majority(engine, heard, heard[v]))
            newest = heard[v];
    return newest;
}

struct holder_view engine_holder(const struct engine *engine, struct moment now, int route,
                                 int server)
{
    struct holder_view view = {0};
    int64_t heard, until_ms;

    if (engine->shared->model == NULL || !(engine->exclusive >> route & 1) ||
        !(engine->shared->routes[route].now.members & server_bit(server)))
        return view;
    view.serves = hold_heard(engine, now, route, server);
    if (server == engine->self) {
        until_ms = engine_grant(engine, route);
    } else {
        heard = promised_ms(engine, route, server);
        until_ms = heard == BOOT_NEVER ? 0 : heard + engine->model->timing.lease_holder_ms;
    }
    view.left_ms = until_ms > now.boot_ms ? until_ms - now.boot_ms : 0;
    return view;
}
