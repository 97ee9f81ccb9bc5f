/* Between the engine and the one port: beats, Raft frames, requests. */
#include "base/check.h"
#include "base/clock.h"
#include "daemon/node.h"

#include <stdio.h>
#include <string.h>

static void on_raft_frame(void *context, int peer, const uint8_t *bytes, size_t len)
{
    struct node *node = context;

    if (node->replicate != NULL && !node->closing)
        replicate_receive(node->replicate, peer, bytes, len);
}

static void on_beat(void *context, int peer, const uint8_t *bytes, size_t len)
{
    struct node *node = context;
    struct event event = {.kind = EVENT_BEAT, .now = node_now()};
    struct beat beat;
    struct err err;

    if (beat_decode(bytes, len, &beat, &err) < 0) {
        log_line(node->log, LOG_LEVEL_DEBUG, "beat", "from %s: %s",
                 node->file_model->servers[peer].name, err.text);
        return;
    }
    beat.from = peer; /* by the key that authenticated it, not by its word */
    event.beat = &beat;
    node_step(node, &event);
}

static void on_request(void *context, struct link_call *call, enum link_role role, const char *name,
                       int peer, const uint8_t *bytes, size_t len)
{
    struct rpc_response response = {.code = ERR_UNAVAILABLE, .text = "this node is starting"};
    struct node *node = context;
    struct buf out = {0};

    if (node->serve != NULL) {
        serve_request(node->serve, call, role, name, peer, bytes, len);
        return;
    }
    rpc_response_encode(&response, &out);
    link_reply(call, out.data, out.len);
    buf_free(&out);
}

static void on_refused(void *context, const char *address, const char *why)
{
    struct event event = {.kind = EVENT_REFUSED, .now = node_now()};

    (void)address;
    (void)why;
    node_step(context, &event);
}

static void on_state(void *context, int peer, bool up)
{
    struct node *node = context;

    log_line(node->log, LOG_LEVEL_DEBUG, "connection", "to %s is %s",
             node->file_model->servers[peer].name, up ? "up" : "down");
}

int port_module_open(struct node *node, struct err *err)
{
    struct link_options options = {.loop = node->loop,
                                   .self = node->self,
                                   .n_peers = node->file_model->n_coordinators,
                                   .bind_host =
                                       node->config.bind[0] != '\0' ? node->config.bind : NULL,
                                   .ca_file = node->config.ca,
                                   .cert_file = node->config.cert,
                                   .key_file = node->config.key,
                                   .log = node->log,
                                   .handlers = {.context = node,
                                                .raft = on_raft_frame,
                                                .beat = on_beat,
                                                .request = on_request,
                                                .refused = on_refused,
                                                .state = on_state}};
    int i;

    for (i = 0; i < options.n_peers; i++) {
        const struct server *server = &node->file_model->servers[i];

        snprintf(options.peers[i].name, sizeof options.peers[i].name, "%s", server->name);
        snprintf(options.peers[i].host, sizeof options.peers[i].host, "%s", server->host);
        options.peers[i].port = server->port;
    }
    return link_open(&options, &node->link, err);
}

void port_beat(struct node *node)
{
    struct beat beat;
    int i;

    engine_beat(node->engine, node_now(), &beat);
    buf_clear(&node->scratch);
    beat_encode(&beat, &node->scratch);
    for (i = 0; i < node->file_model->n_coordinators; i++)
        if (i != node->self)
            link_send_beat(node->link, i, node->scratch.data, node->scratch.len);
}

/* ---- serve ---- */

static const struct engine *serve_engine(void *context)
{
    struct node *node = context;

    return node->engine;
}

static struct moment serve_now(void *context)
{
    (void)context;
    return node_now();
}

static void serve_local(void *context, struct status_local *local)
{
    struct node *node = context;
    struct replicate_info info = replicate_info(node->replicate);
    struct link_counters counters = link_counters(node->link);

    *local = (struct status_local){.self = node->self,
                                   .uptime_ms = clock_boot_ms() - node->started_ms,
                                   .role = (enum raft_role)info.role,
                                   .term = info.term,
                                   .last_index = info.last_index,
                                   .commit_index = info.commit_index,
                                   .applied_index = info.applied_index,
                                   .snapshot_index = info.snapshot_index,
                                   .ledger_lines = ledger_size(node->ledger),
                                   .refused = counters.refused,
                                   .beats_sent = counters.beats_sent,
                                   .beats_received = counters.beats_received,
                                   .beats_bad = counters.beats_bad,
                                   .beats_replayed = counters.beats_replayed,
                                   .raft_sent = counters.raft_sent,
                                   .raft_received = counters.raft_received,
                                   .raft_dropped = counters.raft_dropped,
                                   .guarded = info.guarded};
}

static void serve_submit(void *context, const struct command *command, serve_reply *reply,
                         void *arg)
{
    struct node *node = context;
    struct event event = {.kind = EVENT_COMMAND, .now = node_now()};

    if (node->n_replies == REPLY_SLOTS_MAX || node->closing) {
        reply(arg, ERR_UNAVAILABLE, "too many commands are waiting");
        return;
    }
    node->replies[node->n_replies++] =
        (struct reply_slot){.id = command->id, .reply = reply, .arg = arg};
    event.command = command;
    node_step(node, &event);
}

void port_reply(struct node *node, const struct effect *effect)
{
    int i = 0;

    while (i < node->n_replies) {
        struct reply_slot slot = node->replies[i];

        if (memcmp(&slot.id, &effect->reply.id, sizeof slot.id) != 0) {
            i++;
            continue;
        }
        node->replies[i] = node->replies[--node->n_replies];
        slot.reply(slot.arg, effect->reply.code, effect->reply.text);
    }
}

void port_forget_replies(struct node *node)
{
    while (node->n_replies > 0) {
        struct reply_slot slot = node->replies[--node->n_replies];

        slot.reply(slot.arg, ERR_UNAVAILABLE, "this node is going down");
    }
}

int serve_module_open(struct node *node, struct err *err)
{
    struct serve_options options = {.self = node->self,
                                    .link = node->link,
                                    .ledger = node->ledger,
                                    .log = node->log,
                                    .handlers = {.context = node,
                                                 .engine = serve_engine,
                                                 .now = serve_now,
                                                 .local = serve_local,
                                                 .submit = serve_submit,
                                                 .join = member_join}};

    (void)err;
    node->serve = serve_open(&options);
    return 0;
}
