/* One beat: what a coordinator tells every other about ten times a second, in one
 * authenticated datagram. The same bytes go to all peers. A lost beat costs one
 * beat: everything in it is said again in the next. */
#ifndef CORE_DETECT_BEAT_H
#define CORE_DETECT_BEAT_H

#include "base/limits.h"
#include "core/detect/reason.h"
#include "core/model/model.h"

#include <stdbool.h>
#include <stdint.h>

enum opinion { OPINION_NONE = 0, OPINION_UP = 1, OPINION_DOWN = 2 };

#define AGE_NEVER UINT32_MAX

/* One observer's newest word on one check. Ages count from the moment the beat is
 * sent back to when the probe *began*. */
struct vote {
    uint16_t check;
    uint8_t opinion;      /* enum opinion */
    uint8_t reason;       /* enum reason, of the newest probe */
    uint32_t age_ms;      /* of the newest finished probe */
    uint32_t fail_age_ms; /* while it fails: of the first failing probe of this run; while it
                           * does not: of the newest failing probe; AGE_NEVER */
    uint32_t good_age_ms; /* of the newest good probe; AGE_NEVER */
};

/* The newest beat of a server that the sender has received. */
struct echo {
    bool known;
    uint64_t boot;
    uint64_t number;
    uint32_t age_ms; /* since it was received */
};

/* The sender's word on one exclusive route (protocol.md, Grant). */
struct clear {
    uint8_t route;
    bool clear;      /* my log holds no intent newer than `epoch` */
    bool holding;    /* I serve it under `epoch`: all that I am to hold is up */
    bool unable;     /* I could not: my helper does not answer, or I am being stopped */
    uint32_t epoch;  /* newest epoch I have applied */
    uint32_t intent; /* newest intent's epoch in my log, committed or not */
};

enum report_state { REPORT_NONE = 0, REPORT_OK = 1, REPORT_FAILING = 2 };

/* What the sender's own software said last of one of its checks. */
struct report_word {
    uint16_t check;
    uint8_t state;   /* enum report_state */
    uint32_t age_ms; /* since it said so */
};

/* A run of the sender's journal (core/detect/journal.h). */
enum run_kind { RUN_DOWN = 0, RUN_BLIND = 1, RUN_IDLE = 2 };
#define RUN_ALL UINT16_MAX

struct run_word {
    uint32_t id;
    uint8_t kind;       /* enum run_kind */
    uint16_t subject;   /* check or route; RUN_ALL */
    uint32_t age_ms;    /* of its start */
    uint32_t good_ms;   /* newest good probe, so long before its start; AGE_NEVER */
    uint32_t length_ms; /* AGE_NEVER: it goes on */
    uint32_t fail_ms;   /* newest failing probe, so long before its end */
};

/* What came of an attempt to tell a receiver of a notice. */
struct receipt_word {
    uint64_t notice; /* 0: there is none, and the rest means nothing */
    uint8_t receiver;
    uint32_t attempt;
    bool accepted;
    bool unsure;     /* it was not, and may have been all the same */
    uint32_t age_ms; /* since the receiver answered */
    char text[LIMIT_RECEIPT_TEXT];
};

struct beat {
    uint64_t boot;   /* random, of this start of the sender */
    uint64_t number; /* 1, 2, … within a boot */
    int from;        /* server; set by the receiver from the key that authenticated it */
    uint64_t term;
    uint64_t applied;        /* Raft index */
    uint32_t config_version; /* of the applied configuration: check numbers refer to it */
    int64_t utc_ms;          /* the sender's clock as the beat left; UTC_NONE: not said */
    uint32_t steps;          /* that clock was set so often since the sender's start … */
    int64_t stepped_ms;      /* … together, forward */
    uint32_t level;          /* newest feature level that the sender knows (core/feature.h) */
    uint32_t level_needed;   /* … and that of its state, for all who take part */
    bool leader;
    bool abstain;     /* the sender does not trust itself now */
    bool leaving;     /* the sender is being stopped, and waits for who takes over from it */
    bool asks;        /* a call waits for echoes of this one: voters answer at once */
    uint32_t refused; /* connections that the sender's port refused since its start */
    server_set heard; /* peers whose beats are fresh here and echo mine */
    int n_echoes;     /* coordinators in order */
    struct echo echoes[LIMIT_SERVERS];
    int n_votes; /* failing ones first, then a rotating part of the others */
    struct vote votes[LIMIT_BEAT_VOTES];
    int n_clears;
    struct clear clears[LIMIT_ROUTES];
    int n_reports; /* of all checks of the sender that were ever reported since its start */
    struct report_word reports[LIMIT_REPORTS];
    int n_hints; /* checks of the sender: look at once, something has happened there */
    uint16_t hints[LIMIT_HINTS];
    /* A time without a quorum. A leader asks for what the others saw in it; they tell it, all runs
     * from the first to the newest in turn, until it asks no more. */
    bool gap;                /* the sender leads, and asks */
    bool tells;              /* the sender answers: */
    uint32_t knew_age_ms;    /* it last knew of a majority so long ago; AGE_NEVER */
    uint32_t journal_age_ms; /* its journal goes back so far */
    uint32_t first_run, newest_run;
    int n_runs;
    struct run_word runs[LIMIT_BEAT_RUNS];
    int64_t certificate_ms;      /* UTC: the end of the sender's own; UTC_NONE: not said */
    struct receipt_word receipt; /* one of those that the state does not show yet, in turn */
};

#endif
