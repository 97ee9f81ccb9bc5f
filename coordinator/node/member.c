/* A node that has lost its data must not vote under its old Raft id again: it may have voted in
 * this term. It comes with a new one and asks the leader to put that in the place of the old. */
#include "base/mem.h"
#include "node/internal.h"

/* ---- the node that comes back ---- */

/* Its beats come now. */
static bool is_there(const struct node *node, int server, bool leads)
{
    struct peer_view peer = engine_peer(node->engine, node_now(node), server);

    return server != node->self && peer.age_ms >= 0 &&
           peer.age_ms <= engine_model(node->engine)->timing.silent_ms && (peer.leads || !leads);
}

/* Who is asked: who says that he leads; else the next one that is there at all, because a
 * dead one costs its time-out; else just the next. */
static int whom_to_ask(const struct node *node)
{
    int n = node->model->n_coordinators, first = node->join_peer % n, i;

    for (i = 0; i < n; i++)
        if (is_there(node, (first + i) % n, true))
            return (first + i) % n;
    for (i = 0; i < n; i++)
        if (is_there(node, (first + i) % n, false))
            return (first + i) % n;
    return first != node->self ? first : (first + 1) % n;
}

/* Until Raft's configuration has this id in its place: ask one coordinator after the other.
 * A leader that falls half-way leaves a spare, which has to ask the next one. */
void rejoin_look(struct node *node, int64_t now_ms)
{
    int n = node->model->n_coordinators;

    if (!node_lives(node))
        return;
    node->join_ms = now_ms + LOOK_MS;
    if (n == 1 || node->raft_id == replicate_id(node->self, 0) ||
        replicate_placed(node->replicate, node->raft_id, node->model->servers[node->self].role))
        return;
    node->join_peer = whom_to_ask(node);
    node->join_ms = INT64_MAX;
    node->shell.join(node->shell.context, node->join_peer, node->raft_id);
}

void node_joined(struct node *node, int code, const char *text, int leader)
{
    node->join_ms = node_now(node).boot_ms + LOOK_MS;
    if (!node_lives(node))
        return;
    /* Who is asked next: the leader, if the last one knew it. */
    if (leader >= 0 && leader < node->model->n_coordinators && leader != node->self)
        node->join_peer = leader;
    else
        node->join_peer++;
    if (code == 0)
        log_line(node->log, LOG_LEVEL_INFO, "joined", "this node is a member again");
    else
        log_line(node->log, LOG_LEVEL_DEBUG, "join", "not yet: %s", text);
    node_tell(node);
}

/* ---- the leader ---- */

void members_tell(struct node *node)
{
    engine_members(node->engine, node->replacing > 0 || node_raft(node).members_change);
}

struct joiner {
    struct node *node;
    int server;
    uint64_t raft_id;
    node_replaced *done;
    void *context;
};

static void on_replaced(void *context, int code)
{
    struct joiner joiner = *(struct joiner *)context;
    struct node *node = joiner.node;
    struct event event = {.kind = EVENT_MEMBER, .now = node_now(node)};

    mem_free(context);
    node->replacing--;
    members_tell(node);
    joiner.done(joiner.context, code, code == 0 ? "member" : "the membership cannot change now");
    if (code != 0)
        return;
    log_line(node->log, LOG_LEVEL_WARN, "join", "%s had lost its data and is back as %llu",
             node->model->servers[joiner.server].name, (unsigned long long)joiner.raft_id);
    event.member.server = joiner.server;
    event.member.raft_id = joiner.raft_id;
    node_step(node, &event);
}

void node_replace(struct node *node, int server, uint64_t raft_id, node_replaced *done,
                  void *context)
{
    const struct server *who = &node->model->servers[server];
    struct joiner *joiner;

    if (!node_lives(node)) {
        done(context, ERR_UNAVAILABLE, "this node is going down");
        return;
    }
    if (replicate_server_of(raft_id) != server) {
        done(context, ERR_DENIED, "that Raft id is another server's");
        return;
    }
    if (replicate_placed(node->replicate, raft_id, who->role)) {
        done(context, 0, "member already");
        return;
    }
    joiner = mem_zalloc(1, sizeof *joiner);
    *joiner = (struct joiner){
        .node = node, .server = server, .raft_id = raft_id, .done = done, .context = context};
    log_line(node->log, LOG_LEVEL_DEBUG, "join", "%s has lost its data and comes back as %llu",
             who->name, (unsigned long long)raft_id);
    node->replacing++;
    members_tell(node);
    replicate_replace(node->replicate, server, raft_id, who->name, who->role, on_replaced, joiner);
}
