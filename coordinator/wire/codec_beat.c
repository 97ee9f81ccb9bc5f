/* Hot: a node encodes ten beats a second and decodes a hundred. Columns on the stack,
 * one pass over each. */
#include "base/check.h"
#include "beat.pb-c.h"
#include "wire/codec.h"
#include "wire/pb.h"

#define ENVELOPE 64 /* bytes that link/ may add to a datagram */
#define VOTE_MAX 19 /* bytes of one vote at most: 3 + 1 + 3 * 5 */

struct columns {
    uint64_t echo_boot[LIMIT_SERVERS], echo_number[LIMIT_SERVERS];
    uint32_t echo_age[LIMIT_SERVERS];
    uint32_t vote_check[LIMIT_BEAT_VOTES], vote_age[LIMIT_BEAT_VOTES];
    uint32_t vote_fail_age[LIMIT_BEAT_VOTES], vote_good_age[LIMIT_BEAT_VOTES];
    uint8_t vote_word[LIMIT_BEAT_VOTES];
    uint32_t clear_route[LIMIT_ROUTES], clear_epoch[LIMIT_ROUTES];
    int32_t clear_ahead[LIMIT_ROUTES];
};

static void put_echoes(const struct beat *beat, int n_echoes, struct columns *c,
                       Kirikae__V1__Beat *message)
{
    size_t n = 0;

    message->echoed = 0;
    for (int i = 0; i < n_echoes; i++) {
        const struct echo *echo = &beat->echoes[i];

        if (!echo->known)
            continue;
        message->echoed |= server_bit(i);
        c->echo_boot[n] = echo->boot;
        c->echo_number[n] = echo->number;
        c->echo_age[n++] = echo->age_ms;
    }
    message->echoes = (uint32_t)n_echoes;
    message->n_echo_boot = message->n_echo_number = message->n_echo_age_ms = n;
    message->echo_boot = c->echo_boot;
    message->echo_number = c->echo_number;
    message->echo_age_ms = c->echo_age;
}

static void set_votes(Kirikae__V1__Beat *message, size_t n)
{
    message->n_vote_check = message->vote_word.len = n;
    message->n_vote_age = message->n_vote_fail_age = message->n_vote_good_age = n;
}

static void put_votes(const struct beat *beat, struct columns *c, Kirikae__V1__Beat *message)
{
    for (int i = 0; i < beat->n_votes; i++) {
        const struct vote *vote = &beat->votes[i];

        c->vote_check[i] = vote->check;
        c->vote_word[i] = (uint8_t)(vote->opinion | vote->reason << 2);
        c->vote_age[i] = pb_age(vote->age_ms);
        c->vote_fail_age[i] = pb_age(vote->fail_age_ms);
        c->vote_good_age[i] = pb_age(vote->good_age_ms);
    }
    message->vote_check = c->vote_check;
    message->vote_word.data = c->vote_word;
    message->vote_age = c->vote_age;
    message->vote_fail_age = c->vote_fail_age;
    message->vote_good_age = c->vote_good_age;
    set_votes(message, (size_t)beat->n_votes);
}

static void set_clears(Kirikae__V1__Beat *message, size_t n)
{
    message->n_clear_route = message->n_clear_epoch = message->n_clear_ahead = n;
}

static void put_clears(const struct beat *beat, struct columns *c, Kirikae__V1__Beat *message)
{
    for (int i = 0; i < beat->n_clears; i++) {
        const struct clear *clear = &beat->clears[i];

        c->clear_route[i] = (uint32_t)clear->route << 1 | clear->clear;
        c->clear_epoch[i] = clear->epoch;
        c->clear_ahead[i] = (int32_t)(clear->intent - clear->epoch);
    }
    message->clear_route = c->clear_route;
    message->clear_epoch = c->clear_epoch;
    message->clear_ahead = c->clear_ahead;
    set_clears(message, (size_t)beat->n_clears);
}

/* Bytes that the message is too long by; 0 when it fits. */
static size_t excess(const Kirikae__V1__Beat *message)
{
    size_t len = kirikae__v1__beat__get_packed_size(message);

    return len > LIMIT_BEAT - ENVELOPE ? len - (LIMIT_BEAT - ENVELOPE) : 0;
}

void beat_encode(const struct beat *beat, struct buf *out)
{
    Kirikae__V1__Beat message = KIRIKAE__V1__BEAT__INIT;
    struct columns c;
    size_t over;

    CHECK(beat->n_echoes >= 0 && beat->n_echoes <= LIMIT_SERVERS);
    CHECK(beat->n_votes >= 0 && beat->n_votes <= LIMIT_BEAT_VOTES);
    CHECK(beat->n_clears >= 0 && beat->n_clears <= LIMIT_ROUTES);
    message.boot = beat->boot;
    message.number = beat->number;
    message.term = beat->term;
    message.applied = beat->applied;
    message.config_version = beat->config_version;
    message.leader = beat->leader;
    message.abstain = beat->abstain;
    message.refused = beat->refused;
    message.heard = beat->heard;
    put_echoes(beat, beat->n_echoes, &c, &message);
    put_votes(beat, &c, &message);
    put_clears(beat, &c, &message);

    /* Each vote frees VOTE_MAX bytes at most, so no vote goes that could have stayed. */
    while ((over = excess(&message)) > 0 && message.n_vote_check > 0) {
        size_t drop = (over + VOTE_MAX - 1) / VOTE_MAX;

        set_votes(&message, message.n_vote_check > drop ? message.n_vote_check - drop : 0);
    }
    /* Only figures beyond any real cluster's come here. What is not said grants nothing
     * and makes nobody heard, which is the safe side. */
    while (excess(&message) > 0 && message.n_clear_route > 0)
        set_clears(&message, message.n_clear_route - 1);
    while (excess(&message) > 0)
        put_echoes(beat, (int)message.echoes - 1, &c, &message);
    pb_pack(&message, out);
}

static bool get_echoes(const Kirikae__V1__Beat *message, struct beat *beat)
{
    size_t n = (size_t)server_count(message->echoed), row = 0;

    if (message->echoes > LIMIT_SERVERS || message->n_echo_boot != n ||
        message->n_echo_number != n || message->n_echo_age_ms != n)
        return false;
    if (message->echoes < LIMIT_SERVERS && message->echoed >> message->echoes != 0)
        return false;
    beat->n_echoes = (int)message->echoes;
    for (int i = 0; i < beat->n_echoes; i++) {
        beat->echoes[i] = (struct echo){0};
        if (!(message->echoed & server_bit(i)))
            continue;
        beat->echoes[i] = (struct echo){.known = true,
                                        .boot = message->echo_boot[row],
                                        .number = message->echo_number[row],
                                        .age_ms = message->echo_age_ms[row]};
        row++;
    }
    return true;
}

static bool get_votes(const Kirikae__V1__Beat *message, struct beat *beat)
{
    size_t n = message->n_vote_check;

    if (n > LIMIT_BEAT_VOTES || message->vote_word.len != n || message->n_vote_age != n ||
        message->n_vote_fail_age != n || message->n_vote_good_age != n)
        return false;
    beat->n_votes = (int)n;
    for (size_t i = 0; i < n; i++) {
        uint8_t reason = message->vote_word.data[i] >> 2;

        if (message->vote_check[i] >= LIMIT_CHECKS ||
            (message->vote_word.data[i] & 3) > OPINION_DOWN)
            return false;
        beat->votes[i] =
            (struct vote){.check = (uint16_t)message->vote_check[i],
                          .opinion = message->vote_word.data[i] & 3,
                          /* A newer version's reason must not silence its whole beat. */
                          .reason = reason < REASON_COUNT ? reason : REASON_NONE,
                          .age_ms = pb_age_back(message->vote_age[i]),
                          .fail_age_ms = pb_age_back(message->vote_fail_age[i]),
                          .good_age_ms = pb_age_back(message->vote_good_age[i])};
    }
    return true;
}

static bool get_clears(const Kirikae__V1__Beat *message, struct beat *beat)
{
    size_t n = message->n_clear_route;

    if (n > LIMIT_ROUTES || message->n_clear_epoch != n || message->n_clear_ahead != n)
        return false;
    beat->n_clears = (int)n;
    for (size_t i = 0; i < n; i++) {
        if (message->clear_route[i] >> 1 >= LIMIT_ROUTES)
            return false;
        beat->clears[i] =
            (struct clear){.route = (uint8_t)(message->clear_route[i] >> 1),
                           .clear = message->clear_route[i] & 1,
                           .epoch = message->clear_epoch[i],
                           .intent = message->clear_epoch[i] + (uint32_t)message->clear_ahead[i]};
    }
    return true;
}

int beat_decode(const uint8_t *bytes, size_t len, struct beat *beat, struct err *err)
{
    Kirikae__V1__Beat *message;
    bool good;

    if (len > LIMIT_BEAT)
        return err_set(err, ERR_LIMIT, "a beat of %zu bytes is longer than %d", len, LIMIT_BEAT);
    message = pb_unpack(&kirikae__v1__beat__descriptor, bytes, len);
    if (message == NULL)
        return err_set(err, ERR_INVALID, "not a beat");
    beat->boot = message->boot;
    beat->number = message->number;
    beat->from = SERVER_NONE;
    beat->term = message->term;
    beat->applied = message->applied;
    beat->config_version = message->config_version;
    beat->leader = message->leader;
    beat->abstain = message->abstain;
    beat->refused = message->refused;
    beat->heard = message->heard;
    good = get_echoes(message, beat) && get_votes(message, beat) && get_clears(message, beat);
    pb_free(message);
    return good ? 0 : err_set(err, ERR_INVALID, "a beat with wrong lists");
}
