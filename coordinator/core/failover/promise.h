/* Grants of exclusive routes (protocol.md, Grant and Move). Pure arithmetic on what
 * beats said; no Raft leadership, no terms.
 *
 *   A holder serves until D = t_n + L_h: n is the newest of its own beats that a
 *   majority of voters echoed while saying clear, t_n when it was *sent*.
 *   A mover acts when, over a majority Q of voters that store the intent,
 *   now >= max over Q of (rx_v - age_v) + L_s,  L_s = (L_h + F)(1 + rho)/(1 - rho) + 2 ms.
 *
 * This node takes only those into Q that have applied it: a stored intent may be another
 * one, which the log takes back.
 * A voter that stores the intent never says clear again for the old epoch, so any
 * majority that renews the holder and any that lets the mover act share a voter, whose
 * newest beat of the holder is older than L_s: the holder's D, and its fence, are over. */
#ifndef CORE_FAILOVER_PROMISE_H
#define CORE_FAILOVER_PROMISE_H

#include "core/model/model.h"

#include <stdbool.h>
#include <stdint.h>

#define PROMISE_RHO_PERCENT 1 /* bound on the drift between two clocks' rates */

/* L_s in ms, rounded up. */
int64_t promise_wait_ms(const struct timing *timing);

/* The sent times of this node's newest beats. */
#define PROMISE_RING 64
struct sent_beats {
    uint64_t newest; /* number; 0: none yet */
    int64_t sent_ms[PROMISE_RING];
};
void promise_sent(struct sent_beats *sent, uint64_t number, int64_t now_ms);

/* `echoed[i]`: newest number of ours that voter i named while clear for our epoch, 0
 * none; our own vote is `newest` when we are a voter and clear. Returns D on the boot
 * clock, 0 when there is no grant. */
int64_t promise_deadline(const struct sent_beats *sent, const uint64_t *echoed, int n_voters,
                         int majority, const struct timing *timing);

/* What a voter that stores the intent reported of one holder. */
struct report {
    bool stored;      /* it stores the intent */
    int64_t heard_ms; /* rx - age: when, on our clock, it had last received the holder's beat
                       * (or had started, if that is later) */
};
/* True when a majority stores the intent and the wait is over for a majority of these. */
bool promise_over(const struct report *reports, int n_voters, int majority,
                  const struct timing *timing, int64_t now_ms);

#endif
