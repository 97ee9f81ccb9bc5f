/* Whatever happened, a leader comes to rest: from many random situations on, while nothing more
 * changes outside, it stops proposing. Two rules that answer each other would go on forever. */
#include "cluster.h"
#include "world.h"
#include "base/prng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { SEEDS = 40, CHANGES = 8, ROUTES = 3, REST_MS = 20000, PROPOSALS_MAX = 12 };

/* No hold or backoff that would hide it. Only one route has an actuator that says its epoch: those
 * of a cluster.h are told by number, whatever the route. */
#define FREE "    hold: {moves: 8, window: 1s, backoff: 0s}\n"
#define PLACES                                                                                     \
    "      - {name: tokyo, servers: [voice-1, voice-2, voice-3, voice-4], least: 2, value: v}\n"   \
    "      - {name: osaka, servers: [mirror-1, mirror-2, mirror-3, mirror-4], least: 2, value: "   \
    "m}\n"
#define PAIR                                                                                       \
    "      - {name: tokyo, servers: [voice-1], value: v1}\n"                                       \
    "      - {name: osaka, servers: [mirror-1], value: m1}\n"
static const char yaml[] = WORLD_SERVERS
    "routes:\n"
    "  - name: line\n"
    "    kind: exclusive\n" FREE "    candidates:\n" PAIR
    "    actuators: [{name: ip, address: {ip: 192.0.2.10}}]\n"
    "  - name: calls\n"
    "    failback: {after: 1s}\n" FREE "    candidates:\n" PLACES "    actuators:\n"
    "      - {name: lb-1, haproxy: {address: \"10.0.4.1:9999\", map: /c.map}, timeout: 1s}\n"
    "  - name: pair\n"
    "    follows: calls\n" FREE "    candidates:\n" PAIR "functions:\n"
    "  - {name: calling, label_ja: 発信・着信, route: calls}\n"
    "contract: {name: c, timezone: Asia/Tokyo, target: \"98\"}\n";

/* Of the sites only one is cut at a time, so that there is a quorum. */
static void change(struct cluster *c, struct prng *random, uint8_t id)
{
    int server = (int)prng_below(random, 8), first = 4 * (int)prng_below(random, 2), i;
    struct command command = {.kind = COMMAND_SWITCHOVER, .who = "akira"};

    switch ((int)prng_below(random, 6)) {
    case 0:
        c->dead[server] = !c->dead[server];
        break;
    case 1:
        c->hung[server] = !c->hung[server];
        break;
    case 2:
        for (i = 0; i < 8; i++)
            c->cut[i] = i >= first && i < first + 4 && !c->cut[i] && i != c->leader;
        break;
    case 3:
        c->failing[0] = !c->failing[0];
        break;
    case 4:
        c->mute[server] = !c->mute[server];
        break;
    default:
        command.route = (int)prng_below(random, ROUTES);
        command.to = (int)prng_below(random, 2);
        command.id.bytes[0] = id;
        cluster_command(c, &command);
    }
}

static void it_comes_to_rest(void **state)
{
    uint64_t seed, before;
    struct prng random;
    int i, moves;

    (void)state;
    for (seed = 1; seed <= SEEDS; seed++) {
        struct cluster *c = cluster_of(yaml, seed);

        prng_seed(&random, seed);
        c->helpers = true;
        cluster_run(c, 3000);
        for (i = 1; i <= CHANGES; i++) {
            change(c, &random, (uint8_t)i);
            cluster_run(c, prng_below(&random, 2000));
        }
        moves = c->moves;
        cluster_run(c, REST_MS); /* what happened is found out, and answered */
        before = cluster_shared(c)->index;
        cluster_run(c, REST_MS);
        assert_in_range(c->moves - moves, 0, PROPOSALS_MAX);
        assert_in_range(cluster_shared(c)->index - before, 0, PROPOSALS_MAX);
        cluster_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_comes_to_rest)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
