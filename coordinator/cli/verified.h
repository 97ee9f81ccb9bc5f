/* An export on disk, read and verified. */
#ifndef CLI_VERIFIED_H
#define CLI_VERIFIED_H

#include "cli/ledger_pull.h"
#include "report/verify.h"

/* Gives every entry to `each` while it checks; what `each` made of them counts only when 0
 * is returned. Else an exit code, after a message that names what is not whole. */
int verified_read(struct cli *cli, const char *file, ledger_line_fn *each, void *context,
                  struct verify_result *result);
/* The same; while lines are given, *tree is of all entries up to and with this one. */
int verified_read_tree(struct cli *cli, const char *file, ledger_line_fn *each, void *context,
                       const struct tree **tree, struct verify_result *result);
/* Gives every line of the file to `each`, the export's own too, and checks nothing. */
int lines_read(struct cli *cli, const char *file, ledger_line_fn *each, void *context);

#endif
