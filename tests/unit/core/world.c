#include "world.h"
#include "base/buf.h"
#include "wire/config.h"

#include <stdio.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const char template[] = WORLD_SERVERS
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

char *world_replaced(const char *yaml, const char *from, const char *to)
{
    struct buf out = {0};
    const char *at;

    for (; (at = strstr(yaml, from)) != NULL; yaml = at + strlen(from)) {
        buf_append(&out, yaml, (size_t)(at - yaml));
        buf_append(&out, to, strlen(to));
    }
    buf_append(&out, yaml, strlen(yaml) + 1);
    return (char *)out.data;
}
