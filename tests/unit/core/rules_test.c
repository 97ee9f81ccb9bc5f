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

/* Calls `look` in every possible situation. A fact is only possible together with lower
 * bits, so what a set of facts rules out, it rules out with all that could still join it. */
typedef void situation(void *context, enum route_phase phase, uint32_t facts);
static void each_from(enum route_phase phase, uint32_t facts, int bit, situation *look,
                      void *context)
{
    if (!rules_possible(phase, facts))
        return;
    if (bit == FACT_COUNT) {
        look(context, phase, facts);
        return;
    }
    each_from(phase, facts, bit + 1, look, context);
    each_from(phase, facts | 1u << bit, bit + 1, look, context);
}

static void each_situation(situation *look, void *context)
{
    size_t p;

    for (p = 0; p < ARRAY_LEN(phases); p++)
        each_from(phases[p], 0, 0, look, context);
}

static void mark(void *context, enum route_phase phase, uint32_t facts)
{
    bool *reached = context;
    int n;

    reached[rules_match(phase, facts) - rules_table(&n)] = true;
}

static void every_row_can_be_reached(void **state)
{
    int n, i;
    const struct rule *table = rules_table(&n);
    bool reached[64] = {false};

    (void)state;
    assert_in_range(n, 1, 64);
    each_situation(mark, reached);
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
        assert_true(table[i].number > RULE_RENUMBERED);
        assert_int_equal(table[i].with & table[i].without, 0);
        assert_true(table[i].phases != 0);
        assert_true(table[i].with != 0 || table[i].action == ACTION_NONE);
        assert_true(strlen(table[i].comment) < LIMIT_TEXT);
        assert_ptr_equal(rules_by_number(table[i].number), &table[i]);
        for (j = 0; j < i; j++)
            assert_int_not_equal(table[i].number, table[j].number);
    }
}

static void must_answer(void *context, enum route_phase phase, uint32_t facts)
{
    const struct rule *rule = rules_match(phase, facts);

    (void)context;
    if ((facts & FACT_ASKED) && rule->action != ACTION_REFUSE && rule->action != ACTION_MOVE_TO)
        fail_msg("phase %d, facts %x: rule %u is no answer", (int)phase, facts, rule->number);
    if (!(facts & FACT_ASKED) && (rule->action == ACTION_REFUSE || rule->action == ACTION_MOVE_TO))
        fail_msg("phase %d, facts %x: rule %u answers nobody", (int)phase, facts, rule->number);
}

static void a_question_is_always_answered(void **state)
{
    (void)state;
    each_situation(must_answer, NULL);
}

#define NEVER_BY_ITSELF                                                                            \
    (FACT_HELD | FACT_PAUSED | FACT_MAINTENANCE | FACT_NO_QUORUM | FACT_MEMBERS_CHANGE)

static void must_be_safe(void *context, enum route_phase phase, uint32_t facts)
{
    const struct rule *rule = rules_match(phase, facts);

    (void)context;
    if (rule->action == ACTION_MOVE)
        assert_true((facts & FACT_OTHER_READY) && (facts & FACT_ACTIVE_FAILED));
    if (rule->action == ACTION_MOVE || rule->action == ACTION_FAILBACK)
        assert_false(facts & (NEVER_BY_ITSELF | FACT_BACKOFF | FACT_MAY_HOLD));
    if (rule->action == ACTION_FAILBACK)
        assert_true((facts & FACT_OTHER_READY) && (facts & FACT_ACTIVE_OK));
    if (rule->action == ACTION_FOLLOW)
        assert_true((facts & FACT_OTHER_READY) && !(facts & NEVER_BY_ITSELF));
    if (rule->action == ACTION_MOVE_TO) {
        assert_true((facts & FACT_TARGET_READY) || (facts & FACT_FORCE));
        assert_false(facts & (FACT_NO_QUORUM | FACT_MEMBERS_CHANGE | FACT_TARGET_ACTIVE));
    }
    if (rule->action == ACTION_ACT)
        assert_true(facts & FACT_GRANTS_OVER);
    if (rule->action == ACTION_POOL)
        assert_true(facts & FACT_ACTIVE_OK);
}

static void nothing_moves_to_a_sick_candidate_by_itself(void **state)
{
    (void)state;
    each_situation(must_be_safe, NULL);
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
