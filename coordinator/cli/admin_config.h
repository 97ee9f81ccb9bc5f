/* The operator's own file, admin.yaml: where the cluster file is and with which
 * certificate to ask. Strict, as all configuration is. */
#ifndef CLI_ADMIN_CONFIG_H
#define CLI_ADMIN_CONFIG_H

#include "base/err.h"
#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

struct admin_config {
    char cluster_file[LIMIT_TEXT];
    char ca[LIMIT_TEXT], cert[LIMIT_TEXT], key[LIMIT_TEXT];
};

/* 0, or ERR_INVALID or ERR_LIMIT with file and line. */
int admin_config_parse(const char *file, const uint8_t *yaml, size_t len,
                       struct admin_config *config, struct err *err);

#endif
