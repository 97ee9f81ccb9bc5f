/* What a helper holds: up under a grant, down at its end, whatever is told when. */
#include "core/failover/holding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"

#define F 30

/* One that has begun and is down. */
static struct holding down(void)
{
    struct holding h;

    assert_int_equal(holding_begin(&h, F, 0).act, HOLDING_DO_STOP);
    holding_stopped(&h);
    return h;
}

static struct holding up(uint32_t epoch, int64_t deadline_ms)
{
    struct holding h = down();

    assert_int_equal(holding_hold(&h, epoch, deadline_ms, F, 1).act, HOLDING_DO_START);
    assert_int_equal(holding_started(&h, true, 2).tell, HOLDING_TELL_HELD);
    return h;
}

static void begins_by_bringing_down_what_may_be_left(void **state)
{
    struct holding h;
    struct holding_orders orders = holding_begin(&h, F, 100);

    (void)state;
    assert_int_equal(orders.act, HOLDING_DO_STOP);
    /* Nothing comes up before that has ended. */
    assert_int_equal(holding_hold(&h, 3, 500, F, 101).act, HOLDING_DO_NOTHING);
    orders = holding_stopped(&h);
    assert_int_equal(orders.tell, HOLDING_TELL_FENCED);
    assert_int_equal(orders.why, HOLDING_LOST);
    assert_true(holding_next_ms(&h) <= 102);
    assert_int_equal(holding_tick(&h, 102).act, HOLDING_DO_START);
}

static void fences_at_the_deadline_by_itself(void **state)
{
    struct holding h = up(4, 500);
    struct holding_orders orders;

    (void)state;
    assert_int_equal(holding_next_ms(&h), 500);
    assert_int_equal(holding_tick(&h, 499).act, HOLDING_DO_NOTHING);
    assert_int_equal(holding_tick(&h, 500).act, HOLDING_DO_STOP);
    orders = holding_stopped(&h);
    assert_int_equal(orders.epoch, 4);
    assert_int_equal(orders.why, HOLDING_DEADLINE);
    assert_int_equal(holding_next_ms(&h), INT64_MAX);
    /* The same epoch may come again. */
    assert_int_equal(holding_hold(&h, 4, 700, F, 600).act, HOLDING_DO_START);
}

static void a_deadline_only_moves_forward(void **state)
{
    struct holding h = up(4, 500);

    (void)state;
    assert_int_equal(holding_hold(&h, 4, 400, F, 10).tell, HOLDING_TELL_HELD);
    assert_int_equal(holding_next_ms(&h), 500);
    holding_hold(&h, 4, 600, F, 10);
    assert_int_equal(holding_next_ms(&h), 600);
    /* One that is over already starts nothing. */
    h = down();
    assert_int_equal(holding_hold(&h, 4, 5, F, 10).act, HOLDING_DO_NOTHING);
    holding_tick(&h, 10);
    assert_int_equal(holding_next_ms(&h), INT64_MAX);
}

static void a_newer_epoch_has_a_deadline_of_its_own_and_starts_anew(void **state)
{
    struct holding h = up(4, 500);

    (void)state;
    assert_int_equal(holding_hold(&h, 5, 300, F, 10).act, HOLDING_DO_START);
    assert_int_equal(holding_started(&h, true, 11).epoch, 5);
    assert_int_equal(holding_next_ms(&h), 300);
    /* The older one has no say any more. */
    assert_int_equal(holding_hold(&h, 4, 900, F, 12).tell, HOLDING_TELL_NOTHING);
    assert_int_equal(holding_next_ms(&h), 300);
}

static void what_was_released_never_comes_back(void **state)
{
    struct holding h = up(4, 500);
    struct holding_orders orders;

    (void)state;
    assert_int_equal(holding_release(&h, 4, 10).act, HOLDING_DO_STOP);
    orders = holding_stopped(&h);
    assert_int_equal(orders.why, HOLDING_RELEASED);
    assert_int_equal(orders.epoch, 4);
    orders = holding_hold(&h, 4, 900, F, 20);
    assert_int_equal(orders.act, HOLDING_DO_NOTHING);
    assert_int_equal(orders.tell, HOLDING_TELL_FENCED);
    assert_int_equal(holding_next_ms(&h), INT64_MAX);
    assert_int_equal(holding_hold(&h, 5, 900, F, 20).act, HOLDING_DO_START);
}

static void a_release_is_told_when_it_is_down_and_not_before(void **state)
{
    struct holding h = up(4, 500);

    (void)state;
    holding_tick(&h, 500); /* stopping already */
    assert_int_equal(holding_release(&h, 4, 501).tell, HOLDING_TELL_NOTHING);
    assert_int_equal(holding_stopped(&h).why, HOLDING_RELEASED);
    /* Asked again, and by one that does not know: at once. */
    assert_int_equal(holding_release(&h, 4, 502).tell, HOLDING_TELL_FENCED);
    assert_int_equal(holding_release(&h, 2, 502).tell, HOLDING_TELL_FENCED);
    /* Under a newer epoch it may be up: the old one is over all the same. */
    h = up(6, 500);
    assert_int_equal(holding_release(&h, 5, 20).tell, HOLDING_TELL_FENCED);
    assert_int_equal(h.phase, HOLDING_UP);
}

static void what_does_not_come_down_in_time_is_cut_once(void **state)
{
    struct holding h = up(4, 500);

    (void)state;
    holding_tick(&h, 500);
    assert_int_equal(holding_next_ms(&h), 500 + F);
    assert_int_equal(holding_tick(&h, 500 + F - 1).act, HOLDING_DO_NOTHING);
    assert_int_equal(holding_tick(&h, 500 + F).act, HOLDING_DO_CUT);
    assert_int_equal(holding_tick(&h, 500 + F).act, HOLDING_DO_NOTHING);
    assert_int_equal(holding_stopped(&h).tell, HOLDING_TELL_FENCED);
    /* One that is late has no more time than that. */
    h = up(4, 500);
    holding_tick(&h, 520);
    assert_int_equal(holding_next_ms(&h), 500 + F);
}

static void what_cannot_start_is_brought_down_and_tried_again_later(void **state)
{
    struct holding h = down();

    (void)state;
    holding_hold(&h, 4, 5000, F, 10);
    assert_int_equal(holding_started(&h, false, 11).act, HOLDING_DO_STOP);
    assert_int_equal(holding_stopped(&h).why, HOLDING_LOST);
    assert_int_equal(holding_hold(&h, 4, 5001, F, 12).act, HOLDING_DO_NOTHING);
    assert_int_equal(holding_next_ms(&h), 11 + HOLDING_RETRY_MS);
    assert_int_equal(holding_tick(&h, 11 + HOLDING_RETRY_MS).act, HOLDING_DO_START);
}

static void a_start_that_outlives_its_grant_is_stopped(void **state)
{
    struct holding h = down();

    (void)state;
    holding_hold(&h, 4, 100, F, 10);
    assert_int_equal(holding_tick(&h, 100).act, HOLDING_DO_STOP);
    holding_stopped(&h);
    holding_hold(&h, 4, 200, F, 110);
    assert_int_equal(holding_started(&h, true, 200).act, HOLDING_DO_STOP);
}

/* Whatever is told in whatever order: up only under a grant that is not over, or stopping
 * since no later than its end; never under a released epoch. */
static void never_up_without_a_grant(void **state)
{
    struct prng prng;
    int run, i;

    (void)state;
    prng_seed(&prng, 7);
    for (run = 0; run < 200; run++) {
        struct holding h = down();
        int64_t now = 0, granted[8] = {0};
        uint32_t released = 0;
        struct holding_orders o = {0};

        for (i = 0; i < 300; i++) {
            uint32_t epoch = 1 + (uint32_t)prng_below(&prng, 7);
            int64_t until = now + (int64_t)prng_below(&prng, 60);

            now += (int64_t)prng_below(&prng, 20);
            while (holding_next_ms(&h) <= now && o.act == HOLDING_DO_NOTHING)
                o = holding_tick(&h, holding_next_ms(&h) > now - 20 ? holding_next_ms(&h) : now);
            if (o.act == HOLDING_DO_START && prng_below(&prng, 2))
                o = holding_started(&h, prng_below(&prng, 5) != 0, now);
            else if (o.act == HOLDING_DO_STOP || o.act == HOLDING_DO_CUT)
                o = holding_stopped(&h);
            else if (h.phase != HOLDING_STOPPING && prng_below(&prng, 8) == 0) {
                released = epoch > released ? epoch : released;
                o = holding_release(&h, epoch, now);
            } else if (h.phase != HOLDING_STOPPING) {
                if (until > granted[epoch])
                    granted[epoch] = until;
                o = holding_hold(&h, epoch, until, F, now);
            }
            if (h.phase == HOLDING_UP) {
                assert_true(h.epoch > released);
                assert_true(h.deadline_ms <= granted[h.epoch]);
                assert_true(now < h.deadline_ms || holding_next_ms(&h) <= now);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_by_bringing_down_what_may_be_left),
        cmocka_unit_test(fences_at_the_deadline_by_itself),
        cmocka_unit_test(a_deadline_only_moves_forward),
        cmocka_unit_test(a_newer_epoch_has_a_deadline_of_its_own_and_starts_anew),
        cmocka_unit_test(what_was_released_never_comes_back),
        cmocka_unit_test(a_release_is_told_when_it_is_down_and_not_before),
        cmocka_unit_test(what_does_not_come_down_in_time_is_cut_once),
        cmocka_unit_test(what_cannot_start_is_brought_down_and_tried_again_later),
        cmocka_unit_test(a_start_that_outlives_its_grant_is_stopped),
        cmocka_unit_test(never_up_without_a_grant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
