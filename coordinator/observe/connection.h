/* An open connection to what a check looks at. Nothing is said on it; when it breaks, which a
 * process's end does at once, the owner is told. That is no evidence: a server may close what is
 * idle. One connection, without keep-alive; a new one after a pause that grows up to half a
 * minute while they do not last, and after a minute in any case, because one that its machine
 * has forgotten never breaks. Loop thread only. */
#ifndef OBSERVE_CONNECTION_H
#define OBSERVE_CONNECTION_H

#include "core/model/model.h"

#include <uv.h>

struct connection;

/* `broke` never comes from inside a call of this header. `check` (tcp, http) must outlive it. */
struct connection *connection_open(uv_loop_t *loop, const struct check *check,
                                   void (*broke)(void *context), void *context);
/* `closed` when its memory is gone. May be called from inside `broke`. */
void connection_close(struct connection *connection, void (*closed)(void *context));

#endif
