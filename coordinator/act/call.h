/* Inside act/: one call under way, and what a driver must offer. A driver keeps its
 * state in `call->state`, counts every libuv handle or request it has open with
 * call_hold()/call_release(), and ends with call_finish() or call_fail(): the first of
 * these wins, later ones are ignored. Nothing is freed before the last release, so a
 * driver may end a call from any callback; it only must return afterwards and look at
 * `call->finished` in callbacks that libuv still owes it. Loop thread only. */
#ifndef ACT_CALL_H
#define ACT_CALL_H

#include "act/act.h"

struct call;
typedef void call_step(struct call *call);

struct driver {
    void (*start)(struct call *call);
    void (*stop)(struct call *call); /* close every handle; may be called right after start */
    void (*free)(struct call *call); /* after the last release */
};
extern const struct driver driver_haproxy, driver_dns, driver_agent;

struct call {
    struct act *act;
    uv_loop_t *loop;
    struct link *link;
    struct act_order order;
    const struct route *route;
    const struct actuator *actuator;
    const struct candidate *candidate;
    const struct driver *driver; /* NULL: never started */
    void *state;
    const char *doing;     /* names the phase in the text of a time-out */
    char note[LIMIT_TEXT]; /* what went wrong on the way without ending the call */
    bool seen, finished;
    int64_t token_ms; /* of act_may: ACT_NO_TOKEN before the first */
    struct act_result result;

    uv_timer_t deadline, again;
    call_step *then; /* waits for leave */
    int64_t start_ms;
    int held;
    act_done *done;
    void *context;
    struct call *next;
};

void call_hold(struct call *call);
void call_release(struct call *call);
void call_finish(struct call *call, int code);
void call_fail(struct call *call, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The actuator has given a token: leave for it is asked for, so that it is there soon. False:
 * the call is finished. */
bool call_token(struct call *call);
/* Right before what takes effect under the token: goes on with `then`, at once or later, when
 * there is leave. Else the call ends. */
void call_when_may(struct call *call, call_step *then);
/* The same where the actuator itself compares and sets. False: the call is finished. */
bool call_may(struct call *call);

/* What the actuator says now: <0 older than the order, 0 the same, >0 newer, and then
 * the call is finished with ERR_STALE. The first one read goes into the result. */
int call_compare(struct call *call, uint32_t epoch, uint32_t step);

#endif
