/* What single fields cannot show. Each function looks at one thing and says, in the
 * operator's words, what is wrong and why it matters. */
#include "base/mem.h"
#include "core/model/validate.h"

#include <string.h>

#define TIMEOUT_INTERVALS 10 /* a probe may outlive this many intervals at most */

static int validate_sites(const struct model *model, struct err *err)
{
    int rc = VALIDATE_NAMES("site", model->sites, model->n_sites, ".-", err);

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
    int rc = VALIDATE_NAMES("server", model->servers, model->n_servers, ".-", err);

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
    int rc = VALIDATE_NAMES("check", model->checks, model->n_checks, ".-@", err);

    for (int i = 0; i < model->n_checks && rc == 0; i++)
        rc = validate_check(model, &model->checks[i], err);
    for (int i = 0; i < model->n_coordinators && rc == 0; i++)
        rc = validate_reports(model, i, err);
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
    int rc = VALIDATE_NAMES("function", model->functions, model->n_functions, ".-", err);

    for (int i = 0; i < model->n_functions && rc == 0; i++) {
        rc = validate_function(model, &model->functions[i], err);
        if (rc != 0)
            return err_wrap(err, rc, "function \"%s\"", model->functions[i].name);
    }
    return rc;
}

static int validate_services(const struct model *model, struct err *err)
{
    int rc = VALIDATE_NAMES("service", model->services, model->n_services, ".-", err);

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

/* Half a word on grants is none, and an echo that never goes out makes a node unheard: what
 * every beat has to say must fit into every beat. */
static int validate_beats(const struct model *model, struct err *err)
{
    int exclusive = 0, bytes;

    for (int r = 0; r < model->n_routes; r++)
        exclusive += model->routes[r].kind == ROUTE_EXCLUSIVE;
    bytes = BEAT_FRAME + BEAT_VOTES_LEAST * BEAT_VOTE + BEAT_COORDINATOR * model->n_coordinators +
            BEAT_EXCLUSIVE * exclusive;
    if (bytes <= BEAT_ROOM)
        return 0;
    return err_set(err, ERR_LIMIT,
                   "%d coordinators and %d exclusive routes make beats of up to %d bytes, %d are "
                   "the most: a coordinator takes %d, an exclusive route %d",
                   model->n_coordinators, exclusive, bytes, BEAT_ROOM, BEAT_COORDINATOR,
                   BEAT_EXCLUSIVE);
}

static int count_sites(const struct model *model, server_set servers)
{
    uint64_t sites = 0;

    for (int i = 0; i < model->n_servers; i++)
        if (servers & server_bit(i))
            sites |= 1ull << model->servers[i].site;
    return __builtin_popcountll(sites);
}

/* What the contract asks of who watches, each check must be able to have: else all its time
 * would be unmonitored. */
static int validate_contract(const struct model *model, struct err *err)
{
    const struct contract *contract = &model->contract;
    bool asks = contract->minimum_observers > 0 || contract->minimum_sites > 0;
    int rc = contract->name[0] != '\0' ? validate_name("contract", contract->name, ".-", err) : 0;

    for (int i = 0; i < model->n_checks && asks && rc == 0; i++) {
        server_set observers = model_observers(model, i);
        int n = server_count(observers), sites = count_sites(model, observers);

        if (n < contract->minimum_observers)
            rc = err_set(err, ERR_INVALID,
                         "contract: minimum_observers is %d, and check \"%s\" has %d observers",
                         contract->minimum_observers, model->checks[i].name, n);
        else if (sites < contract->minimum_sites)
            rc = err_set(err, ERR_INVALID,
                         "contract: minimum_sites is %d, and check \"%s\" has observers on %d",
                         contract->minimum_sites, model->checks[i].name, sites);
    }
    return rc;
}

int model_validate(const struct model *model, struct err *err)
{
    static int (*const validators[])(const struct model *, struct err *) = {
        validate_sites,    validate_servers,   validate_voters,   validate_checks,
        validate_routes,   validate_functions, validate_services, validate_beats,
        validate_contract, validate_notices};
    int rc = validate_name("cluster", model->cluster, ".-", err);

    for (size_t i = 0; i < sizeof validators / sizeof validators[0] && rc == 0; i++)
        rc = validators[i](model, err);
    return rc;
}
