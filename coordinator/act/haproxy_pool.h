/* The servers of a route's backends: as HAProxy has them, as the order wants them, and the
 * commands between the two. Computation only, inside a call of act/call.h.
 *
 * In the backend that is to serve every server is commanded: ready, drain or maint. In the
 * route's other backends `drain` alone is ours: set for who may finish, and ended after that.
 * Maint there is somebody else's and stays. */
#ifndef ACT_HAPROXY_POOL_H
#define ACT_HAPROXY_POOL_H

#include "act/call.h"
#include "act/haproxy_text.h"
#include "base/buf.h"

/* A weight, and a state, of each of the serving backend; a state of each other. */
#define HAPROXY_POOL_COMMANDS ((LIMIT_CANDIDATES + 1) * LIMIT_SERVERS)

/* By candidate and member, as looked at last. */
struct haproxy_pool {
    struct haproxy_server servers[LIMIT_CANDIDATES][LIMIT_SERVERS];
};

/* The backend's name. */
const char *haproxy_backend(const struct candidate *candidate);
/* Takes the answer to `show servers state BACKEND`. A backend or server that HAProxy does not
 * have is an error only where it is to serve. */
int haproxy_pool_read(const struct call *call, struct haproxy_pool *pool, int candidate,
                      const char *answer, struct err *err);
bool haproxy_pool_right(const struct call *call, const struct haproxy_pool *pool);
/* Appends what makes it right, servers that become ready first; how many. */
int haproxy_pool_commands(const struct call *call, const struct haproxy_pool *pool,
                          struct buf *commands);
/* Which servers of the serving backend are out of it, or in it, though not by this order: that
 * is another's work where HAProxy has obeyed the order before. Empty: none. */
void haproxy_pool_found(const struct call *call, const struct haproxy_pool *pool, char *text,
                        size_t size);

#endif
