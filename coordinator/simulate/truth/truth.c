#include "simulate/truth/truth.h"
#include "core/detect/count.h"
#include "simulate/inside.h"

#include <stdio.h>

static bool runs(const struct sim *sim, int server)
{
    return process_runs(sim->machines[server].process);
}

static bool hear_each_other(const struct sim *sim, int a, int b)
{
    return a == b || (!network_cut_now(sim->network, a, b) && !network_cut_now(sim->network, b, a));
}

/* ---- who can decide ---- */

static bool can_lead(const struct sim *sim, int server)
{
    const struct model *model = sim->model;
    int i, voters = 0;

    if (server == SERVER_NONE || !runs(sim, server) || model->servers[server].role != MEMBER_VOTER)
        return false;
    for (i = 0; i < model->n_coordinators; i++)
        voters += model->servers[i].role == MEMBER_VOTER && runs(sim, i) &&
                  hear_each_other(sim, server, i);
    return voters >= model_majority(model);
}

/* The leader if it stays one, else all who could be the next. */
static server_set leaders(const struct sim *sim, int leader)
{
    server_set set = 0;
    int i;

    if (can_lead(sim, leader))
        return server_bit(leader);
    for (i = 0; i < sim->model->n_coordinators; i++)
        if (can_lead(sim, i))
            set |= server_bit(i);
    return set;
}

/* ---- what a leader comes to believe ---- */

/* What an observer that hears the target finds. */
static enum reason found_by(const struct sim *sim, int observer, const struct check *check)
{
    if (check->kind == CHECK_REPORT &&
        (!runs(sim, check->target) || sim->says_nothing[check->target]))
        return REASON_EXPIRED;
    if (check->kind == CHECK_REPORT && sim->complains[check->target])
        return REASON_REPORTED;
    return targets_finds(sim->targets, sim->model->servers[observer].site, check);
}

static struct ballot ballot_of(const struct sim *sim, int leader, int observer, int check)
{
    const struct check *c = &sim->model->checks[check];
    struct ballot ballot = {.observer = (uint8_t)observer,
                            .arrived_age_ms = AGE_NEVER,
                            .fail_age_ms = AGE_NEVER,
                            .good_age_ms = AGE_NEVER};
    enum reason reason =
        hear_each_other(sim, observer, c->target) ? found_by(sim, observer, c) : REASON_TIMEOUT;

    if (!runs(sim, observer) || !hear_each_other(sim, leader, observer))
        return ballot;
    ballot.arrived_age_ms = 0;
    ballot.opinion = reason_class(reason) == REASON_GOOD ? OPINION_UP : OPINION_DOWN;
    if (ballot.opinion == OPINION_UP)
        ballot.good_age_ms = 0;
    else
        ballot.fail_age_ms = 0;
    return ballot;
}

static struct count count_check(const struct sim *sim, int leader, int check)
{
    server_set observers = model_observers(sim->model, check);
    struct ballot ballots[LIMIT_SERVERS];
    int i, n = 0;

    for (i = 0; i < sim->model->n_coordinators; i++)
        if (observers & server_bit(i))
            ballots[n++] = ballot_of(sim, leader, i, check);
    return count_ballots(sim->model, sim->model->checks[check].target, ballots, n, 1);
}

static bool believed_down(const struct sim *sim, int leader, int server)
{
    int c;

    for (c = model_next_check(sim->model, server, -1); c >= 0;
         c = model_next_check(sim->model, server, c))
        if (count_check(sim, leader, c).result == COUNT_DOWN)
            return true;
    return false;
}

static bool believed_failed(const struct sim *sim, int leader, int route, int candidate)
{
    const struct candidate *c = &sim->model->routes[route].candidates[candidate];
    int m, standing = 0;

    for (m = 0; m < c->n_members; m++)
        standing += !believed_down(sim, leader, c->members[m]);
    return standing < c->least;
}

/* ---- can it be helped ---- */

static bool reaches_switch(const struct sim *sim, int leader, int route, int actuator)
{
    int place = switches_place(sim->switches, route, actuator);

    return place == SERVER_NONE || hear_each_other(sim, leader, place);
}

/* An exclusive route is held by coordinators: a service alone is not enough. */
static bool can_hold(const struct sim *sim, int route, int candidate)
{
    const struct candidate *c = &sim->model->routes[route].candidates[candidate];
    int m, n = 0;

    if (sim->model->routes[route].kind != ROUTE_EXCLUSIVE)
        return true;
    for (m = 0; m < c->n_members; m++)
        n += runs(sim, c->members[m]);
    return n >= c->least;
}

static bool would_serve(const struct sim *sim, int route, int actuator, int candidate)
{
    return can_hold(sim, route, candidate) &&
           callers_would_be_served(sim, route, actuator, candidate);
}

/* It serves, and its holder's coordinator stands still, is gone or was asked to stop: its grant
 * ends, or it is let go of. */
static bool is_to_leave(const struct sim *sim, int route, int candidate)
{
    const struct candidate *c = &sim->model->routes[route].candidates[candidate];
    int m;

    if (sim->model->routes[route].kind != ROUTE_EXCLUSIVE)
        return false;
    for (m = 0; m < c->n_members; m++)
        if (sim->machines[c->members[m]].left)
            return true;
    return !can_hold(sim, route, candidate);
}

static bool another_serves(const struct sim *sim, int route, int actuator, int active)
{
    int c;

    for (c = 0; c < sim->model->routes[route].n_candidates; c++)
        if (c != active && would_serve(sim, route, actuator, c))
            return true;
    return false;
}

static bool another_ready(const struct sim *sim, int leader, int route, int actuator, int active)
{
    int c;

    for (c = 0; c < sim->model->routes[route].n_candidates; c++)
        if (c != active && would_serve(sim, route, actuator, c) &&
            !believed_failed(sim, leader, route, c))
            return true;
    return false;
}

static const char *hindered(const struct sim *sim, int leader, int route, int actuator, int active)
{
    if (!believed_failed(sim, leader, route, active))
        return "of the observers that reach the leader too few see it fail, or another site sees "
               "it well";
    if (!another_ready(sim, leader, route, actuator, active))
        return "the other candidate that works looks failed to most observers";
    if (!reaches_switch(sim, leader, route, actuator))
        return "the leader does not reach the actuator";
    return NULL;
}

static bool any_believes_failed(const struct sim *sim, server_set set, int route, int candidate)
{
    int i;

    for (i = 0; i < sim->model->n_coordinators; i++)
        if ((set & server_bit(i)) && believed_failed(sim, i, route, candidate))
            return true;
    return false;
}

struct truth truth_look(const struct sim *sim, int route, int actuator, int leader)
{
    struct truth truth = {.callers = TRUTH_COVERED, .leader_stays = can_lead(sim, leader)};
    int active = switches_get(sim->switches, route, actuator)->candidate, i;
    server_set set = leaders(sim, leader);
    const char *why = NULL;

    if (callers_would_be_served(sim, route, actuator, active) && is_to_leave(sim, route, active)) {
        if (set != 0 && another_serves(sim, route, actuator, active))
            return truth;
        truth.callers = TRUTH_NOT_COVERED;
        snprintf(truth.why, sizeof truth.why, "%s", "nobody else could hold it");
        return truth;
    }
    if (callers_would_be_served(sim, route, actuator, active)) {
        truth.callers =
            any_believes_failed(sim, set, route, active) ? TRUTH_UNSURE : TRUTH_UNTOUCHED;
        return truth;
    }
    if (!callers_pass(sim, route, actuator))
        why = "callers do not get as far as the actuator";
    else if (!another_serves(sim, route, actuator, active))
        why = "no other candidate serves them either";
    else if (!switches_answers(sim->switches, route, actuator))
        why = "the actuator does not answer";
    else if (set == 0)
        why = "no quorum is left";
    for (i = 0; i < sim->model->n_coordinators && why == NULL; i++)
        if (set & server_bit(i))
            why = hindered(sim, i, route, actuator, active);
    if (why != NULL) {
        truth.callers = TRUTH_NOT_COVERED;
        snprintf(truth.why, sizeof truth.why, "%s", why);
    }
    return truth;
}
