/* A template that is taken can be rendered, stays within its bound, and is whole UTF-8 when the
 * template is. */
#include "base/check.h"
#include "base/mem.h"
#include "base/plain.h"
#include "core/notice/template.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX 5000

static void render(const char *text, enum template_escape escape)
{
    static const struct template_event events[] = {
        {.values = {[TEMPLATE_EVENT] = "outage", [TEMPLATE_FUNCTION] = "発信"}},
        {.values = {[TEMPLATE_SERVER] = "\"voice\xff\n"}},
    };
    const struct template_values values = {
        .values = {[TEMPLATE_TEXT] = "a\n\"発\"", [TEMPLATE_OPEN] = "1"},
        .events = events,
        .n_events = 2,
    };
    struct buf out = {0};

    template_render(text, &values, escape, MAX, &out);
    CHECK(out.len <= MAX);
    if (plain_lines(text))
        CHECK(plain_lines((const char *)buf_cstr(&out)));
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_alloc(size + 1);
    struct err err;

    memcpy(text, data, size);
    text[size] = '\0';
    if (template_check("fuzz", text, 1, &err) == 0) {
        render(text, TEMPLATE_PLAIN);
        render(text, TEMPLATE_JSON);
    }
    mem_free(text);
    return 0;
}
