/* How long a commit takes when nothing else happens: a round trip, not a heartbeat. */
#include "base/buf.h"
#include "simulate/sim.h"
#include "simulate/faults/topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define LONE_COMMITS 40
#define SITES_MS 4
/* To a majority and back with a ms of jitter each way, the disks, the answer's way. */
#define COMMIT_MS (2 * (SITES_MS + 1) + 4)

struct seen {
    int64_t done_ms; /* of the newest command; -1 */
};

static void tell(void *context, const struct note *note)
{
    struct seen *seen = context;

    if (note->kind == NOTE_LEDGER && strcmp(note->word, "added") == 0)
        seen->done_ms = note->at_ms;
}

static void ask(struct sim *sim, int number)
{
    struct command command = {.kind = COMMAND_WINDOW_ADD, .who = "operator"};
    int64_t utc_ms = 1798761600000ll;

    command.id.bytes[0] = (uint8_t)(number + 1);
    command.window = (struct window_state){.emergency = true,
                                           .start_ms = utc_ms + 86400000,
                                           .end_ms = utc_ms + 90000000,
                                           .functions = {1}};
    sim_ask(sim, -1, &command);
}

static void a_lone_commit_waits_for_no_heartbeat(void **state)
{
    struct topology topology = {.nodes = 12, .interval_ms = 15000};
    struct seen seen = {.done_ms = -1};
    struct sim_options options = {.name = "commit",
                                  .seed = 5,
                                  .warm_up_ms = 60000,
                                  .between_sites_ms = SITES_MS,
                                  .log_level = LOG_LEVEL_ERROR,
                                  .tell = tell,
                                  .context = &seen};
    struct buf yaml = {0};
    struct sim *sim;
    struct err err;

    (void)state;
    topology_yaml(&topology, &yaml);
    options.yaml = yaml.data;
    options.yaml_len = yaml.len;
    assert_int_equal(sim_new(&options, &sim, &err), 0);
    for (int i = 0; i < LONE_COMMITS; i++) {
        int64_t asked_ms = 2000 * i + 37 * (i % 27); /* anywhere between two ticks */

        assert_int_equal(sim_run(sim, asked_ms), 0);
        seen.done_ms = -1;
        ask(sim, i);
        assert_int_equal(sim_run(sim, asked_ms + 500), 0);
        assert_true(seen.done_ms >= asked_ms);
        assert_true(seen.done_ms - asked_ms <= COMMIT_MS);
    }
    sim_free(sim);
    buf_free(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_commit_waits_for_no_heartbeat),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
