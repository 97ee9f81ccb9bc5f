/* The engine: what one node sees, believes and proposes. Pure: every step takes an
 * event with its time and returns effects; the same events give the same effects
 * (the daemon and the simulator run the same engine).
 *
 *   local(event): engine_step()  - what this node sees and proposes
 *   shared(entry): engine_apply() - what all agree on; never reads what is local
 *
 * node/ carries the effects out in the order given and feeds what comes back as
 * events. */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include "base/buf.h"
#include "core/counters.h"
#include "core/detect/beat.h"
#include "core/entry.h"
#include "core/notice/notice.h"
#include "core/shared.h"

struct engine;
struct zone;

#define CLOCK_BOUND_MS 2000 /* no entry's time is further from the median of the voters' clocks */

struct moment {
    int64_t boot_ms; /* monotonic: all local arithmetic */
    int64_t utc_ms;  /* for the ledger only */
};

enum event_kind {
    EVENT_TICK,     /* at latest when engine_next_ms() says */
    EVENT_PROBE,    /* a probe of ours ended */
    EVENT_BEAT,     /* an authenticated beat arrived */
    EVENT_RAFT,     /* Raft's state as it is now: polled after everything that may change it */
    EVENT_PROPOSED, /* a proposal of ours was committed, or will never be, or who knows */
    EVENT_ACTED,    /* an actuator call ended */
    EVENT_COMMAND,  /* an operator asks */
    EVENT_REFUSED,  /* the port refused a connection */
    EVENT_MEMBER,   /* this leader has put a server's new Raft id in the place of the old */
    EVENT_STORED,   /* the log's uncommitted part changed: newest intent per route in it */
    EVENT_HOLDER,   /* this node's helper says what it holds of a route */
    EVENT_RECHECK,  /* a call waits for engine_may_act(): the others are asked, once or again */
    EVENT_REPORT,   /* this server's own software says how one of its checks is */
    EVENT_HINT,     /* something happened to what a check looks at: look at once */
    EVENT_LEAVE,    /* this node is to stop, and has a little time: engine_left() */
    EVENT_TOLD,     /* what came of an EFFECT_TELL */
};

enum holder_word {
    HOLDER_HELD,     /* all of it is up, under `epoch` */
    HOLDER_FENCED,   /* nothing is, under `epoch` or an older one; it may come again */
    HOLDER_RELEASED, /* … and never will */
    HOLDER_LOST,     /* nobody knows: the helper does not answer */
};

enum raft_role { RAFT_ROLE_FOLLOWER, RAFT_ROLE_CANDIDATE, RAFT_ROLE_LEADER, RAFT_ROLE_OTHER };
enum proposal_fate { PROPOSAL_COMMITTED, PROPOSAL_FAILED, PROPOSAL_UNKNOWN };

enum command_kind {
    COMMAND_SWITCHOVER,
    COMMAND_FAILOVER,
    COMMAND_WINDOW_ADD,
    COMMAND_WINDOW_END,
    COMMAND_WINDOW_EXTEND,
    COMMAND_PAUSE,
    COMMAND_RESUME,
    COMMAND_DRAIN,
    COMMAND_UNDRAIN,
    COMMAND_HANDOVER,
    COMMAND_AMEND,
    COMMAND_ANNOTATE,
    COMMAND_ACKNOWLEDGE,
    COMMAND_POST,
    COMMAND_NOTICE_TEST,
};

struct command {
    enum command_kind kind;
    struct command_id id;
    uint64_t digest; /* of all that is asked besides the id; 0: not said */
    char who[LIMIT_NAME];
    char reason[LIMIT_TEXT];
    int route, to;  /* switchover, failover; pause, resume: the route, or ROUTE_ALL */
    int server;     /* drain, undrain; handover: that is to lead */
    int64_t for_ms; /* pause */
    bool force, dry_run;
    receiver_set receivers; /* notice test: of the configuration in force */
    /* Window add: what is asked; end: its id; extend: its id and new end. `short_notice`: the
     * operator overrides the notice of 14 days. */
    struct window_state window;
    struct {
        uint64_t outage;     /* seq of the ledger line that opened it; who asks has looked */
        int severity, cause; /* amend: -1 as it was; annotate: -1 */
        enum post_status status;
        const char *ja, *en; /* post: borrowed until the command is taken; NULL: not given */
    } incident;              /* also acknowledge and post */
};

struct event {
    enum event_kind kind;
    struct moment now;
    union {
        struct {
            int check;
            enum reason reason;
            int64_t began_ms; /* boot clock, when the probe began */
            uint32_t took_ms;
        } probe;
        const struct beat *beat;
        struct {
            enum raft_role role;
            uint64_t term;
            int leader; /* server, -1 unknown */
            uint64_t last_index, commit_index;
        } raft;
        struct {
            uint64_t proposal; /* effect's number */
            enum proposal_fate fate;
        } proposed;
        struct {
            int route, actuator;
            uint32_t epoch, step;
            int code;            /* 0 done, else ERR_… */
            bool changed;        /* it had not said so before */
            uint32_t seen_epoch; /* newest that it had been told before the call */
            uint32_t took_ms;
            const char *text; /* why not; or what others had done to it that was put right */
        } acted;
        const struct command *command;
        struct {
            int server;
            uint64_t raft_id;
        } member;
        struct {
            int route;
            uint32_t intent_epoch;
        } stored;
        struct {
            int route;
            uint32_t epoch;
            enum holder_word word;
        } holder;
        struct {
            int64_t since_ms; /* of engine_may_act() */
        } recheck;
        struct {
            int check; /* CHECK_REPORT of this server; any other is ignored */
            bool failing;
            const char *text; /* for the log; may be NULL */
        } report;
        struct {
            int check; /* one that this node watches (its connection broke), or one of this
                        * server (its process ended): then all observers are told */
        } hint;
        struct {
            uint64_t notice; /* as ordered, like the next two: also when the configuration has
                              * changed meanwhile */
            int receiver;
            uint32_t attempt;
            int code;         /* 0: accepted, else ERR_… */
            bool unsure;      /* it may have been accepted all the same */
            const char *text; /* what the receiver said, or why not; may be NULL */
        } told;
    };
};

enum effect_kind {
    EFFECT_PROPOSE,       /* replicate `entry`; report with EVENT_PROPOSED */
    EFFECT_PROBE,         /* start a probe of `check` at once */
    EFFECT_BEAT,          /* send a beat now (engine_beat() makes it) */
    EFFECT_ACT,           /* run one actuator call; report with EVENT_ACTED */
    EFFECT_ELECT,         /* the leader is silent: let this node stand for election */
    EFFECT_LEADER_BEAT,   /* a beat of `server`, our leader in `term`, says that it leads */
    EFFECT_LEADER_SILENT, /* yes: guard 1 (replicate/guard.h) lets votes pass */
    EFFECT_TRANSFER,      /* hand the leadership to `server` */
    EFFECT_HOLD,          /* exclusive routes: until when this node's helper may serve */
    EFFECT_LOG,           /* tell the operator */
    EFFECT_REPLY,         /* the answer to a command */
    EFFECT_TELL,          /* tell one receiver of a notice, once; report with EVENT_TOLD */
};

struct effect {
    enum effect_kind kind;
    union {
        struct {
            uint64_t number;
            struct entry entry; /* the shell calls entry_free() */
        } propose;
        int check;
        struct {
            int route, actuator;
            struct placement placement;
        } act;
        struct {
            int server;
            uint64_t term;
        } leader_beat;
        bool leader_silent;
        struct {
            int route;
            uint32_t epoch;
            int64_t until_ms; /* boot; 0: let go, of it and all older ones, for good */
            int fence_ms;     /* F */
        } hold;
        int server;
        struct {
            int level; /* enum log_level of base/log.h */
            const char *event;
            char text[LIMIT_TEXT * 2];
        } log;
        struct {
            struct command_id id;
            int code; /* 0 done, ERR_REFUSED, ERR_UNAVAILABLE, ERR_TIMEOUT, … */
            char text[LIMIT_TEXT * 2];
        } reply;
        struct tell_order tell;
    };
};

struct effects {
    struct effect *items; /* owned */
    int n, cap;
};
void effects_clear(struct effects *effects); /* frees entries that were not taken */
void effects_free(struct effects *effects);

struct engine_options {
    int self;              /* server */
    uint64_t boot;         /* random id of this start */
    uint64_t seed;         /* jitter */
    uint32_t level;        /* feature level of this program; 0: FEATURE_NEWEST. Lower: as an
                              older program (simulate/) */
    struct shared *shared; /* owned from now on; may have been restored from a snapshot */
    struct model *model;   /* local file's configuration: used until one is committed; owned */
    const uint8_t *yaml;   /* its bytes: copied, proposed by the first leader */
    uint32_t yaml_len;
    struct moment now;
};

struct engine *engine_new(const struct engine_options *options);
void engine_free(struct engine *engine);

void engine_step(struct engine *engine, const struct event *event, struct effects *effects);

/* Applies a committed entry to the shared state and lets the local side see it. */
void engine_apply(struct engine *engine, struct moment now, uint64_t index, struct entry *entry,
                  ledger_emit *emit, void *context, struct effects *effects);

/* Puts a restored snapshot in place of the shared state (takes ownership). */
void engine_restore(struct engine *engine, struct moment now, struct shared *shared);

/* The local file was read again (takes ownership of `model`, copies the bytes). The leader
 * commits it when its version is newer than the committed one. ERR_REFUSED, and the model
 * is freed, when its coordinators are others. */
int engine_offer(struct engine *engine, struct model *model, const uint8_t *yaml, uint32_t yaml_len,
                 struct err *err);

/* Where this node's own log stands, whenever that changes: the newest index on its disk (what
 * is applied may not be there yet), and whether the log makes it a voter under the Raft id that
 * it has now. Its word on exclusive routes waits for both. Before the first call: all is
 * stored, and it votes. */
void engine_standing(struct engine *engine, struct moment now, uint64_t stored_index, bool votes);

/* UTC at which this server's own certificate ends; UTC_NONE: not known. Beats say it. */
void engine_certificate(struct engine *engine, int64_t ends_ms);

/* The zone of the contract in force (owned from now on; NULL: not known): failback's allowed
 * times and quiet hours go by it. Told whenever the configuration changes. */
void engine_zone(struct engine *engine, struct zone *zone);

/* A change of Raft's members begins or ends: one that is in the log and not committed, also of an
 * earlier leader, or this leader's own with all its steps. Meanwhile no exclusive route moves. */
void engine_members(struct engine *engine, bool change);

/* Latest boot time at which EVENT_TICK is due, if nothing else happens before: whatever event
 * comes then finds what is due. Ask again after every step and apply; it may be sooner. */
int64_t engine_next_ms(const struct engine *engine);

/* Fills the beat to send now; counts it. */
void engine_beat(struct engine *engine, struct moment now, struct beat *beat);

const struct shared *engine_shared(const struct engine *engine);
/* The configuration in force: committed, else the local file's. */
const struct model *engine_model(const struct engine *engine);

/* ---- what can be asked (for serve/ and tests) ---- */

struct peer_view {
    bool heard;
    bool leads;     /* its newest beat says so */
    int64_t age_ms; /* since the newest beat; -1 never */
    uint64_t applied;
    server_set hears; /* whom it says it hears */
    bool abstain;
    uint32_t level;         /* newest feature level that it knows; 0: never heard */
    int64_t certificate_ms; /* UTC: its end; UTC_NONE: not known */
};
struct peer_view engine_peer(const struct engine *engine, struct moment now, int server);
/* Boot time at which this node last knew of a majority that can commit; INT64_MIN: never yet. */
int64_t engine_knew_ms(const struct engine *engine);

/* The ballot of a check as this node has it: `ballots` has room for LIMIT_SERVERS. */
int engine_ballots(const struct engine *engine, struct moment now, int check,
                   struct ballot *ballots);

/* What this node itself makes of a check. */
struct check_view {
    bool watched; /* it probes it, or is told of it */
    enum opinion opinion;
    enum reason reason;
    uint32_t took_ms;  /* its newest probe; AGE_NEVER: none yet */
    uint64_t failures; /* probes that failed, under the configuration in force */
};
struct check_view engine_check(const struct engine *engine, int check);

struct cover {
    server_set assigned, watching; /* watching: fresh votes */
    int sites;                     /* of those that watch */
    bool hole;                     /* too few for a verdict, or fewer than the contract asks for */
};
struct cover engine_cover(const struct engine *engine, struct moment now, int check);
/* Why `server` could not hold `route`, besides what is committed; NULL: it could. */
const char *engine_unable(const struct engine *engine, int route, int server);
/* Candidates that could take the route now, the active one among them or not. */
bool engine_ready(const struct engine *engine, int route, int candidate);
/* What a route goes by now, with what an operator asks (NULL: nothing), on the leader. */
struct rule;
struct route_view {
    enum route_phase phase;
    uint32_t facts;
    const struct rule *rule; /* the first row that fits */
};
struct route_view engine_route_view(const struct engine *engine, struct moment now, int route,
                                    const struct command *command);
/* After EVENT_LEAVE: nobody has to take over from this node any more, or nobody will. */
bool engine_left(const struct engine *engine, struct moment now);
/* What a command would come to now, on the leader: the entry that it would be is applied to a copy
 * of the state, and nothing is proposed. `emit` gets the lines that the ledger would. */
struct rehearsal {
    int code;                  /* of the answer: 0 also when more follows, as after a move */
    char text[LIMIT_TEXT * 2]; /* … and what it would say, for a move by which rule and facts */
    const struct rule *rule;   /* of a move; else NULL */
    struct shared *after;      /* shared_copy_free(); NULL: not even refused */
    struct route_view now[LIMIT_ROUTES], then[LIMIT_ROUTES]; /* what routes go by, by themselves */
};
void engine_rehearse(const struct engine *engine, struct moment now, const struct command *command,
                     ledger_emit *emit, void *context, struct rehearsal *rehearsal);
const struct counters *engine_counters(const struct engine *engine);
/* Ms that this node's UTC is ahead of the median of the voters' clocks; UTC_NONE: not known. */
int64_t engine_clock_ahead_ms(const struct engine *engine, struct moment now);
int engine_commands_waiting(const struct engine *engine);
bool engine_leads(const struct engine *engine); /* and its own-term entry is applied */
int engine_leader(const struct engine *engine); /* server, -1 */
/* May a call of this node that says the placement (epoch, step) of `route` take effect, under
 * a token that was taken at boot time `since_ms` at the latest? >0: yes; 0: not before the
 * others have answered a beat that is newer than the token (EVENT_RECHECK); <0: no, it does
 * not lead, does not trust itself, knows a higher term, or another placement holds. */
#define ENGINE_NO_TOKEN INT64_MIN /* the actuator itself compares and sets: nobody is asked */
int engine_may_act(const struct engine *engine, struct moment now, int route, uint32_t epoch,
                   uint32_t step, int64_t since_ms);
/* Boot time until which this node may serve `route` under the current epoch; 0: not. */
int64_t engine_grant(const struct engine *engine, int route);
/* The same for this server's own software, which is told now. Exclusive: what was lent is kept
 * (this node does not say that it released the route before). Available: what is committed, as
 * long as this node is in touch with most others; nobody waits for it, so it says when to ask
 * again, and no more. */
struct lease {
    uint32_t epoch;
    int64_t until_ms; /* boot; 0: this server does not serve */
};
struct lease engine_lend(struct engine *engine, struct moment now, int route);

/* What is known here of a server that is placed on an exclusive route: a beat that has not come
 * yet may have promised it more. */
struct holder_view {
    bool serves;     /* its newest beat says that it holds the current epoch */
    int64_t left_ms; /* so much longer it may, by promises that were heard of here; 0: none */
};
struct holder_view engine_holder(const struct engine *engine, struct moment now, int route,
                                 int server);

#endif
