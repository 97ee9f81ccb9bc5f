#include "routes.h"
#include "core/engine_private.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static const char template[] = WORLD_SERVERS
    "  - {name: way, targets: [backup-1], http: {url: \"http://{host}:8080/\"},\n"
    "     interval: 200ms, timeout: 200ms}\n"
    "routes:\n"
    "  - name: calls\n"
    "    candidates:\n"
    "      - {name: tokyo, servers: [voice-1, voice-2, voice-3, voice-4], least: 2, value: v}\n"
    "      - {name: osaka, servers: [mirror-1, mirror-2, mirror-3, mirror-4], least: 2, value: m}\n"
    "    actuators:\n"
    "      - {name: lb-1, haproxy: {address: \"10.0.4.1:9999\", map: /x.map}, timeout: 1s}\n"
    "    %s\n"
    "  - name: pair\n"
    "    candidates:\n"
    "      - {name: tokyo, servers: [voice-1], value: v1}\n"
    "      - {name: osaka, servers: [mirror-1], value: m1}\n"
    "    %s\n"
    "functions:\n"
    "  - {name: calling, label_ja: 発信・着信, route: calls}\n"
    "contract: {name: c, timezone: Asia/Tokyo, target: \"98\"}\n";

void routes_yaml(const char *calls, const char *pair, char yaml[ROUTES_YAML])
{
    assert_in_range(snprintf(yaml, ROUTES_YAML, template, calls, pair), 1, ROUTES_YAML - 1);
}

struct cluster *routes_calm(const char *calls, const char *pair)
{
    char yaml[ROUTES_YAML];
    struct cluster *c;

    routes_yaml(calls, pair, yaml);
    c = cluster_of(yaml, 7);
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->routes[CALLS].phase, ROUTE_SERVING);
    assert_int_equal(cluster_shared(c)->routes[CALLS].now.candidate, 0);
    return c;
}

const struct route_state *route_of(const struct cluster *c, int route)
{
    return &cluster_shared(c)->routes[route];
}

uint32_t facts_of(const struct cluster *c, int route)
{
    return route_facts(cluster_engine(c, c->leader), cluster_now(c), route);
}

int rule_of(const struct cluster *c, int route)
{
    return route_rule(cluster_engine(c, c->leader), route, facts_of(c, route))->number;
}

void assert_moved(const struct cluster *c, int route, int to, int rule)
{
    assert_int_equal(route_of(c, route)->now.candidate, to);
    assert_int_equal(route_of(c, route)->rule, rule);
}

void routes_end(struct cluster *c)
{
    cluster_run(c, 50);
    assert_true(cluster_equal(c));
    cluster_free(c);
}

void set(bool *of, int first, int n, bool value)
{
    int i;

    for (i = first; i < first + n; i++)
        of[i] = value;
}

void command(struct cluster *c, enum command_kind kind, int route, int to)
{
    static uint8_t id;
    struct command command = {.kind = kind, .who = "akira", .route = route, .to = to};

    command.id.bytes[0] = ++id;
    cluster_command(c, &command);
}
