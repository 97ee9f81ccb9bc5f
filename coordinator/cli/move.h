/* What switchover and failover share. */
#ifndef CLI_MOVE_H
#define CLI_MOVE_H

#include "cli/cli.h"

/* `verb` with the options to, reason, dry-run and whatever `args` holds already. */
int move_run(struct cli *cli, const char *verb, json_t *args);

#endif
