/* A node's side of an agent's port. */
#include "base/check.h"
#include "base/mem.h"
#include "link/agent.h"
#include "link/inside.h"

#include <string.h>

struct link_order {
    LIST_ENTRY(link_order) entry;
    struct conn *conn;
    char agent[LIMIT_NAME];
    struct buf bytes;
    link_ordered *done; /* NULL: cancelled, or answered */
    void *context;
};

static void finish(struct link_order *order, int code, const char *why, const uint8_t *bytes,
                   size_t len)
{
    link_ordered *done = order->done;

    order->done = NULL;
    if (done != NULL)
        done(order->context, code, why, bytes, len);
}

static void on_open(void *owner)
{
    struct link_order *order = owner;
    int rc = conn_send(order->conn, NULL, 0, order->bytes.data, order->bytes.len);

    if (rc != 0)
        conn_end(order->conn, rc, "the order cannot be sent");
}

static void on_frame(void *owner, const uint8_t *bytes, size_t len)
{
    struct link_order *order = owner;

    finish(order, 0, "", bytes, len);
    conn_end(order->conn, 0, "answered");
}

static void on_ended(void *owner, int code, const char *why)
{
    struct link_order *order = owner;

    LIST_REMOVE(order, entry);
    finish(order, code != 0 ? code : ERR_UNAVAILABLE, why, NULL, 0);
    buf_free(&order->bytes);
    mem_free(order);
}

static int no_coordinator(const void *context, const char *name)
{
    return -1;
}

struct link_order *link_order(struct link *link, const char *agent, const struct sockaddr *address,
                              const uint8_t *bytes, size_t len, link_ordered *done, void *context,
                              struct err *err)
{
    static const struct conn_events events = {on_open, on_frame, on_ended};
    struct link_order *order = mem_zalloc(1, sizeof *order);
    struct tls_session session = {
        .kind = TLS_AGENT, .want_name = order->agent, .index_of = no_coordinator};
    union address to = {0}, from = link->bind;
    bool bound;

    CHECK(!link->closing && strlen(agent) < sizeof order->agent);
    memcpy(order->agent, agent, strlen(agent) + 1);
    memcpy(&to, address, address->sa_family == AF_INET6 ? sizeof to.v6 : sizeof to.v4);
    bound = !address_is_any(&from) && from.any.sa_family == to.any.sa_family;
    from.v4.sin_port = 0; /* at the same place in sockaddr_in6 */
    order->context = context;
    buf_append(&order->bytes, bytes, len);
    LIST_INSERT_HEAD(&link->orders, order, entry);
    order->conn = conn_new(&link->env, link->tls, &session, &events, order);
    if (conn_connect(order->conn, &to, bound ? &from : NULL, err) != 0) {
        conn_end(order->conn, ERR_UNAVAILABLE, err->text);
        return NULL;
    }
    order->done = done;
    return order;
}

void link_order_cancel(struct link_order *order)
{
    order->done = NULL;
    conn_end(order->conn, 0, "given up");
}

void link_orders_close(struct link *link)
{
    struct link_order *order, *next;

    for (order = LIST_FIRST(&link->orders); order != NULL; order = next) {
        next = LIST_NEXT(order, entry);
        conn_end(order->conn, ERR_UNAVAILABLE, "closing");
    }
}
