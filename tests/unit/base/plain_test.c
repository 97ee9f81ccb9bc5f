/* What may stand in a name or a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/plain.h"

static void people_write_what_they_like(void **state)
{
    static const char *const texts[] = {"",
                                        "suzuki",
                                        "計画切替",
                                        "a\xc2\xa0"
                                        "b",
                                        "\xf0\x9f\x94\xa7",
                                        "R\xc3\xa9mi"};
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(texts); i++)
        assert_true(plain_text(texts[i]));
}

static void terminals_are_not_commanded(void **state)
{
    static const struct {
        const char *text, *clean;
    } rows[] = {
        {"a\x1b[2Jb", "a?[2Jb"},
        {"a\nb", "a?b"},
        {"a\x7f", "a?"},
        {"a\xc2\x9b[2J", "a??[2J"},      /* CSI as one character */
        {"x\xe2\x80\xaeoga", "x???oga"}, /* right to left from here */
        {"x\xe2\x81\xa6y", "x???y"},
        {"x\xd8\x9cy", "x??y"},
        {"a\xe2\x80\xa8"
         "b",
         "a???b"},               /* a separator of lines */
        {"a\xff", "a?"},         /* no UTF-8 … */
        {"\xc0\x9b", "??"},      /* … a longer form than needed … */
        {"\xed\xa0\x80", "???"}, /* … half a pair … */
        {"a\xe2\x80", "a??"},    /* … cut short */
    };
    char text[32];
    size_t i;

    (void)state;
    for (i = 0; i < ARRAY_LEN(rows); i++) {
        assert_false(plain_text(rows[i].text));
        strcpy(text, rows[i].text);
        assert_true(plain_lines(text) == (strchr(text, '\n') != NULL));
        plain_clean(text);
        assert_string_equal(text, rows[i].clean);
        assert_true(plain_text(text));
    }
}

static void what_nobody_sees_is_no_reason(void **state)
{
    (void)state;
    assert_true(plain_blank(""));
    assert_true(plain_blank("  "));
    assert_true(plain_blank("\xe3\x80\x80\xc2\xa0")); /* full width, unbreakable */
    assert_true(plain_blank("\xe2\x80\x8b\xef\xbb\xbf"));
    assert_true(plain_blank(" \n\n"));
    assert_false(plain_blank(" . "));
    assert_false(plain_blank("\n.\n"));
    assert_false(plain_blank("\xe3\x80\x80\xe8\xa8\x88"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_write_what_they_like),
        cmocka_unit_test(terminals_are_not_commanded),
        cmocka_unit_test(what_nobody_sees_is_no_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
