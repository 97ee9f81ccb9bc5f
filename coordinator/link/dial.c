/* Dialled connections. Attempts are short and follow one another quickly, because
 * under loss a new SYN is better than waiting for the old one's retransmission, and
 * because a failover may wait for the connection after a healed cut. */
#include "link/inside.h"

#define CONNECT_MS 500
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 1000
#define STALL_MS 5000
#define ALIVE_MS 5000 /* an empty frame after so long without another */
#define IDLE_MS 30000 /* below the listener's own limit, so that it never ends first */

static void on_open(void *owner);
static void on_frame(void *owner, const uint8_t *bytes, size_t len);
static void on_ended(void *owner, int code, const char *why);

static const struct conn_events events = {on_open, on_frame, on_ended};

static struct peer *peer_of(struct dialler *dialler)
{
    return &dialler->link->peers[dialler->peer];
}

void dialler_init(struct dialler *dialler, struct link *link, int peer, enum tls_kind kind)
{
    *dialler = (struct dialler){.link = link, .peer = peer, .kind = kind};
    dialler->resolve.data = dialler;
    /* Twelve nodes that start together need not shake hands in one burst. */
    if (kind == TLS_RAFT)
        dialler->due_ms = link_now(link) + prng_below(&link->prng, LINK_TICK_MS);
}

/* --- an attempt --- */

static void again_later(struct dialler *dialler)
{
    uint64_t wait_ms = BACKOFF_MIN_MS;

    for (unsigned i = 0; i < dialler->failures && wait_ms < BACKOFF_MAX_MS; i++)
        wait_ms *= 2;
    if (wait_ms > BACKOFF_MAX_MS)
        wait_ms = BACKOFF_MAX_MS;
    dialler->failures++;
    wait_ms -= prng_below(&dialler->link->prng, (uint32_t)wait_ms / 4);
    dialler->due_ms = link_now(dialler->link) + wait_ms;
    link_busy(dialler->link);
}

static void begin(struct dialler *dialler)
{
    struct link *link = dialler->link;
    struct peer *peer = peer_of(dialler);
    struct tls_session session = {.kind = dialler->kind,
                                  .want_name = link->options.peers[dialler->peer].name,
                                  .index_of = link_index_of,
                                  .context = link};
    union address from = link->bind;
    bool bound = !address_is_any(&from) && from.any.sa_family == peer->address.any.sa_family;
    struct err err;

    from.v4.sin_port = 0; /* at the same place in sockaddr_in6 */
    dialler->began_ms = link_now(link);
    dialler->conn = conn_new(&link->env, link->tls, &session, &events, dialler);
    if (conn_connect(dialler->conn, &peer->address, bound ? &from : NULL, &err) != 0)
        conn_end(dialler->conn, ERR_UNAVAILABLE, err.text);
}

static void on_resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *found)
{
    struct dialler *dialler = resolve->data;
    struct link *link = dialler->link;
    struct peer *peer = peer_of(dialler);

    dialler->resolving = false;
    if (status == 0 && !link->closing) {
        address_copy(found->ai_addr, link->options.peers[dialler->peer].port, &peer->address);
        peer->resolved = true;
    }
    uv_freeaddrinfo(found);
    if (!link->closing && peer->resolved)
        begin(dialler);
    else if (!link->closing)
        again_later(dialler);
    conn_env_release(&link->env);
}

/* A name is looked up for every attempt: the server may have moved. */
static void attempt(struct dialler *dialler)
{
    struct link *link = dialler->link;
    const struct link_peer *named = &link->options.peers[dialler->peer];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct peer *peer = peer_of(dialler);
    union address literal;

    if (address_parse(named->host, named->port, &literal) == 0) {
        peer->address = literal;
        peer->resolved = true;
        begin(dialler);
        return;
    }
    if (uv_getaddrinfo(link->env.loop, &dialler->resolve, on_resolved, named->host, NULL, &hints) !=
        0) {
        again_later(dialler);
        return;
    }
    dialler->resolving = true;
    conn_env_hold(&link->env);
}

/* --- what comes of it --- */

static void went_up(struct dialler *dialler)
{
    struct link *link = dialler->link;

    dialler->up = true;
    dialler->failures = 0;
    if (dialler->kind == TLS_PEER) {
        requests_up(link, dialler->peer);
        return;
    }
    beats_use(link, dialler->peer, dialler->fresh);
    dialler->fresh = NULL;
    log_line(link->options.log, LOG_LEVEL_DEBUG, "peer-connected", "%s",
             link->options.peers[dialler->peer].name);
    link->options.handlers.state(link->options.handlers.context, dialler->peer, true);
}

static void on_open(void *owner)
{
    struct dialler *dialler = owner;

    if (dialler->kind == TLS_RAFT)
        dialler->fresh =
            beats_export(dialler->conn, true, dialler->link->options.self, dialler->peer);
    else
        went_up(dialler);
}

static void on_frame(void *owner, const uint8_t *bytes, size_t len)
{
    struct dialler *dialler = owner;

    if (dialler->kind == TLS_PEER && len >= LINK_ID)
        requests_answer(dialler->link, dialler->peer, bytes, len);
    else if (dialler->kind == TLS_RAFT && !dialler->up && len == 0)
        went_up(dialler); /* the listener's welcome */
    else
        conn_end(dialler->conn, ERR_INVALID, "sends what no listener should");
}

static void on_ended(void *owner, int code, const char *why)
{
    struct dialler *dialler = owner;
    struct link *link = dialler->link;
    const char *name = link->options.peers[dialler->peer].name;
    const char *address = conn_address(dialler->conn);
    bool was_up = dialler->up;

    dialler->conn = NULL;
    dialler->up = false;
    beat_key_free(dialler->fresh);
    dialler->fresh = NULL;
    if (link->closing)
        return;
    dialler->refused = code != ERR_UNAVAILABLE && code != ERR_TIMEOUT && code != 0;
    again_later(dialler);
    if (dialler->kind == TLS_PEER)
        requests_down(link, dialler->peer, code == ERR_TIMEOUT && !was_up);
    if (!link->closing && dialler->refused)
        link_refused(link, address, why);
    if (link->closing || !was_up || dialler->kind != TLS_RAFT)
        return;
    log_line(link->options.log, LOG_LEVEL_INFO, "peer-lost", "%s: %s", name, why);
    link->options.handlers.state(link->options.handlers.context, dialler->peer, false);
}

/* --- the course of time --- */

static bool wanted(struct dialler *dialler)
{
    return dialler->kind == TLS_RAFT || peer_of(dialler)->n_requests > 0;
}

void dialler_tick(struct dialler *dialler)
{
    uint64_t now = link_now(dialler->link);
    struct conn *conn = dialler->conn;

    if (conn == NULL) {
        if (!dialler->resolving && wanted(dialler) && now >= dialler->due_ms)
            attempt(dialler);
    } else if (conn_check(conn, STALL_MS)) {
        return;
    } else if (conn_is_connecting(conn) && now - dialler->began_ms > CONNECT_MS) {
        conn_end(conn, ERR_TIMEOUT, "no answer to the connection request");
    } else if (!dialler->up && now - dialler->began_ms > LIMIT_HANDSHAKE_MS) {
        conn_end(conn, ERR_TIMEOUT, "handshake takes too long");
    } else if (dialler->kind == TLS_RAFT && dialler->up && now - conn_active_ms(conn) >= ALIVE_MS) {
        conn_send(conn, NULL, 0, NULL, 0);
    } else if (dialler->kind == TLS_PEER && !wanted(dialler) &&
               now - conn_active_ms(conn) > IDLE_MS) {
        conn_end(conn, 0, "idle");
    }
}

bool dialler_calm(const struct dialler *dialler)
{
    return dialler->up;
}

void dialler_hint(struct dialler *dialler)
{
    if (dialler->conn != NULL || dialler->resolving || dialler->refused || dialler->failures < 2)
        return;
    dialler->failures = 1;
    dialler->due_ms = link_now(dialler->link);
}

void dialler_close(struct dialler *dialler)
{
    if (dialler->conn != NULL)
        conn_end(dialler->conn, 0, "closing");
    if (dialler->resolving)
        uv_cancel((uv_req_t *)&dialler->resolve);
}
