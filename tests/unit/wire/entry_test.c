/* Entries: what goes in comes out, and nothing else gets in. */
#include "base/mem.h"
#include "base/prng.h"
#include "entry.pb-c.h"
#include "core/account/contract.h"
#include "samples.h"
#include "wire/pb.h"

#include "testing.h"

static void same_body(const struct entry *a, const struct entry *b)
{
    switch (a->kind) {
    case ENTRY_LEADER:
        break;
    case ENTRY_CONFIG:
        assert_int_equal(a->config.yaml_len, b->config.yaml_len);
        assert_memory_equal(a->config.yaml, b->config.yaml, a->config.yaml_len);
        assert_non_null(b->config.model);
        assert_int_equal(b->config.model->version, 7);
        break;
    case ENTRY_VERDICT:
        assert_int_equal(a->verdict.check, b->verdict.check);
        assert_int_equal(a->verdict.verdict, b->verdict.verdict);
        assert_int_equal(a->verdict.need, b->verdict.need);
        assert_int_equal(a->verdict.agree, b->verdict.agree);
        assert_int_equal(a->verdict.assigned, b->verdict.assigned);
        assert_int_equal(a->verdict.n_ballots, b->verdict.n_ballots);
        for (int i = 0; i < a->verdict.n_ballots; i++) {
            const struct ballot *x = &a->verdict.ballots[i], *y = &b->verdict.ballots[i];

            assert_int_equal(x->observer, y->observer);
            assert_int_equal(x->opinion, y->opinion);
            assert_int_equal(x->reason, y->reason);
            assert_int_equal(x->abstain, y->abstain);
            assert_int_equal(x->fail_age_ms, y->fail_age_ms);
            assert_int_equal(x->good_age_ms, y->good_age_ms);
            assert_int_equal(x->arrived_age_ms, y->arrived_age_ms);
        }
        break;
    case ENTRY_INTENT:
    case ENTRY_REFUSED:
        assert_int_equal(a->intent.route, b->intent.route);
        assert_int_equal(a->intent.epoch, b->intent.epoch);
        assert_int_equal(a->intent.step, b->intent.step);
        assert_int_equal(a->intent.from, b->intent.from);
        assert_int_equal(a->intent.to, b->intent.to);
        assert_true(a->intent.members == b->intent.members);
        assert_int_equal(a->intent.rule, b->intent.rule);
        assert_int_equal(a->intent.phase, b->intent.phase);
        assert_int_equal(a->intent.facts, b->intent.facts);
        assert_int_equal(a->intent.planned, b->intent.planned);
        assert_int_equal(a->intent.forced, b->intent.forced);
        break;
    case ENTRY_ACT:
    case ENTRY_OUTCOME:
    case ENTRY_VERIFIED:
    case ENTRY_REASSERTED:
        assert_int_equal(a->outcome.route, b->outcome.route);
        assert_int_equal(a->outcome.actuator, b->outcome.actuator);
        assert_int_equal(a->outcome.epoch, b->outcome.epoch);
        assert_int_equal(a->outcome.step, b->outcome.step);
        assert_int_equal(a->outcome.ok, b->outcome.ok);
        assert_int_equal(a->outcome.took_ms, b->outcome.took_ms);
        break;
    case ENTRY_WINDOW:
        assert_true(a->window.window == b->window.window);
        assert_int_equal(a->window.end, b->window.end);
        assert_int_equal(a->window.extend, b->window.extend);
        assert_int_equal(a->window.refused, b->window.refused);
        assert_int_equal(a->window.emergency, b->window.emergency);
        assert_int_equal(a->window.short_notice, b->window.short_notice);
        assert_true(a->window.start_ms == b->window.start_ms);
        assert_true(a->window.end_ms == b->window.end_ms);
        assert_memory_equal(a->window.functions, b->window.functions, sizeof a->window.functions);
        break;
    case ENTRY_COVERAGE:
        assert_int_equal(a->coverage.check, b->coverage.check);
        assert_int_equal(a->coverage.observers, b->coverage.observers);
        assert_int_equal(a->coverage.sites, b->coverage.sites);
        assert_int_equal(a->coverage.hole, b->coverage.hole);
        break;
    case ENTRY_NODE:
    case ENTRY_MEMBER:
        assert_int_equal(a->node.server, b->node.server);
        assert_int_equal(a->node.silent, b->node.silent);
        assert_int_equal(a->node.silent_ms, b->node.silent_ms);
        assert_true(a->node.raft_id == b->node.raft_id);
        break;
    case ENTRY_SECURITY:
        assert_int_equal(a->security.refused, b->security.refused);
        assert_int_equal(a->security.server, b->security.server);
        break;
    case ENTRY_PAUSE:
        assert_int_equal(a->pause.route, b->pause.route);
        assert_true(a->pause.until_ms == b->pause.until_ms);
        assert_int_equal(a->pause.expired, b->pause.expired);
        break;
    case ENTRY_DRAIN:
        assert_int_equal(a->drain.server, b->drain.server);
        assert_int_equal(a->drain.end, b->drain.end);
        break;
    case ENTRY_HANDOVER:
        assert_int_equal(a->handover.server, b->handover.server);
        assert_int_equal(a->handover.failed, b->handover.failed);
        break;
    case ENTRY_HOLDING:
        assert_int_equal(a->holding.route, b->holding.route);
        assert_int_equal(a->holding.epoch, b->holding.epoch);
        assert_int_equal(a->holding.server, b->holding.server);
        assert_int_equal(a->holding.holds, b->holding.holds);
        assert_int_equal(a->holding.since_ms, b->holding.since_ms);
        break;
    case ENTRY_FEATURES:
        assert_int_equal(a->features.level, b->features.level);
        break;
    case ENTRY_CLOCK:
        assert_int_equal(a->clock.server, b->clock.server);
        assert_int_equal(a->clock.steps, b->clock.steps);
        assert_true(a->clock.stepped_ms == b->clock.stepped_ms);
        assert_true(a->clock.boot == b->clock.boot);
        assert_int_equal(a->clock.total, b->clock.total);
        assert_int_equal(a->clock.compared, b->clock.compared);
        assert_true(a->clock.ahead_ms == b->clock.ahead_ms);
        assert_int_equal(a->clock.bound_ms, b->clock.bound_ms);
        break;
    case ENTRY_INCIDENT:
        assert_true(a->incident.outage == b->incident.outage);
        assert_int_equal(a->incident.severity, b->incident.severity);
        assert_int_equal(a->incident.cause, b->incident.cause);
        assert_int_equal(a->incident.note, b->incident.note);
        break;
    case ENTRY_JOURNAL:
        assert_true(a->journal.from_ms == b->journal.from_ms);
        assert_true(a->journal.to_ms == b->journal.to_ms);
        assert_true(a->journal.index == b->journal.index);
        assert_true(a->journal.heard == b->journal.heard);
        assert_memory_equal(a->journal.spans, b->journal.spans, sizeof *a->journal.spans);
        break;
    case ENTRY_ACKNOWLEDGED:
        assert_true(a->acknowledged.outage == b->acknowledged.outage);
        break;
    case ENTRY_POST:
        assert_true(a->post.outage == b->post.outage);
        assert_int_equal(a->post.status, b->post.status);
        assert_string_equal(a->post.ja, b->post.ja);
        assert_string_equal(a->post.en, b->post.en);
        break;
    case ENTRY_NOTICE:
        assert_int_equal(a->notice.act, b->notice.act);
        assert_true(a->notice.notice == b->notice.notice);
        assert_true(a->notice.receivers == b->notice.receivers);
        assert_int_equal(a->notice.step, b->notice.step);
        assert_int_equal(a->notice.node, b->notice.node);
        assert_true(a->notice.boot == b->notice.boot);
        assert_int_equal(a->notice.receiver, b->notice.receiver);
        assert_int_equal(a->notice.attempt, b->notice.attempt);
        assert_true(a->notice.at_ms == b->notice.at_ms);
        assert_int_equal(a->notice.unsure, b->notice.unsure);
        assert_int_equal(a->notice.rule, b->notice.rule);
        assert_true(a->notice.subject == b->notice.subject);
        break;
    case ENTRY_TROUBLE:
        assert_int_equal(a->trouble.server, b->trouble.server);
        assert_true(a->trouble.expires_ms == b->trouble.expires_ms);
        break;
    }
}

static void every_kind_survives(void **state)
{
    for (int i = 0; i < SAMPLE_KINDS; i++) {
        struct entry a, b;
        struct buf bytes = {0};
        struct err err;

        sample_entry(sample_kinds[i], &a);
        entry_encode(&a, &bytes);
        assert_int_equal(bytes.len % 8, 0);
        assert_true(bytes.len <= LIMIT_COMMAND);
        assert_int_equal(entry_decode(bytes.data, bytes.len, &b, &err), 0);
        assert_int_equal(a.kind, b.kind);
        assert_true(a.term == b.term);
        assert_int_equal(a.leader, b.leader);
        assert_true(a.time_ms == b.time_ms);
        assert_int_equal(a.config_version, b.config_version);
        assert_memory_equal(a.id.bytes, b.id.bytes, sizeof a.id.bytes);
        assert_true(a.digest == b.digest);
        assert_string_equal(a.who, b.who);
        assert_string_equal(a.reason, b.reason);
        same_body(&a, &b);
        entry_free(&a);
        entry_free(&b);
        buf_free(&bytes);
    }
}

/* An entry without anything optional: no id, no name, no text. */
static void empty_fields_survive(void **state)
{
    struct entry a, b;
    struct buf bytes = {0};
    struct err err;

    sample_entry(ENTRY_LEADER, &a);
    memset(&a.id, 0, sizeof a.id);
    a.who[0] = a.reason[0] = '\0';
    a.leader = 0;
    entry_encode(&a, &bytes);
    assert_int_equal(entry_decode(bytes.data, bytes.len, &b, &err), 0);
    assert_memory_equal(a.id.bytes, b.id.bytes, sizeof a.id.bytes);
    assert_string_equal(b.who, "");
    assert_int_equal(b.leader, 0);
    buf_free(&bytes);
}

/* A post in one language, and one of all the text that it may have. */
static void posts_have_texts_or_none(void **state)
{
    char most[LIMIT_POST + 2], *texts[] = {NULL, most};

    (void)state;
    for (size_t len = LIMIT_POST; len <= LIMIT_POST + 1; len++) {
        struct entry a = {.kind = ENTRY_POST}, b;
        struct buf bytes = {0};
        struct err err;

        memset(most, 'x', len);
        most[len] = '\0';
        a.post.ja = texts[0];
        a.post.en = texts[1];
        entry_encode(&a, &bytes);
        if (len <= LIMIT_POST) {
            assert_int_equal(entry_decode(bytes.data, bytes.len, &b, &err), 0);
            assert_null(b.post.ja);
            assert_string_equal(b.post.en, most);
        } else {
            assert_int_equal(entry_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
        }
        entry_free(&b);
        buf_free(&bytes);
    }
}

static void cut_anywhere_is_refused(void **state)
{
    for (int i = 0; i < SAMPLE_KINDS; i++) {
        struct entry a, b;
        struct buf bytes = {0};
        struct err err;

        sample_entry(sample_kinds[i], &a);
        entry_encode(&a, &bytes);
        for (size_t len = 0; len < bytes.len; len++) {
            uint8_t *exact = mem_dup(bytes.data, len); /* so that ASan sees a read beyond */

            assert_true(entry_decode(exact, len, &b, &err) < 0);
            entry_free(&b);
            mem_free(exact);
        }
        entry_free(&a);
        buf_free(&bytes);
    }
}

static void mutations_do_no_harm(void **state)
{
    struct prng prng;

    prng_seed(&prng, 1);
    for (int i = 0; i < SAMPLE_KINDS; i++) {
        struct entry a, b;
        struct buf bytes = {0};
        struct err err;

        sample_entry(sample_kinds[i], &a);
        entry_encode(&a, &bytes);
        for (int round = 0; round < 300; round++) {
            uint8_t *copy = mem_dup(bytes.data, bytes.len);

            for (uint32_t n = 1 + prng_below(&prng, 4); n > 0; n--)
                copy[prng_below(&prng, (uint32_t)bytes.len)] = (uint8_t)prng_next(&prng);
            if (entry_decode(copy, bytes.len, &b, &err) == 0) {
                struct buf again = {0};
                struct entry c;

                entry_encode(&b, &again);
                assert_int_equal(entry_decode(again.data, again.len, &c, &err), 0);
                entry_free(&c);
                buf_free(&again);
            }
            entry_free(&b);
            mem_free(copy);
        }
        entry_free(&a);
        buf_free(&bytes);
    }
}

/* Encodes `a` as it is and expects the decoder to refuse it. */
static void refused(const struct entry *a)
{
    struct buf bytes = {0};
    struct entry b;
    struct err err;

    entry_encode(a, &bytes);
    assert_int_equal(entry_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "range"));
    entry_free(&b);
    buf_free(&bytes);
}

static void ranges_are_kept(void **state)
{
    struct entry a;

#define REFUSED(entry_kind, member, value)                                                         \
    do {                                                                                           \
        sample_entry(entry_kind, &a);                                                              \
        a.member = (value);                                                                        \
        refused(&a);                                                                               \
    } while (0)
    REFUSED(ENTRY_LEADER, leader, LIMIT_SERVERS);
    REFUSED(ENTRY_LEADER, leader, -2);
    REFUSED(ENTRY_LEADER, time_ms, INT64_MAX);
    REFUSED(ENTRY_WINDOW, window.start_ms, INT64_MIN);
    REFUSED(ENTRY_WINDOW, window.end_ms, INT64_MAX);
    REFUSED(ENTRY_PAUSE, pause.until_ms, INT64_MAX);
    REFUSED(ENTRY_VERDICT, verdict.check, LIMIT_CHECKS);
    REFUSED(ENTRY_VERDICT, verdict.check, -1);
    REFUSED(ENTRY_VERDICT, verdict.verdict, 4);
    REFUSED(ENTRY_VERDICT, verdict.need, LIMIT_SERVERS + 1);
    REFUSED(ENTRY_VERDICT, verdict.ballots[1].observer, LIMIT_SERVERS);
    REFUSED(ENTRY_VERDICT, verdict.ballots[1].opinion, 3);
    REFUSED(ENTRY_VERDICT, verdict.ballots[1].reason, REASON_COUNT);
    REFUSED(ENTRY_INTENT, intent.route, LIMIT_ROUTES);
    REFUSED(ENTRY_INTENT, intent.route, -1);
    REFUSED(ENTRY_INTENT, intent.from, LIMIT_CANDIDATES);
    REFUSED(ENTRY_INTENT, intent.to, -2);
    REFUSED(ENTRY_OUTCOME, outcome.route, LIMIT_ROUTES);
    REFUSED(ENTRY_OUTCOME, outcome.actuator, LIMIT_ACTUATORS);
    REFUSED(ENTRY_COVERAGE, coverage.check, LIMIT_CHECKS);
    REFUSED(ENTRY_COVERAGE, coverage.observers, LIMIT_SERVERS + 1);
    REFUSED(ENTRY_COVERAGE, coverage.sites, LIMIT_SITES + 1);
    REFUSED(ENTRY_NODE, node.server, LIMIT_SERVERS);
    REFUSED(ENTRY_NODE, node.server, -1);
    REFUSED(ENTRY_SECURITY, security.server, LIMIT_SERVERS);
    REFUSED(ENTRY_INCIDENT, incident.severity, SEVERITY_COUNT);
    REFUSED(ENTRY_INCIDENT, incident.cause, CAUSE_COUNT);
    REFUSED(ENTRY_INCIDENT, incident.cause, -2);
#undef REFUSED
    sample_entry(ENTRY_POST, &a);
    a.post.status = POST_STATUSES;
    refused(&a);
    a.post.status = POST_RESOLVED;
    a.post.en[0] = '\r';
    refused(&a);
    entry_free(&a);
}

static void the_envelope_is_checked(void **state)
{
    struct entry a, b;
    struct buf bytes = {0};
    struct err err;
    uint8_t *large;

    sample_entry(ENTRY_LEADER, &a);
    a.reason[3] = '\0'; /* whatever the length, some padding */
    entry_encode(&a, &bytes);

    bytes.data[0] = 2;
    assert_int_equal(entry_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "format 2"));
    bytes.data[0] = 1;
    bytes.data[1] = 1;
    assert_int_equal(entry_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "key 1"));
    bytes.data[1] = 0;
    bytes.data[3] = 1;
    assert_int_equal(entry_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    bytes.data[3] = 0;
    while (bytes.data[bytes.len - 1] != 0) { /* a length that leaves padding */
        a.who[strlen(a.who) - 1] = '\0';
        buf_clear(&bytes);
        entry_encode(&a, &bytes);
    }
    bytes.data[bytes.len - 1] = 1;
    assert_int_equal(entry_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "after its end"));
    buf_free(&bytes);

    large = mem_zalloc(LIMIT_COMMAND + 8, 1);
    assert_int_equal(entry_decode(large, LIMIT_COMMAND + 8, &b, &err), ERR_LIMIT);
    mem_free(large);
}

static void a_bad_configuration_is_refused(void **state)
{
    static const char bad[] = "cluster: x\nversio: 1\n";
    struct entry a, b;
    struct buf bytes = {0};
    struct err err;

    sample_entry(ENTRY_CONFIG, &a);
    memcpy(a.config.yaml, bad, sizeof bad - 1);
    a.config.yaml_len = sizeof bad - 1;
    entry_encode(&a, &bytes);
    assert_int_equal(entry_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, "did you mean \"version\"?"));
    assert_null(b.config.model);
    entry_free(&a);
    entry_free(&b);
    buf_free(&bytes);
}

/* Two bytes of input per empty ballot must not become a hundred bytes of memory each. */
static void hostile_bytes_take_no_memory(void **state)
{
    static const size_t len = 200000;
    uint8_t *bytes = mem_zalloc(1, len);
    Kirikae__V1__Entry *plain;
    size_t at = 0, size;

    bytes[at++] = 0x08; /* kind = 3 */
    bytes[at++] = 3;
    bytes[at++] = 0x8a; /* field 17, verdict, to the end */
    bytes[at++] = 0x01;
    size = len - at - 3;
    bytes[at++] = (uint8_t)(size | 0x80);
    bytes[at++] = (uint8_t)(size >> 7 | 0x80);
    bytes[at++] = (uint8_t)(size >> 14);
    for (; at + 1 < len; at += 2) { /* field 6: an empty ballot */
        bytes[at] = 0x32;
        bytes[at + 1] = 0;
    }
    assert_int_equal(at, len - 1);
    bytes[4]--; /* the odd byte at the end is outside */
    plain = kirikae__v1__entry__unpack(NULL, len - 1, bytes);
    assert_non_null(plain); /* nothing else is wrong with it */
    kirikae__v1__entry__free_unpacked(plain, NULL);
    assert_null(pb_unpack(&kirikae__v1__entry__descriptor, bytes, len - 1));
    mem_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_survives),
        cmocka_unit_test(empty_fields_survive),
        cmocka_unit_test(posts_have_texts_or_none),
        cmocka_unit_test(cut_anywhere_is_refused),
        cmocka_unit_test(mutations_do_no_harm),
        cmocka_unit_test(ranges_are_kept),
        cmocka_unit_test(the_envelope_is_checked),
        cmocka_unit_test(a_bad_configuration_is_refused),
        cmocka_unit_test(hostile_bytes_take_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
