/* Ledger lines: one function per kind of line (proto/README.md has the table). Each
 * writes the canonical JSON, appends its leaf to the tree of the shared state and
 * emits the line. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "core/shared.h"

struct recorder {
    struct shared *shared;
    const struct entry *entry; /* that is being applied */
    uint64_t index;
    ledger_emit *emit; /* may be NULL: only the tree grows */
    void *context;
    /* Edges of the recovery that this entry tells of (an "up" verdict); UTC_NONE. */
    int64_t first_good_ms, last_fail_ms;
};

/* shared_raise.c: a line was written that somebody may have to be told of. */
void notice_raise(struct recorder *r, const struct news *news);

void record_config(struct recorder *r, const uint8_t sha256[32]);
/* The contract that is in force, and what the status page shows. */
void record_contract(struct recorder *r);
/* All that such a line promises, as a text to compare. */
void record_promises(const struct shared *shared, struct buf *out);
void record_leader(struct recorder *r);
void record_node(struct recorder *r);
void record_member(struct recorder *r);
void record_verdict(struct recorder *r, enum verdict was, const struct check_state *state);
/* `left`: the members placed before. */
void record_intent(struct recorder *r, server_set left, bool move);
void record_act(struct recorder *r);
void record_outcome(struct recorder *r, const char *type);
/* `move`: to another candidate, for the first time; else the same one's pool, or it was told
 * again. */
void record_verified(struct recorder *r, int64_t took_ms, bool move);
void record_holding(struct recorder *r);
/* type: blocked, unblocked, held */
void record_standing(struct recorder *r, const char *type);
void record_refused(struct recorder *r);
/* Returns the outage's id. */
uint64_t record_outage_open(struct recorder *r, int function, const struct function_state *state,
                            uint64_t evidence);
/* It is none: the callers were served. */
void record_outage_disputed(struct recorder *r, int function, const struct function_state *state);
void record_outage_close(struct recorder *r, int function, const struct function_state *state,
                         int64_t end_ms, int64_t last_fail_ms);
/* type: added, extended (by what `window` says), ended */
void record_window(struct recorder *r, const struct window_state *window, const char *type);
void record_coverage(struct recorder *r);
uint64_t record_unmonitored_open(struct recorder *r, int function);
void record_unmonitored_close(struct recorder *r, int function, uint64_t id, int64_t start_ms,
                              int64_t end_ms);
/* record_journal.c: a time without a quorum, as ENTRY_JOURNAL tells it */
void record_no_quorum(struct recorder *r);
/* A check was down in it, or too few could tell; an exclusive route was not served by a server
 * placed, or it does not say. */
void record_span(struct recorder *r, const struct journal_span *span);
/* An outage that is in the ledger began earlier than its line says. */
void record_outage_extended(struct recorder *r, int function, uint64_t outage, int64_t start_ms,
                            int64_t last_good_ms);
/* record_notice.c */
/* `step`: of the rule; -1: another attempt. */
void record_notice_intent(struct recorder *r, const struct notice_state *notice,
                          const struct delivery *delivery, int step);
void record_notice_accepted(struct recorder *r, const struct notice_state *notice,
                            const struct delivery *delivery);
/* Next attempt at delivery->due_ms, unless it is given up. */
void record_notice_failed(struct recorder *r, const struct notice_state *notice,
                          const struct delivery *delivery);
void record_notice_given_up(struct recorder *r, const struct notice_state *notice,
                            const struct delivery *delivery);
void record_notice_otherwise(struct recorder *r, const struct notice_state *notice,
                             const struct delivery *delivery, int to);
void record_notice_dropped(struct recorder *r, const struct notice_state *notice);
/* Return the line's seq. */
uint64_t record_notice_test(struct recorder *r);
uint64_t record_lasting(struct recorder *r, int function, int rule);
void record_begun(struct recorder *r, const struct window_state *window);
void record_over(struct recorder *r, const struct window_state *window);
void record_certificate(struct recorder *r);
void record_security(struct recorder *r);
void record_clock(struct recorder *r);
void record_features(struct recorder *r, uint32_t was); /* the level before */
/* Operators' verbs. `pause` is what holds now. */
void record_pause(struct recorder *r, const struct pause *pause);
/* type: drained, undrained */
void record_drain(struct recorder *r, const char *type);
/* type: handover, handover-failed */
void record_handover(struct recorder *r, const char *type);
/* What an operator says of an outage: severity or cause amended, or a note. */
void record_incident(struct recorder *r);
void record_acknowledged(struct recorder *r);
void record_post(struct recorder *r);
/* `subject`: the route, server, window or outage that it was about. */
void record_operator_refused(struct recorder *r, const char *subject, const char *why);

#endif
