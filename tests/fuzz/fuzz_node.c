#include "wire/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct node_config node;
    struct err err;

    config_parse_node("fuzz", data, size, &node, &err);
    return 0;
}
