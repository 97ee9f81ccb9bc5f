#include "core/account/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone *zone;
    struct err err;

    if (zone_parse(data, size, &zone, &err) != 0)
        return 0;
    zone_month(zone, ZONE_YEAR_MIN, 1);
    zone_month(zone, 2026, 11);
    zone_month(zone, ZONE_YEAR_MAX, 12);
    zone_free(zone);
    return 0;
}
