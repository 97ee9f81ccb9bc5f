/* One entry of the replicated log, decoded. The leader stamps it; every node
 * applies it with shared_apply() and gets the same state and the same ledger
 * lines. Numbers travel: append, never renumber. */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include "core/detect/beat.h"
#include "core/model/model.h"

#include <stdbool.h>
#include <stdint.h>

enum entry_kind {
    ENTRY_LEADER = 1,        /* a leader's first entry of its term: its own-term barrier */
    ENTRY_CONFIG = 2,        /* a configuration takes effect */
    ENTRY_VERDICT = 3,       /* what the ballot says of a check, with the ballots */
    ENTRY_INTENT = 4,        /* a route is to be served so from now on */
    ENTRY_ACT = 5,           /* exclusive routes: the old epoch's grants are over, act */
    ENTRY_OUTCOME = 6,       /* one actuator did it, or why not */
    ENTRY_VERIFIED = 7,      /* the required actuators read back what the intent says */
    ENTRY_REFUSED = 8,       /* a rule said no to an operator or to the engine itself */
    ENTRY_WINDOW = 9,        /* maintenance: added or ended */
    ENTRY_COVERAGE = 10,     /* a check is watched by too few observers, or again by enough */
    ENTRY_NODE = 11,         /* a coordinator went silent or is heard again */
    ENTRY_SECURITY = 12,     /* refused connections, counted */
    ENTRY_MEMBER = 13,       /* a coordinator came back under a new Raft id */
    ENTRY_REASSERTED = 14,   /* an actuator had forgotten and was told again */
    ENTRY_PAUSE = 15,        /* automatic moves of a route, or of all, are off for a time, or on */
    ENTRY_DRAIN = 16,        /* a server leaves all pools, or may come back into them */
    ENTRY_HANDOVER = 17,     /* an operator says who is to lead, or that came to nothing */
    ENTRY_HOLDING = 18,      /* an exclusive route's placed server serves it no longer, or again */
    ENTRY_FEATURES = 19,     /* all members know a higher feature level (core/feature.h) */
    ENTRY_CLOCK = 20,        /* a coordinator's UTC was set, instead of running on */
    ENTRY_INCIDENT = 21,     /* an operator says more of an outage: amended, or a note */
    ENTRY_JOURNAL = 22,      /* what the nodes' own checks said while there was no quorum */
    ENTRY_NOTICE = 23,       /* somebody is to be told, was told, or could not be */
    ENTRY_TROUBLE = 24,      /* a coordinator's certificate ends soon, or has ended */
    ENTRY_ACKNOWLEDGED = 25, /* an operator looks after an outage: nobody further is called */
    ENTRY_POST = 26,         /* an operator's word on an outage for customers */
};

enum verdict { VERDICT_UNKNOWN = 0, VERDICT_UP = 1, VERDICT_DOWN = 2, VERDICT_DISPUTED = 3 };

/* A ballot as evidence: one assigned observer's word when the leader counted. */
struct ballot {
    uint8_t observer; /* server */
    uint8_t opinion;
    uint8_t reason;
    bool abstain;
    uint32_t fail_age_ms; /* at the leader's time of counting */
    uint32_t good_age_ms;
    uint32_t arrived_age_ms; /* AGE_NEVER: nothing heard */
};

enum span_kind {
    SPAN_DOWN = 0,   /* the check was down, as `servers` saw */
    SPAN_BLIND = 1,  /* too few could tell of it, or of any (check -1) */
    SPAN_IDLE = 2,   /* `server` was placed on the exclusive `route` and did not serve it */
    SPAN_UNTOLD = 3, /* … and whether it did, it does not say */
};

/* A time within one without a quorum; in an entry in UTC. */
struct journal_span {
    enum span_kind kind;
    int check, route, server; /* as the kind has it */
    int64_t start_ms, end_ms; /* SPAN_GOES_ON: it was not over when it was told */
    int64_t good_ms, fail_ms; /* newest good probe before, newest failing one before the end */
    server_set servers;
};
#define SPAN_GOES_ON INT64_MAX

struct journal_spans {
    int n;
    struct journal_span spans[LIMIT_JOURNAL_SPANS];
};

/* What an ENTRY_NOTICE says. */
enum notice_act {
    NOTICE_ACT_SEND = 1,     /* the intent: `node` is to tell `receivers` */
    NOTICE_ACT_ACCEPTED = 2, /* the receipt: `receiver` has it */
    NOTICE_ACT_FAILED = 3,   /* not in this attempt */
    NOTICE_ACT_LASTING = 4,  /* outage `subject` has lasted for as long as `rule` says */
    NOTICE_ACT_BEGUN = 5,    /* maintenance window `subject` begins */
    NOTICE_ACT_OVER = 6,     /* … is at its end */
    NOTICE_ACT_TEST = 7,     /* an operator tries `receivers` */
};

#define ROUTE_ALL (-1)

/* As the status page says it of an incident. */
enum post_status {
    POST_INVESTIGATING,
    POST_IDENTIFIED,
    POST_MONITORING,
    POST_RESOLVED,
    POST_STATUSES
};

struct command_id {
    uint8_t bytes[16]; /* all zero: none */
};

struct entry {
    enum entry_kind kind;
    uint64_t term;           /* of the leader that made it */
    int leader;              /* server */
    int64_t time_ms;         /* UTC by the leader's clock */
    uint32_t config_version; /* that the indices below refer to; another one: no effect */
    struct command_id id;    /* of the operator's command, for exactly-once answers */
    uint64_t digest;         /* of what the command asks; 0: not said */
    char who[LIMIT_NAME];    /* operator's name from the certificate; empty: automatic */
    char reason[LIMIT_TEXT]; /* operator's reason, or the refusal's or failure's text */

    union {
        struct {
            uint8_t *yaml; /* owned by the entry */
            uint32_t yaml_len;
            struct model *model; /* parsed from yaml; owned until shared_apply takes it */
        } config;
        struct {
            int check;
            enum verdict verdict;
            uint8_t need;  /* assigned observers that had to agree */
            uint8_t agree; /* that did */
            uint8_t assigned;
            uint8_t n_ballots;
            struct ballot ballots[LIMIT_SERVERS];
        } verdict;
        struct {
            int route;
            uint32_t epoch, step; /* epoch + 1 and step 0 for a move; step + 1 for the pool */
            int from, to;         /* candidates */
            server_set members;   /* that are to serve */
            uint16_t rule;        /* number in the table */
            int phase;            /* enum route_phase it was found in; -1: not said */
            uint32_t facts;       /* bits as resolved */
            bool planned, forced;
        } intent; /* also ENTRY_REFUSED (what was asked for, rule that refused) */
        struct {
            int route, actuator;
            uint32_t epoch, step;
            bool ok;
            uint32_t took_ms;
        } outcome; /* ENTRY_ACT, OUTCOME, VERIFIED, REASSERTED */
        struct {
            uint64_t window; /* id: index of the entry that added it; 0 when adding */
            bool end;        /* ends it now */
            bool extend;     /* it ends later, at end_ms */
            bool refused;    /* nothing of that: `reason` says why */
            bool emergency;
            bool short_notice;        /* accepted although announced under 14 days ahead */
            int64_t start_ms, end_ms; /* UTC */
            uint64_t functions[LIMIT_FUNCTIONS / 64]; /* that stop */
        } window;
        struct {
            int check;
            uint8_t observers, sites; /* that watch it now */
            bool hole;
        } coverage;
        struct {
            int server;
            bool silent;
            uint32_t silent_ms; /* since its newest beat, by the leader */
            uint64_t raft_id;   /* ENTRY_MEMBER: the new id */
        } node;
        struct {
            uint32_t refused; /* connections since the last such entry */
            int server;       /* that refused them */
        } security;
        struct {
            int route;        /* ROUTE_ALL: every one */
            int64_t until_ms; /* UTC; 0: no longer paused */
            bool expired;     /* its time is over: no operator asks */
        } pause;
        struct {
            int server;
            bool end; /* undrain */
        } drain;
        struct {
            int server;  /* that is to lead */
            bool failed; /* it does not, or may not: `reason` says why */
        } handover;
        struct {
            int route;
            uint32_t epoch;
            int server;
            bool holds;        /* again, or not any more */
            uint32_t since_ms; /* it was last known to hold so long ago, by the leader */
        } holding;
        struct {
            uint32_t level; /* from here on */
        } features;
        struct {
            int server;
            uint32_t steps;     /* since the last such entry of it … */
            int64_t stepped_ms; /* … together, forward */
            uint64_t boot;      /* the start of it that counts … */
            uint32_t total;     /* … so many by now */
            bool compared;      /* with a majority's clocks: */
            int64_t ahead_ms;   /* so far it is ahead of their median */
            uint32_t bound_ms;  /* no entry's time is further from that */
        } clock;
        struct {
            uint64_t outage; /* seq of the ledger line that opened it */
            int severity;    /* enum severity; -1: as it was */
            int cause;       /* enum cause; -1: as it was */
            bool note;       /* nothing changes: `reason` is the note */
        } incident;
        struct {
            struct journal_spans *spans; /* owned by the entry */
            int64_t from_ms, to_ms;      /* UTC: no majority was known of */
            uint64_t index;              /* of the leader's entry with which there was one again */
            server_set heard;            /* whose journals these are */
        } journal;
        struct {
            enum notice_act act;
            uint64_t notice; /* send, accepted, failed */
            receiver_set receivers;
            int step;         /* send: of the rule; -1: those of an earlier step once more */
            int node;         /* server: that is to send, that did or could not … */
            uint64_t boot;    /* … in this start of it */
            int receiver;     /* accepted, failed */
            uint32_t attempt; /* … of that receiver, counted from 1 */
            int64_t at_ms;    /* accepted: UTC, within the intent's and the entry's time */
            bool unsure;      /* failed: it may have been accepted all the same */
            int rule;         /* lasting */
            uint64_t subject; /* lasting: seq of the outage's line; begun, over: window */
        } notice;             /* accepted: `reason` is what the receiver said; failed: why */
        struct {
            int server;
            int64_t expires_ms; /* UTC: its certificate's end */
        } trouble;
        struct {
            uint64_t outage; /* seq of the ledger line that opened it */
        } acknowledged;
        struct {
            uint64_t outage;
            enum post_status status;
            char *ja, *en; /* owned by the entry; at most LIMIT_POST bytes; NULL: not given */
        } post;
    };
};

void entry_free(struct entry *entry); /* what it owns; not the struct itself */
const char *entry_kind_name(enum entry_kind kind);
const char *verdict_name(enum verdict verdict);
const char *post_status_name(enum post_status status);

#endif
