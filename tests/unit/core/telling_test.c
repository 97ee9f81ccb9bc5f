/* Who tells whom, as twelve engines do it: the leader by itself while all is well, another when
 * its attempt fails, when its beats stop or nothing comes; and each site by itself while there is
 * no quorum. */
#include "base/mem.h"
#include "base/utc.h"
#include "cluster.h"
#include "core/account/zone.h"
#include "core/engine_private.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { DUTY, ROOM, BOSS }; /* receivers */

#define RULES                                                                                      \
    "notices:\n"                                                                                   \
    "  channels:\n"                                                                                \
    "    - {name: hook, webhook: {url: 'https://h.example/', key_file: /k}, timeout: 5s}\n"        \
    "  receivers:\n"                                                                               \
    "    - {name: duty, channel: hook, otherwise: boss}\n"                                         \
    "    - {name: room, channel: hook}\n"                                                          \
    "    - {name: boss, channel: hook}\n"                                                          \
    "  rules:\n"                                                                                   \
    "    - name: all\n"                                                                            \
    "      events: [outage, lasting, quorum-lost, maintenance-begun, certificate]\n"               \
    "      lasting: 20s\n"                                                                         \
    "      gather: 3s\n"                                                                           \
    "      apart: 30s\n"

/* To be freed. `rest`: of the rule. */
static char *yaml_of(const char *rest)
{
    char *functions = world_replaced(
        world_yaml("available", 0), "services:\n",
        "  - {name: login, label_ja: l, severity: minor, checks: ['voice@voice-1']}\n"
        "services:\n");
    char *all = mem_alloc(strlen(functions) + strlen(RULES) + strlen(rest) + 1);

    sprintf(all, "%s%s%s", functions, RULES, rest);
    mem_free(functions);
    return all;
}

static struct cluster *calm(const char *rest)
{
    char *yaml = yaml_of(rest);
    struct cluster *c = cluster_of(yaml, 1);

    cluster_run(c, 3000);
    assert_int_equal(c->n_tells, 0);
    mem_free(yaml);
    return c;
}

static const struct notice_state *notice_of(const struct cluster *c, uint64_t id)
{
    return notice_find(&cluster_shared(c)->notices, id);
}

/* All from the `first`-th on that this receiver got. */
static int tells(const struct cluster *c, int first, int receiver)
{
    int n = 0;

    for (int i = first; i < c->n_tells; i++)
        n += c->tells[i].order.receiver == receiver;
    return n;
}

static void a_calm_outage_is_told_once_by_the_leader(void **state)
{
    struct cluster *c = calm("      tell: [duty, room]\n");

    (void)state;
    c->dead[0] = true;
    cluster_run(c, 2900);
    assert_int_equal(c->n_tells, 0); /* it gathers */
    cluster_run(c, 1500);
    assert_int_equal(c->n_tells, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(c->tells[i].node, c->leader);
        assert_true(c->tells[i].order.notice == 1);
        assert_int_equal(c->tells[i].order.attempt, 1);
        assert_false(c->tells[i].order.repeat);
        assert_memory_equal(c->tells[i].order.key, "notice-1-", 9);
    }
    assert_string_not_equal(c->tells[0].order.key, c->tells[1].order.key);
    cluster_run(c, 10000);
    assert_int_equal(c->n_tells, 2);
    assert_null(notice_of(c, 1)); /* told, and forgotten */
    cluster_run(c, 60000);
    assert_true(tells(c, 2, DUTY) == 1); /* it lasts */
    assert_true(cluster_equal(c));
    cluster_free(c);
}

static void two_notices_of_a_rule_are_apart(void **state)
{
    struct cluster *c = calm("      tell: [room]\n");
    int64_t first_ms;

    (void)state;
    c->dead[0] = true;
    cluster_run(c, 5000);
    assert_int_equal(c->n_tells, 1);
    first_ms = c->tells[0].at_ms;
    c->dead[1] = c->dead[2] = c->dead[3] = true; /* calling is down as well */
    cluster_run(c, 40000);
    assert_int_equal(c->n_tells, 2); /* also what lasts by then */
    assert_in_range(c->tells[1].at_ms - first_ms, 30000, 30500);
    cluster_free(c);
}

static void another_site_tells_after_a_failure(void **state)
{
    struct cluster *c = calm("      tell: [room]\n");

    (void)state;
    c->deaf = server_bit(c->leader);
    c->dead[0] = true;
    cluster_run(c, 12000);
    assert_int_equal(c->n_tells, 2);
    assert_int_equal(c->tells[0].node, 8);
    assert_int_equal(c->tells[1].node, 0); /* the next one elsewhere */
    assert_int_equal(c->tells[1].order.attempt, 2);
    assert_false(c->tells[1].order.repeat); /* the first was refused for sure */
    assert_string_equal(c->tells[0].order.key, c->tells[1].order.key);
    assert_in_range(c->tells[1].at_ms - c->tells[0].at_ms, 5000, 5600);
    cluster_run(c, 3000);
    assert_null(notice_of(c, 1)); /* its receipt came by beats */
    assert_true(cluster_equal(c));
    cluster_free(c);
}

static void what_may_have_arrived_says_so_and_a_silent_one_s_other_is_told(void **state)
{
    struct cluster *c = calm("      tell: [duty]\n");

    (void)state;
    c->tell = TELL_UNSURE;
    c->dead[0] = true;
    cluster_run(c, 12000);
    assert_int_equal(c->n_tells, 2);
    assert_true(c->tells[1].order.repeat);
    cluster_run(c, 8000); /* 5 + 15 s */
    assert_int_equal(tells(c, 0, BOSS), 0);
    cluster_run(c, 12000);
    assert_true(tells(c, 0, BOSS) > 0);
    c->tell = TELL_ACCEPTED;
    cluster_run(c, 130000);
    assert_null(notice_of(c, 1));
    cluster_free(c);
}

static void a_teller_that_dies_is_replaced_with_the_same_key(void **state)
{
    struct cluster *c = calm("      tell: [room]\n");
    int first;

    (void)state;
    c->tell = TELL_NOTHING;
    c->dead[0] = true;
    while (c->n_tells == 0)
        cluster_run(c, 5);
    first = c->tells[0].node;
    c->stopped[first] = true;
    c->tell = TELL_ACCEPTED;
    cluster_run(c, 8000);
    assert_int_equal(c->n_tells, 2);
    assert_int_not_equal(c->tells[1].node, first);
    assert_true(c->tells[1].order.repeat);
    assert_string_equal(c->tells[0].order.key, c->tells[1].order.key);
    cluster_run(c, 2000);
    assert_null(notice_of(c, 1));
    cluster_free(c);
}

/* It runs, and is heard, and forgot that it was named. */
static void a_teller_s_new_start_sends_nothing_by_itself(void **state)
{
    struct cluster *c = calm("      tell: [room]\n");

    (void)state;
    c->deaf = server_bit(c->leader);
    c->dead[0] = true;
    while (c->n_tells == 0)
        cluster_run(c, 5);
    c->tell = TELL_NOTHING;
    while (c->n_tells == 1)
        cluster_run(c, 5);
    assert_int_equal(c->tells[1].node, 0);
    cluster_restart(c, 0, 1);
    cluster_run(c, 4000);
    assert_int_equal(c->n_tells, 2); /* replaying the log tells nobody */
    c->tell = TELL_ACCEPTED;
    while (c->n_tells == 2)
        cluster_run(c, 5);
    assert_in_range(c->tells[2].at_ms - c->tells[1].at_ms, 15000, 15500); /* not at once */
    assert_true(c->tells[2].order.notice == 1);
    assert_int_not_equal(c->tells[2].node, 0);
    assert_true(c->tells[2].order.repeat);
    cluster_free(c);
}

/* How many orders to tell it gives when it applies, so much later by its own clock, the intent that
 * names it. */
static int told_when_late(int64_t late_ms)
{
    struct cluster *c = calm("      tell: [room]\n");
    struct effects effects = {0};
    struct moment now;
    struct entry entry = {.kind = ENTRY_NOTICE, .leader = c->leader, .config_version = 1};
    int i, n = 0;

    c->dead[0] = true;
    while (notice_of(c, 1) == NULL)
        cluster_run(c, 5);
    cluster_run(c, 200); /* all have applied it, and it still gathers */
    now = cluster_now(c);
    entry.term = engine_shared(cluster_engine(c, 3))->term;
    entry.time_ms = now.utc_ms;
    entry.notice.act = NOTICE_ACT_SEND;
    entry.notice.notice = 1;
    entry.notice.receivers = receiver_bit(ROOM);
    entry.notice.node = 3;
    entry.notice.boot = cluster_engine(c, 3)->boot;
    now.utc_ms += late_ms;
    engine_apply((struct engine *)cluster_engine(c, 3), now,
                 engine_shared(cluster_engine(c, 3))->index + 1, &entry, NULL, NULL, &effects);
    for (i = 0; i < effects.n; i++)
        n += effects.items[i].kind == EFFECT_TELL;
    effects_free(&effects);
    cluster_free(c);
    return n;
}

/* After a time without a quorum another may have been named already, whom this one does not know
 * of: it tells only what it was asked a moment ago. */
static void an_order_that_comes_late_is_not_carried_out(void **state)
{
    (void)state;
    assert_int_equal(told_when_late(4000), 1);
    assert_int_equal(told_when_late(6000), 0);
}

static void who_never_answers_is_replaced_after_a_while(void **state)
{
    struct cluster *c = calm("      tell: [room]\n");

    (void)state;
    c->tell = TELL_NOTHING;
    c->dead[0] = true;
    while (c->n_tells < 2)
        cluster_run(c, 5);
    assert_in_range(c->tells[1].at_ms - c->tells[0].at_ms, 15000, 15500); /* its timeout + 10 s */
    assert_true(c->tells[1].order.repeat);
    cluster_free(c);
}

static void a_receipt_of_before_the_leader_s_fall_reaches_the_next(void **state)
{
    struct cluster *c = calm("      tell: [room]\n");

    (void)state;
    c->tell = TELL_NOTHING;
    c->dead[0] = true;
    while (c->n_tells == 0)
        cluster_run(c, 5);
    c->leader = 4;
    cluster_reelect(c);
    cluster_step(
        c, 8,
        &(struct event){
            .kind = EVENT_TOLD,
            .told = {.notice = 1, .receiver = ROOM, .attempt = 1, .text = "受け付けました"}});
    cluster_run(c, 1000);
    assert_null(notice_of(c, 1));
    assert_int_equal(c->n_tells, 1);
    cluster_free(c);
}

static void a_site_s_cut_is_one_notice(void **state)
{
    struct cluster *c = calm("      tell: [duty, room]\n");

    (void)state;
    for (int i = 0; i < 8; i++)
        c->dead[i] = true;
    cluster_run(c, 8000);
    assert_int_equal(c->n_tells, 2);
    cluster_free(c);
}

static void nobody_looks_after_it_so_the_next_is_called(void **state)
{
    struct cluster *c = calm("      tell: [duty]\n"
                             "      escalate: [{after: 10s, tell: [boss]}]\n");

    (void)state;
    c->dead[0] = true;
    cluster_run(c, 9000);
    assert_int_equal(tells(c, 0, BOSS), 0);
    cluster_run(c, 4000);
    assert_int_equal(tells(c, 0, BOSS), 1);
    cluster_free(c);
    c = calm("      tell: [duty]\n"
             "      escalate: [{after: 10s, tell: [boss]}]\n");
    c->dead[0] = true;
    cluster_run(c, 5000);
    c->dead[0] = false;
    cluster_run(c, 10000);
    assert_int_equal(tells(c, 0, BOSS), 0); /* it is over */
    cluster_free(c);
}

/* Tokyo's as a TZif file of version 2 (RFC 8536): nine hours, always. */
static struct zone *zone(void)
{
    static const uint8_t tzif[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* magic, version, unused */
                                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                  "\0\0\0\0\0\0JST\0"
                                  "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
                                  "\0\0\x7e\x90\0\0JST\0"
                                  "\nJST-9\n";
    struct zone *zone;
    struct err err;

    if (zone_parse(tzif, sizeof tzif - 1, &zone, &err) != 0)
        fail_msg("%s", err.text);
    return zone;
}

/* The cluster's time begins at 2026-09-21T14:13:21Z: 23:13 in Tokyo. */
static void minor_ones_wait_for_the_morning(void **state)
{
    struct cluster *c = calm("      quiet: ['22:00-23:15']\n"
                             "      tell: [duty]\n");

    (void)state;
    for (int i = 0; i < CLUSTER_NODES; i++)
        engine_zone((struct engine *)cluster_engine(c, i), zone());
    c->dead[0] = true; /* minor */
    cluster_run(c, 60000);
    assert_int_equal(c->n_tells, 0);
    cluster_run(c, 60000);
    assert_int_equal(c->n_tells, 1);
    assert_int_equal((c->tells[0].at_ms + 1790000000000) % 3600000 / 60000, 15);
    cluster_free(c);
    c = calm("      quiet: ['22:00-23:15']\n"
             "      tell: [duty]\n");
    for (int i = 0; i < CLUSTER_NODES; i++)
        engine_zone((struct engine *)cluster_engine(c, i), zone());
    c->dead[0] = c->dead[1] = c->dead[2] = c->dead[3] = true;
    cluster_run(c, 8000);
    assert_int_equal(c->n_tells, 1); /* calling is an emergency */
    cluster_free(c);
}

static void maintenance_begins_on_time(void **state)
{
    struct cluster *c = calm("      tell: [room]\n");
    struct command command = {.kind = COMMAND_WINDOW_ADD, .id = {{1}}, .who = "sato"};
    int64_t now_ms = cluster_now(c).utc_ms;

    (void)state;
    command.window.emergency = true;
    command.window.start_ms = now_ms + 5000;
    command.window.end_ms = now_ms + 60000;
    command.window.functions[0] = 1;
    cluster_command(c, &command);
    cluster_run(c, 4500);
    assert_false(cluster_shared(c)->windows[0].begun);
    cluster_run(c, 1000);
    assert_true(cluster_shared(c)->windows[0].begun);
    cluster_run(c, 50000);
    assert_false(cluster_shared(c)->windows[0].over);
    cluster_run(c, 10000);
    assert_true(cluster_shared(c)->windows[0].over);
    assert_int_equal(c->n_tells, 1); /* of its begin */
    cluster_free(c);
}

static void a_certificate_near_its_end_is_told_of_once(void **state)
{
    struct cluster *c = calm("      tell: [room]\n");
    int64_t day_ms = 24ll * 3600 * 1000;

    (void)state;
    engine_certificate((struct engine *)cluster_engine(c, 3), cluster_now(c).utc_ms + 13 * day_ms);
    engine_certificate((struct engine *)cluster_engine(c, 5), cluster_now(c).utc_ms + 90 * day_ms);
    engine_certificate((struct engine *)cluster_engine(c, c->leader),
                       cluster_now(c).utc_ms + 15 * day_ms);
    cluster_run(c, 8000);
    assert_int_equal(cluster_shared(c)->nodes[3].certificate_told, 1);
    assert_int_equal(cluster_shared(c)->nodes[5].certificate_told, 0);
    assert_int_equal(c->n_tells, 1);
    c->leader = 4; /* the next leader knows the same */
    cluster_reelect(c);
    cluster_run(c, 60000);
    assert_int_equal(c->n_tells, 1);
    cluster_free(c);
}

/* ---- the quorum is lost ---- */

static void each_site_tells_that_the_quorum_is_lost(void **state)
{
    struct cluster *c = calm("      tell: [duty]\n");
    int from = 0, sites = 0;

    (void)state;
    for (int i = 4; i < CLUSTER_NODES; i++)
        c->cut[i] = i >= 8; /* ishikari is alone in twelve ways */
    for (int i = 0; i < 2; i++)
        c->stopped[i] = c->stopped[4 + i] = true; /* four are left elsewhere */
    cluster_run(c, 9000);
    assert_int_equal(c->n_tells, 0);
    cluster_run(c, 4000);
    for (int i = 0; i < c->n_tells; i++) {
        assert_true(c->tells[i].order.notice == 0);
        assert_int_equal(c->tells[i].order.receiver, DUTY);
        assert_true(c->tells[i].order.since_ms > 0);
        assert_false(c->tells[i].order.repeat);
        from |= 1 << c->tells[i].node;
        sites |= 1 << c->tells[i].order.site;
    }
    assert_int_equal(from & 0xff, 1 << 2 | 1 << 6); /* the lowest that runs */
    assert_int_equal(sites, 7);
    from = c->n_tells;
    cluster_run(c, 60000);
    assert_int_equal(c->n_tells, from); /* once */
    cluster_free(c);
}

static void an_election_is_no_loss(void **state)
{
    struct cluster *c = calm("      tell: [duty]\n");

    (void)state;
    for (int i = 0; i < 5; i++) {
        c->stopped[c->leader] = true;
        cluster_run(c, 6000);
        c->stopped[8] = c->stopped[11] = c->stopped[10] = c->stopped[9] = false;
        cluster_run(c, 3000);
    }
    assert_int_equal(c->n_tells, 0);
    cluster_free(c);
}

static void who_is_deaf_tries_again_while_it_lasts(void **state)
{
    struct cluster *c = calm("      tell: [duty]\n");
    int n;

    (void)state;
    c->tell = TELL_FAILED;
    for (int i = 0; i < 6; i++)
        c->stopped[i] = true;
    c->stopped[8] = c->stopped[9] = true;
    cluster_run(c, 12000);
    n = c->n_tells;
    assert_int_equal(n, 2); /* of osaka and ishikari */
    cluster_run(c, 6000);
    assert_int_equal(c->n_tells, 4);
    assert_int_equal(c->tells[2].order.attempt, 2);
    assert_string_equal(c->tells[0].order.key[0] == c->tells[2].order.key[0] &&
                                c->tells[0].node == c->tells[2].node
                            ? c->tells[2].order.key
                            : c->tells[3].order.key,
                        c->tells[0].order.key);
    for (int i = 0; i < CLUSTER_NODES; i++)
        c->stopped[i] = false;
    cluster_run(c, 60000);
    for (int i = 4; i < c->n_tells; i++)
        assert_true(c->tells[i].order.notice != 0 || c->tells[i].at_ms < c->now_ms - 50000);
    cluster_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calm_outage_is_told_once_by_the_leader),
        cmocka_unit_test(two_notices_of_a_rule_are_apart),
        cmocka_unit_test(another_site_tells_after_a_failure),
        cmocka_unit_test(what_may_have_arrived_says_so_and_a_silent_one_s_other_is_told),
        cmocka_unit_test(a_teller_that_dies_is_replaced_with_the_same_key),
        cmocka_unit_test(a_teller_s_new_start_sends_nothing_by_itself),
        cmocka_unit_test(an_order_that_comes_late_is_not_carried_out),
        cmocka_unit_test(who_never_answers_is_replaced_after_a_while),
        cmocka_unit_test(a_receipt_of_before_the_leader_s_fall_reaches_the_next),
        cmocka_unit_test(a_site_s_cut_is_one_notice),
        cmocka_unit_test(nobody_looks_after_it_so_the_next_is_called),
        cmocka_unit_test(minor_ones_wait_for_the_morning),
        cmocka_unit_test(maintenance_begins_on_time),
        cmocka_unit_test(a_certificate_near_its_end_is_told_of_once),
        cmocka_unit_test(each_site_tells_that_the_quorum_is_lost),
        cmocka_unit_test(an_election_is_no_loss),
        cmocka_unit_test(who_is_deaf_tries_again_while_it_lasts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
