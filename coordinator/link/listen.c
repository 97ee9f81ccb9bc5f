/* The TCP port: accepting, and serving what others ask. */
#include "base/check.h"
#include "base/mem.h"
#include "link/inside.h"

#include <string.h>

#define BACKLOG 128
#define IDLE_MS 60000
#define SILENT_MS 30000 /* Raft: several empty frames are missing */
#define RAFT_STALL_MS 5000
#define STALL_MS 10000
/* Requests of one connection that wait for their answers. */
#define CALLS_MAX 256
/* From elsewhere than the coordinators' addresses: the rest stays free for them. */
#define STRANGERS_MAX (LIMIT_CONNECTIONS / 2)
/* From one coordinator's address: whoever is on that machine must not keep the others out. */
#define HOST_MAX (LIMIT_CONNECTIONS / 8)

static void on_open(void *owner);
static void on_frame(void *owner, const uint8_t *bytes, size_t len);
static void on_ended(void *owner, int code, const char *why);
static void on_bytes(void *owner, const uint8_t *bytes, size_t len);
static void on_drained(void *owner);

static const struct conn_events events = {on_open, on_frame, on_ended, on_bytes, on_drained};

static bool is_stranger(const struct link *link, const union address *address)
{
    for (int i = 0; i < link->options.n_peers; i++)
        if (link->peers[i].resolved && address_same_host(&link->peers[i].address, address))
            return false;
    return true;
}

static bool too_many(const struct link *link, const struct inbound *inbound)
{
    const union address *address = conn_remote(inbound->conn);
    const struct inbound *other;
    int same = 0;

    if (link->n_inbound > LIMIT_CONNECTIONS)
        return true;
    if (inbound->stranger)
        return link->n_strangers > STRANGERS_MAX;
    LIST_FOREACH(other, &link->inbounds, entry)
    same += address_same_host(conn_remote(other->conn), address);
    return same > HOST_MAX;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct link *link = server->data;
    struct tls_session session = {
        .index_of = link_index_of, .context = link, .http = link->options.handlers.http != NULL};
    struct inbound *inbound;
    struct err err;

    if (status != 0 || link->closing)
        return;
    inbound = mem_zalloc(1, sizeof *inbound);
    inbound->link = link;
    inbound->began_ms = link_now(link);
    LIST_INIT(&inbound->calls);
    LIST_INSERT_HEAD(&link->inbounds, inbound, entry);
    link->n_inbound++;
    link_busy(link);
    inbound->conn = conn_new(&link->env, link->tls, &session, &events, inbound);
    if (conn_accept(inbound->conn, server, &err) != 0) {
        conn_end(inbound->conn, ERR_UNAVAILABLE, err.text);
        return;
    }
    inbound->stranger = is_stranger(link, conn_remote(inbound->conn));
    link->n_strangers += inbound->stranger;
    if (too_many(link, inbound))
        conn_end(inbound->conn, ERR_LIMIT, "too many connections");
    else
        conn_start(inbound->conn);
}

/* The newer session is the one its dialler uses. */
static void welcome(struct inbound *inbound, int from)
{
    struct link *link = inbound->link;
    struct peer *peer = &link->peers[from];
    struct inbound *old = peer->raft_in;

    peer->raft_in = inbound;
    if (old != NULL)
        conn_end(old->conn, 0, "replaced by a newer one");
    beat_ring_add(&peer->ring, beats_export(inbound->conn, false, from, link->options.self));
    conn_send(inbound->conn, NULL, 0, NULL, 0);
}

static void welcome_http(struct inbound *inbound)
{
    struct err err;

    inbound->door = door_open(inbound, &err);
    if (inbound->door == NULL)
        conn_end(inbound->conn, ERR_IO, err.text);
    else
        conn_raw(inbound->conn);
}

static void on_bytes(void *owner, const uint8_t *bytes, size_t len)
{
    struct inbound *inbound = owner;

    door_bytes(inbound->door, bytes, len);
}

static void on_drained(void *owner)
{
    struct inbound *inbound = owner;

    door_drained(inbound->door);
}

static void on_open(void *owner)
{
    struct inbound *inbound = owner;
    const struct tls_session *session = conn_session(inbound->conn);

    if (session->kind != TLS_ADMIN && session->peer == inbound->link->options.self)
        conn_end(inbound->conn, ERR_DENIED, "shows this node's own certificate");
    else if (session->kind == TLS_RAFT)
        welcome(inbound, session->peer);
    else if (session->kind == TLS_HTTP)
        welcome_http(inbound);
}

static void serve(struct inbound *inbound, const uint8_t *bytes, size_t len)
{
    const struct tls_session *session = conn_session(inbound->conn);
    const struct link_handlers *handlers = &inbound->link->options.handlers;
    struct link_call *call;

    if (len < LINK_ID) {
        conn_end(inbound->conn, ERR_INVALID, "request without a number");
        return;
    }
    if (inbound->n_calls == CALLS_MAX) {
        conn_end(inbound->conn, ERR_LIMIT, "too many requests at once");
        return;
    }
    call = mem_zalloc(1, sizeof *call);
    call->inbound = inbound;
    memcpy(call->id, bytes, LINK_ID);
    LIST_INSERT_HEAD(&inbound->calls, call, entry);
    inbound->n_calls++;
    handlers->request(handlers->context, call, session->role, session->name, session->peer,
                      bytes + LINK_ID, len - LINK_ID);
}

static void on_frame(void *owner, const uint8_t *bytes, size_t len)
{
    struct inbound *inbound = owner;
    struct link *link = inbound->link;
    const struct tls_session *session = conn_session(inbound->conn);

    if (session->kind != TLS_RAFT) {
        serve(inbound, bytes, len);
        return;
    }
    if (len == 0) /* the dialler has nothing to say, and is there */
        return;
    link->counters.raft_received++;
    link->options.handlers.raft(link->options.handlers.context, session->peer, bytes, len);
}

static void on_ended(void *owner, int code, const char *why)
{
    struct inbound *inbound = owner;
    struct link *link = inbound->link;
    const char *address = conn_address(inbound->conn);
    const struct tls_session *session = conn_session(inbound->conn);
    struct link_call *call;

    if (session->kind == TLS_RAFT && session->peer >= 0 &&
        link->peers[session->peer].raft_in == inbound)
        link->peers[session->peer].raft_in = NULL;
    while ((call = LIST_FIRST(&inbound->calls)) != NULL) {
        LIST_REMOVE(call, entry);
        call->inbound = NULL;
    }
    if (inbound->door != NULL)
        door_close(inbound->door);
    LIST_REMOVE(inbound, entry);
    link->n_inbound--;
    link->n_strangers -= inbound->stranger;
    mem_free(inbound);
    if (!link->closing && code != 0 && code != ERR_UNAVAILABLE)
        link_refused(link, address, why);
}

void link_reply(struct link_call *call, const uint8_t *bytes, size_t len)
{
    struct inbound *inbound = call->inbound;

    if (inbound != NULL) {
        LIST_REMOVE(call, entry);
        inbound->n_calls--;
        if (conn_send(inbound->conn, call->id, LINK_ID, bytes, len) == ERR_LIMIT)
            conn_end(inbound->conn, ERR_LIMIT,
                     len + LINK_ID > LIMIT_FRAME ? "the answer is longer than a frame"
                                                 : "does not read its answers");
    }
    mem_free(call);
}

static void check(struct inbound *inbound)
{
    uint64_t now = link_now(inbound->link);
    bool raft = conn_session(inbound->conn)->kind == TLS_RAFT;

    if (conn_check(inbound->conn, raft ? RAFT_STALL_MS : STALL_MS))
        return;
    if (!conn_is_open(inbound->conn)) {
        if (now - inbound->began_ms > LIMIT_HANDSHAKE_MS)
            conn_end(inbound->conn, ERR_TIMEOUT, "handshake takes too long");
    } else if (raft && now - conn_active_ms(inbound->conn) > SILENT_MS) {
        conn_end(inbound->conn, 0, "silent");
    } else if (!raft && inbound->n_calls == 0 && now - conn_active_ms(inbound->conn) > IDLE_MS) {
        conn_end(inbound->conn, 0, "idle");
    }
}

void listen_tick(struct link *link)
{
    struct inbound *inbound, *next;

    for (inbound = LIST_FIRST(&link->inbounds); inbound != NULL && !link->closing; inbound = next) {
        next = LIST_NEXT(inbound, entry);
        check(inbound);
    }
}

bool listen_calm(const struct link *link)
{
    struct inbound *inbound;

    LIST_FOREACH(inbound, &link->inbounds, entry)
    if (!conn_is_open(inbound->conn))
        return false;
    return true;
}

int listen_open(struct link *link, struct err *err)
{
    char text[ADDRESS_TEXT];
    int rc;

    LIST_INIT(&link->inbounds);
    CHECK(uv_tcp_init(link->env.loop, &link->listener) == 0);
    link->listener.data = link;
    conn_env_hold(&link->env);
    rc = uv_tcp_bind(&link->listener, &link->bind.any, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&link->listener, BACKLOG, on_connection);
    if (rc == 0)
        return 0;
    address_text(&link->bind, text);
    return err_set(err, ERR_IO, "TCP %s: %s", text, uv_strerror(rc));
}

static void on_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;

    conn_env_release(&link->env);
}

void listen_close(struct link *link)
{
    uv_close((uv_handle_t *)&link->listener, on_closed);
    while (!LIST_EMPTY(&link->inbounds))
        conn_end(LIST_FIRST(&link->inbounds)->conn, 0, "closing");
}
