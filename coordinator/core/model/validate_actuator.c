/* What an actuator has to say must be sayable, and nobody else may write to its switch. */
#include "core/model/validate.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

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

/* A backend at one HAProxy is one route's: each would ready the servers that the other drains. */
static int validate_backends(const struct route *route, const struct actuator *actuator,
                             const struct route *other, struct err *err)
{
    bool same = false;

    if (actuator->kind != ACTUATOR_HAPROXY)
        return 0;
    for (int a = 0; a < other->n_actuators; a++)
        same = same || (other->actuators[a].kind == ACTUATOR_HAPROXY &&
                        strcmp(other->actuators[a].address, actuator->address) == 0);
    for (int k = 0; same && k < route->n_candidates; k++)
        for (int i = 0; i < other->n_candidates; i++)
            if (strcmp(route->candidates[k].value, other->candidates[i].value) == 0)
                return err_set(err, ERR_INVALID,
                               "backend \"%s\" of actuator \"%s\" is route \"%s\"'s at the same "
                               "HAProxy: give each route backends of its own",
                               route->candidates[k].value, actuator->name, other->name);
    return 0;
}

/* Two routes that write to one switch would undo each other's work for ever. */
int validate_actuators(const struct model *model, int r, struct err *err)
{
    const struct route *route = &model->routes[r];
    int rc = VALIDATE_NAMES("actuator", route->actuators, route->n_actuators, ".-", err);

    if (rc == 0 && route->n_actuators > 0 && model_required(route, route->n_actuators) == 0)
        return err_set(
            err, ERR_INVALID,
            "none of its actuators is required: a move would count before anything moved");

    for (int a = 0; a < route->n_actuators && rc == 0; a++) {
        rc = validate_own(route, &route->actuators[a], err);
        if (rc == 0)
            rc = validate_actuator(model, route, &route->actuators[a], err);
        for (int i = 0; i < r && rc == 0; i++)
            rc = validate_backends(route, &route->actuators[a], &model->routes[i], err);
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
