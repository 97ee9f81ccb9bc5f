#include "node.h"
#include "../link/pki.h"
#include "../serve/world.h"
#include "base/check.h"
#include "base/mem.h"
#include "core/feature.h"
#include "link/link.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

static const char *const names[NODES] = {"a1", "b1", "c1"};

void nodes_path(const struct nodes *nodes, const char *name, char path[NODES_PATH])
{
    snprintf(path, NODES_PATH, "%s/%s", nodes->dir, name);
}

/* ---- one node: the child's side ---- */

struct child {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_poll_t end;
    struct world *world;
    struct link *link;
    struct link_options options;
    bool mute;
};

static void on_raft(void *context, int peer, const uint8_t *bytes, size_t len)
{
}

static void on_refused(void *context, const char *address, const char *why)
{
}

static void on_state(void *context, int peer, bool up)
{
}

static void on_request(void *context, struct link_call *call, enum link_role role, const char *name,
                       int peer, const uint8_t *bytes, size_t len)
{
    struct child *child = context;

    if (!child->mute)
        serve_request(child->world->serve, call, role, name, peer, bytes, len);
}

static void on_timer(uv_timer_t *timer)
{
    struct child *child = timer->data;

    world_tick(child->world, 10);
}

static void on_closed(void *context)
{
}

static void on_end(uv_poll_t *poll, int status, int events)
{
    struct child *child = poll->data;

    serve_close(child->world->serve);
    child->world->serve = NULL;
    link_close(child->link, on_closed, child);
    uv_close((uv_handle_t *)&child->timer, NULL);
    uv_close((uv_handle_t *)&child->end, NULL);
}

static void open_link(struct child *child, const struct nodes *nodes, int self,
                      const struct node_plan *plan)
{
    static char ca[NODES_PATH], cert[NODES_PATH], key[NODES_PATH];
    struct link_options *o = &child->options;
    char file[32];
    struct err err;
    int i;

    nodes_path(nodes, "ca.pem", ca);
    snprintf(file, sizeof file, "%s.pem", plan->impostor ? "other" : names[self]);
    nodes_path(nodes, file, cert);
    snprintf(file, sizeof file, "%s.key", plan->impostor ? "other" : names[self]);
    nodes_path(nodes, file, key);
    o->loop = &child->loop;
    o->self = self;
    o->n_peers = NODES;
    for (i = 0; i < NODES; i++) {
        snprintf(o->peers[i].name, sizeof o->peers[i].name, "%s", names[i]);
        snprintf(o->peers[i].host, sizeof o->peers[i].host, "%s", nodes->host);
        o->peers[i].port = nodes->ports[i];
    }
    if (plan->impostor)
        snprintf(o->peers[self].name, sizeof o->peers[self].name, "x9");
    o->ca_file = ca;
    o->cert_file = cert;
    o->key_file = key;
    o->handlers.context = child;
    o->handlers.raft = on_raft;
    o->handlers.beat = on_raft;
    o->handlers.request = on_request;
    o->handlers.refused = on_refused;
    o->handlers.state = on_state;
    if (link_open(o, &child->link, &err) != 0) {
        fprintf(stderr, "node %s: %s\n", names[self], err.text);
        exit(9);
    }
}

static void set_scene(struct child *child, int self, const struct node_plan *plan)
{
    int i;

    if (plan->leader != self) {
        world_follow(child->world, plan->leader);
        return;
    }
    world_lead(child->world);
    if (!plan->outage)
        return;
    world_hear(child->world);
    world_verdict(child->world, 0, VERDICT_DOWN);
    for (i = 0; i < 20; i++)
        world_tick(child->world, 100);
    child->world->level = FEATURE_NEWEST; /* all others were upgraded meanwhile */
    world_hear(child->world);
    world_tick(child->world, 200);
}

static void child_main(const struct nodes *nodes, int self, const struct node_plan *plan,
                       int end_fd, int ready_fd)
{
    struct child child = {.mute = plan->mute};

    signal(SIGPIPE, SIG_IGN);
    CHECK(uv_loop_init(&child.loop) == 0);
    open_link(&child, nodes, self, plan);
    child.world = world_new(self, nodes->ports, child.link, nodes->host);
    set_scene(&child, self, plan);
    uv_timer_init(&child.loop, &child.timer);
    child.timer.data = &child;
    uv_timer_start(&child.timer, on_timer, 10, 10);
    uv_poll_init(&child.loop, &child.end, end_fd);
    child.end.data = &child;
    uv_poll_start(&child.end, UV_READABLE | UV_DISCONNECT, on_end);
    CHECK(write(ready_fd, "r", 1) == 1);
    close(ready_fd);
    uv_run(&child.loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&child.loop) == 0);
    world_free(child.world);
}

/* ---- the parent's side ---- */

static void start(struct nodes *nodes, int self, const struct node_plan *plan)
{
    int end[2], ready[2], i;
    char byte;

    CHECK(pipe(end) == 0 && pipe(ready) == 0);
    fflush(NULL);
    nodes->pids[self] = fork();
    CHECK(nodes->pids[self] >= 0);
    if (nodes->pids[self] == 0) {
        close(end[1]);
        close(ready[0]);
        for (i = 0; i < self; i++)
            if (nodes->pids[i] > 0)
                close(nodes->pipes[i]);
        child_main(nodes, self, plan, end[0], ready[1]);
        mem_free((void *)nodes);
        exit(0);
    }
    close(end[0]);
    close(ready[1]);
    nodes->pipes[self] = end[1];
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
}

static void issue(struct nodes *nodes, struct authority *authority, const char *file,
                  const char *cn, const char *ou)
{
    char cert[NODES_PATH], key[NODES_PATH], name[32];

    snprintf(name, sizeof name, "%s.pem", file);
    nodes_path(nodes, name, cert);
    snprintf(name, sizeof name, "%s.key", file);
    nodes_path(nodes, name, key);
    authority_issue(authority, cn, ou, -3600, 86400, cert, key);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    CHECK(f != NULL && fputs(text, f) >= 0);
    fclose(f);
}

static void write_files(struct nodes *nodes)
{
    char text[1024];
    struct authority *authority;
    int i;

    nodes_path(nodes, "ca.pem", nodes->ca);
    nodes_path(nodes, "cluster.yaml", nodes->cluster);
    nodes_path(nodes, "admin.yaml", nodes->admin);
    authority = authority_new(nodes->ca);
    for (i = 0; i < NODES; i++)
        issue(nodes, authority, names[i], names[i], "node");
    issue(nodes, authority, "other", "x9", "node");
    issue(nodes, authority, "hanako", "hanako", "admin");
    issue(nodes, authority, "taro", "taro", "viewer");
    authority_free(authority);
    write_file(nodes->cluster, world_yaml(nodes->ports, nodes->host));
    snprintf(text, sizeof text,
             "cluster_file: %s\ntls:\n  ca: %s\n  cert: %s/hanako.pem\n  key: %s/hanako.key\n",
             nodes->cluster, nodes->ca, nodes->dir, nodes->dir);
    write_file(nodes->admin, text);
}

struct nodes *nodes_start(const struct node_plan plans[NODES])
{
    struct nodes *nodes = mem_zalloc(1, sizeof *nodes);
    unsigned pid = (unsigned)getpid();
    int i;

    snprintf(nodes->dir, sizeof nodes->dir, "/tmp/kirikae-nodes-XXXXXX");
    CHECK(mkdtemp(nodes->dir) != NULL);
    snprintf(nodes->host, sizeof nodes->host, "127.%u.%u.%u", 64 + (pid >> 16 & 63), pid >> 8 & 255,
             pid & 255);
    for (i = 0; i < NODES; i++)
        nodes->ports[i] = 7401 + i;
    write_files(nodes);
    for (i = 0; i < NODES; i++)
        if (plans[i].up)
            start(nodes, i, &plans[i]);
    return nodes;
}

void nodes_kill(struct nodes *nodes, int node)
{
    CHECK(kill(nodes->pids[node], SIGKILL) == 0);
    CHECK(waitpid(nodes->pids[node], NULL, 0) == nodes->pids[node]);
    close(nodes->pipes[node]);
    nodes->pids[node] = 0;
}

void nodes_stop(struct nodes *nodes)
{
    char command[128];
    int i, status;

    for (i = 0; i < NODES; i++) {
        if (nodes->pids[i] <= 0)
            continue;
        close(nodes->pipes[i]);
        CHECK(waitpid(nodes->pids[i], &status, 0) == nodes->pids[i]);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    snprintf(command, sizeof command, "rm -r %s", nodes->dir);
    CHECK(system(command) == 0);
    mem_free(nodes);
}
