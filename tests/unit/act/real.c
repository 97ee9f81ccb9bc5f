#include "real.h"

#include "base/clock.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ldns/ldns.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- configurations: the least that works ---- */

/* `set server` needs level admin. No health checks: only kirikae moves traffic. */
static const char haproxy_cfg[] = "global\n"
                                  "    stats socket %s level %s\n"
                                  "    maxconn 100\n"
                                  "    nbthread 2\n"
                                  "defaults\n"
                                  "    mode http\n"
                                  "    timeout connect 500ms\n"
                                  "    timeout client 5s\n"
                                  "    timeout server 5s\n"
                                  "    retries 0\n"
                                  "frontend calls\n"
                                  "    bind fd@%d\n"
                                  "    use_backend %%[str(active),map(%s/calls.map,voice)]\n"
                                  "%s";

/* The servers' names are those of the model. (Here the backend answers by itself, so that
 * a test sees which one serves and with how many servers.) */
static const char haproxy_backend[] = "backend %s\n"
                                      "    http-request return status 200 content-type text/plain "
                                      "lf-string \"%%[be_name] %%[nbsrv]\"\n";

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

/* ---- the world ---- */

static void add_candidate(struct world *world, int c, const char *name)
{
    struct candidate *candidate = &world->route->candidates[c];

    snprintf(candidate->name, sizeof candidate->name, "%s-site", name);
    snprintf(candidate->value, sizeof candidate->value, "%s", name);
    candidate->members = mem_zalloc((size_t)world->pool, sizeof *candidate->members);
    candidate->n_members = world->pool;
    candidate->least = 1;
    for (int i = 0; i < world->pool; i++) {
        int s = world->model->n_servers++;
        struct server *server = &world->model->servers[s];

        snprintf(server->name, sizeof server->name, "%s-%d", name, i + 1);
        snprintf(server->host, sizeof server->host, "127.0.%d.%d", c + 1, i + 1);
        candidate->members[i] = s;
    }
}

/* A test that fails jumps out before world_free(): what is left is ended at exit. */
static struct world *worlds[16];

static void free_worlds(void)
{
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        if (worlds[i] != NULL)
            world_free(worlds[i]);
}

static void remember(struct world *was, struct world *is)
{
    static bool registered;
    size_t i = 0;

    if (!registered)
        atexit(free_worlds);
    registered = true;
    while (i < sizeof worlds / sizeof worlds[0] && worlds[i] != was)
        i++;
    if (i < sizeof worlds / sizeof worlds[0])
        worlds[i] = is;
}

struct world *world_new(int pool)
{
    struct world *world = mem_zalloc(1, sizeof *world);

    snprintf(world->dir, sizeof world->dir, "/tmp/kirikae-act-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    remember(NULL, world);
    world->pool = pool;
    world->model = mem_zalloc(1, sizeof *world->model);
    world->model->routes = world->route = mem_zalloc(1, sizeof *world->route);
    world->model->n_routes = 1;
    snprintf(world->route->name, sizeof world->route->name, "calls");
    world->route->n_candidates = 2;
    add_candidate(world, 0, "voice");
    add_candidate(world, 1, "mirror");
    world->route->n_actuators = 1;
    world->actuator = &world->route->actuators[0];
    snprintf(world->actuator->name, sizeof world->actuator->name, "a-1");
    world->actuator->timeout_ms = REAL_PATIENCE_MS;
    snprintf(world->secret, sizeof world->secret, "a2lyaWthZS1raXJpa2FlLWtpcmlrYWUta2lyaWthZQ==");
    return world;
}

/* The directory holds plain files, and directories of plain files at most two deep. */
static void remove_tree(const char *path)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
}

void world_free(struct world *world)
{
    remember(world, NULL);
    if (world->pid != 0)
        real_kill(world);
    remove_tree(world->dir);
    mem_free(world->route->candidates[0].members);
    mem_free(world->route->candidates[1].members);
    mem_free(world->route);
    mem_free(world->model);
    mem_free(world);
}

/* ---- processes ---- */

bool real_skipped(void)
{
    const char *no = getenv("KIRIKAE_NO_REAL");

    return no != NULL && strcmp(no, "1") == 0;
}

static int bound(int type, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Below the kernel's own choice: such a port would be taken by anybody between here and the
 * server's start. Other processes of the tests begin their search elsewhere. */
int real_free_port(void)
{
    static int next;

    for (int i = 0; i < 1000; i++) {
        int port = 12000 + (getpid() * 61 + next++) % 20000, same = port;
        int tcp = bound(SOCK_STREAM, &port);
        int udp = bound(SOCK_DGRAM, &same);

        if (tcp >= 0)
            close(tcp);
        if (udp >= 0)
            close(udp);
        if (tcp >= 0 && udp >= 0)
            return port;
    }
    fail_msg("no free port");
    return 0;
}

void real_write(const struct world *world, const char *name, const char *format, ...)
{
    char path[256];
    va_list args;
    FILE *file;
    int fd;

    snprintf(path, sizeof path, "%s/%s", world->dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    file = fdopen(fd, "w");
    va_start(args, format);
    vfprintf(file, format, args);
    va_end(args);
    assert_int_equal(fclose(file), 0);
}

/* Both are in sbin, which is not in everybody's PATH. */
static void become(const struct world *world, const char *const *argv)
{
    char path[256], log[256];
    int fd;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(log, sizeof log, "%s/log", world->dir);
    fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    snprintf(path, sizeof path, "/usr/sbin/%s", argv[0]);
    execv(path, (char *const *)argv);
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

static void show_log(const struct world *world)
{
    char path[256], line[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/log", world->dir);
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        fprintf(stderr, "    %s", line);
    if (file != NULL)
        fclose(file);
}

static bool can_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return ok;
}

/* -1: nobody listens. */
static int connect_cli(const struct world *world)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/cli.sock", world->dir);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

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

/* All that a test may talk to: HAProxy opens its sockets one after the other. */
static bool haproxy_is_ready(const struct world *world)
{
    int fd = connect_cli(world);

    if (fd >= 0)
        close(fd);
    return fd >= 0 && can_connect(world->port) && can_connect(world->http_port);
}

/* The zone is loaded after the sockets are open. */
static bool dns_is_ready(const struct world *world)
{
    struct timeval timeout = {.tv_sec = 1};
    ldns_resolver *resolver;
    ldns_pkt *packet = NULL;
    ldns_rdf *apex;
    bool ready;

    if (!can_connect(world->port))
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

/* Starts a server and waits until it is ready; a missing program fails the test. */
static void start(struct world *world, const char *const *argv,
                  bool (*is_ready)(const struct world *))
{
    int64_t end_ms = clock_boot_ms() + REAL_PATIENCE_MS;
    int status;

    assert_int_equal(world->pid, 0);
    world->pid = fork();
    if (world->pid == 0)
        become(world, argv);
    while (clock_boot_ms() < end_ms) {
        if (waitpid(world->pid, &status, WNOHANG) == world->pid) {
            world->pid = 0;
            break;
        }
        if (is_ready(world))
            return;
        usleep(10000); /* a server's start has no event to wait for */
    }
    show_log(world);
    fail_msg("%s does not run (is it installed? KIRIKAE_NO_REAL=1 skips this)", argv[0]);
}

void real_kill(struct world *world)
{
    int status;

    kill(world->pid, SIGKILL);
    assert_int_equal(waitpid(world->pid, &status, 0), world->pid);
    world->pid = 0;
}

void real_stop(struct world *world)
{
    int status;

    kill(world->pid, SIGTERM);
    assert_int_equal(waitpid(world->pid, &status, 0), world->pid);
    world->pid = 0;
}

/* ---- HAProxy ---- */

static void append(char *text, size_t room, const char *format, ...)
{
    size_t len = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + len, room - len, format, args);
    va_end(args);
}

/* A socket on a port of its own for HAProxy to listen on. (HAProxy shares a port that
 * it binds itself with any other HAProxy, say of a second run of the tests.) */
static int inheritable(int *port)
{
    int fd;

    *port = 0;
    fd = bound(SOCK_STREAM, port);
    assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
    return fd;
}

void real_haproxy(struct world *world, int kind)
{
    const char *const argv[] = {"haproxy", "-db", "-q", "-f", "haproxy.cfg", NULL};
    struct actuator *actuator = world->actuator;
    char backends[16384] = "", path[256], sockets[512];
    const char *arguments[6];
    int cli, http;

    cli = inheritable(&world->port);
    http = inheritable(&world->http_port);
    for (int c = 0; c < 2; c++) {
        append(backends, sizeof backends, haproxy_backend, world->route->candidates[c].value);
        for (int i = 0; i < world->pool; i++) {
            int s = world->route->candidates[c].members[i];

            append(backends, sizeof backends, "    server %s %s:9 weight %d\n",
                   world->model->servers[s].name, world->model->servers[s].host,
                   kind != HAPROXY_WEIGHTS || i == 0 ? 1
                   : i == 1                          ? 30
                                                     : 0);
        }
    }
    snprintf(sockets, sizeof sockets, "unix@%s/cli.sock level admin\n    stats socket fd@%d",
             world->dir, cli);
    real_write(world, "haproxy.cfg", haproxy_cfg, sockets,
               kind == HAPROXY_OPERATOR ? "operator" : "admin", http, world->dir, backends);
    real_write(world, "calls.map", "active voice\nepoch 0.0\n");
    actuator->kind = ACTUATOR_HAPROXY;
    snprintf(actuator->map, sizeof actuator->map, "%s/calls.map", world->dir);
    if (kind == HAPROXY_UNIX)
        snprintf(actuator->address, sizeof actuator->address, "unix:%s/cli.sock", world->dir);
    else
        snprintf(actuator->address, sizeof actuator->address, "127.0.0.1:%d", world->port);
    memcpy(arguments, argv, sizeof argv);
    snprintf(path, sizeof path, "%s/haproxy.cfg", world->dir);
    arguments[4] = path;
    start(world, arguments, haproxy_is_ready);
    close(cli);
    close(http);
}

/* Sends `request`, shuts down, reads to the end. */
static const char *talk(int fd, const char *request)
{
    static char answer[65536];
    size_t len = 0;
    ssize_t n;

    assert_true(write(fd, request, strlen(request)) == (ssize_t)strlen(request));
    while ((n = read(fd, answer + len, sizeof answer - 1 - len)) > 0)
        len += (size_t)n;
    answer[len] = '\0';
    close(fd);
    return answer;
}

const char *real_cli(const struct world *world, const char *format, ...)
{
    int fd = connect_cli(world);
    char commands[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(commands, sizeof commands - 1, format, args);
    va_end(args);
    strcat(commands, "\n");
    assert_true(fd >= 0);
    return talk(fd, commands);
}

const char *real_map(const struct world *world)
{
    static char rows[65536];
    const char *answer = real_cli(world, "show map %s/calls.map", world->dir);
    const char *line = answer;

    rows[0] = '\0';
    while (*line == '0') { /* 0xADDRESS KEY VALUE */
        const char *key = strchr(line, ' ') + 1;
        const char *end = strchr(key, '\n');

        append(rows, sizeof rows, "%.*s\n", (int)(end - key), key);
        line = end + 1;
    }
    return rows;
}

static unsigned admin_state(const struct world *world, int server)
{
    const char *name = world->model->servers[server].name;
    const char *backend = world->route->candidates[server / world->pool].value;
    const char *answer = real_cli(world, "show servers state %s", backend);
    char pattern[128];
    const char *at;
    unsigned admin;

    snprintf(pattern, sizeof pattern, " %s ", name);
    at = strstr(answer, pattern);
    assert_non_null(at);
    assert_int_equal(sscanf(at, " %*s %*s %*s %u", &admin), 1);
    return admin;
}

bool real_ready(const struct world *world, int server)
{
    return (admin_state(world, server) & 1) == 0;
}

bool real_drains(const struct world *world, int server)
{
    return (admin_state(world, server) & 9) == 8;
}

const char *real_http(const struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)world->http_port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *body;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    body = strstr(talk(fd, "GET / HTTP/1.0\r\n\r\n"), "\r\n\r\n");
    assert_non_null(body);
    return body + 4;
}

/* ---- DNS ---- */

static void start_dns(struct world *world, enum dns_kind kind)
{
    char path[256];
    const char *const named[] = {"named", "-g", "-n", "1", "-c", path, NULL};
    const char *const knotd[] = {"knotd", "-c", path, NULL};

    snprintf(path, sizeof path, "%s/%s", world->dir,
             kind == DNS_NAMED ? "named.conf" : "knot.conf");
    start(world, kind == DNS_NAMED ? named : knotd, dns_is_ready);
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
            remove_tree(path);
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
        append(text, room, "%s%s", text[0] == '\0' ? "" : " ", data[i]);
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
    append(text, sizeof text, " |");
    append_set(resolver, "_kirikae.sip.call.example", LDNS_RR_TYPE_TXT, text, sizeof text);
    ldns_resolver_deep_free(resolver);
    return text;
}

/* ---- calls ---- */

server_set world_all(const struct world *world, int candidate)
{
    server_set all = ((server_set)1 << world->pool) - 1;

    return all << (candidate * world->pool);
}

struct act_order world_order(const struct world *world, uint32_t epoch, uint32_t step,
                             int candidate, server_set members)
{
    return (struct act_order){.model = world->model,
                              .epoch = epoch,
                              .step = step,
                              .candidate = candidate,
                              .members = members};
}

struct ended {
    int times;
    bool inside; /* still in act_run() */
    struct act_result result;
};

static void on_done(void *context, const struct act_order *order, const struct act_result *result)
{
    struct ended *ended = context;

    (void)order;
    assert_false(ended->inside);
    ended->times++;
    ended->result = *result;
}

struct act_result world_run_may(const struct act_order *order, act_may *may, void *context)
{
    struct ended ended = {0};
    struct act *act;
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    act = act_open(&loop, NULL, may, context);
    ended.inside = true;
    act_run(act, order, on_done, &ended);
    ended.inside = false;
    while (ended.times == 0)
        uv_run(&loop, UV_RUN_ONCE);
    act_close(act, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(ended.times, 1);
    return ended.result;
}

struct act_result world_run(const struct act_order *order)
{
    return world_run_may(order, NULL, NULL);
}

void world_ok(const struct act_order *order, bool changed)
{
    struct act_result result = world_run(order);

    if (result.code != 0)
        fail_msg("%s: %s", err_name(result.code), result.err.text);
    assert_int_equal(result.changed, changed);
}

void world_fails(const struct act_order *order, int code, const char *text)
{
    struct act_result result = world_run(order);

    assert_string_equal(err_name(result.code), err_name(code));
    if (strstr(result.err.text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", result.err.text, text);
}
