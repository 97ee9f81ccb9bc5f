/* Between the node and the one port: beats, Raft frames, requests, operators' browsers. */
#include "daemon/daemon.h"

#include <stdio.h>
#include <unistd.h>

static void on_raft_frame(void *context, int peer, const uint8_t *bytes, size_t len)
{
    struct daemon *daemon = context;

    if (daemon->node != NULL)
        node_receive(daemon->node, peer, bytes, len);
}

static void on_beat(void *context, int peer, const uint8_t *bytes, size_t len)
{
    struct daemon *daemon = context;
    struct err err;

    if (daemon->node != NULL && node_beat(daemon->node, peer, bytes, len, &err) < 0)
        log_line(daemon->log, LOG_LEVEL_DEBUG, "beat", "from %s: %s",
                 daemon->file_model->servers[peer].name, err.text);
}

static void on_request(void *context, struct link_call *call, enum link_role role, const char *name,
                       int peer, const uint8_t *bytes, size_t len)
{
    struct rpc_response response = {.code = ERR_UNAVAILABLE, .text = "this node is starting"};
    struct daemon *daemon = context;
    struct buf out = {0};

    if (daemon->serve != NULL) {
        serve_request(daemon->serve, call, role, name, peer, bytes, len);
        return;
    }
    rpc_response_encode(&response, &out);
    link_reply(call, out.data, out.len);
    buf_free(&out);
}

static void on_http(void *context, int fd)
{
    struct daemon *daemon = context;

    if (daemon->web != NULL)
        web_adopt(daemon->web, fd);
    else
        close(fd);
}

static void on_refused(void *context, const char *address, const char *why)
{
    struct event event = {.kind = EVENT_REFUSED, .now = daemon_now()};
    struct daemon *daemon = context;

    (void)address;
    (void)why;
    if (daemon->node != NULL)
        node_step(daemon->node, &event);
}

static void on_state(void *context, int peer, bool up)
{
    struct daemon *daemon = context;

    log_line(daemon->log, LOG_LEVEL_DEBUG, "connection", "to %s is %s",
             daemon->file_model->servers[peer].name, up ? "up" : "down");
}

int port_module_open(struct daemon *daemon, struct err *err)
{
    struct link_options options = {.loop = daemon->loop,
                                   .self = daemon->self,
                                   .n_peers = daemon->file_model->n_coordinators,
                                   .bind_host =
                                       daemon->config.bind[0] != '\0' ? daemon->config.bind : NULL,
                                   .ca_file = daemon->config.ca,
                                   .cert_file = daemon->config.cert,
                                   .key_file = daemon->config.key,
                                   .log = daemon->log,
                                   .handlers = {.context = daemon,
                                                .raft = on_raft_frame,
                                                .beat = on_beat,
                                                .request = on_request,
                                                .http = on_http,
                                                .refused = on_refused,
                                                .state = on_state}};
    int i;

    for (i = 0; i < options.n_peers; i++) {
        const struct server *server = &daemon->file_model->servers[i];

        snprintf(options.peers[i].name, sizeof options.peers[i].name, "%s", server->name);
        snprintf(options.peers[i].host, sizeof options.peers[i].host, "%s", server->host);
        options.peers[i].port = server->port;
    }
    return link_open(&options, &daemon->link, err);
}
