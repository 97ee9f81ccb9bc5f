/* What made an edition of a month's report, and which figures it changed. */
#ifndef REPORT_SLA_EDITION_H
#define REPORT_SLA_EDITION_H

#include "base/jsonw.h"
#include "report/edition.h"
#include "report/sla.h"

enum figure_kind { FIGURE_MS, FIGURE_PERCENT, FIGURE_MET, FIGURE_COUNT, FIGURE_MICRO };

/* One figure of a function or service that two reports of one contract differ in. */
struct sla_difference {
    bool service;
    const char *name;     /* of the function or service */
    const char *figure;   /* "downtime_ms" */
    const char *words[2]; /* by enum sla_language */
    enum figure_kind kind;
    int64_t from, to;
};

typedef void sla_difference_fn(void *context, const struct sla_difference *difference);

/* Services first, then functions. */
void sla_differences(const struct sla *before, const struct sla *after, sla_difference_fn *each,
                     void *context);

/* "entry 17, 2026-12-02 10:00:00.000 +09:00: outage 5: cause provider -> attack (sato: …)" */
void sla_change_text(const struct sla *sla, const struct edition_change *change,
                     enum sla_language language, struct buf *out);
/* "key":{"from":…,"to":…} */
void sla_from_to_json(struct jsonw *w, const char *key, const char *from, const char *to);
void sla_change_json(struct jsonw *w, const struct edition_change *change);
/* "service call-centre: downtime 4:00:00.000 -> 0:00:00.000" */
void sla_difference_text(const struct sla_difference *difference, enum sla_language language,
                         struct buf *out);
void sla_difference_json(struct jsonw *w, const struct sla_difference *difference);

/* The report's own section: nothing for a plain list. */
void sla_edition_text(const struct sla *sla, enum sla_language language, struct buf *out);
void sla_edition_json(const struct sla *sla, struct jsonw *w);

#endif
