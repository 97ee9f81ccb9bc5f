#include "wire/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model *model;
    struct err err;

    if (config_parse("fuzz", data, size, &model, &err) != 0)
        return 0;
    for (int check = 0; check < model->n_checks; check++)
        model_observers(model, check);
    model_calm_leaders(model);
    model_free(model);
    return 0;
}
