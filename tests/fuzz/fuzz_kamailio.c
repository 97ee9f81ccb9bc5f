#include "agent/kamailio_text.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kamailio_target targets[4];
    struct err err;
    int n;

    if (kamailio_parse_list((const char *)data, size, 1, 3, targets, 4, &n, &err) == 0)
        CHECK(n <= 4);
    kamailio_parse_done((const char *)data, size, 1, &err);
    return 0;
}
