/* The way to kirikae-agent: one connection for each order, mutual TLS like the nodes' own
 * port, ALPN "kirikae-agent/1", one frame there, one frame back. The agent shows OU=agent
 * and the CN that the dialler meant; whoever orders shows OU=node. Loop thread only. */
#ifndef LINK_AGENT_H
#define LINK_AGENT_H

#include "link/link.h"

#include <sys/socket.h>

/* ---- a node's side ---- */

struct link_order;
/* code 0 with the answer; else `why` in words: ERR_UNAVAILABLE (not reached, or lost: the
 * order may have been carried out), ERR_DENIED, ERR_LIMIT. Borrowed. */
typedef void link_ordered(void *context, int code, const char *why, const uint8_t *bytes,
                          size_t len);

/* `done` comes once, from the loop, unless cancelled; link_close() brings it too. The caller
 * keeps the time. NULL with the text: it cannot even begin. */
struct link_order *link_order(struct link *link, const char *agent, const struct sockaddr *address,
                              const uint8_t *bytes, size_t len, link_ordered *done, void *context,
                              struct err *err);
/* Before `done` only. */
void link_order_cancel(struct link_order *order);

/* ---- the agent's side ---- */

struct agent_port;
struct agent_call; /* an order that waits for its answer */

/* `node`: the caller's certificate. Answer it once with agent_reply(), now or later. */
typedef void agent_request(void *context, struct agent_call *call, const char *node,
                           const uint8_t *bytes, size_t len);

struct agent_port_options {
    uv_loop_t *loop;
    const char *name; /* the certificate's CN */
    const char *host; /* a literal address */
    int port;
    const char *ca_file, *cert_file, *key_file; /* outlive the port, like `name` */
    struct log *log;
    agent_request *request;
    void *context;
};
/* After an error the loop must run once more to let go of the handles. */
int agent_port_open(const struct agent_port_options *options, struct agent_port **port,
                    struct err *err);
int agent_port_reload(struct agent_port *port, struct err *err); /* as link_reload() */
void agent_reply(struct agent_call *call, const uint8_t *bytes, size_t len);
/* Calls that wait must still be answered; to nobody. */
void agent_port_close(struct agent_port *port, void (*closed)(void *context), void *context);

#endif
