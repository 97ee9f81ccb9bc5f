/* A small configuration: two sites, three coordinators, two targets, one route with three
 * actuators. */
#ifndef TESTS_UNIT_SIMULATE_SMALL_H
#define TESTS_UNIT_SIMULATE_SMALL_H

#include "base/mem.h"
#include "core/model/model.h"

#include <stdio.h>

enum { EAST, WEST };
enum { ONE, TWO, THREE, FIRST, SECOND }; /* ONE, TWO and FIRST are in the east */
enum { TCP_FIRST, HTTP_FIRST, TCP_ONE, SLOW_SECOND, N_CHECKS };
enum { PROXY, NAMES, LOCAL }; /* at ONE; at SECOND; at a path */

static inline void small_check(struct model *model, int check, const char *name, int target,
                               enum check_kind kind, int interval_ms, int timeout_ms)
{
    struct check *c = &model->checks[check];

    snprintf(c->name, sizeof c->name, "%s", name);
    c->target = target;
    c->kind = kind;
    c->interval_ms = interval_ms;
    c->timeout_ms = timeout_ms;
}

static inline void small_actuator(struct route *route, enum actuator_kind kind, const char *address)
{
    struct actuator *actuator = &route->actuators[route->n_actuators++];

    actuator->kind = kind;
    actuator->timeout_ms = 1000;
    snprintf(actuator->address, sizeof actuator->address, "%s", address);
}

static inline void small_candidate(struct route *route, int server)
{
    struct candidate *candidate = &route->candidates[route->n_candidates++];

    candidate->members = mem_dup(&server, sizeof server);
    candidate->n_members = 1;
    candidate->least = 1;
}

static inline struct model *small_model(void)
{
    static const struct {
        const char *host;
        int site;
    } servers[] = {{"10.0.0.1", EAST},
                   {"10.0.0.2", EAST},
                   {"10.0.1.3", WEST},
                   {"fd00::54", EAST},
                   {"fd00::5", WEST}};
    struct model *model = model_new();
    struct route *route;

    model->n_sites = 2;
    model->n_servers = 5;
    model->n_coordinators = 3;
    for (int i = 0; i < model->n_servers; i++) {
        snprintf(model->servers[i].name, sizeof model->servers[i].name, "server-%d", i + 1);
        snprintf(model->servers[i].host, sizeof model->servers[i].host, "%s", servers[i].host);
        model->servers[i].site = servers[i].site;
        model->servers[i].coordinator = i < model->n_coordinators;
    }
    model->n_checks = N_CHECKS;
    model->checks = mem_zalloc(N_CHECKS, sizeof *model->checks);
    small_check(model, TCP_FIRST, "tcp@first", FIRST, CHECK_TCP, 100, 50);
    small_check(model, HTTP_FIRST, "http@first", FIRST, CHECK_HTTP, 200, 80);
    small_check(model, TCP_ONE, "tcp@one", ONE, CHECK_TCP, 150, 50);
    small_check(model, SLOW_SECOND, "slow@second", SECOND, CHECK_TCP, 100, 2000);
    model->n_routes = 1;
    model->routes = route = mem_zalloc(1, sizeof *route);
    small_candidate(route, FIRST);
    small_candidate(route, SECOND);
    small_actuator(route, ACTUATOR_HAPROXY, "10.0.0.1:9999");
    small_actuator(route, ACTUATOR_DNS, "[fd00::5]:53");
    small_actuator(route, ACTUATOR_HAPROXY, "unix:/run/haproxy/admin.sock");
    return model;
}

#endif
