/* The world, as its files see it. Not for other folders; the tests look in.
 *
 *   sim.c        makes it, runs it, tells what happens
 *   machine.c    one coordinator's machine: processes that begin and end;
 *                machine_input.c: what comes in for them, also while they stand still
 *   leave.c      a daemon that is stopped in order, and started again
 *   edition.c    versions of the configuration
 *   shell.c      what a process is given for libuv, links and files (node_shell)
 *   software.c   what a server's software does besides serving: reports, and its end is noticed
 *   asks.c       requests between coordinators: ledger lines, joining; operators' commands
 *   helper.c     the machine's helper
 *   book.c       the ledger: what every node must have
 *   inject.c     faults begin and end; inject_turn.c: what each of them turns;
 *                inject_command.c: what operators ask
 *   parts/       what there is: time, clocks, network, disks, switches, services
 *   faults/      faults as text, drawn from a seed; configurations of any size
 *   truth/       who is served (callers.c, holders.c), what must hold (watch.c over nodes,
 *                evidence.c over the ledger's lines, oracle.c over downtime,
 *                told.c over notices) and what is not
 *                promised (outside.c), when all is as it should be (settle.c), what could be
 *                survived (truth.c)
 *   show/        what operators see: timelines and campaigns */
#ifndef SIMULATE_INSIDE_H
#define SIMULATE_INSIDE_H

#include "base/prng.h"
#include "core/failover/holding.h"
#include "node/node.h"
#include "simulate/parts/clock.h"
#include "simulate/parts/network.h"
#include "simulate/parts/platter.h"
#include "simulate/parts/receivers.h"
#include "simulate/sim.h"
#include "simulate/parts/switches.h"
#include "simulate/parts/targets.h"
#include "simulate/parts/wheel.h"

#include <jansson.h>

#define WORLD_UTC_MS 1798761600000ll /* 2027-01-01: where every run's time begins */

struct machine;

/* One start of a coordinator's daemon. It outlives its end until all of it is closed. */
struct process {
    struct sim *sim;
    struct machine *machine;
    uint64_t start; /* counted over the world, from 1 */
    struct node *node;
    struct log *log;
    bool opening, gone, failed; /* gone: killed, it only closes; failed: it said so itself */
    int64_t armed_ms;           /* world time of its next wake-up; INT64_MAX: none */
    struct process *next;       /* of those that are closing */
};

/* What a process that stands still finds when it goes on. */
enum input_kind { INPUT_PARCEL, INPUT_FIRE, INPUT_PROBE, INPUT_ACTED };
struct input {
    enum input_kind kind;
    uint64_t start; /* of the process it is for */
    union {
        struct {
            int from;
            bool datagram;
            struct parcel *parcel; /* a reference */
        } parcel;
        struct {
            wheel_fire *fire;
            void *context;
            uint64_t arg;
        } fire;
        struct {
            int check;
            enum reason reason;
            int64_t began_ms; /* boot */
        } probe;
        struct event acted;
    };
    char text[128]; /* of `acted` */
    struct input *next;
};

/* A version of the configuration, as a file that a daemon starts with. */
struct edition {
    uint8_t *yaml;
    size_t yaml_len;
    struct model *model;
};
#define EDITIONS_MAX 32

/* What protocol.md puts outside of its guarantee, when two serve. */
enum outside {
    OUTSIDE_NOT,
    OUTSIDE_PAUSE,  /* the holder's boot clock stood still */
    OUTSIDE_CLOCK,  /* the holder's clock ran slower, or another's faster, than rho allows */
    OUTSIDE_FENCE,  /* a fence that F could not bound, of a holder that nobody heard */
    OUTSIDE_HELPER, /* its helper was gone or stood still, and nobody heard its daemon either: the
                     * kernel's own deadline is what is left */
};

/* What a machine's helper has of an exclusive route, and what it was last told. */
struct keeping_order {
    uint32_t epoch; /* 0: none */
    int64_t until_ms;
    int fence_ms;
    uint64_t start; /* of the process that gave it */
};
struct keeping {
    struct holding holding;
    struct keeping_order order;
    bool up; /* it answers, under … */
    uint32_t epoch;
    int64_t since_ms;     /* world: since when it is as it is */
    uint64_t start;       /* of the process that gave the newest grant */
    uint64_t stops;       /* counted */
    int64_t armed_ms;     /* world; INT64_MAX */
    int64_t life_ms;      /* boot: the kernel takes it away then; INT64_MAX: it is renewed */
    bool left;            /* the helper that renewed it is gone, or stood still past its end */
    int64_t owed_ms;      /* boot: by its newest grant it is down then, fence and all */
    enum outside outside; /* why it is still up where another may serve, since that was decided */
};

/* When a machine's process last took a new beat of another. */
struct heard {
    uint64_t boot, number;
    int64_t at_ms; /* world */
};

struct machine {
    struct sim *sim;
    int server;
    struct clock_sim clock;
    struct platter *platter;
    uint64_t raft_id;
    int edition;              /* that it starts with */
    uint32_t level;           /* newest feature level that its program knows */
    bool founded;             /* has had a first start */
    bool wiped;               /* its disk was emptied since the newest one */
    struct process *process;  /* NULL: down */
    int down, frozen;         /* faults that hold it so */
    bool left;                /* its daemon was asked to stop at some time */
    int crawl_ms;             /* of all faults on its disk */
    int64_t ppm;              /* … on its clock */
    int64_t slow_ms, fast_ms; /* world: until when that was beyond rho; INT64_MAX: it is */
    int fence_slow_ms;        /* of all faults on its fences … */
    int fence_stuck_ms;       /* … and on the way that needs no program */
    int64_t started_ms;       /* world: of its newest process */
    struct heard heard[LIMIT_SERVERS];
    struct input *backlog, **backlog_end;
    int datagrams;          /* of them: a socket's buffer is small */
    uint64_t lines, synced; /* of the ledger on its disk */
    bool helper_gone;       /* killed, and not started again yet */
    int helper_frozen;
    uint64_t helper_freezes; /* times that it began to stand still */
    struct keeping keeps[LIMIT_ROUTES];
    /* watch.c: as last seen */
    uint64_t seen_commit, seen_applied, seen_term, checked;
    int seen_role;
    uint64_t vote_term, vote; /* on its disk */
    bool leads;               /* its engine says so */
};

/* A line that some node has put into its ledger, and all others must put there too. */
struct book {
    char **lines; /* NULL where not kept */
    uint64_t *hashes;
    uint64_t n, cap;
    struct tree tree;
    int64_t newest_ms; /* UTC of the newest line */
};

/* One (route, actuator) as its callers see it. */
struct line_of_callers {
    bool served;
    int64_t since_ms; /* world: since when it is so */
    struct callers_view view;
};

struct watch_log;
struct told_log;
struct asks;
struct evidence;
struct account;

struct sim {
    /* as given */
    char name[LIMIT_TEXT];
    struct edition editions[EDITIONS_MAX]; /* the first is the one given */
    int n_editions;
    const struct model *model; /* of the first; names and indices are the same in all */
    uint64_t seed;
    int snapshot_every, snapshot_trailing;
    enum log_level log_level;
    sim_tell *tell;
    void *context;

    struct wheel *wheel;
    struct network *network;
    struct targets *targets;
    struct switches *switches;
    struct receivers *receivers;
    struct machine *machines; /* coordinators */
    struct process *closing;
    uint64_t starts;
    struct prng prng;
    int64_t zero_ms; /* world time of the scenario's 0 */

    struct injection *injections;
    int n_injections;
    int server_shut[LIMIT_SERVERS];  /* faults that keep callers out */
    server_set old;                  /* start as older programs: they are upgraded later */
    int server_dark[LIMIT_SERVERS];  /* faults that keep a machine without power */
    int doubts[LIMIT_SERVERS];       /* faults that make its health a matter of opinion … */
    int64_t doubt_ms[LIMIT_SERVERS]; /* … and until when it still is (world) */
    int complains[LIMIT_SERVERS];    /* faults that make its software report that it fails … */
    int says_nothing[LIMIT_SERVERS]; /* … or nothing */

    struct book book;
    uint64_t outage; /* newest line that opened one, counted from 1 */
    struct asks *asks;
    struct line_of_callers callers[LIMIT_ROUTES][LIMIT_ACTUATORS];
    /* Since when a candidate plainly serves by the truth; INT64_MAX: it does not. */
    int64_t serves_ms[LIMIT_ROUTES][LIMIT_CANDIDATES];
    int places[LIMIT_ROUTES][LIMIT_ACTUATORS];    /* server that the callers pass; SERVER_NONE */
    uint64_t said[LIMIT_ROUTES][LIMIT_ACTUATORS]; /* newest (epoch, step) of each */
    struct watch_log *watch;
    struct evidence *evidence;
    struct account *account;
    struct told_log *told;
    int leaders;
    bool crooked; /* so many clocks are, or were, ahead that they decide what time it is */
    bool murky;   /* faults that neither account can be blamed for */

    struct sim_counts counts;
    uint64_t digest;
    const char *breach; /* name of the invariant; NULL */
    char breach_text[1024];
};

static inline uint64_t epoch_step(uint32_t epoch, uint32_t step)
{
    return (uint64_t)epoch << 32 | step;
}

/* sim.c */
void sim_note(struct sim *sim, enum note_kind kind, int server, const char *word,
              const char *format, ...) __attribute__((format(printf, 5, 6)));
/* One of the invariants (truth/watch.h); the first one counts. */
void sim_break(struct sim *sim, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void sim_mix(struct sim *sim, uint64_t value);      /* into the digest */
static inline int64_t sim_ms(const struct sim *sim) /* world */
{
    return wheel_now(sim->wheel);
}

/* machine.c */
void machines_open(struct sim *sim);
void machines_free(struct sim *sim);
void machine_wipe(struct machine *machine); /* while it is down */
void machine_down(struct machine *machine, bool on, bool power);
void machine_drifts(struct machine *machine, int64_t by_ppm); /* more than it did */
struct process *machine_process(const struct sim *sim, int server, uint64_t start);
/* After anything that was brought to its node. */
void process_after(struct process *process);
void process_closing(struct process *process); /* it has something to do to close */
void process_fail(struct process *process, const char *why);
static inline bool process_runs(const struct process *process)
{
    return process != NULL && !process->gone && !process->failed && !process->opening &&
           process->machine->frozen == 0;
}

/* machine_input.c */
void machine_freeze(struct machine *machine, bool on); /* SIGSTOP, SIGCONT */
void machine_drop_backlog(struct machine *machine); /* what was kept for it while it stood still */
void machine_deliver(void *context, int to, int from, bool datagram, struct parcel *parcel);
void machine_probe_ended(void *context, int node, uint64_t start, int check, enum reason reason,
                         int64_t began_ms);
void machine_acted(void *context, int node, uint64_t start, const struct event *event);
/* Runs `fire` when the process (the machine is the context) can: the disk's completions,
 * answers to its requests. */
void machine_run(void *machine, wheel_fire *fire, void *fire_context, uint64_t arg);
void machine_told(struct machine *machine, const struct event *event); /* by its helper */
/* leave.c: stopped in order, started again after a moment. `then`: while it is down. */
typedef void leave_then(struct machine *machine, uint64_t arg);
void machine_restart(struct machine *machine, leave_then *then, uint64_t arg);
int machine_may(void *context, int node, uint64_t start, int route,
                const struct placement *placement, int64_t since_ms);
int64_t machine_boot_ms(void *context, int node);

/* edition.c */
int edition_first(struct sim *sim, const uint8_t *yaml, size_t len, struct err *err);
/* The same with the next version's number; the newest one when there are too many. */
int edition_next(struct sim *sim);
void editions_free(struct sim *sim);

/* shell.c */
struct node_shell shell_of(struct process *process);
void shell_configure(struct process *process);

/* helper.c */
void helper_begin(struct machine *machine);
void helper_order(struct machine *machine, int route, const struct keeping_order *order);
void helper_arm(struct machine *machine, int route);
void helper_greet(struct machine *machine); /* it is asked whether it is there */
void helper_clock(struct machine *machine); /* it runs at another rate now */
void helper_lost(struct machine *machine);  /* no power: nothing serves any more */
void helper_kill(struct machine *machine);  /* it is started again after a moment */
void helper_freeze(struct machine *machine, bool on);
/* It is gone or stands still: what it has up, nobody takes down but the kernel. */
bool helper_still(const struct machine *machine, int route);

/* asks.c */
void asks_open(struct sim *sim);
void asks_free(struct sim *sim);
void asks_fetch(struct process *process, int server, uint64_t from);
void asks_join(struct process *process, int server, uint64_t raft_id);
void asks_reply(struct process *process, const struct command_id *id, int code, const char *text);
bool asks_open_ones(const struct sim *sim, struct buf *why);

/* book.c */
int book_put(struct machine *machine, uint64_t seq, const char *line, size_t len, struct err *err);
void book_root(struct sim *sim, uint64_t lines, uint8_t root[TREE_HASH]);
void book_power_loss(struct machine *machine);
void book_free(struct book *book);

/* inject.c */
void inject_plan(struct sim *sim, const struct fault *faults, int n);
void inject_end_all(struct sim *sim);
void inject_free(struct sim *sim);

/* software.c */
#define DOUBT_MS 5000 /* so long after a service was odd its health is a matter of opinion */
void software_open(struct sim *sim);
void software_silenced(struct sim *sim, int server, enum fault_report how, bool on);
void software_ended(struct sim *sim, int server); /* its process, the machine lives */

/* callers.c */
void callers_open(struct sim *sim);
void callers_look(struct sim *sim); /* after anything that may change who is served */
/* The truth now: callers get as far as the actuator; they would be served if it said all of
 * the candidate's members. */
/* … and through the switch at `place` to who serves them, as it is set. */
bool callers_served_through(void *context, int route, int place);
bool callers_pass(const struct sim *sim, int route, int actuator);
bool callers_would_be_served(const struct sim *sim, int route, int actuator, int candidate);
/* It has served its callers for the last `ms`, and nobody could doubt it. */
bool callers_candidate_serves_since(const struct sim *sim, int route, int candidate, int64_t ms);
void callers_switched(void *context, int route, int actuator, const struct setting *before);

/* holders.c */
/* A hypervisor's pause begins or ends: nothing on the machine answers meanwhile. */
void holders_paused(struct machine *machine, bool on);
/* It begins to answer, or ends. */
void holders_serve(struct machine *machine, int route, bool up, uint32_t epoch);
/* The platter's: a leader decides to act. */
void holders_appending(void *machine, const struct raft_entry *entries, unsigned n);

/* outside.c */
/* Why the guarantee does not cover that it still answers under this epoch; only where it does. */
enum outside outside_why(const struct machine *machine, int route);
const char *outside_word(enum outside why);

/* watch.c */
void watch_open(struct sim *sim);
void watch_free(struct sim *sim);
void watch_process(struct process *process);
void watch_leads(struct machine *machine, bool leads);
void watch_restart(struct machine *machine); /* the process has begun: what is left on its disk? */
/* evidence.c: a line that nobody had before */
void evidence_open(struct sim *sim);
void evidence_free(struct sim *sim);
void evidence_line(struct sim *sim, int server, const char *line, size_t len);
/* Are clocks ahead that nothing could keep out of the ledger? Asked whenever one may be. */
void evidence_clocks(struct sim *sim);
/* What an observer really saw. */
void evidence_probe(struct sim *sim, int observer, int check, enum reason reason);

/* told.c */
void told_open(struct sim *sim);
void told_free(struct sim *sim);
void told_line(struct sim *sim, const json_t *line); /* that nobody had before */
void told_took(void *sim, int node, const struct tell_order *order);
bool told_settled(const struct sim *sim, struct buf *why);

/* oracle.c */
void oracle_open(struct sim *sim);
void oracle_free(struct sim *sim);
void oracle_served(struct sim *sim, int route, bool served); /* by the truth, from now on */
/* The ledger opens an outage of a function in that line, gives it another start, or closes it
 * (`over`). */
void oracle_outage(struct sim *sim, const char *function, int64_t line, const char *start,
                   const char *over);
/* It tells of a time without a quorum, or of one in which nobody could tell of a function. */
void oracle_gap(struct sim *sim, const char *function, const char *start, const char *over);
/* Somebody leads, or nobody: what happens then cannot be in the ledger. */
void oracle_led(struct sim *sim, bool led);
/* More is lost between them than failures are promised to be told from. */
void oracle_lossy(struct sim *sim, int from, int to, bool on);
/* By the ledger. */
void oracle_heard(struct sim *sim, int server, bool heard);
void oracle_moved(struct sim *sim, int route, int candidate);
/* So long a failure or recovery of the route's servers may go unseen. */
int64_t oracle_slack_ms(const struct sim *sim, int route);
void oracle_compare(struct sim *sim);

#endif
