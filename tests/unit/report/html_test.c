#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/html.h"

#include <string.h>

static void expect_text(const char *text, const char *written)
{
    struct buf out = {0};
    struct html h = {.out = &out};

    html_leaf(&h, "b", NULL, text);
    buf_consume(&out, 3);
    out.len -= 4;
    assert_string_equal(buf_cstr(&out), written);
    buf_free(&out);
}

static void texts_are_escaped(void **state)
{
    expect_text("plain 発信 \xf0\x9f\x98\x80", "plain 発信 \xf0\x9f\x98\x80");
    expect_text(NULL, "");
    expect_text("<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
    expect_text("a & \"b\"", "a &amp; &quot;b&quot;");
    expect_text("&amp;", "&amp;amp;");
    expect_text("a\nb\tc", "a\nb\tc");
}

static void what_is_no_character_is_replaced(void **state)
{
    expect_text("a\x01"
                "b\x1b\x7f\r",
                "a\xef\xbf\xbd"
                "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    expect_text("\xc2\x85", "\xef\xbf\xbd\xef\xbf\xbd");                 /* a control of Latin 1 */
    expect_text("\xc0\xbc", "\xef\xbf\xbd\xef\xbf\xbd");                 /* "<", too long */
    expect_text("\xe0\x80\xbc", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* likewise */
    expect_text("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* half a pair */
    expect_text("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    expect_text("\xe7\x99<", "\xef\xbf\xbd\xef\xbf\xbd&lt;");            /* cut off */
    expect_text("\xe2\x80\xae", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* right to left */
}

static void elements_and_attributes(void **state)
{
    struct buf out = {0};
    struct html h;

    html_begin(&h, &out, "ja");
    html_open_class(&h, "p", "a\"><b");
    html_attrf(&h, "title", "%s %d", "<x>", 5);
    html_textf(&h, "%s%%", "<1");
    html_void(&h, "path");
    html_attr(&h, "d", "M0 0");
    html_void_end(&h);
    html_close(&h);
    html_style(&h, "p > b {}\n");
    html_end(&h);
    assert_string_equal(buf_cstr(&out),
                        "<!DOCTYPE html>\n<html lang=\"ja\">"
                        "<p class=\"a&quot;&gt;&lt;b\" title=\"&lt;x&gt; 5\">&lt;1%"
                        "<path d=\"M0 0\"/></p>\n<style>\np > b {}\n</style>\n</html>\n");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(what_is_no_character_is_replaced),
        cmocka_unit_test(elements_and_attributes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
