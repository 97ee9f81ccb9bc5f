#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "link/beat.h"

static struct beat_key *key(uint8_t seed, bool seal)
{
    uint8_t material[BEAT_MATERIAL];

    for (int i = 0; i < BEAT_MATERIAL; i++)
        material[i] = (uint8_t)(seed + i);
    return beat_key_new(material, seal, 3, 7);
}

static uint8_t opened[LIMIT_BEAT];

static int try_open(struct beat_ring *ring, const uint8_t *datagram, size_t len)
{
    size_t opened_len;

    return beat_ring_open(ring, datagram, len, opened, &opened_len);
}

static void test_lengths(void **state)
{
    static const size_t lens[] = {0, 1, 15, 16, 17, 700, LIMIT_BEAT};
    struct beat_key *seal = key(1, true);
    struct beat_ring ring = {0};
    uint8_t bytes[LIMIT_BEAT], datagram[BEAT_DATAGRAM];
    size_t len, sealed;

    beat_ring_add(&ring, key(1, false));
    for (size_t i = 0; i < LIMIT_BEAT; i++)
        bytes[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        sealed = beat_seal(seal, bytes, lens[i], datagram);
        assert_int_equal(sealed, lens[i] + BEAT_OVERHEAD);
        assert_int_equal(beat_ring_open(&ring, datagram, sealed, opened, &len), 0);
        assert_int_equal(len, lens[i]);
        assert_memory_equal(opened, bytes, len);
    }
    beat_key_free(seal);
    beat_ring_free(&ring);
}

/* No bit of a datagram can be changed, none left out, none added. */
static void test_forged(void **state)
{
    struct beat_key *seal = key(1, true);
    struct beat_ring ring = {0};
    uint8_t datagram[BEAT_DATAGRAM + 1];
    size_t len = beat_seal(seal, (const uint8_t *)"hello", 5, datagram);

    beat_ring_add(&ring, key(1, false));
    for (size_t bit = 0; bit < len * 8; bit++) {
        datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(try_open(&ring, datagram, len), 0);
        datagram[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++)
        assert_true(try_open(&ring, datagram, cut) < 0);
    assert_true(try_open(&ring, datagram, len + 1) < 0);
    assert_true(try_open(&ring, datagram, sizeof datagram) < 0);
    assert_int_equal(try_open(&ring, datagram, len), 0);
    beat_key_free(seal);
    beat_ring_free(&ring);
}

/* The same key between other nodes opens nothing. */
static void test_ends(void **state)
{
    uint8_t material[BEAT_MATERIAL] = {9}, datagram[BEAT_DATAGRAM];
    struct beat_key *seal = beat_key_new(material, true, 1, 2);
    struct beat_ring ring = {0};
    size_t len = beat_seal(seal, (const uint8_t *)"x", 1, datagram);

    beat_ring_add(&ring, beat_key_new(material, false, 2, 1));
    assert_int_equal(try_open(&ring, datagram, len), ERR_INVALID);
    beat_key_free(seal);
    beat_ring_free(&ring);
}

static void test_replay(void **state)
{
    struct beat_key *seal = key(1, true);
    struct beat_ring ring = {0};
    uint8_t first[BEAT_DATAGRAM], second[BEAT_DATAGRAM];
    size_t len = beat_seal(seal, (const uint8_t *)"1", 1, first);

    beat_seal(seal, (const uint8_t *)"2", 1, second);
    beat_ring_add(&ring, key(1, false));
    assert_int_equal(try_open(&ring, second, len), 0);
    assert_int_equal(opened[0], '2');
    assert_int_equal(try_open(&ring, second, len), ERR_STALE);
    assert_int_equal(try_open(&ring, first, len), ERR_STALE);
    /* A forged beat does not move the counter. */
    beat_seal(seal, (const uint8_t *)"3", 1, first);
    first[BEAT_HEAD] ^= 1;
    assert_int_equal(try_open(&ring, first, len), ERR_INVALID);
    first[BEAT_HEAD] ^= 1;
    assert_int_equal(try_open(&ring, first, len), 0);
    beat_key_free(seal);
    beat_ring_free(&ring);
}

static int send_under(struct beat_key *seal, struct beat_ring *ring)
{
    uint8_t datagram[BEAT_DATAGRAM];
    size_t len = beat_seal(seal, (const uint8_t *)"x", 1, datagram);

    return try_open(ring, datagram, len);
}

/* Sessions that come to nothing do not push out the key in use, and the first beat
 * under a newer key ends the older ones. */
static void test_ring(void **state)
{
    struct beat_key *in_use = key(1, true), *newest = key(90, true);
    struct beat_ring ring = {0};

    assert_int_equal(send_under(in_use, &ring), 1);
    beat_ring_add(&ring, key(1, false));
    assert_int_equal(send_under(in_use, &ring), 0);
    for (uint8_t i = 0; i < 10; i++)
        beat_ring_add(&ring, key((uint8_t)(30 + i), false));
    assert_int_equal(ring.n, BEAT_KEYS);
    assert_int_equal(send_under(in_use, &ring), 0);
    beat_ring_add(&ring, key(90, false));
    assert_int_equal(send_under(in_use, &ring), 0);
    assert_int_equal(send_under(newest, &ring), 0);
    assert_int_equal(ring.n, 1);
    assert_int_equal(send_under(in_use, &ring), 1);
    assert_int_equal(send_under(newest, &ring), 0);
    beat_key_free(in_use);
    beat_key_free(newest);
    beat_ring_free(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_forged), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_replay),  cmocka_unit_test(test_ring),
    };

    return cmocka_run_group_tests_name("link-beat", tests, NULL, NULL);
}
