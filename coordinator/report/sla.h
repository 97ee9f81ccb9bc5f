/* The month's report: from a contract and a history to figures, and from figures to text, JSON,
 * CSV and a page. Pure.
 *
 *   period = sla_period(contract, zone, year, month, as_of_ms);
 *   ... fill a history: report/ledger_events.h ...
 *   sla = sla_new(&input);
 *   sla_text(sla, SLA_JAPANESE, &out);
 *
 * What the system does not gather yet is named in the report as missing. */
#ifndef REPORT_SLA_H
#define REPORT_SLA_H

#include "base/buf.h"
#include "core/account/availability.h"
#include "core/account/targets.h"
#include "core/account/tree.h"
#include "core/account/zone.h"

#include <stddef.h>
#include <stdint.h>

enum sla_language { SLA_ENGLISH, SLA_JAPANESE };

/* The names behind a history's function numbers: the contract's, then others that were met. */
struct function_names {
    char names[LIMIT_FUNCTIONS][LIMIT_NAME];
    int n;
};
/* The name's number, which it gets when it is new; -1: there are too many. */
int function_names_find(struct function_names *names, const char *name, size_t len);
void function_names_init(struct function_names *names, const struct contract *contract);

struct ledger_view; /* report/ledger_events.h */

struct sla_input {
    const struct contract *contract;
    const struct zone *zone; /* that the contract names */
    int year, month;
    int64_t as_of_ms;
    struct history *history; /* its amendments are applied */
    const struct function_names *names;
    int edition; /* 0: the first, and one more for each amendment that came too late for it */
    const char *contract_from;      /* where the contract was found; NULL: not said */
    const char *service;            /* only this one and its critical functions; NULL: all */
    const struct ledger_view *view; /* NULL: a plain list; else ledger_view_input() has filled … */
    bool provisional;               /* … all that it has */
    const struct sla *before;       /* the report of the edition before; NULL: none */
    const char *cluster;            /* "": not known; NULL: none, the history is a plain list … */
    const char *tzdata;             /* version such as "2025b"; NULL: not known */
    uint64_t ledger_size;           /* … else entries that were read, and their root */
    uint8_t ledger_root[TREE_HASH];
};

struct sla_row {
    char name[LIMIT_NAME];
    char label_ja[LIMIT_NAME]; /* functions only, may be empty */
    struct figures figures;
    int64_t discount_yen; /* of a service; -1: the contract names no fee */
};

/* Why an outage counts as downtime, or does not. */
enum sla_standing { SLA_DOWN, SLA_OTHER_SEVERITY, SLA_EXCLUDED_CAUSE, SLA_TOO_SHORT };
const char *sla_standing_name(enum sla_standing standing); /* "downtime", "excluded-cause" */

/* The first word of a channel that it has a notice. */
struct sla_notice {
    char outage[LIMIT_NAME], channel[LIMIT_NAME];
    int64_t at_ms; /* UTC_NONE: not yet */
    enum target_outcome outcome;
};

struct sla_outage {
    struct outage seen; /* as known at as-of */
    bool counted, failure;
    enum sla_standing standing;
    bool in_window; /* part of it is inside a window that stops one of its functions */
    /* UTC_NONE: no target, or not recognised; DESK_NEVER: of a desk that is hardly ever open */
    int64_t recover_by_ms, notify_by_ms;
    enum target_outcome
        recovery; /* by seen.end_ms: customers can work again, whatever is broken yet */
    enum target_outcome notify; /* missed, when one channel's notice was late */
    const struct sla_notice *notices;
    size_t n_notices;
};

struct sla_window {
    struct window window;
    bool notice_met;   /* regular: announced 336 h ahead or more */
    bool untold;       /* notices of it were on their way, and no customer has one */
    int64_t notice_ms; /* how long ahead; negative: after its start */
};

/* What was said of one of the outages later, up to as-of. One that is neither is a note. */
struct sla_amendment {
    const struct amendment *amendment;
    enum severity severity_was;
    enum cause cause_was;
    bool late; /* when the period was over: it makes an edition */
};

/* What it was made of is borrowed and must live as long. */
struct sla {
    const struct contract *contract;
    const struct zone *zone;
    const struct history *history;
    const struct function_names *names; /* those behind the contract's are not in it (any more) */
    const struct ledger_view *view;     /* NULL: a plain list */
    const struct sla *before;           /* the edition before, of the same contract; NULL: none */
    struct account *account;            /* owned: the sets behind the figures */
    const char *contract_from;          /* NULL: not said */
    bool part;                          /* one service: */
    struct function_set wanted;         /* its functions; else all */
    char cluster[LIMIT_NAME], tzdata[LIMIT_NAME];
    int year, month;
    struct period period;
    int edition;      /* from 1 */
    bool provisional; /* the period is not over or an outage in it is open (report/edition.h) */
    struct sla_row *functions, *services; /* owned, in the contract's order: that are wanted */
    int n_functions, n_services;
    struct sla_outage *outages; /* owned, that touch the period, by start */
    size_t n_outages;
    struct sla_window *windows; /* owned, that touch the period, by start */
    size_t n_windows;
    struct sla_notice *notices; /* owned, by outage and channel */
    size_t n_notices;
    struct sla_amendment *amendments; /* owned, of its outages, by time */
    size_t n_amendments;
    int lacking_year; /* the first one whose holidays a deadline needs and that no table has; 0 */
    const char *const *missing; /* what the report leaves out; NULL ends it */
    bool ledger;                /* not a plain list … */
    bool notified;              /* … or one that knows of notices */
    uint64_t ledger_size;
    uint8_t ledger_root[TREE_HASH];
};

/* The month in the contract's zone, cut to the contract's validity; empty outside of it. */
struct period sla_period(const struct contract *contract, const struct zone *zone, int year,
                         int month, int64_t as_of_ms);

struct sla *sla_new(const struct sla_input *input);
void sla_free(struct sla *sla); /* NULL is fine */

void sla_text(const struct sla *sla, enum sla_language language, struct buf *out);
void sla_json(const struct sla *sla, struct buf *out); /* one object and a newline */
/* One page by itself: no script, nothing from elsewhere; screens and A4. */
void sla_html(const struct sla *sla, enum sla_language language, struct buf *out);
/* A row per function and service. */
void sla_csv(const struct sla *sla, struct buf *out);
/* A row per outage, and per window: times in UTC. */
void sla_csv_outages(const struct sla *sla, struct buf *out);
void sla_csv_windows(const struct sla *sla, struct buf *out);

/* "98", "99.95" out of millionths of a percent. */
const char *sla_target_text(int64_t target_micro, char text[PERCENT_TEXT_MAX]);
/* What a report would have to say and nobody gathers yet; NULL ends the list. */
extern const char *const sla_missing[];
/* Does the window stop one of the outage's functions while it lasts? */
bool sla_covers(const struct sla *sla, const struct window *window, const struct outage *seen);

#endif
