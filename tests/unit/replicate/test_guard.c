/* The guards alone. What happens without them is shown in test_unguarded.c. */
#include "replicate/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void disrupts_only_a_silent_leader(void **state)
{
    assert_false(guard_disrupt(false, false, 299, 300));
    assert_true(guard_disrupt(false, false, 300, 300));
    assert_true(guard_disrupt(false, true, 0, 300));
    assert_false(guard_disrupt(true, true, 9999, 300));
}

static void redraws_for_each_term(void **state)
{
    assert_true(guard_redraw(true, 4, 5));
    assert_false(guard_redraw(true, 5, 5));
    assert_false(guard_redraw(false, 4, 5));
}

static void one_snapshot_at_a_time(void **state)
{
    assert_false(guard_refuse_install(0));
    assert_true(guard_refuse_install(1));
}

static void sets_the_term_right(void **state)
{
    struct raft_install_snapshot install = {.last_index = 80, .last_term = 2};

    assert_true(guard_snapshot_term(&install, 80, 3));
    assert_int_equal(install.last_term, 3);
    assert_false(guard_snapshot_term(&install, 80, 3));
    assert_false(guard_snapshot_term(&install, 90, 4)); /* not the one that was read */
    assert_int_equal(install.last_term, 3);
}

static void clamps(void **state)
{
    struct raft_append_entries append = {.prev_log_index = 5, .n_entries = 2, .leader_commit = 20};

    assert_true(guard_clamp_commit(&append, 8)); /* never back */
    assert_int_equal(append.leader_commit, 8);
    assert_false(guard_clamp_commit(&append, 8)); /* nothing left to clamp */
    append.leader_commit = 20;
    assert_true(guard_clamp_commit(&append, 6)); /* what lies behind may be another leader's */
    assert_int_equal(append.leader_commit, 7);
    append.leader_commit = 7;
    assert_false(guard_clamp_commit(&append, 6));
    append.leader_commit = 3;
    assert_false(guard_clamp_commit(&append, 8));
}

static void reads_traces(void **state)
{
    assert_int_equal(guard_disk("retry failed write (Input/output error)"),
                     GUARD_DISK_WRITE_FAILED);
    assert_int_equal(guard_disk("truncate segment open-3: no"), GUARD_DISK_CLOSING_FAILED);
    assert_int_equal(guard_disk("unlink segment 1-4: no"), GUARD_DISK_CLOSING_FAILED);
    assert_int_equal(guard_disk("retry creating segment open-4"), GUARD_DISK_STALLED);
    assert_int_equal(guard_disk("completed creation of open-4"), GUARD_DISK_RECOVERED);
    assert_int_equal(guard_disk("enqueue 1 entries"), GUARD_DISK_NOTHING);
    assert_int_equal(guard_disk(""), GUARD_DISK_NOTHING);
}

static void holds_a_rejection(void **state)
{
    struct raft_append_entries_result result = {.rejected = 80, .last_log_index = 3};

    assert_true(guard_hold_rejection(&result, 80));
    assert_int_equal(result.rejected, 81);
    result.rejected = 79;
    assert_false(guard_hold_rejection(&result, 80));
    result.rejected = 0;
    assert_false(guard_hold_rejection(&result, 80));
}

static void sees_two_leaders(void **state)
{
    struct raft_message append = {.type = RAFT_APPEND_ENTRIES, .append_entries = {.term = 4}};
    struct raft_message install = {.type = RAFT_INSTALL_SNAPSHOT, .install_snapshot = {.term = 4}};
    struct raft_message vote = {.type = RAFT_REQUEST_VOTE, .request_vote = {.term = 4}};

    assert_true(guard_two_leaders(true, 4, &append));
    assert_true(guard_two_leaders(true, 4, &install));
    assert_false(guard_two_leaders(true, 3, &append)); /* a newer leader: step down */
    assert_false(guard_two_leaders(false, 4, &append));
    assert_false(guard_two_leaders(true, 4, &vote));
}

static void turns_older_leaders_away(void **state)
{
    struct raft_message append = {.type = RAFT_APPEND_ENTRIES, .append_entries = {.term = 4}};
    struct raft_message install = {.type = RAFT_INSTALL_SNAPSHOT, .install_snapshot = {.term = 4}};
    struct raft_message vote = {.type = RAFT_REQUEST_VOTE, .request_vote = {.term = 4}};

    assert_true(guard_turns_away(5, &append));
    assert_true(guard_turns_away(5, &install));
    assert_false(guard_turns_away(4, &append));
    assert_false(guard_turns_away(5, &vote));
}

static void late_votes_say_nothing(void **state)
{
    struct raft_request_vote_result before = {.version = 2, .term = 4, .pre_vote = true};
    struct raft_request_vote_result vote = {.version = 2, .term = 4};

    assert_true(guard_late_vote(false, false, &before));
    assert_true(guard_late_vote(false, false, &vote));
    assert_true(guard_late_vote(true, false, &before));
    assert_false(guard_late_vote(true, true, &before));
    assert_false(guard_late_vote(true, false, &vote));
}

static void what_is_known_goes(void **state)
{
    struct raft_append_entries append = {.prev_log_index = 0, .n_entries = 124};

    assert_int_equal(guard_known_entries(&append, 64, 100), 100);
    assert_int_equal(guard_known_entries(&append, 64, 200), 124);
    assert_int_equal(guard_known_entries(&append, 0, 100), 0); /* nothing is compacted */
    append.prev_log_index = 64;
    assert_int_equal(guard_known_entries(&append, 64, 100), 0);
    append.prev_log_index = 63;
    assert_int_equal(guard_known_entries(&append, 64, 100), 37);
    append.n_entries = 0;
    assert_int_equal(guard_known_entries(&append, 64, 100), 0);
}

static void a_change_comes_first(void **state)
{
    struct raft_entry entries[4] = {{.type = RAFT_COMMAND},
                                    {.type = RAFT_BARRIER},
                                    {.type = RAFT_CHANGE},
                                    {.type = RAFT_COMMAND}};

    assert_int_equal(guard_change_first(entries, 4), 2);
    assert_int_equal(guard_change_first(entries, 2), 2);
    assert_int_equal(guard_change_first(entries + 2, 2), 2);
    assert_int_equal(guard_change_first(entries, 1), 1);
}

static void a_snapshot_waits_for_the_members_that_it_covers(void **state)
{
    raft_index changes[] = {21, 22, 40};

    assert_true(guard_snapshot_members(changes, 3, 25, 21));  /* 22 is on its way */
    assert_false(guard_snapshot_members(changes, 3, 25, 22)); /* 40 is not applied */
    assert_false(guard_snapshot_members(changes, 3, 21, 21));
    assert_true(guard_snapshot_members(changes, 3, 40, 22));
    assert_false(guard_snapshot_members(changes, 3, 20, 1));
    assert_false(guard_snapshot_members(changes, 0, 20, 1));
}

static void heartbeats_are_told_far_below_the_ticks(void **state)
{
    assert_int_equal(guard_heartbeat(100), 5);
    assert_int_equal(guard_heartbeat(60), 3);
    assert_int_equal(guard_heartbeat(10), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disrupts_only_a_silent_leader),
        cmocka_unit_test(redraws_for_each_term),
        cmocka_unit_test(one_snapshot_at_a_time),
        cmocka_unit_test(sets_the_term_right),
        cmocka_unit_test(clamps),
        cmocka_unit_test(reads_traces),
        cmocka_unit_test(holds_a_rejection),
        cmocka_unit_test(sees_two_leaders),
        cmocka_unit_test(turns_older_leaders_away),
        cmocka_unit_test(what_is_known_goes),
        cmocka_unit_test(late_votes_say_nothing),
        cmocka_unit_test(a_change_comes_first),
        cmocka_unit_test(a_snapshot_waits_for_the_members_that_it_covers),
        cmocka_unit_test(heartbeats_are_told_far_below_the_ticks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
