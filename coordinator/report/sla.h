/* The month's availability: from the model's contract and what the ledger says to
 * figures, and from figures to text, JSON and CSV. Pure.
 *
 *   period = sla_period(zone, year, month, as_of_ms);
 *   events = ledger_events_new(model, &period);   ... feed the ledger's lines ...
 *   sla = sla_new(&input);
 *   sla_text(sla, SLA_JAPANESE, &out);
 *
 * What the system does not gather yet is named in the report as missing. */
#ifndef REPORT_SLA_H
#define REPORT_SLA_H

#include "base/buf.h"
#include "core/account/availability.h"
#include "core/account/tree.h"
#include "core/account/zone.h"
#include "core/model/model.h"
#include "report/ledger_events.h"

#include <stddef.h>
#include <stdint.h>

enum sla_language { SLA_ENGLISH, SLA_JAPANESE };

struct sla_input {
    const struct model *model;
    const struct zone *zone; /* that the contract names */
    int year, month;
    int64_t as_of_ms;
    struct ledger_events *events; /* for sla_period() of the same; nothing is taken */
    const char *tzdata;           /* version such as "2025b"; NULL: not known */
    uint64_t ledger_size;         /* entries that were read, and their root */
    uint8_t ledger_root[TREE_HASH];
};

struct sla_row {
    char name[LIMIT_NAME];
    char label_ja[LIMIT_NAME]; /* functions only, may be empty */
    struct figures figures;
};

struct sla_outage {
    struct outage seen; /* as known at as-of */
    bool counted, failure;
};

struct sla_window {
    struct window window;
    bool notice_met; /* regular: announced 336 h ahead or more */
};

struct sla {
    char cluster[LIMIT_NAME], contract[LIMIT_NAME], timezone[LIMIT_NAME], tzdata[LIMIT_NAME];
    int year, month;
    const struct zone *zone; /* borrowed: it must live as long */
    struct period period;
    bool provisional; /* the month is not over or an outage in it is open */
    int64_t target_micro;
    struct sla_row *functions, *services; /* owned, model order */
    int n_functions, n_services;
    struct sla_outage *outages; /* owned, that touch the month, by start */
    size_t n_outages;
    struct sla_window *windows; /* owned, that touch the month, by start */
    size_t n_windows;
    char names[LIMIT_FUNCTIONS][LIMIT_NAME]; /* of the functions in sets */
    int n_names; /* those from n_functions on are not in the contract (any more) */
    uint64_t ledger_size;
    uint8_t ledger_root[TREE_HASH];
};

struct period sla_period(const struct zone *zone, int year, int month, int64_t as_of_ms);

struct sla *sla_new(const struct sla_input *input);
void sla_free(struct sla *sla); /* NULL is fine */

void sla_text(const struct sla *sla, enum sla_language language, struct buf *out);
void sla_json(const struct sla *sla, struct buf *out); /* one object and a newline */
/* A row per function and service. */
void sla_csv(const struct sla *sla, struct buf *out);

/* "98", "99.95" out of millionths of a percent. */
const char *sla_target_text(int64_t target_micro, char text[PERCENT_TEXT_MAX]);
/* What a report would have to say and the ledger cannot tell yet; NULL ends the list. */
extern const char *const sla_missing[];

#endif
