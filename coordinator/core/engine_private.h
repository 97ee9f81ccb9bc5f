/* The engine's inside, shared by the engine_*.c files only. */
#ifndef CORE_ENGINE_PRIVATE_H
#define CORE_ENGINE_PRIVATE_H

#include "base/prng.h"
#include "core/account/zone.h"
#include "core/detect/count.h"
#include "core/detect/detector.h"
#include "core/detect/journal.h"
#include "core/detect/sensor.h"
#include "core/engine.h"
#include "core/failover/outbox.h"
#include "core/failover/promise.h"
#include "core/failover/rules.h"

/* One observer's newest word on one check, on this node's boot clock. */
struct cell {
    uint8_t opinion, reason;
    int64_t arrived_ms; /* BOOT_NEVER */
    int64_t ended_ms;   /* of the newest probe */
    int64_t fail_ms, good_ms;
};

/* What this node keeps of a check besides the cells. */
struct watch {
    struct sensor sensor;
    server_set assigned;
    bool first;    /* of a server that a route may move to or from: in every beat */
    uint8_t news;  /* beats that are still to say what changed */
    uint64_t told; /* number of the newest beat that said it */
    int64_t confirm_until_ms, confirm_next_ms; /* a confirmation round runs; 0: none */
    bool brief;                                /* it is a hint's */
    int64_t rest_ms;                           /* no other whole round before */
    int64_t odd_ms;   /* since when coverage differs from the committed fact; 0: it does not */
    int64_t split_ms; /* since when the leader counts some that fail it, too few; 0: it does not */
    bool dirty;       /* a ballot changed since the leader last counted */
    /* CHECK_REPORT: the newest word of the target's software, by itself or by its beats. */
    enum report_state word;
    int64_t word_ms;  /* when it was said; BOOT_NEVER */
    int64_t hint_ms;  /* newest hint; BOOT_NEVER */
    uint8_t hinting;  /* of this server: beats that are still to say so */
    uint32_t run;     /* in the journal; 0: it is up */
    uint32_t took_ms; /* the newest probe; AGE_NEVER */
    uint64_t failures;
};

struct peer {
    struct detector detector;
    uint64_t boot, number; /* of its newest beat */
    int64_t boot_ms;       /* when the first beat of that boot arrived */
    int64_t rx_ms;         /* when that arrived; BOOT_NEVER */
    int64_t met_ms;        /* newest that echoed a recent one of mine; BOOT_NEVER */
    uint64_t term, applied;
    uint32_t config_version;
    uint32_t level; /* newest feature level that it knows */
    /* Its clock: how far it is ahead of this node's boot clock (UTC_NONE: not known); steps as
     * it says, and what of them is in the ledger, since when (the entry was asked for). */
    int64_t utc_ahead_ms;
    uint32_t steps, steps_recorded;
    int64_t stepped_ms, stepped_recorded_ms;
    int64_t steps_ms;
    int64_t certificate_ms; /* UTC: its end; UTC_NONE: not said */
    bool leader, abstain, leaving;
    uint64_t led_term; /* newest in which it said that it leads */
    server_set heard;
    struct echo echo_of_me;
    struct echo echoes[LIMIT_SERVERS];
    int n_clears;
    struct clear clears[LIMIT_ROUTES];
    uint64_t granted[LIMIT_ROUTES];       /* newest beat of mine it named while clear for … */
    uint32_t granted_epoch[LIMIT_ROUTES]; /* … this epoch */
    /* Connections that its port refused since its start: as it says, and how many of
     * these are in the ledger, since when (the entry was asked for). */
    uint32_t refused, refused_recorded;
    int64_t refused_ms;
    int64_t odd_ms; /* since when silence differs from the committed fact; 0 */
};

/* A proposal whose fate is not known yet: nothing is proposed twice at once. */
struct pending {
    uint64_t number;
    enum entry_kind kind;
    int key;
};
#define ENGINE_PENDING_MAX 512
/* Of them for what moves routes and answers operators: ten thousand verdicts at once must
 * not keep one failover waiting. */
#define ENGINE_PENDING_SPARE 128

/* Key of ENTRY_INTENT for what changes a route's pool: a move need not wait for it. */
#define INTENT_POOL(route) (LIMIT_ROUTES + (route))
/* Between hints of one check: what flaps is probed like anything else. */
#define HINT_REST_MS 1000

/* An operator's command that waits: for a decision of its route that is under way, to be
 * looked at then; or for what it began to be applied, or verified. */
struct waiter {
    struct command command;
    bool undecided;
    uint32_t config_version; /* that the command's indices refer to */
    int64_t deadline_ms;
};
#define ENGINE_WAITERS_MAX 64

/* What this node's helper was told of an exclusive route, and what it said. */
struct holder {
    uint32_t told_epoch; /* newest grant; 0: none by this start */
    int64_t told_ms;     /* … until then (boot) */
    uint32_t over_told;  /* newest epoch that it was told to let go of */
    uint32_t over;       /* … and has */
    uint32_t held_epoch; /* it says that it holds; 0: it does not */
    int64_t held_ms;     /* … and said so last */
    bool heard;          /* it answers: what it is told to hold it may hold */
};

/* An attempt to tell a receiver that an intent has given to this start of this node. */
struct telling {
    uint64_t notice;
    int asked;    /* receiver, as ordered … */
    int receiver; /* … and by the configuration in force; -1: it is gone */
    uint32_t attempt;
    bool done, accepted, unsure;
    int64_t done_ms;
    char text[LIMIT_RECEIPT_TEXT];
};

/* The quorum is lost: what this node has told of it. */
struct lost_delivery {
    uint32_t attempt;
    bool accepted, unsure;
    int64_t due_ms;
};
struct quorum_lost {
    bool on;
    int64_t since_utc_ms;
    uint64_t index; /* applied then, and … */
    int64_t time_ms;
    receiver_set receivers;
    struct lost_delivery deliveries[LIMIT_RECEIVERS];
};

/* What others told of a time without a quorum. */
struct told {
    struct journal *journal; /* owned; NULL: nothing yet. On this node's boot clock */
    uint32_t first, newest;  /* of its runs */
    int64_t knew_ms;         /* it last knew of a majority before that; BOOT_NEVER */
    uint64_t boot;           /* of who told it */
};

/* What this leader has still to find out of the time before its term. */
struct gap_account {
    int64_t since_ms; /* it leads */
    uint64_t index;   /* of its own */
    bool proposed;    /* what it makes of it */
    server_set placed[LIMIT_ROUTES];
    struct told told[LIMIT_SERVERS];
};

struct engine {
    int self;
    uint64_t boot;
    uint32_t level; /* newest feature level that this program knows */
    struct prng prng;
    struct shared *shared;
    struct model *local_model;
    uint8_t *local_yaml;
    uint32_t local_yaml_len;
    const struct model *model; /* in force */
    int64_t model_ms;          /* since when */

    /* What waits for a time. Whatever event comes then, or after it, finds it due. */
    int64_t started_ms, stepped_ms;
    int64_t tick_ms;    /* a peer may be silent by then, or this node stand for election */
    int64_t confirm_ms; /* next confirming probe, or end of a round; INT64_MAX: none runs */
    int64_t swept_ms;   /* when the leader last went over all that time alone may change */
    bool odd;           /* it found something, or something happened since: soon again */
    int64_t routes_ms;  /* the leader looks at its routes then … */
    bool routes_busy;   /* … or at every event */
    int64_t started_utc_ms;
    bool clock_off;                  /* it was said that this node's UTC is */
    int64_t timed_ms;                /* when the newest entry's time was applied here */
    int64_t failed_ms[LIMIT_ROUTES]; /* since when the active candidate is failed; 0: it is not */
    uint32_t failed_epoch[LIMIT_ROUTES]; /* … of this placement */
    int64_t served_ms[LIMIT_ROUTES];     /* when its callers were last found served in a dispute */
    uint64_t moved_index[LIMIT_ROUTES];  /* its newest move … */
    int64_t moved_ms[LIMIT_ROUTES];      /* … was applied here then */
    /* Since when a candidate is ready; 0: it is not, or never goes back by itself. */
    int64_t ready_ms[LIMIT_ROUTES][LIMIT_CANDIDATES];
    struct zone *zone;             /* owned: of the contract; NULL: not known */
    int64_t pool_ms[LIMIT_ROUTES]; /* since when its pool differs; 0: it does not */
    bool foreign;                  /* the file names other coordinators: told once */
    int64_t stood_ms;              /* boot: newest standstill that lasted a window ended; 0 */
    int64_t suspect_until_ms;      /* abstain: this node stood still */
    int64_t behind_until_ms;       /* … for a lease: it has much to read */

    struct watch *watches; /* model order */
    struct cell *cells;    /* check * n_coordinators + observer */
    struct peer peers[LIMIT_SERVERS];

    server_set heard;  /* this node, and whose detector is not silent */
    server_set voters; /* as of `model`, like `majority` */
    int majority;

    uint64_t beat_number;
    int64_t beat_ms, next_beat_ms;  /* newest, next */
    int64_t urgent_ms, hurried_ms;  /* next that asks or answers (INT64_MAX: none), newest */
    int64_t ask_ms, asked_ms;       /* the next from then on asks (INT64_MAX: none), newest */
    int room;                       /* votes that surely fit in a beat */
    int turn_failing, turn_passing; /* checks that come first in the next beat */
    int64_t round_ms;               /* every check has had its turn by then; 0: all in every beat */
    int confirming;                 /* rounds that run */
    uint8_t reports[LIMIT_SERVERS]; /* checks that each server's software reports */
    int hinting;                    /* checks with beats left to say so */
    bool dirty;                     /* of any watch */
    int swept;                      /* check that the leader looks at next */
    struct sent_beats sent;
    uint32_t stored_intent[LIMIT_ROUTES]; /* newest epoch in the log, committed or not */

    enum raft_role role;
    uint64_t term;
    int leader;
    int64_t led_ms;         /* since when this node leads; 0 */
    int64_t looks_ms;       /* … and since when it does so without having stood still; 0 */
    int leader_before;      /* who led before this one, by the log since this start; -1 */
    bool members_change;    /* of Raft, is under way */
    uint64_t barrier_term;  /* newest term for which ENTRY_LEADER was proposed */
    int64_t elect_ms;       /* stand for election then; 0: not planned */
    bool leader_silent;     /* as last told to Raft */
    int64_t transferred_ms; /* newest try to hand the leadership over; 0 */
    int64_t chosen_ms;      /* since when this leader knows an operator's choice; 0 */

    uint64_t exclusive, own; /* routes: a bit each, as of `model` */
    struct holder holders[LIMIT_ROUTES];
    int64_t former_ms; /* what the process before was granted is over then */
    int64_t stray_ms;  /* what routes that are gone were granted is over then */
    /* When a placed server was last known to serve an exclusive route; begins anew with every
     * epoch, and while nothing can be known. */
    int64_t seen_holding_ms[LIMIT_ROUTES][LIMIT_SERVERS];
    int64_t undenied_ms[LIMIT_ROUTES][LIMIT_SERVERS]; /* newest time at which it was not heard to
                                                         say that it does not */
    uint32_t seen_epoch[LIMIT_ROUTES];
    int64_t fence_until_ms[LIMIT_ROUTES]; /* this node may still be dropping what it served */
    int64_t fenced_ms;                    /* the latest of these */
    int64_t lent_ms[LIMIT_ROUTES];        /* what engine_lend() gave out: no fence begins before */
    uint64_t stored_index;                /* on this node's disk */
    bool votes;                           /* its log makes it a voter */
    bool leaving;                         /* it is being stopped */
    int64_t refused_until_ms;             /* Raft took a proposal not in: none is made before */
    uint64_t proposals;                   /* counted */
    struct pending pending[ENGINE_PENDING_MAX];
    int n_pending;
    struct outslot out[LIMIT_ROUTES][LIMIT_ACTUATORS];
    struct waiter waiters[ENGINE_WAITERS_MAX];
    int n_waiters;

    struct journal *journal; /* owned */
    uint32_t cut_off_run, idle_runs[LIMIT_ROUTES];
    int64_t knew_ms;             /* a majority was known to be able to commit; BOOT_NEVER */
    int64_t before_ms;           /* … before the terms whose past is still to be told */
    bool owed;                   /* … and it is */
    bool asked;                  /* by who leads now */
    uint64_t told_term;          /* newest term that was led, as far as is known here */
    uint32_t tell_turn;          /* run */
    struct gap_account *account; /* owned; NULL: this node does not lead, or owes nothing */

    int64_t notices_ms;       /* the leader looks at its notices then (boot); INT64_MAX: never */
    struct telling *tellings; /* owned */
    int n_tellings;
    unsigned tell_turn_notice; /* whose receipt the next beat has */
    bool restored;             /* a snapshot is new: does it name this node? */
    struct quorum_lost lost;

    struct counters counters;
};

/* engine.c */
struct effect *engine_add(struct effects *effects, enum effect_kind kind);
void engine_log(struct effects *effects, int level, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* An entry stamped by this leader, to be filled; NULL when (kind, key) is under way. */
struct entry *engine_propose(struct engine *engine, struct moment now, enum entry_kind kind,
                             int key, struct effects *effects);
bool engine_pending(const struct engine *engine, enum entry_kind kind, int key);
/* What ticks and sweeps go by has changed: the next ones come soon. Not at once, because
 * one beat that says something new seldom comes alone. */
void engine_wake(struct engine *engine, struct moment now);
/* Makes *due_ms no later than `by_ms`. */
static inline void engine_due(int64_t *due_ms, int64_t by_ms)
{
    if (by_ms < *due_ms)
        *due_ms = by_ms;
}

/* engine_counters.c: nothing here decides anything */
void count_probe(struct engine *engine, const struct event *event);
void count_beat(struct engine *engine, struct moment now, const struct beat *beat);
void count_raft(struct engine *engine, const struct event *event);
void count_call(struct engine *engine, const struct event *event);
void count_command(struct engine *engine, const struct command *command);
void count_applied(struct engine *engine, const struct entry *entry);
/* Actuators and receivers are counted by their places in the configuration: another one begins anew. */
void count_reset(struct engine *engine);

/* engine_config.c */
struct route_names { /* by position */
    int n, n_receivers;
    char names[LIMIT_ROUTES][LIMIT_NAME];
    char receivers[LIMIT_RECEIVERS][LIMIT_NAME]; /* of notices */
};
/* The names in force: before another configuration may take their place. */
void config_names(const struct engine *engine, struct route_names *old);
void config_use(struct engine *engine, struct moment now);
/* … and lets what is kept of the old one's routes follow their names. */
void config_changed(struct engine *engine, struct moment now, const struct route_names *old);

/* engine_time.c */
/* Before anything else of a step: did this node stand still, was UTC set? */
void time_step(struct engine *engine, struct moment now, struct effects *effects);
/* After an entry was applied; the newest one's time was `before_ms`. */
void time_applied(struct engine *engine, struct moment now, int64_t before_ms);
/* Time as entries are stamped: this node's UTC, but within CLOCK_BOUND_MS of the median of a
 * majority's clocks, so that one clock moves nothing; and never before the newest entry and what
 * has passed since. After a leader whose clock was fast durations stay what they were, by a
 * sixteenth shorter until the true time has caught up. */
int64_t engine_time_ms(const struct engine *engine, struct moment now);
/* What a beat says of its sender's clock. A new start of it has nothing to record yet. */
void time_beat(struct engine *engine, struct moment now, const struct beat *beat, bool new_start);
/* Looks at this node's clock, and says so when it is off or right again. */
void time_compare(struct engine *engine, struct moment now, struct effects *effects);
/* The leader's half: steps go into the ledger. */
void time_lead(struct engine *engine, struct moment now, struct effects *effects);
/* … they are there. */
void time_recorded(struct engine *engine, const struct entry *entry);

/* engine_belief.c: probes and beats */
struct cell *cell_of(const struct engine *engine, int check, int observer);
void belief_reset(struct engine *engine, struct moment now);
void belief_probe(struct engine *engine, const struct event *event, struct effects *effects);
void belief_beat(struct engine *engine, const struct event *event, struct effects *effects);
/* Whose beats have stopped, or come again? */
void belief_tick(struct engine *engine, struct moment now);
/* Starts the confirming probes that are due. */
void belief_confirm(struct engine *engine, struct moment now, struct effects *effects);
/* engine_ballots.c, the leader's half: verdicts of what changed. */
void belief_lead(struct engine *engine, struct moment now, struct effects *effects);
/* A new term of this node's: what it counted in an older one is no news. */
void belief_begin(struct engine *engine);
/* … and verdicts, silent nodes and holes that time alone makes. True: something is odd. */
bool belief_sweep(struct engine *engine, struct moment now, struct effects *effects);
bool belief_alone(const struct engine *engine); /* it hears no majority */
bool belief_abstains(const struct engine *engine, struct moment now);
/* Whatever was committed: most see it up, or some do and nobody sees it down. */
bool belief_denied(const struct engine *engine, struct moment now, int check);
bool belief_down(const struct engine *engine, struct moment now, int check);
/* What the observers of a route's callers make of the active candidate, found failed at
 * `since_ms`: only what they saw after that counts. */
enum callers { CALLERS_LOST, CALLERS_UNSURE, CALLERS_SERVED };
enum callers belief_callers(const struct engine *engine, struct moment now, int check,
                            int64_t since_ms);
/* A whole round of the check, now. */
void belief_look(struct engine *engine, struct moment now, int check);
/* A round of a few probes, whatever else is known. */
void belief_hint(struct engine *engine, struct moment now, int check);
/* What this node found of a check itself, by a probe or else. */
enum sensed belief_sense(struct engine *engine, struct moment now, int check, enum reason reason,
                         int64_t began_ms);
/* A coordinator whose beats have come and come no more. */
bool belief_quiet(const struct engine *engine, int server);
/* This node stood still for longer than a confirmation takes, until now. */
void belief_forget(struct engine *engine, struct moment now);
/* Was the peer's newest beat sent within the last `ms`? */
bool belief_recent(const struct engine *engine, struct moment now, const struct peer *peer,
                   int64_t ms);

/* engine_journal.c: time without a quorum */
void journal_reset(struct engine *engine, struct moment now); /* another configuration */
void gap_account_free(struct gap_account *account);
/* The sensor of a check was fed; its newest result before ended at `before_ms`. */
void journal_sensed(struct engine *engine, struct moment now, int check, int64_t before_ms);
void journal_stalled(struct engine *engine, struct moment now, int64_t gap_ms);
void journal_tick(struct engine *engine, struct moment now);
/* Does this server serve the exclusive routes that it is placed on? */
void journal_holds(struct engine *engine, struct moment now);
/* After this leader's own entry was applied. */
void journal_led(struct engine *engine, struct moment now);
bool journal_asks(const struct engine *engine);
void journal_beat(struct engine *engine, struct moment now, const struct beat *beat);
/* Before the votes: they leave room for it. */
void journal_fill(struct engine *engine, struct moment now, struct beat *beat);
void journal_lead(struct engine *engine, struct moment now, struct effects *effects);
void journal_applied(struct engine *engine, const struct entry *entry);

/* engine_notice.c: the leader's half of notices */
void notices_lead(struct engine *engine, struct moment now, struct effects *effects);
void notices_beat(struct engine *engine, struct moment now, const struct beat *beat,
                  struct effects *effects);
/* engine_tell.c: who tells */
/* The delivery that this attempt is of, while it is; NULL. */
const struct delivery *tell_under_way(const struct engine *engine, uint64_t notice, int receiver,
                                      int node, uint64_t boot, uint32_t attempt);
/* UTC at which nobody waits for its answer any more. */
int64_t tell_lost_ms(const struct engine *engine, const struct delivery *delivery);
/* After an entry was applied: who is to be told by this node now? */
void tell_applied(struct engine *engine, struct moment now, struct effects *effects);
void tell_told(struct engine *engine, const struct event *event);
void tell_fill(struct engine *engine, struct moment now, struct beat *beat);
void tell_follow(struct engine *engine, const struct route_names *old);
void tell_tick(struct engine *engine, struct moment now, struct effects *effects);

/* engine_report.c: what is told instead of probed, and hints */
void report_reset(struct engine *engine);
void report_take(struct engine *engine, const struct event *event, struct effects *effects);
void report_beat(struct engine *engine, struct moment now, const struct beat *beat);
void report_quiet(struct engine *engine, struct moment now, int server);
void report_fill(struct engine *engine, struct moment now, struct beat *beat);
/* This node stood still for so long: the others' software is not to blame. */
void report_shift(struct engine *engine, int64_t gap_ms);
void hint_take(struct engine *engine, const struct event *event, struct effects *effects);

/* engine_beat.c: no holder of the epoch before can still serve */
const struct clear *word_of(const struct peer *peer, int route); /* NULL: none */
bool grants_over(const struct engine *engine, struct moment now, int route);
bool grants_newer_known(const struct engine *engine, int route);
/* This node's grant of the route, of all routes (-1), is over then: its fence takes a while. */
void grants_fence(struct engine *engine, int64_t over_ms, int route);
/* engine_hold.c: what exclusive routes need on the servers placed */
void hold_reset(struct engine *engine); /* another configuration is in force */
/* Tells the helper what has changed: after whatever may have moved a grant. */
void hold_tell(struct engine *engine, struct effects *effects);
void hold_event(struct engine *engine, const struct event *event);
/* This node serves it, under the epoch in force. */
bool hold_serves(const struct engine *engine, struct moment now, int route);
/* Its helper has let go of all before the epoch in force, and no software was lent any of it. */
bool hold_is_over(const struct engine *engine, struct moment now, int route);
/* What it was told to hold of an older epoch may still be up. */
bool hold_lingers(const struct engine *engine, struct moment now, int route);
/* `server` serves it, by its newest beat. */
bool hold_heard(const struct engine *engine, struct moment now, int route, int server);
/* Could `server` hold it, by its newest beat? It is not being stopped, and its helper answers if
 * the route needs one. */
bool hold_able(const struct engine *engine, int route, int server);
/* A server placed that is being stopped, while those that stay are fewer than the least; -1. */
int hold_leaver(const struct engine *engine, int route);
/* Who of those placed does not serve any more? On every node, so that a new leader need not
 * begin to wait. */
void hold_watch(struct engine *engine, struct moment now);
/* `server` has not served it for longer than it takes to begin: by its own word; or, when it is
 * not heard here, because a majority that hears no more of it cannot have granted it anything. */
bool hold_lapsed(const struct engine *engine, struct moment now, int route, int server);
/* The leader's half: says so. True: something is odd. */
bool hold_lead(struct engine *engine, struct moment now, struct effects *effects);
/* An own actuator is done when all who are placed hold it. */
void hold_done(struct engine *engine, struct moment now, int route, int actuator,
               struct effects *effects);
/* engine_late.c: commands that must not come late */
void late_recheck(struct engine *engine, const struct event *event);
void late_answer(struct engine *engine, const struct beat *beat, struct moment now);
/* engine_lead.c: `routes`: something happened that routes go by. Beats and probes alone change
 * nothing for a route at rest. */
void lead(struct engine *engine, struct moment now, bool routes, struct effects *effects);
int64_t lead_due_ms(const struct engine *engine); /* by time alone; INT64_MAX: never */
void lead_member(struct engine *engine, const struct event *event, struct effects *effects);
/* engine_elect.c: silent leaders; where the leader should live */
void elect_tick(struct engine *engine, struct moment now, struct effects *effects);
void elect_hand_over(struct engine *engine, struct moment now, struct effects *effects);
/* Whom this leader, being stopped, would let lead; -1: nobody. */
int elect_successor(const struct engine *engine);
/* engine_facts.c: a route's situation */
uint32_t route_facts(const struct engine *engine, struct moment now, int route);
/* The row for them. */
const struct rule *route_rule(const struct engine *engine, int route, uint32_t facts);
/* … with what an operator asks. Verdicts are enough for who asks: callers need not agree. */
uint32_t route_facts_asked(const struct engine *engine, struct moment now,
                           const struct command *command);
/* Who of a candidate is fit by all that is committed, and could hold the route. */
server_set route_fit(const struct engine *engine, int route, int candidate);
/* They are its least or more. */
bool route_ready(const struct engine *engine, int route, int candidate);
/* First other candidate, in order of preference, that is ready; -1. */
int route_next(const struct engine *engine, int route);
/* The most preferred one that may take the route back by now, and now is a time for it; -1. */
int route_back(const struct engine *engine, struct moment now, int route);
/* Boot time at which time alone changes the facts of a route at rest; INT64_MAX: never. */
int64_t route_due_ms(const struct engine *engine, struct moment now, int route, uint32_t facts);
/* The ready candidate of the name of the one to which the route that it follows went; -1. */
int route_follow(const struct engine *engine, int route);
/* Who is to serve under the active candidate: those placed that nothing speaks against, and
 * those that are fit. */
server_set route_pool(const struct engine *engine, int route);
/* After an entry was applied: since when are active candidates failed? On every node, so
 * that a new leader need not begin to wait. */
void route_watch(struct engine *engine, struct moment now);
/* engine_route.c: the route machine */
void route_lead(struct engine *engine, struct moment now, struct effects *effects);
/* Proposes what `rule` says for a command (NULL: by itself). */
void route_do(struct engine *engine, struct moment now, int route, const struct rule *rule,
              uint32_t facts, const struct command *command, struct effects *effects);
/* The body of the entry that a command comes to by `rule`: an intent, or a refusal. */
void route_fill(const struct engine *engine, struct moment now, const struct rule *rule,
                uint32_t facts, const struct command *command, struct entry *entry);
/* engine_outbox.c: actuators */
void outbox_reset(struct engine *engine); /* nothing is known of what they were told */
void outbox_run(struct engine *engine, struct moment now, int route, struct effects *effects);
void outbox_acted(struct engine *engine, const struct event *event, struct effects *effects);
/* When an actuator of the route is due by time alone; INT64_MAX: none. */
int64_t outbox_next_ms(const struct engine *engine, int route);
/* Whose move, or what, holds the route now: "suzuki's switchover to osaka, …". */
void route_holder(const struct engine *engine, struct moment now, int route, char *text,
                  size_t size);
/* engine_verbs.c: maintenance, pauses, drains, who leads */
enum entry_kind verbs_kind(enum command_kind kind);
/* Not even worth an entry: why; NULL: it is. */
const char *verbs_error(const struct engine *engine, const struct command *command);
/* The body of its entry, and the reason when it is refused before it is applied. */
void verbs_fill(const struct engine *engine, struct moment now, const struct command *command,
                struct entry *entry);
/* False: it is answered. */
bool verbs_take(struct engine *engine, struct moment now, const struct command *command,
                struct effects *effects);
/* Commits the end of pauses whose time is over. */
void verbs_sweep(struct engine *engine, struct moment now, struct effects *effects);
/* Lets the one lead that an operator has chosen. */
void verbs_hand_over(struct engine *engine, struct moment now, struct effects *effects);
/* An operator has chosen this leader a short while ago. */
bool verbs_chosen(const struct engine *engine, struct moment now);
/* engine_feature.c */
/* The leader: is there a level that all members know? */
void feature_raise(struct engine *engine, struct moment now, struct effects *effects);
/* Why what needs `level` is not done: who lacks it. */
void feature_why(const struct engine *engine, uint32_t level, char *text, size_t size);
/* engine_command.c */
bool command_moves(const struct command *command); /* a route, at once */
bool command_names_route(const struct engine *engine, const struct command *command);
/* The entry answers the command: its id, what it asks, and who. */
void command_mark(struct entry *entry, const struct command *command);
/* An entry that answers the command; NULL, and it is answered: there is no room. */
struct entry *command_propose(struct engine *engine, struct moment now, enum entry_kind kind,
                              const struct command *command, struct effects *effects);
void command_reply(struct effects *effects, const struct command_id *id, int code,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
void command_take(struct engine *engine, const struct event *event, struct effects *effects);
void command_settle(struct engine *engine, struct moment now, struct effects *effects);

#endif
