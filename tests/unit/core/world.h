/* A small cluster for tests of the core: the sample configuration below, parsed. */
#ifndef TESTS_UNIT_CORE_WORLD_H
#define TESTS_UNIT_CORE_WORLD_H

#include "core/model/model.h"

/* How such a configuration begins: twelve coordinators on three places, a check of eight. A test
 * goes on with checks of its own or with its routes. */
#define WORLD_SERVERS                                                                              \
    "cluster: test\n"                                                                              \
    "version: 1\n"                                                                                 \
    "profile: normal\n"                                                                            \
    "sites: [{name: tokyo}, {name: osaka}, {name: ishikari}]\n"                                    \
    "servers:\n"                                                                                   \
    "  - {name: voice-1, site: tokyo, host: 10.0.1.1}\n"                                           \
    "  - {name: voice-2, site: tokyo, host: 10.0.1.2}\n"                                           \
    "  - {name: voice-3, site: tokyo, host: 10.0.1.3}\n"                                           \
    "  - {name: voice-4, site: tokyo, host: 10.0.1.4, role: standby}\n"                            \
    "  - {name: mirror-1, site: osaka, host: 10.0.2.1}\n"                                          \
    "  - {name: mirror-2, site: osaka, host: 10.0.2.2}\n"                                          \
    "  - {name: mirror-3, site: osaka, host: 10.0.2.3}\n"                                          \
    "  - {name: mirror-4, site: osaka, host: 10.0.2.4}\n"                                          \
    "  - {name: backup-1, site: ishikari, host: 10.0.3.1}\n"                                       \
    "  - {name: backup-2, site: ishikari, host: 10.0.3.2}\n"                                       \
    "  - {name: backup-3, site: ishikari, host: 10.0.3.3}\n"                                       \
    "  - {name: backup-4, site: ishikari, host: 10.0.3.4}\n"                                       \
    "checks:\n"                                                                                    \
    "  - name: voice\n"                                                                            \
    "    targets: [voice-1, voice-2, voice-3, voice-4, mirror-1, mirror-2, mirror-3, mirror-4]\n"  \
    "    tcp: {port: 8080}\n"                                                                      \
    "    interval: 100ms\n"                                                                        \
    "    timeout: 300ms\n"

/* Twelve coordinators on three places, route "calls" (tokyo, osaka: least 2 of 4). */
struct model *world_model(const char *route_kind, int patience_ms);
struct model *world_parse(const char *yaml);
const char *world_yaml(const char *route_kind, int patience_ms);

/* A copy (the caller's) of the text with `to` wherever `from` stood. */
char *world_replaced(const char *yaml, const char *from, const char *to);

#endif
