/* One DNS query for A records, over UDP, from a socket of its own. */
#ifndef TOOLS_QUERY_H
#define TOOLS_QUERY_H

#include <netinet/in.h>
#include <uv.h>

#define QUERY_ADDRESSES 16

struct query;

/* `n` is 0 when the server says that there is none, or refuses. */
typedef void query_done(void *context, const struct in_addr *addresses, int n);

/* `done` comes once, never from inside this call, unless stopped before; not at all when
 * no answer comes: the owner keeps the time. NULL when nothing could be sent. */
struct query *query_start(uv_loop_t *loop, const struct sockaddr *server, const char *name,
                          query_done *done, void *context);
/* No `done` after this. */
void query_stop(struct query *query);

#endif
