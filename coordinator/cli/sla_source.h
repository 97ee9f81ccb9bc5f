/* Where a month's report comes from: the contract, and the ledger of the cluster or of an export;
 * and the report of one edition of it. */
#ifndef CLI_SLA_SOURCE_H
#define CLI_SLA_SOURCE_H

#include "cli/sla_command.h"
#include "cli/sla_contract.h"
#include "report/ledger_events.h"

struct sla_source {
    struct sla_contract found;
    bool contract_seen; /* the line that it was found in is the ledger's */
    char cluster[LIMIT_NAME];
    char version[SLA_VERSION_MAX]; /* of the zones */
    const char *tzdata;
    int year, month;
    struct period period;
    struct ledger_events *events;
    struct err err;   /* the first line that made no sense, and … */
    int failed;       /* … what is wrong of it; 0 */
    int64_t known_ms; /* up to then; what is later is unmonitored */
    const struct tree *tree;
};

/* Reads all; an export is told as of the time up to which it knows, unless --as-of is given. 0, or
 * an exit code after a message that names the first entry that is not whole. sla_source_close() in
 * any case. */
int sla_source_open(struct cli *cli, const struct sla_request *asked, struct sla_source *source);
void sla_source_close(struct sla_source *source);

/* "2"; absent: 0, the newest. `what` is for the message. */
int sla_edition_read(struct cli *cli, const char *what, const char *text, int *edition);

struct sla_made {
    struct ledger_view view, view_before;
    struct sla_input input; /* of the edition */
    struct sla *before;     /* NULL: it is the first */
};

/* Edition n, or (0) the newest; of one service, or (NULL) of all. 0, or an exit code after a
 * message; sla_made_free() in any case. The source must live as long. */
int sla_source_make(struct cli *cli, const struct sla_source *source, const char *service,
                    int edition, struct sla_made *made);
void sla_made_free(struct sla_made *made);

#endif
