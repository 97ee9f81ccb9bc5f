/* The ledger's lines from the cluster, page by page, whichever nodes give them: in order,
 * and together with the root that the cluster has for them. */
#ifndef CLI_LEDGER_PULL_H
#define CLI_LEDGER_PULL_H

#include "cli/cli.h"
#include "base/limits.h"
#include "core/account/tree.h"

struct ledger_head {
    uint64_t size;
    uint8_t root[TREE_HASH];
    char cluster[LIMIT_NAME];
    const struct tree *tree; /* while lines are given: of all up to and with this one; else NULL */
};

/* One line without its newline; 0 to go on, or an exit code. */
typedef int ledger_line_fn(struct cli *cli, void *context, const char *line, size_t len);

/* All lines that the ledger has when it begins. 0; or an exit code, after a message: the
 * lines do not give the cluster's root, or the cluster or `each` failed. */
int ledger_pull(struct cli *cli, ledger_line_fn *each, void *context, struct ledger_head *head);

/* Lines of the named categories (a JSON array; NULL: all) of entries [from, end), as many as
 * there are. Nothing proves that none is missing. 0, or an exit code after a message. */
int ledger_pull_part(struct cli *cli, json_t *categories, uint64_t from, uint64_t end,
                     ledger_line_fn *each, void *context);

/* One page of lines [from, from + count) of the named categories (a JSON array, taken;
 * NULL: all). */
int ledger_page(struct cli *cli, uint64_t from, uint64_t count, json_t *categories, json_t **page);

#endif
