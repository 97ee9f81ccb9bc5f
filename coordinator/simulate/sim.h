/* A whole world in one process: the daemon's own node/ (engine, libraft, guards) on every
 * coordinator of a configuration, over a network, disks, clocks, services and switches that
 * exist in virtual time only. The same configuration, seed and faults give the same run, bit
 * for bit, on every machine.
 *
 * The world knows the truth, so it also knows when a promise is broken: named invariants
 * (watch.h) are looked at after everything that happens at a node, and the run ends at the
 * first breach. */
#ifndef SIMULATE_SIM_H
#define SIMULATE_SIM_H

#include "base/log.h"
#include "core/engine.h"
#include "simulate/faults/fault.h"

struct sim;

/* What the world tells while it runs. */
enum note_kind {
    NOTE_FAULT,   /* a fault begins or ends */
    NOTE_LOG,     /* a node's own log */
    NOTE_LEADER,  /* a node leads */
    NOTE_LEDGER,  /* a line of the ledger, at its first application */
    NOTE_SWITCH,  /* an actuator says something else */
    NOTE_CALLERS, /* callers of a route are served, or not, by the world's truth */
    NOTE_REPLY,   /* the answer to an operator */
    NOTE_PROCESS, /* a daemon starts, ends, stands still, goes on */
    NOTE_HOLDER,  /* a node serves an exclusive route, stops, outlives the next; its helper dies */
    NOTE_TOLD,    /* a receiver takes a notice */
    NOTE_BREACH,  /* an invariant does not hold */
};
struct note {
    int64_t at_ms; /* of the scenario */
    enum note_kind kind;
    int server;       /* -1: the world */
    const char *word; /* a stable word: the log's event, the ledger line's type, "lost", … */
    const char *text;
    const char *line; /* NOTE_LEDGER: the whole line, JSON */
};
typedef void sim_tell(void *context, const struct note *note);

struct sim_options {
    const char *name; /* of the configuration, for messages */
    const uint8_t *yaml;
    size_t yaml_len;
    uint64_t seed;
    const struct fault *faults; /* copied; times count from the end of the warm-up */
    int n_faults;
    int64_t warm_up_ms; /* virtual time before the scenario begins; 0: 5 s */
    int between_sites_ms;
    int snapshot_every, snapshot_trailing; /* entries; 0: the usual ones */
    enum log_level log_level;              /* what NOTE_LOG tells */
    sim_tell *tell;
    void *context;
};

/* 0, or ERR_INVALID: the configuration's text is wrong. */
int sim_new(const struct sim_options *options, struct sim **sim, struct err *err);
void sim_free(struct sim *sim);

/* Runs to `until_ms` of the scenario. 0, or ERR_REFUSED: an invariant is broken and the world
 * stands still (sim_breach). */
int sim_run(struct sim *sim, int64_t until_ms);
/* One more fault; its time is not in the past. For what is only known by then: who leads. */
void sim_inject(struct sim *sim, const struct fault *fault);
/* Ends all faults now and brings back every process: the liveness phase. */
void sim_heal(struct sim *sim);
/* All is as it should be: one leader, every route on a healthy candidate if there is one,
 * nothing under way, all nodes equal. Else `why` says what is not. */
bool sim_settled(struct sim *sim, struct buf *why);

/* The ledger's downtime against the truth, when nothing that happened forbids to compare
 * them (clocks that step, actuators that lie). 0 or ERR_REFUSED. */
int sim_audit(struct sim *sim);

/* The broken invariant: its name; NULL: none. `text` says how. */
const char *sim_breach(const struct sim *sim, const char **text);

/* An operator asks coordinator `server` (-1: whoever leads) and follows to the leader; the
 * answer is a NOTE_REPLY. */
void sim_ask(struct sim *sim, int server, const struct command *command);

/* What callers of a route (through one of its actuators) went through by the truth. */
struct callers_view {
    bool served;
    int64_t lost_ms;    /* summed */
    int64_t longest_ms; /* outage, the one that goes on included */
    int64_t first_ms;   /* when the first began; -1 never */
    int outages;
};
struct callers_view sim_callers(const struct sim *sim, int route, int actuator);
/* What they went through begins here: nobody holds an exclusive route from the first moment on. */
void sim_callers_begin(struct sim *sim);

/* Who serves an exclusive route now. */
server_set sim_holders(const struct sim *sim, int route);

struct sim_counts {
    uint64_t events;  /* of the wheel */
    uint64_t entries; /* committed */
    int elections, moves, pools, verdicts, disputed, refused, starts;
    int false_moves; /* moves away from a candidate that served within the silence bound */
    int commands, answered;
    int outside; /* holders that another had to meet: not covered by the guarantee */
};
struct sim_counts sim_counts(const struct sim *sim);
/* Of everything that happened. */
uint64_t sim_digest(const struct sim *sim);
int64_t sim_now(const struct sim *sim);
int64_t sim_utc_ms(const struct sim *sim); /* by a clock that nobody stepped */
const struct model *sim_model(const struct sim *sim);
int sim_leader(const struct sim *sim); /* server; -1 */
/* The shared state of the node that has applied most. */
const struct shared *sim_shared(const struct sim *sim);

#endif
