/* Several actuators of one route: together or in turn, required or not. */
#include "cluster.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Three actuators, the one in the middle not required. */
static struct cluster *calm(const char *order, uint64_t seed)
{
    static const char one[] =
        "      - {name: lb-1, haproxy: {address: \"10.0.4.1:9999\", map: /x.map}, timeout: 1s}\n";
    const char *yaml = world_yaml("available", 0), *at = strstr(yaml, "    actuators:\n");
    struct cluster *c;
    char *text = NULL;

    assert_non_null(strstr(at, one));
    assert_true(
        asprintf(&text,
                 "%.*s    order: %s\n    actuators:\n%s"
                 "      - {name: x, required: false, exec: {address: '10.0.4.2:1',\n"
                 "                                         agent: x, program: x}}\n"
                 "      - {name: k, kamailio: {address: '10.0.4.2:1', agent: x, set: 1}}\n%s",
                 (int)(at - yaml), yaml, order, one, strstr(at, one) + sizeof one - 1) > 0);
    c = cluster_of(text, seed);
    free(text);
    cluster_run(c, 3000);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    assert_int_equal(cluster_shared(c)->routes[0].done, 7);
    return c;
}

static void end(struct cluster *c)
{
    cluster_run(c, 50);
    assert_true(cluster_equal(c));
    cluster_free(c);
}

static void cut(struct cluster *c)
{
    for (int i = 0; i < 4; i++)
        c->cut[i] = true;
}

static bool told(const struct cluster *c, int actuator)
{
    return c->told_epochs[actuator] == 2;
}

static void together_all_are_told_at_once(void **state)
{
    struct cluster *c = calm("together", 1);

    c->failing[0] = true;
    cut(c);
    cluster_run(c, 2000);
    assert_true(!told(c, 0) && told(c, 1) && told(c, 2));
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_ACTING);
    c->failing[0] = false;
    cluster_run(c, 6000);
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    end(c);
}

static void in_turn_the_next_waits_for_what_is_required(void **state)
{
    struct cluster *c = calm("in-turn", 2);

    c->failing[0] = true;
    cut(c);
    cluster_run(c, 2000);
    assert_true(!told(c, 0) && !told(c, 1) && !told(c, 2));
    c->failing[0] = false;
    c->failing[1] = true; /* keeps nobody waiting, and the move does not depend on it */
    cluster_run(c, 6000);
    assert_true(told(c, 0) && !told(c, 1) && told(c, 2));
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    assert_int_equal(cluster_shared(c)->routes[0].done, 5);
    c->failing[1] = false; /* it is told all the same */
    cluster_run(c, 6000);
    assert_true(told(c, 1));
    assert_int_equal(cluster_shared(c)->routes[0].done, 7);
    end(c);
}

static void what_is_done_stays_when_the_next_fails(void **state)
{
    struct cluster *c = calm("in-turn", 3);

    c->failing[2] = true;
    cut(c);
    cluster_run(c, 3000);
    assert_true(told(c, 0) && told(c, 1) && !told(c, 2));
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_ACTING);
    assert_int_equal(cluster_shared(c)->routes[0].done, 3);
    assert_int_equal(c->moves, 1); /* nothing is taken back */
    /* The next leader goes on where this one stands. */
    c->leader = 9;
    cluster_reelect(c);
    c->failing[2] = false;
    cluster_run(c, 3000);
    assert_true(told(c, 2));
    assert_int_equal(cluster_shared(c)->routes[0].phase, ROUTE_SERVING);
    end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(together_all_are_told_at_once),
        cmocka_unit_test(in_turn_the_next_waits_for_what_is_required),
        cmocka_unit_test(what_is_done_stays_when_the_next_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
