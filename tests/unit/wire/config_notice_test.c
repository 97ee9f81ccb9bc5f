/* The notices of a cluster file: what is written arrives, and every slip is named where it
 * stands. */
#include "base/mem.h"
#include "samples.h"
#include "wire/config.h"

#include "testing.h"

#include <stdio.h>

/* Its first line is line 1 of the file: the sample follows it. */
static const char notices_yaml[] =
    "notices:\n"
    "  channels:\n"
    "    - name: mail\n"
    "      mail: {url: 'smtp://mail.example.jp', from: kirikae@example.jp, user: k,\n"
    "             password_file: /smtp.pw, ca: /ca.pem}\n"
    "      timeout: 5s\n"
    "    - {name: relay, mail: {url: 'smtp://[fd00::25]:25', from: k@example.jp, plain: true}}\n"
    "    - {name: slack, slack: {url_file: /slack}}\n"
    "    - {name: room, chatwork: {token_file: /cw}}\n"
    "    - {name: line, line: {token_file: /line, url: 'http://10.0.0.1:8080/api/', plain: true}}\n"
    "    - {name: hook, webhook: {url: 'https://h.example:8443/in/?a=b', key_file: /key}}\n"
    "    - {name: am, alertmanager: {url: 'https://am.example:9093/', user: a, password_file: "
    "/p}}\n"
    "  rules:\n"
    "    - name: outages\n"
    "      events: [outage, lasting, recovered]\n"
    "      severities: [emergency, minor]\n"
    "      functions: [login]\n"
    "      lasting: 30m\n"
    "      quiet: ['22:00-07:00', Sat-Sun 00:00-24:00]\n"
    "      tell: [duty, chat]\n"
    "      escalate: [{after: 15m, tell: [boss]}, {after: 1h, tell: [everybody, all]}]\n"
    "    - {name: rest, events: [clock], gather: 0s, apart: 1h, tell: [duty]}\n"
    "  receivers:\n"
    "    - {name: duty, channel: mail, to: a..b@docomo.example, otherwise: boss, template: short}\n"
    "    - {name: chat, channel: slack, language: en}\n"
    "    - {name: boss, channel: line, to: U0123456789abcdef0123456789abcdef}\n"
    "    - {name: everybody, channel: room, to: '4711'}\n"
    "    - {name: all, channel: relay, to: status@example.jp, audience: customers}\n"
    "  templates:\n"
    "    - name: short\n"
    "      subject: '{{subject}} 障害'\n"
    "      body: |\n"
    "        {{text}}\n"
    "\n"
    "        {{cluster}}\n";

static const char *with_sample(const char *yaml, struct buf *text)
{
    buf_clear(text);
    buf_str(text, yaml);
    buf_str(text, sample_yaml);
    return buf_cstr(text);
}

static int parse(const char *yaml, struct model **model, struct err *err)
{
    size_t len = strlen(yaml);
    uint8_t *exact = mem_dup(yaml, len);
    int rc = config_parse("f.yaml", exact, len, model, err);

    mem_free(exact);
    return rc;
}

static void channels_arrive(void **state)
{
    struct buf text = {0};
    const struct channel *channel;
    struct model *m;
    struct err err;

    if (parse(with_sample(notices_yaml, &text), &m, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(m->notices->n_channels, 7);
    channel = &m->notices->channels[0];
    assert_int_equal(channel->kind, CHANNEL_MAIL);
    assert_string_equal(channel->url, "smtp://mail.example.jp:587");
    assert_string_equal(channel->from, "kirikae@example.jp");
    assert_string_equal(channel->user, "k");
    assert_string_equal(channel->secret_file, "/smtp.pw");
    assert_string_equal(channel->ca_file, "/ca.pem");
    assert_false(channel->plain);
    assert_int_equal(channel->timeout_ms, 5000);
    channel = &m->notices->channels[1];
    assert_string_equal(channel->url, "smtp://[fd00::25]:25");
    assert_true(channel->plain);
    assert_int_equal(channel->timeout_ms, 20000);
    channel = &m->notices->channels[2];
    assert_int_equal(channel->kind, CHANNEL_SLACK);
    assert_string_equal(channel->url, "");
    assert_string_equal(channel->secret_file, "/slack");
    assert_string_equal(m->notices->channels[3].url, "https://api.chatwork.com/v2");
    assert_string_equal(m->notices->channels[4].url, "http://10.0.0.1:8080/api");
    assert_string_equal(m->notices->channels[5].url, "https://h.example:8443/in/?a=b");
    assert_string_equal(m->notices->channels[6].url, "https://am.example:9093");
    assert_string_equal(m->notices->channels[6].user, "a");
    model_free(m);
    buf_free(&text);
}

static void receivers_and_templates_arrive(void **state)
{
    struct buf text = {0};
    const struct receiver *receivers;
    struct model *m;
    struct err err;

    assert_int_equal(parse(with_sample(notices_yaml, &text), &m, &err), 0);
    assert_int_equal(m->notices->n_receivers, 5);
    receivers = m->notices->receivers;
    assert_int_equal(receivers[0].channel, 0);
    assert_string_equal(receivers[0].to, "a..b@docomo.example");
    assert_int_equal(receivers[0].otherwise, 2);
    assert_int_equal(receivers[0].template, 0);
    assert_int_equal(receivers[0].language, LANGUAGE_JA);
    assert_int_equal(receivers[0].audience, AUDIENCE_OPERATORS);
    assert_int_equal(receivers[1].language, LANGUAGE_EN);
    assert_int_equal(receivers[1].otherwise, -1);
    assert_int_equal(receivers[1].template, -1);
    assert_string_equal(receivers[1].to, "");
    assert_string_equal(receivers[3].to, "4711");
    assert_int_equal(receivers[4].audience, AUDIENCE_CUSTOMERS);
    assert_int_equal(m->notices->n_templates, 1);
    assert_string_equal(m->notices->templates[0].subject, "{{subject}} 障害");
    assert_string_equal(m->notices->templates[0].body, "{{text}}\n\n{{cluster}}\n");
    assert_int_equal(m->notices->templates[0].line, 33);
    model_free(m);
    buf_free(&text);
}

static void rules_arrive(void **state)
{
    struct buf text = {0};
    const struct notice_rule *rule;
    struct model *m;
    struct err err;

    assert_int_equal(parse(with_sample(notices_yaml, &text), &m, &err), 0);
    assert_int_equal(m->notices->n_rules, 2);
    rule = &m->notices->rules[0];
    assert_int_equal(rule->events,
                     1 << NOTICE_OUTAGE | 1 << NOTICE_LASTING | 1 << NOTICE_RECOVERED);
    assert_int_equal(rule->severities, 1 << SEVERITY_EMERGENCY | 1 << SEVERITY_MINOR);
    assert_int_equal(rule->functions[0], 2);
    assert_int_equal(rule->lasting_ms, 1800000);
    assert_int_equal(rule->gather_ms, 3000);
    assert_int_equal(rule->apart_ms, 30000);
    assert_int_equal(rule->n_quiet, 2);
    assert_int_equal(rule->quiet[1].days, 0x60);
    assert_int_equal(rule->n_steps, 3);
    assert_int_equal(rule->steps[0].after_ms, 0);
    assert_int_equal(rule->steps[0].receivers, receiver_bit(0) | receiver_bit(1));
    assert_int_equal(rule->steps[1].after_ms, 900000);
    assert_int_equal(rule->steps[1].receivers, receiver_bit(2));
    assert_int_equal(rule->steps[2].receivers, receiver_bit(3) | receiver_bit(4));
    rule = &m->notices->rules[1];
    assert_int_equal(rule->severities, 0);
    assert_int_equal(rule->functions[0], 0);
    assert_int_equal(rule->gather_ms, 0);
    assert_int_equal(rule->apart_ms, 3600000);
    assert_int_equal(rule->n_steps, 1);
    model_free(m);

    assert_int_equal(parse(sample_yaml, &m, &err), 0);
    assert_null(m->notices);
    model_free(m);
    buf_free(&text);
}

/* Each row: the notices with one slip, and what the operator is told. */
static const struct {
    const char *from, *to, *told;
} slips[] = {
    {"notices:\n", "notices: {}\n", "not YAML"},
    {"  channels:\n", "  chanels:\n", "f.yaml:2: unknown key \"chanels\" in notices"},
    /* channels */
    {"slack: {url_file: /slack}", "timeout: 3s",
     "f.yaml:8: channel \"slack\" needs one of mail, slack, chatwork, line, webhook and "
     "alertmanager"},
    {"slack: {url_file: /slack}", "slack: {url_file: /slack}, line: {token_file: /l}",
     "f.yaml:8: channel \"slack\" needs one of"},
    {"name: room, chat", "name: slack, chat", "f.yaml:9: two channels are named \"slack\""},
    {"timeout: 5s", "timeout: 999ms",
     "f.yaml:6: timeout of channel: expected a duration with its unit (ms, s, m, h) from 1s"},
    {"url_file: /slack", "url: 'https://hooks.slack.com/x'",
     "f.yaml:8: unknown key \"url\" in slack"},
    {"token_file: /cw", "", "f.yaml:9: chatwork: key \"token_file\" is missing"},
    {", key_file: /key", "", "f.yaml:11: webhook: key \"key_file\" is missing"},
    {"token_file: /cw", "token_file: cw",
     "f.yaml:9: token_file of channel: expected a path that begins with /, found \"cw\""},
    {", user: k", "", "f.yaml:4: channel \"mail\": password_file: user is missing"},
    {"password_file: /smtp.pw, ", "", "f.yaml:4: channel \"mail\": user: password_file is missing"},
    {"user: a,", "user: 'a:b',",
     "f.yaml:12: user of channel: expected a text without a colon, found \"a:b\""},
    {"smtp://mail.example.jp", "smtp://k:secret@mail.example.jp",
     "f.yaml:4: url of mail: has an @ in it: a name or a password does not belong there"},
    {"https://h.example:8443/", "ftp://k:secret@h.example/",
     "f.yaml:11: url of webhook: has an @ in it: a name or a password does not belong there"},
    {"smtp://mail.example.jp", "https://mail.example.jp",
     "f.yaml:4: url of mail: expected smtp://HOST or smtps://HOST, each with :PORT or without, "
     "found \"https://mail.example.jp\""},
    {"smtp://mail.example.jp", "smtp://mail.example.jp/", "url of mail: expected smtp://HOST or"},
    {"smtp://mail.example.jp", "smtp://mail.example.jp:0", "url of mail: expected smtp://HOST or"},
    {"smtp://mail.example.jp", "smtp://mail.example.jp:65536", "url of mail: expected smtp://"},
    {"smtp://mail.example.jp", "smtp://mail.example.jp:25x", "url of mail: expected smtp://HOST"},
    {"smtp://mail.example.jp", "smtp://mail.example.jp:", "url of mail: expected smtp://HOST or"},
    {"smtp://mail.example.jp", "smtp://", "url of mail: expected smtp://HOST or"},
    {"smtp://mail.example.jp", "smtp://-mail", "url of mail: expected smtp://HOST or"},
    {"smtp://mail.example.jp", "smtp://mail example", "url of mail: expected only letters"},
    {"[fd00::25]", "[fd00::25::]", "f.yaml:7: url of mail: expected smtp://HOST or"},
    {"[fd00::25]", "[fd00", "f.yaml:7: url of mail: expected smtp://HOST or"},
    {"9093/'", "9093/?a'", "f.yaml:12: url of channel: expected https://HOST"},
    {"h.example:8443/in", "h.example:8443#in", "f.yaml:11: url of webhook: expected only letters"},
    {"https://h.example", "http://h.example",
     "f.yaml:11: channel \"hook\": url: without TLS anybody on the way can read and change"},
    {"http://10.0.0.1:8080", "https://10.0.0.1:8080",
     "f.yaml:10: channel \"line\": plain: the url asks for TLS"},
    {"smtp://mail.example.jp", "smtps://mail.example.jp', plain: true, x: '", "unknown key \"x\""},
    {"ca: /ca.pem", "ca: /ca.pem, plain: true",
     "f.yaml:4: channel \"mail\": ca: with plain: true no certificate is looked at"},
    {"from: kirikae@example.jp", "from: Kirikae <kirikae@example.jp>",
     "f.yaml:4: from of mail: expected a mail address and nothing else"},
    {"from: kirikae@example.jp, ", "", "f.yaml:4: mail: key \"from\" is missing"},
    /* receivers */
    {"channel: mail,", "channel: mial,", "f.yaml:24: there is no channel \"mial\""},
    {"channel: mail, ", "", "f.yaml:24: receiver: key \"channel\" is missing"},
    {"to: a..b@docomo.example, ", "", "f.yaml:24: receiver: key \"to\" is missing"},
    {", to: '4711'", "", "f.yaml:27: receiver: key \"to\" is missing"},
    {"to: a..b@docomo.example", "to: \"a@b.example\\nBcc: c@d.example\"",
     "f.yaml:24: to of receiver: expected a text in one line"},
    {"to: a..b@docomo.example", "to: \"a@b.example\\rX\"", "control characters are not allowed"},
    {"to: a..b@docomo.example", "to: 'a@b.example>'", "f.yaml:24: to of receiver: expected a mail"},
    {"to: a..b@docomo.example", "to: a b@b.example", "to of receiver: expected a mail address"},
    {"to: a..b@docomo.example", "to: '\"a\"@b.example'", "to of receiver: expected a mail address"},
    {"to: a..b@docomo.example", "to: '@b.example'", "to of receiver: expected a mail address"},
    {"to: a..b@docomo.example", "to: duty", "to of receiver: expected a mail address"},
    {"to: a..b@docomo.example", "to: a@b..c", "to of receiver: expected a mail address"},
    {"to: a..b@docomo.example", "to: a@b.", "to of receiver: expected a mail address"},
    {"to: a..b@docomo.example", "to: a@-b", "to of receiver: expected a mail address"},
    {"to: a..b@docomo.example", "to: a@b@c", "to of receiver: expected a mail address"},
    {"to: a..b@docomo.example", "to: 当番@b.example", "to of receiver: expected a mail address"},
    {"'4711'", "'#4711'", "f.yaml:27: to of receiver: expected the number of a room, digits only"},
    {"'4711'", "'1234567890123456789'", "expected the number of a room"},
    {"U0123", "X0123", "f.yaml:26: to of receiver: expected the id of a user, a group or a room"},
    {"U0123", "U123", "expected the id of a user, a group or a room"},
    {"U0123", "U012G", "expected the id of a user, a group or a room"},
    {"channel: slack,", "channel: slack, to: x,",
     "f.yaml:25: to of receiver: channel \"slack\" (slack) tells whom its URL says: leave it out"},
    {"otherwise: boss", "otherwise: bos", "f.yaml:24: there is no receiver \"bos\""},
    {"otherwise: boss", "otherwise: duty",
     "f.yaml:24: receiver \"duty\": otherwise: it comes back to receiver \"duty\" itself"},
    {"name: boss,", "name: boss, otherwise: duty,",
     "f.yaml:24: receiver \"duty\": otherwise: it comes back to receiver \"duty\" itself"},
    {"template: short", "template: long", "f.yaml:24: there is no template \"long\""},
    {"name: chat,", "name: duty,", "f.yaml:25: two receivers are named \"duty\""},
    {"language: en", "language: fr", "f.yaml:25: language of receiver: expected ja or en"},
    {"audience: customers", "audience: all",
     "f.yaml:28: audience of receiver: expected operators or customers, found \"all\""},
    /* rules */
    {"[outage, lasting", "[outages, lasting",
     "f.yaml:15: events of rule: there is no event \"outages\""},
    {"[outage, lasting", "[test, lasting", "f.yaml:15: events of rule: there is no event \"test\""},
    {"[outage, lasting", "[lasting, lasting",
     "f.yaml:15: events of rule: \"lasting\" is named twice"},
    {"events: [clock]", "events: []", "f.yaml:22: rule \"rest\": events: there is none"},
    {"events: [clock], ", "", "f.yaml:22: rule: key \"events\" is missing"},
    {"lasting: 30m", "lasting: 0s", "f.yaml:18: lasting of rule: expected a duration"},
    {"      lasting: 30m\n", "",
     "f.yaml:14: rule \"outages\": lasting: it says after which time the event \"lasting\" is "
     "told, and is missing"},
    {"[outage, lasting, ", "[outage, ",
     "f.yaml:14: rule \"outages\": lasting: \"lasting\" is not among its events"},
    {"[emergency, minor]", "[emergency, major]",
     "f.yaml:16: severities of rule: expected emergency, severe or minor, found \"major\""},
    {"[emergency, minor]", "[minor, minor]",
     "f.yaml:16: severities of rule: \"minor\" is named twice"},
    {"[emergency, minor]", "[]", "f.yaml:16: severities of rule: the list is empty"},
    {"[emergency, minor]", "[emergency]",
     "f.yaml:14: rule \"outages\": quiet: only minor ones wait, and \"minor\" is not among"},
    {"gather: 0s", "severities: [minor]",
     "f.yaml:22: rule \"rest\": severities: none of its events is of an outage"},
    {"gather: 0s", "functions: [login]",
     "f.yaml:22: rule \"rest\": functions: none of its events is of an outage or of maintenance"},
    {"functions: [login]", "functions: [logon]", "f.yaml:17: there is no function \"logon\""},
    {"functions: [login]", "functions: [login, login]",
     "f.yaml:17: functions of rule: \"login\" is named twice"},
    {"gather: 0s", "gather: 11m", "f.yaml:22: gather of rule: expected a duration"},
    {"apart: 1h", "apart: 25h", "f.yaml:22: apart of rule: expected a duration"},
    {"'22:00-07:00'", "'22-7'", "f.yaml:19: quiet of rule: expected a span such as"},
    {"tell: [duty]}\n", "tell: []}\n", "f.yaml:22: rule \"rest\": tell: nobody hears of it"},
    {", tell: [duty]}\n", "}\n", "f.yaml:22: rule: key \"tell\" is missing"},
    {"[duty, chat]", "[duty, duty]", "f.yaml:20: tell of rule: receiver \"duty\" is named twice"},
    {"[duty, chat]", "[duty, dory]", "f.yaml:20: there is no receiver \"dory\""},
    {"[duty, chat]", "[duty, boss]",
     "f.yaml:14: rule \"outages\": escalate: receiver \"boss\" is told by an earlier step"},
    {"after: 15m", "after: 1h",
     "f.yaml:14: rule \"outages\": escalate: each step has to be after the one before it"},
    {"after: 15m", "after: 0s", "f.yaml:21: after of escalate of rule: expected a duration"},
    {"tell: [boss]", "tell: []", "f.yaml:14: rule \"outages\": tell: nobody hears of it"},
    {"{after: 15m, tell: [boss]}",
     "{after: 1m, tell: [boss]}, {after: 2m, tell: [boss]}, {after: 3m, tell: [boss]}",
     "f.yaml:21: escalate of rule: more than 3"},
    {"name: rest", "name: outages", "f.yaml:22: two rules are named \"outages\""},
    {"name: rest", "name: The Rest", "f.yaml:22: name of rule: expected a name"},
    /* templates */
    {"subject: '{{subject}} 障害'", "subject: \"a\\nb\"",
     "f.yaml:31: subject of template: expected a text in one line"},
    {"      subject: '{{subject}} 障害'\n", "", "f.yaml:30: template: key \"subject\" is missing"},
    {"        {{text}}\n", "        {{text}}\xe2\x80\xae\n",
     "f.yaml:32: body of template: expected a text that can be seen, without control"},
    {"      body: |\n", "      body: ''\n      x: |\n", "unknown key \"x\""},
};

static void slips_are_named(void **state)
{
    struct buf yaml = {0}, text = {0};
    struct model *m;
    struct err err;

    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
        const char *at = strstr(notices_yaml, slips[i].from);

        if (at == NULL)
            fail_msg("no \"%s\" in the notices", slips[i].from);
        buf_clear(&yaml);
        buf_append(&yaml, notices_yaml, (size_t)(at - notices_yaml));
        buf_str(&yaml, slips[i].to);
        buf_str(&yaml, at + strlen(slips[i].from));
        if (parse(with_sample(buf_cstr(&yaml), &text), &m, &err) == 0)
            fail_msg("taken: \"%s\"", slips[i].to);
        if (strstr(err.text, slips[i].told) == NULL)
            fail_msg("\"%s\" told \"%s\", not \"%s\"", slips[i].to, err.text, slips[i].told);
        if (strstr(err.text, "secret") != NULL)
            fail_msg("it shows a password: %s", err.text);
        assert_null(m);
    }
    buf_free(&yaml);
    buf_free(&text);
}

static void refused(const char *head, const char *item, int n, const char *tail, const char *told)
{
    struct buf yaml = {0};
    struct model *m;
    struct err err;

    buf_str(&yaml, head);
    for (int i = 0; i < n; i++)
        buf_printf(&yaml, item, i);
    buf_str(&yaml, tail);
    buf_str(&yaml, sample_yaml);
    assert_int_equal(parse(buf_cstr(&yaml), &m, &err), ERR_INVALID);
    if (strstr(err.text, told) == NULL)
        fail_msg("told \"%s\", not \"%s\"", err.text, told);
    buf_free(&yaml);
}

#define ONE_CHANNEL "notices:\n  channels: [{name: s, slack: {url_file: /s}}]\n"
#define ONE_OF_EACH ONE_CHANNEL "  receivers: [{name: r, channel: s}]\n"

static void too_many_are_refused(void **state)
{
    refused("notices:\n  receivers: []\n  rules: []\n  channels:\n",
            "    - {name: s%d, slack: {url_file: /s}}\n", LIMIT_CHANNELS + 1, "",
            "f.yaml:21: channels of notices: more than 16");
    refused(ONE_CHANNEL "  rules: []\n  receivers:\n", "    - {name: r%d, channel: s}\n",
            LIMIT_RECEIVERS + 1, "", "f.yaml:69: receivers of notices: more than 64");
    refused(ONE_OF_EACH "  rules:\n", "    - {name: r%d, events: [clock], tell: [r]}\n",
            LIMIT_NOTICE_RULES + 1, "", "f.yaml:37: rules of notices: more than 32");
    refused(ONE_OF_EACH "  rules: []\n  templates:\n", "    - {name: t%d, subject: s, body: b}\n",
            LIMIT_TEMPLATES + 1, "", "f.yaml:38: templates of notices: more than 32");
    refused(ONE_OF_EACH "  rules:\n    - name: q\n      events: [outage]\n      tell: [r]\n"
                        "      quiet:\n",
            "        - '0%d:00-10:00'\n", LIMIT_SPANS + 1, "", "quiet of rule: more than 8");
    refused(
        ONE_OF_EACH "  rules: []\n  templates:\n    - name: t\n      subject: s\n"
                    "      body: |\n",
        "        line %06d\n", LIMIT_TEMPLATE / 12 + 1, "",
        "f.yaml:8: body of template: expected a text of 1 to 8192 bytes, found \"line 000000\"");
}

/* A model that comes from elsewhere is held to the same. */
static void the_model_is_validated(void **state)
{
    struct buf text = {0};
    struct model *m;
    struct err err;

    assert_int_equal(parse(with_sample(notices_yaml, &text), &m, &err), 0);
    assert_int_equal(model_validate(m, &err), 0);
    m->notices->receivers[2].otherwise = 0;
    assert_int_equal(model_validate(m, &err), ERR_INVALID);
    assert_string_equal(err.text,
                        "receiver \"duty\": otherwise: it comes back to receiver \"duty\" itself");
    m->notices->receivers[2].otherwise = LIMIT_RECEIVERS;
    assert_int_equal(model_validate(m, &err), ERR_INVALID);
    assert_string_equal(err.text, "receiver \"boss\": otherwise: there is none");
    m->notices->receivers[2].otherwise = -1;
    m->notices->receivers[1].channel = 7;
    assert_int_equal(model_validate(m, &err), ERR_INVALID);
    assert_string_equal(err.text, "receiver \"chat\": channel: there is none");
    m->notices->receivers[1].channel = 2;
    m->notices->receivers[1].template = 1;
    assert_int_equal(model_validate(m, &err), ERR_INVALID);
    m->notices->receivers[1].template = -1;
    m->notices->rules[1].n_steps = 0;
    assert_int_equal(model_validate(m, &err), ERR_INVALID);
    assert_string_equal(err.text, "rule \"rest\" of notices: tell: nobody hears of it");
    m->notices->rules[1].n_steps = 1;
    m->notices->channels[1].plain = false;
    strcpy(m->notices->channels[1].url, "http://a");
    assert_int_equal(model_validate(m, &err), ERR_INVALID);
    strcpy(m->notices->channels[1].url, "smtp://a:25");
    strcpy(m->notices->rules[1].name, "outages");
    assert_int_equal(model_validate(m, &err), ERR_INVALID);
    assert_string_equal(err.text, "two rules are named \"outages\"");
    model_free(m);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_arrive),      cmocka_unit_test(receivers_and_templates_arrive),
        cmocka_unit_test(rules_arrive),         cmocka_unit_test(slips_are_named),
        cmocka_unit_test(too_many_are_refused), cmocka_unit_test(the_model_is_validated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
