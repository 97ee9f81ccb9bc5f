#include "simulate/show/campaign_list.h"
#include "base/mem.h"
#include "base/prng.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ROLLING_MS 2000 /* between two restarts */
#define STEP_MS 30000   /* of a clock that is set */
#define DRIFT_PPM 10000 /* the bound of protocol.md */
#define DELAY_MS 30
#define LOSS_PERMILLE 200
#define LOSS_PATH_PERMILLE 100
#define SLOWER_MS 100 /* than its checks' time-out */

struct making {
    const struct model *model;
    struct scenarios *list;
    int64_t for_ms;
    int leader;
};

void scenarios_free(struct scenarios *list)
{
    int i;

    for (i = 0; i < list->n; i++)
        mem_free(list->all[i].faults);
    mem_free(list->all);
    *list = (struct scenarios){0};
}

static void begin(struct making *making, const char *what, uint64_t like, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void begin(struct making *making, const char *what, uint64_t like, const char *format, ...)
{
    struct scenarios *list = making->list;
    struct scenario *scenario;
    va_list args;

    if (list->n == list->cap) {
        list->cap = list->cap > 0 ? 2 * list->cap : 128;
        list->all = mem_realloc(list->all, (size_t)list->cap, sizeof list->all[0]);
    }
    scenario = &list->all[list->n++];
    *scenario = (struct scenario){.like = like};
    snprintf(scenario->what, sizeof scenario->what, "%s", what);
    va_start(args, format);
    vsnprintf(scenario->whom, sizeof scenario->whom, format, args);
    va_end(args);
}

/* To the newest scenario. */
static struct fault *add(struct making *making, enum fault_kind kind, enum where_kind where,
                         int index)
{
    struct scenario *scenario = &making->list->all[making->list->n - 1];
    struct fault *fault;

    scenario->faults =
        mem_realloc(scenario->faults, (size_t)scenario->n_faults + 1, sizeof scenario->faults[0]);
    fault = &scenario->faults[scenario->n_faults++];
    *fault = (struct fault){.kind = kind,
                            .what = {.kind = where, .index = index},
                            .for_ms = fault_once(kind) ? 0 : making->for_ms};
    return fault;
}

/* ---- servers ---- */

static uint64_t mix(uint64_t hash, int64_t value)
{
    return prng_mix(hash ^ (uint64_t)value) + 1;
}

/* The same for servers that nothing but their names tells apart. */
static uint64_t likeness(const struct model *model, int server)
{
    const struct server *s = &model->servers[server];
    uint64_t hash = mix(mix(s->coordinator, s->site), s->coordinator ? (int)s->role : -1);
    int r, k, m, c;

    for (r = 0; r < model->n_routes; r++)
        for (k = 0; k < model->routes[r].n_candidates; k++)
            for (m = 0; m < model->routes[r].candidates[k].n_members; m++)
                if (model->routes[r].candidates[k].members[m] == server)
                    hash = mix(mix(hash, r), k);
    for (c = model_next_check(model, server, -1); c >= 0; c = model_next_check(model, server, c)) {
        const struct check *check = &model->checks[c];

        hash = mix(mix(mix(hash, check->interval_ms), check->timeout_ms), check->kind);
        hash = mix(mix(mix(hash, check->fall), check->fall_silent), check->observers);
    }
    return hash;
}

static void one(struct making *making, const char *what, enum fault_kind kind, int server,
                int64_t value)
{
    begin(making, what, likeness(making->model, server), "%s", making->model->servers[server].name);
    add(making, kind, WHERE_SERVER, server)->value = value;
}

static int slowest_timeout_ms(const struct model *model, int server)
{
    int c, ms = 0;

    for (c = model_next_check(model, server, -1); c >= 0; c = model_next_check(model, server, c))
        if (model->checks[c].timeout_ms > ms)
            ms = model->checks[c].timeout_ms;
    return ms;
}

static void servers(struct making *making)
{
    static const struct {
        enum fault_kind kind;
        const char *what;
    } services[] = {{FAULT_REFUSE, "service refuses"},
                    {FAULT_HANG, "service hangs"},
                    {FAULT_SICK, "service answers errors"}};
    const struct model *model = making->model;
    int i, k;

    for (i = 0; i < model->n_coordinators; i++)
        one(making, "daemon killed", FAULT_KILL, i, 0);
    for (i = 0; i < model->n_coordinators; i++)
        one(making, "daemon frozen", FAULT_FREEZE, i, 0);
    for (i = 0; i < model->n_servers; i++)
        one(making, "host silent", FAULT_HOST, i, 0);
    for (k = 0; k < 3; k++)
        for (i = 0; i < model->n_servers; i++)
            if (model_next_check(model, i, -1) >= 0)
                one(making, services[k].what, services[k].kind, i, 0);
    for (i = 0; i < model->n_servers; i++)
        if (model_next_check(model, i, -1) >= 0)
            one(making, "service slow", FAULT_SLOW, i, slowest_timeout_ms(model, i) + SLOWER_MS);
}

/* ---- sites ---- */

static void path(struct making *making, const char *what, enum fault_kind kind, int from, int to,
                 bool one_way, int64_t value)
{
    const struct site *sites = making->model->sites;
    struct fault *fault;

    begin(making, what, (uint64_t)making->list->n, "%s %s %s", sites[from].name,
          one_way ? "to" : "and", sites[to].name);
    fault = add(making, kind, WHERE_SITE, from);
    fault->path = true;
    fault->one_way = one_way;
    fault->other = (struct where){.kind = WHERE_SITE, .index = to};
    fault->value = value;
}

static void sites(struct making *making)
{
    static const struct {
        enum fault_kind kind;
        const char *what;
    } kinds[] = {{FAULT_CUT, "site cut off"},
                 {FAULT_SPLIT, "site cut off, but not its callers"},
                 {FAULT_HOST, "site without power"}};
    int n = making->model->n_sites, i, k;

    for (k = 0; k < 3; k++)
        for (i = 0; i < n; i++) {
            begin(making, kinds[k].what, (uint64_t)i, "%s", making->model->sites[i].name);
            add(making, kinds[k].kind, WHERE_SITE, i);
        }
    for (i = 0; i < n; i++)
        for (k = i + 1; k < n; k++)
            path(making, "sites cut from each other", FAULT_CUT, i, k, false, 0);
    for (i = 0; i < n; i++)
        for (k = 0; k < n; k++)
            if (i != k)
                path(making, "cut one way", FAULT_CUT, i, k, true, 0);
    for (i = 0; i < n; i++)
        for (k = 0; k < n; k++)
            if (i != k)
                path(making, "10 % loss one way", FAULT_LOSS, i, k, true, LOSS_PATH_PERMILLE);
}

/* ---- the leader and the candidates ---- */

/* So many members that the rest is fewer than its least. */
static void break_candidate(struct making *making, enum fault_kind kind,
                            const struct candidate *candidate)
{
    int m;

    for (m = 0; m <= candidate->n_members - candidate->least; m++)
        add(making, kind, WHERE_SERVER, candidate->members[m]);
}

static bool seen_before(const struct model *model, int route)
{
    const struct candidate *mine = &model->routes[route].candidates[0], *other;
    int r;

    for (r = 0; r < route; r++) {
        other = &model->routes[r].candidates[0];
        if (mine->n_members == other->n_members && mine->least == other->least &&
            memcmp(mine->members, other->members,
                   (size_t)mine->n_members * sizeof mine->members[0]) == 0)
            return true;
    }
    return false;
}

static void candidates(struct making *making)
{
    static const struct {
        enum fault_kind service, leader; /* leader FAULT_KINDS: nothing happens to it */
        const char *what;
    } kinds[] = {{FAULT_REFUSE, FAULT_KINDS, "active candidate refuses"},
                 {FAULT_HANG, FAULT_KINDS, "active candidate hangs"},
                 {FAULT_SICK, FAULT_KINDS, "active candidate answers errors"},
                 {FAULT_HOST, FAULT_KINDS, "active candidate silent"},
                 {FAULT_HOST, FAULT_KILL, "active candidate silent, leader killed"},
                 {FAULT_HOST, FAULT_FREEZE, "active candidate silent, leader frozen"}};
    const struct model *model = making->model;
    int r, k;

    for (k = 0; k < 6; k++)
        for (r = 0; r < model->n_routes; r++) {
            const struct candidate *candidate = &model->routes[r].candidates[0];

            if (seen_before(model, r))
                continue;
            begin(making, kinds[k].what, (uint64_t)r, "%s of %s", candidate->name,
                  model->routes[r].name);
            break_candidate(making, kinds[k].service, candidate);
            if (kinds[k].leader != FAULT_KINDS)
                add(making, kinds[k].leader, WHERE_SERVER, making->leader);
        }
}

static void leader(struct making *making)
{
    static const struct {
        enum fault_kind kind;
        int64_t value;
        const char *what;
    } kinds[] = {{FAULT_KILL, 0, "leader killed"},
                 {FAULT_FREEZE, 0, "leader frozen"},
                 {FAULT_STALL, 0, "leader's disk stalls"},
                 {FAULT_FULL, 0, "leader's disk full"},
                 {FAULT_STEP, STEP_MS, "leader's clock jumps 30 s"},
                 {FAULT_STEP, -STEP_MS, "leader's clock jumps back 30 s"},
                 {FAULT_DRIFT, DRIFT_PPM, "leader's clock 1 % fast"},
                 {FAULT_DRIFT, -DRIFT_PPM, "leader's clock 1 % slow"}};
    size_t k;

    for (k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        begin(making, kinds[k].what, 0, "whoever leads");
        add(making, kinds[k].kind, WHERE_SERVER, making->leader)->value = kinds[k].value;
    }
}

/* ---- everything else ---- */

static void actuators(struct making *making)
{
    static const struct {
        enum fault_kind kind;
        const char *what;
    } kinds[] = {{FAULT_MUTE, "actuator does not answer"},
                 {FAULT_DEAF, "actuator's answers are lost"},
                 {FAULT_LATE, "commands arrive late"},
                 {FAULT_FORGET, "actuator forgets"}};
    const struct model *model = making->model;
    int r, a, k;

    for (k = 0; k < 4; k++)
        for (r = 0; r < model->n_routes; r++)
            for (a = 0; a < model->routes[r].n_actuators; a++) {
                const struct actuator *actuator = &model->routes[r].actuators[a];
                struct fault *fault;

                begin(making, kinds[k].what, (uint64_t)(r * LIMIT_ACTUATORS + a), "%s.%s",
                      model->routes[r].name, actuator->name);
                fault = add(making, kinds[k].kind, WHERE_ACTUATOR, r);
                fault->what.second = a;
                fault->value = kinds[k].kind == FAULT_LATE ? actuator->timeout_ms : 0;
            }
}

static void everywhere(struct making *making)
{
    int i;

    begin(making, "20 % loss", 0, "everywhere");
    add(making, FAULT_LOSS, WHERE_ALL, 0)->value = LOSS_PERMILLE;
    begin(making, "30 ms delay", 0, "everywhere");
    add(making, FAULT_DELAY, WHERE_ALL, 0)->value = DELAY_MS;
    begin(making, "rolling restart", 0, "all daemons");
    for (i = 0; i < making->model->n_coordinators; i++)
        add(making, FAULT_RESTART, WHERE_SERVER, i)->at_ms = (int64_t)i * ROLLING_MS;
}

void campaign_list(const struct model *model, int leads, int64_t for_ms, struct scenarios *list)
{
    struct making making = {.model = model, .list = list, .for_ms = for_ms, .leader = leads};

    servers(&making);
    sites(&making);
    candidates(&making);
    leader(&making);
    actuators(&making);
    everywhere(&making);
}
