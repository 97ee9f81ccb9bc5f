/* Beats: small enough for a datagram whatever they hold, and safe to open. */
#include "base/mem.h"
#include "base/prng.h"
#include "base/utc.h"
#include "core/feature.h"
#include "samples.h"

#include "testing.h"

static void same_beat(const struct beat *a, const struct beat *b)
{
    assert_true(a->boot == b->boot);
    assert_true(a->number == b->number);
    assert_int_equal(b->from, SERVER_NONE);
    assert_true(a->term == b->term);
    assert_true(a->applied == b->applied);
    assert_int_equal(a->config_version, b->config_version);
    assert_int_equal(a->level != 0 ? a->level : FEATURE_FIRST, b->level);
    assert_int_equal(a->level_needed != 0 ? a->level_needed : FEATURE_FIRST, b->level_needed);
    assert_true(a->utc_ms == b->utc_ms);
    assert_int_equal(a->steps, b->steps);
    assert_true(a->stepped_ms == b->stepped_ms);
    assert_int_equal(a->leader, b->leader);
    assert_int_equal(a->abstain, b->abstain);
    assert_true(a->heard == b->heard);
    assert_int_equal(a->n_echoes, b->n_echoes);
    for (int i = 0; i < a->n_echoes; i++) {
        assert_int_equal(a->echoes[i].known, b->echoes[i].known);
        assert_true(a->echoes[i].boot == b->echoes[i].boot);
        assert_true(a->echoes[i].number == b->echoes[i].number);
        assert_int_equal(a->echoes[i].age_ms, b->echoes[i].age_ms);
    }
    for (int i = 0; i < b->n_votes; i++) {
        assert_int_equal(a->votes[i].check, b->votes[i].check);
        assert_int_equal(a->votes[i].opinion, b->votes[i].opinion);
        assert_int_equal(a->votes[i].reason, b->votes[i].reason);
        assert_int_equal(a->votes[i].age_ms, b->votes[i].age_ms);
        assert_int_equal(a->votes[i].fail_age_ms, b->votes[i].fail_age_ms);
        assert_int_equal(a->votes[i].good_age_ms, b->votes[i].good_age_ms);
    }
    for (int i = 0; i < b->n_clears; i++) {
        assert_int_equal(a->clears[i].route, b->clears[i].route);
        assert_int_equal(a->clears[i].clear, b->clears[i].clear);
        assert_int_equal(a->clears[i].epoch, b->clears[i].epoch);
        assert_int_equal(a->clears[i].intent, b->clears[i].intent);
    }
    assert_true(a->certificate_ms == b->certificate_ms);
    assert_true(a->receipt.notice == b->receipt.notice);
    if (a->receipt.notice != 0) {
        assert_int_equal(a->receipt.receiver, b->receipt.receiver);
        assert_int_equal(a->receipt.attempt, b->receipt.attempt);
        assert_int_equal(a->receipt.accepted, b->receipt.accepted);
        assert_int_equal(a->receipt.unsure, b->receipt.unsure);
        assert_int_equal(a->receipt.age_ms, b->receipt.age_ms);
        if (b->receipt.text[0] != '\0') /* it was left out for want of room */
            assert_string_equal(a->receipt.text, b->receipt.text);
    }
    assert_int_equal(a->gap, b->gap);
    assert_true(!b->tells || a->tells);
    if (!b->tells)
        return;
    assert_int_equal(a->knew_age_ms, b->knew_age_ms);
    assert_int_equal(a->journal_age_ms, b->journal_age_ms);
    assert_int_equal(a->first_run, b->first_run);
    assert_int_equal(a->newest_run, b->newest_run);
    for (int i = 0; i < b->n_runs; i++) {
        assert_int_equal(a->runs[i].id, b->runs[i].id);
        assert_int_equal(a->runs[i].kind, b->runs[i].kind);
        assert_int_equal(a->runs[i].subject, b->runs[i].subject);
        assert_int_equal(a->runs[i].age_ms, b->runs[i].age_ms);
        assert_int_equal(a->runs[i].good_ms, b->runs[i].good_ms);
        assert_int_equal(a->runs[i].length_ms, b->runs[i].length_ms);
        assert_int_equal(a->runs[i].fail_ms, b->runs[i].fail_ms);
    }
}

static void round_trip(const struct beat *a, struct beat *b)
{
    struct buf bytes = {0};
    struct err err;

    memset(b, 0xee, sizeof *b); /* what is not written must not be relied on */
    beat_encode(a, &bytes);
    assert_true(bytes.len <= BEAT_ROOM);
    assert_int_equal(beat_decode(bytes.data, bytes.len, b, &err), 0);
    buf_free(&bytes);
    same_beat(a, b);
}

/* Twelve nodes and a full load of votes: nothing may be left out. */
static void a_full_beat_survives(void **state)
{
    struct beat a, b;

    sample_beat(12, LIMIT_BEAT_VOTES, &a);
    round_trip(&a, &b);
    assert_int_equal(b.n_votes, LIMIT_BEAT_VOTES);
    assert_int_equal(b.n_clears, 3);
    assert_int_equal(b.n_reports, 2);
    assert_int_equal(b.n_hints, 1);
    assert_true(b.tells);
    assert_int_equal(b.n_runs, 2);
    assert_string_equal(b.receipt.text, a.receipt.text);
}

static void an_empty_beat_survives(void **state)
{
    struct beat a, b;

    sample_beat(0, 0, &a);
    a.n_clears = a.n_reports = a.n_hints = 0;
    a.number = 0;
    round_trip(&a, &b);
    assert_int_equal(b.n_votes, 0);
    assert_int_equal(b.n_clears, 0);
}

/* Sixty-four coordinators: votes go, from the end, and no more than must. */
static void votes_give_way(void **state)
{
    struct beat a, b, c;
    struct buf bytes = {0};

    sample_beat(LIMIT_SERVERS, LIMIT_BEAT_VOTES, &a);
    for (int i = 0; i < LIMIT_SERVERS; i++)
        if (a.echoes[i].known)
            a.echoes[i].number = 1ull << 48;
    round_trip(&a, &b);
    assert_true(b.n_votes > 0 && b.n_votes < LIMIT_BEAT_VOTES);
    assert_int_equal(b.n_clears, 3);
    c = a;
    c.n_votes = b.n_votes;
    beat_encode(&c, &bytes);
    assert_true(bytes.len <= BEAT_ROOM && bytes.len > BEAT_ROOM - 2 * BEAT_VOTE);
    buf_free(&bytes);
}

/* Figures that no cluster reaches still fit, and what is left out is left out whole. */
static void the_largest_beat_fits(void **state)
{
    struct beat a, b;
    struct buf bytes = {0};
    struct err err;

    memset(&a, 0xff, sizeof a);
    a.leader = a.abstain = a.asks = a.leaving = a.gap = a.tells = true;
    a.n_runs = LIMIT_BEAT_RUNS;
    for (int i = 0; i < LIMIT_BEAT_RUNS; i++)
        a.runs[i].kind = RUN_IDLE;
    a.receipt.receiver = LIMIT_RECEIVERS - 1;
    a.receipt.accepted = a.receipt.unsure = true;
    a.n_echoes = LIMIT_SERVERS;
    a.n_votes = LIMIT_BEAT_VOTES;
    a.n_clears = LIMIT_ROUTES;
    a.n_reports = LIMIT_REPORTS;
    a.n_hints = LIMIT_HINTS;
    for (int i = 0; i < LIMIT_REPORTS; i++) {
        a.reports[i].check = a.hints[i] = LIMIT_CHECKS - 1;
        a.reports[i].state = REPORT_FAILING;
    }
    for (int i = 0; i < 64; i++) {
        a.echoes[i].known = true;
        a.votes[i].check = LIMIT_CHECKS - 1;
        a.votes[i].opinion = OPINION_DOWN;
        a.votes[i].reason = REASON_LOCAL;
        a.votes[i].age_ms = a.votes[i].fail_age_ms = a.votes[i].good_age_ms = AGE_NEVER - 1;
        a.clears[i] = (struct clear){.route = LIMIT_ROUTES - 1, .epoch = UINT32_MAX, .intent = 1};
    }
    beat_encode(&a, &bytes);
    assert_true(bytes.len <= BEAT_ROOM);
    assert_int_equal(beat_decode(bytes.data, bytes.len, &b, &err), 0);
    assert_int_equal(b.n_votes, 0);
    assert_true(b.n_echoes > 44);
    assert_int_equal(b.n_reports, LIMIT_REPORTS);
    assert_int_equal(b.n_hints, LIMIT_HINTS);
    buf_free(&bytes);
}

/* The largest figures that validation counts with, and everything else at its largest. */
static void largest_counted(int coordinators, int exclusive, struct beat *beat)
{
    memset(beat, 0, sizeof *beat);
    beat->boot = beat->heard = UINT64_MAX;
    beat->number = beat->term = beat->applied = (1ull << 42) - 1;
    beat->config_version = beat->refused = UINT32_MAX;
    beat->level = beat->level_needed = 16383;
    beat->utc_ms = -UTC_MOST_MS;
    beat->steps = UINT32_MAX;
    beat->stepped_ms = -1;
    beat->leader = beat->abstain = beat->asks = beat->leaving = beat->gap = true;
    beat->n_echoes = coordinators;
    for (int i = 0; i < coordinators; i++)
        beat->echoes[i] = (struct echo){
            .known = true, .boot = UINT64_MAX, .number = (1ull << 42) - 1, .age_ms = UINT32_MAX};
    beat->n_clears = exclusive;
    for (int i = 0; i < exclusive; i++)
        beat->clears[i] = (struct clear){.route = LIMIT_ROUTES - 1,
                                         .clear = true,
                                         .holding = true,
                                         .unable = true,
                                         .epoch = (1u << 28) - 1,
                                         .intent = (1u << 28) + 8190};
    beat->n_votes = BEAT_VOTES_LEAST;
    for (int i = 0; i < beat->n_votes; i++)
        beat->votes[i] = (struct vote){.check = LIMIT_CHECKS - 1,
                                       .opinion = OPINION_DOWN,
                                       .reason = REASON_LOCAL,
                                       .age_ms = AGE_NEVER - 1,
                                       .fail_age_ms = AGE_NEVER - 1,
                                       .good_age_ms = AGE_NEVER - 1};
    beat->certificate_ms = -UTC_MOST_MS;
    beat->receipt = (struct receipt_word){.notice = (1ull << 42) - 1,
                                          .receiver = LIMIT_RECEIVERS - 1,
                                          .attempt = (1u << 28) - 1,
                                          .unsure = true,
                                          .age_ms = UINT32_MAX};
    memset(beat->receipt.text, 't', sizeof beat->receipt.text - 1);
    beat->n_reports = LIMIT_REPORTS;
    beat->n_hints = LIMIT_HINTS;
    for (int i = 0; i < LIMIT_REPORTS; i++) {
        beat->reports[i] = (struct report_word){
            .check = LIMIT_CHECKS - 1, .state = REPORT_FAILING, .age_ms = AGE_NEVER - 1};
        beat->hints[i] = LIMIT_CHECKS - 1;
    }
}

/* Whatever validation takes (core/model/validate.c), nothing is left out of. */
static void what_validation_allows_fits(void **state)
{
    int least = BEAT_FRAME + BEAT_VOTES_LEAST * BEAT_VOTE, pairs = 0;

    for (int c = 1; c <= LIMIT_SERVERS; c++)
        for (int x = 0; x <= LIMIT_ROUTES; x++) {
            struct beat a, b;

            if (least + BEAT_COORDINATOR * c + BEAT_EXCLUSIVE * x > BEAT_ROOM)
                continue;
            largest_counted(c, x, &a);
            round_trip(&a, &b);
            assert_int_equal(b.n_echoes, c);
            assert_int_equal(b.n_clears, x);
            assert_int_equal(b.n_votes, BEAT_VOTES_LEAST);
            pairs++;
        }
    assert_true(pairs > 2000);
    assert_true(least + BEAT_COORDINATOR * 27 + BEAT_EXCLUSIVE * LIMIT_ROUTES <= BEAT_ROOM);
    assert_true(least + BEAT_COORDINATOR * 49 + BEAT_EXCLUSIVE * 4 <= BEAT_ROOM);
}

static void cuts_and_mutations_do_no_harm(void **state)
{
    struct beat a, b;
    struct buf bytes = {0};
    struct prng prng;
    struct err err;

    prng_seed(&prng, 2);
    sample_beat(12, 40, &a);
    beat_encode(&a, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        uint8_t *exact = mem_dup(bytes.data, len);

        if (beat_decode(exact, len, &b, &err) == 0)
            assert_true(b.n_votes == 0 || b.n_votes == 40);
        mem_free(exact);
    }
    for (int round = 0; round < 20000; round++) {
        uint8_t copy[LIMIT_BEAT];

        memcpy(copy, bytes.data, bytes.len);
        for (uint32_t n = 1 + prng_below(&prng, 3); n > 0; n--)
            copy[prng_below(&prng, (uint32_t)bytes.len)] = (uint8_t)prng_next(&prng);
        if (beat_decode(copy, bytes.len, &b, &err) != 0)
            continue;
        assert_in_range(b.n_votes, 0, LIMIT_BEAT_VOTES);
        assert_in_range(b.n_clears, 0, LIMIT_ROUTES);
        assert_in_range(b.n_echoes, 0, LIMIT_SERVERS);
        for (int i = 0; i < b.n_votes; i++) {
            assert_true(b.votes[i].check < LIMIT_CHECKS);
            assert_true(b.votes[i].opinion <= OPINION_DOWN);
            assert_true(b.votes[i].reason < REASON_COUNT);
        }
        for (int i = 0; i < b.n_clears; i++)
            assert_true(b.clears[i].route < LIMIT_ROUTES);
        assert_in_range(b.n_reports, 0, LIMIT_REPORTS);
        assert_in_range(b.n_hints, 0, LIMIT_HINTS);
        for (int i = 0; i < b.n_reports; i++)
            assert_true(b.reports[i].check < LIMIT_CHECKS && b.reports[i].state <= REPORT_FAILING);
        for (int i = 0; i < b.n_hints; i++)
            assert_true(b.hints[i] < LIMIT_CHECKS);
    }
    buf_free(&bytes);
}

static void wrong_values_are_refused(void **state)
{
    struct beat a, b;
    struct buf bytes = {0};
    struct err err;
    uint8_t large[LIMIT_BEAT + 1] = {0};

    sample_beat(3, 2, &a);
    a.votes[1].check = LIMIT_CHECKS;
    beat_encode(&a, &bytes);
    assert_int_equal(beat_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    buf_clear(&bytes);

    sample_beat(3, 2, &a);
    a.votes[1].opinion = 3;
    beat_encode(&a, &bytes);
    assert_int_equal(beat_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    buf_clear(&bytes);

    sample_beat(3, 2, &a);
    a.clears[0].route = LIMIT_ROUTES;
    beat_encode(&a, &bytes);
    assert_int_equal(beat_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    buf_clear(&bytes);

    sample_beat(3, 2, &a);
    a.reports[1].check = LIMIT_CHECKS;
    beat_encode(&a, &bytes);
    assert_int_equal(beat_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    buf_clear(&bytes);

    sample_beat(3, 2, &a);
    a.hints[0] = LIMIT_CHECKS;
    beat_encode(&a, &bytes);
    assert_int_equal(beat_decode(bytes.data, bytes.len, &b, &err), ERR_INVALID);
    buf_free(&bytes);

    assert_int_equal(beat_decode(large, sizeof large, &b, &err), ERR_LIMIT);
}

/* A node of a newer version may give reasons that this one does not know. */
static void a_newer_reason_is_no_error(void **state)
{
    struct beat a, b;
    struct buf bytes = {0};
    struct err err;

    sample_beat(3, 2, &a);
    a.votes[1].reason = REASON_COUNT;
    beat_encode(&a, &bytes);
    assert_int_equal(beat_decode(bytes.data, bytes.len, &b, &err), 0);
    assert_int_equal(b.votes[1].reason, REASON_NONE);
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_beat_survives),
        cmocka_unit_test(an_empty_beat_survives),
        cmocka_unit_test(votes_give_way),
        cmocka_unit_test(the_largest_beat_fits),
        cmocka_unit_test(what_validation_allows_fits),
        cmocka_unit_test(cuts_and_mutations_do_no_harm),
        cmocka_unit_test(wrong_values_are_refused),
        cmocka_unit_test(a_newer_reason_is_no_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
