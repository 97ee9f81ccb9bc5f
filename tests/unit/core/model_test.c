/* The model: who watches what, what a lost site leaves, which layouts are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "core/entry.h"
#include "core/model/model.h"

#include <stdio.h>

/* `counts[i]` coordinators in site i, and a route whose first candidate is the first
 * two servers of site 0 and whose second is the first two of site 1, each with a check. */
static struct model *layout(int n_sites, const int *counts)
{
    struct model *m = model_new();

    strcpy(m->cluster, "layout");
    m->version = 1;
    m->n_sites = n_sites;
    m->checks = mem_zalloc(4, sizeof *m->checks);
    m->routes = mem_zalloc(1, sizeof *m->routes);
    m->n_routes = 1;
    strcpy(m->routes[0].name, "calls");
    m->routes[0].follows = -1;
    m->routes[0].callers = -1;
    m->routes[0].n_candidates = 2;
    for (int s = 0; s < n_sites; s++) {
        snprintf(m->sites[s].name, LIMIT_NAME, "site-%d", s);
        for (int i = 0; i < counts[s]; i++) {
            struct server *server = &m->servers[m->n_servers];

            snprintf(server->name, LIMIT_NAME, "s%d-%d", s, i);
            snprintf(server->host, LIMIT_NAME, "10.0.%d.%d", s, i);
            server->site = s;
            server->coordinator = true;
            server->port = 7400;
            if (s < 2 && i < 2) {
                struct candidate *c = &m->routes[0].candidates[s];
                struct check *check = &m->checks[m->n_checks++];

                if (c->members == NULL)
                    c->members = mem_zalloc(2, sizeof *c->members);
                c->members[c->n_members++] = m->n_servers;
                c->least = 1;
                snprintf(c->name, LIMIT_NAME, "c%d", s);
                snprintf(check->name, LIMIT_NAME, "tcp@s%d-%d", s, i);
                check->target = m->n_servers;
                check->interval_ms = 1000;
                check->timeout_ms = 1000;
                check->observers = 5;
            }
            m->n_servers++;
        }
    }
    m->n_coordinators = m->n_servers;
    return m;
}

static const int three_by_four[] = {4, 4, 4};

static void timing_is_as_designed(void **state)
{
    struct timing normal = model_timing(PROFILE_NORMAL), fast = model_timing(PROFILE_FAST);

    assert_int_equal(normal.beat_ms, 100);
    assert_int_equal(normal.silent_ms, 400);
    assert_int_equal(normal.window_ms, 1000);
    assert_int_equal(normal.election_ms, 1000);
    assert_int_equal(normal.heartbeat_ms, 100);
    assert_int_equal(normal.lease_holder_ms, 500);
    assert_int_equal(normal.fence_ms, 30);
    assert_int_equal(fast.beat_ms, 50);
    assert_int_equal(fast.silent_ms, 200);
    assert_int_equal(fast.window_ms, 600);
    assert_int_equal(fast.election_ms, 600);
    assert_int_equal(fast.heartbeat_ms, 60);
    assert_int_equal(fast.lease_holder_ms, 250);
    assert_int_equal(fast.fence_ms, 30);
}

static void names_are_found(void **state)
{
    struct model *m = layout(3, three_by_four);

    assert_int_equal(model_site(m, "site-2"), 2);
    assert_int_equal(model_site(m, "site-3"), -1);
    assert_int_equal(model_server(m, "s2-3"), 11);
    assert_int_equal(model_server(m, "s2"), -1);
    assert_int_equal(model_check(m, "tcp@s1-0"), 2);
    assert_int_equal(model_route(m, "calls"), 0);
    assert_int_equal(model_candidate(&m->routes[0], "c1"), 1);
    assert_int_equal(model_candidate(&m->routes[0], "c2"), -1);
    assert_int_equal(model_function(m, "x"), -1);
    model_free(m);
    model_free(NULL);
}

static void lost_sites_are_counted(void **state)
{
    struct model *m = layout(3, three_by_four);
    struct site_loss loss = model_lose_site(m, 0);

    assert_int_equal(model_voters(m), 12);
    assert_int_equal(model_majority(m), 7);
    assert_int_equal(loss.voters_left, 8);
    assert_int_equal(loss.majority, 7);
    assert_true(loss.quorum);

    m->servers[0].role = MEMBER_STANDBY;
    loss = model_lose_site(m, 1);
    assert_int_equal(model_voters(m), 11);
    assert_int_equal(loss.voters_left, 7);
    assert_int_equal(loss.majority, 6);
    assert_true(loss.quorum);
    model_free(m);
}

static void route_targets_are_watched_by_all_others(void **state)
{
    struct model *m = layout(3, three_by_four);

    assert_true(model_in_route(m, 0));
    assert_false(model_in_route(m, 2));
    for (int c = 0; c < m->n_checks; c++)
        assert_true(model_observers(m, c) == (0xfffull & ~server_bit(m->checks[c].target)));
    model_free(m);
}

static int sites_of(const struct model *m, server_set set)
{
    bool seen[LIMIT_SITES] = {false};
    int n = 0;

    for (int i = 0; i < m->n_servers; i++)
        if ((set & server_bit(i)) && !seen[m->servers[i].site]) {
            seen[m->servers[i].site] = true;
            n++;
        }
    return n;
}

/* Other targets: the asked-for number of observers, never the target, two sites, spread
 * evenly, and a server that goes takes only its own checks along. */
static void observers_are_spread(void **state)
{
    struct model *m = layout(3, three_by_four);
    int load[LIMIT_SERVERS] = {0};
    server_set before[600];

    mem_free(m->checks);
    m->n_checks = 600;
    m->checks = mem_zalloc(600, sizeof *m->checks);
    for (int c = 0; c < 600; c++) {
        snprintf(m->checks[c].name, LIMIT_NAME, "disk-%d@s2-1", c);
        m->checks[c].target = 9;
        m->checks[c].observers = c % 2 == 0 ? 2 : 5;
    }
    for (int c = 0; c < 600; c++) {
        before[c] = model_observers(m, c);
        assert_int_equal(server_count(before[c]), m->checks[c].observers);
        assert_true(sites_of(m, before[c]) >= 2);
        assert_false(before[c] & server_bit(9));
        for (int i = 0; i < 12; i++)
            load[i] += before[c] >> i & 1;
    }
    /* 300 * (2 + 5) over eleven observers: 191 on average. */
    for (int i = 0; i < 12; i++)
        if (i != 9)
            assert_in_range(load[i], 130, 260);

    strcpy(m->servers[3].name, "elsewhere");
    for (int c = 1; c < 600; c += 2) {
        server_set after = model_observers(m, c), common = before[c] & after;

        if (!(before[c] & server_bit(3)) && !(after & server_bit(3)))
            assert_true(after == before[c]);
        assert_true(server_count(common) >= 3);
    }
    m->checks[1].observers = 0;
    assert_int_equal(server_count(model_observers(m, 1)), 11);
    m->checks[1].observers = 64;
    assert_int_equal(server_count(model_observers(m, 1)), 11);
    model_free(m);
}

/* A site of eleven and one of one: whatever the hashes say, the one is in. */
static void two_sites_always_watch(void **state)
{
    static const int lopsided[] = {11, 1};
    struct model *m = layout(2, lopsided);

    m->n_routes = 0; /* its memory goes with the model */
    for (int i = 0; i < 200; i++) {
        server_set set;

        snprintf(m->checks[0].name, LIMIT_NAME, "x-%d@s0-0", i);
        set = model_observers(m, 0);
        assert_int_equal(server_count(set), 5);
        assert_true(set & server_bit(11));
        assert_false(set & server_bit(0));
    }
    m->n_routes = 1;
    model_free(m);
}

static void not_asked(struct model *m, const char *why)
{
    struct err err;

    assert_int_equal(model_validate(m, &err), ERR_INVALID);
    if (strstr(err.text, why) == NULL)
        fail_msg("%s, wanted %s", err.text, why);
}

/* Whose word keeps a failed candidate: one that only comes by the switch, from two sites. */
static void callers_come_by_the_switch(void **state)
{
    struct model *m = layout(3, three_by_four);
    struct check *way;
    struct err err;

    m->checks = mem_realloc(m->checks, 5, sizeof *m->checks);
    way = &m->checks[m->n_checks];
    *way = (struct check){.name = "way@s2-0",
                          .target = 8,
                          .kind = CHECK_HTTP,
                          .rise = 1,
                          .fall = 1,
                          .fall_silent = 1,
                          .status_min = 200,
                          .status_max = 499,
                          .interval_ms = 1000,
                          .timeout_ms = 1000,
                          .observers = 5};
    strcpy(way->url, "http://10.0.2.0/");
    m->routes[0].callers = m->n_checks++;
    if (model_validate(m, &err) != 0 && strstr(err.text, "callers") != NULL)
        fail_msg("%s", err.text);
    way->status_max = 500;
    not_asked(m, "callers: check \"way@s2-0\" takes status 500 and above for good");
    way->status_max = 399;
    way->kind = CHECK_TCP;
    not_asked(m, "callers: check \"way@s2-0\" must be http or sip");
    way->kind = CHECK_HTTP;
    way->observers = 1;
    not_asked(m, "callers: check \"way@s2-0\" is watched from one site alone");
    way->observers = 2; /* never of one site */
    if (model_validate(m, &err) != 0 && strstr(err.text, "callers") != NULL)
        fail_msg("%s", err.text);
    way->target = m->routes[0].candidates[1].members[1];
    not_asked(m, "asks server \"s1-1\" of its candidate \"c1\"");
    m->routes[0].callers = m->n_checks;
    not_asked(m, "callers names an unknown check");
    model_free(m);
}

static void calm_leaders_stand_apart(void **state)
{
    static const int two_by_four[] = {4, 4};
    struct model *m = layout(3, three_by_four);

    assert_true(model_calm_leaders(m) == 0xf00);
    m->servers[8].role = MEMBER_STANDBY;
    assert_true(model_calm_leaders(m) == 0xe00);
    model_free(m);

    m = layout(2, two_by_four); /* only the alternate's site is not preferred */
    assert_true(model_calm_leaders(m) == 0x0f0);
    m->routes[0].candidates[0].members[1] = 4;
    assert_true(model_calm_leaders(m) == 0x0ff);
    model_free(m);
}

static void refused(struct model *m, const char *why)
{
    struct err err = {{0}};

    assert_int_equal(model_validate(m, &err), ERR_INVALID);
    if (strstr(err.text, why) == NULL)
        fail_msg("got \"%s\", not \"%s\"", err.text, why);
    model_free(m);
}

static void accepted(struct model *m)
{
    struct err err = {{0}};

    if (model_validate(m, &err) != 0)
        fail_msg("refused: %s", err.text);
    model_free(m);
}

static void layouts_that_lose_the_quorum_are_refused(void **state)
{
    static const int two_equal[] = {6, 6}, primary_heavy[] = {6, 3, 3}, good[] = {5, 4, 3};
    struct model *m;

    accepted(layout(3, three_by_four));
    accepted(layout(3, good));

    m = layout(3, primary_heavy);
    for (int i = 2; i < 6; i++) /* two standbys: 4 of 10 voters stand in site 0 */
        m->servers[i].role = i < 4 ? MEMBER_STANDBY : MEMBER_VOTER;
    accepted(m);
    refused(layout(3, primary_heavy),
            "losing site \"site-0\" (candidate \"c0\") would leave 6 of 12 voters, and 7 are "
            "needed");

    m = layout(2, two_equal);
    m->accept_quorum_loss = true;
    accepted(m);
    refused(layout(2, two_equal), "watched from 1 other site(s)");
}

static void few_voters_are_refused(void **state)
{
    static const int one_each[] = {1, 1}, three[] = {1, 1, 1};
    struct model *m = layout(2, one_each);

    m->accept_quorum_loss = true;
    accepted(m);
    refused(layout(2, one_each), "2 voter(s) cannot lose one");
    m = layout(3, three);
    for (int i = 0; i < 3; i++)
        m->servers[i].role = MEMBER_STANDBY;
    m->accept_quorum_loss = true;
    refused(m, "no server is a voter");
    accepted(layout(3, three));
}

/* Most observers in the target's own site could not tell its failure from the site's. */
static void watchers_must_stand_elsewhere(void **state)
{
    static const int crowded[] = {7, 2, 2};
    struct model *m = layout(3, crowded);

    for (int i = 2; i < 7; i++)
        m->servers[i].role = MEMBER_STANDBY; /* the quorum is fine, the watch is not */
    refused(m, "6 of the 10 observers of server \"s0-0\" stand in its own site");
}

static void references_are_checked(void **state)
{
    struct model *m;

    m = layout(3, three_by_four);
    m->servers[5].site = 3;
    refused(m, "\"s1-1\" has no site");
    m = layout(3, three_by_four);
    m->n_sites = 4;
    strcpy(m->sites[3].name, "empty");
    refused(m, "site \"empty\" has no server");
    m = layout(3, three_by_four);
    strcpy(m->servers[5].name, "s0-0");
    refused(m, "two servers are named \"s0-0\"");
    m = layout(3, three_by_four);
    strcpy(m->servers[5].name, "S");
    refused(m, "the name of a server must begin with");
    m = layout(3, three_by_four);
    m->checks[0].target = 12;
    refused(m, "check \"tcp@s0-0\" has no target");
    m = layout(3, three_by_four);
    m->n_checks = 3;
    refused(m, "server \"s1-1\" has no check");
    m = layout(3, three_by_four);
    m->routes[0].candidates[0].least = 3;
    refused(m, "least must be from 1 to 2, not 3");
    m = layout(3, three_by_four);
    m->routes[0].candidates[0].least = 0;
    refused(m, "least must be from 1 to 2, not 0");
    m = layout(3, three_by_four);
    m->routes[0].candidates[1].members[0] = 0;
    refused(m, "server \"s0-0\" stands in it twice");
    m = layout(3, three_by_four);
    m->checks[1].timeout_ms = 10001;
    refused(m, "more than 10 intervals");
    m = layout(3, three_by_four);
    m->servers[m->n_servers] = m->servers[0];
    strcpy(m->servers[m->n_servers].name, "web");
    m->servers[m->n_servers].coordinator = false;
    m->routes[0].candidates[0].members[0] = m->n_servers++;
    m->routes[0].kind = ROUTE_EXCLUSIVE;
    refused(m, "\"web\" runs no coordinator that could hold a grant");
}

static void switches_have_one_owner(void **state)
{
    struct model *m = layout(3, three_by_four);
    struct route *route = &m->routes[0];

    strcpy(route->candidates[0].value, "one");
    strcpy(route->candidates[1].value, "two");
    route->n_actuators = 2;
    for (int i = 0; i < 2; i++) {
        snprintf(route->actuators[i].name, LIMIT_NAME, "lb-%d", i);
        strcpy(route->actuators[i].address, "10.0.0.1:9999");
        snprintf(route->actuators[i].map, LIMIT_TEXT, "/map-%d", i);
    }
    strcpy(route->actuators[1].map, "/map-0");
    refused(m, "actuator \"lb-1\" and actuator \"lb-0\" of route \"calls\" are the same switch");
}

/* A second route, of other servers, at the first one's HAProxy with a map of its own. */
static struct model *two_routes(const char *address, const char *backend)
{
    struct model *m = layout(3, three_by_four);
    struct route *first = &m->routes[0], *second;

    strcpy(first->candidates[0].value, "one");
    strcpy(first->candidates[1].value, "two");
    first->n_actuators = 1;
    strcpy(first->actuators[0].name, "lb");
    strcpy(first->actuators[0].address, "10.0.0.1:9999");
    strcpy(first->actuators[0].map, "/first");
    m->routes = mem_realloc(m->routes, 2, sizeof *m->routes);
    m->n_routes = 2;
    first = &m->routes[0];
    second = &m->routes[1];
    *second = *first;
    strcpy(second->name, "mail");
    strcpy(second->candidates[0].value, "three");
    strcpy(second->candidates[1].value, backend);
    strcpy(second->actuators[0].address, address);
    strcpy(second->actuators[0].map, "/second");
    for (int i = 0; i < 2; i++) {
        second->candidates[i].members = mem_zalloc(1, sizeof(int));
        second->candidates[i].members[0] = first->candidates[i].members[0];
        second->candidates[i].n_members = second->candidates[i].least = 1;
    }
    return m;
}

static void backends_have_one_route(void **state)
{
    struct model *m = two_routes("10.0.0.1:9999", "four");
    struct err err;

    assert_int_equal(model_validate(m, &err), 0);
    model_free(m);
    m = two_routes("10.0.0.2:9999", "one");
    assert_int_equal(model_validate(m, &err), 0);
    model_free(m);
    m = two_routes("10.0.0.1:9999", "one");
    refused(m, "backend \"one\" of actuator \"lb\" is route \"calls\"'s at the same HAProxy");
}

/* Two candidates of one server each, with an address or a hook. */
static struct model *with_own(enum actuator_kind kind, const char *address)
{
    struct model *m = layout(3, three_by_four);
    struct route *route = &m->routes[0];

    route->kind = ROUTE_EXCLUSIVE;
    for (int i = 0; i < route->n_candidates; i++)
        route->candidates[i].n_members = route->candidates[i].least = 1;
    route->n_actuators = 1;
    route->actuators[0] = (struct actuator){.kind = kind};
    strcpy(route->actuators[0].name, "own");
    strcpy(route->actuators[0].address, address);
    return m;
}

static void what_servers_hold_needs_grants(void **state)
{
    struct err err;
    struct model *m = with_own(ACTUATOR_ADDRESS, "192.0.2.10");

    assert_int_equal(model_validate(m, &err), 0);
    assert_true(route_is_own(&m->routes[0]));
    model_free(m);
    m = with_own(ACTUATOR_ADDRESS, "192.0.2.10");
    m->routes[0].kind = ROUTE_AVAILABLE;
    refused(m, "actuator \"own\" is held by the servers themselves, which only a route of kind: "
               "exclusive makes safe");
    m = with_own(ACTUATOR_HOOK, "hook:bgp");
    m->routes[0].kind = ROUTE_AVAILABLE;
    refused(m, "actuator \"own\" is held by the servers themselves");
    m = with_own(ACTUATOR_ADDRESS, "192.0.2.10");
    m->routes[0].candidates[1].n_members = 2;
    refused(m, "actuator \"own\" is an address, which one server has at a time, but candidate");
    m = with_own(ACTUATOR_HOOK, "hook:bgp"); /* routes may be announced by many */
    m->routes[0].candidates[1].n_members = 2;
    assert_int_equal(model_validate(m, &err), 0);
    model_free(m);
    m = with_own(ACTUATOR_ADDRESS, "192.0.2.10");
    m->routes[0].actuators[1] = m->routes[0].actuators[0];
    strcpy(m->routes[0].actuators[m->routes[0].n_actuators++].name, "again");
    refused(m, "actuator \"again\" and actuator \"own\" of route");
}

/* `routes` exclusive ones like the first, with names of their own. */
static struct model *wide(int coordinators, int routes)
{
    struct model *m = layout(3, (const int[]){4, 4, coordinators - 8});
    struct route *first = &m->routes[0];

    m->routes = mem_realloc(m->routes, (size_t)routes, sizeof *m->routes);
    first = &m->routes[0];
    first->kind = ROUTE_EXCLUSIVE;
    for (int r = 1; r < routes; r++) {
        m->routes[r] = *first;
        snprintf(m->routes[r].name, LIMIT_NAME, "calls-%d", r);
        for (int c = 0; c < first->n_candidates; c++)
            m->routes[r].candidates[c].members =
                mem_dup(first->candidates[c].members, 2 * sizeof(int));
    }
    m->n_routes = routes;
    return m;
}

static void beats_have_room_for_all(void **state)
{
    struct model *m = wide(27, LIMIT_ROUTES);
    struct err err = {0};

    assert_int_equal(model_validate(m, &err), 0);
    model_free(m);
    m = wide(28, LIMIT_ROUTES);
    assert_int_equal(model_validate(m, &err), ERR_LIMIT);
    assert_string_equal(err.text,
                        "28 coordinators and 64 exclusive routes make beats of up to 1346 bytes, "
                        "1336 are the most: a coordinator takes 19, an exclusive route 7");
    model_free(m);
}

static void words_have_names(void **state)
{
    assert_string_equal(entry_kind_name(ENTRY_LEADER), "leader");
    assert_string_equal(entry_kind_name(ENTRY_REASSERTED), "reasserted");
    assert_string_equal(entry_kind_name(ENTRY_HANDOVER), "handover");
    assert_string_equal(entry_kind_name(0), "?");
    assert_string_equal(entry_kind_name(ENTRY_HOLDING), "holding");
    assert_string_equal(entry_kind_name(ENTRY_INCIDENT), "incident");
    assert_string_equal(entry_kind_name(63), "?");
    assert_string_equal(verdict_name(VERDICT_DISPUTED), "disputed");
    assert_string_equal(verdict_name(4), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timing_is_as_designed),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(lost_sites_are_counted),
        cmocka_unit_test(route_targets_are_watched_by_all_others),
        cmocka_unit_test(observers_are_spread),
        cmocka_unit_test(two_sites_always_watch),
        cmocka_unit_test(callers_come_by_the_switch),
        cmocka_unit_test(calm_leaders_stand_apart),
        cmocka_unit_test(layouts_that_lose_the_quorum_are_refused),
        cmocka_unit_test(few_voters_are_refused),
        cmocka_unit_test(watchers_must_stand_elsewhere),
        cmocka_unit_test(references_are_checked),
        cmocka_unit_test(switches_have_one_owner),
        cmocka_unit_test(backends_have_one_route),
        cmocka_unit_test(what_servers_hold_needs_grants),
        cmocka_unit_test(beats_have_room_for_all),
        cmocka_unit_test(words_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
