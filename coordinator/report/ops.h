/* The operators' page: what a coordinator sees, in parts that are made one by one, so that who
 * watches is sent only what changed. The page, its parts and the JSON beside it are made from the
 * same views as the answers of the command line (report/status.h). Reads only; pure. */
#ifndef REPORT_OPS_H
#define REPORT_OPS_H

#include "base/err.h"
#include "report/sla_status.h"
#include "report/status.h"

enum ops_part {
    OPS_HEAD, /* whose page it is, and as of when: it changes all the time */
    OPS_BANNER,
    OPS_GLANCE,
    OPS_SERVERS,
    OPS_ROUTES,
    OPS_ALERT,     /* open incidents in a line, which is read out when it changes … */
    OPS_INCIDENTS, /* … and with their ages */
    OPS_NOTICES,
    OPS_VERDICT,
    OPS_DECISION,
    OPS_COVERAGE,
    OPS_BUDGET,
    OPS_COMMANDS,
    OPS_PARTS
};

/* ---- who watches what ---- */

/* An observer's words on all checks of a target that it is to watch. */
struct ops_cell {
    uint16_t assigned, fresh, down; /* checks; of them with a fresh word; of these down */
    bool abstains;
};

struct ops_matrix {
    uint32_t version; /* of the configuration that it is of; another one: all anew */
    int next;         /* check that is looked at next */
    struct ops_cell cells[LIMIT_SERVERS][LIMIT_SERVERS];                      /* target, observer */
    uint16_t checks[LIMIT_SERVERS], bad[LIMIT_SERVERS], holes[LIMIT_SERVERS]; /* of a target:
                                                      all, down or disputed, watched by too few */
};

/* Looks at `count` more checks; true: at all, and `matrix` is whole. */
bool ops_matrix_look(struct ops_matrix *matrix, const struct engine *engine, struct moment now,
                     int count);

/* ---- what was decided ---- */

/* The ledger's newest lines of what was found and what was decided. Zero-initialise. */
struct ops_newest {
    struct buf verdict, decision;
};

/* Any line of the ledger, in order. */
void ops_newest_line(struct ops_newest *newest, const char *line, size_t len);
void ops_newest_free(struct ops_newest *newest);

/* ---- the page ---- */

struct ops {
    const struct engine *engine;
    struct moment now;
    const struct status_local *local;
    const struct ops_matrix *matrix; /* whole */
    const struct ops_newest *newest;
    const struct sla_status *budget; /* NULL: not known; `budget_why` says why, in English */
    const char *budget_why;          /* NULL: it is being computed */
    enum sla_language language;
};

const char *ops_part_id(enum ops_part part);
/* What stands in it, appended. */
void ops_part(const struct ops *ops, enum ops_part part, struct buf *out);
/* The whole page, with all parts: complete without a script. */
void ops_page(const struct ops *ops, struct buf *out);
/* {"status":…,"nodes":…,"routes":…,"coverage":…,"windows":…,"notices":…,"verdict":…,
 * "decision":…,"sla":…} */
void ops_json(const struct ops *ops, struct buf *out);

/* What the page loads. */
extern const char ops_style[], ops_script[];

#define OPS_PATH "/ops"
#define OPS_PATH_EN "/ops/en"
#define OPS_PATH_JSON "/ops.json"
#define OPS_PATH_EVENTS "/ops/events"
#define OPS_PATH_EVENTS_EN "/ops/en/events"
#define OPS_PATH_SCRIPT "/ops.js"

/* ---- changes ---- */

/* What was sent last to who watches. Zero-initialise: nothing. */
struct ops_sent {
    uint64_t digest[OPS_PARTS];
};

/* One event for who watches, as JSON: {"parts":{"routes":"<tr>…"},"digests":{"routes":"9f…",…}}:
 * the parts that changed since the event before, and what all of them are now, by which whoever
 * missed one finds out, and loads the page again. With more than `most` bytes no part is in it.
 * Appended. */
void ops_event(const struct ops *ops, struct ops_sent *sent, size_t most, struct buf *out);

#endif
