/* The table of rules over all facts: every row can be reached, none is shadowed, numbers
 * are unique, and an operator's question is always answered. */
#include "core/failover/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/check.h"

static const enum route_phase phases[] = {ROUTE_SERVING, ROUTE_WAITING, ROUTE_ACTING,
                                          ROUTE_BLOCKED};

/* Facts that cannot hold together never come out of the engine. */
static bool possible(enum route_phase phase, uint32_t facts)
{
    if ((facts & FACT_ACTIVE_OK) && (facts & FACT_ACTIVE_FAILED))
        return false;
    if ((facts & FACT_POOL_DIFFERS) && !(facts & FACT_ACTIVE_OK))
        return false;
    if ((facts & FACT_SWITCHOVER) && (facts & FACT_FAILOVER))
        return false;
    if (!(facts & FACT_ASKED) && (facts & (FACT_FORCE | FACT_TARGET_READY | FACT_TARGET_ACTIVE)))
        return false;
    if ((facts & FACT_GRANTS_OVER) && phase != ROUTE_WAITING)
        return false;
    if ((facts & FACT_FORCE) && (facts & FACT_SWITCHOVER))
        return false;
    return true;
}

static void every_row_can_be_reached(void **state)
{
    int n, i;
    const struct rule *table = rules_table(&n);
    bool reached[64] = {false};
    uint32_t facts;
    size_t p;

    (void)state;
    assert_in_range(n, 1, 64);
    for (p = 0; p < ARRAY_LEN(phases); p++)
        for (facts = 0; facts < 1u << FACT_COUNT; facts++) {
            const struct rule *rule;

            if (!possible(phases[p], facts))
                continue;
            rule = rules_match(phases[p], facts);
            if (rule != NULL)
                reached[rule - table] = true;
        }
    for (i = 0; i < n; i++)
        if (!reached[i])
            fail_msg("rule %u is never reached: %s", table[i].number, table[i].comment);
}

static void numbers_are_unique_and_rows_make_sense(void **state)
{
    int n, i, j;
    const struct rule *table = rules_table(&n);

    (void)state;
    for (i = 0; i < n; i++) {
        assert_true(table[i].number > 1);
        assert_int_equal(table[i].with & table[i].without, 0);
        assert_true(table[i].with != 0 && table[i].phases != 0);
        assert_true(strlen(table[i].comment) < LIMIT_TEXT);
        assert_ptr_equal(rules_by_number(table[i].number), &table[i]);
        for (j = 0; j < i; j++)
            assert_int_not_equal(table[i].number, table[j].number);
    }
}

static void a_question_is_always_answered(void **state)
{
    uint32_t facts;
    size_t p;

    (void)state;
    for (p = 0; p < ARRAY_LEN(phases); p++)
        for (facts = 0; facts < 1u << FACT_COUNT; facts++) {
            const struct rule *rule;

            if (!possible(phases[p], facts) || !(facts & FACT_ASKED))
                continue;
            rule = rules_match(phases[p], facts);
            if (rule == NULL)
                fail_msg("phase %d, facts %x: no answer", (int)phases[p], facts);
            assert_true(rule->action == ACTION_REFUSE || rule->action == ACTION_MOVE_TO);
        }
}

static void nothing_moves_to_a_sick_candidate_by_itself(void **state)
{
    uint32_t facts;
    size_t p;

    (void)state;
    for (p = 0; p < ARRAY_LEN(phases); p++)
        for (facts = 0; facts < 1u << FACT_COUNT; facts++) {
            const struct rule *rule = rules_match(phases[p], facts);

            if (!possible(phases[p], facts) || rule == NULL)
                continue;
            if (rule->action == ACTION_MOVE)
                assert_true((facts & FACT_OTHER_READY) && (facts & FACT_ACTIVE_FAILED) &&
                            !(facts & FACT_HELD));
            if (rule->action == ACTION_MOVE_TO && !(facts & FACT_FORCE))
                assert_true(facts & FACT_TARGET_READY);
            if (rule->action == ACTION_ACT)
                assert_true(facts & FACT_GRANTS_OVER);
        }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_can_be_reached),
        cmocka_unit_test(numbers_are_unique_and_rows_make_sense),
        cmocka_unit_test(a_question_is_always_answered),
        cmocka_unit_test(nothing_moves_to_a_sick_candidate_by_itself),
        cmocka_unit_test(a_healthy_side_is_left_only_by_switchover_or_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
