/* Writes a page of OpenMetrics 1.0 text (openmetrics.io), which Prometheus scrapes. A family is
 * opened once, with all that is said of it; samples go into the family that is open. What a
 * program gets wrong (a sample without a family, a family twice, a name, unit or label that does
 * not fit) is a CHECK; what a configuration makes too many of is left out, and counted. Pure.
 *
 *   om_begin(&om, &out);
 *   om_gauge(&om, "kirikae_peer_beat_age_seconds", OM_SECONDS, "Since its newest beat.",
 *            OM_LABELS("peer"));
 *   om_ms(&om, OM_LABELS(name), age_ms);
 *   om_end(&om);
 */
#ifndef REPORT_OPENMETRICS_H
#define REPORT_OPENMETRICS_H

#include "base/buf.h"
#include "base/histogram.h"

#include <stdbool.h>
#include <stdint.h>

#define OM_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define OM_FAMILIES_MAX 256
#define OM_SERIES_MAX 1024 /* of a family; a histogram's are as many as its lines */
#define OM_LABELS_MAX 6

/* Names of a family's labels, or their values in the same order; NULL ends them. */
#define OM_LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define OM_PLAIN NULL /* no labels */

enum om_unit { OM_NUMBER, OM_SECONDS, OM_BYTES }; /* a name ends in the unit that it has */
enum om_type { OM_GAUGE, OM_COUNTER, OM_INFO, OM_HISTOGRAM };

struct om {
    struct buf *out;
    int n_families;
    uint64_t families[OM_FAMILIES_MAX]; /* hashes of their names */
    const char *name;                   /* of the open one; NULL: none */
    enum om_type type;
    enum om_unit unit;
    const char *labels[OM_LABELS_MAX];
    int n_labels;
    int series;        /* of the open one */
    uint64_t all;      /* … of the page */
    uint64_t left_out; /* that were too many */
    bool ended;
};

void om_begin(struct om *om, struct buf *out);
/* `name` without _total and _info: samples have that. */
void om_gauge(struct om *om, const char *name, enum om_unit unit, const char *help,
              const char *const *labels);
void om_counter(struct om *om, const char *name, enum om_unit unit, const char *help,
                const char *const *labels);
void om_info(struct om *om, const char *name, const char *help, const char *const *labels);
/* In seconds. */
void om_histogram(struct om *om, const char *name, const char *help, const char *const *labels);

/* A sample of a family without a unit; of bytes too. */
void om_int(struct om *om, const char *const *values, int64_t value);
void om_count(struct om *om, const char *const *values, uint64_t value);
void om_bool(struct om *om, const char *const *values, bool value);
/* … of one in seconds. What a peer says may be any number: 292 000 years are the most. */
void om_ms(struct om *om, const char *const *values, int64_t ms);
void om_us(struct om *om, const char *const *values, int64_t us);
/* … of an info, and of a histogram. */
void om_is(struct om *om, const char *const *values);
void om_times(struct om *om, const char *const *values, const struct histogram *histogram);
/* One of the states in `names` is true: a sample for each, under the values and the state's name,
 * which is the last label. At most OM_LABELS_MAX - 1 values. */
void om_one_of(struct om *om, const char *const *values, const char *const *names, int n, int is);

/* Nothing comes after it. */
void om_end(struct om *om);

#endif
