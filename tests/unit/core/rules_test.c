/* The table of rules, and the checker that the build runs over it (core/failover/rules_check.h),
 * which tests/gates shows broken tables to. */
#include "core/failover/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void the_first_row_that_fits_is_taken(void **state)
{
    const struct rule *rule;
    int n;

    (void)state;
    rule = rules_match(ROUTE_SERVING, FACT_ACTIVE_FAILED | FACT_OTHER_READY);
    assert_int_equal(rule->number, 20);
    rule = rules_match(ROUTE_SERVING, FACT_ACTIVE_FAILED | FACT_OTHER_READY | FACT_MAY_HOLD);
    assert_int_equal(rule->action, ACTION_HOLD);
    rule = rules_match(ROUTE_SERVING, FACT_ACTIVE_OK);
    assert_int_equal(rule->number, 62);
    assert_ptr_equal(rules_by_number(62), rule);
    assert_null(rules_by_number(RULE_RENUMBERED));
    rule = rules_table(&n);
    assert_null(rules_first(rule, 0, ROUTE_SERVING, 0));
    assert_ptr_equal(rules_first(rule, n, ROUTE_SERVING, FACT_ACTIVE_OK), rules_by_number(62));
}

static void a_healthy_side_is_left_only_by_switchover_or_force(void **state)
{
    const struct rule *rule;

    (void)state;
    rule = rules_match(ROUTE_SERVING, FACT_FAILOVER | FACT_TARGET_READY | FACT_ACTIVE_OK);
    assert_int_equal(rule->number, 18);
    rule = rules_match(ROUTE_SERVING, FACT_FAILOVER | FACT_FORCE | FACT_ACTIVE_OK);
    assert_int_equal(rule->action, ACTION_MOVE_TO);
    rule = rules_match(ROUTE_SERVING, FACT_SWITCHOVER | FACT_TARGET_READY | FACT_ACTIVE_OK);
    assert_int_equal(rule->action, ACTION_MOVE_TO);
}

/* A new fact that was given no words, or those of another, is found here. */
static void every_fact_has_a_name_of_its_own_and_a_meaning(void **state)
{
    int bit;

    (void)state;
    for (bit = 0; bit < FACT_COUNT; bit++) {
        assert_non_null(fact_name(bit));
        assert_int_equal(fact_by_name(fact_name(bit)), bit);
        assert_non_null(fact_meaning(bit));
        assert_in_range(strlen(fact_meaning(bit)), 10, 80);
    }
    assert_int_equal(fact_by_name("active"), -1);
    for (bit = 0; bit < PHASE_COUNT; bit++)
        assert_int_equal(phase_by_name(phase_name((enum route_phase)bit)), bit);
    assert_int_equal(phase_by_name("sleeping"), -1);
    for (bit = 0; bit < ACTION_COUNT; bit++)
        assert_true(strlen(action_name((enum action)bit)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_row_that_fits_is_taken),
        cmocka_unit_test(a_healthy_side_is_left_only_by_switchover_or_force),
        cmocka_unit_test(every_fact_has_a_name_of_its_own_and_a_meaning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
