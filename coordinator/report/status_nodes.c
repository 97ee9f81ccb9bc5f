#include "report/status.h"

#include <string.h>

server_set status_heard_by(const struct engine *engine, struct moment now, int server)
{
    const struct model *model = engine_model(engine);
    server_set set = 0;
    int i;

    for (i = 0; i < model->n_coordinators; i++) {
        struct peer_view view = engine_peer(engine, now, i);

        if (i != server && view.heard && (view.hears & server_bit(server)))
            set |= server_bit(i);
    }
    return set;
}

static void heard_by(const struct engine *engine, struct moment now, int server, struct jsonw *w)
{
    const struct model *model = engine_model(engine);
    server_set set = status_heard_by(engine, now, server);
    int i;

    jsonw_array(w, "heard_by");
    for (i = 0; i < model->n_coordinators; i++)
        if (set & server_bit(i))
            jsonw_str(w, NULL, model->servers[i].name);
    jsonw_end(w);
}

static void address(const struct server *server, struct jsonw *w)
{
    if (strchr(server->host, ':') != NULL)
        jsonw_strf(w, "address", "[%s]:%d", server->host, server->port);
    else
        jsonw_strf(w, "address", "%s:%d", server->host, server->port);
}

static void seen(const struct engine *engine, struct moment now, const struct status_local *local,
                 int server, struct jsonw *w)
{
    struct peer_view view = engine_peer(engine, now, server);

    jsonw_bool(w, "heard", view.heard);
    if (server == local->self || view.age_ms < 0)
        jsonw_null(w, "beat_age_ms");
    else
        jsonw_int(w, "beat_age_ms", view.age_ms);
    jsonw_int(w, "applied", (int64_t)view.applied);
    if (view.level == 0)
        jsonw_null(w, "level");
    else
        jsonw_int(w, "level", view.level);
    jsonw_bool(w, "abstain", view.abstain);
}

/* The feature level in force, the newest that anybody knows, and who does not know that. */
void status_features(const struct engine *engine, struct moment now, struct jsonw *w)
{
    const struct model *model = engine_model(engine);
    uint32_t newest = engine_shared(engine)->level;
    int i;

    for (i = 0; i < model->n_coordinators; i++)
        if (engine_peer(engine, now, i).level > newest)
            newest = engine_peer(engine, now, i).level;
    jsonw_object(w, "features");
    jsonw_int(w, "level", engine_shared(engine)->level);
    jsonw_int(w, "newest", newest);
    jsonw_array(w, "lack");
    for (i = 0; i < model->n_coordinators; i++)
        if (newest > engine_shared(engine)->level && engine_peer(engine, now, i).level < newest)
            jsonw_str(w, NULL, model->servers[i].name);
    jsonw_end(w);
    jsonw_end(w);
}

void status_nodes_json(const struct engine *engine, struct moment now,
                       const struct status_local *local, struct jsonw *w)
{
    const struct model *model = engine_model(engine);
    const struct shared *shared = engine_shared(engine);
    int i;

    jsonw_object(w, NULL);
    jsonw_str(w, "node", model->servers[local->self].name);
    jsonw_array(w, "nodes");
    for (i = 0; i < model->n_coordinators; i++) {
        const struct server *server = &model->servers[i];

        jsonw_object(w, NULL);
        jsonw_str(w, "server", server->name);
        jsonw_str(w, "site", model->sites[server->site].name);
        jsonw_str(w, "role", server->role == MEMBER_VOTER ? "voter" : "standby");
        address(server, w);
        jsonw_bool(w, "leader", i == engine_leader(engine));
        seen(engine, now, local, i, w);
        jsonw_bool(w, "silent", shared->nodes[i].silent);
        jsonw_int(w, "raft_id", (int64_t)shared->nodes[i].raft_id);
        heard_by(engine, now, i, w);
        jsonw_end(w);
    }
    jsonw_end(w);
    jsonw_end(w);
}
