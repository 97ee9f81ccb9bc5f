#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/csv.h"

static void expect_cell(const char *text, const char *cell)
{
    struct buf out = {0};

    csv_text(&out, text);
    assert_string_equal(buf_cstr(&out), cell);
    buf_free(&out);
}

static void cells_cannot_become_formulas(void **state)
{
    expect_cell("plain", "\"plain\"");
    expect_cell("発信", "\"発信\"");
    expect_cell("", "\"\"");
    expect_cell(NULL, "\"\"");
    expect_cell("=1+1", "\"'=1+1\"");
    expect_cell("+81", "\"'+81\"");
    expect_cell("-1", "\"'-1\"");
    expect_cell("@SUM(A1)", "\"'@SUM(A1)\"");
    expect_cell("\t=1", "\"'\t=1\"");
    expect_cell("\r=1", "\"'\r=1\"");
    expect_cell("\n=1", "\"'\n=1\"");
    expect_cell("＝1", "\"'＝1\"");
    expect_cell("＋81", "\"'＋81\"");
    expect_cell("－1", "\"'－1\"");
    expect_cell("＠SUM", "\"'＠SUM\"");
    expect_cell("！", "\"！\"");
    expect_cell("\xef\xbc", "\"\xef\xbc\"");
    expect_cell("1=1", "\"1=1\"");
    expect_cell("say \"hi\"", "\"say \"\"hi\"\"\"");
    expect_cell("\"", "\"\"\"\"");
    expect_cell("a,b\r\nc", "\"a,b\r\nc\"");
}

static void rows(void **state)
{
    struct buf out = {0};

    csv_begin(&out);
    csv_text(&out, "a");
    csv_int(&out, -5);
    csv_end(&out);
    csv_text(&out, NULL);
    csv_bytes(&out, "bcd", 1);
    csv_end(&out);
    assert_string_equal(buf_cstr(&out), "\xef\xbb\xbf\"a\",\"'-5\"\r\n\"\",\"b\"\r\n");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_cannot_become_formulas),
        cmocka_unit_test(rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
