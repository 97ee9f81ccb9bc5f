/* kirikae-helper: the small privileged process beside kirikaed that holds what exclusive routes
 * need on this server, and fences at the deadline whatever became of the daemon (protocol.md,
 * Fence). When, core/failover/holding.h decides; this does it.
 *
 *   main.c      the file, rights and priorities
 *   helper.c    sockets and time: what comes in, and what is due
 *   place.c     one route: its addresses and hooks, up and down
 *   address.c   addresses by rtnetlink; announce.c: tells the neighbours
 *   hook.c      one run of a hook
 *
 * One thread; nothing in it waits but the kernel's own calls. */
#ifndef HELPER_HELPER_H
#define HELPER_HELPER_H

#include "base/log.h"
#include "helper/address.h"
#include "helper/hook.h"
#include "wire/holding.h"

struct helper;

struct place {
    struct helper *helper;
    const struct helper_route *route;
    struct holding holding;
    char candidate[LIMIT_NAME];
    /* Bits: what the daemon wants of it. */
    uint32_t addresses, hooks;
    uint32_t addresses_left, hooks_left; /* bits: what could not be brought down */
    int64_t again_ms;                    /* then it is tried again; INT64_MAX: nothing is left */
    struct hook_run runs[HELPER_HOOKS];
    bool failed;         /* a hook of this start, or stop, did not do it */
    bool up;             /* as last told */
    int announced;       /* times since it came up */
    int64_t announce_ms; /* next, boot; INT64_MAX: none */
    int64_t renew_ms;
    int64_t check_ms[HELPER_HOOKS];
};

struct helper {
    struct helper_config config;
    struct log *log;
    struct netlink *netlink;
    struct place *places; /* one for each route */
    int listening, timer, signals;
    uid_t user; /* who may connect, besides root */
    int daemon; /* its connection; -1 */
    bool ends;
};

/* helper.c. Fences all that the file names before anybody can connect. */
int helper_open(struct helper *helper, struct err *err);
/* Until a signal ends it: everything is fenced then. */
void helper_run(struct helper *helper);
void helper_close(struct helper *helper);
/* To the daemon, if there is one. */
void helper_tell(struct helper *helper, const struct holding_message *message);

/* place.c */
void place_begin(struct place *place, int64_t now_ms);
void place_hold(struct place *place, const struct holding_message *message, int64_t now_ms);
/* Who asks what could be held, and may not, is told why instead of that nothing is up. */
void place_release(struct place *place, const struct holding_message *message, int64_t now_ms);
void place_lost(struct place *place, int64_t now_ms);
void place_tick(struct place *place, int64_t now_ms);
void place_hook_ended(struct place *place, int hook, int64_t now_ms);
int64_t place_next_ms(const struct place *place);
bool place_is_down(const struct place *place);

#endif
