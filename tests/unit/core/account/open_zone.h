/* Zones of the machine's tzdata, and UTC moments from texts, for the tests of account/. */
#ifndef TESTS_ACCOUNT_OPEN_ZONE_H
#define TESTS_ACCOUNT_OPEN_ZONE_H

#include "base/buf.h"
#include "base/utc.h"
#include "core/account/zone.h"

#include <stdio.h>

static inline void read_zone(const char *name, struct buf *out)
{
    char path[128], chunk[4096];
    FILE *file;
    size_t n;

    assert_true(zone_name_ok(name));
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s: the tests need tzdata", path);
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_append(out, chunk, n);
    fclose(file);
}

static inline struct zone *open_zone(const char *name)
{
    struct buf bytes = {0};
    struct zone *zone;
    struct err err;

    read_zone(name, &bytes);
    assert_int_equal(zone_parse(bytes.data, bytes.len, &zone, &err), 0);
    buf_free(&bytes);
    return zone;
}

static inline int64_t utc(const char *text)
{
    int64_t ms;

    assert_int_equal(utc_parse(text, &ms), 0);
    return ms;
}

#endif
