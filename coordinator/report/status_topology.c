#include "report/status.h"

static int voters_in(const struct model *model, int site)
{
    int i, n = 0;

    for (i = 0; i < model->n_coordinators; i++)
        n += model->servers[i].site == site && model->servers[i].role == MEMBER_VOTER;
    return n;
}

static int standbys_in(const struct model *model, int site)
{
    int i, n = 0;

    for (i = 0; i < model->n_coordinators; i++)
        n += model->servers[i].site == site && model->servers[i].role == MEMBER_STANDBY;
    return n;
}

/* The first candidate that still holds its least without the site; -1: none. */
static int survivor(const struct model *model, const struct route *route, int lost)
{
    int i, j;

    for (i = 0; i < route->n_candidates; i++) {
        const struct candidate *candidate = &route->candidates[i];
        int left = 0;

        for (j = 0; j < candidate->n_members; j++)
            left += model->servers[candidate->members[j]].site != lost;
        if (left >= candidate->least)
            return i;
    }
    return -1;
}

/* Where the route's traffic goes when the site is lost: it stays, it moves (only with a
 * quorum), or nobody is left. */
static void route_without(const struct model *model, const struct route *route, int lost,
                          bool quorum, struct jsonw *w)
{
    int to = survivor(model, route, lost);

    jsonw_object(w, NULL);
    jsonw_str(w, "route", route->name);
    jsonw_str(w, "served_by", to >= 0 && (to == 0 || quorum) ? route->candidates[to].name : NULL);
    jsonw_str(w, "how", to < 0 ? "nobody left" : to == 0 ? "stays" : quorum ? "moves" : "stuck");
    jsonw_end(w);
}

static void site_json(const struct model *model, int site, struct jsonw *w)
{
    struct site_loss loss = model_lose_site(model, site);
    int i;

    jsonw_object(w, NULL);
    jsonw_str(w, "site", model->sites[site].name);
    jsonw_int(w, "voters", voters_in(model, site));
    jsonw_int(w, "standbys", standbys_in(model, site));
    jsonw_object(w, "lost");
    jsonw_int(w, "voters_left", loss.voters_left);
    jsonw_int(w, "majority", loss.majority);
    jsonw_bool(w, "quorum", loss.quorum);
    jsonw_array(w, "routes");
    for (i = 0; i < model->n_routes; i++)
        route_without(model, &model->routes[i], site, loss.quorum, w);
    jsonw_end(w);
    jsonw_end(w);
    jsonw_end(w);
}

void status_topology_json(const struct model *model, struct jsonw *w)
{
    server_set calm = model_calm_leaders(model);
    int i;

    jsonw_object(w, NULL);
    jsonw_str(w, "cluster", model->cluster);
    jsonw_int(w, "version", model->version);
    jsonw_int(w, "coordinators", model->n_coordinators);
    jsonw_int(w, "targets", model->n_servers - model->n_coordinators);
    jsonw_int(w, "voters", model_voters(model));
    jsonw_int(w, "majority", model_majority(model));
    jsonw_int(w, "survives", model_voters(model) - model_majority(model));
    jsonw_array(w, "sites");
    for (i = 0; i < model->n_sites; i++)
        site_json(model, i, w);
    jsonw_end(w);
    jsonw_array(w, "calm_leaders");
    for (i = 0; i < model->n_coordinators; i++)
        if (calm & server_bit(i))
            jsonw_str(w, NULL, model->servers[i].name);
    jsonw_end(w);
    jsonw_end(w);
}
