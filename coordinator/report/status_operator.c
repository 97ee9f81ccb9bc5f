#include "report/status.h"

static const struct pause *longer(const struct pause *a, const struct pause *b)
{
    return b->until_ms > a->until_ms ? b : a;
}

const struct pause *status_pause(const struct shared *shared, int route, struct moment now)
{
    const struct pause *pause =
        route == ROUTE_ALL ? &shared->pause : longer(&shared->pause, &shared->routes[route].pause);

    return pause->until_ms > now.utc_ms ? pause : NULL;
}

void status_paused(const struct shared *shared, int route, struct moment now, struct jsonw *w)
{
    const struct pause *pause = status_pause(shared, route, now);

    if (pause == NULL) {
        jsonw_null(w, "paused");
        return;
    }
    jsonw_object(w, "paused");
    jsonw_bool(w, "all", pause == &shared->pause);
    jsonw_time(w, "since", pause->since_ms);
    jsonw_time(w, "until", pause->until_ms);
    jsonw_str(w, "who", pause->who);
    jsonw_str(w, "reason", pause->reason);
    jsonw_end(w);
}

void status_drained(const struct shared *shared, struct jsonw *w)
{
    int i;

    jsonw_array(w, "drained");
    for (i = 0; shared->model != NULL && i < shared->model->n_servers; i++) {
        if (!shared_drained(shared, i))
            continue;
        jsonw_object(w, NULL);
        jsonw_str(w, "server", shared->model->servers[i].name);
        jsonw_time(w, "since", shared->drains[i].since_ms);
        jsonw_str(w, "who", shared->drains[i].who);
        jsonw_str(w, "reason", shared->drains[i].reason);
        jsonw_end(w);
    }
    jsonw_end(w);
}
