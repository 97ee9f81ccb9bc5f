/* What single fields cannot show. Each function looks at one thing and says, in the
 * operator's words, what is wrong and why it matters. */
#include "core/model/model.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_INTERVALS 10 /* a probe may outlive this many intervals at most */

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static int check_name(const char *what, const char *name, const char *also, struct err *err)
{
    bool good = name_char(name[0]);

    for (const char *c = name; good && *c != '\0'; c++)
        good = name_char(*c) || strchr(also, *c) != NULL;
    if (!good)
        return err_set(err, ERR_INVALID,
                       "the name of a %s must begin with a-z or 0-9 and have only a-z 0-9 . - "
                       "in it, not \"%s\"",
                       what, name);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names are well formed and none comes twice. Sorts `names`. */
static int check_names(const char *what, const char **names, int n, const char *also,
                       struct err *err)
{
    int rc = 0;

    qsort(names, (size_t)n, sizeof *names, compare_names);
    for (int i = 0; i < n && rc == 0; i++) {
        if (i > 0 && strcmp(names[i - 1], names[i]) == 0)
            rc = err_set(err, ERR_INVALID, "two %ss are named \"%s\"", what, names[i]);
        else
            rc = check_name(what, names[i], also, err);
    }
    return rc;
}

/* The same for the `name` member of `n` structs of `size` bytes; `first` is the first's. */
static int check_all_names(const char *what, const char *first, int n, size_t size,
                           const char *also, struct err *err)
{
    const char **names = mem_zalloc((size_t)n, sizeof *names);
    int rc;

    for (int i = 0; i < n; i++)
        names[i] = first + (size_t)i * size;
    rc = check_names(what, names, n, also, err);
    mem_free(names);
    return rc;
}

#define CHECK_NAMES(what, array, n, also)                                                          \
    ((n) == 0 ? 0 : check_all_names(what, (array)[0].name, n, sizeof *(array), also, err))

static int validate_sites(const struct model *model, struct err *err)
{
    int rc = CHECK_NAMES("site", model->sites, model->n_sites, ".-");

    for (int site = 0; site < model->n_sites && rc == 0; site++) {
        bool used = false;

        for (int i = 0; i < model->n_servers; i++)
            used = used || model->servers[i].site == site;
        if (!used)
            rc = err_set(err, ERR_INVALID, "site \"%s\" has no server", model->sites[site].name);
    }
    return rc;
}

static int validate_servers(const struct model *model, struct err *err)
{
    int rc = CHECK_NAMES("server", model->servers, model->n_servers, ".-");

    for (int i = 0; i < model->n_servers && rc == 0; i++) {
        const struct server *a = &model->servers[i];

        if (a->site < 0 || a->site >= model->n_sites)
            rc = err_set(err, ERR_INVALID, "server \"%s\" has no site", a->name);
        if (a->coordinator != (i < model->n_coordinators))
            rc = err_set(err, ERR_INVALID, "server \"%s\": coordinators come first", a->name);
        for (int k = 0; k < i && a->coordinator && rc == 0; k++) {
            const struct server *b = &model->servers[k];

            if (b->port == a->port && strcmp(b->host, a->host) == 0)
                rc =
                    err_set(err, ERR_INVALID, "servers \"%s\" and \"%s\" both listen on %s port %d",
                            b->name, a->name, a->host, a->port);
        }
    }
    return rc;
}

static int validate_check(const struct model *model, const struct check *check, struct err *err)
{
    if (check->target < 0 || check->target >= model->n_servers)
        return err_set(err, ERR_INVALID, "check \"%s\" has no target", check->name);
    if (check->timeout_ms > TIMEOUT_INTERVALS * (int64_t)check->interval_ms)
        return err_set(err, ERR_INVALID,
                       "check \"%s\": a timeout of %d ms is more than %d intervals of %d ms",
                       check->name, check->timeout_ms, TIMEOUT_INTERVALS, check->interval_ms);
    if (model->servers[check->target].coordinator)
        return 0;
    if (check->kind == CHECK_REPORT)
        return err_set(err, ERR_INVALID,
                       "check \"%s\": server \"%s\" runs no coordinator that could take reports",
                       check->name, model->servers[check->target].name);
    if (check->process_kind != PROCESS_NONE)
        return err_set(err, ERR_INVALID,
                       "check \"%s\": server \"%s\" runs no coordinator that could watch a process",
                       check->name, model->servers[check->target].name);
    return 0;
}

/* All reports of a server go into every one of its beats; each has a name of its own. */
static int validate_reports(const struct model *model, int server, struct err *err)
{
    const struct check *reports[LIMIT_REPORTS];
    int n = 0;

    for (int i = 0; i < model->n_checks; i++) {
        const struct check *check = &model->checks[i];

        if (check->target != server || check->kind != CHECK_REPORT)
            continue;
        if (n == LIMIT_REPORTS)
            return err_set(err, ERR_INVALID,
                           "server \"%s\" has more than %d checks that are reported",
                           model->servers[server].name, LIMIT_REPORTS);
        for (int k = 0; k < n; k++)
            if (strcmp(reports[k]->report, check->report) == 0)
                return err_set(err, ERR_INVALID,
                               "checks \"%s\" and \"%s\" are both reported as \"%s\"",
                               reports[k]->name, check->name, check->report);
        reports[n++] = check;
    }
    return 0;
}

static int validate_checks(const struct model *model, struct err *err)
{
    int rc = CHECK_NAMES("check", model->checks, model->n_checks, ".-@");

    for (int i = 0; i < model->n_checks && rc == 0; i++)
        rc = validate_check(model, &model->checks[i], err);
    for (int i = 0; i < model->n_coordinators && rc == 0; i++)
        rc = validate_reports(model, i, err);
    return rc;
}

/* DNS names compare without case and without the root's dot. */
static size_t dns_len(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

static bool in_zone(const char *record, const char *zone)
{
    size_t record_len = dns_len(record), zone_len = dns_len(zone);

    if (zone_len == 0 || record_len < zone_len ||
        strncasecmp(record + record_len - zone_len, zone, zone_len) != 0)
        return false;
    return record_len == zone_len || record[record_len - zone_len - 1] == '.';
}

static bool same_switch(const struct actuator *a, const struct actuator *b)
{
    if (a->kind != b->kind || strcmp(a->address, b->address) != 0)
        return false;
    if (actuator_is_own(a))
        return a->kind == ACTUATOR_ADDRESS;
    if (a->kind == ACTUATOR_HAPROXY)
        return strcmp(a->map, b->map) == 0;
    if (a->kind == ACTUATOR_KAMAILIO)
        return a->set == b->set;
    if (a->kind == ACTUATOR_EXEC)
        return strcmp(a->program, b->program) == 0;
    return dns_len(a->record) == dns_len(b->record) &&
           strncasecmp(a->record, b->record, dns_len(a->record)) == 0;
}

static bool is_address(const char *host)
{
    uint8_t address[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/* It is brought up by those who hold a grant, and an address by one alone. */
static int validate_own(const struct route *route, const struct actuator *actuator, struct err *err)
{
    if (!actuator_is_own(actuator))
        return 0;
    if (route->kind != ROUTE_EXCLUSIVE)
        return err_set(err, ERR_INVALID,
                       "actuator \"%s\" is held by the servers themselves, which only a route of "
                       "kind: exclusive makes safe",
                       actuator->name);
    for (int k = 0; k < route->n_candidates && actuator->kind == ACTUATOR_ADDRESS; k++)
        if (route->candidates[k].n_members != 1)
            return err_set(err, ERR_INVALID,
                           "actuator \"%s\" is an address, which one server has at a time, but "
                           "candidate \"%s\" has %d servers",
                           actuator->name, route->candidates[k].name,
                           route->candidates[k].n_members);
    return 0;
}

/* What this actuator has to say must be sayable for every candidate. */
static int validate_actuator(const struct model *model, const struct route *route,
                             const struct actuator *actuator, struct err *err)
{
    if (actuator->kind == ACTUATOR_DNS && !in_zone(actuator->record, actuator->zone))
        return err_set(err, ERR_INVALID, "actuator \"%s\": the record %s is not in the zone %s",
                       actuator->name, actuator->record, actuator->zone);
    for (int k = 0; k < route->n_candidates; k++) {
        const struct candidate *candidate = &route->candidates[k];

        if (actuator->kind == ACTUATOR_HAPROXY && candidate->value[0] == '\0')
            return err_set(err, ERR_INVALID,
                           "candidate \"%s\" needs a value (its backend) for actuator \"%s\"",
                           candidate->name, actuator->name);
        for (int i = 0; actuator->kind == ACTUATOR_HAPROXY && i < k; i++)
            if (strcmp(route->candidates[i].value, candidate->value) == 0)
                return err_set(err, ERR_INVALID,
                               "candidates \"%s\" and \"%s\" have the same value \"%s\": actuator "
                               "\"%s\" could not tell them apart",
                               route->candidates[i].name, candidate->name, candidate->value,
                               actuator->name);
        for (int m = 0; actuator->kind == ACTUATOR_DNS && m < candidate->n_members; m++) {
            const struct server *server = &model->servers[candidate->members[m]];

            if (!is_address(server->host))
                return err_set(err, ERR_INVALID,
                               "actuator \"%s\" publishes addresses, but the host of server "
                               "\"%s\" is the name \"%s\"",
                               actuator->name, server->name, server->host);
        }
    }
    return 0;
}

/* Two routes that write to one switch would undo each other's work for ever. */
static int validate_actuators(const struct model *model, int r, struct err *err)
{
    const struct route *route = &model->routes[r];
    int rc = CHECK_NAMES("actuator", route->actuators, route->n_actuators, ".-");

    if (rc == 0 && route->n_actuators > 0 && model_required(route, route->n_actuators) == 0)
        return err_set(
            err, ERR_INVALID,
            "none of its actuators is required: a move would count before anything moved");

    for (int a = 0; a < route->n_actuators && rc == 0; a++) {
        rc = validate_own(route, &route->actuators[a], err);
        if (rc == 0)
            rc = validate_actuator(model, route, &route->actuators[a], err);
        for (int i = 0; i <= r && rc == 0; i++)
            for (int k = 0; k < (i < r ? model->routes[i].n_actuators : a) && rc == 0; k++)
                if (same_switch(&model->routes[i].actuators[k], &route->actuators[a]))
                    rc = err_set(err, ERR_INVALID,
                                 "actuator \"%s\" and actuator \"%s\" of route \"%s\" are the same "
                                 "switch",
                                 route->actuators[a].name, model->routes[i].actuators[k].name,
                                 model->routes[i].name);
    }
    return rc;
}

static int validate_candidates(const struct model *model, const struct route *route,
                               struct err *err)
{
    int seen[LIMIT_SERVERS];
    int rc = CHECK_NAMES("candidate", route->candidates, route->n_candidates, ".-");

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

static int validate_routes(const struct model *model, struct err *err)
{
    int rc = CHECK_NAMES("route", model->routes, model->n_routes, ".-");

    for (int r = 0; r < model->n_routes && rc == 0; r++) {
        rc = validate_route(model, r, err);
        if (rc != 0)
            return err_wrap(err, rc, "route \"%s\"", model->routes[r].name);
    }
    return rc;
}

static int validate_function(const struct model *model, const struct function *function,
                             struct err *err)
{
    uint8_t *seen;
    int rc = 0;

    if (function->route < -1 || function->route >= model->n_routes)
        return err_set(err, ERR_INVALID, "it names an unknown route");
    if (function->route == -1 && function->n_checks == 0)
        return err_set(err, ERR_INVALID,
                       "it needs a route or checks: nothing says when it is down");
    if (function->need == NEED_LEAST &&
        (function->least < 1 || function->least > function->n_checks))
        return err_set(err, ERR_INVALID, "it has %d checks, so least must be from 1 to %d, not %d",
                       function->n_checks, function->n_checks, function->least);
    seen = mem_zalloc((size_t)model->n_checks, 1);
    for (int i = 0; i < function->n_checks && rc == 0; i++) {
        int check = function->checks[i];

        if (check < 0 || check >= model->n_checks)
            rc = err_set(err, ERR_INVALID, "it names an unknown check");
        else if (seen[check]++ > 0)
            rc =
                err_set(err, ERR_INVALID, "it names check \"%s\" twice", model->checks[check].name);
    }
    mem_free(seen);
    return rc;
}

static int validate_functions(const struct model *model, struct err *err)
{
    int rc = CHECK_NAMES("function", model->functions, model->n_functions, ".-");

    for (int i = 0; i < model->n_functions && rc == 0; i++) {
        rc = validate_function(model, &model->functions[i], err);
        if (rc != 0)
            return err_wrap(err, rc, "function \"%s\"", model->functions[i].name);
    }
    return rc;
}

static int validate_services(const struct model *model, struct err *err)
{
    int rc = CHECK_NAMES("service", model->services, model->n_services, ".-");

    for (int s = 0; s < model->n_services && rc == 0; s++) {
        const struct service *service = &model->services[s];
        bool seen[LIMIT_FUNCTIONS] = {false};

        for (int i = 0; i < service->n_critical; i++) {
            int function = service->critical[i];

            if (function < 0 || function >= model->n_functions)
                return err_set(err, ERR_INVALID, "service \"%s\" names an unknown function",
                               service->name);
            if (seen[function])
                return err_set(err, ERR_INVALID, "service \"%s\" names function \"%s\" twice",
                               service->name, model->functions[function].name);
            seen[function] = true;
        }
    }
    return rc;
}

static int validate_voters(const struct model *model, struct err *err)
{
    int voters = model_voters(model);

    if (voters == 0)
        return err_set(err, ERR_INVALID, "no server is a voter: nobody could decide anything");
    if (voters < 3 && !model->accept_quorum_loss)
        return err_set(err, ERR_INVALID,
                       "%d voter(s) cannot lose one and still decide: 3 are the least (or set "
                       "accept_quorum_loss: true)",
                       voters);
    return 0;
}

int model_validate(const struct model *model, struct err *err)
{
    static int (*const validators[])(const struct model *, struct err *) = {
        validate_sites,  validate_servers,   validate_voters,  validate_checks,
        validate_routes, validate_functions, validate_services};
    int rc = check_name("cluster", model->cluster, ".-", err);

    for (size_t i = 0; i < sizeof validators / sizeof validators[0] && rc == 0; i++)
        rc = validators[i](model, err);
    if (rc == 0 && model->contract.name[0] != '\0')
        rc = check_name("contract", model->contract.name, ".-", err);
    return rc;
}
