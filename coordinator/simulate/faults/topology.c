#include "simulate/faults/topology.h"
#include "base/check.h"
#include "base/prng.h"

#define SITES_MAX 4
#define MANY_NODES 24    /* from here on four sites, when nothing is said */
#define EXTRA_TARGETS 10 /* that carry the extra checks, one of each template */
#define EXTRA_MAX 10000
#define INTERVAL_MS 100
#define LOGIN_PORT 80
#define TARGETS_NET 9 /* 10.20.9.n: what runs no coordinator */

static const struct {
    const char *site, *server, *comment;
} places[SITES_MAX] = {{"tokyo", "voice", "primary data centre"},
                       {"osaka", "mirror", "alternate data centre"},
                       {"ishikari", "backup", "third place"},
                       {"fukuoka", "spare", "fourth place"}};

struct layout {
    int sites;
    int servers[SITES_MAX]; /* coordinators of each */
};

static int sites_of(const struct topology *t)
{
    return t->sites > 0 ? t->sites : t->nodes >= MANY_NODES ? 4 : 3;
}

/* Voters evenly, those that are over to the last sites, where no candidate stands. */
static struct layout layout_of(const struct topology *t)
{
    struct layout layout = {.sites = sites_of(t)};
    int voters = t->nodes - t->standbys;

    for (int s = 0; s < layout.sites; s++)
        layout.servers[s] =
            voters / layout.sites + (layout.sites - s <= voters % layout.sites ? 1 : 0);
    layout.servers[0] += t->standbys;
    return layout;
}

static int in_range(const char *what, int value, int min, int max, struct err *err)
{
    if (value >= min && value <= max)
        return 0;
    return err_set(err, ERR_INVALID, "%s: %d is not from %d to %d", what, value, min, max);
}

int topology_check(const struct topology *t, struct err *err)
{
    int rc = in_range("nodes", t->nodes, 3, 50, err);

    if (rc == 0) /* more in one site than elsewhere could not be told from the site's own loss */
        rc = in_range("standbys", t->standbys, 0, t->nodes / 4, err);
    if (rc == 0 && t->sites != 0)
        rc = in_range("sites", t->sites, 2, t->nodes < SITES_MAX ? t->nodes : SITES_MAX, err);
    if (rc == 0 && t->interval_ms != 0)
        rc = in_range("interval in ms", t->interval_ms, 100, 3600000, err);
    if (rc == 0)
        rc = in_range("patience in ms", t->patience_ms, 0, 600000, err);
    if (rc == 0 && t->failback_ms != 0)
        rc = in_range("failback in ms", t->failback_ms, 1000, 3600000, err);
    if (rc == 0)
        rc = in_range("drain in ms", t->grace_ms, 0, 600000, err);
    if (rc == 0)
        rc = in_range("backoff in ms", t->backoff_ms, -1, 600000, err);
    if (rc == 0)
        rc = in_range("extra checks", t->extra_checks, 0, EXTRA_MAX, err);
    return rc;
}

static int extra_targets(const struct topology *t)
{
    return t->extra_checks < EXTRA_TARGETS ? t->extra_checks : EXTRA_TARGETS;
}

static void write_servers(const struct topology *t, const struct layout *layout, struct buf *out)
{
    const char *last = places[layout->sites - 1].site;

    buf_str(out, "\nsites:\n");
    for (int s = 0; s < layout->sites; s++)
        buf_printf(out, "  - name: %s # %s\n", places[s].site, places[s].comment);
    buf_str(out, "\nservers:\n");
    for (int s = 0; s < layout->sites; s++)
        for (int i = 1; i <= layout->servers[s]; i++)
            buf_printf(out, "  - {name: %s-%d, site: %s, host: 10.20.%d.%d%s}\n", places[s].server,
                       i, places[s].site, s + 1, i,
                       s == 0 && i > layout->servers[0] - t->standbys ? ", role: standby" : "");
    buf_printf(out,
               "\ntargets:\n"
               "  - {name: lb-1, site: %s, host: 10.20.%d.1}\n"
               "  - {name: ns-1, site: %s, host: 10.20.%d.2}\n"
               "  - {name: web-1, site: tokyo, host: 10.20.%d.3}\n",
               last, TARGETS_NET, last, TARGETS_NET, TARGETS_NET);
    if (t->agent)
        buf_printf(out, "  - {name: kam-1, site: %s, host: 10.20.%d.4}\n", last, TARGETS_NET);
    for (int i = 1; i <= extra_targets(t); i++)
        buf_printf(out, "  - {name: d%d, site: %s, host: 10.20.%d.%d}\n", i,
                   places[i % layout->sites].site, TARGETS_NET, 10 + i);
}

/* "voice-1, voice-2, …" */
static void write_members(const struct layout *layout, int site, struct buf *out)
{
    for (int i = 1; i <= layout->servers[site]; i++)
        buf_printf(out, "%s%s-%d", i > 1 ? ", " : "", places[site].server, i);
}

static void write_checks(const struct topology *t, const struct layout *layout, struct buf *out)
{
    int interval = t->interval_ms > 0 ? t->interval_ms : INTERVAL_MS;
    int timeout = interval < 1000 / 3 ? 3 * interval : 1000;
    int last = 0;

    buf_str(out, "\nchecks:\n"
                 "  - name: voice\n"
                 "    targets: [");
    write_members(layout, 0, out);
    buf_str(out, ", ");
    write_members(layout, 1, out);
    buf_str(out, t->thirds ? ", backup-1" : "");
    buf_printf(out,
               "]\n"
               "    http: {url: \"http://{host}:8080/health\", status: 200-299}\n"
               "    interval: %dms\n"
               "    timeout: %dms\n%s",
               interval, timeout,
               t->watched ? "    hold: true\n    process: {unit: voice.service}\n" : "");
    if (t->reports) {
        buf_str(out, "  - {name: calls, report: {ttl: 2s}, targets: [");
        write_members(layout, 0, out);
        buf_str(out, ", ");
        write_members(layout, 1, out);
        buf_str(out, "]}\n");
    }
    buf_printf(out,
               "  - {name: balancer, targets: [lb-1], tcp: {port: 8080}, interval: 1s, "
               "observers: all}\n"
               "%s"
               "  - {name: dns, targets: [ns-1], tcp: {port: 53}}\n"
               "  - {name: login, targets: [web-1], http: {url: \"http://{host}:%d/login\"}}\n",
               t->callers
                   ? "  - {name: way, targets: [lb-1], http: {url: \"http://{host}:8080/\"}, "
                     "interval: 500ms, timeout: 500ms, observers: all}\n"
                   : "",
               LOGIN_PORT);
    for (int n = 0; n < t->extra_checks; n = last) {
        last = n + EXTRA_TARGETS < t->extra_checks ? n + EXTRA_TARGETS : t->extra_checks;
        buf_printf(out, "  - {name: x%d, targets: [d1", n / EXTRA_TARGETS + 1);
        for (int i = 2; i <= last - n; i++)
            buf_printf(out, ", d%d", i);
        buf_printf(out, "], tcp: {port: %d}}\n", 10000 + n / EXTRA_TARGETS);
    }
}

static void write_dns(const char *record, struct buf *out)
{
    buf_printf(out,
               "      - name: ns-1\n"
               "        dns:\n"
               "          server: 10.20.%d.2:53\n"
               "          zone: call.example\n"
               "          record: %s.call.example\n"
               "          ttl: 1s\n"
               "          tsig: {name: kirikae, algorithm: hmac-sha256, file: "
               "/etc/kirikae/tsig.key}\n"
               "        timeout: 1s\n",
               TARGETS_NET, record);
}

/* What may be said of every route. */
static void write_ways(const struct topology *t, struct buf *out)
{
    if (t->failback_ms > 0)
        buf_printf(out, "    failback: {after: %dms}\n", t->failback_ms);
    if (t->grace_ms > 0)
        buf_printf(out, "    drain: %dms\n", t->grace_ms);
    if (t->backoff_ms != 0)
        buf_printf(out, "    hold: {backoff: %dms}\n", t->backoff_ms < 0 ? 0 : t->backoff_ms);
}

/* All servers of the first site, or all of the second; two switches, or three. */
static void write_calls(const struct topology *t, const struct layout *layout, struct buf *out)
{
    buf_str(out, "  - name: calls\n"
                 "    kind: available\n");
    if (t->patience_ms > 0)
        buf_printf(out, "    patience: %dms\n", t->patience_ms);
    write_ways(t, out);
    if (t->callers)
        buf_str(out, "    callers: way\n");
    if (t->in_turn)
        buf_str(out, "    order: in-turn\n");
    buf_str(out, "    candidates:\n");
    for (int s = 0; s < 2; s++) {
        buf_printf(out, "      - {name: %s, servers: [", places[s].site);
        write_members(layout, s, out);
        buf_printf(out, "], least: %d, value: %s}\n", (layout->servers[s] + 1) / 2,
                   places[s].server);
    }
    buf_printf(out,
               "    actuators:\n"
               "      - name: lb-1\n"
               "        haproxy: {address: \"10.20.%d.1:9999\", map: "
               "/etc/haproxy/kirikae-calls.map}\n"
               "        timeout: 1s\n",
               TARGETS_NET);
    if (t->agent)
        buf_printf(out,
                   "      - name: kam-1\n"
                   "        kamailio: {address: \"10.20.%d.4:7410\", agent: kam-1, set: 1, "
                   "port: 5060, transport: udp}\n"
                   "        timeout: 1s\n",
                   TARGETS_NET);
    write_dns("sip", out);
    if (t->optional)
        buf_str(out, "        required: false\n");
}

static int pairs_of(const struct topology *t, const struct layout *layout)
{
    int first = layout->servers[0], second = layout->servers[1];

    return t->pairs ? (first < second ? first : second) : 0;
}

static void write_routes(const struct topology *t, const struct layout *layout, struct buf *out)
{
    buf_str(out, "\nroutes:\n");
    write_calls(t, layout, out);
    for (int i = 1; i <= pairs_of(t, layout); i++) {
        struct buf record = {0};

        buf_printf(&record, "sip-%d", i);
        buf_printf(out, "  - name: pair-%d\n", i);
        write_ways(t, out);
        if (t->follow)
            buf_printf(out,
                       "    follows: calls\n"
                       "    candidates:\n"
                       "      - {name: %s, servers: [voice-%d]}\n"
                       "      - {name: %s, servers: [mirror-%d]}\n",
                       places[0].site, i, places[1].site, i);
        else
            buf_printf(out,
                       "    candidates:\n"
                       "      - {name: voice-%d, servers: [voice-%d]}\n"
                       "      - {name: mirror-%d, servers: [mirror-%d]}\n",
                       i, i, i, i);
        buf_str(out, "    actuators:\n");
        write_dns(buf_cstr(&record), out);
        buf_free(&record);
    }
    if (t->exclusive) { /* its holder asks its own coordinator: there is nothing to turn */
        buf_str(out, "  - name: line\n"
                     "    kind: exclusive\n");
        write_ways(t, out);
        buf_str(out, "    candidates:\n"
                     "      - {name: tokyo, servers: [voice-1]}\n"
                     "      - {name: osaka, servers: [mirror-1]}\n");
    }
    if (t->exclusive && t->thirds)
        buf_str(out, "      - {name: ishikari, servers: [backup-1]}\n");
    if (t->exclusive && t->address)
        buf_str(out, "    actuators:\n"
                     "      - {name: line-ip, address: {ip: 192.0.2.10}}\n");
}

static void write_promises(const struct topology *t, const struct layout *layout, struct buf *out)
{
    buf_str(out, "\nfunctions:\n"
                 "  - {name: calling, label_ja: 発信・着信, route: calls}\n");
    for (int i = 1; i <= pairs_of(t, layout); i++)
        buf_printf(out, "  - {name: pair-%d, severity: severe, route: pair-%d}\n", i, i);
    if (t->exclusive)
        buf_str(out, "  - {name: line, route: line}\n");
    buf_str(out, "  - {name: login, label_ja: ログイン, checks: [login], need: all}\n"
                 "\nservices:\n"
                 "  - {name: call-centre, critical: [calling, login]}\n"
                 "\ncontract:\n"
                 "  name: call-centre-sla\n"
                 "  timezone: Asia/Tokyo\n"
                 "  target: \"98\"\n"
                 "  down_severities: [emergency]\n"
                 "  minimum_outage: 0s\n");
}

static void write_notices(struct buf *out)
{
    buf_str(out,
            "\nnotices:\n"
            "  channels:\n"
            "    - {name: hook, webhook: {url: \"https://hook.example/\", key_file: /k}, "
            "timeout: 2s}\n"
            "  receivers:\n"
            "    - {name: duty, channel: hook, otherwise: boss}\n"
            "    - {name: room, channel: hook}\n"
            "    - {name: boss, channel: hook}\n"
            "  rules:\n"
            "    - name: all\n"
            "      events: [outage, recovered, failover, refused, blocked, coverage, node-lost,\n"
            "               node-back, clock, quorum-lost, quorum-back]\n"
            "      gather: 1s\n"
            "      apart: 2s\n"
            "      tell: [duty, room]\n"
            "    - name: grave\n"
            "      events: [outage, lasting]\n"
            "      severities: [emergency]\n"
            "      lasting: 20s\n"
            "      gather: 0s\n"
            "      tell: [room]\n"
            "      escalate: [{after: 15s, tell: [boss]}]\n");
}

void topology_yaml(const struct topology *t, struct buf *out)
{
    struct layout layout;
    struct err err;

    CHECK(topology_check(t, &err) == 0);
    layout = layout_of(t);
    buf_printf(out, "cluster: call-centre\nversion: 1\nprofile: %s\n", t->fast ? "fast" : "normal");
    if (layout.sites == 2)
        buf_str(out, "accept_quorum_loss: true\n");
    write_servers(t, &layout, out);
    write_checks(t, &layout, out);
    write_routes(t, &layout, out);
    write_promises(t, &layout, out);
    if (t->notices)
        write_notices(out);
}

/* Mostly what people run; sometimes anything. */
static int draw_nodes(struct prng *prng)
{
    switch (prng_below(prng, 8)) {
    case 0:
    case 1:
        return 12;
    case 2:
    case 3:
    case 4:
        return 3 + (int)prng_below(prng, 5);
    case 5:
    case 6:
        return 8 + (int)prng_below(prng, 9);
    default:
        return 3 + (int)prng_below(prng, 48);
    }
}

/* From numbers of their own: what else a seed draws stays as it was. */
static void draw_ways(struct topology *t, uint64_t seed)
{
    static const int failbacks[] = {0, 0, 0, 1000, 3000, 10000};
    static const int drains[] = {0, 0, 0, 500, 2000, 30000};
    static const int backoffs[] = {0, 0, 0, -1, 200, 5000};
    struct prng prng;

    prng_seed(&prng, prng_mix(seed ^ 0x7761797362616b73)); /* "waysbacks" */
    t->follow = prng_below(&prng, 2) == 0;
    t->failback_ms = failbacks[prng_below(&prng, ARRAY_LEN(failbacks))];
    t->grace_ms = drains[prng_below(&prng, ARRAY_LEN(drains))];
    t->backoff_ms = backoffs[prng_below(&prng, ARRAY_LEN(backoffs))];
    t->callers = prng_below(&prng, 8) == 0;
    t->in_turn = prng_below(&prng, 4) == 0;
    t->optional = prng_below(&prng, 4) == 0;
    t->agent = prng_below(&prng, 4) == 0;
    t->notices = prng_below(&prng, 2) == 0;
}

struct topology topology_draw(uint64_t seed)
{
    static const int intervals[] = {0, 0, 0, 100, 200, 500, 1000, 5000};
    static const int patiences[] = {0, 0, 0, 0, 500, 1000, 3000, 10000};
    static const int extras[] = {0, 0, 0, 0, 0, 5, 25, 120};
    struct topology t = {0};
    struct prng prng;

    prng_seed(&prng, seed);
    t.nodes = draw_nodes(&prng);
    t.standbys = (int)prng_below(&prng, 2) * (int)prng_below(&prng, (uint32_t)t.nodes / 4 + 1);
    if (t.nodes == 12 && prng_below(&prng, 2) == 0)
        t.standbys = 1;
    if (prng_below(&prng, 8) == 0)
        t.sites = 2 + (int)prng_below(&prng, t.nodes > 3 ? 3 : 2);
    t.fast = prng_below(&prng, 2) == 0;
    t.pairs = prng_below(&prng, 2) == 0;
    t.exclusive = prng_below(&prng, 2) == 0;
    t.interval_ms = intervals[prng_below(&prng, ARRAY_LEN(intervals))];
    t.patience_ms = patiences[prng_below(&prng, ARRAY_LEN(patiences))];
    t.extra_checks = extras[prng_below(&prng, ARRAY_LEN(extras))];
    t.reports = prng_below(&prng, 8) == 0;
    t.address = prng_below(&prng, 2) == 0;
    draw_ways(&t, seed);
    return t;
}
