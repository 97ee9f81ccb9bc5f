#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char dir[64], path[128], tmp[160];
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    strcpy(place->dir, "/tmp/kirikae-file-XXXXXX");
    assert_non_null(mkdtemp(place->dir));
    snprintf(place->path, sizeof place->path, "%s/identity", place->dir);
    snprintf(place->tmp, sizeof place->tmp, "%s.tmp", place->path);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;

    unlink(place->path);
    unlink(place->tmp);
    assert_int_equal(rmdir(place->dir), 0);
    free(place);
    return 0;
}

static void write_then_read(void **state)
{
    struct place *place = *state;
    struct buf got = {0};
    struct stat st;
    struct err err;

    assert_int_equal(file_read(place->path, 100, &got, &err), 1);
    assert_int_equal(file_write(place->path, "old", 3, 0600, &err), 0);
    assert_int_equal(file_write(place->path, "newer", 5, 0640, &err), 0);
    assert_int_equal(file_read(place->path, 5, &got, &err), 0);
    assert_string_equal(buf_cstr(&got), "newer");
    assert_int_equal(stat(place->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(access(place->tmp, F_OK), -1);
    buf_free(&got);
}

static void what_others_may_write_is_not_trusted(void **state)
{
    struct place *place = *state;
    struct buf got = {0};
    struct err err;

    assert_int_equal(file_load_trusted(place->path, 100, &got, &err), ERR_IO);
    assert_int_equal(file_load(place->path, 100, &got, &err), ERR_IO);
    assert_non_null(strstr(err.text, "no such file"));
    assert_int_equal(file_write(place->path, "text", 4, 0644, &err), 0);
    assert_int_equal(file_load_trusted(place->path, 3, &got, &err), ERR_LIMIT);
    assert_int_equal(file_load_trusted(place->path, 4, &got, &err), 0);
    assert_string_equal(buf_cstr(&got), "text");
    assert_int_equal(chmod(place->path, 0664), 0);
    assert_int_equal(file_load_trusted(place->path, 100, &got, &err), ERR_DENIED);
    assert_non_null(strstr(err.text, "others than root may write it"));
    assert_int_equal(chmod(place->path, 0646), 0);
    assert_int_equal(file_load_trusted(place->path, 100, &got, &err), ERR_DENIED);
    buf_free(&got);
}

static void a_crash_left_over_is_no_obstacle(void **state)
{
    struct place *place = *state;
    struct buf got = {0};
    struct err err;
    FILE *left = fopen(place->tmp, "w");

    fputs("half of a longer fi", left);
    fclose(left);
    assert_int_equal(file_write(place->path, "whole", 5, 0600, &err), 0);
    assert_int_equal(file_read(place->path, 100, &got, &err), 0);
    assert_string_equal(buf_cstr(&got), "whole");
    buf_free(&got);
}

static void too_long_is_refused_and_named(void **state)
{
    struct place *place = *state;
    struct buf got = {0};
    struct err err;

    buf_str(&got, "kept");
    assert_int_equal(file_write(place->path, "123456", 6, 0600, &err), 0);
    assert_int_equal(file_read(place->path, 5, &got, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "identity"));
    assert_string_equal(buf_cstr(&got), "kept");
    buf_free(&got);
}

static void an_impossible_place_is_an_error(void **state)
{
    struct err err;

    assert_int_equal(file_write("/proc/no/such", "x", 1, 0600, &err), ERR_IO);
    assert_int_equal(file_write("/dev/null/x", "x", 1, 0600, &err), ERR_IO);
    assert_non_null(strstr(err.text, "/dev/null/x"));
}

static void what_is_published_can_be_read_by_all(void **state)
{
    struct place *place = *state;
    char dir[96], path[112];
    struct buf got = {0};
    mode_t mask = umask(0077);
    struct stat st;
    struct err err;

    snprintf(dir, sizeof dir, "%s/pages", place->dir);
    assert_int_equal(file_publish(dir, "en/a", "old", 3, &err), 0);
    assert_int_equal(file_publish(dir, "en/a", "newer", 5, &err), 0);
    assert_int_equal(file_publish(dir, "b", "b", 1, &err), 0);
    umask(mask);
    snprintf(path, sizeof path, "%s/en/a", dir);
    assert_int_equal(file_read(path, 5, &got, &err), 0);
    assert_string_equal(buf_cstr(&got), "newer");
    buf_free(&got);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(file_publish(path, "b", "b", 1, &err), ERR_IO); /* a file is no directory */
    unlink(path);
    snprintf(path, sizeof path, "%s/en", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0755);
    rmdir(path);
    snprintf(path, sizeof path, "%s/b", dir);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(write_then_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_others_may_write_is_not_trusted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_crash_left_over_is_no_obstacle, setup, teardown),
        cmocka_unit_test_setup_teardown(too_long_is_refused_and_named, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_published_can_be_read_by_all, setup, teardown),
        cmocka_unit_test(an_impossible_place_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
