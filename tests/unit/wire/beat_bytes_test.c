/* A beat's bytes are written and read by hand: they are what the generated code of
 * proto/beat.proto makes of the same beat, and say the same. */
#include "base/check.h"
#include "base/prng.h"
#include "base/utc.h"
#include "beat.pb-c.h"
#include "samples.h"
#include "wire/pb.h"

#include "testing.h"

struct columns {
    uint64_t echo_boot[LIMIT_SERVERS], echo_number[LIMIT_SERVERS];
    uint32_t echo_age[LIMIT_SERVERS];
    uint32_t vote_check[LIMIT_BEAT_VOTES], vote_age[LIMIT_BEAT_VOTES];
    uint32_t vote_fail_age[LIMIT_BEAT_VOTES], vote_good_age[LIMIT_BEAT_VOTES];
    uint8_t vote_word[LIMIT_BEAT_VOTES];
    uint32_t clear_route[LIMIT_ROUTES], clear_epoch[LIMIT_ROUTES];
    int32_t clear_ahead[LIMIT_ROUTES];
    uint32_t report_check[LIMIT_REPORTS], report_age[LIMIT_REPORTS];
    uint8_t report_word[LIMIT_REPORTS];
    uint32_t hint_check[LIMIT_HINTS];
    uint32_t run[6][LIMIT_BEAT_RUNS];
    uint64_t receipt[5];
};

static void fill_echoes(const struct beat *beat, struct columns *c, Kirikae__V1__Beat *m)
{
    size_t n = 0;

    for (int i = 0; i < beat->n_echoes; i++) {
        if (!beat->echoes[i].known)
            continue;
        m->echoed |= server_bit(i);
        c->echo_boot[n] = beat->echoes[i].boot;
        c->echo_number[n] = beat->echoes[i].number;
        c->echo_age[n++] = beat->echoes[i].age_ms;
    }
    m->echoes = (uint32_t)beat->n_echoes;
    m->n_echo_boot = m->n_echo_number = m->n_echo_age_ms = n;
    m->echo_boot = c->echo_boot;
    m->echo_number = c->echo_number;
    m->echo_age_ms = c->echo_age;
}

static void fill_votes(const struct beat *beat, struct columns *c, Kirikae__V1__Beat *m)
{
    for (int i = 0; i < beat->n_votes; i++) {
        c->vote_check[i] = beat->votes[i].check;
        c->vote_word[i] = (uint8_t)(beat->votes[i].opinion + 4 * beat->votes[i].reason);
        c->vote_age[i] = pb_age(beat->votes[i].age_ms);
        c->vote_fail_age[i] = pb_age(beat->votes[i].fail_age_ms);
        c->vote_good_age[i] = pb_age(beat->votes[i].good_age_ms);
    }
    m->n_vote_check = m->vote_word.len = m->n_vote_age = m->n_vote_fail_age = m->n_vote_good_age =
        (size_t)beat->n_votes;
    m->vote_check = c->vote_check;
    m->vote_word.data = c->vote_word;
    m->vote_age = c->vote_age;
    m->vote_fail_age = c->vote_fail_age;
    m->vote_good_age = c->vote_good_age;
}

static void fill_clears(const struct beat *beat, struct columns *c, Kirikae__V1__Beat *m)
{
    for (int i = 0; i < beat->n_clears; i++) {
        c->clear_route[i] = 2u * beat->clears[i].route + beat->clears[i].clear;
        c->clear_epoch[i] = beat->clears[i].epoch;
        c->clear_ahead[i] = (int32_t)(beat->clears[i].intent - beat->clears[i].epoch);
    }
    m->n_clear_route = m->n_clear_epoch = m->n_clear_ahead = (size_t)beat->n_clears;
    m->clear_route = c->clear_route;
    m->clear_epoch = c->clear_epoch;
    m->clear_ahead = c->clear_ahead;
}

static void fill_reports(const struct beat *beat, struct columns *c, Kirikae__V1__Beat *m)
{
    for (int i = 0; i < beat->n_reports; i++) {
        c->report_check[i] = beat->reports[i].check;
        c->report_word[i] = beat->reports[i].state;
        c->report_age[i] = pb_age(beat->reports[i].age_ms);
    }
    m->n_report_check = m->report_word.len = m->n_report_age = (size_t)beat->n_reports;
    m->report_check = c->report_check;
    m->report_word.data = c->report_word;
    m->report_age = c->report_age;
    for (int i = 0; i < beat->n_hints; i++)
        c->hint_check[i] = beat->hints[i];
    m->n_hint_check = (size_t)beat->n_hints;
    m->hint_check = c->hint_check;
}

static void fill_runs(const struct beat *beat, struct columns *c, Kirikae__V1__Beat *m)
{
    m->gap = beat->gap;
    if (!beat->tells)
        return;
    m->tells = true;
    m->knew_age = pb_age(beat->knew_age_ms);
    m->journal_age = pb_age(beat->journal_age_ms);
    m->first_run = beat->first_run;
    m->newest_run = beat->newest_run;
    for (int i = 0; i < beat->n_runs; i++) {
        const struct run_word *run = &beat->runs[i];

        c->run[0][i] = run->id;
        c->run[1][i] = 4u * run->subject + run->kind;
        c->run[2][i] = pb_age(run->age_ms);
        c->run[3][i] = pb_age(run->good_ms);
        c->run[4][i] = pb_age(run->length_ms);
        c->run[5][i] = pb_age(run->fail_ms);
    }
    m->n_run_id = m->n_run_subject = m->n_run_age = m->n_run_good = m->n_run_length =
        m->n_run_fail = (size_t)beat->n_runs;
    m->run_id = c->run[0];
    m->run_subject = c->run[1];
    m->run_age = c->run[2];
    m->run_good = c->run[3];
    m->run_length = c->run[4];
    m->run_fail = c->run[5];
}

static void fill_receipt(const struct beat *beat, struct columns *c, Kirikae__V1__Beat *m)
{
    m->certificate_time = pb_time(beat->certificate_ms);
    if (beat->receipt.notice == 0)
        return;
    c->receipt[0] = beat->receipt.notice;
    c->receipt[1] = beat->receipt.receiver;
    c->receipt[2] = beat->receipt.attempt;
    c->receipt[3] = (uint64_t)beat->receipt.accepted + 2u * beat->receipt.unsure;
    c->receipt[4] = beat->receipt.age_ms;
    m->n_receipt = ARRAY_LEN(c->receipt);
    m->receipt = c->receipt;
    m->receipt_text.data = (uint8_t *)beat->receipt.text;
    m->receipt_text.len = strlen(beat->receipt.text);
}

static void generated_bytes(const struct beat *beat, struct buf *out)
{
    Kirikae__V1__Beat m = KIRIKAE__V1__BEAT__INIT;
    struct columns c;

    m.boot = beat->boot;
    m.number = beat->number;
    m.term = beat->term;
    m.applied = beat->applied;
    m.config_version = beat->config_version;
    m.leader = beat->leader;
    m.abstain = beat->abstain;
    m.heard = beat->heard;
    m.refused = beat->refused;
    m.asks = beat->asks;
    m.utc_time = pb_time(beat->utc_ms);
    m.steps = beat->steps;
    m.stepped_ms = beat->stepped_ms;
    m.level = beat->level;
    m.level_needed = beat->level_needed;
    m.leaving = beat->leaving;
    for (int i = 0; i < beat->n_clears; i++) {
        m.holding |= (uint64_t)beat->clears[i].holding << i;
        m.unable |= (uint64_t)beat->clears[i].unable << i;
    }
    fill_echoes(beat, &c, &m);
    fill_votes(beat, &c, &m);
    fill_clears(beat, &c, &m);
    fill_reports(beat, &c, &m);
    fill_runs(beat, &c, &m);
    fill_receipt(beat, &c, &m);
    pb_pack(&m, out);
}

/* Any number of any length. */
static uint64_t figure(struct prng *prng)
{
    return prng_below(prng, 8) == 0 ? 0 : prng_next(prng) >> prng_below(prng, 64);
}

static void any_beat(struct prng *prng, struct beat *beat)
{
    *beat = (struct beat){.boot = figure(prng),
                          .number = figure(prng),
                          .term = figure(prng),
                          .applied = figure(prng),
                          .config_version = (uint32_t)figure(prng),
                          .utc_ms = (int64_t)figure(prng),
                          .steps = (uint32_t)figure(prng),
                          .stepped_ms = (int64_t)figure(prng),
                          .level = (uint32_t)figure(prng),
                          .level_needed = (uint32_t)figure(prng),
                          .leader = prng_below(prng, 2),
                          .abstain = prng_below(prng, 2),
                          .asks = prng_below(prng, 2),
                          .leaving = prng_below(prng, 2),
                          .refused = (uint32_t)figure(prng),
                          .heard = figure(prng),
                          .n_echoes = (int)prng_below(prng, 20),
                          .n_votes = (int)prng_below(prng, 24),
                          .n_clears = (int)prng_below(prng, 6),
                          .n_reports = (int)prng_below(prng, LIMIT_REPORTS + 1),
                          .n_hints = (int)prng_below(prng, LIMIT_HINTS + 1),
                          .gap = prng_below(prng, 2),
                          .tells = prng_below(prng, 2),
                          .knew_age_ms = (uint32_t)figure(prng),
                          .journal_age_ms = (uint32_t)figure(prng),
                          .first_run = (uint32_t)figure(prng),
                          .newest_run = (uint32_t)figure(prng),
                          .n_runs = (int)prng_below(prng, LIMIT_BEAT_RUNS + 1)};
    beat->certificate_ms = prng_below(prng, 2) ? UTC_NONE : (int64_t)figure(prng);
    if (prng_below(prng, 2))
        beat->receipt =
            (struct receipt_word){.notice = 1 + prng_below(prng, 1u << 30),
                                  .receiver = (uint8_t)prng_below(prng, LIMIT_RECEIVERS),
                                  .attempt = (uint32_t)figure(prng),
                                  .accepted = prng_below(prng, 2),
                                  .unsure = prng_below(prng, 2),
                                  .age_ms = (uint32_t)figure(prng)};
    if (beat->receipt.notice != 0)
        memset(beat->receipt.text, 'a', (size_t)prng_below(prng, LIMIT_RECEIPT_TEXT));
    for (int i = 0; i < beat->n_runs; i++)
        beat->runs[i] = (struct run_word){.id = 1 + (uint32_t)prng_below(prng, 1u << 30),
                                          .kind = (uint8_t)prng_below(prng, RUN_IDLE + 1),
                                          .subject = (uint16_t)figure(prng),
                                          .age_ms = (uint32_t)figure(prng),
                                          .good_ms = (uint32_t)(figure(prng) - 1),
                                          .length_ms = (uint32_t)(figure(prng) - 1),
                                          .fail_ms = (uint32_t)figure(prng)};
    for (int i = 0; i < beat->n_echoes; i++)
        if (prng_below(prng, 4) > 0)
            beat->echoes[i] = (struct echo){.known = true,
                                            .boot = figure(prng),
                                            .number = figure(prng),
                                            .age_ms = (uint32_t)figure(prng)};
    for (int i = 0; i < beat->n_votes; i++)
        beat->votes[i] = (struct vote){.check = (uint16_t)prng_below(prng, LIMIT_CHECKS),
                                       .opinion = (uint8_t)prng_below(prng, 3),
                                       .reason = (uint8_t)prng_below(prng, REASON_COUNT),
                                       .age_ms = (uint32_t)figure(prng),
                                       .fail_age_ms = (uint32_t)(figure(prng) - 1),
                                       .good_age_ms = (uint32_t)figure(prng)};
    for (int i = 0; i < beat->n_clears; i++)
        beat->clears[i] = (struct clear){.route = (uint8_t)prng_below(prng, LIMIT_ROUTES),
                                         .clear = prng_below(prng, 2),
                                         .holding = prng_below(prng, 2),
                                         .unable = prng_below(prng, 2),
                                         .epoch = (uint32_t)figure(prng),
                                         .intent = (uint32_t)figure(prng)};
    for (int i = 0; i < beat->n_reports; i++)
        beat->reports[i] =
            (struct report_word){.check = (uint16_t)prng_below(prng, LIMIT_CHECKS),
                                 .state = (uint8_t)prng_below(prng, REPORT_FAILING + 1),
                                 .age_ms = (uint32_t)figure(prng)};
    for (int i = 0; i < beat->n_hints; i++)
        beat->hints[i] = (uint16_t)prng_below(prng, LIMIT_CHECKS);
}

static void same_bytes(const struct beat *beat)
{
    struct buf ours = {0}, theirs = {0};

    beat_encode(beat, &ours);
    generated_bytes(beat, &theirs);
    assert_int_equal(ours.len, theirs.len);
    if (ours.len > 0)
        assert_memory_equal(ours.data, theirs.data, ours.len);
    buf_free(&ours);
    buf_free(&theirs);
}

static void the_writer_gives_the_generated_bytes(void **state)
{
    struct prng prng;
    struct beat beat;

    prng_seed(&prng, 1);
    for (int i = 0; i < 20000; i++) {
        any_beat(&prng, &beat);
        same_bytes(&beat);
    }
    /* Lists of 127, 128 and 129 bytes: their length takes one byte, or two. */
    for (int more = 7; more <= 9; more++) {
        sample_beat(13, 0, &beat);
        for (int i = 0; i < 13; i++)
            beat.echoes[i] =
                (struct echo){.known = true, .number = 1ull << (i < 12 ? 63 : 7 * more - 1)};
        same_bytes(&beat);
    }
}

/* Everything, written again by the generated code. */
static void same_word(const Kirikae__V1__Beat *m, const struct beat *beat)
{
    size_t e = 0;

    assert_true(m->boot == beat->boot && m->number == beat->number && m->term == beat->term);
    assert_true(m->applied == beat->applied && m->config_version == beat->config_version);
    assert_true(m->leader == beat->leader && m->abstain == beat->abstain);
    assert_int_equal(m->asks, beat->asks);
    assert_int_equal(m->leaving, beat->leaving);
    assert_true(m->heard == beat->heard && m->refused == beat->refused);
    assert_int_equal(m->echoes, beat->n_echoes);
    for (int i = 0; i < beat->n_echoes; i++) {
        assert_int_equal(m->echoed >> i & 1, beat->echoes[i].known);
        if (!beat->echoes[i].known)
            continue;
        assert_true(m->echo_boot[e] == beat->echoes[i].boot);
        assert_true(m->echo_number[e] == beat->echoes[i].number);
        assert_int_equal(m->echo_age_ms[e++], beat->echoes[i].age_ms);
    }
    assert_true(m->n_echo_boot == e && m->n_echo_number == e && m->n_echo_age_ms == e);
    assert_int_equal(m->n_vote_check, beat->n_votes);
    assert_true(m->n_vote_age == m->n_vote_check && m->n_vote_fail_age == m->n_vote_check);
    assert_true(m->n_vote_good_age == m->n_vote_check && m->vote_word.len == m->n_vote_check);
    for (int i = 0; i < beat->n_votes; i++) {
        uint8_t reason = m->vote_word.data[i] >> 2;

        assert_int_equal(m->vote_check[i], beat->votes[i].check);
        assert_int_equal(m->vote_word.data[i] & 3, beat->votes[i].opinion);
        assert_int_equal(reason < REASON_COUNT ? reason : REASON_NONE, beat->votes[i].reason);
        assert_int_equal(pb_age_back(m->vote_age[i]), beat->votes[i].age_ms);
        assert_int_equal(pb_age_back(m->vote_fail_age[i]), beat->votes[i].fail_age_ms);
        assert_int_equal(pb_age_back(m->vote_good_age[i]), beat->votes[i].good_age_ms);
    }
    assert_int_equal(m->n_clear_route, beat->n_clears);
    assert_true(m->n_clear_epoch == m->n_clear_route && m->n_clear_ahead == m->n_clear_route);
    for (int i = 0; i < beat->n_clears; i++) {
        assert_int_equal(m->clear_route[i], 2u * beat->clears[i].route + beat->clears[i].clear);
        assert_int_equal(m->clear_epoch[i], beat->clears[i].epoch);
        assert_int_equal((uint32_t)m->clear_ahead[i], beat->clears[i].intent - m->clear_epoch[i]);
    }
    assert_int_equal(m->report_word.len, beat->n_reports);
    assert_true(m->n_report_check == m->report_word.len && m->n_report_age == m->report_word.len);
    for (int i = 0; i < beat->n_reports; i++) {
        uint8_t state = m->report_word.data[i];

        assert_int_equal(m->report_check[i], beat->reports[i].check);
        assert_int_equal(state <= REPORT_FAILING ? state : REPORT_NONE, beat->reports[i].state);
        assert_int_equal(pb_age_back(m->report_age[i]), beat->reports[i].age_ms);
    }
    assert_int_equal(m->n_hint_check, beat->n_hints);
    for (int i = 0; i < beat->n_hints; i++)
        assert_int_equal(m->hint_check[i], beat->hints[i]);
}

/* Whatever the reader takes, the generated code takes, and reads the same in it. */
static bool read_alike(const uint8_t *bytes, size_t len)
{
    Kirikae__V1__Beat *message;
    struct beat beat;
    struct err err;

    if (beat_decode(bytes, len, &beat, &err) != 0)
        return false;
    message = pb_unpack(&kirikae__v1__beat__descriptor, bytes, len);
    assert_non_null(message);
    same_word(message, &beat);
    pb_free(message);
    return true;
}

static void the_reader_reads_what_the_generated_code_reads(void **state)
{
    struct buf bytes = {0};
    struct prng prng;
    struct beat beat;
    int taken = 0;

    prng_seed(&prng, 2);
    for (int i = 0; i < 100000; i++) {
        if (i % 10 == 0) {
            any_beat(&prng, &beat);
            buf_clear(&bytes);
            beat_encode(&beat, &bytes);
            assert_true(read_alike(bytes.data, bytes.len));
        }
        if (bytes.len > 0)
            bytes.data[prng_below(&prng, (uint32_t)bytes.len)] = (uint8_t)prng_next(&prng);
        taken += read_alike(bytes.data, bytes.len);
        taken += read_alike(bytes.data, prng_below(&prng, (uint32_t)bytes.len + 1));
    }
    assert_in_range(taken, 10000, 150000);
    buf_free(&bytes);
}

/* What a newer version adds is passed over, of every wire type. */
static void unknown_fields_are_passed_over(void **state)
{
    static const uint8_t more[] = {
        0xa0, 6, 0x96, 1,                         /* 100: a varint */
        0xa9, 6, 1,    2,    3,    4, 5, 6, 7, 8, /* 101: fixed64 */
        0xb2, 6, 2,    0xff, 0xff,                /* 102: bytes */
        0xbd, 6, 1,    2,    3,    4,             /* 103: fixed32 */
    };
    struct buf bytes = {0};
    struct beat beat;

    sample_beat(12, 20, &beat);
    buf_append(&bytes, more, sizeof more);
    beat_encode(&beat, &bytes);
    buf_append(&bytes, more, sizeof more);
    assert_true(read_alike(bytes.data, bytes.len));
    assert_false(read_alike(bytes.data, bytes.len - 1));
    buf_free(&bytes);
}

static void what_is_no_beat_is_refused(void **state)
{
    static const struct {
        size_t len;
        uint8_t bytes[24];
    } bad[] = {
        {1, {0x08}},    /* a key and no more */
        {2, {0x08, 1}}, /* a varint for a fixed64 */
        {2, {0x00, 1}}, /* field 0 */
        {1, {0x0b}},    /* a group */
        {12, {0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}}, /* too long */
        /* one vote, with a list that comes twice */
        {21, {0x72, 1, 5, 0x7a, 1, 1, 0x82, 1, 1, 1, 0x8a, 1, 1, 1, 0x92, 1, 1, 1, 0x72, 1, 5}},
        {3, {0x7a, 9, 1}}, /* … that is cut off */
        {3, {0x72, 1, 1}}, /* … of another length than its others */
        {2, {0x48, 65}},   /* too many coordinators */
    };
    struct beat beat;
    struct err err;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(beat_decode(bad[i].bytes, bad[i].len, &beat, &err), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_writer_gives_the_generated_bytes),
        cmocka_unit_test(the_reader_reads_what_the_generated_code_reads),
        cmocka_unit_test(unknown_fields_are_passed_over),
        cmocka_unit_test(what_is_no_beat_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
