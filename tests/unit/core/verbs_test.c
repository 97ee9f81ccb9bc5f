/* What the leader's engine does with operators' verbs: who waits, who is told what, and when. */
#include "cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define MIRROR 4

static uint8_t ids;

static struct command make(enum command_kind kind, const char *who)
{
    struct command command = {.kind = kind, .id = {{++ids}}, .reason = "because"};

    snprintf(command.who, sizeof command.who, "%s", who);
    return command;
}

static struct cluster *calm(void)
{
    struct cluster *c = cluster_new("available", 0, 5);

    cluster_run(c, 3000);
    c->replies = 0;
    c->transfers = 0;
    return c;
}

static void end(struct cluster *c)
{
    assert_true(cluster_equal(c));
    cluster_free(c);
}

static void told(const struct cluster *c, int code, const char *text)
{
    if (c->reply_code != code || strstr(c->reply_text, text) == NULL)
        fail_msg("%d %s, wanted %d %s", c->reply_code, c->reply_text, code, text);
}

static void the_second_waits_and_is_told_whose_move_it_is(void **state)
{
    struct cluster *c = calm();
    struct command first = make(COMMAND_SWITCHOVER, "suzuki");
    struct command second = make(COMMAND_SWITCHOVER, "sato");

    (void)state;
    c->actuator_fails = true;
    first.to = second.to = 1;
    cluster_command(c, &first);
    second.to = 0;
    cluster_command(c, &second);
    cluster_run(c, 200);
    told(c, ERR_REFUSED,
         "suzuki's switchover to osaka, asked 0 s ago, is under way (epoch 2, "
         "actuators lb-1 pending)");
    assert_int_equal(c->replies, 1);
    cluster_run(c, 3000);
    second = make(COMMAND_SWITCHOVER, "abe");
    second.to = 1;
    cluster_command(c, &second);
    cluster_run(c, 200);
    told(c, ERR_REFUSED, "already serves; suzuki's switchover to osaka, asked 3 s ago");
    assert_int_equal(c->moves, 1);
    end(c);
}

/* What a command asked is remembered with its id, through all that it comes to. */
static void an_id_stands_for_one_command(void **state)
{
    struct cluster *c = calm();
    struct command move = make(COMMAND_SWITCHOVER, "suzuki");

    (void)state;
    move.to = 1;
    move.digest = 71;
    cluster_command(c, &move);
    cluster_run(c, 500);
    told(c, 0, "verified");
    cluster_command(c, &move);
    told(c, 0, "verified");
    move.to = 0;
    move.digest = 72;
    cluster_command(c, &move);
    told(c, ERR_INVALID, "stands for another command");
    assert_int_equal(c->moves, 1);
    end(c);
}

static void without_a_majority_the_answer_comes_at_once(void **state)
{
    struct cluster *c = calm();
    struct command move = make(COMMAND_SWITCHOVER, "suzuki");
    struct command pause = make(COMMAND_PAUSE, "suzuki");
    int i;

    (void)state;
    for (i = 0; i < CLUSTER_NODES; i++)
        c->cut[i] = i < 8 && i != c->leader;
    cluster_run(c, 1500);
    move.to = 1;
    pause.for_ms = 60000;
    cluster_command(c, &move);
    told(c, ERR_UNAVAILABLE, "no majority of voters is heard");
    cluster_command(c, &pause);
    told(c, ERR_UNAVAILABLE, "no majority of voters is heard");
    assert_int_equal(c->replies, 2);
    cluster_free(c);
}

static void a_pause_ends_by_itself(void **state)
{
    struct cluster *c = calm();
    struct command pause = make(COMMAND_PAUSE, "suzuki");
    int i;

    (void)state;
    pause.for_ms = 5000;
    cluster_command(c, &pause);
    cluster_run(c, 100);
    told(c, 0, "automatic moves are paused until");
    for (i = 0; i < 4; i++)
        c->dead[i] = true;
    cluster_run(c, 4500);
    assert_int_equal(c->moves, 0);
    assert_true(cluster_shared(c)->routes[0].pause.until_ms != 0);
    cluster_run(c, 1000);
    assert_true(cluster_shared(c)->routes[0].pause.until_ms == 0);
    assert_int_equal(c->moves, 1);
    end(c);
}

static void the_lead_goes_where_it_is_wanted(void **state)
{
    struct cluster *c = calm();
    struct command wish = make(COMMAND_HANDOVER, "abe");

    (void)state;
    wish.server = MIRROR;
    cluster_command(c, &wish);
    cluster_run(c, 100);
    assert_int_equal(c->replies, 0);
    assert_int_equal(c->transfer_to, MIRROR);
    c->leader = MIRROR;
    cluster_reelect(c);
    cluster_run(c, 500);
    told(c, 0, "mirror-1 leads");
    assert_int_equal(c->replies, 1);

    /* No route prefers osaka to lead in, and it stays there all the same, for a while. */
    c->transfers = 0;
    cluster_run(c, 60000);
    assert_int_equal(c->transfers, 0);
    c->utc_shift_ms += HANDOVER_KEPT_MS;
    cluster_run(c, 10000);
    assert_int_equal(c->transfers, 1);
    end(c);
}

static void a_lead_that_is_not_taken_is_told(void **state)
{
    struct cluster *c = calm();
    struct command wish = make(COMMAND_HANDOVER, "abe");

    (void)state;
    wish.server = MIRROR;
    cluster_command(c, &wish);
    cluster_run(c, 7000);
    told(c, ERR_REFUSED, "mirror-1 did not take over in 6 s: ");
    assert_in_range(c->transfers, 2, 6); /* it is tried again meanwhile */
    c->cut[MIRROR] = true;
    cluster_run(c, 2000);
    wish = make(COMMAND_HANDOVER, "abe");
    wish.server = MIRROR;
    cluster_command(c, &wish);
    cluster_run(c, 200);
    told(c, ERR_REFUSED, "it is not heard now");
    c->cut[MIRROR] = false;
    cluster_run(c, 2000);
    end(c);
}

/* Raft would wait for one that is gone; it may come back in time. */
static void the_lead_is_handed_to_nobody_who_is_not_heard(void **state)
{
    struct cluster *c = calm();
    struct command wish = make(COMMAND_HANDOVER, "abe");

    (void)state;
    wish.server = MIRROR;
    cluster_command(c, &wish);
    c->cut[MIRROR] = true;
    cluster_run(c, 1400);
    c->transfers = 0;
    cluster_run(c, 3000);
    assert_int_equal(c->transfers, 0);
    assert_int_equal(c->replies, 0);
    c->cut[MIRROR] = false;
    cluster_run(c, 1000);
    assert_int_equal(c->transfers, 1);
    end(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_waits_and_is_told_whose_move_it_is),
        cmocka_unit_test(an_id_stands_for_one_command),
        cmocka_unit_test(without_a_majority_the_answer_comes_at_once),
        cmocka_unit_test(a_pause_ends_by_itself),
        cmocka_unit_test(the_lead_goes_where_it_is_wanted),
        cmocka_unit_test(a_lead_that_is_not_taken_is_told),
        cmocka_unit_test(the_lead_is_handed_to_nobody_who_is_not_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
