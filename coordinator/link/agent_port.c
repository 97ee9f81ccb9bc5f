/* The agent's side: a port of its own, for orders of nodes and nothing else. */
#include "base/check.h"
#include "base/mem.h"
#include "link/agent.h"
#include "link/conn.h"

#include <sys/queue.h>

#define BACKLOG 64
#define CONNECTIONS_MAX 64
#define TICK_MS 500
#define IDLE_MS 90000 /* longer than any order takes */
#define STALL_MS 10000

struct caller {
    LIST_ENTRY(caller) entry;
    struct agent_port *port;
    struct conn *conn;
    struct agent_call *call; /* the order under way */
    bool asked;
    uint64_t began_ms;
};

struct agent_call {
    struct caller *caller; /* NULL: gone */
};

struct agent_port {
    struct agent_port_options options;
    struct tls *tls;
    struct conn_env env;
    uv_tcp_t listener;
    uv_timer_t tick;
    LIST_HEAD(, caller) callers;
    int n_callers;
    bool closing;
    void (*closed)(void *context);
    void *closed_context;
};

static void on_frame(void *owner, const uint8_t *bytes, size_t len)
{
    struct caller *caller = owner;
    const struct agent_port_options *options = &caller->port->options;
    struct agent_call *call;

    if (caller->asked) {
        conn_end(caller->conn, ERR_INVALID, "one order for each connection");
        return;
    }
    caller->asked = true;
    call = caller->call = mem_zalloc(1, sizeof *call);
    call->caller = caller;
    options->request(options->context, call, conn_session(caller->conn)->name, bytes, len);
}

static void on_ended(void *owner, int code, const char *why)
{
    struct caller *caller = owner;
    struct agent_port *port = caller->port;

    if (caller->call != NULL)
        caller->call->caller = NULL;
    LIST_REMOVE(caller, entry);
    port->n_callers--;
    if (!port->closing && code != 0 && code != ERR_UNAVAILABLE)
        log_line(port->options.log, LOG_LEVEL_WARN, "connection-refused", "%s: %s",
                 conn_address(caller->conn), why);
    mem_free(caller);
}

static void on_open(void *owner)
{
}

static int no_coordinator(const void *context, const char *name)
{
    return -1;
}

static void on_connection(uv_stream_t *server, int status)
{
    static const struct conn_events events = {on_open, on_frame, on_ended};
    struct agent_port *port = server->data;
    struct tls_session session = {.agent = true, .index_of = no_coordinator};
    struct caller *caller;
    struct err err;

    if (status != 0 || port->closing)
        return;
    caller = mem_zalloc(1, sizeof *caller);
    caller->port = port;
    caller->began_ms = uv_now(port->env.loop);
    LIST_INSERT_HEAD(&port->callers, caller, entry);
    port->n_callers++;
    caller->conn = conn_new(&port->env, port->tls, &session, &events, caller);
    if (conn_accept(caller->conn, server, &err) != 0)
        conn_end(caller->conn, ERR_UNAVAILABLE, err.text);
    else if (port->n_callers > CONNECTIONS_MAX)
        conn_end(caller->conn, ERR_LIMIT, "too many connections");
    else
        conn_start(caller->conn);
}

void agent_reply(struct agent_call *call, const uint8_t *bytes, size_t len)
{
    struct caller *caller = call->caller;

    if (caller != NULL) {
        caller->call = NULL;
        conn_send(caller->conn, NULL, 0, bytes, len);
    }
    mem_free(call);
}

static void on_tick(uv_timer_t *timer)
{
    struct agent_port *port = timer->data;
    uint64_t now = uv_now(port->env.loop);
    struct caller *caller, *next;

    for (caller = LIST_FIRST(&port->callers); caller != NULL; caller = next) {
        next = LIST_NEXT(caller, entry);
        if (conn_check(caller->conn, STALL_MS))
            continue;
        if (!conn_is_open(caller->conn)) {
            if (now - caller->began_ms > LIMIT_HANDSHAKE_MS)
                conn_end(caller->conn, ERR_TIMEOUT, "handshake takes too long");
        } else if (caller->call == NULL && now - conn_active_ms(caller->conn) > IDLE_MS) {
            conn_end(caller->conn, 0, "idle");
        }
    }
}

static void on_over(struct conn_env *env)
{
    struct agent_port *port = (struct agent_port *)((char *)env - offsetof(struct agent_port, env));
    void (*closed)(void *context) = port->closed;
    void *context = port->closed_context;

    conn_env_close(&port->env);
    tls_close(port->tls);
    mem_free(port);
    if (closed != NULL)
        closed(context);
}

static int open_tls(const struct agent_port_options *options, struct tls **tls, struct err *err)
{
    return tls_open(options->ca_file, options->cert_file, options->key_file, options->name,
                    LINK_AGENT, tls, err);
}

static int bind_to(struct agent_port *port, struct err *err)
{
    const struct agent_port_options *options = &port->options;
    union address address;
    int rc;

    if (address_parse(options->host, options->port, &address) != 0)
        return err_set(err, ERR_INVALID, "\"%s\" is not an address to listen on", options->host);
    rc = uv_tcp_bind(&port->listener, &address.any, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&port->listener, BACKLOG, on_connection);
    if (rc != 0)
        return err_set(err, ERR_IO, "TCP %s port %d: %s", options->host, options->port,
                       uv_strerror(rc));
    return 0;
}

int agent_port_open(const struct agent_port_options *options, struct agent_port **out,
                    struct err *err)
{
    struct agent_port *port = mem_zalloc(1, sizeof *port);
    int rc;

    port->options = *options;
    LIST_INIT(&port->callers);
    conn_env_open(&port->env, options->loop, on_over);
    CHECK(uv_tcp_init(options->loop, &port->listener) == 0);
    CHECK(uv_timer_init(options->loop, &port->tick) == 0);
    port->listener.data = port->tick.data = port;
    conn_env_hold(&port->env);
    conn_env_hold(&port->env);
    CHECK(uv_timer_start(&port->tick, on_tick, TICK_MS, TICK_MS) == 0);
    rc = open_tls(options, &port->tls, err);
    if (rc == 0)
        rc = bind_to(port, err);
    if (rc != 0) {
        agent_port_close(port, NULL, NULL);
        return rc;
    }
    *out = port;
    return 0;
}

int agent_port_reload(struct agent_port *port, struct err *err)
{
    struct tls *fresh;
    int rc = open_tls(&port->options, &fresh, err);

    if (rc != 0)
        return rc;
    tls_close(port->tls);
    port->tls = fresh;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct agent_port *port = handle->data;

    conn_env_release(&port->env);
}

void agent_port_close(struct agent_port *port, void (*closed)(void *context), void *context)
{
    CHECK(!port->closing);
    port->closing = true;
    port->closed = closed;
    port->closed_context = context;
    while (!LIST_EMPTY(&port->callers))
        conn_end(LIST_FIRST(&port->callers)->conn, 0, "closing");
    uv_close((uv_handle_t *)&port->listener, on_closed);
    uv_close((uv_handle_t *)&port->tick, on_closed);
}
