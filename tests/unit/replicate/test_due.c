/* Time as the shell sees it: what is due when, over a disk that is a few variables. */
#include "world.h"

struct fake {
    struct replicate_disk disk;
    struct raft_io *io;
    raft_io_close_cb close_cb; /* called back when the test, or turn(), says so */
    uint64_t now_ms;
    int opened, bootstrapped, turned, freed;
};

static struct fake fake;
static struct model model;
static int wakes, frames, ended;
static struct replicate *replicate;

/* ---- the disk ---- */

static int fake_init(struct raft_io *io, raft_id id, const char *address)
{
    return 0;
}

static void fake_close(struct raft_io *io, raft_io_close_cb cb)
{
    fake.close_cb = cb;
}

/* The first configuration and nothing else. */
static int fake_load(struct raft_io *io, raft_term *term, raft_id *voted_for,
                     struct raft_snapshot **snapshot, raft_index *start_index,
                     struct raft_entry *entries[], size_t *n_entries)
{
    struct raft_configuration conf;
    struct raft_entry *entry = raft_calloc(1, sizeof *entry);

    assert_int_equal(member_bootstrap_conf(&model, &conf), 0);
    *entry = (struct raft_entry){.term = 1, .type = RAFT_CHANGE};
    assert_int_equal(raft_configuration_encode(&conf, &entry->buf), 0);
    entry->batch = entry->buf.base;
    raft_configuration_close(&conf);
    *term = 1;
    *voted_for = 0;
    *snapshot = NULL;
    *start_index = 1;
    *entries = entry;
    *n_entries = 1;
    return 0;
}

static int fake_start(struct raft_io *io, unsigned msecs, raft_io_tick_cb tick,
                      raft_io_recv_cb recv)
{
    return 0;
}

static int fake_bootstrap(struct raft_io *io, const struct raft_configuration *conf)
{
    fake.bootstrapped++;
    return 0;
}

static int fake_set(struct raft_io *io, raft_term term_or_vote)
{
    return 0;
}

static raft_time fake_time(struct raft_io *io)
{
    return fake.now_ms;
}

static int fake_open(struct replicate_disk *disk, struct raft_io *io, struct err *err)
{
    fake.opened++;
    fake.io = io;
    *io = (struct raft_io){.version = 2,
                           .data = io->data,
                           .init = fake_init,
                           .close = fake_close,
                           .load = fake_load,
                           .start = fake_start,
                           .bootstrap = fake_bootstrap,
                           .set_term = fake_set,
                           .set_vote = fake_set,
                           .time = fake_time};
    return 0;
}

static void fake_turn(struct replicate_disk *disk)
{
    if (++fake.turned == 3)
        fake.close_cb(fake.io);
}

static void fake_free(struct replicate_disk *disk)
{
    fake.freed++;
}

/* ---- the shell ---- */

static int on_send(void *context, int server, const uint8_t *bytes, size_t len)
{
    frames++;
    return 0;
}

static void on_wake(void *context)
{
    wakes++;
}

static void on_closed(void *context)
{
    assert_int_equal(fake.freed, 1);
    ended++;
}

static struct replicate_options fresh(void)
{
    fake = (struct fake){
        .disk = {.name = "fake", .open = fake_open, .turn = fake_turn, .free = fake_free},
        .now_ms = 1000};
    wakes = frames = ended = 0;
    model.n_servers = model.n_coordinators = 3;
    for (int i = 0; i < 3; i++) {
        model.servers[i].name[0] = (char)('a' + i);
        model.servers[i].coordinator = true;
    }
    return (struct replicate_options){.disk = &fake.disk,
                                      .raft_id = replicate_id(0, 0),
                                      .model = &model,
                                      .timing = {.election_ms = 300, .heartbeat_ms = 30},
                                      .handlers = {.send = on_send, .wake = on_wake}};
}

/* ---- tests ---- */

static void runs_what_is_due_when_it_is(void **state)
{
    struct replicate_options options = fresh();
    struct err err;

    assert_int_equal(replicate_open(&options, &replicate, &err), 0);
    assert_true(replicate_due_ms(replicate) == UINT64_MAX);

    fake.now_ms = 1010;
    replicate_elect(replicate); /* asks at once, and again soon */
    assert_int_equal(wakes, 1);
    assert_int_equal(frames, 2);
    assert_int_equal(replicate_due_ms(replicate), 1035);
    fake.now_ms = 1034;
    replicate_run(replicate);
    assert_int_equal(frames, 2);
    assert_int_equal(replicate_due_ms(replicate), 1035);
    replicate_elect(replicate); /* later is no reason to be woken */
    assert_int_equal(wakes, 1);
    assert_int_equal(replicate_due_ms(replicate), 1059);
    fake.now_ms = 1700; /* nobody answered */
    frames = 0;
    replicate_run(replicate);
    assert_true(frames > 0);
    assert_int_equal(wakes, 1); /* who ran it asks */
    assert_int_equal(replicate_due_ms(replicate), 1725);

    replicate_close(replicate, on_closed, NULL);
    assert_int_equal(wakes, 2);
    assert_int_equal(replicate_due_ms(replicate), 1700);
    assert_null(fake.close_cb);
    replicate_run(replicate);
    assert_non_null(fake.close_cb);
    fake.now_ms = 2000;
    replicate_run(replicate); /* the disk is not done yet */
    assert_true(replicate_due_ms(replicate) == UINT64_MAX);
    fake.close_cb(fake.io);
    fake.close_cb(fake.io); /* as raft_uv may do */
    assert_int_equal(wakes, 3);
    assert_int_equal(ended, 0);
    assert_int_equal(fake.freed, 0);
    assert_int_equal(replicate_due_ms(replicate), 2000);
    replicate_run(replicate);
    assert_int_equal(ended, 1);
    assert_int_equal(fake.freed, 1);
}

static void bootstraps_by_turning_the_disk(void **state)
{
    struct replicate_options options = fresh();
    struct err err;

    options.handlers = (struct replicate_handlers){0};
    assert_int_equal(replicate_bootstrap(&options, &err), 0);
    assert_int_equal(fake.bootstrapped, 1);
    assert_int_equal(fake.turned, 3);
    assert_int_equal(fake.freed, 1);
}

static void owns_the_disk_whatever_happens(void **state)
{
    struct replicate_options options = fresh();
    struct err err;

    options.timing.election_ms = 0;
    assert_int_equal(replicate_open(&options, &replicate, &err), ERR_INVALID);
    assert_null(replicate);
    assert_int_equal(fake.opened, 0);
    assert_int_equal(fake.freed, 1);
    options = fresh();
    options.raft_id = replicate_id(3, 0);
    assert_int_equal(replicate_bootstrap(&options, &err), ERR_INVALID);
    assert_int_equal(fake.freed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_what_is_due_when_it_is),
        cmocka_unit_test(bootstraps_by_turning_the_disk),
        cmocka_unit_test(owns_the_disk_whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
