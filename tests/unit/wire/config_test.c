/* Configurations: what is written arrives, and every slip is named where it stands. */
#include "base/log.h"
#include "base/mem.h"
#include "base/prng.h"
#include "samples.h"
#include "wire/config.h"

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

static const char *examples; /* directory of deploy/examples */

static int parse(const char *yaml, size_t len, struct model **model, struct err *err)
{
    uint8_t *exact = mem_dup(yaml, len);
    int rc = config_parse("f.yaml", exact, len, model, err);

    mem_free(exact);
    return rc;
}

/* The sample with its first `from` replaced. */
static const char *edited(const char *from, const char *to, struct buf *text)
{
    const char *at = strstr(sample_yaml, from);

    assert_non_null(at);
    buf_clear(text);
    buf_append(text, sample_yaml, (size_t)(at - sample_yaml));
    buf_str(text, to);
    buf_str(text, at + strlen(from));
    return buf_cstr(text);
}

static void fields_arrive(void **state)
{
    struct model *m;
    struct err err;
    const struct check *check;
    const struct route *route;

    assert_int_equal(parse(sample_yaml, strlen(sample_yaml), &m, &err), 0);
    assert_string_equal(m->cluster, "sample");
    assert_int_equal(m->version, 7);
    assert_int_equal(m->profile, PROFILE_FAST);
    assert_int_equal(m->timing.beat_ms, 50);
    assert_int_equal(m->n_servers, 10);
    assert_int_equal(m->n_coordinators, 9);
    assert_int_equal(m->servers[0].port, 7400);
    assert_int_equal(m->servers[1].port, 7401);
    assert_int_equal(m->servers[2].role, MEMBER_STANDBY);
    assert_false(m->servers[9].coordinator);
    assert_int_equal(m->n_checks, 8);

    check = &m->checks[model_check(m, "voice@b-1")];
    assert_string_equal(check->url, "http://10.0.2.1:8080/b-1");
    assert_int_equal(check->interval_ms, 100);
    assert_int_equal(check->timeout_ms, 300);
    assert_int_equal(check->rise, 3);
    assert_int_equal(check->fall, 2);
    assert_int_equal(check->fall_silent, 5);
    assert_int_equal(check->observers, 5);
    assert_int_equal(check->status_min, 200);
    assert_int_equal(check->status_max, 399);
    check = &m->checks[model_check(m, "six@c-3")];
    assert_string_equal(check->url, "https://[fd00::3]/");
    assert_string_equal(check->ca_file, "/ca.pem");
    assert_int_equal(check->status_min, 204);
    assert_int_equal(check->status_max, 204);
    assert_int_equal(check->interval_ms, 15000);
    assert_int_equal(check->timeout_ms, 1000);
    assert_int_equal(check->rise, 2);
    assert_int_equal(check->fall, 1);
    assert_int_equal(check->fall_silent, 4);
    check = &m->checks[model_check(m, "web@web-1")];
    assert_int_equal(check->kind, CHECK_TCP);
    assert_string_equal(check->host, "10.0.1.9");
    assert_int_equal(check->port, 443);
    assert_int_equal(check->observers, 4);

    check = &m->checks[model_check(m, "calls@c-2")];
    assert_int_equal(check->kind, CHECK_SIP);
    assert_string_equal(check->host, m->servers[check->target].host);
    assert_int_equal(check->port, 5060);
    assert_int_equal(check->transport, TRANSPORT_UDP);
    assert_int_equal(check->status_min, 200);
    assert_int_equal(check->status_max, 299);
    check = &m->checks[model_check(m, "trunk@c-3")];
    assert_int_equal(check->port, 5080);
    assert_int_equal(check->transport, TRANSPORT_TCP);
    assert_int_equal(check->status_max, 404);

    route = &m->routes[0];
    assert_int_equal(route->patience_ms, 2000);
    assert_int_equal(route->damp_moves, 3);
    assert_int_equal(route->damp_window_ms, 1800000);
    assert_int_equal(route->candidates[0].least, 2);
    assert_int_equal(route->candidates[1].least, 1);
    assert_int_equal(route->candidates[1].members[1], model_server(m, "b-2"));
    assert_string_equal(route->candidates[1].value, "two");
    assert_int_equal(route->actuators[0].kind, ACTUATOR_HAPROXY);
    assert_int_equal(route->actuators[0].timeout_ms, 2000);
    assert_string_equal(route->actuators[0].map, "/etc/lb.map");
    assert_int_equal(route->actuators[1].kind, ACTUATOR_DNS);
    assert_int_equal(route->actuators[1].timeout_ms, 1000);
    assert_int_equal(route->actuators[1].ttl_s, 5);
    assert_string_equal(route->actuators[1].tsig_algorithm, "hmac-sha512");

    assert_int_equal(route->actuators[2].kind, ACTUATOR_KAMAILIO);
    assert_string_equal(route->actuators[2].address, "10.0.9.8:7410");
    assert_string_equal(route->actuators[2].agent, "kam-1");
    assert_int_equal(route->actuators[2].set, 3);
    assert_int_equal(route->actuators[2].port, 5070);
    assert_int_equal(route->actuators[2].transport, TRANSPORT_UDP);
    assert_int_equal(route->actuators[3].kind, ACTUATOR_EXEC);
    assert_string_equal(route->actuators[3].program, "announce");
    assert_true(route->actuators[3].optional);
    assert_false(route->actuators[2].optional);
    assert_int_equal(model_required(route, 4), 7);
    assert_int_equal(route->order, ORDER_IN_TURN);
    assert_false(route->candidates[1].weighted);
    assert_int_equal(route->candidates[1].weights[0], 100);
    assert_true(route->candidates[0].weighted);
    assert_int_equal(route->candidates[1].weights[0], 100);
    assert_int_equal(route->candidates[0].weights[1], 50);

    assert_int_equal(m->functions[0].route, 0);
    assert_string_equal(m->functions[0].label_ja, "発信");
    assert_int_equal(m->functions[0].severity, SEVERITY_EMERGENCY);
    assert_int_equal(m->functions[0].need, NEED_ALL);
    assert_int_equal(m->functions[1].route, -1);
    assert_int_equal(m->functions[1].n_checks, 5);
    assert_int_equal(m->functions[1].need, NEED_LEAST);
    assert_int_equal(m->functions[1].least, 2);
    assert_int_equal(m->functions[1].severity, SEVERITY_SEVERE);
    assert_int_equal(m->services[0].n_critical, 2);
    assert_true(m->contract.terms.target_micro == 99950000);
    assert_false(m->contract.terms.down_severity[SEVERITY_EMERGENCY]);
    assert_true(m->contract.terms.down_severity[SEVERITY_MINOR]);
    assert_true(m->contract.terms.minimum_outage_ms == 300000);
    model_free(m);
}

static void defaults_are_as_documented(void **state)
{
    static const char yaml[] = "version: 1\n" /* the order does not matter */
                               "servers: [{name: a, site: s, host: h1},\n"
                               "  {name: b, site: s, host: h2}, {name: c, site: s, host: h3}]\n"
                               "sites: [{name: s}]\n"
                               "cluster: c\n";
    struct model *m;
    struct err err;

    assert_int_equal(parse(yaml, sizeof yaml - 1, &m, &err), 0);
    assert_int_equal(m->profile, PROFILE_NORMAL);
    assert_int_equal(m->timing.beat_ms, 100);
    assert_false(m->accept_quorum_loss);
    assert_string_equal(m->contract.timezone, "Asia/Tokyo");
    assert_true(m->contract.terms.down_severity[SEVERITY_EMERGENCY]);
    assert_false(m->contract.terms.down_severity[SEVERITY_SEVERE]);
    assert_int_equal(m->n_checks, 0);
    assert_int_equal(m->n_routes, 0);
    model_free(m);
}

static void a_status_page_is_read(void **state)
{
    char yaml[8192];
    struct model *m;
    struct err err;
    int n;

    n = snprintf(
        yaml, sizeof yaml, "%s%s", sample_yaml,
        "status_page: {title: Status, title_ja: 稼働状況, url: 'https://status.example/kk',"
        " days: 30, functions: [login]}\n");
    assert_int_equal(parse(yaml, (size_t)n, &m, &err), 0);
    assert_true(m->status_page.given);
    assert_string_equal(m->status_page.title, "Status");
    assert_string_equal(m->status_page.title_ja, "稼働状況");
    assert_string_equal(m->status_page.url, "https://status.example/kk/");
    assert_int_equal(m->status_page.days, 30);
    assert_int_equal(m->status_page.functions.bits[0], 2);
    model_free(m);

    n = snprintf(yaml, sizeof yaml, "%s%s", sample_yaml, "status_page: {}\n");
    assert_int_equal(parse(yaml, (size_t)n, &m, &err), 0);
    assert_true(m->status_page.given);
    assert_string_equal(m->status_page.title, "");
    assert_string_equal(m->status_page.url, "");
    assert_int_equal(m->status_page.days, 90);
    assert_int_equal(m->status_page.functions.bits[0], 3);
    model_free(m);

    assert_int_equal(parse(sample_yaml, strlen(sample_yaml), &m, &err), 0);
    assert_false(m->status_page.given);
    model_free(m);
}

static void a_wrong_status_page_is_refused(void **state)
{
    static const char *const wrong[][2] = {
        {"{title: ''}", "title"},
        {"{title_ja: \"a\\u202eb\"}", "title_ja"},
        {"{url: 'ftp://a/'}", "expected https://HOST"},
        {"{url: 'https://'}", "expected https://HOST"},
        {"{url: 'https:///a'}", "expected https://HOST"},
        {"{url: 'https://a/<b>'}", "url of status_page"},
        {"{days: 91}", "days"},
        {"{functions: []}", "a function or more"},
        {"{functions: [logout]}", "there is no function \"logout\""},
        {"{functions: [login, login]}", "named twice"},
        {"{host: a}", "host"},
    };
    char yaml[8192];
    struct model *m;
    struct err err;
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int n = snprintf(yaml, sizeof yaml, "%sstatus_page: %s\n", sample_yaml, wrong[i][0]);

        assert_int_equal(parse(yaml, (size_t)n, &m, &err), ERR_INVALID);
        if (strstr(err.text, wrong[i][1]) == NULL)
            fail_msg("%s: %s", wrong[i][0], err.text);
    }
}

/* A route that follows one which comes after it, with all that a way back may have. */
static void ways_back_are_read(void **state)
{
    static const char pair[] =
        "routes:\n"
        "  - name: pair\n"
        "    follows: calls\n"
        "    hold: {moves: 3, window: 30m, backoff: 0s}\n"
        "    failback: {after: 30m, allowed: [Mon-Fri 02:00-04:00, '22:00-01:00']}\n"
        "    drain: 30s\n"
        "    candidates:\n"
        "      - {name: second, servers: [b-1]}\n"
        "      - {name: first, servers: [a-1]}\n";
    struct buf text = {0};
    const struct route *route;
    struct model *m;
    struct err err;

    edited("routes:\n", pair, &text);
    if (parse(buf_cstr(&text), text.len, &m, &err) != 0)
        fail_msg("%s", err.text);
    route = &m->routes[0];
    assert_int_equal(route->follows, 1);
    assert_int_equal(route->damp_backoff_ms, 0);
    assert_true(route->failback.automatic);
    assert_int_equal(route->failback.after_ms, 1800000);
    assert_int_equal(route->failback.n_allowed, 2);
    assert_int_equal(route->failback.allowed[0].days, 0x1f);
    assert_int_equal(route->failback.allowed[1].begin_min, 22 * 60);
    assert_int_equal(route->grace_ms, 30000);
    route = &m->routes[1];
    assert_int_equal(route->follows, -1);
    assert_int_equal(route->damp_backoff_ms, 1000);
    assert_false(route->failback.automatic);
    assert_int_equal(route->grace_ms, 0);
    model_free(m);
    buf_free(&text);
}

#define FOLLOWER(keys, candidates)                                                                 \
    "routes:\n  - {name: pair, follows: calls, " keys "candidates: [" candidates "]}\n"

/* Each row: the sample with one slip, and what the operator is told. */
static const struct {
    const char *from, *to, *told;
} slips[] = {
    /* keys */
    {"interval: 100ms", "intervall: 100ms",
     "f.yaml:18: unknown key \"intervall\" in check; did you mean \"interval\"?"},
    {"version: 7", "vresion: 7",
     "f.yaml:2: unknown key \"vresion\" in the cluster file; did you mean \"version\"?"},
    {"version: 7", "zzz: 7", "f.yaml:2: unknown key \"zzz\" in the cluster file"},
    {"version: 7", "version: 7\nversion: 8",
     "f.yaml:3: key \"version\" comes twice in the cluster file, first in line 2"},
    {"cluster: sample\n", "", "f.yaml:1: the cluster file: key \"cluster\" is missing"},
    {"url: 'https://{host}/', status", "status", "f.yaml:19: http: key \"url\" is missing"},
    /* types and ranges */
    {"version: 7", "version: seven",
     "f.yaml:2: version of the cluster file: expected a number from 1 to 4294967295, found "
     "\"seven\""},
    {"version: 7", "version: 0", "expected a number from 1"},
    {"version: 7", "version: 4294967296", "expected a number from 1"},
    {"version: 7", "version: -1", "expected a number from 1"},
    {"version: 7", "version: 99999999999999999999", "expected a number from 1"},
    {"version: 7", "version:", "found nothing"},
    {"version: 7", "version: [7]", "found a list"},
    {"profile: fast", "profile: quick",
     "f.yaml:3: profile of the cluster file: expected normal or fast, found \"quick\""},
    {"profile: fast", "accept_quorum_loss: yes", "expected true or false, found \"yes\""},
    {"port: 7401", "port: 65536", "f.yaml:7: port of server: expected a number from 1 to 65535"},
    {"role: standby", "role: learner", "expected voter or standby, found \"learner\""},
    {"interval: 100ms", "interval: 100",
     "interval of check: expected a duration with its unit (ms, s, m, h) from 100ms to 1h, found "
     "\"100\""},
    {"interval: 100ms", "interval: 99ms", "from 100ms to 1h, found \"99ms\""},
    {"interval: 100ms", "interval: 61m", "from 100ms to 1h"},
    {"interval: 100ms", "interval: 999999999999h", "from 100ms to 1h"},
    {"interval: 100ms", "interval: 1d", "from 100ms to 1h"},
    {"patience: 2s", "patience: 11m", "patience of route: expected a duration"},
    {"moves: 3", "moves: 9", "moves of hold: expected a number from 1 to 8"},
    {"rise: 3", "rise: 0", "rise of check: expected a number from 1 to 100"},
    {"observers: 4", "observers: 1",
     "observers of check (or all): expected a number from 2 to 64, found \"1\""},
    {"status: 204", "status: 204-203", "status of http: expected a status"},
    {"status: 204", "status: 20", "status of http: expected a status"},
    {"status: 204", "status: 2000", "status of http: expected a status"},
    {"status: 204", "status: 200-299-", "status of http: expected a status"},
    {"status: 204", "status: 99-200", "status of http: expected a status"},
    {"ttl: 5s", "ttl: 1500ms", "ttl of dns: whole seconds only"},
    {"target: 99.95", "target: 100.1", "target of contract"},
    {"target: 99.95", "target: 0", "target of contract"},
    {"target: 99.95", "target: 99.", "target of contract"},
    {"target: 99.95", "target: 99.1234567", "target of contract"},
    {"target: 99.95", "target: 9.9.5", "target of contract"},
    {"down_severities: [severe, minor]", "down_severities: [bad]",
     "down_severities of contract: expected emergency, severe or minor"},
    {"timezone: Asia/Tokyo", "timezone: ../../etc/passwd", "timezone of contract"},
    {"timezone: Asia/Tokyo", "services: []",
     "f.yaml:44: services of contract: a cluster's contract is for the functions and services of "
     "the cluster file"},
    {"timezone: Asia/Tokyo", "functions: [calling]", "functions of contract: a cluster's contract"},
    {"timezone: Asia/Tokyo", "minimum_outage_ms: 5", "minimum_outage and minimum_outage_ms"},
    {"{name: sla", "{name: 契約", "name of contract: expected a name that begins with"},
    {"timezone: Asia/Tokyo", "minimum_observers: 5",
     "contract: minimum_observers is 5, and check \"web@web-1\" has 4 observers"},
    {"timezone: Asia/Tokyo", "minimum_sites: 4",
     "contract: minimum_sites is 4, and check \"voice@a-1\" has observers on 3"},
    {"timezone: Asia/Tokyo", "timezone: /etc/passwd", "timezone of contract"},
    {"need: {least: 2}", "need: most", "need of function: expected all, any or {least: n}"},
    /* names and references */
    {"name: a-2, ", "name: A-2, ", "f.yaml:7: name of server: expected a name"},
    {"name: a-2, ", "name: -a, ", "name of server: expected a name"},
    {"name: a-2, ", "name: a123456789012345678901234567890123456789012345678901234567890123, ",
     "name of server: expected a text of 1 to 63 bytes"},
    {"name: a-2, ", "name: a-1, ", "f.yaml:7: two servers are named \"a-1\""},
    {"name: second", "name: first", "f.yaml:30: two candidates are named \"first\""},
    {"name: b}", "name: a}", "f.yaml:4: two sites are named \"a\""},
    {"name: login", "name: calling", "two functions are named \"calling\""},
    {"name: ns\n", "name: lb\n", "route \"calls\": two actuators are named \"lb\""},
    {"name: six", "name: voice", "f.yaml:19: two checks are named \"voice\""},
    {"site: b, host: 10.0.2.1", "site: d, host: 10.0.2.1", "f.yaml:9: there is no site \"d\""},
    {"targets: [c-3]", "targets: [c-4]", "f.yaml:19: there is no target \"c-4\""},
    {"targets: [c-3]", "targets: []", "check \"six\" has no targets"},
    {"servers: [b-1, b-2]", "servers: [b-1, b-9]", "there is no server \"b-9\""},
    {"route: calls", "route: call", "there is no route \"call\""},
    {"web@web-1", "web@web-2", "there is no check \"web@web-2\""},
    {"web@web-1", "voice@a-1", "function \"login\": it names check \"voice@a-1\" twice"},
    {"patience: 2s", "callers: nobody",
     "f.yaml:26: callers of route: there is no check \"nobody\""},
    {"patience: 2s", "callers: voice", "callers of route: check \"voice\" has "},
    {"patience: 2s", "callers: voice@a-1", "route \"calls\": callers: check \"voice@a-1\""},
    {"patience: 2s", "failback: never", "failback of route: expected manual or {after: TIME"},
    {"patience: 2s", "failback: {allowed: [Mon 02:00-03:00]}", "key \"after\" is missing"},
    {"patience: 2s", "failback: {after: 1m, allowed: [Mon 2-3]}",
     "f.yaml:26: allowed of failback: expected a span such as \"Mon-Fri 02:00-04:00\""},
    {"patience: 2s", "failback: {after: 1m, allowed: []}", "no time at all is never"},
    {"patience: 2s", "drain: 2d", "drain of route: expected a duration"},
    {"window: 30m", "window: 30m, backoff: 1h", "backoff of hold: expected a duration"},
    {"patience: 2s", "follows: nobody", "f.yaml:26: there is no route \"nobody\""},
    {"patience: 2s", "follows: calls", "it follows itself"},
    {"routes:\n", FOLLOWER("", "{name: other, servers: [a-1]}"),
     "it follows \"calls\", which has no candidate \"other\""},
    {"routes:\n", FOLLOWER("", "{name: first, servers: [a-1]}"),
     "it follows \"calls\", which has 2 candidates, not 1"},
    {"critical: [calling, login]", "critical: [logout]", "there is no function \"logout\""},
    {"critical: [calling, login]", "critical: [login, login]", "names function \"login\" twice"},
    /* texts that end in commands, URLs and file names */
    {"host: 10.0.1.2", "host: '10.0.1.2 x'", "host of server: expected only letters, digits and"},
    {"value: one", "value: 'one; shutdown'", "value of candidate: expected only letters"},
    {"map: /etc/lb.map", "map: /etc/lb.map, weights: 50",
     "weights of haproxy: expected relative or absolute"},
    {"map: /etc/lb.map", "map: '/etc/lb map'", "map of haproxy: expected only letters"},
    {"map: /etc/lb.map", "map: \"/etc/lb\\tmap\"", "control characters are not allowed"},
    {"map: /etc/lb.map", "map: \"/etc/lb\\nmap\"", "map of haproxy: expected a text in one line"},
    {"version: 7", "\"ver\\nsion\": 7", "f.yaml:2: control characters are not allowed"},
    {"'http://{host}:8080/{name}'", "'http://{hots}/'", "only {host} and {name} may stand"},
    {"'http://{host}:8080/{name}'", "'ftp://{host}/'", "must begin with http:// or https://"},
    {"'unix:/run/lb.sock'", "'10.0.0.1'", "expected host:port or unix:/path"},
    {"'unix:/run/lb.sock'", "'unix:run'", "a path after unix: begins with /"},
    {"'unix:/run/lb.sock'", "'10.0.0.1:0'", "expected host:port or unix:/path"},
    {"'10.0.9.9:53'", "'fd00::1:53'", "server of dns: expected host:port, found \"fd00::1:53\""},
    {"'10.0.9.9:53'", "'unix:/x'", "server of dns: expected host:port"},
    {"hmac-sha512", "hmac-md5", "algorithm of tsig: expected hmac-sha256"},
    /* one of two */
    {"port: 5080", "port: 0", "port of sip"},
    {"transport: tcp", "transport: tls", "transport of sip"},
    {"200-404", "200-700", "status of sip: expected a status or a range of them from 100 to 699"},
    {"sip: {}", "sip: {prot: 5060}", "prot"},
    {"tcp: {port: 443}, ", "", "check \"web\" needs one of tcp, http, sip and report"},
    {"tcp: {port: 443}", "tcp: {port: 443}, http: {url: 'http://x/'}",
     "check \"web\" needs one of tcp, http, sip and report"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}, ", "",
     "actuator \"lb\" needs one of haproxy, dns, kamailio, exec, address and hook"},
    {"targets: [web-1], tcp: {port: 443}", "targets: [web-1], report: {ttl: 2s}",
     "check \"web@web-1\": server \"web-1\" runs no coordinator that could take reports"},
    {"tcp: {port: 443}", "tcp: {port: 443}, process: {unit: web.service}",
     "server \"web-1\" runs no coordinator that could watch a process"},
    {"tcp: {port: 443}", "tcp: {port: 443}, process: {}", "process: either a pidfile or a unit"},
    {"tcp: {port: 443}", "tcp: {port: 443}, process: {pidfile: /x, unit: a.service}",
     "process: either a pidfile or a unit"},
    {"tcp: {port: 443}", "tcp: {port: 443}, process: {pidfile: run/x}", "expected a path from /"},
    {"tcp: {port: 443}", "tcp: {port: 443}, process: {unit: ../x.service}",
     "unit of process: expected only letters"},
    {"tcp: {port: 443}", "tcp: {port: 443}, process: {unit: web}",
     "expected a name such as x.service"},
    {"  - {name: web,", "  - {name: said, targets: [a-1], report: {}}\n  - {name: web,",
     "\"ttl\" is missing"},
    {"  - {name: web,",
     "  - {name: said, targets: [a-1], report: {ttl: 2s}, hold: true}\n  - {name: web,",
     "check \"said\" is reported, not probed"},
    {"  - {name: web,",
     "  - {name: said, targets: [a-1], interval: 2s, report: {ttl: 2s}}\n  - {name: web,",
     "check \"said\" is reported, not probed"},
    {"  - {name: web,",
     "  - {name: said, targets: [a-1], report: {ttl: 2s}}\n"
     "  - {name: again, targets: [a-1], report: {ttl: 2s, name: said}}\n  - {name: web,",
     "checks \"said@a-1\" and \"again@a-1\" are both reported as \"said\""},
    {"weights: {a-2: 50}", "weights: {b-1: 50}", "\"b-1\" is none of its servers"},
    {"weights: {a-2: 50}", "weights: {a-2: 101}", "weight of a server: expected a number"},
    {"weights: {a-2: 50}", "weights: 50", "weights of candidate: expected a map, found a text"},
    {"set: 3", "set: 0", "set of kamailio: expected a number"},
    {"agent: kam-1, set", "set", "key \"agent\" is missing"},
    {"kamailio: {address: '10.0.9.8:7410'", "kamailio: {address: 'unix:/x'",
     "address of kamailio: expected host:port"},
    {"program: announce", "program: /bin/sh", "program of exec"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}", "address: {}",
     "address: key \"ip\" is missing"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}", "address: {ip: host.example}",
     "ip of address: expected an IPv4 or IPv6 address"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}", "address: {ip: 10.0.0.256}",
     "ip of address: expected an IPv4 or IPv6 address"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}", "address: {ip: 10.0.0.2/24}",
     "ip of address: expected only"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}",
     "address: {ip: 10.0.0.2, interface: eth0}", "unknown key \"interface\" in address"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}", "hook: {}",
     "hook: key \"name\" is missing"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}", "hook: {name: /bin/sh}",
     "name of hook: expected a name"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}",
     "hook: {name: bgp}, address: {ip: 10.0.0.2}",
     "actuator \"lb\" needs one of haproxy, dns, kamailio, exec, address and hook"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}", "address: {ip: 10.0.0.2}",
     "route \"calls\": actuator \"lb\" is held by the servers themselves, which only a route of "
     "kind: exclusive makes safe"},
    {"haproxy: {address: 'unix:/run/lb.sock', map: /etc/lb.map}", "hook: {name: bgp}",
     "actuator \"lb\" is held by the servers themselves"},
    {"required: false", "required: no", "required of actuator: expected true or false"},
    {"order: in-turn", "order: last", "order of route: expected"},
    /* YAML that a configuration does not need */
    {"cluster: sample", "cluster: &x sample", "f.yaml:1: anchors are not allowed"},
    {"version: 7", "version: *x", "f.yaml:2: aliases are not allowed"},
    {"version: 7", "version: !!int 7", "f.yaml:2: tags are not allowed"},
    {"version: 7", "? [a]\n: 7", "f.yaml:2: a key must be a text"},
    {"version: 7", "version: [[[[[[[[[[7]]]]]]]]]]", "f.yaml:2: nested too deeply"},
    {"minimum_outage: 5m}\n", "minimum_outage: 5m}\n---\na: b\n", "a second document"},
    {"version: 7", "version: 7: 8", "f.yaml:2: not YAML"},
    {"sites: [", "sites: {", "f.yaml:4: a key must be a text"},
    {"version: 7", "version: \xff", "f.yaml:2: not YAML"},
    /* what single fields cannot show */
    {"timeout: 300ms", "timeout: 1100ms", "more than 10 intervals"},
    {"host: 10.0.1.2, port: 7401", "host: 10.0.1.1", "both listen on 10.0.1.1 port 7400"},
    {"record: sip.EXAMPLE.", "record: sip.other",
     "the record sip.other is not in the zone example"},
    {"record: sip.EXAMPLE.", "record: sipexample", "is not in the zone example"},
    {"least: 2, value: one", "least: 3, value: one",
     "route \"calls\": candidate \"first\" has 2 servers, so least must be from 1 to 2, not 3"},
    {"value: two", "value: one", "have the same value \"one\""},
    {", value: two", "", "candidate \"second\" needs a value"},
    {"servers: [b-1, b-2]", "servers: [b-1, c-1]",
     "server \"c-1\" has no check: nobody could see it fail"},
    {"servers: [b-1, b-2]", "servers: [b-1, a-1]", "server \"a-1\" stands in it twice"},
    {"host: 10.0.2.2", "host: b2.example", "the host of server \"b-2\" is the name \"b2.example\""},
    {"need: {least: 2}", "need: {least: 6}", "so least must be from 1 to 5, not 6"},
    {"route: calls}", "severity: minor}", "it needs a route or checks"},
    {"sites: [{name: a}", "sites: [{name: d}, {name: a}", "site \"d\" has no server"},
};

static void reports_and_hints_are_read(void **state)
{
    static const char more[] =
        "  - {name: said, targets: [a-1, b-1], report: {name: calls, ttl: 2s}, fall: 3}\n"
        "  - {name: plain, targets: [a-2], report: {ttl: 500ms}}\n"
        "  - {name: held, targets: [a-1], tcp: {port: 1}, hold: true,\n"
        "     process: {pidfile: /run/x.pid}}\n"
        "  - {name: unit, targets: [a-1], tcp: {port: 1}, process: {unit: x@1.service}}\n"
        "  - {name: web,";
    struct buf room = {0};
    const char *text = edited("  - {name: web,", more, &room);
    const struct check *check;
    struct model *m;
    struct err err;

    assert_int_equal(parse(text, strlen(text), &m, &err), 0);
    check = &m->checks[model_check(m, "said@b-1")];
    assert_int_equal(check->kind, CHECK_REPORT);
    assert_string_equal(check->report, "calls");
    assert_int_equal(check->interval_ms, 2000);
    assert_int_equal(check->timeout_ms, 2000);
    assert_int_equal(check->fall, 3);
    assert_string_equal(m->checks[model_check(m, "plain@a-2")].report, "plain");
    check = &m->checks[model_check(m, "held@a-1")];
    assert_true(check->keep_connection);
    assert_int_equal(check->process_kind, PROCESS_PIDFILE);
    assert_string_equal(check->process, "/run/x.pid");
    check = &m->checks[model_check(m, "unit@a-1")];
    assert_false(check->keep_connection);
    assert_int_equal(check->process_kind, PROCESS_UNIT);
    assert_string_equal(check->process, "x@1.service");
    model_free(m);
    buf_free(&room);
}

static void slips_are_named(void **state)
{
    struct buf room = {0};

    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
        const char *text = edited(slips[i].from, slips[i].to, &room);
        struct model *m;
        struct err err;

        assert_int_equal(parse(text, strlen(text), &m, &err), ERR_INVALID);
        assert_null(m);
        if (strstr(err.text, slips[i].told) == NULL)
            fail_msg("\"%s\" gave \"%s\", not \"%s\"", slips[i].to, err.text, slips[i].told);
        assert_int_equal(strncmp(err.text, "f.yaml:", 7), 0);
    }
    buf_free(&room);
}

static void empty_and_large_files_are_refused(void **state)
{
    char *large = malloc(LIMIT_CONFIG + 1);
    struct model *m;
    struct err err;

    memset(large, ' ', LIMIT_CONFIG + 1);
    assert_int_equal(parse("", 0, &m, &err), ERR_INVALID);
    assert_int_equal(config_parse("f.yaml", NULL, 0, &m, &err), ERR_INVALID);
    assert_string_equal(err.text, "f.yaml: is empty");
    assert_int_equal(parse("# only a comment\n", 17, &m, &err), ERR_INVALID);
    assert_int_equal(parse("just text", 9, &m, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "expected a map"));
    assert_int_equal(parse(large, LIMIT_CONFIG + 1, &m, &err), ERR_LIMIT);
    free(large);
}

static void too_many_of_anything_is_refused(void **state)
{
    struct buf yaml = {0};
    struct model *m;
    struct err err;

    buf_str(&yaml, "cluster: c\nversion: 1\nsites: [{name: s}]\nservers:\n");
    for (int i = 0; i <= LIMIT_SERVERS; i++)
        buf_printf(&yaml, "  - {name: n%d, site: s, host: h%d}\n", i, i);
    assert_int_equal(parse(buf_cstr(&yaml), yaml.len, &m, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "more than 64"));
    buf_clear(&yaml);

    buf_str(&yaml, "cluster: c\nversion: 1\nsites: [{name: s}]\nservers:\n");
    for (int i = 0; i < LIMIT_SERVERS; i++)
        buf_printf(&yaml, "  - {name: n%d, site: s, host: h%d}\n", i, i);
    buf_str(&yaml, "checks:\n");
    for (int c = 0; c < 300; c++) {
        buf_printf(&yaml, "  - {name: c%d, tcp: {port: 1}, targets: [", c);
        for (int i = 0; i < LIMIT_SERVERS; i++)
            buf_printf(&yaml, "%sn%d", i > 0 ? "," : "", i);
        buf_str(&yaml, "]}\n");
    }
    assert_true(yaml.len < LIMIT_CONFIG);
    assert_int_equal(parse(buf_cstr(&yaml), yaml.len, &m, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "more than 16384 checks"));
    buf_free(&yaml);
}

static void cuts_and_mutations_do_no_harm(void **state)
{
    size_t len = strlen(sample_yaml);
    struct prng prng;
    struct model *m;
    struct err err;

    for (size_t cut = 0; cut < len; cut++)
        if (parse(sample_yaml, cut, &m, &err) == 0)
            model_free(m);
    prng_seed(&prng, 4);
    for (int round = 0; round < 2000; round++) {
        char *copy = mem_strdup(sample_yaml);

        for (uint32_t n = 1 + prng_below(&prng, 3); n > 0; n--)
            copy[prng_below(&prng, (uint32_t)len)] = "{}[]:,-\n \"'&*#\xff"
                                                     "a0"[prng_below(&prng, 17)];
        if (parse(copy, len, &m, &err) == 0)
            model_free(m);
        mem_free(copy);
    }
}

static size_t read_example(const char *name, uint8_t *bytes, size_t size)
{
    char path[512];
    FILE *file;
    size_t len;

    snprintf(path, sizeof path, "%s/%s", examples, name);
    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(bytes, 1, size, file);
    fclose(file);
    return len;
}

static void the_examples_are_good(void **state)
{
    uint8_t *bytes = malloc(LIMIT_CONFIG);
    size_t len = read_example("call-centre-12.yaml", bytes, LIMIT_CONFIG);
    struct node_config node;
    struct model *m;
    struct err err;

    assert_int_equal(config_parse("call-centre-12.yaml", bytes, len, &m, &err), 0);
    assert_int_equal(m->n_coordinators, 12);
    assert_int_equal(model_voters(m), 11);
    assert_int_equal(m->n_checks, 11);
    assert_true(m->contract.terms.target_micro == 98000000);
    assert_int_equal(m->contract.recovery[SEVERITY_MINOR].kind, TARGET_BUSINESS_DAYS);
    assert_int_equal(m->contract.desk.n_closed, 2);
    model_free(m);

    len = read_example("pairs-12.yaml", bytes, LIMIT_CONFIG);
    assert_int_equal(config_parse("pairs-12.yaml", bytes, len, &m, &err), 0);
    assert_int_equal(m->n_routes, 5);
    assert_int_equal(m->routes[4].follows, 0);
    assert_int_equal(m->routes[0].failback.n_allowed, 2);
    model_free(m);

    len = read_example("kamailio.yaml", bytes, LIMIT_CONFIG);
    assert_int_equal(config_parse("kamailio.yaml", bytes, len, &m, &err), 0);
    assert_int_equal(m->routes[0].actuators[1].kind, ACTUATOR_EXEC);
    model_free(m);

    len = read_example("exclusive.yaml", bytes, LIMIT_CONFIG);
    assert_int_equal(config_parse("exclusive.yaml", bytes, len, &m, &err), 0);
    assert_int_equal(m->routes[0].actuators[1].kind, ACTUATOR_ADDRESS);
    assert_int_equal(m->routes[1].actuators[0].kind, ACTUATOR_HOOK);
    model_free(m);

    len = read_example("notices.yaml", bytes, LIMIT_CONFIG);
    assert_int_equal(config_parse("notices.yaml", bytes, len, &m, &err), 0);
    assert_int_equal(m->notices->n_channels, 6);
    assert_int_equal(m->notices->rules[0].steps[1].after_ms, 900000);
    model_free(m);

    len = read_example("callers.yaml", bytes, LIMIT_CONFIG);
    assert_int_equal(config_parse("callers.yaml", bytes, len, &m, &err), 0);
    assert_string_equal(m->checks[m->routes[0].callers].name, "way@lb-1");
    model_free(m);

    len = read_example("node.yaml", bytes, LIMIT_CONFIG);
    assert_int_equal(config_parse_node("node.yaml", bytes, len, &node, &err), 0);
    assert_string_equal(node.name, "voice-1");
    assert_string_equal(node.cluster_file, "/etc/kirikae/cluster.yaml");
    assert_string_equal(node.data_dir, "/var/lib/kirikae");
    assert_string_equal(node.ca, "/etc/kirikae/ca.pem");
    assert_string_equal(node.cert, "/etc/kirikae/voice-1.pem");
    assert_string_equal(node.key, "/etc/kirikae/voice-1.key");
    assert_string_equal(node.bind, "");
    assert_int_equal(node.log_level, LOG_LEVEL_INFO);
    assert_int_equal(node.http_public.port, 0);
    free(bytes);
}

#define NODE "name: a\ncluster_file: c\ndata_dir: d\ntls: {ca: a, cert: b, key: c}\n"

static void addresses_of_pages_are_read(void **state)
{
    static const char yaml[] = NODE "http:\n  public: 0.0.0.0:8081\n  metrics: '[fd00::1]:9465'\n"
                                    "  operators: '[::1]:65535'\n";
    struct node_config node;
    struct err err;

    assert_int_equal(config_parse_node("n.yaml", (const uint8_t *)yaml, strlen(yaml), &node, &err),
                     0);
    assert_string_equal(node.http_public.host, "0.0.0.0");
    assert_int_equal(node.http_public.port, 8081);
    assert_string_equal(node.http_metrics.host, "fd00::1");
    assert_int_equal(node.http_metrics.port, 9465);
    assert_string_equal(node.http_operators.host, "::1");
    assert_int_equal(node.http_operators.port, 65535);
}

static void a_place_for_the_status_page_is_read(void **state)
{
    static const char yaml[] = NODE "status_page: {dir: /var/www/status, hook: /usr/bin/publish}\n";
    struct node_config node;
    struct err err;

    assert_int_equal(config_parse_node("n.yaml", (const uint8_t *)yaml, strlen(yaml), &node, &err),
                     0);
    assert_string_equal(node.status_dir, "/var/www/status");
    assert_string_equal(node.status_hook, "/usr/bin/publish");
}

static void node_slips_are_named(void **state)
{
    static const struct {
        const char *yaml, *told;
    } rows[] = {
        {"name: a\n", "n.yaml:1: the node file: key \"cluster_file\" is missing"},
        {"nmae: a\n", "n.yaml:1: unknown key \"nmae\" in the node file; did you mean \"name\"?"},
        {"name: a\ncluster_file: c\ndata_dir: d\ntls: {ca: a, cert: b}\n",
         "n.yaml:4: tls: key \"key\" is missing"},
        {"name: a\ncluster_file: c\ndata_dir: d\ntls: {ca: a, cert: b, key: c}\nlog_level: all\n",
         "n.yaml:5: log_level: expected error, warn, info or debug"},
        {"name: a\ncluster_file: c\ndata_dir: d\ntls: {ca: a, cert: b, key: c}\nbind: ''\n",
         "n.yaml:5: bind of the node file: expected a text"},
        {NODE "http:\n  pubic: 0.0.0.0:1\n", "n.yaml:6: unknown key \"pubic\" in http"},
        {NODE "http:\n  public: 8081\n", "n.yaml:6: public: expected an IP address and a port"},
        {NODE "http:\n  public: status.example.jp:80\n", "n.yaml:6: public: expected an IP"},
        {NODE "http:\n  public: 1.2.3.4:0\n", "n.yaml:6: public: expected an IP"},
        {NODE "http:\n  public: 1.2.3.4:65536\n", "n.yaml:6: public: expected an IP"},
        {NODE "http:\n  public: '::1:80'\n", "n.yaml:6: public: expected an IP"},
        {NODE "http:\n  public: '[:80'\n", "n.yaml:6: public: expected an IP"},
        {NODE "http:\n  public: ':80'\n", "n.yaml:6: public: expected an IP"},
        {NODE "status_page: {hook: /usr/bin/publish}\n", "status_page: key \"dir\" is missing"},
        {NODE "status_page: {dir: status}\n", "n.yaml:5: status_page: dir and hook are paths"},
        {NODE "status_page: {dir: /status, hook: publish}\n", "paths that begin with /"},
        {NODE "http:\n  operators: 10.20.1.1:7401\n",
         "n.yaml:6: operators: expected a loopback address"},
    };
    struct node_config node;
    struct err err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(config_parse_node("n.yaml", (const uint8_t *)rows[i].yaml,
                                           strlen(rows[i].yaml), &node, &err),
                         ERR_INVALID);
        if (strstr(err.text, rows[i].told) == NULL)
            fail_msg("got \"%s\", not \"%s\"", err.text, rows[i].told);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_arrive),
        cmocka_unit_test(defaults_are_as_documented),
        cmocka_unit_test(a_status_page_is_read),
        cmocka_unit_test(a_wrong_status_page_is_refused),
        cmocka_unit_test(reports_and_hints_are_read),
        cmocka_unit_test(ways_back_are_read),
        cmocka_unit_test(slips_are_named),
        cmocka_unit_test(empty_and_large_files_are_refused),
        cmocka_unit_test(too_many_of_anything_is_refused),
        cmocka_unit_test(cuts_and_mutations_do_no_harm),
        cmocka_unit_test(the_examples_are_good),
        cmocka_unit_test(addresses_of_pages_are_read),
        cmocka_unit_test(a_place_for_the_status_page_is_read),
        cmocka_unit_test(node_slips_are_named),
    };

    if (argc != 2) {
        fprintf(stderr, "usage: %s EXAMPLES-DIRECTORY\n", argv[0]);
        return 2;
    }
    examples = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
