/* Lines of some categories, from the cluster or from an export. */
#ifndef CLI_LEDGER_PART_H
#define CLI_LEDGER_PART_H

#include "cli/ledger_pull.h"

#define LEDGER_PART_CATEGORIES 12

/* Lines of these categories, of entries [from, end) of the ledger. */
struct ledger_part {
    const char *categories[LEDGER_PART_CATEGORIES];
    int n_categories;
    uint64_t from, end;
    ledger_line_fn *each;
    void *context;
};

/* `file`: an export, which is verified; NULL: ask the cluster. 0, or an exit code after a
 * message. */
int ledger_part_read(struct cli *cli, const char *file, const struct ledger_part *part);

#endif
