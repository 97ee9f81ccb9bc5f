/* The helper's own file: all that it may ever do, whatever its daemon asks. YAML, as
 * wire/config.h. */
#ifndef WIRE_CONFIG_HELPER_H
#define WIRE_CONFIG_HELPER_H

#include "base/err.h"
#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

#define HELPER_ADDRESSES 8 /* of a route */
#define HELPER_HOOKS 4
#define HELPER_ARGUMENTS 8
#define HELPER_INTERFACE 16 /* IFNAMSIZ */
#define HELPER_SOCKET 100

struct helper_address {
    char text[LIMIT_NAME]; /* "192.0.2.10" */
    int family;            /* AF_INET, AF_INET6 */
    uint8_t bytes[16];
    int prefix;
    char interface[HELPER_INTERFACE];
};

struct helper_hook {
    char name[LIMIT_NAME];
    char program[LIMIT_TEXT]; /* absolute */
    char arguments[HELPER_ARGUMENTS][LIMIT_TEXT];
    int n_arguments;
    int limit_ms; /* of start and check; stop has F */
    int check_ms; /* between two checks; 0: none */
    /* Taken down when `stop` fails or does not end within F: the way that needs no hook. */
    char last_resort[HELPER_INTERFACE];
};

struct helper_route {
    char name[LIMIT_NAME];
    struct helper_address addresses[HELPER_ADDRESSES];
    int n_addresses;
    struct helper_hook hooks[HELPER_HOOKS];
    int n_hooks;
};

struct helper_config {
    char socket[HELPER_SOCKET];
    char user[LIMIT_NAME];       /* who may connect */
    struct helper_route *routes; /* owned */
    int n_routes;
};

/* helper_config_free() afterwards, also on error. */
int config_parse_helper(const char *file, const uint8_t *yaml, size_t len,
                        struct helper_config *config, struct err *err);
void helper_config_free(struct helper_config *config);

#endif
