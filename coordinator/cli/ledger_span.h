/* Which time a list is of: options --month, or --since and --until, and --open. */
#ifndef CLI_LEDGER_SPAN_H
#define CLI_LEDGER_SPAN_H

#include "cli/cli.h"

struct ledger_span {
    int64_t since_ms, until_ms; /* [since, until) */
    bool open;                  /* only those that are */
};

/* `zone`: the contract's by the ledger; "": it says none, and a month is the configuration's. 0, or
 * an exit code after a message. */
int ledger_span_read(struct cli *cli, const char *zone, struct ledger_span *span);

#endif
