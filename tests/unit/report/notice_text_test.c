/* Notices at their limits: as many events as there can be, each with the longest words. What they
 * say is in tests/golden/notices. */
#include "base/mem.h"
#include "base/plain.h"
#include "report/notice_text.h"
#include "wire/config.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define FUNCTIONS 256

static const struct {
    const char *name, *channel;
    size_t most;
} receivers[] = {
    {"mail", "m", NOTICE_BODY_MAX},
    {"chat", "l", NOTICE_BRIEF_MAX},
    {"hook", "h", NOTICE_JSON_MAX},
    {"alerts", "a", NOTICE_JSON_MAX},
};
#define N_RECEIVERS (int)(sizeof receivers / sizeof receivers[0])

/* Two of each: operators' and customers'. */
static struct model *make_model(void)
{
    struct buf yaml = {0};
    struct model *model;
    struct err err;

    buf_str(&yaml, "cluster: c\nversion: 1\nsites: [{name: a}, {name: b}, {name: c}]\nservers:\n"
                   "  - {name: s1, site: a, host: 10.0.0.1}\n"
                   "  - {name: s2, site: b, host: 10.0.0.2}\n"
                   "  - {name: s3, site: c, host: 10.0.0.3}\n"
                   "checks: [{name: k, targets: [s1], tcp: {port: 1}}]\nfunctions:\n");
    for (int i = 0; i < FUNCTIONS; i++)
        buf_printf(&yaml, "  - {name: f%d, label_ja: 機能の名前がとても長い場合%d, checks: [k]}\n",
                   i, i);
    buf_str(&yaml, "notices:\n  channels:\n"
                   "    - {name: m, mail: {url: 'smtp://m', from: a@b}}\n"
                   "    - {name: h, webhook: {url: 'https://h', key_file: /k}}\n"
                   "    - {name: a, alertmanager: {url: 'https://a'}}\n"
                   "    - {name: l, slack: {url_file: /t}}\n  receivers:\n");
    for (int i = 0; i < 2 * N_RECEIVERS; i++)
        buf_printf(&yaml, "    - {name: r%d, channel: %s, audience: %s%s}\n", i,
                   receivers[i / 2].channel, i % 2 ? "customers" : "operators",
                   receivers[i / 2].channel[0] == 'm' ? ", to: a@b" : "");
    buf_str(&yaml,
            "  rules: [{name: r, events: [outage], tell: [r0, r1, r2, r3, r4, r5, r6, r7]}]\n");
    if (config_parse("test", yaml.data, yaml.len, &model, &err) != 0)
        fail_msg("%s", err.text);
    buf_free(&yaml);
    return model;
}

static bool post_of(void *context, uint64_t seq, struct buf *line)
{
    buf_printf(line,
               "{\"v\":1,\"seq\":%d,\"index\":1,\"term\":1,\"time\":\"2026-07-01T03:00:00.000Z\","
               "\"category\":\"incident\",\"type\":\"post\",\"outage\":1,\"status\":\"identified\","
               "\"ja\":\"",
               (int)seq);
    for (int i = 0; i < LIMIT_POST / 3; i++)
        buf_str(line, "障");
    buf_str(line, "\",\"en\":\"");
    for (int i = 0; i < LIMIT_POST / 2; i++)
        buf_str(line, "\\\"\\n");
    buf_str(line, "\"}");
    return true;
}

static bool window_of(void *context, uint64_t seq, struct buf *line)
{
    buf_printf(line,
               "{\"v\":1,\"seq\":%d,\"index\":1,\"term\":1,\"time\":\"2026-07-01T03:00:00.000Z\","
               "\"category\":\"maintenance\",\"type\":\"added\",\"window\":9,\"kind\":\"regular\","
               "\"functions\":[",
               (int)seq);
    for (int i = 0; i < FUNCTIONS; i++)
        buf_printf(line, "%s\"f%d\"", i > 0 ? "," : "", i);
    buf_str(line, "],\"start\":\"2026-07-20T15:00:00.000Z\",\"end\":\"2026-07-20T20:00:00.000Z\"}");
    return true;
}

static void check(const struct shared *shared, enum notice_event event, notice_line_of *line)
{
    for (int receiver = 0; receiver < 2 * N_RECEIVERS; receiver++) {
        struct notice_state notice = {.id = 1, .n_refs = LIMIT_NOTICE_REFS, .more = 7};
        struct notice_input input = {
            .shared = shared, .notice = &notice, .receiver = receiver, .line = line};
        struct notice_text text;

        for (int i = 0; i < notice.n_refs; i++)
            notice.refs[i] = (struct notice_ref){.event = (uint8_t)event,
                                                 .seq = (uint64_t)i,
                                                 .outage = event == NOTICE_POSTED ? 2 : 0,
                                                 .window = event == NOTICE_POSTED ? 0 : 9};
        notice_text_write(&input, &text);
        assert_in_range(text.subject.len, 1, NOTICE_SUBJECT_MAX);
        assert_in_range(text.body.len, 1, receivers[receiver / 2].most);
        assert_true(plain_text((const char *)text.subject.data));
        assert_true(plain_lines((const char *)text.body.data));
        if (receivers[receiver / 2].most == NOTICE_JSON_MAX) {
            json_t *json = json_loadb((const char *)text.body.data, text.body.len, 0, NULL);

            assert_non_null(json);
            json_decref(json);
        } else {
            assert_non_null(strstr((const char *)text.body.data, "省略しました"));
        }
        notice_text_free(&text);
    }
}

static void test_limits(void **state)
{
    struct shared *shared = shared_new();

    shared->model = make_model();
    check(shared, NOTICE_POSTED, post_of);
    check(shared, NOTICE_MAINTENANCE, window_of);
    shared_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limits)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
