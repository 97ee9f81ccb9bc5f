#include "core/model/model.h"
#include "base/check.h"
#include "base/mem.h"
#include "base/plain.h"
#include "core/account/contract_json.h"
#include "base/prng.h"

#include <string.h>

struct model *model_new(void)
{
    struct model *model = mem_zalloc(1, sizeof *model);

    model->timing = model_timing(PROFILE_NORMAL);
    contract_init(&model->contract);
    return model;
}

void model_free(struct model *model)
{
    if (model == NULL)
        return;
    for (int i = 0; i < model->n_functions; i++)
        mem_free(model->functions[i].checks);
    for (int i = 0; i < model->n_services; i++)
        mem_free(model->services[i].critical);
    for (int i = 0; i < model->n_routes; i++)
        for (int k = 0; k < model->routes[i].n_candidates; k++)
            mem_free(model->routes[i].candidates[k].members);
    mem_free(model->checks);
    mem_free(model->next_check);
    mem_free(model->functions);
    mem_free(model->services);
    mem_free(model->routes);
    notice_config_free(model->notices);
    mem_free(model);
}

void model_contract(const struct model *model, struct contract *contract)
{
    *contract = model->contract;
    contract->n_functions = model->n_functions;
    contract->functions = mem_zalloc((size_t)model->n_functions + 1, sizeof *contract->functions);
    for (int i = 0; i < model->n_functions; i++) {
        memcpy(contract->functions[i].name, model->functions[i].name, LIMIT_NAME);
        memcpy(contract->functions[i].label_ja, model->functions[i].label_ja, LIMIT_NAME);
        memcpy(contract->functions[i].label_en, model->functions[i].label_en, LIMIT_NAME);
        plain_clean(contract->functions[i].label_ja); /* a contract's labels are plain, or none */
        if (plain_blank(contract->functions[i].label_ja))
            contract->functions[i].label_ja[0] = '\0';
    }
    contract->n_services = model->n_services;
    contract->services = mem_zalloc((size_t)model->n_services + 1, sizeof *contract->services);
    for (int i = 0; i < model->n_services; i++) {
        const struct service *service = &model->services[i];

        memcpy(contract->services[i].name, service->name, LIMIT_NAME);
        for (int k = 0; k < service->n_critical; k++)
            function_set_add(&contract->services[i].critical, service->critical[k]);
    }
}

void model_contract_json(const struct model *model, struct buf *out)
{
    struct contract contract;

    model_contract(model, &contract);
    if (contract.name[0] == '\0') /* nothing was promised by name: the reader wants one */
        memcpy(contract.name, model->cluster, sizeof contract.name);
    contract_json(&contract, out);
    contract_free(&contract);
}

struct timing model_timing(enum profile profile)
{
    static const struct timing timings[] = {
        [PROFILE_NORMAL] = {.beat_ms = 100,
                            .silent_ms = 400,
                            .window_ms = 1000,
                            .election_ms = 1000,
                            .heartbeat_ms = 100,
                            .lease_holder_ms = 500,
                            .fence_ms = 30},
        [PROFILE_FAST] = {.beat_ms = 50,
                          .silent_ms = 200,
                          .window_ms = 600,
                          .election_ms = 600,
                          .heartbeat_ms = 60,
                          .lease_holder_ms = 250,
                          .fence_ms = 30},
    };

    CHECK((unsigned)profile < ARRAY_LEN(timings));
    return timings[profile];
}

void model_index(struct model *model)
{
    int last[LIMIT_SERVERS];

    mem_free(model->next_check);
    model->next_check = mem_zalloc((size_t)model->n_checks, sizeof *model->next_check);
    for (int i = 0; i < LIMIT_SERVERS; i++)
        model->first_check[i] = last[i] = -1;
    for (int i = 0; i < model->n_checks; i++) {
        int target = model->checks[i].target;

        model->next_check[i] = -1;
        if (last[target] < 0)
            model->first_check[target] = i;
        else
            model->next_check[last[target]] = i;
        last[target] = i;
    }
}

int model_next_check(const struct model *model, int target, int after)
{
    if (model->next_check != NULL)
        return after < 0 ? model->first_check[target] : model->next_check[after];
    for (int i = after + 1; i < model->n_checks; i++)
        if (model->checks[i].target == target)
            return i;
    return -1;
}

int model_site(const struct model *model, const char *name)
{
    for (int i = 0; i < model->n_sites; i++)
        if (strcmp(model->sites[i].name, name) == 0)
            return i;
    return -1;
}

int model_server(const struct model *model, const char *name)
{
    for (int i = 0; i < model->n_servers; i++)
        if (strcmp(model->servers[i].name, name) == 0)
            return i;
    return -1;
}

int model_check(const struct model *model, const char *name)
{
    for (int i = 0; i < model->n_checks; i++)
        if (strcmp(model->checks[i].name, name) == 0)
            return i;
    return -1;
}

int model_function(const struct model *model, const char *name)
{
    for (int i = 0; i < model->n_functions; i++)
        if (strcmp(model->functions[i].name, name) == 0)
            return i;
    return -1;
}

int model_route(const struct model *model, const char *name)
{
    for (int i = 0; i < model->n_routes; i++)
        if (strcmp(model->routes[i].name, name) == 0)
            return i;
    return -1;
}

bool model_route_has(const struct route *route, int server)
{
    int c, m;

    for (c = 0; c < route->n_candidates; c++)
        for (m = 0; m < route->candidates[c].n_members; m++)
            if (route->candidates[c].members[m] == server)
                return true;
    return false;
}

int model_candidate(const struct route *route, const char *name)
{
    for (int i = 0; i < route->n_candidates; i++)
        if (strcmp(route->candidates[i].name, name) == 0)
            return i;
    return -1;
}

static bool is_voter(const struct server *server)
{
    return server->coordinator && server->role == MEMBER_VOTER;
}

bool route_is_own(const struct route *route)
{
    int a;

    for (a = 0; a < route->n_actuators; a++)
        if (actuator_is_own(&route->actuators[a]))
            return true;
    return false;
}

bool model_same_coordinators(const struct model *a, const struct model *b)
{
    int i;

    if (a->n_coordinators != b->n_coordinators)
        return false;
    for (i = 0; i < a->n_coordinators; i++)
        if (strcmp(a->servers[i].name, b->servers[i].name) != 0 ||
            a->servers[i].role != b->servers[i].role)
            return false;
    return true;
}

int model_voters(const struct model *model)
{
    int voters = 0;

    for (int i = 0; i < model->n_coordinators; i++)
        voters += is_voter(&model->servers[i]);
    return voters;
}

int model_majority(const struct model *model)
{
    return model_voters(model) / 2 + 1;
}

struct site_loss model_lose_site(const struct model *model, int site)
{
    struct site_loss loss = {.majority = model_majority(model)};

    for (int i = 0; i < model->n_coordinators; i++)
        if (is_voter(&model->servers[i]) && model->servers[i].site != site)
            loss.voters_left++;
    loss.quorum = loss.voters_left >= loss.majority;
    return loss;
}

bool candidate_has(const struct candidate *candidate, int server)
{
    for (int i = 0; i < candidate->n_members; i++)
        if (candidate->members[i] == server)
            return true;
    return false;
}

uint32_t model_required(const struct route *route, int n)
{
    uint32_t bits = 0;

    for (int a = 0; a < n; a++)
        if (!route->actuators[a].optional)
            bits |= 1u << a;
    return bits;
}

bool model_of_callers(const struct model *model, int check)
{
    for (int r = 0; r < model->n_routes; r++)
        if (model->routes[r].callers == check)
            return true;
    return false;
}

bool model_in_route(const struct model *model, int server)
{
    for (int i = 0; i < model->n_routes; i++)
        for (int k = 0; k < model->routes[i].n_candidates; k++)
            if (candidate_has(&model->routes[i].candidates[k], server))
                return true;
    return false;
}

/* The server of `from` with the highest weight for the check; SERVER_NONE when
 * `from` is empty. Equal weights: the lower index, so that all nodes agree. */
static int heaviest(const uint64_t *weights, server_set from)
{
    int best = SERVER_NONE;

    for (int i = 0; i < LIMIT_SERVERS; i++)
        if ((from & server_bit(i)) && (best == SERVER_NONE || weights[i] > weights[best]))
            best = i;
    return best;
}

server_set model_observers(const struct model *model, int check)
{
    const struct check *c = &model->checks[check];
    uint64_t weights[LIMIT_SERVERS] = {0};
    uint64_t key;
    server_set pool = 0, other = 0, chosen = 0;
    int last = SERVER_NONE, site = -1;
    bool one_site = true;

    for (int i = 0; i < model->n_coordinators; i++)
        if (i != c->target)
            pool |= server_bit(i);
    if (c->observers == 0 || c->observers >= server_count(pool) || model_in_route(model, c->target))
        return pool;

    key = prng_hash(c->name);
    for (int i = 0; i < model->n_coordinators; i++)
        weights[i] = prng_mix(key ^ prng_mix(prng_hash(model->servers[i].name)));
    for (int n = 0; n < c->observers; n++) {
        last = heaviest(weights, pool & ~chosen);
        chosen |= server_bit(last);
        if (site == -1)
            site = model->servers[last].site;
        one_site = one_site && model->servers[last].site == site;
    }
    if (!one_site || c->observers < 2)
        return chosen;

    /* One site alone may be cut off: its lightest gives way to the heaviest elsewhere. */
    for (int i = 0; i < model->n_coordinators; i++)
        if ((pool & server_bit(i)) && model->servers[i].site != site)
            other |= server_bit(i);
    if (other != 0)
        chosen = (chosen & ~server_bit(last)) | server_bit(heaviest(weights, other));
    return chosen;
}

/* Voters in sites where no candidate has a member; with `first_only`, where no route's
 * first candidate has one. */
static server_set voters_apart(const struct model *model, bool first_only)
{
    bool used[LIMIT_SITES] = {false};
    server_set voters = 0;

    for (int i = 0; i < model->n_routes; i++) {
        const struct route *route = &model->routes[i];

        for (int k = 0; k < route->n_candidates && (k == 0 || !first_only); k++)
            for (int m = 0; m < route->candidates[k].n_members; m++)
                used[model->servers[route->candidates[k].members[m]].site] = true;
    }
    for (int i = 0; i < model->n_coordinators; i++)
        if (is_voter(&model->servers[i]) && !used[model->servers[i].site])
            voters |= server_bit(i);
    return voters;
}

server_set model_calm_leaders(const struct model *model)
{
    server_set voters = voters_apart(model, false);

    if (voters == 0)
        voters = voters_apart(model, true);
    if (voters == 0)
        for (int i = 0; i < model->n_coordinators; i++)
            if (is_voter(&model->servers[i]))
                voters |= server_bit(i);
    return voters;
}
