/* Whatever stands in the ledger: a notice of it is bounded, plain, and JSON where it has to be, to
 * every receiver. The first byte says which event it is taken for, the rest is the line. */
#include "base/check.h"
#include "base/plain.h"
#include "report/notice_text.h"
#include "wire/config.h"

#include <jansson.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char yaml[] =
    "cluster: c\nversion: 1\n"
    "sites: [{name: a}, {name: b}, {name: c}]\n"
    "servers:\n"
    "  - {name: s1, site: a, host: 10.0.0.1}\n"
    "  - {name: s2, site: b, host: 10.0.0.2}\n"
    "  - {name: s3, site: c, host: 10.0.0.3}\n"
    "checks: [{name: k, targets: [s1], tcp: {port: 1}}]\n"
    "functions: [{name: call-out, label_ja: 発信, checks: [k]}]\n"
    "notices:\n"
    "  channels:\n"
    "    - {name: m, mail: {url: 'smtp://m', from: a@b}}\n"
    "    - {name: h, webhook: {url: 'https://h', key_file: /k}}\n"
    "    - {name: a, alertmanager: {url: 'https://a'}}\n"
    "    - {name: l, line: {token_file: /t}}\n"
    "  receivers:\n"
    "    - {name: mail, channel: m, to: a@b}\n"
    "    - {name: hook, channel: h, language: en}\n"
    "    - {name: hook-customers, channel: h, audience: customers}\n"
    "    - {name: alerts, channel: a}\n"
    "    - {name: line, channel: l, to: U0123456789abcdef0123456789abcdef}\n"
    "    - {name: mail-customers, channel: m, to: a@b, audience: customers, language: en}\n"
    "  rules: [{name: r, events: [outage], tell: [mail, hook, hook-customers, alerts, line, "
    "mail-customers]}]\n";

struct input {
    const uint8_t *line;
    size_t len;
};

static bool line_of(void *context, uint64_t seq, struct buf *line)
{
    const struct input *input = context;

    buf_append(line, input->line, input->len);
    return true;
}

static void check(const struct shared *shared, int receiver, const struct notice_text *text)
{
    const struct notice_config *config = shared->model->notices;
    enum channel_kind kind = config->channels[config->receivers[receiver].channel].kind;

    CHECK(plain_text((const char *)text->subject.data) && text->subject.len <= NOTICE_SUBJECT_MAX);
    CHECK(strlen((const char *)text->body.data) == text->body.len);
    CHECK(plain_lines((const char *)text->body.data));
    if (kind == CHANNEL_MAIL)
        CHECK(text->body.len <= NOTICE_BODY_MAX);
    else if (kind == CHANNEL_LINE)
        CHECK(text->body.len <= NOTICE_BRIEF_MAX);
    else {
        json_t *json = json_loadb((const char *)text->body.data, text->body.len, 0, NULL);

        CHECK(json != NULL && text->body.len <= NOTICE_JSON_MAX);
        json_decref(json);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input line = {data + 1, size - 1};
    struct shared *shared;
    struct err err;

    if (size == 0)
        return 0;
    shared = shared_new();
    CHECK(config_parse("fuzz", (const uint8_t *)yaml, sizeof yaml - 1, &shared->model, &err) == 0);
    for (int receiver = 0; receiver < shared->model->notices->n_receivers; receiver++) {
        struct notice_state notice = {.id = 1, .raised_ms = 1782874802010, .n_refs = 3};
        struct notice_input input = {.shared = shared,
                                     .notice = &notice,
                                     .receiver = receiver,
                                     .now_ms = 1782874802010,
                                     .line = line_of,
                                     .context = &line};
        struct notice_text text;

        for (int i = 0; i < notice.n_refs; i++)
            notice.refs[i] = (struct notice_ref){.event = data[0] % NOTICE_EVENTS,
                                                 .outage = (data[0] & 0x40) != 0 ? 1 : 0,
                                                 .window = (data[0] & 0x20) != 0 ? 1 : 0};
        notice_text_write(&input, &text);
        check(shared, receiver, &text);
        notice_text_free(&text);
    }
    shared_free(shared);
    return 0;
}
