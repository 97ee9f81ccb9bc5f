#include "wire/config_helper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct helper_config config;
    struct err err;

    config_parse_helper("fuzz", data, size, &config, &err);
    helper_config_free(&config);
    return 0;
}
