/* What one observer thinks (sensor), when a peer is silent (detector), what the ballots
 * say (count), when an actuator is told again (outbox). */
#include "core/detect/count.h"
#include "core/detect/detector.h"
#include "core/detect/sensor.h"
#include "core/failover/outbox.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"

static const struct check check = {.rise = 2, .fall = 1, .fall_silent = 4, .interval_ms = 100};

static void a_refusal_is_evidence_at_once(void **state)
{
    struct sensor sensor;

    (void)state;
    sensor_init(&sensor);
    assert_int_equal(sensor_feed(&sensor, &check, REASON_OK, 0, 5, false), SENSED_CHANGED);
    assert_int_equal(sensor_feed(&sensor, &check, REASON_REFUSED, 100, 101, false), SENSED_CHANGED);
    assert_int_equal(sensor.opinion, OPINION_DOWN);
    assert_int_equal(sensor.fail_ms, 100);
    assert_int_equal(sensor.good_ms, 0);
}

static void silence_must_repeat(void **state)
{
    struct sensor sensor;
    int i;

    (void)state;
    sensor_init(&sensor);
    sensor_feed(&sensor, &check, REASON_OK, 0, 5, false);
    for (i = 1; i <= 3; i++)
        assert_int_equal(
            sensor_feed(&sensor, &check, REASON_TIMEOUT, i * 100, i * 100 + 300, false),
            SENSED_FAILING);
    assert_int_equal(sensor_feed(&sensor, &check, REASON_TIMEOUT, 400, 700, false), SENSED_CHANGED);
    assert_int_equal(sensor.fail_ms, 100);
}

static void silence_of_beats_and_probes_together_needs_half(void **state)
{
    struct sensor sensor;

    (void)state;
    sensor_init(&sensor);
    sensor_feed(&sensor, &check, REASON_OK, 0, 5, false);
    assert_int_equal(sensor_quiet(&sensor, &check), SENSED_NOTHING);
    assert_int_equal(sensor_feed(&sensor, &check, REASON_TIMEOUT, 100, 400, true), SENSED_FAILING);
    assert_int_equal(sensor_feed(&sensor, &check, REASON_TIMEOUT, 200, 500, false), SENSED_FAILING);
    assert_int_equal(sensor_quiet(&sensor, &check), SENSED_CHANGED);
    assert_int_equal(sensor.opinion, OPINION_DOWN);
}

static void one_success_starts_the_count_anew(void **state)
{
    struct sensor sensor;

    (void)state;
    sensor_init(&sensor);
    sensor_feed(&sensor, &check, REASON_OK, 0, 5, false);
    sensor_feed(&sensor, &check, REASON_TIMEOUT, 100, 400, false);
    sensor_feed(&sensor, &check, REASON_OK, 350, 410, false);
    sensor_feed(&sensor, &check, REASON_TIMEOUT, 400, 700, false);
    sensor_feed(&sensor, &check, REASON_TIMEOUT, 500, 800, false);
    sensor_feed(&sensor, &check, REASON_TIMEOUT, 600, 900, false);
    assert_int_equal(sensor.opinion, OPINION_UP);
    assert_int_equal(sensor.fail_ms, 400);
}

/* What it saw before is no evidence; what it sees next counts from the beginning. */
static void who_stood_still_has_no_opinion(void **state)
{
    struct sensor sensor;
    int i;

    (void)state;
    sensor_init(&sensor);
    sensor_feed(&sensor, &check, REASON_OK, 0, 5, false);
    sensor_feed(&sensor, &check, REASON_REFUSED, 100, 101, false);
    assert_int_equal(sensor.opinion, OPINION_DOWN);
    sensor_forget(&sensor);
    assert_int_equal(sensor_vote(&sensor, 0, 20000).opinion, OPINION_NONE);
    assert_int_equal(sensor_feed(&sensor, &check, REASON_OK, 20000, 20001, false), SENSED_CHANGED);
    assert_int_equal(sensor.opinion, OPINION_UP);

    for (i = 1; i <= 3; i++)
        sensor_feed(&sensor, &check, REASON_TIMEOUT, 20000 + i, 20300 + i, false);
    sensor_forget(&sensor);
    sensor_feed(&sensor, &check, REASON_TIMEOUT, 40000, 40300, false);
    assert_int_equal(sensor.opinion, OPINION_NONE);
    assert_int_equal(sensor.fail_ms, 40000);
}

static void a_late_failure_of_an_old_probe_says_nothing(void **state)
{
    struct sensor sensor;

    (void)state;
    sensor_init(&sensor);
    sensor_feed(&sensor, &check, REASON_OK, 200, 205, false);
    assert_int_equal(sensor_feed(&sensor, &check, REASON_REFUSED, 100, 400, false), SENSED_NOTHING);
    assert_int_equal(sensor.opinion, OPINION_UP);
}

static void rising_takes_as_many_successes_as_asked(void **state)
{
    struct sensor sensor;

    (void)state;
    sensor_init(&sensor);
    sensor_feed(&sensor, &check, REASON_REFUSED, 0, 1, false);
    assert_int_equal(sensor_feed(&sensor, &check, REASON_OK, 100, 101, false), SENSED_NOTHING);
    assert_int_equal(sensor_feed(&sensor, &check, REASON_LOCAL, 150, 151, false), SENSED_NOTHING);
    assert_int_equal(sensor_feed(&sensor, &check, REASON_OK, 200, 201, false), SENSED_CHANGED);
}

static void a_peer_is_silent_after_the_floor_and_longer_under_loss(void **state)
{
    struct detector detector;
    struct prng prng;
    int64_t now = 0;
    int i, false_alarms = 0;

    (void)state;
    detector_init(&detector, 100);
    for (i = 0; i < 100; i++) {
        detector_feed(&detector, now);
        detector_check(&detector, 400, now);
        now += 100;
    }
    assert_int_equal(detector_bound(&detector, 400), 400);
    now -= 100;
    assert_false(detector_check(&detector, 400, now + 399));
    assert_true(detector_check(&detector, 400, now + 400));
    prng_seed(&prng, 7);
    detector_init(&detector, 100);
    for (i = 0, now = 0; i < 10000; i++, now += 100) {
        if (prng_below(&prng, 100) >= 20)
            detector_feed(&detector, now);
        false_alarms += detector_check(&detector, 400, now) && detector.silent;
    }
    /* four in a row are lost 0.0016 of the times */
    assert_in_range(false_alarms, 1, 30);
    assert_true(detector_bound(&detector, 400) <= 400 * DETECTOR_CEILING);
}

/* Ten hours of beats from one peer to eleven observers. */
struct watchers {
    struct detector detectors[11];
    struct prng prng;
    int floor_ms, beat_ms, loss_percent;
    int64_t now_ms;
    int alone, most; /* beats at which somebody, or a majority, thought it silent */
};

static void begin_watch(struct watchers *w, int floor_ms, int beat_ms, int loss_percent)
{
    *w = (struct watchers){.floor_ms = floor_ms, .beat_ms = beat_ms, .loss_percent = loss_percent};
    prng_seed(&w->prng, 11);
    for (int i = 0; i < 11; i++)
        detector_init(&w->detectors[i], beat_ms);
}

/* One beat's time; it comes up to a fifth early or late. */
static void one_beat(struct watchers *w, bool sent)
{
    int silent = 0;

    for (int i = 0; i < 11; i++) {
        int64_t late_ms = prng_below(&w->prng, (uint32_t)w->beat_ms / 5);
        bool came = (int)prng_below(&w->prng, 100) >= w->loss_percent;

        if (sent && came)
            detector_feed(&w->detectors[i], w->now_ms + late_ms);
        detector_check(&w->detectors[i], w->floor_ms, w->now_ms + w->beat_ms / 2);
        silent += w->detectors[i].silent;
    }
    w->now_ms += w->beat_ms;
    w->alone += silent > 0;
    w->most += silent >= 6;
}

static void loss_makes_no_majority_think_a_peer_silent(void **state)
{
    static const int floors[] = {400, 200}, beats[] = {100, 50};

    (void)state;
    for (int profile = 0; profile < 2; profile++) {
        struct watchers w;

        begin_watch(&w, floors[profile], beats[profile], 20);
        for (int i = 0; i < 10; i++)
            one_beat(&w, true);
        w.alone = w.most = 0;
        for (int n = 36000000 / w.beat_ms; n > 0; n--)
            one_beat(&w, true);
        assert_int_equal(w.most, 0);
        assert_in_range(w.alone, 1, 36000000 / w.beat_ms / 20);
        /* It recovers, and still sees a real silence in time. */
        w.loss_percent = 0;
        for (int i = 0; i < 24; i++)
            one_beat(&w, true);
        for (int i = 0; i < 11; i++) {
            assert_false(w.detectors[i].silent);
            assert_int_equal(detector_bound(&w.detectors[i], w.floor_ms), w.floor_ms);
        }
        for (int n = w.floor_ms * DETECTOR_CEILING / w.beat_ms + 1; n > 0; n--)
            one_beat(&w, false);
        assert_true(w.most > 0);
    }
}

/* A shared machine stops for up to 800 ms now and then: silent while it lasts, if at all, heard
 * with its next beat, and judged as before. */
static void pauses_of_a_peer_pass(void **state)
{
    struct watchers w;

    (void)state;
    begin_watch(&w, 400, 100, 0);
    for (int round = 0; round < 1000; round++) {
        for (int i = 0; i < 40; i++)
            one_beat(&w, true);
        for (int i = 4 + (int)prng_below(&w.prng, 5); i > 0; i--)
            one_beat(&w, false);
        one_beat(&w, true);
        for (int i = 0; i < 11; i++) {
            assert_false(w.detectors[i].silent);
            assert_in_range(detector_bound(&w.detectors[i], 400), 400, 400 * DETECTOR_CEILING);
        }
    }
}

static void the_bound_has_a_ceiling(void **state)
{
    struct detector detector;
    int64_t now = 0;

    (void)state;
    detector_init(&detector, 100);
    for (int i = 0; i < 100; i++) {
        detector_feed(&detector, now);
        detector_check(&detector, 400, now);
        now += i % 2 ? 20 : 390;
    }
    assert_int_equal(detector_bound(&detector, 400), 400 * DETECTOR_CEILING);
}

static void a_pause_of_our_own_blames_nobody(void **state)
{
    struct detector detector;

    (void)state;
    detector_init(&detector, 100);
    detector_feed(&detector, 1000);
    detector_check(&detector, 400, 1000);
    detector_shift(&detector, 3000);
    assert_false(detector_check(&detector, 400, 4100));
    assert_false(detector.silent);
}

/* ---- ballots ---- */

/* Eleven observers of voice-1: 3 of its own site, 4 and 4 of the others. */
static int cast(struct ballot *ballots, const char *votes)
{
    int i, n = 0;

    for (i = 1; i < 12; i++, n++) {
        char v = votes[n];

        ballots[n] = (struct ballot){.observer = (uint8_t)i,
                                     .opinion = v == 'd' || v == 'a' ? OPINION_DOWN
                                                : v == 'u'           ? OPINION_UP
                                                                     : OPINION_NONE,
                                     .abstain = v == 'a',
                                     .fail_age_ms = v == 'd' || v == 'a' ? 300 : AGE_NEVER,
                                     .good_age_ms = 350,
                                     .arrived_age_ms = v == '.'   ? AGE_NEVER
                                                       : v == 'o' ? 5000
                                                                  : 40};
        if (v == 'o')
            ballots[n].opinion = OPINION_DOWN, ballots[n].fail_age_ms = 300;
    }
    return n;
}

static enum count_result counted(const char *votes, int *missed)
{
    struct model *model = world_model("available", 0);
    struct ballot ballots[LIMIT_SERVERS];
    int n = cast(ballots, votes);
    struct count count = count_ballots(model, 0, ballots, n, 1000);

    if (missed != NULL)
        *missed = count.missed;
    model_free(model);
    return count.result;
}

static void ballots_are_counted_by_the_rules(void **state)
{
    static const struct {
        const char *votes; /* own site (3), osaka (4), ishikari (4) */
        enum count_result result;
        int missed;
    } cases[] = {
        {"ddddddddddd", COUNT_DOWN, COUNT_RULE_NONE},
        {"uuuuuuuuuuu", COUNT_UP, COUNT_RULE_FEW},
        {"...dddddddd", COUNT_DOWN, COUNT_RULE_NONE},   /* the site is cut off */
        {"...dddd.d..", COUNT_SPLIT, COUNT_RULE_FEW},   /* five of eleven assigned */
        {"...dddd.dd.", COUNT_DOWN, COUNT_RULE_NONE},   /* six */
        {"...oooooooo", COUNT_UNKNOWN, COUNT_RULE_FEW}, /* old ballots do not count */
        {"...aaaaaaaa", COUNT_UNKNOWN, COUNT_RULE_FEW}, /* abstaining is not failing */
        {"uuudddddddd", COUNT_DOWN, COUNT_RULE_NONE},   /* its own site does not contradict */
        {"ddddddduuuu", COUNT_SPLIT, COUNT_RULE_CONTRADICTED}, /* a whole site sees it up */
        {"dddddddd...", COUNT_DOWN, COUNT_RULE_NONE},          /* a site not heard is no witness */
        {"dddddd..uuu", COUNT_SPLIT, COUNT_RULE_CONTRADICTED},
        {"...........", COUNT_UNKNOWN, COUNT_RULE_FEW},
        {"d..uuuuuuuu", COUNT_UP, COUNT_RULE_FEW},
    };
    size_t i;
    int missed;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum count_result result = counted(cases[i].votes, &missed);

        if (result != cases[i].result || missed != cases[i].missed)
            fail_msg("%s: result %d, missed %d", cases[i].votes, (int)result, missed);
    }
}

static void failures_of_one_place_alone_are_not_believed(void **state)
{
    struct model *model = world_model("available", 0);
    struct ballot ballots[LIMIT_SERVERS];
    struct count count;
    int i, n = 0;

    (void)state;
    /* only four assigned, three of one place: most fail it, from one place */
    for (i = 4; i < 8; i++)
        ballots[n++] = (struct ballot){.observer = (uint8_t)i,
                                       .opinion = OPINION_DOWN,
                                       .fail_age_ms = 10,
                                       .good_age_ms = AGE_NEVER};
    ballots[n++] = (struct ballot){.observer = 9, .arrived_age_ms = AGE_NEVER};
    count = count_ballots(model, 0, ballots, n, 1000);
    assert_int_equal(count.missed, COUNT_RULE_SITES);
    model_free(model);
}

static void a_failure_older_than_a_success_does_not_count(void **state)
{
    struct model *model = world_model("available", 0);
    struct ballot ballots[LIMIT_SERVERS];
    int i, n = cast(ballots, "ddddddddddd");

    (void)state;
    for (i = 0; i < n; i++)
        ballots[i].good_age_ms = 100;
    assert_int_not_equal(count_ballots(model, 0, ballots, n, 1000).result, COUNT_DOWN);
    model_free(model);
}

static void the_outbox_retries_with_backoff_and_asserts_again(void **state)
{
    struct placement one = {.epoch = 1}, two = {.epoch = 2}, three = {.epoch = 2, .step = 1};
    struct outslot slot;

    (void)state;
    outbox_init(&slot);
    assert_true(outbox_due(&slot, &one, 0));
    assert_false(outbox_due(&slot, &one, 0)); /* busy */
    assert_true(outbox_ended(&slot, false, 10));
    assert_false(outbox_due(&slot, &one, 109));
    assert_true(outbox_due(&slot, &one, 110));
    assert_false(outbox_ended(&slot, false, 120)); /* the same failure, already told */
    assert_false(outbox_due(&slot, &one, 319));
    assert_true(outbox_due(&slot, &two, 130));   /* a newer placement does not wait */
    assert_true(outbox_due(&slot, &three, 131)); /* nor for an older one's answer */
    assert_false(outbox_ended(&slot, true, 140));
    assert_false(outbox_due(&slot, &three, 140 + OUTBOX_ASSERT_MS - 1));
    assert_true(outbox_due(&slot, &three, 140 + OUTBOX_ASSERT_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_evidence_at_once),
        cmocka_unit_test(silence_must_repeat),
        cmocka_unit_test(silence_of_beats_and_probes_together_needs_half),
        cmocka_unit_test(one_success_starts_the_count_anew),
        cmocka_unit_test(who_stood_still_has_no_opinion),
        cmocka_unit_test(a_late_failure_of_an_old_probe_says_nothing),
        cmocka_unit_test(rising_takes_as_many_successes_as_asked),
        cmocka_unit_test(a_peer_is_silent_after_the_floor_and_longer_under_loss),
        cmocka_unit_test(loss_makes_no_majority_think_a_peer_silent),
        cmocka_unit_test(pauses_of_a_peer_pass),
        cmocka_unit_test(the_bound_has_a_ceiling),
        cmocka_unit_test(a_pause_of_our_own_blames_nobody),
        cmocka_unit_test(ballots_are_counted_by_the_rules),
        cmocka_unit_test(failures_of_one_place_alone_are_not_believed),
        cmocka_unit_test(a_failure_older_than_a_success_does_not_count),
        cmocka_unit_test(the_outbox_retries_with_backoff_and_asserts_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
