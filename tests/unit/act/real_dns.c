/* named and knotd themselves. */
#include "real_private.h"

#include <ldns/ldns.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

static const char zone_text[] = "$ORIGIN call.example.\n"
                                "$TTL 1\n"
                                "@   IN SOA ns hostmaster 1 3600 600 86400 1\n"
                                "@   IN NS  ns\n"
                                "ns  IN A   127.0.0.1\n"
                                "sip IN A   127.0.0.2\n";

static const char named_conf[] = "key \"kirikae\" { algorithm hmac-sha256; secret \"%s\"; };\n"
                                 "key \"reader\" { algorithm hmac-sha256; secret \"%s\"; };\n"
                                 "options {\n"
                                 "    directory \"%s\";\n"
                                 "    pid-file \"%s/named.pid\";\n"
                                 "    session-keyfile \"%s/session.key\";\n"
                                 "    lock-file none;\n"
                                 "    listen-on port %d { 127.0.0.1; };\n"
                                 "    listen-on-v6 { none; };\n"
                                 "    recursion no;\n"
                                 "    dnssec-validation no;\n"
                                 "    notify no;\n"
                                 "};\n"
                                 "controls { };\n"
                                 "zone \"call.example\" {\n"
                                 "    type primary;\n"
                                 "    file \"%s/call.example.zone\";\n"
                                 "    update-policy {\n"
                                 "        grant kirikae name sip.call.example A AAAA;\n"
                                 "        grant kirikae name _kirikae.sip.call.example TXT;\n"
                                 "    };\n"
                                 "};\n";

static const char knot_conf[] =
    "server:\n"
    "    rundir: \"%s/run\"\n"
    "    listen: 127.0.0.1@%d\n"
    "    udp-workers: 1\n"
    "    tcp-workers: 1\n"
    "    background-workers: 1\n"
    "database:\n"
    "    storage: \"%s/db\"\n"
    "    journal-db-max-size: 16M\n"
    "log:\n"
    "  - target: stderr\n"
    "    any: info\n"
    "key:\n"
    "  - id: kirikae\n"
    "    algorithm: hmac-sha256\n"
    "    secret: %s\n"
    "  - id: reader\n"
    "    algorithm: hmac-sha256\n"
    "    secret: %s\n"
    "acl:\n"
    "  - id: kirikae\n"
    "    key: kirikae\n"
    "    action: update\n"
    "    update-owner: name\n"
    "    update-owner-match: equal\n"
    "    update-owner-name: [sip.call.example., _kirikae.sip.call.example.]\n"
    "    update-type: [A, AAAA, TXT]\n"
    "zone:\n"
    "  - domain: call.example\n"
    "    storage: \"%s\"\n"
    "    file: call.example.zone\n"
    "    acl: kirikae\n";

static ldns_resolver *open_resolver(const struct world *world)
{
    ldns_resolver *resolver = ldns_resolver_new();
    ldns_rdf *server = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_A, "127.0.0.1");

    ldns_resolver_set_port(resolver, (uint16_t)world->port);
    ldns_resolver_push_nameserver(resolver, server);
    ldns_resolver_set_recursive(resolver, false);
    ldns_rdf_deep_free(server);
    return resolver;
}

/* The zone is loaded after the sockets are open. */
static bool dns_is_ready(const struct world *world)
{
    struct timeval timeout = {.tv_sec = 1};
    ldns_resolver *resolver;
    ldns_pkt *packet = NULL;
    ldns_rdf *apex;
    bool ready;

    if (!real_can_connect(world->port))
        return false;
    resolver = open_resolver(world);
    ldns_resolver_set_timeout(resolver, timeout);
    ldns_resolver_set_retry(resolver, 1);
    apex = ldns_dname_new_frm_str("call.example");
    ready = ldns_resolver_query_status(&packet, resolver, apex, LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN,
                                       0) == LDNS_STATUS_OK &&
            ldns_pkt_aa(packet) && ldns_pkt_ancount(packet) == 1;
    ldns_pkt_free(packet);
    ldns_rdf_deep_free(apex);
    ldns_resolver_deep_free(resolver);
    return ready;
}

static void start_dns(struct world *world, enum dns_kind kind)
{
    char path[256];
    const char *const named[] = {"named", "-g", "-n", "1", "-c", path, NULL};
    const char *const knotd[] = {"knotd", "-c", path, NULL};

    snprintf(path, sizeof path, "%s/%s", world->dir,
             kind == DNS_NAMED ? "named.conf" : "knot.conf");
    real_start(world, kind == DNS_NAMED ? named : knotd, dns_is_ready);
}

static void make_dir(const struct world *world, const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", world->dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

void real_dns(struct world *world, enum dns_kind kind)
{
    struct actuator *actuator = world->actuator;
    const char *secret = world->secret, *dir = world->dir;

    world->port = real_free_port();
    real_write(world, "call.example.zone", "%s", zone_text);
    real_write(world, "tsig.key", "%s\n", secret);
    if (kind == DNS_NAMED) {
        real_write(world, "named.conf", named_conf, secret, secret, dir, dir, dir, world->port,
                   dir);
    } else {
        make_dir(world, "run");
        make_dir(world, "db");
        real_write(world, "knot.conf", knot_conf, dir, world->port, dir, secret, secret, dir);
    }
    actuator->kind = ACTUATOR_DNS;
    snprintf(actuator->address, sizeof actuator->address, "127.0.0.1:%d", world->port);
    snprintf(actuator->zone, sizeof actuator->zone, "call.example");
    snprintf(actuator->record, sizeof actuator->record, "sip.call.example");
    actuator->ttl_s = 1;
    snprintf(actuator->tsig_name, sizeof actuator->tsig_name, "kirikae");
    snprintf(actuator->tsig_algorithm, sizeof actuator->tsig_algorithm, "hmac-sha256");
    snprintf(actuator->tsig_file, sizeof actuator->tsig_file, "%s/tsig.key", dir);
    start_dns(world, kind);
}

void real_dns_again(struct world *world, enum dns_kind kind, bool forget)
{
    char path[256];

    if (forget) {
        real_write(world, "call.example.zone", "%s", zone_text);
        snprintf(path, sizeof path, "%s/call.example.zone.jnl", world->dir);
        unlink(path);
        if (kind == DNS_KNOT) {
            snprintf(path, sizeof path, "%s/db", world->dir);
            real_remove_tree(path);
            make_dir(world, "db");
        }
    }
    start_dns(world, kind);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends the data of a set to `text`, sorted. */
static void append_set(ldns_resolver *resolver, const char *name, ldns_rr_type type, char *text,
                       size_t room)
{
    ldns_rdf *owner = ldns_dname_new_frm_str(name);
    ldns_pkt *packet = NULL;
    ldns_rr_list *list;
    char *data[128];
    size_t n;

    assert_int_equal(
        ldns_resolver_query_status(&packet, resolver, owner, type, LDNS_RR_CLASS_IN, 0),
        LDNS_STATUS_OK);
    list = ldns_pkt_answer(packet);
    n = ldns_rr_list_rr_count(list);
    assert_true(n <= 128);
    for (size_t i = 0; i < n; i++)
        data[i] = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(list, i), 0));
    qsort(data, n, sizeof data[0], by_text);
    for (size_t i = 0; i < n; i++) {
        real_append(text, room, "%s%s", text[0] == '\0' ? "" : " ", data[i]);
        free(data[i]);
    }
    ldns_pkt_free(packet);
    ldns_rdf_deep_free(owner);
}

const char *real_records(const struct world *world)
{
    static char text[16384];
    ldns_resolver *resolver = open_resolver(world);

    text[0] = '\0';
    append_set(resolver, world->actuator->record, LDNS_RR_TYPE_A, text, sizeof text);
    append_set(resolver, world->actuator->record, LDNS_RR_TYPE_AAAA, text, sizeof text);
    real_append(text, sizeof text, " |");
    append_set(resolver, "_kirikae.sip.call.example", LDNS_RR_TYPE_TXT, text, sizeof text);
    ldns_resolver_deep_free(resolver);
    return text;
}
