/* Notices in the replicated state: what has happened that somebody is to be told of, and how far
 * each receiver has been told. Deterministic: what is raised follows from the ledger's lines and
 * the configuration's rules as they are applied; what is sent, by whom, and what came of it are
 * entries (ENTRY_NOTICE).
 *
 *   raised ──▶ gathers ──▶ intent per receiver ──▶ accepted
 *   by a line   events        ▲          │ failed, or its node is gone
 *   of the      of the rule   └──────────┘ after a while, by another node: same key, and if the
 *   ledger                                 first may have arrived it says that it repeats
 *
 * A notice whose receivers all have it (or are given up) and that escalates no further is
 * forgotten: the ledger has it. */
#ifndef CORE_NOTICE_NOTICE_H
#define CORE_NOTICE_NOTICE_H

#include "core/account/contract.h"
#include "core/model/model.h"

#include <stdbool.h>
#include <stdint.h>

/* What the notice tells of. */
struct notice_ref {
    uint8_t event;    /* enum notice_event */
    uint8_t severity; /* of the outage's function: enum severity; SEVERITY_COUNT: of no outage */
    bool over;        /* the outage has ended */
    uint64_t seq;     /* of the ledger line */
    uint64_t outage;  /* seq of the line that opened it, + 1; 0: of no outage */
    uint64_t window;  /* maintenance window; 0: of none */
};

enum delivery_phase {
    DELIVERY_DUE,      /* the next attempt is due at due_ms */
    DELIVERY_SENDING,  /* `node` was named, in its start `boot` */
    DELIVERY_ACCEPTED, /* at accepted_ms */
    DELIVERY_GIVEN_UP,
};

struct delivery {
    uint8_t receiver;
    uint8_t node; /* server */
    uint8_t phase;
    bool unsure; /* an earlier attempt may have been accepted: the next says that it repeats */
    uint32_t attempts; /* begun */
    uint64_t boot;
    int64_t first_ms, sent_ms; /* UTC of the first and the newest intent */
    int64_t due_ms, accepted_ms;
};

struct notice_state {
    uint64_t id;       /* counted from 1 in a cluster's life */
    int rule;          /* -1: a test */
    int64_t raised_ms; /* UTC of the first event */
    bool acknowledged; /* nobody further is called */
    int steps;         /* of the rule begun; 0: it gathers */
    int n_refs;
    uint32_t more; /* events beyond LIMIT_NOTICE_REFS */
    struct notice_ref refs[LIMIT_NOTICE_REFS];
    int n_deliveries;
    struct delivery deliveries[LIMIT_NOTICE_DELIVERIES];
};

/* What has happened that rules may have. */
struct news {
    enum notice_event event;
    uint64_t seq;              /* of its ledger line */
    uint64_t outage;           /* seq of the line that opened it, + 1; 0: of no outage */
    int function;              /* of the outage; -1: not known */
    uint64_t window;           /* 0: of none */
    const uint64_t *functions; /* that the window stops; NULL */
    int rule;                  /* only this one is meant; -1: all */
    bool over;                 /* the outage has ended, as a whole */
};

struct notices {
    uint64_t newest_id; /* the newest one's; 0: none was ever raised */
    int n;
    struct notice_state *list;           /* owned, oldest first, at most LIMIT_NOTICES */
    int64_t told_ms[LIMIT_NOTICE_RULES]; /* UTC of each rule's newest notice; 0: none */
};

/* What makes a repeated delivery known as one, at most so long: unique to the cluster, the notice
 * and the receiver, and the same from every node. Letters, digits, dots and hyphens. */
#define NOTICE_KEY_MAX 192
void notice_key(const char *cluster, const struct notice_state *notice, const char *receiver,
                char key[NOTICE_KEY_MAX]);
/* Of something else that is told: `what` is of these characters, at most 48, and of `time_ms`. */
void notice_key_of(const char *cluster, const char *what, int64_t time_ms, const char *receiver,
                   char key[NOTICE_KEY_MAX]);

/* By its id; NULL: told by now, or there was none. */
struct notice_state *notice_find(const struct notices *notices, uint64_t id);
/* Its delivery to a receiver; NULL: none (yet). */
struct delivery *notice_delivery(const struct notice_state *notice, int receiver);
/* The rule's one that still gathers; NULL. */
struct notice_state *notice_gathering(const struct notices *notices, int rule);
/* A new one at the end, `rule` and time in it; NULL: too many wait. */
struct notice_state *notices_begin(struct notices *notices, int rule, int64_t raised_ms);
/* Of more than fit, those of outages and windows are named before others. */
void notice_add_ref(struct notice_state *notice, const struct notice_ref *ref);
/* A delivery that is due at that time, unless there is one to this receiver. */
void notice_deliver(struct notice_state *notice, int receiver, int64_t due_ms);
/* Nobody has to be told of it any more, as far as its deliveries go. */
bool notice_delivered(const struct notice_state *notice);
void notices_drop(struct notices *notices, int at); /* by its place in the list */

/* After the attempt of this number the next is not before so long after it. */
int64_t notice_backoff_ms(uint32_t attempt);
#define NOTICE_GIVE_UP_MS (24ll * 3600 * 1000) /* after the first attempt … */
#define NOTICE_SILENT_ATTEMPTS 3 /* … and so many; its `otherwise` is told after them */
#define NOTICE_LATE_MS                                                                             \
    (3600ll * 1000) /* what should have been told by its time is not any more                      \
                     */

/* One attempt to tell one receiver, for the node that the intent names. What it is of stands in
 * the notice's refs (notice_find()). */
struct tell_order {
    uint64_t notice; /* 0: none is committed: the quorum is lost, as this site tells by itself */
    int receiver;    /* under the configuration in force */
    uint32_t attempt;
    bool repeat;              /* the receiver may have had it already: the text says so */
    char key[NOTICE_KEY_MAX]; /* notice_key() */
    /* Quorum lost: */
    int64_t since_ms; /* UTC */
    int site;
};

#endif
