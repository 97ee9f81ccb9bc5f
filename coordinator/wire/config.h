/* YAML -> model. Errors name file, line and field; an unknown key is an error with
 * the nearest known one suggested; repeated keys are errors; nothing is guessed. */
#ifndef WIRE_CONFIG_H
#define WIRE_CONFIG_H

#include "core/model/model.h"

#include <stddef.h>

/* Parses and validates a cluster file's bytes. `file` is for messages only. */
int config_parse(const char *file, const uint8_t *yaml, size_t len, struct model **model,
                 struct err *err);

/* Where pages are served, for whom (web/). */
struct http_address {
    char host[LIMIT_NAME]; /* an IP address */
    int port;              /* 0: nowhere */
};

/* What is one node's own. */
struct node_config {
    char name[LIMIT_NAME];
    char cluster_file[LIMIT_TEXT];
    char data_dir[LIMIT_TEXT];
    char bind[LIMIT_NAME]; /* empty: the server's host */
    char ca[LIMIT_TEXT], cert[LIMIT_TEXT], key[LIMIT_TEXT];
    char helper[LIMIT_NAME + 36]; /* its socket; empty: none */
    struct http_address http_public, http_metrics, http_operators;
    char status_dir[LIMIT_TEXT], status_hook[LIMIT_TEXT]; /* absolute; empty: none */
    int log_level;                                        /* enum log_level */
};
int config_parse_node(const char *file, const uint8_t *yaml, size_t len, struct node_config *node,
                      struct err *err);

#endif
