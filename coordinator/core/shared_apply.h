/* What shared.c hands to its neighbours: one function per kind of entry. Private to
 * the shared_*.c files. */
#ifndef CORE_SHARED_APPLY_H
#define CORE_SHARED_APPLY_H

#include "core/record.h"
#include "core/shared.h"

/* shared.c */
void shared_remember(struct shared *shared, const struct entry *entry, uint64_t index,
                     enum command_result result, const char *text);
/* shared_config.c */
void apply_config(struct recorder *r, struct entry *entry);
/* shared_route.c */
void apply_intent(struct recorder *r);
void apply_act(struct recorder *r);
void apply_outcome(struct recorder *r);
void apply_verified(struct recorder *r);
void apply_refused(struct recorder *r);
void apply_holding(struct recorder *r);
/* shared_operator.c */
/* The command is answered so, and a line says it; `subject`: what it was about, or NULL. */
void operator_refused(struct recorder *r, const char *subject, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void apply_pause(struct recorder *r);
void apply_drain(struct recorder *r);
void apply_handover(struct recorder *r);
void apply_led(struct recorder *r); /* a leader's term began: was it the chosen one's? */
/* shared_incident.c */
void apply_incident(struct recorder *r);
void apply_acknowledged(struct recorder *r);
void apply_post(struct recorder *r);
/* shared_notice.c */
void apply_notice(struct recorder *r);
void apply_trouble(struct recorder *r);
/* shared_raise.c */
/* An operator looks after the outage (seq of the line that opened it): what tells of it
 * escalates no further. */
void notice_acknowledge(struct recorder *r, uint64_t outage);
/* A configuration takes the place of the old one, which is still in force: notices follow the
 * names of their rules and receivers. */
void notices_follow(struct recorder *r, const struct model *model);
/* From this entry on there are notices. */
void notices_enabled(struct shared *shared);
/* For another one. When the list is full, the oldest that has only silent receivers left is given
 * up for it. */
bool notices_have_room(struct recorder *r);
/* Those that need nothing any more are forgotten. */
void notices_settle(struct shared *shared);
/* shared_account.c */
void apply_window(struct recorder *r);
void account_functions(struct recorder *r);
/* Between an unplanned move's intent and its verification. */
bool route_moving(const struct route_state *state);
int function_spare(const struct function *f); /* of its checks may be down, so many */
/* shared_journal.c */
void apply_journal(struct recorder *r);

#endif
