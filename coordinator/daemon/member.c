/* Who this node is to Raft. The id is made at --init and kept beside the data. A node
 * that has lost its data must not vote under the old id again (libraft-facts.md, 6): it
 * takes a new one and asks the leader to put that in the place of the old. */
#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "daemon/node.h"
#include "store/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_WAIT_MS 10000

static bool dir_is_empty(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool empty = true;

    if (dir == NULL)
        return true;
    while (empty && (entry = readdir(dir)) != NULL)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(dir);
    return empty;
}

static int identity_write(struct node *node, struct err *err)
{
    char path[LIMIT_TEXT + 16], text[64];

    snprintf(path, sizeof path, "%s/identity", node->config.data_dir);
    snprintf(text, sizeof text, "raft_id %llu\n", (unsigned long long)node->raft_id);
    return file_write(path, text, strlen(text), 0600, err);
}

/* 0 read, 1 there is none. */
static int identity_read(struct node *node, struct err *err)
{
    char path[LIMIT_TEXT + 16];
    unsigned long long id;
    struct buf text = {0};
    int r;

    snprintf(path, sizeof path, "%s/identity", node->config.data_dir);
    r = file_read(path, 64, &text, err);
    if (r == 0 && sscanf(buf_cstr(&text), "raft_id %llu\n", &id) != 1)
        r = err_set(err, ERR_CORRUPT, "%s does not hold a Raft id", path);
    if (r == 0 && replicate_server_of(id) != node->self)
        r = err_set(err, ERR_INVALID, "%s belongs to another server, not to %s",
                    node->config.data_dir, node->config.name);
    if (r == 0)
        node->raft_id = id;
    buf_free(&text);
    return r;
}

int member_load(struct node *node, struct err *err)
{
    int r = identity_read(node, err);

    if (r < 0)
        return r;
    if (r == 0 && !dir_is_empty(node->raft_dir))
        return 0;
    /* Seconds since 1970 as the incarnation: never used before, even if this is lost too. */
    node->raft_id = replicate_id(node->self, (uint64_t)(clock_utc_ms() / 1000));
    log_line(node->log, LOG_LEVEL_WARN, "lost-data",
             "%s holds no log: joining again under Raft id %llu (a new cluster is made with "
             "--init)",
             node->config.data_dir, (unsigned long long)node->raft_id);
    return identity_write(node, err);
}

int member_init(struct node *node, struct err *err)
{
    int r = identity_read(node, err);

    if (r < 0)
        return r;
    if (r == 0 || !dir_is_empty(node->raft_dir))
        return err_set(err, ERR_REFUSED, "%s holds a node's data already", node->config.data_dir);
    node->raft_id = replicate_id(node->self, 0);
    r = raft_module_init(node, err);
    return r < 0 ? r : identity_write(node, err);
}

/* ---- joining ---- */

static bool is_placed(const struct node *node)
{
    return replicate_placed(node->replicate, node->raft_id,
                            node->file_model->servers[node->self].role);
}

/* Who is asked next: the leader, if the last one knew it. */
static void follow_hint(struct node *node, const char *leader)
{
    int server = model_server(node->file_model, leader);

    if (server >= 0 && server < node->file_model->n_coordinators && server != node->self)
        node->join_peer = server;
    else
        node->join_peer++;
}

static void on_join_answer(void *context, int code, const uint8_t *bytes, size_t len)
{
    struct node *node = context;
    struct rpc_response response = {0};
    struct err err;

    node->joining = false;
    if (node->closing)
        return;
    if (code == 0)
        code = rpc_response_decode(bytes, len, &response, &err);
    follow_hint(node, response.leader);
    if (code == 0 && response.code == 0)
        log_line(node->log, LOG_LEVEL_INFO, "joined", "this node is a member again");
    else
        log_line(node->log, LOG_LEVEL_DEBUG, "join", "not yet: %s",
                 code != 0 ? err_name(code) : response.text);
    rpc_response_free(&response);
}

/* Until Raft's configuration has this id in its place: ask one coordinator after the other.
 * A leader that falls half-way leaves a spare, which has to ask the next one. */
void member_tick(struct node *node)
{
    struct rpc_request request = {.verb = "join"};
    struct buf bytes = {0};
    int n = node->file_model->n_coordinators;

    if (node->joining || node->raft_id == replicate_id(node->self, 0) || is_placed(node))
        return;
    node->join_peer %= n;
    if (node->join_peer == node->self)
        node->join_peer = (node->join_peer + 1) % n;
    buf_printf(&request.args, "{\"raft_id\":%llu}", (unsigned long long)node->raft_id);
    rpc_request_encode(&request, &bytes);
    node->joining = true;
    link_request(node->link, node->join_peer, bytes.data, bytes.len, JOIN_WAIT_MS, on_join_answer,
                 node);
    buf_free(&bytes);
    rpc_request_free(&request);
}

struct joiner {
    struct node *node;
    int server;
    uint64_t raft_id;
    serve_reply *reply;
    void *arg;
};

static void on_replaced(void *context, int code)
{
    struct joiner *joiner = context;
    struct event event = {.kind = EVENT_MEMBER, .now = node_now()};

    joiner->reply(joiner->arg, code, code == 0 ? "member" : "the membership cannot change now");
    if (code == 0) {
        log_line(joiner->node->log, LOG_LEVEL_WARN, "join",
                 "%s had lost its data and is back as %llu",
                 joiner->node->file_model->servers[joiner->server].name,
                 (unsigned long long)joiner->raft_id);
        event.member.server = joiner->server;
        event.member.raft_id = joiner->raft_id;
        node_step(joiner->node, &event);
    }
    mem_free(joiner);
}

/* On the leader: coordinator `server` has lost its data and asks to come back. */
void member_join(void *context, int server, uint64_t raft_id, serve_reply *reply, void *arg)
{
    struct node *node = context;
    const struct server *who = &node->file_model->servers[server];
    struct joiner *joiner;

    if (replicate_server_of(raft_id) != server) {
        reply(arg, ERR_DENIED, "that Raft id is another server's");
        return;
    }
    if (replicate_placed(node->replicate, raft_id, who->role)) {
        reply(arg, 0, "member already");
        return;
    }
    joiner = mem_zalloc(1, sizeof *joiner);
    *joiner = (struct joiner){
        .node = node, .server = server, .raft_id = raft_id, .reply = reply, .arg = arg};
    log_line(node->log, LOG_LEVEL_DEBUG, "join", "%s has lost its data and comes back as %llu",
             who->name, (unsigned long long)raft_id);
    replicate_replace(node->replicate, server, raft_id, who->name, who->role, on_replaced, joiner);
}
