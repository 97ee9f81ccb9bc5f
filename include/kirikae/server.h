/* libkirikae for software that runs on a server of the cluster: it says how it is, and asks
 * whether it is the active one. Both are asked of the node of its own server alone
 * (kirikae_load_node(), or kirikae_prefer()), as that node (its certificate), as an operator or
 * as an admin. Rules of client.h hold: calls block, one handle is for one thread at a time,
 * texts are UTF-8 and are copied.
 *
 *   for (;;) {                                         // more often than the check's ttl
 *       kirikae_report(k, "calls", works() ? KIRIKAE_OK : KIRIKAE_FAILING, why(), 500);
 *       sleep_ms(500);
 *   } */
#ifndef KIRIKAE_SERVER_H
#define KIRIKAE_SERVER_H

#include "kirikae/client.h"

#ifdef __cplusplus
extern "C" {
#endif

enum kirikae_health { KIRIKAE_OK, KIRIKAE_FAILING };

/* Says how this server's function is, for a check that the configuration has as `report: {name:
 * NAME, ttl: TTL}`. `check`: "NAME", or the check's whole name "calls@voice-1". A failing report
 * counts at once with every observer; one that is not renewed within the ttl counts as failing
 * too. Before the first report the check is unknown, which moves nothing. `text` goes into the
 * node's log when the state changes; NULL: none. At most 20 a second of one server.
 * KIRIKAE_USAGE: there is no such check. KIRIKAE_REFUSED: not this certificate's to say, or too
 * many. KIRIKAE_UNREACHABLE: the node does not answer within `deadline_ms`; report again. */
enum kirikae_result kirikae_report(struct kirikae *k, const char *check, enum kirikae_health health,
                                   const char *text, int deadline_ms);

/* Until when may this server serve `route`? *epoch: of the placement that the node knows.
 * *until_ms: by kirikae_now_ms() of this machine; 0: not now, and so after every error. There is
 * no yes: whoever acts compares with the clock right before, and stops when it is over, without
 * asking. Ask again well before; the epoch tells one turn from the next.
 *
 * Exclusive routes: a promise. Nobody else is let serve before *until_ms has passed, whatever
 * the node, the leader or the network does; but a machine whose boot clock is stopped from
 * outside (a paused virtual machine) finds it over only afterwards.
 * Available routes: no promise, the node's knowledge: this server is in the committed placement,
 * and the node hears most others. Two servers may both read so for a moment around a move. */
enum kirikae_result kirikae_active(struct kirikae *k, const char *route, unsigned *epoch,
                                   long long *until_ms, int deadline_ms);

/* Milliseconds on this machine's boot clock (CLOCK_BOOTTIME). */
long long kirikae_now_ms(void);

#ifdef __cplusplus
}
#endif

#endif
