/* What was promised is in the ledger, whenever it changes. */
#include "base/buf.h"
#include "base/mem.h"
#include "core/feature.h"
#include "core/shared.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define T0 1790000000000ll

struct state {
    struct shared *shared;
    uint64_t index;
    uint32_t version;
    char lines[8192]; /* of the newest entry */
};

static void emit(void *context, uint64_t seq, const char *line, size_t len)
{
    struct state *s = context;
    size_t used = strlen(s->lines);

    (void)seq;
    snprintf(s->lines + used, sizeof s->lines - used, "%.*s\n", (int)len, line);
}

static void apply(struct state *s, struct entry *e)
{
    s->lines[0] = '\0';
    e->term = 3;
    e->leader = 8;
    e->time_ms = T0 + (int64_t)s->index;
    shared_apply(s->shared, ++s->index, e, emit, s);
    entry_free(e);
}

/* The sample configuration with `to` for `from`, as its next version. */
static void configure(struct state *s, const char *from, const char *to)
{
    struct entry e = {.kind = ENTRY_CONFIG};
    char *yaml = world_replaced(world_yaml("available", 0), from, to);

    e.config.model = world_parse(yaml);
    e.config.model->version = ++s->version;
    e.config.yaml_len = (uint32_t)strlen(yaml);
    e.config.yaml = mem_dup(yaml, e.config.yaml_len);
    mem_free(yaml);
    apply(s, &e);
    assert_non_null(strstr(s->lines, "\"category\":\"config\",\"type\":\"config\""));
}

static void raise_to(struct state *s, uint32_t level)
{
    struct entry e = {.kind = ENTRY_FEATURES, .config_version = s->version};

    e.features.level = level;
    apply(s, &e);
}

static bool says(const struct state *s, const char *text)
{
    return strstr(s->lines, text) != NULL;
}

#define CONTRACT "\"category\":\"config\",\"type\":\"contract\""

static void it_is_told_when_all_know_of_it(void **state)
{
    struct state s = {.shared = shared_new()};

    (void)state;
    configure(&s, "\"98\"", "\"97\"");
    assert_false(says(&s, CONTRACT));
    configure(&s, "\"98\"", "\"98\"");
    assert_false(says(&s, CONTRACT));
    raise_to(&s, FEATURE_CLOCK);
    assert_false(says(&s, CONTRACT));
    raise_to(&s, FEATURE_REPORT);
    assert_true(says(&s, CONTRACT ",\"version\":2,\"contract\":{\"name\":\"c\",\"timezone\":"
                                  "\"Asia/Tokyo\",\"functions\":[{\"name\":\"calling\","
                                  "\"label_ja\":\"発信・着信\"}],\"services\":[{\"name\":"
                                  "\"centre\",\"critical\":[\"calling\"]}],\"target\":\"98\","));
    raise_to(&s, FEATURE_REPORT); /* once */
    assert_string_equal(s.lines, "");
    shared_free(s.shared);
}

static void and_when_it_changes(void **state)
{
    struct state s = {.shared = shared_new()};

    (void)state;
    configure(&s, "?", "?");
    raise_to(&s, FEATURE_REPORT);
    configure(&s, "interval: 100ms", "interval: 200ms");
    assert_false(says(&s, CONTRACT));
    configure(&s, "\"98\"", "\"99.9\"");
    assert_true(says(&s, CONTRACT ",\"version\":3,"));
    assert_true(says(&s, "\"target\":\"99.9\""));
    configure(&s, "\"98\"", "\"99.9\"");
    assert_false(says(&s, CONTRACT));
    configure(&s, "name: centre", "name: phones");
    assert_true(says(&s, "\"services\":[{\"name\":\"phones\""));
    configure(&s, "calling", "dialling");
    assert_true(says(&s, "\"critical\":[\"dialling\"]"));
    configure(&s, "contract: {name: c, timezone: Asia/Tokyo, target: \"98\"}\n", "");
    assert_true(says(&s, "\"contract\":{\"name\":\"test\","));
    shared_free(s.shared);
}

/* One that no line holds is said to be there, and no more. */
static void a_contract_has_an_end(void **state)
{
    struct state s = {.shared = shared_new()};
    struct entry e = {.kind = ENTRY_CONFIG};
    struct model *model;
    int i, k;

    (void)state;
    configure(&s, "?", "?");
    raise_to(&s, FEATURE_REPORT);
    e.config.model = model = world_model("available", 0);
    model->version = ++s.version;
    mem_free(model->services[0].critical);
    mem_free(model->services);
    model->n_services = LIMIT_FUNCTIONS;
    model->services = mem_zalloc(LIMIT_FUNCTIONS, sizeof model->services[0]);
    for (i = 0; i < model->n_services; i++) {
        struct service *service = &model->services[i];

        snprintf(service->name, sizeof service->name, "%060d", i);
        service->n_critical = 1;
        service->critical = mem_zalloc(1, sizeof service->critical[0]);
    }
    for (k = 0; k < 2; k++) { /* as it is, and with names that make it too long */
        struct buf out = {0};

        model_contract_json(model, &out);
        assert_true((out.len > LIMIT_LEDGER_LINE) == (k > 0));
        buf_free(&out);
        for (i = 0; k == 0 && i < model->n_functions; i++)
            memset(model->functions[i].name, '\001', LIMIT_NAME - 1); /* six bytes each */
    }
    apply(&s, &e);
    assert_true(says(&s, CONTRACT ",\"version\":2,\"contract\":null}"));
    shared_free(s.shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_told_when_all_know_of_it),
        cmocka_unit_test(and_when_it_changes),
        cmocka_unit_test(a_contract_has_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
