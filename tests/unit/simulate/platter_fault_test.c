/* Disks that fail, fill up or stand still, and clocks that do not agree. */
#include "base/mem.h"
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* ---- faults ---- */

static void a_stalled_write_ends_when_it_is_over(void **state)
{
    struct rig *rig = rig_new(8);
    struct batch batches[2];

    start_empty(rig);
    append(rig, &batches[0], 0, 1);
    platter_stall(rig->platter, true);
    run_ms(rig, 1000);
    append(rig, &batches[1], 1, 1);
    run_ms(rig, 1000);
    assert_int_equal(batches[0].called, 0);
    assert_int_equal(platter_view(rig->platter).last, 0);
    platter_stall(rig->platter, false);
    run_ms(rig, 10);
    assert_int_equal(batches[0].called, 1);
    assert_int_equal(batches[1].called, 1);
    platter_slow(rig->platter, 200);
    append(rig, &batches[0], 0, 1);
    run_ms(rig, 199);
    assert_int_equal(batches[0].called, 0);
    run_ms(rig, 10);
    assert_int_equal(batches[0].called, 1);
    rig_free(rig);
}

static void a_full_disk_is_tried_again(void **state)
{
    struct rig *rig = rig_new(9);
    struct process *process = &rig->process;
    struct batch batch;
    struct putting putting;

    start_empty(rig);
    assert_true(process->io.capacity > 256);
    platter_full(rig->platter, true);
    assert_int_equal(process->io.capacity, 0);
    append(rig, &batch, 0, 4);
    put(rig, &putting, 4, 8);
    run_ms(rig, 5500);
    assert_int_equal(batch.called, 0);
    assert_int_equal(process->reports[GUARD_DISK_STALLED], 1);
    platter_full(rig->platter, false);
    assert_true(process->io.capacity > 256);
    run_ms(rig, 1100);
    assert_int_equal(batch.called, 1);
    assert_int_equal(putting.called, 1);
    assert_int_equal(putting.status, 0);
    assert_int_equal(process->reports[GUARD_DISK_STALLED], 1);
    assert_int_equal(process->reports[GUARD_DISK_RECOVERED], 1);
    put_close(&putting);
    rig_free(rig);
}

static void a_failing_write_is_reported(void **state)
{
    struct rig *rig = rig_new(10);
    struct process *process = &rig->process;
    struct batch batches[2];
    struct putting putting;

    start_empty(rig);
    platter_fail(rig->platter);
    assert_int_equal(process->io.set_term(&process->io, 3), RAFT_IOERR);
    assert_int_equal(process->io.set_term(&process->io, 3), 0);
    platter_fail(rig->platter);
    put(rig, &putting, 4, 8);
    run_ms(rig, 20);
    assert_int_equal(putting.status, RAFT_IOERR);
    assert_int_equal(platter_view(rig->platter).snapshot, 0);
    assert_int_equal(process->reports[GUARD_DISK_WRITE_FAILED], 0);
    platter_fail(rig->platter);
    append(rig, &batches[0], 0, 1);
    run_ms(rig, 20);
    append(rig, &batches[1], 1, 1);
    run_ms(rig, 5000);
    assert_int_equal(process->reports[GUARD_DISK_WRITE_FAILED], 1);
    assert_int_equal(batches[0].called, 0); /* the process has to end */
    assert_int_equal(batches[1].called, 0);
    assert_true(strlen(process->io.errmsg) > 0);
    detach(rig);
    assert_int_equal(batches[0].status, RAFT_CANCELED);
    assert_int_equal(batches[1].status, RAFT_CANCELED);
    put_close(&putting);
    rig_free(rig);
}

static void a_damaged_entry_is_refused(void **state)
{
    struct rig *rig = rig_new(11);
    struct batch batch;
    struct loaded loaded;

    start_empty(rig);
    append(rig, &batch, 0, 3);
    run_ms(rig, 20);
    detach(rig);
    platter_corrupt_tail(rig->platter);
    attach(rig);
    assert_int_equal(load(rig, &loaded), RAFT_CORRUPT);
    assert_true(strlen(rig->process.io.errmsg) > 0);
    detach(rig);
    platter_wipe(rig->platter);
    start_empty(rig);
    rig_free(rig);
}

/* ---- time ---- */

static void on_tick(struct raft_io *io)
{
    struct process *process = (struct process *)((char *)io - offsetof(struct process, io));

    process->ticks++;
    process->ticked_ms = (int64_t)io->time(io);
}

static void no_message(struct raft_io *io, struct raft_message *message)
{
    fail();
}

/* platter_fire() looks into libraft's requests: none here. */
static struct raft *quiet_raft(void)
{
    struct raft *raft = mem_zalloc(1, sizeof *raft);

    raft->legacy.requests[0] = raft->legacy.requests;
    raft->legacy.requests[1] = raft->legacy.requests;
    return raft;
}

static void a_frozen_process_finds_it_later(void **state)
{
    struct rig *rig = rig_new(12);
    struct process *process = &rig->process;
    struct raft *raft = quiet_raft();
    struct batch batches[2];

    start_empty(rig);
    process->io.data = raft;
    process->io.start(&process->io, 10, on_tick, no_message);
    append(rig, &batches[0], 0, 1);
    append(rig, &batches[1], 1, 1);
    rig->frozen = true;
    run_ms(rig, 1000);
    assert_int_equal(platter_view(rig->platter).last, 1); /* the disk went on */
    assert_int_equal(batches[0].called, 0);
    assert_int_equal(process->ticks, 0);
    thaw(rig);
    assert_int_equal(batches[0].called, 1);
    assert_int_equal(process->ticks, 1); /* not one for each that was missed */
    run_ms(rig, 100);
    assert_int_equal(batches[1].called, 1);
    assert_int_equal(process->ticks, 11);
    detach(rig);
    mem_free(raft);
    rig_free(rig);
}

static void ticks_follow_the_process_clock(void **state)
{
    struct rig *rig = rig_new(13);
    struct process *process = &rig->process;
    struct raft *raft = quiet_raft();

    start_empty(rig);
    process->io.data = raft;
    process->io.start(&process->io, 10, on_tick, no_message);
    run_ms(rig, 55);
    assert_int_equal(process->ticks, 5);
    assert_int_equal(process->ticked_ms, 5050);
    rig->clock_stopped = true;
    rig->clock_lost_ms = -wheel_now(rig->wheel);
    run_ms(rig, 1000);
    assert_int_equal(process->ticks, 5);
    rig->clock_stopped = false;
    rig->clock_lost_ms = 1000;
    run_ms(rig, 100);
    assert_in_range(process->ticks, 14, 15);
    platter_cut_off(rig->platter, false);
    run_ms(rig, 100);
    assert_in_range(process->ticks, 14, 15);
    detach(rig);
    mem_free(raft);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stalled_write_ends_when_it_is_over),
        cmocka_unit_test(a_full_disk_is_tried_again),
        cmocka_unit_test(a_failing_write_is_reported),
        cmocka_unit_test(a_damaged_entry_is_refused),
        cmocka_unit_test(a_frozen_process_finds_it_later),
        cmocka_unit_test(ticks_follow_the_process_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
