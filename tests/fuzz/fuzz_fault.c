/* What is accepted is written as a text that means the same. */
#include "base/check.h"
#include "simulate/faults/fault.h"
#include "simulate/faults/topology.h"
#include "wire/config.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct model *some_model(void)
{
    struct topology topology = {.nodes = 5, .pairs = true, .exclusive = true};
    struct model *model;
    struct buf yaml = {0};
    struct err err;

    topology_yaml(&topology, &yaml);
    CHECK(config_parse("fuzz", yaml.data, yaml.len, &model, &err) == 0);
    buf_free(&yaml);
    return model;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model *model;
    struct fault fault, again;
    struct buf text = {0};
    struct err err;

    if (model == NULL)
        model = some_model();
    buf_append(&text, data, size);
    if (fault_parse(buf_cstr(&text), model, &fault, &err) == 0) {
        buf_clear(&text);
        fault_format(&fault, model, &text);
        CHECK(fault_parse(buf_cstr(&text), model, &again, &err) == 0);
        CHECK(memcmp(&fault, &again, sizeof fault) == 0); /* both begin as zeros */
    }
    buf_free(&text);
    return 0;
}
