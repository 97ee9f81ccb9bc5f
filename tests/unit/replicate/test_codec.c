#include "base/prng.h"
#include "replicate/raft_codec.h"
#include "replicate/replicate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FROM 2
#define TO 259 /* server 2, incarnation 1 */

/* A copy without a byte to spare, so that a sanitizer sees a read past its end. */
static uint8_t *exactly(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);

    memcpy(copy, bytes, len);
    return copy;
}

static void expect_bad(const uint8_t *bytes, size_t len)
{
    struct raft_frame frame;
    struct err err;

    assert_int_equal(raft_codec_decode(bytes, len, &frame, &err), ERR_INVALID);
}

static void encode_again(struct buf *out, const struct raft_frame *frame)
{
    if (frame->is_part)
        raft_codec_encode_part(out, frame->from, frame->to, &frame->part);
    else
        raft_codec_encode(out, frame->from, frame->to, &frame->message);
}

/* Decodes `bytes`; every shorter run is refused; a changed byte is refused or means
 * something, and then the same bytes again. */
static void round_trip(const struct buf *bytes, struct raft_frame *frame)
{
    struct buf again = {0};
    struct raft_frame other;
    struct err err;

    if (raft_codec_decode(bytes->data, bytes->len, frame, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(frame->from, FROM);
    assert_int_equal(frame->to, TO);
    encode_again(&again, frame);
    assert_int_equal(again.len, bytes->len);
    assert_memory_equal(again.data, bytes->data, bytes->len);

    for (size_t len = 0; len < bytes->len; len++) {
        uint8_t *exact = exactly(bytes->data, len);
        int code = raft_codec_decode(exact, len, &other, &err);

        /* A part may end anywhere. */
        assert_true(code == ERR_INVALID || (code == 0 && other.is_part));
        if (code == 0)
            raft_frame_free(&other);
        free(exact);
    }
    for (size_t i = 0; i < bytes->len; i++)
        for (int bit = 0; bit < 8; bit++) {
            uint8_t *changed = exactly(bytes->data, bytes->len);

            changed[i] ^= (uint8_t)(1 << bit);
            if (raft_codec_decode(changed, bytes->len, &other, &err) == 0) {
                buf_clear(&again);
                encode_again(&again, &other);
                assert_int_equal(again.len, bytes->len);
                assert_memory_equal(again.data, changed, bytes->len);
                raft_frame_free(&other);
            }
            free(changed);
        }
    buf_free(&again);
}

static void votes(void **state)
{
    struct raft_message vote = {.type = RAFT_REQUEST_VOTE,
                                .request_vote = {.version = 2,
                                                 .term = 7,
                                                 .candidate_id = FROM,
                                                 .last_log_index = 40,
                                                 .last_log_term = 6,
                                                 .disrupt_leader = true}};
    struct raft_message result = {.type = RAFT_REQUEST_VOTE_RESULT,
                                  .request_vote_result = {.version = 2,
                                                          .term = 7,
                                                          .vote_granted = true,
                                                          .pre_vote = true,
                                                          .features = 1,
                                                          .capacity = 3072}};
    struct raft_message now = {.type = RAFT_TIMEOUT_NOW,
                               .timeout_now = {.term = 7, .last_log_index = 9, .last_log_term = 6}};
    struct buf bytes = {0};
    struct raft_frame frame;

    raft_codec_encode(&bytes, FROM, TO, &vote);
    round_trip(&bytes, &frame);
    assert_int_equal(frame.message.server_id, FROM);
    assert_true(frame.message.request_vote.disrupt_leader);
    assert_false(frame.message.request_vote.pre_vote);
    assert_int_equal(frame.message.request_vote.last_log_index, 40);

    buf_clear(&bytes);
    raft_codec_encode(&bytes, FROM, TO, &result);
    round_trip(&bytes, &frame);
    assert_true(frame.message.request_vote_result.pre_vote);
    assert_int_equal(frame.message.request_vote_result.capacity, 3072);

    buf_clear(&bytes);
    raft_codec_encode(&bytes, FROM, TO, &now);
    round_trip(&bytes, &frame);
    assert_int_equal(frame.message.timeout_now.last_log_index, 9);

    /* Votes only for oneself. */
    vote.request_vote.candidate_id = FROM + 1;
    buf_clear(&bytes);
    raft_codec_encode(&bytes, FROM, TO, &vote);
    expect_bad(bytes.data, bytes.len);
    buf_free(&bytes);
}

static void conf_of(struct raft_configuration *conf)
{
    raft_configuration_init(conf);
    assert_int_equal(raft_configuration_add(conf, 1, "voice-1", RAFT_VOTER), 0);
    assert_int_equal(raft_configuration_add(conf, 258, "voice-2", RAFT_STANDBY), 0);
    assert_int_equal(raft_configuration_add(conf, 3, "voice-3", RAFT_SPARE), 0);
}

static void entries(void **state)
{
    uint8_t text[24] = "commands and a barrier.";
    struct raft_configuration conf;
    struct raft_buffer change;
    struct raft_entry list[3] = {
        {.term = 3, .type = RAFT_COMMAND, .buf = {.base = text, .len = 16}},
        {.term = 4, .type = RAFT_BARRIER, .buf = {.base = text + 16, .len = 8}},
        {.term = 4, .type = RAFT_CHANGE},
    };
    struct raft_message m = {.type = RAFT_APPEND_ENTRIES,
                             .append_entries = {.term = 5,
                                                .prev_log_index = 10,
                                                .prev_log_term = 3,
                                                .leader_commit = 9,
                                                .entries = list,
                                                .n_entries = 3}};
    struct buf bytes = {0};
    struct raft_frame frame;
    struct raft_entry *got;

    conf_of(&conf);
    assert_int_equal(raft_configuration_encode(&conf, &change), 0);
    list[2].buf = change;
    raft_codec_encode(&bytes, FROM, TO, &m);
    round_trip(&bytes, &frame);
    got = frame.message.append_entries.entries;
    assert_int_equal(frame.message.append_entries.n_entries, 3);
    assert_memory_equal(got[0].buf.base, "commands and a b", 16);
    assert_int_equal(got[1].type, RAFT_BARRIER);
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(got[i].batch, got[0].batch);
    raft_frame_free(&frame);

    /* What libraft would trip over. */
    for (size_t len = 0; len < change.len; len += 8) {
        list[2].buf.len = len;
        buf_clear(&bytes);
        raft_codec_encode(&bytes, FROM, TO, &m);
        expect_bad(bytes.data, bytes.len);
    }
    list[2].buf.len = change.len;
    m.append_entries.n_entries = 1;
    list[0].buf.len = 15;
    buf_clear(&bytes);
    raft_codec_encode(&bytes, FROM, TO, &m);
    expect_bad(bytes.data, bytes.len);
    list[0].buf.len = 16;
    list[0].term = 6;
    buf_clear(&bytes);
    raft_codec_encode(&bytes, FROM, TO, &m);
    expect_bad(bytes.data, bytes.len);
    list[0].term = 3;
    m.append_entries.prev_log_term = 0;
    buf_clear(&bytes);
    raft_codec_encode(&bytes, FROM, TO, &m);
    expect_bad(bytes.data, bytes.len);

    raft_free(change.base);
    raft_configuration_close(&conf);
    buf_free(&bytes);
}

/* Two servers with one id: libraft's error path frees the entries twice. */
static void repeated_servers(void **state)
{
    struct raft_configuration conf;
    struct raft_buffer change;
    struct raft_entry entry = {.term = 1, .type = RAFT_CHANGE};
    struct raft_message m = {.type = RAFT_APPEND_ENTRIES,
                             .append_entries = {.term = 1, .entries = &entry, .n_entries = 1}};
    struct buf bytes = {0};
    struct raft_frame frame;
    struct err err;

    conf_of(&conf);
    assert_int_equal(raft_configuration_encode(&conf, &change), 0);
    entry.buf = change;
    raft_codec_encode(&bytes, FROM, TO, &m);
    assert_int_equal(raft_codec_decode(bytes.data, bytes.len, &frame, &err), 0);
    raft_frame_free(&frame);
    memcpy((char *)change.base + 9 + 17, (char *)change.base + 9, 8);
    buf_clear(&bytes);
    raft_codec_encode(&bytes, FROM, TO, &m);
    expect_bad(bytes.data, bytes.len);
    raft_free(change.base);
    raft_configuration_close(&conf);
    buf_free(&bytes);
}

static void fits(void **state)
{
    static uint8_t data[LIMIT_COMMAND];
    struct raft_entry list[40];
    struct raft_append_entries append = {.entries = list, .n_entries = 40};

    for (int i = 0; i < 40; i++)
        list[i] = (struct raft_entry){.buf = {.base = data, .len = 1024}};
    assert_int_equal(raft_codec_fit(&append, 0), 40);
    assert_int_equal(raft_codec_fit(&append, 39), 1);
    assert_int_equal(raft_codec_fit(&append, 40), 0);
    for (int i = 0; i < 40; i++)
        list[i].buf.len = LIMIT_COMMAND;
    assert_int_equal(raft_codec_fit(&append, 0), RAFT_CODEC_ENTRIES_BYTES / LIMIT_COMMAND);
}

static void parts(void **state)
{
    uint8_t data[100];
    struct raft_part part = {.install = {.term = 9,
                                         .last_index = 400,
                                         .last_term = 8,
                                         .conf_index = 300,
                                         .data = {.base = data, .len = 1000}},
                             .bytes = data,
                             .len = sizeof data};
    struct buf bytes = {0};
    struct raft_frame frame;

    memset(data, 'x', sizeof data);
    conf_of(&part.install.conf);
    raft_codec_encode_part(&bytes, FROM, TO, &part);
    round_trip(&bytes, &frame);
    assert_true(frame.is_part);
    assert_int_equal(frame.part.install.conf.n, 3);
    assert_int_equal(frame.part.install.conf.servers[1].id, 258);
    assert_string_equal(frame.part.install.conf.servers[2].address, "voice-3");
    assert_int_equal(frame.part.len, 100);
    raft_frame_free(&frame);

    part.offset = 900;
    buf_clear(&bytes);
    raft_codec_encode_part(&bytes, FROM, TO, &part);
    round_trip(&bytes, &frame);
    assert_int_equal(frame.part.install.conf.n, 0);
    raft_frame_free(&frame);

    part.offset = 901;
    buf_clear(&bytes);
    raft_codec_encode_part(&bytes, FROM, TO, &part);
    expect_bad(bytes.data, bytes.len);
    part.offset = 900;
    part.install.data.len = RAFT_CODEC_SNAPSHOT_BYTES + 1;
    buf_clear(&bytes);
    raft_codec_encode_part(&bytes, FROM, TO, &part);
    expect_bad(bytes.data, bytes.len);
    raft_configuration_close(&part.install.conf);
    buf_free(&bytes);
}

static void noise(void **state)
{
    struct prng prng;
    uint8_t bytes[256];

    prng_seed(&prng, 1);
    for (int i = 0; i < 200000; i++) {
        size_t len = prng_below(&prng, sizeof bytes);
        struct raft_frame frame;
        struct err err;

        for (size_t j = 0; j < len; j++)
            bytes[j] = (uint8_t)prng_below(&prng, j > 20 ? 3 : 256);
        if (len > 3) {
            bytes[0] = 1;
            bytes[1] %= 9;
            bytes[2] %= 3;
            bytes[3] = 0;
        }
        if (raft_codec_decode(bytes, len, &frame, &err) == 0)
            raft_frame_free(&frame);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(votes), cmocka_unit_test(entries), cmocka_unit_test(repeated_servers),
        cmocka_unit_test(fits),  cmocka_unit_test(parts),   cmocka_unit_test(noise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
