/* Clocks that are set: what becomes of the ledger's time, and what the ledger says of it. */
#include "cluster.h"
#include "core/engine_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { VOICE = 0, HOUR = 3600000 };

static struct cluster *calm(uint64_t seed)
{
    struct cluster *c = cluster_new("available", 0, seed);

    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->time_ms / 10000, cluster_now(c).utc_ms / 10000);
    return c;
}

/* So far the ledger's newest time is ahead of the clocks that nobody set. */
static int64_t ahead(struct cluster *c)
{
    c->dead[VOICE] = !c->dead[VOICE]; /* something is written */
    cluster_run(c, 1500);
    return cluster_shared(c)->time_ms - cluster_now(c).utc_ms;
}

static int steps(const struct cluster *c)
{
    return c->steps;
}

static void a_leaders_clock_moves_the_ledger_by_the_bound_at_most(void **state)
{
    struct cluster *c = calm(1);

    (void)state;
    c->utc_off_ms[c->leader] = HOUR;
    assert_in_range(ahead(c), 500, CLOCK_BOUND_MS);
    c->utc_off_ms[c->leader] = -HOUR;
    cluster_run(c, 60000); /* what it was ahead is made up */
    assert_in_range(ahead(c) + 10000, 10000 - CLOCK_BOUND_MS - 1500, 10000);
    c->utc_off_ms[c->leader] = 0;
    cluster_run(c, 1000);
    assert_in_range(ahead(c) + 10000, 10000 - 1500, 10000);
    cluster_free(c);
}

/* Five of twelve are a minority, whoever leads. */
static void a_minority_of_clocks_moves_nothing(void **state)
{
    struct cluster *c = calm(2);

    (void)state;
    c->utc_off_ms[c->leader] = HOUR;
    for (int i = 0; i < 4; i++)
        c->utc_off_ms[i] = HOUR;
    assert_in_range(ahead(c), 500, CLOCK_BOUND_MS);
    cluster_free(c);
}

/* Of those that are left six are a majority of seven, and three of them cannot say. */
static void nor_does_one_among_the_fewest_that_can_decide(void **state)
{
    struct cluster *c = calm(3);

    (void)state;
    c->utc_off_ms[c->leader] = HOUR;
    for (int i = 0; i < 5; i++)
        c->stopped[i == c->leader ? 5 : i] = true;
    cluster_run(c, 2000);
    c->utc_off_ms[(c->leader + 1) % CLUSTER_NODES] = HOUR;
    cluster_run(c, 30000);
    assert_in_range(cluster_shared(c)->time_ms - cluster_now(c).utc_ms + 60000, 0,
                    60000 + CLOCK_BOUND_MS);
    cluster_free(c);
}

/* Too few clocks are known: time goes on from where it is. */
static void a_leader_that_hears_nobody_does_not_go_by_its_own(void **state)
{
    struct cluster *c = calm(4);
    const struct engine *engine = cluster_engine(c, c->leader);
    struct moment now;

    (void)state;
    for (int i = 0; i < CLUSTER_NODES; i++)
        c->cut[i] = i != c->leader;
    cluster_run(c, 3000);
    now = cluster_now(c);
    assert_in_range(engine_time_ms(engine, now), now.utc_ms - 10000, now.utc_ms);
    now.utc_ms += HOUR;
    assert_in_range(engine_time_ms(engine, now), now.utc_ms - HOUR - 10000, now.utc_ms - HOUR);
    cluster_free(c);
}

static void a_step_goes_into_the_ledger_once(void **state)
{
    struct cluster *c = calm(5);
    int other = (c->leader + 1) % CLUSTER_NODES;

    (void)state;
    assert_int_equal(steps(c), 0);
    c->utc_off_ms[other] = HOUR;
    cluster_run(c, 1000);
    assert_int_equal(steps(c), 1);
    assert_non_null(strstr(c->step, "\"category\":\"clock\",\"type\":\"stepped\""));
    assert_non_null(strstr(c->step, "\"steps\":1,\"stepped_ms\":3600000,"));
    assert_non_null(strstr(c->step, "\"bound_ms\":2000"));
    assert_non_null(strstr(c->step, "\"ahead_ms\":3600000"));
    /* Another leader knows that. */
    c->leader = (c->leader + 2) % CLUSTER_NODES;
    cluster_reelect(c);
    cluster_run(c, 2000);
    assert_int_equal(steps(c), 1);
    assert_true(cluster_equal(c));
    cluster_free(c);
}

/* A bad clock says something every ten minutes, not every second. */
static void a_bad_clock_does_not_fill_the_ledger(void **state)
{
    struct cluster *c = calm(6);
    int i;

    (void)state;
    for (i = 0; i < 120; i++) {
        c->utc_off_ms[c->leader] += i % 2 ? -HOUR : HOUR + 5000;
        cluster_run(c, 1000);
    }
    assert_int_equal(steps(c), 1);
    cluster_run(c, 600000);
    assert_int_equal(steps(c), 2);
    assert_non_null(strstr(c->step, "\"steps\":119,\"stepped_ms\":-3305000,"));
    cluster_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaders_clock_moves_the_ledger_by_the_bound_at_most),
        cmocka_unit_test(a_minority_of_clocks_moves_nothing),
        cmocka_unit_test(nor_does_one_among_the_fewest_that_can_decide),
        cmocka_unit_test(a_leader_that_hears_nobody_does_not_go_by_its_own),
        cmocka_unit_test(a_step_goes_into_the_ledger_once),
        cmocka_unit_test(a_bad_clock_does_not_fill_the_ledger),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
