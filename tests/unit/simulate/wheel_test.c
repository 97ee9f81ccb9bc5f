/* The order in which things happen, and that no time is missed on the way. */
#include "base/mem.h"
#include "base/prng.h"
#include "simulate/parts/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#define SEEN_MAX 20000

struct seen {
    struct wheel *wheel;
    int n;
    uint64_t args[SEEN_MAX];
    int64_t at_ms[SEEN_MAX];
};

static int setup(void **state)
{
    struct seen *seen = mem_zalloc(1, sizeof *seen);

    seen->wheel = wheel_new();
    *state = seen;
    return 0;
}

static int teardown(void **state)
{
    struct seen *seen = *state;

    wheel_free(seen->wheel);
    mem_free(seen);
    return 0;
}

static void note(void *context, uint64_t arg)
{
    struct seen *seen = context;

    assert_true(seen->n < SEEN_MAX);
    seen->at_ms[seen->n] = wheel_now(seen->wheel);
    seen->args[seen->n++] = arg;
}

static void run(struct seen *seen, int64_t until_ms)
{
    while (wheel_step(seen->wheel, until_ms))
        ;
    assert_int_equal(wheel_now(seen->wheel), until_ms);
}

static void one_ms_keeps_the_order_of_putting(void **state)
{
    struct seen *seen = *state;

    /* The first goes to the heap, the others to the slot itself. */
    wheel_at(seen->wheel, 6000, note, seen, 0);
    run(seen, 1000);
    wheel_at(seen->wheel, 6000, note, seen, 1);
    run(seen, 3000);
    wheel_at(seen->wheel, 6000, note, seen, 2);
    wheel_at(seen->wheel, 5999, note, seen, 3);
    run(seen, 5999);
    wheel_at(seen->wheel, 6000, note, seen, 4);
    run(seen, 6000);
    assert_int_equal(seen->n, 5);
    assert_int_equal(seen->args[0], 3);
    assert_int_equal(seen->at_ms[0], 5999);
    for (int i = 1; i < 5; i++) {
        assert_int_equal(seen->args[i], i == 1 ? 0 : i == 2 ? 1 : i == 3 ? 2 : 4);
        assert_int_equal(seen->at_ms[i], 6000);
    }
}

static void twice(void *context, uint64_t arg)
{
    struct seen *seen = context;

    note(context, arg);
    if (arg < 3)
        wheel_at(seen->wheel, wheel_now(seen->wheel) - 10, twice, seen, arg + 1);
}

static void the_past_is_now_after_what_is_due(void **state)
{
    struct seen *seen = *state;

    run(seen, 100);
    wheel_at(seen->wheel, 100, twice, seen, 0);
    wheel_at(seen->wheel, 100, note, seen, 9);
    assert_true(wheel_step(seen->wheel, 100));
    assert_int_equal(seen->n, 1);
    run(seen, 100);
    assert_int_equal(seen->n, 5);
    assert_int_equal(seen->args[1], 9);
    assert_int_equal(seen->args[4], 3);
    assert_int_equal(seen->at_ms[4], 100);
}

static void nothing_due_moves_time_and_no_further(void **state)
{
    struct seen *seen = *state;

    wheel_at(seen->wheel, 50, note, seen, 0);
    wheel_at(seen->wheel, 86400000, note, seen, 1);
    wheel_at(seen->wheel, INT64_MAX, note, seen, 2);
    assert_false(wheel_step(seen->wheel, 49));
    assert_int_equal(wheel_now(seen->wheel), 49);
    assert_true(wheel_step(seen->wheel, 86399999));
    assert_int_equal(wheel_now(seen->wheel), 50);
    assert_false(wheel_step(seen->wheel, 86399999));
    assert_true(wheel_step(seen->wheel, 90000000));
    assert_int_equal(wheel_now(seen->wheel), 86400000);
    run(seen, 1000000000);
    assert_int_equal(seen->n, 2);
    assert_int_equal(wheel_fired(seen->wheel), 2);
}

/* --- against the plain definition: sorted by time, then by putting --- */

struct due {
    int64_t ms;
    uint64_t arg;
};

static int in_order(const void *a, const void *b)
{
    const struct due *x = a, *y = b;

    if (x->ms != y->ms)
        return x->ms < y->ms ? -1 : 1;
    return x->arg < y->arg ? -1 : 1;
}

/* Around a slot, around all slots, and far off. */
static int64_t some_ms(struct prng *prng, int64_t now_ms)
{
    static const uint32_t spread[] = {3, 70, 4200, 20000};
    static const int64_t base[] = {0, 0, 0, 4090};
    uint32_t kind = prng_below(prng, 4);

    return now_ms + base[kind] + prng_below(prng, spread[kind]);
}

static void any_mix_is_sorted(void **state)
{
    struct seen *seen = *state;
    struct due *dues = mem_alloc(SEEN_MAX * sizeof *dues);
    struct prng prng;
    int64_t now_ms = 0;
    int n = 0;

    prng_seed(&prng, 7);
    while (n < SEEN_MAX) {
        int batch = 1 + (int)prng_below(&prng, 40);

        for (int i = 0; i < batch && n < SEEN_MAX; i++, n++) {
            dues[n] = (struct due){some_ms(&prng, now_ms), (uint64_t)n};
            wheel_at(seen->wheel, dues[n].ms, note, seen, (uint64_t)n);
        }
        now_ms += prng_below(&prng, prng_below(&prng, 10) == 0 ? 30000 : 30);
        run(seen, now_ms);
    }
    run(seen, now_ms + 100000);
    qsort(dues, SEEN_MAX, sizeof *dues, in_order);
    assert_int_equal(seen->n, SEEN_MAX);
    for (int i = 0; i < SEEN_MAX; i++) {
        assert_int_equal(seen->args[i], dues[i].arg);
        assert_int_equal(seen->at_ms[i], dues[i].ms);
    }
    mem_free(dues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_ms_keeps_the_order_of_putting, setup, teardown),
        cmocka_unit_test_setup_teardown(the_past_is_now_after_what_is_due, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_due_moves_time_and_no_further, setup, teardown),
        cmocka_unit_test_setup_teardown(any_mix_is_sorted, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
