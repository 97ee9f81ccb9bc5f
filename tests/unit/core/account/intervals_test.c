#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prng.h"
#include "core/account/intervals.h"

#include <string.h>

#define SPAN 60

static void fill(struct prng *prng, struct intervals *set, bool *bits)
{
    int n = (int)prng_below(prng, 9), i, t;

    memset(bits, 0, SPAN * sizeof *bits);
    for (i = 0; i < n; i++) {
        int begin = (int)prng_below(prng, SPAN), end = (int)prng_below(prng, SPAN + 1);

        intervals_add(set, begin, end);
        for (t = begin; t < end; t++)
            bits[t] = true;
    }
}

static void expect(const struct intervals *set, const bool *bits)
{
    bool ours[SPAN] = {false};
    int64_t length = 0;
    size_t i;
    int t;

    for (i = 0; i < set->n; i++) {
        assert_true(set->items[i].begin < set->items[i].end);
        assert_true(i == 0 || set->items[i - 1].end < set->items[i].begin);
        for (t = (int)set->items[i].begin; t < set->items[i].end; t++)
            ours[t] = true;
    }
    assert_memory_equal(ours, bits, sizeof ours);
    for (t = 0; t < SPAN; t++)
        length += bits[t];
    assert_int_equal(intervals_length(set), length);
}

static void as_sets_of_moments(void **state)
{
    struct prng prng;
    int round;

    prng_seed(&prng, 42);
    for (round = 0; round < 20000; round++) {
        struct intervals a = {0}, b = {0}, either = {0};
        bool in_a[SPAN], in_b[SPAN], want[SPAN];
        int64_t begin = prng_below(&prng, SPAN), end = prng_below(&prng, SPAN + 1), outside = 0;
        int t;

        fill(&prng, &a, in_a);
        fill(&prng, &b, in_b);
        expect(&a, in_a);
        for (t = (int)begin; t < end; t++)
            outside += !in_a[t];
        assert_int_equal(intervals_outside(&a, begin, end), outside);

        intervals_union(&either, &a);
        intervals_union(&either, &b);
        for (t = 0; t < SPAN; t++)
            want[t] = in_a[t] || in_b[t];
        expect(&either, want);

        intervals_intersect(&either, &b);
        expect(&either, in_b);

        intervals_subtract(&either, &a);
        for (t = 0; t < SPAN; t++)
            want[t] = in_b[t] && !in_a[t];
        expect(&either, want);

        intervals_intersect(&a, &b);
        for (t = 0; t < SPAN; t++)
            want[t] = in_a[t] && in_b[t];
        expect(&a, want);

        intervals_free(&a);
        intervals_free(&b);
        intervals_free(&either);
    }
}

static void with_itself(void **state)
{
    struct intervals set = {0};

    intervals_add(&set, 10, 20);
    intervals_add(&set, 30, 40);
    intervals_union(&set, &set);
    assert_int_equal(intervals_length(&set), 20);
    intervals_intersect(&set, &set);
    assert_int_equal(intervals_length(&set), 20);
    intervals_subtract(&set, &set);
    assert_int_equal(set.n, 0);
    intervals_free(&set);
}

static void touching_ones_melt_empty_ones_vanish(void **state)
{
    struct intervals set = {0};

    intervals_add(&set, 5, 5);
    intervals_add(&set, 9, 3);
    assert_int_equal(set.n, 0);
    intervals_add(&set, 20, 30);
    intervals_add(&set, 10, 20);
    assert_int_equal(set.n, 1);
    assert_int_equal(set.items[0].begin, 10);
    assert_int_equal(set.items[0].end, 30);
    intervals_free(&set);
}

static void gathered_ones_are_the_same_set(void **state)
{
    struct intervals one = {0}, many = {0};
    uint64_t seed = 7;
    int i;

    (void)state;
    for (i = 0; i < 3000; i++) {
        int64_t begin, end;

        seed = seed * 6364136223846793005u + 1442695040888963407u;
        begin = (int64_t)(seed >> 33 & 0xffff);
        end = begin + (int64_t)(seed >> 50 & 15) - 2;
        intervals_add(&one, begin, end);
        intervals_gather(&many, begin, end);
    }
    intervals_settle(&many);
    assert_int_equal(many.n, one.n);
    assert_memory_equal(many.items, one.items, one.n * sizeof *one.items);
    intervals_free(&one);
    intervals_free(&many);
    intervals_settle(&many);
    assert_int_equal(many.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_sets_of_moments),
        cmocka_unit_test(with_itself),
        cmocka_unit_test(gathered_ones_are_the_same_set),
        cmocka_unit_test(touching_ones_melt_empty_ones_vanish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
