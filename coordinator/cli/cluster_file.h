/* A cluster's configuration: a file, read and checked offline, or what is in force. */
#ifndef CLI_CLUSTER_FILE_H
#define CLI_CLUSTER_FILE_H

#include "cli/cli.h"
#include "core/model/model.h"

/* 0 and a model for model_free(); ERR_IO, ERR_LIMIT or ERR_INVALID. */
int cluster_file_read(const char *file, struct model **model, struct err *err);
/* What the cluster goes by; `CLUSTER_NAME` names it in messages. The exit code. */
#define CLUSTER_NAME "the cluster's configuration"
int cluster_model_ask(struct cli *cli, struct model **model);
/* What each site's loss leaves, as `kirikae topology --json` prints it. */
json_t *cluster_file_topology(const struct model *model);
void cluster_file_print_topology(FILE *out, const json_t *topology);

#endif
