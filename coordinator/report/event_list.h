/* A plain list of what happened -> a history: months from before kirikae was installed, and
 * what-if questions. One JSON object a line, blank lines and a UTF-8 signature are passed over:
 *
 *   {"type":"outage","id":"o1","functions":["calling"],"start":"2026-11-10T00:00:00+09:00",
 *    "end":null,"last_good":..,"last_fail":..,"recognised":..,"repaired":..,
 *    "severity":"emergency","cause":"provider","notified":[{"channel":"mail","at":..}]}
 *   {"type":"maintenance","id":"m1","functions":[..],"kind":"regular","announced":..,
 *    "start":..,"end":..,"finished":null}
 *   {"type":"unmonitored","functions":[..],"start":..,"end":..}
 *   {"type":"amendment","id":"a1","of":"o1","at":..,"set":{"cause":"attack"}}
 *
 * Times are RFC 3339 with an offset, to the millisecond. A key that is absent is null, a list that
 * is absent is empty; unknown keys are errors, and so are repeated ones. Lines come in any order.
 * Outages and maintenance share their ids, amendments have theirs. Pure. */
#ifndef REPORT_EVENT_LIST_H
#define REPORT_EVENT_LIST_H

#include "base/err.h"
#include "core/account/history.h"

#include <stddef.h>

#define EVENT_LIST_LINE_MAX (64 << 10) /* bytes of a line without its newline */
#define EVENT_LIST_LINES_MAX 1000000
#define EVENT_LIST_NOTICES_MAX 1000000

struct event_list;

/* Functions are the contract's. `file` is for messages; both must live as long. */
struct event_list *event_list_new(const struct contract *contract, const char *file);
void event_list_free(struct event_list *list); /* NULL is fine */

/* The next line, without its newline. ERR_INVALID or ERR_LIMIT with file, line, field and what
 * was expected; then the list is of no more use. */
int event_list_line(struct event_list *list, const char *line, size_t len, struct err *err);
/* That was all: are ids unique, and amendments those of outages? The history, each list of it by
 * start, belongs to the list. */
int event_list_end(struct event_list *list, struct history **history, struct err *err);

#endif
