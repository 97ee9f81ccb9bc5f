/* One DNS request and its answer: over a connected UDP socket with a port of its own,
 * sent again while nothing comes; over TCP when it is long or the answer was truncated.
 * Inside a call of act/call.h, whose deadline ends it. */
#ifndef ACT_DNS_ASK_H
#define ACT_DNS_ASK_H

#include "act/call.h"
#include "act/dns_message.h"

struct dns_ask;

/* An answer's bytes. Return true when it is one: the request is over then and must not
 * be stopped any more. False: go on waiting (over TCP there is nothing more to wait for,
 * and the call fails). */
typedef bool dns_answered(struct call *call, int slot, const uint8_t *wire, size_t len);

/* `request` must stay until the answer or dns_ask_stop(). NULL: the call is finished. */
struct dns_ask *dns_ask(struct call *call, const struct sockaddr_storage *server,
                        const struct dns_request *request, dns_answered *answered, int slot);
/* Frees it when libuv has let go of its handles; NULL is fine. */
void dns_ask_stop(struct dns_ask *ask);

#endif
