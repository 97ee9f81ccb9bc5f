/* Notices in the replicated state: what is raised by which line, when it is sent, taken over,
 * given to another, escalated, forgotten, and what a new configuration makes of it. */
#include "base/check.h"
#include "base/mem.h"
#include "base/utc.h"
#include "core/account/contract.h"
#include "core/feature.h"
#include "wire/codec.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define T0 1790000000000ll
#define HOUR_MS 3600000ll

enum { DUTY, ROOM, BOSS };
enum { ALL, GRAVE, PLANS };

static const char notices[] =
    "  - {name: login, label_ja: l, severity: minor, checks: ['voice@voice-1']}\n"
    "  - {name: billing, label_ja: b, severity: severe, checks: ['voice@voice-2']}\n"
    "services:\n";
static const char rules[] =
    "notices:\n"
    "  channels:\n"
    "    - {name: hook, webhook: {url: 'https://h.example/', key_file: /k}}\n"
    "  receivers:\n"
    "    - {name: duty, channel: hook, otherwise: boss}\n"
    "    - {name: room, channel: hook}\n"
    "    - {name: boss, channel: hook}\n"
    "  rules:\n"
    "    - name: all\n"
    "      events: [outage, lasting, recovered, node-lost, certificate]\n"
    "      lasting: 30m\n"
    "      tell: [duty, room]\n"
    "      escalate: [{after: 15m, tell: [boss]}]\n"
    "    - {name: grave, events: [outage], severities: [severe], tell: [boss]}\n"
    "    - {name: plans, events: [maintenance, maintenance-begun, maintenance-over],\n"
    "       functions: [login], tell: [room]}\n";

struct state {
    struct shared *shared;
    uint64_t index;
    int64_t now_ms;
    struct buf lines; /* of the newest entry */
};

static void emit(void *context, uint64_t seq, const char *line, size_t len)
{
    struct state *s = context;

    (void)seq;
    buf_append(&s->lines, line, len);
    buf_append(&s->lines, "\n", 1);
}

/* As it comes out of a log, on a state as it comes out of a snapshot. */
static void apply(struct state *s, struct entry *entry)
{
    struct buf bytes = {0}, snapshot = {0}, again = {0};
    struct shared *restored;
    struct entry read;
    struct err err;

    entry_encode(entry, &bytes);
    assert_int_equal(entry_decode(bytes.data, bytes.len, &read, &err), 0);
    if (s->shared->model != NULL) {
        shared_encode(s->shared, &snapshot);
        if (shared_decode(snapshot.data, snapshot.len, &restored, &err) != 0)
            fail_msg("%s", err.text);
        shared_encode(restored, &again);
        assert_int_equal(snapshot.len, again.len);
        assert_memory_equal(snapshot.data, again.data, again.len);
        shared_free(s->shared);
        s->shared = restored;
    }
    buf_clear(&s->lines);
    shared_apply(s->shared, ++s->index, &read, emit, s);
    entry_free(&read);
    buf_free(&bytes);
    buf_free(&snapshot);
    buf_free(&again);
}

static struct entry make(const struct state *s, enum entry_kind kind)
{
    return (struct entry){.kind = kind,
                          .term = 3,
                          .leader = 8,
                          .time_ms = s->now_ms,
                          .config_version =
                              s->shared->model != NULL ? s->shared->model->version : 0};
}

static void configure(struct state *s, const char *yaml)
{
    struct entry e = make(s, ENTRY_CONFIG);

    e.config.yaml = (uint8_t *)mem_strdup(yaml);
    e.config.yaml_len = (uint32_t)strlen(yaml);
    apply(s, &e);
    entry_free(&e);
}

static void level(struct state *s, uint32_t to)
{
    struct entry e = make(s, ENTRY_FEATURES);

    e.features.level = to;
    apply(s, &e);
}

/* To be freed. */
static char *file(const char *said, int version)
{
    char number[32],
        *functions = world_replaced(world_yaml("available", 0), "services:\n", notices);
    char *all = mem_alloc(strlen(functions) + strlen(said) + 1), *versioned;

    sprintf(all, "%s%s", functions, said);
    sprintf(number, "version: %d\n", version);
    versioned = world_replaced(all, "version: 1\n", number);
    mem_free(functions);
    mem_free(all);
    return versioned;
}

static struct state begin(uint32_t to)
{
    struct state s = {.shared = shared_new(), .now_ms = T0};
    char *yaml = file(rules, 1);

    configure(&s, yaml);
    if (to > FEATURE_FIRST)
        level(&s, to);
    mem_free(yaml);
    return s;
}

static void end(struct state *s)
{
    shared_free(s->shared);
    buf_free(&s->lines);
}

static void says(struct state *s, const char *text)
{
    if (strstr(buf_cstr(&s->lines), text) == NULL)
        fail_msg("%s, wanted %s", buf_cstr(&s->lines), text);
}

static void does_not_say(struct state *s, const char *text)
{
    if (strstr(buf_cstr(&s->lines), text) != NULL)
        fail_msg("%s, not wanted %s", buf_cstr(&s->lines), text);
}

static void verdict(struct state *s, int check, enum verdict to)
{
    struct entry e = make(s, ENTRY_VERDICT);

    e.verdict.check = check;
    e.verdict.verdict = to;
    apply(s, &e);
}

static struct entry act(const struct state *s, enum notice_act what, uint64_t notice)
{
    struct entry e = make(s, ENTRY_NOTICE);

    e.notice.act = what;
    e.notice.notice = notice;
    e.notice.step = -1;
    return e;
}

static void send(struct state *s, uint64_t notice, receiver_set receivers, int step, int node)
{
    struct entry e = act(s, NOTICE_ACT_SEND, notice);

    e.notice.receivers = receivers;
    e.notice.step = step;
    e.notice.node = node;
    e.notice.boot = 77;
    apply(s, &e);
}

static void answer(struct state *s, enum notice_act what, uint64_t notice, int receiver, int node,
                   uint32_t attempt, bool unsure)
{
    struct entry e = act(s, what, notice);

    e.notice.receiver = receiver;
    e.notice.node = node;
    e.notice.attempt = attempt;
    e.notice.unsure = unsure;
    e.notice.at_ms = s->now_ms - 100;
    strcpy(e.reason, "250 OK");
    apply(s, &e);
}

static const struct notice_state *only(const struct state *s)
{
    assert_int_equal(s->shared->notices.n, 1);
    return &s->shared->notices.list[0];
}

static const struct delivery *to(const struct state *s, uint64_t notice, int receiver)
{
    const struct delivery *delivery =
        notice_delivery(notice_find(&s->shared->notices, notice), receiver);

    assert_non_null(delivery);
    return delivery;
}

/* ---- what is raised ---- */

static void rules_choose_what_they_have(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    const struct notice_state *notice;

    (void)state;
    verdict(&s, 0, VERDICT_DOWN); /* login, minor */
    notice = only(&s);
    assert_int_equal(notice->id, 1);
    assert_int_equal(notice->rule, ALL);
    assert_true(notice->raised_ms == T0);
    assert_int_equal(notice->steps, 0);
    assert_int_equal(notice->n_refs, 1);
    assert_int_equal(notice->refs[0].event, NOTICE_OUTAGE);
    assert_int_equal(notice->refs[0].severity, SEVERITY_MINOR);
    assert_true(notice->refs[0].outage == s.shared->functions[1].outage);
    verdict(&s, 1, VERDICT_DOWN); /* billing, severe */
    assert_int_equal(s.shared->notices.n, 2);
    assert_int_equal(s.shared->notices.list[0].n_refs, 2); /* it gathers */
    assert_int_equal(s.shared->notices.list[1].rule, GRAVE);
    verdict(&s, 1, VERDICT_UP);
    assert_int_equal(s.shared->notices.list[0].n_refs, 3);
    assert_true(s.shared->notices.list[0].refs[1].over);
    assert_false(s.shared->notices.list[0].refs[0].over);
    assert_true(s.shared->notices.list[1].refs[0].over);
    end(&s);
}

static void before_its_level_and_without_rules_nothing_is_raised(void **state)
{
    struct state s = begin(FEATURE_REPORT);
    char *yaml = file("", 2);

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    assert_int_equal(s.shared->notices.n, 0);
    assert_int_equal(s.shared->notices.newest_id, 0);
    level(&s, FEATURE_NOTICE);
    configure(&s, yaml);
    verdict(&s, 1, VERDICT_DOWN);
    assert_int_equal(s.shared->notices.n, 0);
    mem_free(yaml);
    end(&s);
}

static void one_more_than_waits_is_dropped_in_the_ledger(void **state)
{
    struct state s = begin(FEATURE_NOTICE);

    (void)state;
    for (int i = 0; i < LIMIT_NOTICES; i++) {
        verdict(&s, 0, i % 2 == 0 ? VERDICT_DOWN : VERDICT_UP);
        send(&s, s.shared->notices.newest_id, receiver_bit(DUTY), 0, 3);
    }
    assert_int_equal(s.shared->notices.n, LIMIT_NOTICES);
    verdict(&s, 0, VERDICT_DOWN);
    says(&s, "\"category\":\"notice\",\"type\":\"dropped\",\"notice\":129,\"rule\":\"all\","
             "\"events\":[{\"event\":\"outage\",\"seq\":");
    assert_int_equal(s.shared->notices.n, LIMIT_NOTICES);
    end(&s);
}

static void who_is_never_reached_keeps_nobody_from_being_told(void **state)
{
    struct state s = begin(FEATURE_NOTICE);

    (void)state;
    for (uint64_t id = 1; id <= LIMIT_NOTICES; id++) {
        verdict(&s, 0, id % 2 == 1 ? VERDICT_DOWN : VERDICT_UP);
        send(&s, id, receiver_bit(DUTY) | receiver_bit(ROOM), 0, 3);
        answer(&s, NOTICE_ACT_ACCEPTED, id, DUTY, 3, 1, false);
        for (uint32_t i = 1; i <= NOTICE_SILENT_ATTEMPTS; i++) {
            answer(&s, NOTICE_ACT_FAILED, id, ROOM, 3, i, false);
            if (i < NOTICE_SILENT_ATTEMPTS)
                send(&s, id, receiver_bit(ROOM), -1, 3);
        }
    }
    assert_int_equal(s.shared->notices.n, LIMIT_NOTICES);
    verdict(&s, 0, VERDICT_DOWN);
    says(&s, "\"type\":\"given-up\",\"notice\":1,\"receiver\":\"room\"");
    does_not_say(&s, "\"receiver\":\"duty\""); /* it has it */
    does_not_say(&s, "dropped");
    assert_true(s.shared->notices.list[0].id == 2);
    assert_true(s.shared->notices.list[LIMIT_NOTICES - 1].id == LIMIT_NOTICES + 1);
    end(&s);
}

static void events_beyond_those_named_are_counted(void **state)
{
    struct state s = begin(FEATURE_NOTICE);

    (void)state;
    for (int i = 0; i < LIMIT_NOTICE_REFS + 3; i++)
        verdict(&s, 0, i % 2 == 0 ? VERDICT_DOWN : VERDICT_UP);
    assert_int_equal(only(&s)->n_refs, LIMIT_NOTICE_REFS);
    assert_int_equal(only(&s)->more, 3);
    send(&s, 1, receiver_bit(DUTY), 0, 3);
    says(&s, "\"more\":3");
    end(&s);
}

static void outages_are_named_before_others(void **state)
{
    struct notice_state notice = {0};
    struct notice_ref lost = {.event = NOTICE_NODE_LOST}, outage = {.event = NOTICE_OUTAGE};

    (void)state;
    for (int i = 0; i < LIMIT_NOTICE_REFS; i++) {
        lost.seq = (uint64_t)i;
        notice_add_ref(&notice, &lost);
    }
    for (int i = 0; i < LIMIT_NOTICE_REFS; i++) {
        outage.seq = outage.outage = (uint64_t)(100 + i);
        notice_add_ref(&notice, &outage);
        assert_int_equal(notice.n_refs, LIMIT_NOTICE_REFS);
        assert_int_equal(notice.more, i + 1);
        assert_true(notice.refs[LIMIT_NOTICE_REFS - 1].outage == outage.outage);
        assert_true(i == LIMIT_NOTICE_REFS - 1 || notice.refs[0].seq == 0); /* in their order */
    }
    notice_add_ref(&notice, &outage);
    notice_add_ref(&notice, &lost);
    assert_int_equal(notice.more, LIMIT_NOTICE_REFS + 2);
    assert_true(notice.refs[0].outage == 100);
}

/* ---- sent, accepted ---- */

static void a_calm_notice_is_told_once_to_each(void **state)
{
    struct state s = begin(FEATURE_NOTICE);

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    s.now_ms += 3000;
    send(&s, 1, receiver_bit(DUTY) | receiver_bit(ROOM), 0, 8);
    says(&s, "\"category\":\"notice\",\"type\":\"intent\",\"notice\":1,\"rule\":\"all\",\"step\":0,"
             "\"receiver\":\"duty\",\"channel\":\"hook\",\"kind\":\"webhook\",\"audience\":"
             "\"operators\",\"node\":\"backup-1\",\"attempt\":1,\"repeat\":false,\"key\":"
             "\"notice-1-");
    says(&s, "\"receiver\":\"room\"");
    assert_true(s.shared->notices.told_ms[ALL] == s.now_ms);
    verdict(&s, 1, VERDICT_DOWN); /* it gathers no more: another one */
    assert_int_equal(s.shared->notices.n, 3);
    assert_int_equal(to(&s, 1, DUTY)->phase, DELIVERY_SENDING);
    s.now_ms += 1000;
    answer(&s, NOTICE_ACT_ACCEPTED, 1, DUTY, 8, 1, false);
    says(&s, "\"type\":\"accepted\",\"notice\":1,\"receiver\":\"duty\",\"channel\":\"hook\","
             "\"kind\":\"webhook\",\"audience\":\"operators\",\"node\":\"backup-1\","
             "\"attempt\":1,\"accepted\":\"2026-09-21T14:13:23.900Z\"");
    says(&s, "\"answer\":\"250 OK\"");
    assert_true(to(&s, 1, DUTY)->accepted_ms == s.now_ms - 100);
    answer(&s, NOTICE_ACT_ACCEPTED, 1, DUTY, 8, 1, false); /* once */
    assert_int_equal(s.lines.len, 0);
    answer(&s, NOTICE_ACT_ACCEPTED, 1, ROOM, 7, 1, false); /* not of the node in force */
    answer(&s, NOTICE_ACT_ACCEPTED, 1, ROOM, 8, 2, false); /* nor of the attempt */
    answer(&s, NOTICE_ACT_ACCEPTED, 9, ROOM, 8, 1, false); /* nor of any notice */
    assert_int_equal(s.lines.len, 0);
    assert_int_equal(to(&s, 1, ROOM)->phase, DELIVERY_SENDING);
    answer(&s, NOTICE_ACT_ACCEPTED, 1, ROOM, 8, 1, false);
    assert_non_null(notice_find(&s.shared->notices, 1)); /* it may still escalate */
    verdict(&s, 0, VERDICT_UP);
    assert_null(notice_find(&s.shared->notices, 1)); /* what it tells of is over */
    end(&s);
}

static void an_acceptance_is_within_the_intent_and_its_entry(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    struct entry e;

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    send(&s, 1, receiver_bit(DUTY) | receiver_bit(ROOM), 0, 8);
    e = act(&s, NOTICE_ACT_ACCEPTED, 1);
    e.notice.receiver = DUTY;
    e.notice.node = 8;
    e.notice.attempt = 1;
    e.notice.at_ms = s.now_ms - HOUR_MS;
    apply(&s, &e);
    assert_true(to(&s, 1, DUTY)->accepted_ms == s.now_ms);
    s.now_ms += 50;
    e.time_ms = s.now_ms;
    e.notice.receiver = ROOM;
    e.notice.at_ms = s.now_ms + HOUR_MS;
    apply(&s, &e);
    assert_true(to(&s, 1, ROOM)->accepted_ms == s.now_ms);
    end(&s);
}

/* ---- failed, taken over ---- */

static void a_failure_is_tried_again_later_and_later_and_then_given_up(void **state)
{
    static const int wait_s[] = {5, 15, 45, 120, 300, 600, 600};
    struct state s = begin(FEATURE_NOTICE);
    uint32_t attempt = 1;

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    send(&s, 1, receiver_bit(ROOM), 0, 8);
    for (;; attempt++) {
        int64_t due_ms;

        answer(&s, NOTICE_ACT_FAILED, 1, ROOM, 8, attempt, false);
        if (to(&s, 1, ROOM)->phase == DELIVERY_GIVEN_UP)
            break;
        due_ms = to(&s, 1, ROOM)->due_ms;
        if (attempt <= ARRAY_LEN(wait_s))
            assert_true(due_ms - s.now_ms == 1000ll * wait_s[attempt - 1]);
        s.now_ms = due_ms;
        send(&s, 1, receiver_bit(ROOM), -1, 8);
        says(&s, "\"repeat\":false");
    }
    assert_true(s.now_ms - T0 < 24 * HOUR_MS && s.now_ms - T0 > 24 * HOUR_MS - 1000000);
    says(&s, "\"next\":null");
    says(&s, "\"type\":\"given-up\",\"notice\":1,\"receiver\":\"room\",\"channel\":\"hook\"");
    does_not_say(&s, "otherwise"); /* it has none */
    end(&s);
}

static void days_without_anybody_are_no_attempts(void **state)
{
    struct state s = begin(FEATURE_NOTICE);

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    send(&s, 1, receiver_bit(DUTY) | receiver_bit(ROOM), 0, 8);
    answer(&s, NOTICE_ACT_FAILED, 1, ROOM, 8, 1, false);
    s.now_ms += 72 * HOUR_MS; /* all were off */
    for (uint32_t i = 2; i < NOTICE_SILENT_ATTEMPTS; i++) {
        send(&s, 1, receiver_bit(DUTY) | receiver_bit(ROOM), -1, 4);
        says(&s, "\"receiver\":\"duty\"");
        says(&s, "\"receiver\":\"room\"");
        answer(&s, NOTICE_ACT_FAILED, 1, ROOM, 4, i, false);
        assert_int_equal(to(&s, 1, ROOM)->phase, DELIVERY_DUE);
        s.now_ms += HOUR_MS;
    }
    send(&s, 1, receiver_bit(ROOM), -1, 4);
    answer(&s, NOTICE_ACT_FAILED, 1, ROOM, 4, NOTICE_SILENT_ATTEMPTS, false);
    says(&s, "\"type\":\"given-up\",\"notice\":1,\"receiver\":\"room\"");
    end(&s);
}

static void what_may_have_arrived_says_that_it_repeats(void **state)
{
    struct state s = begin(FEATURE_NOTICE);

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    send(&s, 1, receiver_bit(DUTY) | receiver_bit(ROOM), 0, 8);
    send(&s, 1, receiver_bit(DUTY), -1, 4); /* the first one's node is gone */
    says(&s, "\"step\":null,\"receiver\":\"duty\"");
    says(&s, "\"node\":\"mirror-1\",\"attempt\":2,\"repeat\":true");
    answer(&s, NOTICE_ACT_ACCEPTED, 1, DUTY, 8, 1, false); /* too late */
    assert_int_equal(to(&s, 1, DUTY)->phase, DELIVERY_SENDING);
    answer(&s, NOTICE_ACT_ACCEPTED, 1, DUTY, 4, 2, false);
    assert_int_equal(to(&s, 1, DUTY)->phase, DELIVERY_ACCEPTED);
    answer(&s, NOTICE_ACT_FAILED, 1, ROOM, 8, 1, true);
    says(&s, "\"type\":\"failed\",\"notice\":1,\"receiver\":\"room\",\"channel\":\"hook\",\"node\":"
             "\"backup-1\",\"attempt\":1,\"unsure\":true,\"next\":\"2026-09-21T14:13:25.000Z\","
             "\"reason\":\"250 OK\"");
    send(&s, 1, receiver_bit(ROOM), -1, 8);
    says(&s, "\"repeat\":true");
    end(&s);
}

static void a_silent_receiver_s_other_is_told_too(void **state)
{
    struct state s = begin(FEATURE_NOTICE);

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    send(&s, 1, receiver_bit(DUTY), 0, 8);
    for (uint32_t i = 1; i <= NOTICE_SILENT_ATTEMPTS; i++) {
        assert_null(notice_delivery(only(&s), BOSS));
        answer(&s, NOTICE_ACT_FAILED, 1, DUTY, 8, i, false);
        if (i < NOTICE_SILENT_ATTEMPTS)
            send(&s, 1, receiver_bit(DUTY), -1, 8);
    }
    says(&s, "\"type\":\"otherwise\",\"notice\":1,\"receiver\":\"duty\",\"to\":\"boss\"");
    assert_int_equal(to(&s, 1, BOSS)->phase, DELIVERY_DUE);
    assert_int_equal(to(&s, 1, DUTY)->phase, DELIVERY_DUE); /* it goes on being tried */
    send(&s, 1, receiver_bit(DUTY), -1, 8);
    does_not_say(&s, "otherwise"); /* once */
    end(&s);
}

/* ---- escalation ---- */

static void nobody_further_is_called_when_it_is_over_or_looked_after(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    struct entry e;

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    send(&s, 1, receiver_bit(BOSS), 1, 8); /* not before the first step */
    assert_int_equal(s.lines.len, 0);
    send(&s, 1, receiver_bit(DUTY) | receiver_bit(ROOM), 0, 8);
    send(&s, 1, receiver_bit(DUTY), 0, 8); /* a step begins once */
    assert_int_equal(s.lines.len, 0);
    send(&s, 1, receiver_bit(BOSS), 1, 8);
    says(&s, "\"step\":1,\"receiver\":\"boss\"");
    assert_int_equal(notice_find(&s.shared->notices, 1)->steps, 2);
    verdict(&s, 1, VERDICT_DOWN); /* 2 */
    send(&s, 2, receiver_bit(DUTY) | receiver_bit(ROOM), 0, 8);
    e = make(&s, ENTRY_ACKNOWLEDGED);
    e.acknowledged.outage = s.shared->functions[2].outage - 1;
    apply(&s, &e);
    send(&s, 2, receiver_bit(BOSS), 1, 8);
    does_not_say(&s, "intent");
    e = act(&s, NOTICE_ACT_LASTING, 0); /* what it goes on to do is known to who looks after it */
    e.time_ms = s.now_ms += HOUR_MS;
    e.notice.subject = s.shared->functions[2].outage - 1;
    apply(&s, &e);
    assert_true(notice_gathering(&s.shared->notices, ALL)->acknowledged);
    verdict(&s, 2, VERDICT_DOWN);
    verdict(&s, 3, VERDICT_DOWN);
    assert_false(notice_gathering(&s.shared->notices, ALL)->acknowledged); /* calling's is new */
    end(&s);
}

static void what_is_posted_is_told(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    char *posted = world_replaced(rules, "certificate]", "posted]"), *yaml = file(posted, 2);
    struct entry e;

    (void)state;
    configure(&s, yaml);
    verdict(&s, 0, VERDICT_DOWN);
    e = make(&s, ENTRY_POST);
    e.post.outage = s.shared->functions[1].outage - 1;
    e.post.en = mem_strdup("We are looking into it.");
    apply(&s, &e);
    assert_int_equal(only(&s)->refs[1].event, NOTICE_POSTED);
    assert_int_equal(only(&s)->refs[1].severity, SEVERITY_MINOR);
    assert_false(only(&s)->refs[1].over);
    verdict(&s, 0, VERDICT_UP);
    apply(&s, &e);
    assert_true(only(&s)->refs[3].over);
    entry_free(&e);
    mem_free(posted);
    mem_free(yaml);
    end(&s);
}

static void an_outage_s_end_ends_it(void **state)
{
    struct state s = begin(FEATURE_NOTICE);

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    send(&s, 1, receiver_bit(DUTY) | receiver_bit(ROOM), 0, 8);
    verdict(&s, 0, VERDICT_UP);
    send(&s, 1, receiver_bit(BOSS), 1, 8);
    does_not_say(&s, "boss");
    end(&s);
}

/* ---- by time ---- */

static void an_outage_lasts_once_for_each_rule(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    struct entry e;

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    send(&s, 1, receiver_bit(DUTY), 0, 8);
    e = act(&s, NOTICE_ACT_LASTING, 0);
    e.notice.rule = ALL;
    e.notice.subject = s.shared->functions[1].outage - 1;
    apply(&s, &e);
    assert_int_equal(s.lines.len, 0); /* not yet */
    e.time_ms = s.now_ms += HOUR_MS / 2;
    apply(&s, &e);
    says(&s, "\"category\":\"outage\",\"type\":\"lasting\",\"outage\":");
    says(&s, "\"function\":\"login\",\"start\":\"2026-09-21T14:13:20.000Z\",\"for_ms\":1800000,"
             "\"rule\":\"all\"}");
    assert_int_equal(s.shared->notices.n, 2);
    assert_int_equal(s.shared->notices.list[1].refs[0].event, NOTICE_LASTING);
    apply(&s, &e);
    assert_int_equal(s.lines.len, 0);
    e.notice.rule = GRAVE; /* has no such event */
    apply(&s, &e);
    assert_int_equal(s.lines.len, 0);
    end(&s);
}

static uint64_t window(struct state *s, int64_t start_ms, int64_t end_ms)
{
    struct entry e = make(s, ENTRY_WINDOW);

    e.window.start_ms = start_ms;
    e.window.end_ms = end_ms;
    e.window.functions[0] = 2; /* login */
    apply(s, &e);
    return s->index;
}

static void by_time(struct state *s, enum notice_act what, uint64_t subject)
{
    struct entry e = act(s, what, 0);

    e.notice.subject = subject;
    apply(s, &e);
}

static void maintenance_is_announced_begins_and_ends(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    uint64_t id = window(&s, T0 + HOUR_MS, T0 + 2 * HOUR_MS);

    (void)state;
    assert_int_equal(only(&s)->rule, PLANS);
    assert_int_equal(only(&s)->refs[0].event, NOTICE_MAINTENANCE);
    assert_true(only(&s)->refs[0].window == id);
    by_time(&s, NOTICE_ACT_BEGUN, id); /* not yet */
    assert_int_equal(s.lines.len, 0);
    s.now_ms = T0 + HOUR_MS;
    by_time(&s, NOTICE_ACT_BEGUN, id);
    says(&s, "\"category\":\"maintenance\",\"type\":\"begun\",\"window\":");
    by_time(&s, NOTICE_ACT_BEGUN, id); /* once */
    by_time(&s, NOTICE_ACT_OVER, id);
    assert_int_equal(s.lines.len, 0);
    verdict(&s, 0, VERDICT_DOWN);
    s.now_ms = T0 + 2 * HOUR_MS;
    by_time(&s, NOTICE_ACT_OVER, id);
    says(&s, "\"type\":\"over\",\"window\":");
    says(&s, "\"end\":\"2026-09-21T16:13:20.000Z\",\"down\":[\"login\"]}");
    assert_int_equal(s.shared->notices.list[0].n_refs, 3);
    assert_int_equal(s.shared->notices.list[0].refs[2].event, NOTICE_MAINTENANCE_OVER);
    end(&s);
}

static void what_nobody_could_say_in_time_is_not_said(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    uint64_t id = window(&s, T0 + HOUR_MS, T0 + 9 * HOUR_MS);

    (void)state;
    s.now_ms = T0 + 2 * HOUR_MS + 1;
    by_time(&s, NOTICE_ACT_BEGUN, id);
    assert_int_equal(s.lines.len, 0);
    assert_true(shared_window(s.shared, id)->begun);
    s.now_ms = T0 + 10 * HOUR_MS + 1;
    by_time(&s, NOTICE_ACT_OVER, id);
    assert_int_equal(s.lines.len, 0);
    assert_true(shared_window(s.shared, id)->over);
    end(&s);
}

static void windows_of_before_the_level_are_done_with(void **state)
{
    struct state s = begin(FEATURE_REPORT);
    uint64_t old = window(&s, T0 + 1, T0 + HOUR_MS), running, next;

    (void)state;
    s.now_ms += 24 * HOUR_MS;
    running = window(&s, s.now_ms - 9 * HOUR_MS, s.now_ms + HOUR_MS);
    next = window(&s, s.now_ms - 1, s.now_ms + HOUR_MS);
    level(&s, FEATURE_NOTICE);
    assert_true(shared_window(s.shared, old)->begun && shared_window(s.shared, old)->over);
    assert_true(shared_window(s.shared, running)->begun && !shared_window(s.shared, running)->over);
    assert_false(shared_window(s.shared, next)->begun);
    end(&s);
}

static void maintenance_that_is_ended_early_is_over(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    uint64_t id = window(&s, T0 + HOUR_MS, T0 + 9 * HOUR_MS);
    struct entry e;

    (void)state;
    s.now_ms += 2 * HOUR_MS;
    e = make(&s, ENTRY_WINDOW);
    e.window.window = id;
    e.window.end = true;
    apply(&s, &e);
    assert_int_equal(only(&s)->refs[1].event, NOTICE_MAINTENANCE_OVER);
    s.now_ms += 9 * HOUR_MS;
    by_time(&s, NOTICE_ACT_OVER, id);
    assert_int_equal(s.lines.len, 0);
    end(&s);
}

static void certificate(struct state *s, int64_t ends_ms)
{
    struct entry e = make(s, ENTRY_TROUBLE);

    e.trouble.server = 4;
    e.trouble.expires_ms = ends_ms;
    apply(s, &e);
}

static void a_certificate_is_told_of_at_each_stage_once(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    int64_t ends_ms = T0 + 15 * 24 * HOUR_MS;

    (void)state;
    certificate(&s, ends_ms);
    assert_int_equal(s.lines.len, 0);
    for (int64_t days = 14; days >= 0; days -= days == 14 ? 11 : 3) {
        s.now_ms = ends_ms - days * 24 * HOUR_MS;
        certificate(&s, ends_ms);
        says(&s, "\"category\":\"security\",\"type\":\"certificate\",\"server\":\"mirror-1\","
                 "\"expires\":\"2026-10-06T14:13:20.000Z\"}");
        certificate(&s, ends_ms);
        assert_int_equal(s.lines.len, 0);
    }
    certificate(&s, ends_ms + 1); /* another one */
    says(&s, "certificate");
    assert_int_equal(only(&s)->n_refs, 4);
    end(&s);
}

/* ---- tests ---- */

static void an_operator_tries_receivers(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    struct entry e = act(&s, NOTICE_ACT_TEST, 0);

    (void)state;
    e.id.bytes[0] = 1;
    strcpy(e.who, "sato");
    e.notice.receivers = receiver_bit(ROOM) | receiver_bit(BOSS);
    apply(&s, &e);
    says(&s, "\"category\":\"notice\",\"type\":\"test\",\"who\":\"sato\",\"receivers\":"
             "[\"room\",\"boss\"]}");
    assert_int_equal(shared_command(s.shared, &e.id)->result, COMMAND_DONE);
    assert_int_equal(only(&s)->rule, -1);
    assert_int_equal(to(&s, 1, ROOM)->phase, DELIVERY_DUE);
    send(&s, 1, e.notice.receivers, -1, 8);
    says(&s, "\"rule\":null,\"step\":null,\"receiver\":\"room\"");
    says(&s, "\"events\":[{\"event\":\"test\",\"seq\":");
    answer(&s, NOTICE_ACT_ACCEPTED, 1, ROOM, 8, 1, false);
    answer(&s, NOTICE_ACT_ACCEPTED, 1, BOSS, 8, 1, false);
    assert_int_equal(s.shared->notices.n, 0);
    e.notice.receivers = receiver_bit(3);
    e.id.bytes[0] = 2;
    apply(&s, &e);
    assert_int_equal(shared_command(s.shared, &e.id)->result, COMMAND_REFUSED);
    e.notice.receivers = 0;
    e.id.bytes[0] = 3;
    apply(&s, &e);
    assert_int_equal(shared_command(s.shared, &e.id)->result, COMMAND_REFUSED);
    end(&s);
}

/* ---- another configuration ---- */

static void notices_follow_the_names(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    char *swapped = world_replaced(rules,
                                   "    - {name: duty, channel: hook, otherwise: boss}\n"
                                   "    - {name: room, channel: hook}\n",
                                   "    - {name: room, channel: hook}\n"
                                   "    - {name: duty, channel: hook, otherwise: boss}\n");
    char *yaml = file(swapped, 2);

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    send(&s, 1, receiver_bit(DUTY), 0, 8);
    configure(&s, yaml);
    assert_int_equal(to(&s, 1, 1)->phase, DELIVERY_SENDING);
    assert_int_equal(to(&s, 1, 0)->phase, DELIVERY_DUE);
    assert_true(s.shared->notices.told_ms[ALL] == T0);
    mem_free(swapped);
    mem_free(yaml);
    end(&s);
}

static void what_is_gone_is_dropped_in_the_ledger(void **state)
{
    struct state s = begin(FEATURE_NOTICE);
    char *without = world_replaced(rules, "    - {name: room, channel: hook}\n", "");
    char *only_duty = world_replaced(without, "tell: [duty, room]", "tell: [duty]");
    char *second = world_replaced(only_duty, "tell: [room]", "tell: [duty]");
    char *third = world_replaced(second, "name: grave", "name: severe");
    char *yaml = file(third, 2), *none = file("", 3);

    (void)state;
    verdict(&s, 0, VERDICT_DOWN);
    send(&s, 1, receiver_bit(DUTY) | receiver_bit(ROOM), 0, 8);
    verdict(&s, 1, VERDICT_DOWN); /* 2 of all, 3 of grave */
    configure(&s, yaml);
    says(&s, "\"type\":\"given-up\",\"notice\":1,\"receiver\":\"room\"");
    says(&s, "\"type\":\"dropped\",\"notice\":3,\"rule\":\"grave\"");
    assert_int_equal(s.shared->notices.n, 2);
    assert_int_equal(notice_find(&s.shared->notices, 1)->n_deliveries, 1);
    configure(&s, none);
    says(&s, "\"type\":\"dropped\",\"notice\":1,\"rule\":\"all\"");
    says(&s, "\"type\":\"dropped\",\"notice\":2,\"rule\":\"all\"");
    assert_int_equal(s.shared->notices.n, 0);
    assert_int_equal(s.shared->notices.newest_id, 3); /* numbers never come again */
    mem_free(without);
    mem_free(only_duty);
    mem_free(second);
    mem_free(third);
    mem_free(yaml);
    mem_free(none);
    end(&s);
}

/* ---- keys ---- */

static void a_key_tells_notices_and_receivers_apart(void **state)
{
    struct notice_state one = {.id = 1, .raised_ms = T0}, two = {.id = 2, .raised_ms = T0};
    char a[NOTICE_KEY_MAX], b[NOTICE_KEY_MAX];

    (void)state;
    notice_key("電話", &one, "当直@example", a);
    notice_key("電話", &one, "当直@example", b);
    assert_string_equal(a, b);
    assert_int_equal(strspn(a, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(a));
    notice_key("電話", &two, "当直@example", b);
    assert_string_not_equal(a, b);
    notice_key("電話", &one, "当直", b);
    assert_string_not_equal(a, b);
    one.raised_ms++; /* in another life of the cluster */
    notice_key("電話", &one, "当直@example", b);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_choose_what_they_have),
        cmocka_unit_test(before_its_level_and_without_rules_nothing_is_raised),
        cmocka_unit_test(one_more_than_waits_is_dropped_in_the_ledger),
        cmocka_unit_test(who_is_never_reached_keeps_nobody_from_being_told),
        cmocka_unit_test(events_beyond_those_named_are_counted),
        cmocka_unit_test(outages_are_named_before_others),
        cmocka_unit_test(a_calm_notice_is_told_once_to_each),
        cmocka_unit_test(an_acceptance_is_within_the_intent_and_its_entry),
        cmocka_unit_test(a_failure_is_tried_again_later_and_later_and_then_given_up),
        cmocka_unit_test(days_without_anybody_are_no_attempts),
        cmocka_unit_test(what_may_have_arrived_says_that_it_repeats),
        cmocka_unit_test(a_silent_receiver_s_other_is_told_too),
        cmocka_unit_test(nobody_further_is_called_when_it_is_over_or_looked_after),
        cmocka_unit_test(what_is_posted_is_told),
        cmocka_unit_test(an_outage_s_end_ends_it),
        cmocka_unit_test(an_outage_lasts_once_for_each_rule),
        cmocka_unit_test(maintenance_is_announced_begins_and_ends),
        cmocka_unit_test(what_nobody_could_say_in_time_is_not_said),
        cmocka_unit_test(windows_of_before_the_level_are_done_with),
        cmocka_unit_test(maintenance_that_is_ended_early_is_over),
        cmocka_unit_test(a_certificate_is_told_of_at_each_stage_once),
        cmocka_unit_test(an_operator_tries_receivers),
        cmocka_unit_test(notices_follow_the_names),
        cmocka_unit_test(what_is_gone_is_dropped_in_the_ledger),
        cmocka_unit_test(a_key_tells_notices_and_receivers_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
