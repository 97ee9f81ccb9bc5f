/* Snapshots: a state comes back whole, the same state gives the same bytes. */
#include "base/mem.h"
#include "base/prng.h"
#include "base/utc.h"
#include "core/feature.h"
#include "samples.h"

#include "testing.h"

static void same_pause(const struct pause *a, const struct pause *b)
{
    assert_true(a->until_ms == b->until_ms);
    assert_true(a->since_ms == b->since_ms);
    assert_string_equal(a->who, b->who);
    assert_string_equal(a->reason, b->reason);
}

static void same_verbs(const struct shared *a, const struct shared *b)
{
    same_pause(&a->pause, &b->pause);
    for (int i = 0; i < LIMIT_SERVERS; i++) {
        assert_true(a->drains[i].since_ms == b->drains[i].since_ms);
        assert_string_equal(a->drains[i].who, b->drains[i].who);
        assert_string_equal(a->drains[i].reason, b->drains[i].reason);
    }
    assert_true(a->handover.until_ms == b->handover.until_ms);
    assert_int_equal(a->handover.server, b->handover.server);
    assert_int_equal(a->handover.led, b->handover.led);
    assert_memory_equal(&a->handover.command, &b->handover.command, sizeof a->handover.command);
}

static void same_route(const struct route_state *a, const struct route_state *b)
{
    assert_int_equal(a->phase, b->phase);
    assert_int_equal(a->now.epoch, b->now.epoch);
    assert_int_equal(a->now.step, b->now.step);
    assert_int_equal(a->now.candidate, b->now.candidate);
    assert_true(a->now.members == b->now.members);
    assert_true(a->now.draining == b->now.draining);
    assert_true(a->grace_until_ms == b->grace_until_ms);
    assert_int_equal(a->previous, b->previous);
    assert_true(a->intent_index == b->intent_index);
    assert_true(a->intent_ms == b->intent_ms);
    assert_int_equal(a->rule, b->rule);
    assert_int_equal(a->planned, b->planned);
    assert_int_equal(a->done, b->done);
    assert_true(a->moved_ms == b->moved_ms);
    assert_memory_equal(a->automatic_ms, b->automatic_ms, sizeof a->automatic_ms);
    assert_int_equal(a->held, b->held);
    assert_true(a->lapsed == b->lapsed);
    assert_true(a->lapsed_ms == b->lapsed_ms);
    assert_true(a->lapsed_index == b->lapsed_index);
    assert_memory_equal(&a->command, &b->command, sizeof a->command);
    assert_string_equal(a->who, b->who);
    same_pause(&a->pause, &b->pause);
}

static void same_rows(const struct shared *a, const struct shared *b)
{
    for (int i = 0; i < a->model->n_checks; i++) {
        assert_int_equal(a->checks[i].verdict, b->checks[i].verdict);
        assert_true(a->checks[i].since_ms == b->checks[i].since_ms);
        assert_true(a->checks[i].index == b->checks[i].index);
        assert_true(a->checks[i].fail_since_ms == b->checks[i].fail_since_ms);
        assert_true(a->checks[i].good_before_ms == b->checks[i].good_before_ms);
        assert_int_equal(a->checks[i].hole, b->checks[i].hole);
    }
    for (int i = 0; i < a->model->n_routes; i++)
        same_route(&a->routes[i], &b->routes[i]);
    for (int i = 0; i < a->model->n_functions; i++) {
        assert_int_equal(a->functions[i].down, b->functions[i].down);
        assert_true(a->functions[i].outage == b->functions[i].outage);
        assert_true(a->functions[i].start_ms == b->functions[i].start_ms);
        assert_true(a->functions[i].last_good_ms == b->functions[i].last_good_ms);
        assert_true(a->functions[i].unmonitored == b->functions[i].unmonitored);
        assert_true(a->functions[i].unmonitored_ms == b->functions[i].unmonitored_ms);
        assert_memory_equal(&a->functions[i].last, &b->functions[i].last,
                            sizeof a->functions[i].last);
    }
    for (int i = 0; i < LIMIT_SERVERS; i++) {
        assert_true(a->nodes[i].raft_id == b->nodes[i].raft_id);
        assert_int_equal(a->nodes[i].silent, b->nodes[i].silent);
        assert_true(a->nodes[i].since_ms == b->nodes[i].since_ms);
    }
}

static void same_lists(const struct shared *a, const struct shared *b)
{
    assert_int_equal(a->n_windows, b->n_windows);
    for (int i = 0; i < a->n_windows; i++) {
        const struct window_state *x = &a->windows[i], *y = &b->windows[i];

        assert_true(x->id == y->id);
        assert_int_equal(x->emergency, y->emergency);
        assert_int_equal(x->short_notice, y->short_notice);
        assert_true(x->announced_ms == y->announced_ms);
        assert_true(x->start_ms == y->start_ms);
        assert_true(x->end_ms == y->end_ms);
        assert_true(x->finished_ms == y->finished_ms);
        assert_memory_equal(x->functions, y->functions, sizeof x->functions);
        assert_string_equal(x->who, y->who);
        assert_string_equal(x->reason, y->reason);
    }
    for (int i = 0; i < LIMIT_COMMAND_IDS; i++) {
        assert_memory_equal(&a->commands[i].id, &b->commands[i].id, sizeof a->commands[i].id);
        assert_int_equal(a->commands[i].result, b->commands[i].result);
        assert_true(a->commands[i].index == b->commands[i].index);
        assert_true(a->commands[i].digest == b->commands[i].digest);
        assert_string_equal(a->commands[i].text, b->commands[i].text);
    }
    assert_int_equal(a->next_command, b->next_command);
    assert_true(a->ledger.size == b->ledger.size);
    for (int k = 0; k < 64; k++)
        if (a->ledger.size >> k & 1)
            assert_memory_equal(a->ledger.peaks[k], b->ledger.peaks[k], TREE_HASH);
}

static void a_full_state_survives(void **state)
{
    struct shared *a = sample_shared(), *b;
    struct buf bytes = {0}, again = {0};
    struct err err;

    shared_encode(a, &bytes);
    assert_true(bytes.len <= LIMIT_SNAPSHOT);
    assert_int_equal(shared_decode(bytes.data, bytes.len, &b, &err), 0);
    assert_non_null(b->model);
    assert_int_equal(b->model->n_checks, a->model->n_checks);
    assert_int_equal(a->config_yaml_len, b->config_yaml_len);
    assert_memory_equal(a->config_yaml, b->config_yaml, a->config_yaml_len);
    assert_true(a->index == b->index);
    assert_true(a->term == b->term);
    assert_true(a->leader_term == b->leader_term);
    assert_int_equal(a->leader, b->leader);
    assert_true(a->time_ms == b->time_ms);
    same_rows(a, b);
    same_lists(a, b);
    same_verbs(a, b);
    shared_encode(b, &again);
    assert_int_equal(bytes.len, again.len);
    assert_memory_equal(bytes.data, again.data, bytes.len);
    shared_free(a);
    shared_free(b);
    buf_free(&bytes);
    buf_free(&again);
}

static void a_new_state_survives(void **state)
{
    struct shared *a = shared_new(), *b;
    struct buf bytes = {0};
    struct err err;

    shared_encode(a, &bytes);
    assert_int_equal(shared_decode(bytes.data, bytes.len, &b, &err), 0);
    assert_null(b->model);
    assert_int_equal(b->leader, a->leader);
    assert_int_equal(b->n_windows, 0);
    same_lists(a, b);
    shared_free(a);
    shared_free(b);
    buf_free(&bytes);
}

/* The largest state that the limits allow. */
static void the_largest_state_fits(void **state)
{
    struct shared *a = sample_shared(), *b;
    struct buf bytes = {0};
    struct err err;

    mem_free(a->windows);
    a->n_windows = LIMIT_WINDOWS;
    a->windows = mem_zalloc(LIMIT_WINDOWS, sizeof *a->windows);
    for (int i = 0; i < LIMIT_WINDOWS; i++) {
        memset(a->windows[i].who, 'w', sizeof a->windows[i].who - 1);
        memset(a->windows[i].reason, 'r', sizeof a->windows[i].reason - 1);
    }
    for (int i = 0; i < LIMIT_COMMAND_IDS; i++) {
        a->commands[i].id.bytes[15] = 1;
        memset(a->commands[i].text, 't', sizeof a->commands[i].text - 1);
    }
    shared_encode(a, &bytes);
    /* 16384 checks with five columns of at most ten bytes come to that on top. */
    assert_true(bytes.len + LIMIT_CHECKS * 5 * 10 + LIMIT_CONFIG < LIMIT_SNAPSHOT);
    assert_int_equal(shared_decode(bytes.data, bytes.len, &b, &err), 0);
    same_lists(a, b);
    shared_free(a);
    shared_free(b);
    buf_free(&bytes);
}

static void refused(struct shared *shared)
{
    struct buf bytes = {0};
    struct shared *back;
    struct err err;

    shared_encode(shared, &bytes);
    assert_int_equal(shared_decode(bytes.data, bytes.len, &back, &err), ERR_INVALID);
    assert_null(back);
    shared_free(shared);
    buf_free(&bytes);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct shared *a;

    a = sample_shared();
    a->routes[0].now.candidate = 2; /* of two */
    refused(a);
    a = sample_shared();
    a->routes[0].now.candidate = -1;
    refused(a);
    a = sample_shared();
    a->routes[0].previous = 2;
    refused(a);
    a = sample_shared();
    a->routes[0].phase = 4;
    refused(a);
    a = sample_shared();
    a->leader = LIMIT_SERVERS;
    refused(a);
    a = sample_shared();
    a->commands[3].result = 4;
    refused(a);
    a = sample_shared();
    a->model->n_checks--; /* fewer rows than its configuration has */
    refused(a);
    a = sample_shared();
    a->checks[0].verdict = 8;
    refused(a);
    a = sample_shared();
    a->config_yaml[0] = 'k'; /* kluster: */
    refused(a);
}

static void refused_for(struct shared *shared, const char *field)
{
    struct buf bytes = {0};
    struct shared *back;
    struct err err;

    shared_encode(shared, &bytes);
    assert_int_equal(shared_decode(bytes.data, bytes.len, &back, &err), ERR_INVALID);
    assert_non_null(strstr(err.text, field));
    shared_free(shared);
    buf_free(&bytes);
}

static void a_time_beyond_all_clocks_is_refused_by_name(void **state)
{
    struct shared *a;

    a = sample_shared();
    a->time_ms = INT64_MAX - 1;
    refused_for(a, "State.time");
    a = sample_shared();
    a->time_ms = UTC_NONE;
    refused_for(a, "State.time");
    a = sample_shared();
    a->checks[0].fail_since_ms = 3 * UTC_MOST_MS;
    refused_for(a, "CheckStates.fail_since_time");
    a = sample_shared();
    a->checks[0].since_ms = UTC_NONE;
    refused_for(a, "CheckStates.since_time");
    a = sample_shared();
    a->routes[0].intent_ms = -3 * UTC_MOST_MS;
    refused_for(a, "RouteState.intent_time");
    a = sample_shared();
    a->routes[0].automatic_ms[LIMIT_ACTUATORS - 1] = INT64_MAX - 1;
    refused_for(a, "RouteState.automatic_time");
    a = sample_shared();
    a->windows[0].finished_ms = INT64_MIN + 1;
    refused_for(a, "WindowState.finished_time");
    a = sample_shared();
    a->pause = (struct pause){.until_ms = 3 * UTC_MOST_MS};
    refused_for(a, "PauseState.until_time");
    a = sample_shared();
    a->nodes[LIMIT_SERVERS - 1].since_ms = INT64_MAX - 1;
    refused_for(a, "NodeState.since_time");
}

static void the_level_survives_and_a_newer_one_is_refused(void **state)
{
    struct shared *a = sample_shared(), *b;
    struct buf bytes = {0};
    struct err err;

    a->level = FEATURE_NEWEST;
    shared_encode(a, &bytes);
    assert_int_equal(shared_decode(bytes.data, bytes.len, &b, &err), 0);
    assert_int_equal(b->level, FEATURE_NEWEST);
    shared_free(b);
    buf_clear(&bytes);
    a->level = 0; /* as from a program from before levels */
    shared_encode(a, &bytes);
    assert_int_equal(shared_decode(bytes.data, bytes.len, &b, &err), 0);
    assert_int_equal(b->level, FEATURE_FIRST);
    shared_free(b);
    buf_free(&bytes);
    a->level = FEATURE_NEWEST + 1;
    a->leader = LIMIT_SERVERS; /* this version would not know what it means */
    refused_for(a, "the snapshot is at feature level");
}

/* What is derived from the latest time that an entry may have. */
static void a_state_at_the_end_of_time_is_taken_back(void **state)
{
    struct shared *a = sample_shared(), *b;
    struct buf bytes = {0};
    struct err err;

    a->time_ms = UTC_MOST_MS;
    a->routes[0].grace_until_ms = UTC_MOST_MS + 86400000;
    a->handover = (struct handover){.until_ms = UTC_MOST_MS + HANDOVER_KEPT_MS};
    shared_encode(a, &bytes);
    assert_int_equal(shared_decode(bytes.data, bytes.len, &b, &err), 0);
    shared_free(a);
    shared_free(b);
    buf_free(&bytes);
}

static void cuts_and_mutations_do_no_harm(void **state)
{
    struct shared *a = sample_shared(), *b;
    struct buf bytes = {0};
    struct prng prng;
    struct err err;

    prng_seed(&prng, 3);
    shared_encode(a, &bytes);
    for (size_t len = 0; len < bytes.len; len += 1 + len / 64) {
        uint8_t *exact = mem_dup(bytes.data, len);

        assert_true(shared_decode(exact, len, &b, &err) < 0);
        mem_free(exact);
    }
    for (int round = 0; round < 400; round++) {
        uint8_t *copy = mem_dup(bytes.data, bytes.len);

        for (uint32_t n = 1 + prng_below(&prng, 3); n > 0; n--)
            copy[8 + prng_below(&prng, (uint32_t)bytes.len - 8)] = (uint8_t)prng_next(&prng);
        if (shared_decode(copy, bytes.len, &b, &err) == 0) {
            struct buf again = {0};

            shared_encode(b, &again);
            buf_free(&again);
            shared_free(b);
        }
        mem_free(copy);
    }
    shared_free(a);
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_state_survives),
        cmocka_unit_test(a_new_state_survives),
        cmocka_unit_test(the_largest_state_fits),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_time_beyond_all_clocks_is_refused_by_name),
        cmocka_unit_test(a_state_at_the_end_of_time_is_taken_back),
        cmocka_unit_test(the_level_survives_and_a_newer_one_is_refused),
        cmocka_unit_test(cuts_and_mutations_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
