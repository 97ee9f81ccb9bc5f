/* Which contract a month's report goes by:
 *
 *   --contract FILE, if it is given;
 *   with --from and --cluster, the cluster file's;
 *   else what the ledger says: of the contracts whose validity touches the month the newest one
 *   that it had when the month was over, or, when there was none yet, the first one after. So a
 *   contract that is changed later judges no month before it;
 *   else, from a cluster whose ledger has none yet, its configuration's. */
#ifndef CLI_SLA_CONTRACT_H
#define CLI_SLA_CONTRACT_H

#include "cli/sla_command.h"

struct sla_contract {
    struct contract contract;
    struct zone *zone;
    char from[LIMIT_TEXT]; /* where it was found, for people */
    /* The ledger's line that says it, owned; NULL: none does. Nothing has proved it yet. */
    char *line;
    size_t len;
    uint64_t seq;
};

/* 0, or an exit code after a message; sla_contract_free() in any case. */
int sla_contract_find(struct cli *cli, const struct sla_request *request,
                      struct sla_contract *found);
/* That of the cluster's configuration; likewise. */
int sla_contract_ask(struct cli *cli, struct sla_contract *found);
void sla_contract_free(struct sla_contract *found);

#endif
