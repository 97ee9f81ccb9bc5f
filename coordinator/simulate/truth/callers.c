/* Who is served, by the world's truth: callers of a route pass its switch (an HAProxy, whose
 * place they must reach, or a DNS answer) to the members that it names. */
#include "simulate/inside.h"

#include <string.h>

/* ---- where the callers pass ---- */

static bool same_host(const char *address, const char *host)
{
    size_t len = strlen(host);

    if (address[0] == '[')
        address++;
    return len > 0 && strncmp(address, host, len) == 0 &&
           (address[len] == ':' || address[len] == ']' || address[len] == '\0');
}

/* A DNS server only says where to go: what its callers pass is nothing of ours. */
static int place_of(const struct model *model, const struct actuator *actuator)
{
    int i;

    for (i = 0; actuator->kind == ACTUATOR_HAPROXY && i < model->n_servers; i++)
        if (same_host(actuator->address, model->servers[i].host))
            return i;
    return SERVER_NONE;
}

/* ---- who works ---- */

static bool reached(const struct sim *sim, int place, int server)
{
    if (!targets_serves(sim->targets, server) || sim->server_shut[server] > 0)
        return false;
    if (place == SERVER_NONE || place == server)
        return true;
    return !network_cut_now(sim->network, place, server) &&
           !network_cut_now(sim->network, server, place);
}

static int count_reached(const struct sim *sim, int place, const struct candidate *candidate,
                         server_set members)
{
    int m, n = 0;

    for (m = 0; m < candidate->n_members; m++)
        n += (members & server_bit(candidate->members[m])) &&
             reached(sim, place, candidate->members[m]);
    return n;
}

bool callers_pass(const struct sim *sim, int route, int actuator)
{
    int place = sim->places[route][actuator];

    return place == SERVER_NONE || (sim->server_dark[place] == 0 && sim->server_shut[place] == 0);
}

/* If the actuator said: these of the candidate's members. */
static bool would_serve(const struct sim *sim, int route, int actuator, int candidate,
                        server_set members)
{
    const struct candidate *c = &sim->model->routes[route].candidates[candidate];

    return callers_pass(sim, route, actuator) &&
           count_reached(sim, sim->places[route][actuator], c, members) >= c->least;
}

bool callers_would_be_served(const struct sim *sim, int route, int actuator, int candidate)
{
    return would_serve(sim, route, actuator, candidate, ~(server_set)0);
}

/* An address leads to who has it up, and its service. */
static bool held_served(const struct sim *sim, int route)
{
    server_set holders = sim_holders(sim, route);
    int i;

    for (i = 0; i < sim->model->n_coordinators; i++)
        if ((holders & server_bit(i)) && reached(sim, SERVER_NONE, i))
            return true;
    return false;
}

static bool line_served(const struct sim *sim, int route, int actuator)
{
    const struct setting *setting;

    if (actuator_is_own(&sim->model->routes[route].actuators[actuator]))
        return held_served(sim, route);
    setting = switches_get(sim->switches, route, actuator);
    return would_serve(sim, route, actuator, setting->candidate, setting->members);
}

bool callers_served_through(void *context, int route, int place)
{
    const struct sim *sim = context;
    int a;

    for (a = 0; a < sim->model->routes[route].n_actuators; a++)
        if (sim->places[route][a] == place)
            return line_served(sim, route, a);
    return line_served(sim, route, 0);
}

/* The servers that the route's first switch names do their work, whoever can reach them through
 * it: the ledger counts by the health of servers. */
static bool pool_works(const struct sim *sim, int route)
{
    const struct setting *setting = switches_get(sim->switches, route, 0);
    const struct candidate *candidate = &sim->model->routes[route].candidates[setting->candidate];

    if (actuator_is_own(&sim->model->routes[route].actuators[0]))
        return held_served(sim, route);
    return count_reached(sim, SERVER_NONE, candidate, setting->members) >= candidate->least;
}

/* Most of the coordinators elsewhere can see that it works. */
static bool plainly_works(const struct sim *sim, int server)
{
    const struct model *model = sim->model;
    int i, others = 0, see = 0;

    if (!targets_serves(sim->targets, server) || sim->server_shut[server] > 0 ||
        sim->doubts[server] > 0 || sim_ms(sim) < sim->doubt_ms[server])
        return false;
    for (i = 0; i < model->n_coordinators; i++)
        if (model->servers[i].site != model->servers[server].site) {
            others++;
            see += !network_cut_now(sim->network, i, server) &&
                   !network_cut_now(sim->network, server, i);
        }
    return 2 * see > others;
}

static bool candidate_serves(const struct sim *sim, int route, int candidate)
{
    const struct candidate *c = &sim->model->routes[route].candidates[candidate];
    int m, n = 0;

    for (m = 0; m < c->n_members; m++)
        n += plainly_works(sim, c->members[m]);
    return n >= c->least;
}

bool callers_candidate_serves_since(const struct sim *sim, int route, int candidate, int64_t ms)
{
    return sim->serves_ms[route][candidate] <= sim_ms(sim) - ms &&
           candidate_serves(sim, route, candidate);
}

/* ---- as it goes ---- */

static void line_look(struct sim *sim, int route, int actuator)
{
    struct line_of_callers *line = &sim->callers[route][actuator];
    bool served = line_served(sim, route, actuator);
    int64_t now_ms = sim_ms(sim);

    if (served == line->served)
        return;
    if (served) {
        line->view.lost_ms += now_ms - line->since_ms;
        if (now_ms - line->since_ms > line->view.longest_ms)
            line->view.longest_ms = now_ms - line->since_ms;
        sim_note(sim, NOTE_CALLERS, SERVER_NONE, "served", "%s by %s, after %lld ms",
                 sim->model->routes[route].name, sim->model->routes[route].actuators[actuator].name,
                 (long long)(now_ms - line->since_ms));
    } else {
        if (line->view.outages++ == 0)
            line->view.first_ms = now_ms - sim->zero_ms;
        sim_note(sim, NOTE_CALLERS, SERVER_NONE, "lost", "%s by %s", sim->model->routes[route].name,
                 sim->model->routes[route].actuators[actuator].name);
    }
    line->served = served;
    line->since_ms = now_ms;
}

void callers_look(struct sim *sim)
{
    int r, a, c;

    for (r = 0; r < sim->model->n_routes; r++) {
        const struct route *route = &sim->model->routes[r];

        for (c = 0; c < route->n_candidates; c++) {
            if (!candidate_serves(sim, r, c))
                sim->serves_ms[r][c] = INT64_MAX;
            else if (sim->serves_ms[r][c] == INT64_MAX)
                sim->serves_ms[r][c] = sim_ms(sim);
        }
        for (a = 0; a < route->n_actuators; a++)
            line_look(sim, r, a);
        if (route->n_actuators > 0)
            oracle_served(sim, r, pool_works(sim, r));
    }
}

/* What it says now, those before it have said. */
static void check_turn(struct sim *sim, int route, int actuator, uint64_t says)
{
    const struct route *r = &sim->model->routes[route];
    int a;

    for (a = 0; r->order == ORDER_IN_TURN && a < actuator; a++)
        if (!r->actuators[a].optional && sim->said[route][a] < says)
            sim_break(sim, "in-turn", "%s/%s is told before %s", r->name,
                      r->actuators[actuator].name, r->actuators[a].name);
}

void callers_switched(void *context, int route, int actuator, const struct setting *before)
{
    struct sim *sim = context;
    const struct route *r = &sim->model->routes[route];
    const struct setting *setting = switches_get(sim->switches, route, actuator);
    uint64_t says = epoch_step(setting->epoch, setting->step);
    bool older = says < epoch_step(before->epoch, before->step);

    sim_note(sim, NOTE_SWITCH, SERVER_NONE, "says", "%s/%s: %s with %d of %d, epoch %u.%u", r->name,
             r->actuators[actuator].name, r->candidates[setting->candidate].name,
             server_count(setting->members), r->candidates[setting->candidate].n_members,
             setting->epoch, setting->step);
    sim_mix(sim, says);
    if (says > sim->said[route][actuator])
        sim->said[route][actuator] = says;
    check_turn(sim, route, actuator, says);
    /* Epoch 0 is a switch that forgot. */
    if (setting->epoch > 0 && older)
        sim_break(sim, "epochs-rise", "%s/%s goes from epoch %u.%u back to %u.%u", r->name,
                  r->actuators[actuator].name, before->epoch, before->step, setting->epoch,
                  setting->step);
    if (setting->members == 0)
        sim_break(sim, "last-candidate-stays", "%s/%s is left without a server", r->name,
                  r->actuators[actuator].name);
    callers_look(sim);
}

void callers_open(struct sim *sim)
{
    int r, a;

    for (r = 0; r < sim->model->n_routes; r++) {
        const struct route *route = &sim->model->routes[r];

        for (a = 0; a < route->n_actuators; a++) {
            sim->places[r][a] = place_of(sim->model, &route->actuators[a]);
            sim->callers[r][a].served = true;
            sim->callers[r][a].view.first_ms = -1;
        }
    }
    callers_look(sim);
}

struct callers_view sim_callers(const struct sim *sim, int route, int actuator)
{
    const struct line_of_callers *line = &sim->callers[route][actuator];
    struct callers_view view = line->view;
    int64_t since_ms = sim_ms(sim) - line->since_ms;

    view.served = line->served;
    if (!line->served) {
        view.lost_ms += since_ms;
        if (since_ms > view.longest_ms)
            view.longest_ms = since_ms;
    }
    return view;
}

void sim_callers_begin(struct sim *sim)
{
    int r, a;

    for (r = 0; r < sim->model->n_routes; r++)
        for (a = 0; a < sim->model->routes[r].n_actuators; a++) {
            struct line_of_callers *line = &sim->callers[r][a];

            line->since_ms = sim_ms(sim);
            line->view = (struct callers_view){
                .outages = line->served ? 0 : 1,
                .first_ms = line->served ? -1 : sim_now(sim),
            };
        }
}
