/* Grants: the inequality of protocol.md, and what breaks without it. */
#include "core/failover/promise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"

static const struct timing timing = {.beat_ms = 50, .lease_holder_ms = 250, .fence_ms = 30};

static void the_wait_covers_lease_fence_and_drift(void **state)
{
    (void)state;
    /* (250 + 30) * 1.01 / 0.99 + 2, rounded up: the page says 290 with its own rounding */
    assert_in_range(promise_wait_ms(&timing), 288, 290);
}

static void a_majority_decides_the_deadline(void **state)
{
    struct sent_beats sent = {0};
    uint64_t echoed[5] = {9, 3, 7, 0, 0};
    int n;

    (void)state;
    for (n = 1; n <= 9; n++)
        promise_sent(&sent, (uint64_t)n, 1000 + n * 50);
    /* three of five named beat 3 or a newer one */
    assert_int_equal(promise_deadline(&sent, echoed, 5, 3, &timing), 1150 + 250);
    echoed[1] = 0;
    assert_int_equal(promise_deadline(&sent, echoed, 5, 3, &timing), 0);
}

static void an_echo_of_the_future_or_of_long_ago_grants_nothing(void **state)
{
    struct sent_beats sent = {0};
    uint64_t echoed[3] = {99, 99, 99};
    int n;

    (void)state;
    for (n = 1; n <= 70; n++)
        promise_sent(&sent, (uint64_t)n, n * 50);
    assert_int_equal(promise_deadline(&sent, echoed, 3, 2, &timing), 0);
    echoed[0] = echoed[1] = 2;
    echoed[2] = 0;
    assert_int_equal(promise_deadline(&sent, echoed, 3, 2, &timing), 0);
}

static void a_mover_waits_for_a_majority_of_those_that_store_the_intent(void **state)
{
    struct report reports[5] = {{true, 1000}, {true, 1010}, {true, 1020}, {false, 0}, {true, 5000}};
    int64_t over = 1020 + promise_wait_ms(&timing);

    (void)state;
    assert_false(promise_over(reports, 5, 3, &timing, over - 1));
    assert_true(promise_over(reports, 5, 3, &timing, over));
    reports[2].stored = false;
    assert_false(promise_over(reports, 5, 3, &timing, over));
}

/* Random histories: voters hear some of a holder's beats, echo them, and one after the
 * other store an intent. Whatever is lost, the holder's last grant and its fence are
 * over when the mover may act. */
static void never_two(void **state)
{
    struct prng prng;
    int run, v;

    (void)state;
    prng_seed(&prng, 20261122);
    for (run = 0; run < 20000; run++) {
        struct sent_beats sent = {0};
        uint64_t echoed[5] = {0};
        struct report reports[5];
        int64_t heard[5], stores[5], now, granted = 0, latest = 0;
        uint64_t number;

        for (v = 0; v < 5; v++) {
            heard[v] = 0;
            stores[v] = 1000 + prng_below(&prng, 2000);
        }
        for (number = 1; number <= 60; number++) {
            int64_t at = (int64_t)number * 50;

            promise_sent(&sent, number, at);
            for (v = 0; v < 5; v++) {
                int64_t arrives = at + prng_below(&prng, 30);

                if (prng_below(&prng, 100) < 30)
                    continue;
                heard[v] = arrives; /* also after it stores: it hears, but is not clear */
                if (arrives < stores[v])
                    echoed[v] = number;
            }
            granted = promise_deadline(&sent, echoed, 5, 3, &timing);
            latest = granted > latest ? granted : latest;
        }
        for (v = 0; v < 5; v++)
            reports[v] = (struct report){.stored = true, .heard_ms = heard[v]};
        for (now = 0; !promise_over(reports, 5, 3, &timing, now); now++)
            ;
        assert_true(now > latest + timing.fence_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wait_covers_lease_fence_and_drift),
        cmocka_unit_test(a_majority_decides_the_deadline),
        cmocka_unit_test(an_echo_of_the_future_or_of_long_ago_grants_nothing),
        cmocka_unit_test(a_mover_waits_for_a_majority_of_those_that_store_the_intent),
        cmocka_unit_test(never_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
