/* What all programs with a configuration file understand. */
#include "base/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* `line`: words with one space between. */
static int read_line(struct args *args, const char *also, const char *line)
{
    static char text[256];
    char *argv[8] = {"program"};
    char *rest = text, *word;
    int argc = 1;

    *args = (struct args){.program = "program", .usage = "usage\n", .also = also};
    memcpy(text, line, strlen(line) + 1);
    while ((word = strsep(&rest, " ")) != NULL)
        if (*word != '\0')
            argv[argc++] = word;
    return args_read(args, argc, argv);
}

static void what_is_asked_is_read(void **state)
{
    struct args args;

    (void)state;
    assert_int_equal(read_line(&args, NULL, "--config a.yaml"), -1);
    assert_string_equal(args.config, "a.yaml");
    assert_false(args.check || args.also_given);
    assert_int_equal(read_line(&args, "init", "--check --config=b.yaml"), -1);
    assert_string_equal(args.config, "b.yaml");
    assert_true(args.check && !args.also_given);
    assert_int_equal(read_line(&args, "init", "--config a.yaml --init"), -1);
    assert_true(args.also_given && !args.check);
    assert_int_equal(read_line(&args, NULL, "--version"), 0);
    assert_int_equal(read_line(&args, NULL, "--config a.yaml --help"), 0);
}

static void wrong_use_is_2(void **state)
{
    static const char *const lines[] = {
        "",         "--check", "--config", "--config a.yaml more", "--config a.yaml --init",
        "--colour", "a.yaml"};
    struct args args;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (read_line(&args, NULL, lines[i]) != 2)
            fail_msg("%s", lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_is_read),
        cmocka_unit_test(wrong_use_is_2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
