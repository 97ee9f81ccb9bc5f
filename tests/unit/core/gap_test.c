/* A time without a quorum, as it is applied: outages and unmonitored time of functions. */
#include "base/mem.h"
#include "base/utc.h"
#include "core/feature.h"
#include "world.h"

#include "core/shared.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define T0 1790000000000ll /* 2026-09-21T14:13:20Z */

struct state {
    struct shared *shared;
    uint64_t index;
    char lines[65536]; /* of the newest entry */
};

static void emit(void *context, uint64_t seq, const char *line, size_t len)
{
    struct state *s = context;
    size_t at = strlen(s->lines);

    (void)seq;
    snprintf(s->lines + at, sizeof s->lines - at, "%.*s\n", (int)len, line);
}

static void apply(struct state *s, struct entry *entry)
{
    s->lines[0] = '\0';
    shared_apply(s->shared, ++s->index, entry, emit, s);
    entry_free(entry);
}

static struct entry make(enum entry_kind kind, int64_t time_ms)
{
    return (struct entry){
        .kind = kind, .term = 3, .leader = 8, .time_ms = T0 + time_ms, .config_version = 1};
}

static void begin(struct state *s, const char *kind, uint32_t level)
{
    const char *yaml = world_yaml(kind, 0);
    struct entry e = make(ENTRY_CONFIG, 0);

    *s = (struct state){.shared = shared_new()};
    s->shared->level = level;
    e.config.yaml_len = (uint32_t)strlen(yaml);
    e.config.yaml = mem_dup(yaml, e.config.yaml_len);
    e.config.model = world_model(kind, 0);
    apply(s, &e);
    e = make(ENTRY_VERIFIED, 0);
    e.outcome.actuator = -1;
    e.outcome.epoch = 1;
    apply(s, &e);
}

/* voice-1, voice-2 and voice-3: one too many for a least of two. */
static void verdicts(struct state *s, int64_t time_ms, enum verdict verdict, uint32_t age_ms)
{
    bool down = verdict == VERDICT_DOWN;
    int c, i;

    for (c = 0; c < 3; c++) {
        struct entry e = make(ENTRY_VERDICT, time_ms);

        e.verdict.check = c;
        e.verdict.verdict = verdict;
        e.verdict.n_ballots = 8;
        e.verdict.need = 6;
        for (i = 0; i < 8; i++)
            e.verdict.ballots[i] = (struct ballot){.observer = (uint8_t)(4 + i),
                                                   .opinion = down ? OPINION_DOWN : OPINION_UP,
                                                   .fail_age_ms = down ? age_ms : age_ms + 50,
                                                   .good_age_ms = down ? age_ms + 100 : age_ms};
        apply(s, &e);
    }
}

static struct entry gap(int64_t from_ms, int64_t to_ms, const struct state *s)
{
    struct entry e = make(ENTRY_JOURNAL, to_ms + 1000);

    e.journal.from_ms = T0 + from_ms;
    e.journal.to_ms = T0 + to_ms;
    e.journal.index = s->index;
    e.journal.heard = 0x3f;
    e.journal.spans = mem_zalloc(1, sizeof *e.journal.spans);
    return e;
}

static struct journal_span *span(struct entry *e, enum span_kind kind, int64_t start_ms,
                                 int64_t end_ms)
{
    struct journal_span *span = &e->journal.spans->spans[e->journal.spans->n++];

    *span = (struct journal_span){.kind = kind,
                                  .check = -1,
                                  .route = -1,
                                  .server = SERVER_NONE,
                                  .start_ms = T0 + start_ms,
                                  .good_ms = T0 + start_ms - 90,
                                  .end_ms = end_ms < 0 ? SPAN_GOES_ON : T0 + end_ms,
                                  .fail_ms = end_ms < 0 ? SPAN_GOES_ON : T0 + end_ms - 60,
                                  .servers = 0x36};
    return span;
}

static void down(struct entry *e, int64_t start_ms, int64_t end_ms)
{
    int c;

    for (c = 0; c < 3; c++)
        span(e, SPAN_DOWN, start_ms + c * 10, end_ms < 0 ? end_ms : end_ms + c * 10)->check = c;
}

static void has(const struct state *s, const char *what)
{
    if (strstr(s->lines, what) == NULL)
        fail_msg("%s, wanted %s", s->lines, what);
}

static int count(const struct state *s, const char *what)
{
    const char *at = s->lines;
    int n = 0;

    for (; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

/* Two of four failing would do: it begins with the third, and ends with the first that is back. */
static void an_outage_inside_has_both_lines(void **state)
{
    struct state s;
    struct entry e;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    e = gap(5000, 25000, &s);
    down(&e, 10000, 18000);
    apply(&s, &e);
    has(&s, "\"coverage\",\"type\":\"no-quorum\",\"from\":\"2026-09-21T14:13:25.000Z\","
            "\"to\":\"2026-09-21T14:13:45.000Z\",\"heard\":[\"voice-1\",");
    has(&s, "\"coverage\",\"type\":\"journal\",\"check\":\"voice@voice-1\",\"target\":\"voice-1\","
            "\"start\":\"2026-09-21T14:13:30.000Z\",\"last_good\":\"2026-09-21T14:13:29.910Z\","
            "\"end\":\"2026-09-21T14:13:38.000Z\",\"last_fail\":\"2026-09-21T14:13:37.940Z\","
            "\"observers\":[\"voice-2\",\"voice-3\",\"mirror-1\",\"mirror-2\"]}");
    has(&s, "\"outage\",\"type\":\"open\",");
    has(&s, "\"start\":\"2026-09-21T14:13:30.020Z\",\"last_good\":\"2026-09-21T14:13:29.930Z\","
            "\"recognised\":\"2026-09-21T14:13:46.000Z\",\"evidence\":3}");
    has(&s, "\"outage\",\"type\":\"close\",");
    has(&s, "\"end\":\"2026-09-21T14:13:38.000Z\",\"last_fail\":\"2026-09-21T14:13:37.940Z\"}");
    assert_false(s.shared->functions[0].down);
    assert_int_equal(s.shared->functions[0].last.end_ms, T0 + 18000);
    e = gap(5000, 25000, &s); /* proposed twice */
    down(&e, 10000, 18000);
    apply(&s, &e);
    assert_string_equal(s.lines, "");
    shared_free(s.shared);
}

static void nothing_is_told_of_what_was_fine(void **state)
{
    struct state s;
    struct entry e;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    e = gap(5000, 25000, &s);
    span(&e, SPAN_DOWN, 10000, 18000)->check = 0; /* one of four, and a least of two */
    apply(&s, &e);
    assert_int_equal(count(&s, "\"outage\""), 0);
    assert_int_equal(count(&s, "unmonitored"), 0);
    shared_free(s.shared);
}

/* The verdict was there first, and knew a later start. */
static void a_verdicts_outage_may_begin_earlier(void **state)
{
    struct state s;
    struct entry e;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    verdicts(&s, 25500, VERDICT_DOWN, 3000);
    assert_true(s.shared->functions[0].down);
    e = gap(5000, 25000, &s);
    e.journal.index = 0;
    down(&e, 10000, -1);
    apply(&s, &e);
    assert_int_equal(count(&s, "\"open\""), 0);
    has(&s, "\"type\":\"extended-back\",\"outage\":");
    has(&s, "\"start\":\"2026-09-21T14:13:30.020Z\",\"last_good\":\"2026-09-21T14:13:29.930Z\"}");
    assert_true(s.shared->functions[0].down);
    assert_int_equal(s.shared->functions[0].start_ms, T0 + 10020);
    verdicts(&s, 30000, VERDICT_UP, 500);
    shared_free(s.shared);
}

/* … and also when it is over by then. What its own newest good probe says is left as it is. */
static void one_that_is_over_too(void **state)
{
    struct state s;
    struct entry e;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    verdicts(&s, 25500, VERDICT_DOWN, 3000);
    verdicts(&s, 25900, VERDICT_UP, 100);
    assert_false(s.shared->functions[0].down);
    e = gap(5000, 25000, &s);
    down(&e, 22420, -1);
    apply(&s, &e);
    assert_int_equal(count(&s, "\"outage\""), 0);
    e = gap(25000, 25500, &s);
    down(&e, 10000, 25850);
    apply(&s, &e);
    assert_int_equal(count(&s, "\"open\""), 0);
    has(&s, "\"extended-back\"");
    assert_int_equal(s.shared->functions[0].last.start_ms, T0 + 10020);
    shared_free(s.shared);
}

static void what_no_verdict_knows_ends_with_the_gap(void **state)
{
    struct state s;
    struct entry e;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    e = gap(5000, 25000, &s);
    down(&e, 10000, -1);
    apply(&s, &e);
    has(&s, "\"end\":\"2026-09-21T14:13:45.000Z\"");
    assert_false(s.shared->functions[0].down);
    shared_free(s.shared);
}

/* Down before, fine in between: two outages, of which the second goes on. */
static void one_outage_becomes_two(void **state)
{
    struct state s;
    struct entry e;
    uint64_t first;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    verdicts(&s, 3000, VERDICT_DOWN, 200);
    first = s.shared->functions[0].outage;
    e = gap(5000, 25000, &s);
    down(&e, 2800, 10000);
    down(&e, 18000, -1);
    apply(&s, &e);
    assert_int_equal(count(&s, "\"type\":\"close\""), 1);
    has(&s, "\"start\":\"2026-09-21T14:13:22.800Z\",\"end\":\"2026-09-21T14:13:30.000Z\"");
    assert_int_equal(count(&s, "\"type\":\"open\""), 1);
    assert_true(s.shared->functions[0].down);
    assert_true(s.shared->functions[0].outage != first);
    assert_int_equal(s.shared->functions[0].start_ms, T0 + 18020);
    shared_free(s.shared);
}

/* … but not when nobody could tell in between. */
static void who_cannot_tell_ends_nothing(void **state)
{
    struct state s;
    struct entry e;
    uint64_t first;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    verdicts(&s, 3000, VERDICT_DOWN, 200);
    first = s.shared->functions[0].outage;
    e = gap(5000, 25000, &s);
    down(&e, 2800, 10000);
    span(&e, SPAN_BLIND, 10010, 18000);
    down(&e, 18000, -1);
    apply(&s, &e);
    assert_int_equal(count(&s, "\"type\":\"close\""), 0);
    assert_true(s.shared->functions[0].outage == first);
    has(&s, "\"no-evidence\",\"check\":null,\"start\":\"2026-09-21T14:13:30.010Z\",");
    has(&s, "\"unmonitored-close\",");
    shared_free(s.shared);
}

static void too_few_make_it_unmonitored(void **state)
{
    struct state s;
    struct entry e;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    e = gap(5000, 25000, &s);
    span(&e, SPAN_BLIND, 5000, 25000)->check = 1;
    span(&e, SPAN_BLIND, 5000, 25000)->check = 5; /* not of the active candidate */
    apply(&s, &e);
    assert_int_equal(count(&s, "\"unmonitored-open\""), 1);
    has(&s, "\"unmonitored-close\",\"unmonitored\":");
    has(&s, "\"start\":\"2026-09-21T14:13:25.000Z\",\"end\":\"2026-09-21T14:13:45.000Z\"}");
    assert_int_equal(s.shared->functions[0].unmonitored, 0);
    shared_free(s.shared);
}

/* A move after the quorum was back: what counts is who served before. */
static void who_served_then_counts(void **state)
{
    struct state s;
    struct entry e;
    uint64_t index;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    index = s.index;
    e = make(ENTRY_INTENT, 25100);
    e.intent.to = 1;
    e.intent.epoch = 2;
    e.intent.members = 0xf0;
    e.intent.forced = true;
    apply(&s, &e);
    assert_int_equal(s.shared->routes[0].now.candidate, 1);
    e = gap(5000, 25000, &s);
    e.journal.index = index;
    down(&e, 10000, 18000);
    apply(&s, &e);
    assert_int_equal(count(&s, "\"outage\",\"type\":\"open\""), 1);
    shared_free(s.shared);
}

static void who_fenced_itself_did_not_serve(void **state)
{
    struct state s;
    struct entry e;
    int i;

    (void)state;
    begin(&s, "exclusive", FEATURE_REPORT);
    e = gap(5000, 25000, &s);
    for (i = 0; i < 4; i++) {
        struct journal_span *idle = span(&e, i < 3 ? SPAN_IDLE : SPAN_UNTOLD, 5300, 25200);

        idle->route = 0;
        idle->server = i;
    }
    apply(&s, &e);
    has(&s, "\"not-held\",\"route\":\"calls\",\"server\":\"voice-1\",\"start\":");
    has(&s, "\"hold-unknown\",\"route\":\"calls\",\"server\":\"voice-4\"");
    has(&s, "\"outage\",\"type\":\"open\"");
    has(&s, "\"start\":\"2026-09-21T14:13:25.300Z\",\"end\":\"2026-09-21T14:13:45.200Z\"");
    shared_free(s.shared);
}

/* Indices that are none are passed over. */
static void what_fits_nothing_is_left_out(void **state)
{
    struct state s;
    struct entry e;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    e = gap(5000, 25000, &s);
    span(&e, SPAN_DOWN, 10000, 18000)->check = 4000;
    span(&e, SPAN_DOWN, 10000, 18000);
    span(&e, SPAN_DOWN, 10000, 9000)->check = 0;
    span(&e, SPAN_IDLE, 10000, 18000)->route = 7;
    apply(&s, &e);
    assert_int_equal(count(&s, "\n"), 1);
    shared_free(s.shared);
}

/* Else nothing that comes until then would ever be told. */
static void what_is_still_to_come_is_left_out(void **state)
{
    struct state s;
    struct entry e;

    (void)state;
    begin(&s, "available", FEATURE_REPORT);
    e = gap(5000, 25000, &s);
    down(&e, 10000, 26100); /* told a second after the end */
    apply(&s, &e);
    assert_int_equal(count(&s, "\n"), 1);
    e = gap(30000, 40000, &s);
    e.time_ms = T0 + 39999;
    apply(&s, &e);
    assert_int_equal(count(&s, "\n"), 0);
    assert_true(s.shared->told_ms == T0 + 25000);
    shared_free(s.shared);
}

/* Who knows no journals keeps nothing for them: all must keep the same. */
static void before_the_level_nothing_is_kept(void **state)
{
    struct state s;

    (void)state;
    begin(&s, "available", FEATURE_CLOCK);
    verdicts(&s, 3000, VERDICT_DOWN, 200);
    verdicts(&s, 4000, VERDICT_UP, 100);
    assert_int_equal(s.shared->functions[0].last.outage, 0);
    shared_free(s.shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_inside_has_both_lines),
        cmocka_unit_test(nothing_is_told_of_what_was_fine),
        cmocka_unit_test(a_verdicts_outage_may_begin_earlier),
        cmocka_unit_test(one_that_is_over_too),
        cmocka_unit_test(what_no_verdict_knows_ends_with_the_gap),
        cmocka_unit_test(one_outage_becomes_two),
        cmocka_unit_test(who_cannot_tell_ends_nothing),
        cmocka_unit_test(too_few_make_it_unmonitored),
        cmocka_unit_test(who_served_then_counts),
        cmocka_unit_test(who_fenced_itself_did_not_serve),
        cmocka_unit_test(what_fits_nothing_is_left_out),
        cmocka_unit_test(what_is_still_to_come_is_left_out),
        cmocka_unit_test(before_the_level_nothing_is_kept),
    };

    return cmocka_run_group_tests_name("gap", tests, NULL, NULL);
}
