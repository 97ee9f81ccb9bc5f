/* Faults as text: every kind there and back, and what is said to a wrong text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "same_fault.h"
#include "simulate/faults/fault.h"
#include "wire/config.h"

#include <stdio.h>

/* Names that are hard: a server like its site, a server called all, dots in routes and in
 * what belongs to them. */
static const char yaml[] = "cluster: c\n"
                           "version: 1\n"
                           "sites: [{name: tokyo}, {name: osaka}, {name: out}, {name: both}]\n"
                           "servers:\n"
                           "  - {name: voice-1, site: tokyo, host: 10.0.0.1}\n"
                           "  - {name: both, site: osaka, host: 10.0.0.2}\n"
                           "  - {name: m.2, site: both, host: 10.0.0.3}\n"
                           "targets:\n"
                           "  - {name: all, site: out, host: 10.0.0.4}\n"
                           "  - {name: lb-1, site: out, host: 10.0.0.5}\n"
                           "checks:\n"
                           "  - {name: up, targets: [voice-1, both], tcp: {port: 1}}\n"
                           "routes:\n"
                           "  - name: calls\n"
                           "    candidates:\n"
                           "      - {name: a, servers: [voice-1], value: a}\n"
                           "      - {name: b.1, servers: [both], value: b}\n"
                           "    actuators:\n"
                           "      - {name: lb-1, haproxy: {address: \"10.0.0.5:1\", map: /m}}\n"
                           "      - {name: sip.lb, haproxy: {address: \"10.0.0.5:2\", map: /m}}\n"
                           "  - name: calls.sip\n"
                           "    candidates:\n"
                           "      - {name: a, servers: [voice-1], value: a}\n"
                           "      - {name: b, servers: [both], value: b}\n"
                           "    actuators:\n"
                           "      - {name: lb, haproxy: {address: \"10.0.0.5:3\", map: /m}}\n";

static struct model *model;

static int set_up(void **state)
{
    struct err err;

    (void)state;
    if (config_parse("test", (const uint8_t *)yaml, sizeof yaml - 1, &model, &err) == 0)
        return 0;
    print_error("%s\n", err.text);
    return -1;
}

static int tear_down(void **state)
{
    (void)state;
    model_free(model);
    return 0;
}

static struct fault parsed(const char *text)
{
    struct fault fault;
    struct err err;

    if (fault_parse(text, model, &fault, &err) != 0)
        fail_msg("%s", err.text);
    return fault;
}

/* `text` is read and written again as `canonical`, which is read as the same. */
static void goes_round(const char *text, const char *canonical)
{
    struct fault fault = parsed(text), again;
    struct buf out = {0};

    fault_format(&fault, model, &out);
    assert_string_equal(buf_cstr(&out), canonical);
    again = parsed(buf_cstr(&out));
    assert_true(same_fault(&fault, &again));
    buf_free(&out);
}

static void every_kind_goes_round(void **state)
{
    static const char *const texts[] = {
        "kill:voice-1@10s+5s",
        "freeze:tokyo@0s+250ms",
        "wipe:m.2@1m30s+10s",
        "restart:all@1h",
        "upgrade:all@10s",
        "host:lb-1@1d",
        "pause:out@10s+1s",
        "refuse:voice-1@10s+1s",
        "hang:all@10s+1s",
        "sick:osaka@10s+1s",
        "slow:voice-1=1s500ms@10s+1s",
        "flap:voice-1=3s@10s+1s",
        "unseen:voice-1/osaka@10s+1s",
        "cut:tokyo>server:both@10s+1s",
        "split:voice-1@10s",
        "loss:tokyo>osaka=30%@5s+1m",
        "delay:all=20ms@5s+1m",
        "double:all=0.1%@5s+1m",
        "reorder:all=100%@5s+1m",
        "stall:voice-1@10s+5s",
        "full:all@10s+5s",
        "crawl:tokyo=1d@10s+5s",
        "baddisk:voice-1@10s",
        "corrupt:voice-1@10s",
        "step:voice-1=-1h@10s",
        "drift:voice-1=-10000ppm@10s+5s",
        "mute:calls.lb-1@10s+5s",
        "lag:calls.lb-1=2s@10s+5s",
        "deaf:calls.lb-1@10s+5s",
        "late:calls.lb-1=20s@10s+5s",
        "forget:calls.lb-1@10s",
        "switchover:calls.b.1@10s",
        "failover:calls.sip.a@10s",
        "force:calls.a@10s",
        "report:voice-1=nothing@10s+5s",
        "handsoff:all@5s+10s",
        "drain:voice-1@5s+10s",
        "lead:voice-1@5s",
        "helper-kill:voice-1@5s",
        "helper-freeze:tokyo@5s+1s",
        "fence-slow:voice-1=20ms@5s+1s",
        "fence-stuck:voice-1=500ms@5s+1s",
        "amend:all@5s",
        "silent:all@5s+1s",
        "unheard:all@5s+1s",
    };

    (void)state;
    assert_int_equal(ARRAY_LEN(texts), FAULT_KINDS);
    for (int k = 0; k < FAULT_KINDS; k++) {
        assert_int_equal(parsed(texts[k]).kind, k);
        assert_int_equal(fault_once((enum fault_kind)k),
                         strchr(texts[k], '+') == NULL && k != FAULT_HOST && k != FAULT_SPLIT);
        assert_memory_equal(texts[k], fault_word((enum fault_kind)k), strcspn(texts[k], ":"));
        assert_true(strlen(fault_help((enum fault_kind)k)) > 5);
        goes_round(texts[k], texts[k]);
    }
}

static void other_spellings_mean_the_same(void **state)
{
    (void)state;
    goes_round("kill:server:voice-1@10s", "kill:voice-1@10s");
    goes_round("kill:site:tokyo@10s", "kill:tokyo@10s");
    goes_round("kill:server:both@10s", "kill:server:both@10s");
    goes_round("kill:site:both@10s", "kill:site:both@10s");
    goes_round("refuse:server:all@10s", "refuse:server:all@10s");
    goes_round("cut:site:tokyo/site:osaka@10s", "cut:tokyo/osaka@10s");
    goes_round("unseen:both/both@10s", "unseen:server:both/site:both@10s");
    goes_round("mute:calls:lb-1@10s", "mute:calls.lb-1@10s");
    goes_round("mute:calls:sip.lb@10s", "mute:calls:sip.lb@10s");
    goes_round("mute:calls.sip:lb@10s", "mute:calls.sip:lb@10s");
    goes_round("loss:all=07.0%@10s", "loss:all=7%@10s");
    goes_round("kill:voice-1@90s+3600000ms", "kill:voice-1@1m30s+1h");
    goes_round("kill:voice-1@1d2h3m4s5ms", "kill:voice-1@1d2h3m4s5ms");
    goes_round("kill:voice-1@3650d+3650d", "kill:voice-1@3650d+3650d");
}

static void parts_are_where_they_belong(void **state)
{
    struct fault fault = parsed("loss:tokyo>server:both=2.5%@5s+1m");

    (void)state;
    assert_true(fault.path && fault.one_way);
    assert_int_equal(fault.what.kind, WHERE_SITE);
    assert_int_equal(fault.what.index, 0);
    assert_int_equal(fault.other.kind, WHERE_SERVER);
    assert_int_equal(fault.other.index, 1);
    assert_int_equal(fault.value, 25);
    assert_int_equal(fault.at_ms, 5000);
    assert_int_equal(fault.for_ms, 60000);

    fault = parsed("mute:calls.sip:lb@0s");
    assert_int_equal(fault.what.kind, WHERE_ACTUATOR);
    assert_int_equal(fault.what.index, 1);
    assert_int_equal(fault.what.second, 0);
    assert_false(fault.path);
    fault = parsed("switchover:calls.b.1@0s");
    assert_int_equal(fault.what.kind, WHERE_CANDIDATE);
    assert_int_equal(fault.what.index, 0);
    assert_int_equal(fault.what.second, 1);
    assert_int_equal(parsed("step:voice-1=-1h1ms@0s").value, -3600001);
    assert_int_equal(parsed("drift:voice-1=500000ppm@0s").value, 500000);
    assert_false(parsed("cut:tokyo/osaka@0s").one_way);
}

static void places_are_servers(void **state)
{
    struct where all = {.kind = WHERE_ALL}, out = {.kind = WHERE_SITE, .index = 2},
                 one = {.kind = WHERE_SERVER, .index = 3};

    (void)state;
    assert_true(where_servers(&all, model) == 0x1f);
    assert_true(where_servers(&out, model) == 0x18);
    assert_true(where_servers(&one, model) == 0x08);
}

/* Each with the words that help. */
static void wrong_texts_are_explained(void **state)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"", "there is no fault \"\"; there are kill, freeze, wipe,"},
        {"kil:voice-1@1s", "there is no fault \"kil\"; there are kill,"},
        {"kil", "forget, switchover, failover, force"},
        {"kill", "what to kill; expected kill:all|SERVER|SITE@TIME[+DURATION]"},
        {"kill@1s", "what to kill"},
        {"Kill:voice-1@1s", "there is no fault \"Kill\""},
        {"kill:@1s", "a name is missing; expected kill:"},
        {"kill:voice-1", "when; expected kill:all|SERVER|SITE@TIME[+DURATION]"},
        {"kill:voice-2@1s", "no server or site \"voice-2\"; there are tokyo, osaka, out, both, "
                            "voice-1, both, m.2"},
        {"kill:VOICE-1@1s", "no server or site \"VOICE-1\""},
        {"kill: voice-1@1s", "no server or site \" voice-1\""},
        {"kill:both@1s", "\"both\" is a server and a site: write server:both or site:both"},
        {"kill:server:tokyo@1s", "no server \"tokyo\"; there are voice-1, both, m.2"},
        {"kill:site:voice-1@1s", "no site \"voice-1\"; there are tokyo, osaka, out, both"},
        {"kill:server:@1s", "no server \"\""},
        {"kill:server:site:out@1s", "no server \"site:out\""},
        {"kill:lb-1@1s", "no coordinator runs on \"lb-1\""},
        {"kill:out@1s", "no coordinator runs on \"out\""},
        {"kill:voice-1/tokyo@1s", "kill does not go with \"voice-1/tokyo\"; expected kill:all|"},
        {"kill:voice-1=3@1s", "kill takes no value; expected kill:"},
        {"kill:voice-1@", "TIME: \"\" is no time: expected numbers with units"},
        {"kill:voice-1@10", "TIME: \"10\" is no time"},
        {"kill:voice-1@-1s", "TIME: \"-1s\" is no time"},
        {"kill:voice-1@1.5s", "\"1.5s\" is no time"},
        {"kill:voice-1@1s1m", "\"1s1m\" is no time"},
        {"kill:voice-1@1s1s", "\"1s1s\" is no time"},
        {"kill:voice-1@1sec", "\"1sec\" is no time"},
        {"kill:voice-1@1 s", "\"1 s\" is no time"},
        {"kill:voice-1@1s@2s", "\"1s@2s\" is no time"},
        {"kill:voice-1@3650d1ms", "TIME: \"3650d1ms\" is more than ten years"},
        {"kill:voice-1@999999999999999d", "is more than ten years"},
        {"kill:voice-1@9999999999999999s", "is no time"},
        {"kill:voice-1@1s+", "DURATION: \"\" is no time"},
        {"kill:voice-1@1s+5", "DURATION: \"5\" is no time"},
        {"kill:voice-1@1s+0s", "a duration of nothing"},
        {"kill:voice-1@1s+11y", "DURATION: \"11y\" is no time"},
        {"kill:voice-1@1s+4000d", "DURATION: \"4000d\" is more than ten years"},
        {"kill:voice-1@1s+1s+1s", "DURATION: \"1s+1s\" is no time"},
        {"restart:voice-1@1s+1s", "restart happens once and has no duration; expected "
                                  "restart:all|SERVER|SITE@TIME"},
        {"force:calls.a@1s+1s", "force happens once"},
        {"cut:all@1s", "cut does not go with \"all\"; expected cut:SERVER|SITE|A/B|A>B@TIME"},
        {"cut:tokyo/all@1s", "cut does not go with \"all\""},
        {"cut:tokyo/@1s", "a name is missing"},
        {"cut:/tokyo@1s", "a name is missing"},
        {"cut:tokyo/nara@1s", "no server or site \"nara\""},
        {"cut:tokyo/osaka/out@1s", "no server or site \"osaka/out\""},
        {"cut:voice-1/voice-1@1s", "a path from \"voice-1\" to \"voice-1\" leads nowhere"},
        {"cut:voice-1>tokyo@1s", "a path from \"voice-1\" to \"tokyo\" leads nowhere"},
        {"split:tokyo/osaka@1s", "split does not go with \"tokyo/osaka\""},
        {"unseen:voice-1@1s", "from where; expected unseen:SERVER/SITE@TIME"},
        {"unseen:voice-1>tokyo@1s", "unseen does not go with \"voice-1>tokyo\""},
        {"unseen:tokyo/osaka@1s", "no server \"tokyo\""},
        {"unseen:voice-1/m.2@1s", "no site \"m.2\""},
        {"loss:tokyo=3%@1s", "loss does not go with \"tokyo\"; expected loss:all|A/B|A>B=PERCENT%"},
        {"loss:all@1s", "loss needs a value; expected loss:all|A/B|A>B=PERCENT%@TIME"},
        {"loss:all=@1s", "\"\" is not from 0.1% to 100%"},
        {"loss:all=30@1s", "\"30\" is not from 0.1% to 100% with at most one decimal"},
        {"loss:all=30ms@1s", "\"30ms\" is not from 0.1%"},
        {"loss:all=0%@1s", "\"0%\" is not"},
        {"loss:all=100.1%@1s", "\"100.1%\" is not"},
        {"loss:all=1.25%@1s", "\"1.25%\" is not"},
        {"loss:all=1.%@1s", "\"1.%\" is not"},
        {"loss:all=.5%@1s", "\".5%\" is not"},
        {"loss:all=-5%@1s", "\"-5%\" is not"},
        {"loss:all@1s=5%", "loss needs a value; expected loss:"},
        {"loss:all=5%@1s=5%", "TIME: \"1s=5%\" is no time"},
        {"double:tokyo/osaka=3%@1s", "double does not go with \"tokyo/osaka\""},
        {"delay:all=30%@1s", "\"30%\" is no time: expected numbers with units"},
        {"delay:all=0ms@1s", "\"0ms\" is not from 1ms to 1d"},
        {"delay:all=2d@1s", "\"2d\" is not from 1ms to 1d; expected delay:all|A/B|A>B=TIME@TIME"},
        {"delay:all=-2s@1s", "\"-2s\" is no time"},
        {"step:voice-1=0s@1s", "\"0s\" is not from 1ms to 3650d; expected step:all|SERVER|SITE="
                               "[-]TIME@TIME"},
        {"step:voice-1=--1s@1s", "\"-1s\" is no time"},
        {"drift:voice-1=100@1s", "\"100\" is not from 1ppm to 500000ppm"},
        {"drift:voice-1=0ppm@1s", "\"0ppm\" is not"},
        {"drift:voice-1=500001ppm@1s", "\"500001ppm\" is not"},
        {"drift:voice-1=-1%@1s", "\"-1%\" is not"},
        {"mute:all@1s", "mute does not go with \"all\"; expected mute:ROUTE.ACTUATOR@TIME"},
        {"mute:voice-1@1s", "no ROUTE.ACTUATOR \"voice-1\"; there are calls.lb-1, calls.sip.lb, "
                            "calls.sip.lb"},
        {"mute:calls.a@1s", "no ROUTE.ACTUATOR \"calls.a\""},
        {"mute:calls.@1s", "no ROUTE.ACTUATOR \"calls.\""},
        {"mute:calls.sip.lb@1s", "\"calls.sip.lb\" can be read in 2 ways: write ROUTE:ACTUATOR"},
        {"mute:calls/lb-1@1s", "mute does not go with \"calls/lb-1\""},
        {"switchover:calls@1s", "no ROUTE.CANDIDATE \"calls\"; there are calls.a, calls.b.1, "
                                "calls.sip.a, calls.sip.b"},
        {"switchover:calls.lb-1@1s", "no ROUTE.CANDIDATE \"calls.lb-1\""},
        {"switchover:all@1s", "switchover does not go with \"all\""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char quoted[128];
        struct fault fault;
        struct err err = {{0}};

        snprintf(quoted, sizeof quoted, "fault \"%s\": ", wrong[i].text);
        if (fault_parse(wrong[i].text, model, &fault, &err) != ERR_INVALID)
            fail_msg("\"%s\" is accepted", wrong[i].text);
        if (strstr(err.text, wrong[i].says) == NULL ||
            strncmp(err.text, quoted, strlen(quoted)) != 0)
            fail_msg("\"%s\" gives: %s\nwithout: %s", wrong[i].text, err.text, wrong[i].says);
    }
}

/* Only what could be meant is listed. */
static void lists_fit_the_kind(void **state)
{
    struct fault fault;
    struct err err;

    (void)state;
    assert_int_equal(fault_parse("kill:server:x@1s", model, &fault, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "m.2"));
    assert_null(strstr(err.text, "lb-1"));
    assert_int_equal(fault_parse("refuse:server:x@1s", model, &fault, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "lb-1"));
}

static void long_texts_are_refused(void **state)
{
    char text[1024];
    struct fault fault;
    struct err err;

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "kill:", 5);
    text[sizeof text - 1] = '\0';
    assert_int_equal(fault_parse(text, model, &fault, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "it is longer than 511 bytes"));
    memcpy(text + 500, "@1s", 4);
    assert_int_equal(fault_parse(text, model, &fault, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "there are tokyo"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_goes_round),
        cmocka_unit_test(other_spellings_mean_the_same),
        cmocka_unit_test(parts_are_where_they_belong),
        cmocka_unit_test(places_are_servers),
        cmocka_unit_test(wrong_texts_are_explained),
        cmocka_unit_test(lists_fit_the_kind),
        cmocka_unit_test(long_texts_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
