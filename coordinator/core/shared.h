/* What all nodes agree on: the state that applying the log in order gives. Pure
 * and deterministic: shared_apply() reads the entry and this state, nothing else.
 * Ledger lines come out through `emit`; they are the same bytes on every node. */
#ifndef CORE_SHARED_H
#define CORE_SHARED_H

#include "core/account/tree.h"
#include "core/entry.h"
#include "core/model/model.h"
#include "core/notice/notice.h"

#include <stdbool.h>
#include <stdint.h>

struct check_state {
    enum verdict verdict;
    int64_t since_ms;       /* UTC of the entry that set it */
    uint64_t index;         /* of that entry */
    int64_t fail_since_ms;  /* earliest failing observation of the confirming set; UTC_NONE */
    int64_t good_before_ms; /* newest good observation before it; UTC_NONE */
    bool hole;              /* watched by too few */
};

enum route_phase {
    ROUTE_SERVING = 0, /* the required actuators say what the placement says */
    ROUTE_WAITING = 1, /* exclusive: intent committed, the old epoch's grants run out */
    ROUTE_ACTING = 2,  /* actuators are being told */
    ROUTE_BLOCKED = 3, /* the active candidate failed and nobody can take over */
};

/* Where a route's traffic goes. (epoch, step) orders all placements of a route. */
struct placement {
    uint32_t epoch, step;
    int candidate;
    server_set members;
    server_set draining; /* others that may finish what they have, but get nothing new */
};

/* An operator keeps automatic moves off for a time. */
struct pause {
    int64_t until_ms; /* UTC; 0: not paused */
    int64_t since_ms;
    char who[LIMIT_NAME];
    char reason[LIMIT_TEXT];
};
#define PAUSE_MAX_MS (7ll * 24 * 3600 * 1000) /* nobody forgets one for longer */

struct route_state {
    enum route_phase phase;
    struct placement now;
    int previous; /* candidate before; -1 */
    uint64_t intent_index;
    int64_t intent_ms; /* UTC */
    uint16_t rule;
    bool planned;
    int64_t grace_until_ms; /* UTC: who was left by the newest move may finish until then */
    uint32_t done;          /* bit per actuator that reported ok for `now` */
    int64_t moved_ms;       /* UTC when the newest move was verified; UTC_NONE: not */
    int64_t automatic_ms[LIMIT_ACTUATORS]; /* UTC of the newest automatic moves, newest first */
    bool held;                 /* too many automatic moves: hands off until an operator acts */
    struct command_id command; /* that the current move answers */
    /* Exclusive: placed servers that do not serve, whatever their checks say: their grant ran
     * out, or what they hold is down. Of the placement's epoch. */
    server_set lapsed;
    int64_t lapsed_ms; /* UTC: the first of them was last known to serve; UTC_NONE */
    uint64_t lapsed_index;
    /* The active candidate has failed by verdict, and its callers are served all the same: no
     * downtime until their own check is down. Until it is fit again, or another serves. */
    bool disputed;
    char who[LIMIT_NAME]; /* that asked for the newest move; empty: automatic */
    struct pause pause;   /* of this route's automatic moves */
};

/* An outage that is over: what a journal tells later may belong to it. */
struct last_outage {
    uint64_t outage; /* seq of its ledger line + 1; 0: none */
    int64_t start_ms, last_good_ms, end_ms;
};

struct function_state {
    bool down;
    uint64_t outage;         /* id of the open outage: seq of the ledger line that opened it + 1 */
    int64_t start_ms;        /* earliest failing observation */
    int64_t last_good_ms;    /* newest good one before it */
    uint64_t unmonitored;    /* id of the open unmonitored time: seq of its ledger line + 1 */
    int64_t unmonitored_ms;  /* UTC since when */
    struct last_outage last; /* newest that is over, from FEATURE_REPORT on */
    /* Of notices: both count only for the outage that they are of. */
    uint64_t lasting_outage;      /* that has lasted … */
    uint32_t lasting;             /* … as long as these rules say: a bit each */
    uint64_t acknowledged_outage; /* that an operator looks after */
};

struct window_state {
    uint64_t id; /* index of the entry that added it */
    bool emergency, short_notice;
    int64_t announced_ms, start_ms, end_ms;
    int64_t finished_ms; /* UTC_NONE: not ended early */
    uint64_t functions[LIMIT_FUNCTIONS / 64];
    bool begun, over; /* its times have come, and the ledger says so, or it was too late to */
    char who[LIMIT_NAME];
    char reason[LIMIT_TEXT];
};

struct node_state {
    uint64_t raft_id;
    bool silent;
    int64_t since_ms;
    int64_t certificate_ms;   /* UTC: end of the newest certificate that trouble was told of … */
    uint8_t certificate_told; /* … so often (certificate_stage()); 0: never */
};

/* How near a certificate's end is: 0: not near; 1: within 14 days; 2: within 3; 3: it is past. */
#define CERTIFICATE_STAGES 3
int certificate_stage(int64_t ends_ms, int64_t utc_ms);
int64_t certificate_stage_ms(int64_t ends_ms, int stage); /* UTC when that begins */

/* An operator took the server out of all pools: nothing new comes to it. */
struct drain {
    int64_t since_ms; /* UTC; 0: not drained */
    char who[LIMIT_NAME];
    char reason[LIMIT_TEXT];
};

/* An operator's choice of a leader: pending until one leads, then kept for a while. */
struct handover {
    int64_t until_ms; /* UTC: no calm hand-over undoes it before; 0: nothing was chosen */
    int server;
    bool led;                  /* since: it leads */
    struct command_id command; /* that waits for it */
};
#define HANDOVER_KEPT_MS (3600ll * 1000)

enum command_result {
    COMMAND_UNKNOWN = 0,
    COMMAND_DONE = 1,
    COMMAND_REFUSED = 2,
    COMMAND_PENDING = 3
};

struct command_state {
    struct command_id id;
    uint64_t digest; /* of what was asked; 0: not known */
    enum command_result result;
    uint64_t index;
    char text[LIMIT_TEXT];
};

struct shared {
    struct model *model;  /* owned; NULL until the first ENTRY_CONFIG */
    uint8_t *config_yaml; /* owned: the committed bytes */
    uint32_t config_yaml_len;
    uint64_t index, term;             /* of the newest applied entry */
    uint64_t leader_term;             /* newest term whose leader has committed its own entry */
    int leader;                       /* server of that entry; -1 */
    int64_t time_ms;                  /* never runs backwards */
    struct check_state *checks;       /* owned, model order */
    struct route_state *routes;       /* owned */
    struct function_state *functions; /* owned */
    struct node_state nodes[LIMIT_SERVERS];
    struct window_state *windows; /* owned, oldest first, at most LIMIT_WINDOWS */
    int n_windows;
    struct pause pause;                 /* of all routes' automatic moves */
    struct drain drains[LIMIT_SERVERS]; /* by server */
    struct handover handover;
    struct command_state commands[LIMIT_COMMAND_IDS]; /* ring */
    uint32_t next_command;
    int64_t told_ms; /* UTC: times without a quorum are in the ledger until then; UTC_NONE */
    uint32_t level;  /* feature level (core/feature.h) */
    struct notices notices;
    struct tree ledger;
};

/* One ledger line (JSON, no newline) with its number, counted from 0. */
typedef void ledger_emit(void *context, uint64_t seq, const char *line, size_t len);

struct shared *shared_new(void);
void shared_free(struct shared *shared);

/* Applies an entry. Never fails: an entry that no longer fits (an old epoch, a
 * route that is gone) changes nothing but `index`. Takes entry->config.model and
 * .yaml when it uses them (sets them to NULL). */
void shared_apply(struct shared *shared, uint64_t index, struct entry *entry, ledger_emit *emit,
                  void *context);

/* A copy to try an entry on: it borrows the configuration, and takes none. */
struct shared *shared_copy(const struct shared *shared);
void shared_copy_free(struct shared *copy);

/* The remembered answer to a command, NULL when it is not known. */
const struct command_state *shared_command(const struct shared *shared,
                                           const struct command_id *id);

/* Are automatic moves of the route off at that time? A pause whose end is not committed yet
 * counts as over. */
bool shared_paused(const struct shared *shared, int route, int64_t utc_ms);
bool shared_drained(const struct shared *shared, int server);
/* By its id; NULL: none, or forgotten. */
const struct window_state *shared_window(const struct shared *shared, uint64_t id);
/* May the server leave all pools? False, and `why` says it: a route's active candidate would
 * fall below its least. */
bool shared_may_drain(const struct shared *shared, int server, char why[LIMIT_TEXT]);

/* The outage (of function `function`) has lasted for as long as the rule says, and was told. */
bool shared_lasting_told(const struct shared *shared, int function, int rule);
/* Does that rule want to tell of it? Rules choose among outages and windows; all else is told as
 * it comes. */
bool shared_wants(const struct model *model, int rule, const struct news *news);
/* Something that the notice tells of goes on. */
bool shared_goes_on(const struct shared *shared, const struct notice_state *notice);
/* Its rule has another step for it, sooner or later, as things are. */
bool shared_escalates(const struct shared *shared, const struct notice_state *notice);

/* Fit to serve: not drained, every check of it is known and none is down. */
bool shared_member_ok(const struct shared *shared, int server);
/* The members of a candidate that are fit. */
server_set shared_candidate_ok(const struct shared *shared, int route, int candidate);
/* The members that are not drained and no verdict calls down, those never seen yet included. */
server_set shared_candidate_standing(const struct shared *shared, int route, int candidate);
/* At least `least` are fit. */
bool shared_candidate_ready(const struct shared *shared, int route, int candidate);
/* Where the route that this one follows has led it, by a move newer than its own newest one: a
 * candidate that is ready and does not serve; -1. */
int shared_follow_to(const struct shared *shared, int route);
/* The members that an operator drains. */
server_set shared_candidate_drained(const struct shared *shared, int route, int candidate);
/* So many are down by verdict, or drained, that `least` cannot be held. */
bool shared_candidate_failed(const struct shared *shared, int route, int candidate);
bool shared_function_in_window(const struct shared *shared, int function, int64_t utc_ms);

#endif
