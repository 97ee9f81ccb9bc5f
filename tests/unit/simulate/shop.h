/* A cluster file for plays and campaigns: three sites with a coordinator each, a service in two
 * of them, and a proxy in the third that callers pass. */
#ifndef TESTS_UNIT_SIMULATE_SHOP_H
#define TESTS_UNIT_SIMULATE_SHOP_H

#define SHOP_HEAD                                                                                  \
    "cluster: shop\n"                                                                              \
    "version: 1\n"                                                                                 \
    "sites: [{name: east}, {name: west}, {name: north}]\n"                                         \
    "servers:\n"                                                                                   \
    "  - {name: e-1, site: east, host: 10.0.1.1}\n"                                                \
    "  - {name: w-1, site: west, host: 10.0.2.1}\n"                                                \
    "  - {name: n-1, site: north, host: 10.0.3.1}\n"                                               \
    "targets:\n"                                                                                   \
    "  - {name: shop-1, site: east, host: 10.0.1.5}\n"                                             \
    "  - {name: shop-2, site: east, host: 10.0.1.6}\n"                                             \
    "  - {name: spare-1, site: west, host: 10.0.2.5}\n"                                            \
    "  - {name: proxy, site: north, host: 10.0.3.5}\n"                                             \
    "checks:\n"                                                                                    \
    "  - {name: web, targets: [shop-1, shop-2, spare-1], tcp: {port: 80}, interval: 200ms,\n"      \
    "     timeout: 300ms, fall_silent: 3}\n"                                                       \
    "routes:\n"                                                                                    \
    "  - name: web\n"                                                                              \
    "    candidates:\n"                                                                            \
    "      - {name: east, servers: [shop-1, shop-2], least: 1, value: east}\n"
#define SHOP_SPARE "      - {name: west, servers: [spare-1], least: 1, value: west}\n"
#define SHOP_TAIL                                                                                  \
    "    actuators:\n"                                                                             \
    "      - {name: proxy, haproxy: {address: \"10.0.3.5:9999\", map: /m}, timeout: 1s}\n"         \
    "functions: [{name: buying, route: web}]\n"

static const char shop[] = SHOP_HEAD SHOP_SPARE SHOP_TAIL;
static const char shop_alone[] = SHOP_HEAD SHOP_TAIL; /* without another candidate */

#endif
