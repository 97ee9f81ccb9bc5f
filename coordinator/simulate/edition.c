/* Versions of the configuration: the text that was given, and the same with another number. */
#include "base/check.h"
#include "base/mem.h"
#include "simulate/inside.h"
#include "wire/config.h"

#include <string.h>

#define KEY "version:"

int edition_first(struct sim *sim, const uint8_t *yaml, size_t len, struct err *err)
{
    struct edition *first = &sim->editions[0];
    int code = config_parse(sim->name, yaml, len, &first->model, err);

    if (code < 0)
        return code;
    first->yaml = mem_dup(yaml, len);
    first->yaml_len = len;
    sim->n_editions = 1;
    sim->model = first->model;
    return 0;
}

static const char *version_line(const char *text, size_t len)
{
    const char *at = text;

    while (at != NULL && strncmp(at, KEY, strlen(KEY)) != 0) {
        at = memchr(at, '\n', len - (size_t)(at - text));
        at = at != NULL ? at + 1 : NULL;
    }
    return at;
}

static bool bump(const struct edition *old, uint32_t version, struct buf *out)
{
    struct buf text = {0};
    const char *line, *rest;
    bool found;

    buf_append(&text, old->yaml, old->yaml_len);
    line = version_line(buf_cstr(&text), text.len);
    found = line != NULL;
    if (found) {
        rest = strchr(line, '\n');
        buf_append(out, text.data, (size_t)(line - (const char *)text.data));
        buf_printf(out, KEY " %u", version);
        if (rest != NULL)
            buf_append(out, rest, strlen(rest));
    }
    buf_free(&text);
    return found;
}

int edition_next(struct sim *sim)
{
    const struct edition *old = &sim->editions[sim->n_editions - 1];
    struct edition *next = &sim->editions[sim->n_editions];
    struct buf text = {0};
    struct err err;

    if (sim->n_editions == EDITIONS_MAX || !bump(old, old->model->version + 1, &text)) {
        buf_free(&text);
        return sim->n_editions - 1;
    }
    CHECK(config_parse(sim->name, text.data, text.len, &next->model, &err) == 0);
    next->yaml = text.data;
    next->yaml_len = text.len;
    return sim->n_editions++;
}

void editions_free(struct sim *sim)
{
    int i;

    for (i = 0; i < sim->n_editions; i++) {
        model_free(sim->editions[i].model);
        mem_free(sim->editions[i].yaml);
    }
}
