/* A route must be able to move when what it exists for happens. */
#include "core/model/validate.h"

static int validate_candidates(const struct model *model, const struct route *route,
                               struct err *err)
{
    int seen[LIMIT_SERVERS];
    int rc = VALIDATE_NAMES("candidate", route->candidates, route->n_candidates, ".-", err);

    for (int i = 0; i < LIMIT_SERVERS; i++)
        seen[i] = -1;
    if (rc == 0 && route->n_candidates == 0)
        return err_set(err, ERR_INVALID, "it has no candidates");
    for (int k = 0; k < route->n_candidates && rc == 0; k++) {
        const struct candidate *candidate = &route->candidates[k];

        if (candidate->least < 1 || candidate->least > candidate->n_members)
            return err_set(err, ERR_INVALID,
                           "candidate \"%s\" has %d servers, so least must be from 1 to %d, not %d",
                           candidate->name, candidate->n_members, candidate->n_members,
                           candidate->least);
        for (int m = 0; m < candidate->n_members; m++) {
            int server = candidate->members[m];

            if (server < 0 || server >= model->n_servers)
                return err_set(err, ERR_INVALID, "candidate \"%s\" has an unknown server",
                               candidate->name);
            if (seen[server] != -1)
                return err_set(err, ERR_INVALID, "server \"%s\" stands in it twice",
                               model->servers[server].name);
            seen[server] = k;
            if (route->kind == ROUTE_EXCLUSIVE && !model->servers[server].coordinator)
                return err_set(err, ERR_INVALID,
                               "it is exclusive, but \"%s\" runs no coordinator that could hold a "
                               "grant",
                               model->servers[server].name);
        }
    }
    return rc;
}

/* Its checks' observers must be able to believe that it is down when its own site, or
 * any one other, is cut off. */
static int validate_watch(const struct model *model, int server, struct err *err)
{
    const struct server *target = &model->servers[server];
    int check = -1, total, own = 0, others = 0;
    bool site_watches[LIMIT_SITES] = {false};
    server_set observers;

    for (int i = 0; i < model->n_checks && check == -1; i++)
        if (model->checks[i].target == server)
            check = i;
    if (check == -1)
        return err_set(err, ERR_INVALID, "server \"%s\" has no check: nobody could see it fail",
                       target->name);
    if (model->accept_quorum_loss)
        return 0;
    /* All checks of a route's server have the same observers. */
    observers = model_observers(model, check);
    total = server_count(observers);
    for (int i = 0; i < model->n_coordinators; i++) {
        if (!(observers & server_bit(i)))
            continue;
        own += model->servers[i].site == target->site;
        site_watches[model->servers[i].site] = true;
    }
    for (int site = 0; site < model->n_sites; site++)
        others += site_watches[site] && site != target->site;
    if (2 * own >= total)
        return err_set(err, ERR_INVALID,
                       "%d of the %d observers of server \"%s\" stand in its own site \"%s\"; "
                       "fewer than half must, or its failure and the site's look the same (or set "
                       "accept_quorum_loss: true)",
                       own, total, target->name, model->sites[target->site].name);
    if (others < 2)
        return err_set(err, ERR_INVALID,
                       "server \"%s\" is watched from %d other site(s); two are needed to tell its "
                       "failure from a cut line (or set accept_quorum_loss: true)",
                       target->name, others);
    return 0;
}

/* Losing any site in which the preferred candidate stands must leave a majority, or
 * the very fault that the route exists for would end all decisions. */
static int validate_quorum(const struct model *model, const struct route *route, struct err *err)
{
    const struct candidate *first = &route->candidates[0];

    if (model->accept_quorum_loss)
        return 0;
    for (int m = 0; m < first->n_members; m++) {
        int site = model->servers[first->members[m]].site;
        struct site_loss loss = model_lose_site(model, site);

        if (!loss.quorum)
            return err_set(err, ERR_INVALID,
                           "losing site \"%s\" (candidate \"%s\") would leave %d of %d voters, and "
                           "%d are needed to decide: no failover would be possible. Put "
                           "voters elsewhere, or set accept_quorum_loss: true",
                           model->sites[site].name, first->name, loss.voters_left,
                           model_voters(model), loss.majority);
    }
    return 0;
}

/* What it follows leads, and its candidates are named as those of that one. */
static int validate_follows(const struct model *model, int r, struct err *err)
{
    const struct route *route = &model->routes[r], *parent;

    if (route->follows == -1)
        return 0;
    if (route->follows < 0 || route->follows >= model->n_routes)
        return err_set(err, ERR_INVALID, "it follows an unknown route");
    parent = &model->routes[route->follows];
    if (route->follows == r)
        return err_set(err, ERR_INVALID, "it follows itself");
    if (parent->follows != -1)
        return err_set(err, ERR_INVALID, "it follows \"%s\", which follows another one itself",
                       parent->name);
    for (int k = 0; k < route->n_candidates; k++)
        if (model_candidate(parent, route->candidates[k].name) < 0)
            return err_set(err, ERR_INVALID,
                           "it follows \"%s\", which has no candidate \"%s\": they must have "
                           "the same",
                           parent->name, route->candidates[k].name);
    if (parent->n_candidates != route->n_candidates)
        return err_set(err, ERR_INVALID, "it follows \"%s\", which has %d candidates, not %d",
                       parent->name, parent->n_candidates, route->n_candidates);
    return 0;
}

/* A way through the switch, asked whether it answers for who is behind it. */
static int validate_callers(const struct model *model, const struct route *route, struct err *err)
{
    const struct check *check;
    server_set observers;
    uint64_t sites = 0;

    if (route->callers == -1)
        return 0;
    if (route->callers < 0 || route->callers >= model->n_checks)
        return err_set(err, ERR_INVALID, "callers names an unknown check");
    check = &model->checks[route->callers];
    if (check->kind != CHECK_HTTP && check->kind != CHECK_SIP)
        return err_set(err, ERR_INVALID,
                       "callers: check \"%s\" must be http or sip: a switch takes connections, "
                       "whoever is behind it",
                       check->name);
    if (check->kind == CHECK_HTTP && check->status_max >= 500)
        return err_set(err, ERR_INVALID,
                       "callers: check \"%s\" takes status 500 and above for good, which a switch "
                       "says when nobody is behind it",
                       check->name);
    for (int k = 0; k < route->n_candidates; k++)
        for (int m = 0; m < route->candidates[k].n_members; m++)
            if (route->candidates[k].members[m] == check->target)
                return err_set(err, ERR_INVALID,
                               "callers: check \"%s\" asks server \"%s\" of its candidate "
                               "\"%s\", not the way that callers take to it",
                               check->name, model->servers[check->target].name,
                               route->candidates[k].name);
    observers = model_observers(model, route->callers);
    for (int i = 0; i < model->n_coordinators; i++)
        if (observers & server_bit(i))
            sites |= 1ull << model->servers[i].site;
    if (__builtin_popcountll(sites) < 2)
        return err_set(err, ERR_INVALID,
                       "callers: check \"%s\" is watched from one site alone: two are needed",
                       check->name);
    return 0;
}

static int validate_route(const struct model *model, int r, struct err *err)
{
    const struct route *route = &model->routes[r];
    int rc = validate_candidates(model, route, err);

    if (rc == 0)
        rc = validate_follows(model, r, err);
    if (rc == 0)
        rc = validate_callers(model, route, err);
    if (rc == 0)
        rc = validate_actuators(model, r, err);
    for (int k = 0; k < route->n_candidates && rc == 0; k++)
        for (int m = 0; m < route->candidates[k].n_members && rc == 0; m++)
            rc = validate_watch(model, route->candidates[k].members[m], err);
    if (rc == 0)
        rc = validate_quorum(model, route, err);
    return rc;
}

int validate_routes(const struct model *model, struct err *err)
{
    int rc = VALIDATE_NAMES("route", model->routes, model->n_routes, ".-", err);

    for (int r = 0; r < model->n_routes && rc == 0; r++) {
        rc = validate_route(model, r, err);
        if (rc != 0)
            return err_wrap(err, rc, "route \"%s\"", model->routes[r].name);
    }
    return rc;
}
