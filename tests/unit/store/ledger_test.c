#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "store/ledger.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEGMENT 65536

struct place {
    char dir[64];
    struct ledger *ledger;
    struct err err;
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    strcpy(place->dir, "/tmp/kirikae-ledger-XXXXXX");
    assert_non_null(mkdtemp(place->dir));
    assert_int_equal(ledger_open(place->dir, &place->ledger, &place->err), 0);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    DIR *dir = opendir(place->dir);
    struct dirent *entry;

    ledger_close(place->ledger);
    while ((entry = readdir(dir)) != NULL)
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    assert_int_equal(rmdir(place->dir), 0);
    free(place);
    return 0;
}

static void path_of(const struct place *place, uint64_t first, char path[128])
{
    snprintf(path, 128, "%s/ledger-%020" PRIu64 ".jsonl", place->dir, first);
}

/* Lines of all lengths from short to a few hundred bytes. */
static size_t line_of(uint64_t seq, char line[512])
{
    int n = snprintf(line, 512, "{\"v\":1,\"seq\":%" PRIu64 ",\"pad\":\"", seq);
    int pad = (int)(seq * 7919 % 300);

    memset(line + n, 'a' + (int)(seq % 26), (size_t)pad);
    return (size_t)(n + pad + snprintf(line + n + pad, 4, "\"}"));
}

static void put(struct place *place, uint64_t from, uint64_t to)
{
    char line[512];

    for (; from < to; from++)
        assert_int_equal(ledger_put(place->ledger, from, line, line_of(from, line), &place->err),
                         0);
}

static void expect(struct place *place, uint64_t seq, uint64_t n, size_t max_bytes)
{
    struct buf got = {0};
    size_t at = 0;
    uint64_t count;

    while (n > 0) {
        if (at == got.len) {
            buf_clear(&got);
            at = 0;
            assert_int_equal(ledger_read(place->ledger, seq, max_bytes, &got, &count, &place->err),
                             0);
            assert_true(count > 0);
            assert_true(got.len <= max_bytes || count == 1);
        }
        char line[512];
        size_t len = line_of(seq, line);

        assert_true(at + len < got.len);
        assert_memory_equal(got.data + at, line, len);
        assert_int_equal(got.data[at + len], '\n');
        at += len + 1;
        seq++;
        n--;
        count--;
        assert_true((at == got.len) == (count == 0));
    }
    buf_free(&got);
}

static void reopen(struct place *place)
{
    ledger_close(place->ledger);
    place->ledger = NULL;
    assert_int_equal(ledger_open(place->dir, &place->ledger, &place->err), 0);
}

static void append_to_file(const struct place *place, uint64_t first, const void *bytes, size_t n)
{
    char path[128];
    int fd;

    path_of(place, first, path);
    fd = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
}

static void lines_come_back_synced_or_not(void **state)
{
    struct place *place = *state;
    struct buf none = {0};
    uint64_t count = 9;

    assert_int_equal(ledger_size(place->ledger), 0);
    put(place, 0, 1000);
    assert_int_equal(ledger_size(place->ledger), 1000);
    expect(place, 0, 1000, 4096);
    expect(place, 63, 200, 1);
    expect(place, 999, 1, 0);
    assert_int_equal(ledger_sync(place->ledger, &place->err), 0);
    expect(place, 0, 1000, 1 << 20);
    assert_int_equal(ledger_read(place->ledger, 1000, 100, &none, &count, &place->err), 0);
    assert_int_equal(count, 0);
    reopen(place);
    assert_int_equal(ledger_size(place->ledger), 1000);
    put(place, 1000, 1100);
    expect(place, 990, 110, 777);
    buf_free(&none);
}

static void segments_follow_one_another(void **state)
{
    struct place *place = *state;
    char path[128];

    put(place, 0, 2 * SEGMENT + 10);
    expect(place, SEGMENT - 100, 200, 3000);
    expect(place, 2 * SEGMENT - 1, 11, 100000);
    reopen(place);
    assert_int_equal(ledger_size(place->ledger), 2 * SEGMENT + 10);
    expect(place, 0, 2 * SEGMENT + 10, 65536);
    path_of(place, 2 * SEGMENT, path);
    assert_int_equal(access(path, F_OK), 0);

    /* A full last segment, its successor not yet made. */
    ledger_close(place->ledger);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ledger_open(place->dir, &place->ledger, &place->err), 0);
    assert_int_equal(ledger_size(place->ledger), 2 * SEGMENT);
    put(place, 2 * SEGMENT, 2 * SEGMENT + 5);
    expect(place, 2 * SEGMENT - 5, 10, 400);
}

static void the_same_again_is_fine_another_is_not(void **state)
{
    struct place *place = *state;

    put(place, 0, 300);
    assert_int_equal(ledger_sync(place->ledger, &place->err), 0);
    put(place, 300, 310);
    put(place, 100, 310);
    assert_int_equal(ledger_size(place->ledger), 310);
    assert_int_equal(ledger_put(place->ledger, 200, "{}", 2, &place->err), ERR_CORRUPT);
    assert_non_null(strstr(place->err.text, "200"));
    assert_int_equal(ledger_put(place->ledger, 311, "{}", 2, &place->err), 1);
    assert_int_equal(ledger_put(place->ledger, 310, "{\n}", 3, &place->err), ERR_INVALID);
    assert_int_equal(ledger_put(place->ledger, 310, "", 0, &place->err), ERR_INVALID);
    assert_int_equal(ledger_size(place->ledger), 310);
}

static void a_torn_tail_is_cut(void **state)
{
    static const char zeros[5000];
    struct place *place = *state;

    put(place, 0, 100);
    reopen(place);
    append_to_file(place, 0, "{\"v\":1,\"se", 10);
    reopen(place);
    assert_int_equal(ledger_size(place->ledger), 100);
    put(place, 100, 120);
    expect(place, 0, 120, 1000);

    /* Blocks that never reached the disk read as zeros, with later ones behind them. */
    ledger_close(place->ledger);
    append_to_file(place, 0, zeros, sizeof zeros);
    append_to_file(place, 0, "\"}\n{\"v\":1}\n", 11);
    assert_int_equal(ledger_open(place->dir, &place->ledger, &place->err), 0);
    assert_int_equal(ledger_size(place->ledger), 120);
    put(place, 120, 130);
    reopen(place);
    expect(place, 0, 130, 1000);
}

static void every_cut_leaves_whole_lines(void **state)
{
    struct place *place = *state;
    char path[128];
    struct stat st;
    off_t size;

    path_of(place, 0, path);
    put(place, 0, 12);
    reopen(place);
    assert_int_equal(stat(path, &st), 0);
    for (size = st.st_size; size >= 0; size -= 3) {
        uint64_t left;

        ledger_close(place->ledger);
        assert_int_equal(truncate(path, size), 0);
        assert_int_equal(ledger_open(place->dir, &place->ledger, &place->err), 0);
        left = ledger_size(place->ledger);
        expect(place, 0, left, 100);
        put(place, left, 12);
        expect(place, 0, 12, 100);
    }
}

static void damage_elsewhere_is_named(void **state)
{
    struct place *place = *state;
    char path[128];
    struct stat st;

    put(place, 0, SEGMENT + 10);
    ledger_close(place->ledger);
    place->ledger = NULL;
    path_of(place, 0, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size - 1), 0);
    assert_int_equal(ledger_open(place->dir, &place->ledger, &place->err), ERR_CORRUPT);
    assert_non_null(strstr(place->err.text, "ledger-00000000000000000000.jsonl"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ledger_open(place->dir, &place->ledger, &place->err), ERR_CORRUPT);
    assert_non_null(strstr(place->err.text, "ledger-00000000000000000000.jsonl"));
}

/* RLIMIT_FSIZE stands for a full disk: writes beyond it fail in the middle of a line. */
static void lines_survive_a_full_disk(void **state)
{
    struct place *place = *state;
    struct rlimit old, small;
    char line[512];
    uint64_t seq = 0;
    int rc = 0, sync;

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){100001, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (rc == 0 && seq < 100000) {
        rc = ledger_put(place->ledger, seq, line, line_of(seq, line), &place->err);
        seq += rc == 0;
    }
    sync = ledger_sync(place->ledger, &place->err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(rc, ERR_IO);
    assert_int_equal(sync, ERR_IO);
    expect(place, 0, seq, 5000);
    put(place, seq, seq + 1000);
    assert_int_equal(ledger_sync(place->ledger, &place->err), 0);
    reopen(place);
    assert_int_equal(ledger_size(place->ledger), seq + 1000);
    expect(place, 0, seq + 1000, 5000);
}

static void the_longest_line_fits(void **state)
{
    struct place *place = *state;
    char *line = malloc(LIMIT_LEDGER_LINE + 1);
    struct buf got = {0};
    uint64_t count;

    memset(line, 'x', LIMIT_LEDGER_LINE + 1);
    assert_int_equal(ledger_put(place->ledger, 0, line, LIMIT_LEDGER_LINE + 1, &place->err),
                     ERR_INVALID);
    assert_int_equal(ledger_put(place->ledger, 0, line, LIMIT_LEDGER_LINE, &place->err), 0);
    assert_int_equal(ledger_put(place->ledger, 1, line, LIMIT_LEDGER_LINE, &place->err), 0);
    assert_int_equal(ledger_read(place->ledger, 0, 10, &got, &count, &place->err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(got.len, LIMIT_LEDGER_LINE + 1);
    reopen(place);
    assert_int_equal(ledger_size(place->ledger), 2);
    assert_int_equal(ledger_put(place->ledger, 1, line, LIMIT_LEDGER_LINE, &place->err), 0);
    buf_free(&got);
    free(line);
}

static void one_process_at_a_time(void **state)
{
    struct place *place = *state;
    struct ledger *second;

    assert_int_equal(ledger_open(place->dir, &second, &place->err), ERR_IO);
    assert_non_null(strstr(place->err.text, "in use"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_come_back_synced_or_not, setup, teardown),
        cmocka_unit_test_setup_teardown(segments_follow_one_another, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_again_is_fine_another_is_not, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_tail_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(every_cut_leaves_whole_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(damage_elsewhere_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_survive_a_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(the_longest_line_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(one_process_at_a_time, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
