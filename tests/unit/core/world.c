#include "world.h"
#include "wire/config.h"

#include <stdio.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const char template[] =
    "cluster: test\n"
    "version: 1\n"
    "profile: normal\n"
    "sites: [{name: tokyo}, {name: osaka}, {name: ishikari}]\n"
    "servers:\n"
    "  - {name: voice-1, site: tokyo, host: 10.0.1.1}\n"
    "  - {name: voice-2, site: tokyo, host: 10.0.1.2}\n"
    "  - {name: voice-3, site: tokyo, host: 10.0.1.3}\n"
    "  - {name: voice-4, site: tokyo, host: 10.0.1.4, role: standby}\n"
    "  - {name: mirror-1, site: osaka, host: 10.0.2.1}\n"
    "  - {name: mirror-2, site: osaka, host: 10.0.2.2}\n"
    "  - {name: mirror-3, site: osaka, host: 10.0.2.3}\n"
    "  - {name: mirror-4, site: osaka, host: 10.0.2.4}\n"
    "  - {name: backup-1, site: ishikari, host: 10.0.3.1}\n"
    "  - {name: backup-2, site: ishikari, host: 10.0.3.2}\n"
    "  - {name: backup-3, site: ishikari, host: 10.0.3.3}\n"
    "  - {name: backup-4, site: ishikari, host: 10.0.3.4}\n"
    "checks:\n"
    "  - name: voice\n"
    "    targets: [voice-1, voice-2, voice-3, voice-4, mirror-1, mirror-2, mirror-3, mirror-4]\n"
    "    tcp: {port: 8080}\n"
    "    interval: 100ms\n"
    "    timeout: 300ms\n"
    "routes:\n"
    "  - name: calls\n"
    "    kind: %s\n"
    "    patience: %dms\n"
    "    candidates:\n"
    "      - {name: tokyo, servers: [voice-1, voice-2, voice-3, voice-4], least: 2, value: v}\n"
    "      - {name: osaka, servers: [mirror-1, mirror-2, mirror-3, mirror-4], least: 2, value: m}\n"
    "    actuators:\n"
    "      - {name: lb-1, haproxy: {address: \"10.0.4.1:9999\", map: /x.map}, timeout: 1s}\n"
    "functions:\n"
    "  - {name: calling, label_ja: 発信・着信, route: calls}\n"
    "services:\n"
    "  - {name: centre, critical: [calling]}\n"
    "contract: {name: c, timezone: Asia/Tokyo, target: \"98\"}\n";

const char *world_yaml(const char *route_kind, int patience_ms)
{
    static char yaml[sizeof template + 64];

    snprintf(yaml, sizeof yaml, template, route_kind, patience_ms);
    return yaml;
}

struct model *world_model(const char *route_kind, int patience_ms)
{
    return world_parse(world_yaml(route_kind, patience_ms));
}

struct model *world_parse(const char *yaml)
{
    struct model *model = NULL;
    struct err err = {{0}};

    if (config_parse("test.yaml", (const uint8_t *)yaml, strlen(yaml), &model, &err) != 0)
        fail_msg("%s", err.text);
    return model;
}
