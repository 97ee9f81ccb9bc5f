/* Operators' own texts: what they may contain, and what comes out. */
#include "core/notice/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void test_refused(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"a\n{{cluste}}", "template t, line 11: no name \"cluste\": want one of subject, text"},
        {"{{#events}}{{functoin}}{{/events}}", "line 10: no name \"functoin\""},
        {"{{function}}", "line 10: \"function\" is of one event: want it inside {{#events}}"},
        {"{{#open}}\n", "line 10: {{#open}} without {{/open}}"},
        {"x{{/open}}", "line 10: {{/open}} closes a section that is not open"},
        {"{{#open}}\n{{#test}}\n{{/open}}", "line 12: {{/open}} where {{/test}}, for line 11, was"},
        {"a\nb {{ open", "line 11: \"{{\" without \"}}\""},
        {"{{{text}}}", "no name \"{text\""},
        {"{{&text}}", "no name \"&text\""},
        {"{{> other}}", "no name \"> other\""},
        {"{{}}", "no name \"\""},
        {"{{events}}", "\"events\" is no value"},
        {"{{#events}}{{#events}}{{/events}}{{/events}}", "\"events\" inside of \"events\""},
        {"{{#a\xe2\x80\xae}}", "no name \"a???\""},
        {"{{#open}}{{#open}}{{#open}}{{#open}}{{#open}}{{#open}}{{#open}}{{#open}}{{#open}}",
         "more than 8 sections"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {""};

        assert_int_equal(template_check("t", cases[i].text, 10, &err), ERR_INVALID);
        if (strstr(err.text, cases[i].error) == NULL)
            fail_msg("%s: %s", cases[i].text, err.text);
    }
}

static const struct template_event events[] = {
    {.values = {[TEMPLATE_EVENT] = "outage", [TEMPLATE_FUNCTION] = "発信"}},
    {.values = {[TEMPLATE_EVENT] = "node-lost", [TEMPLATE_SERVER] = "voice-1\x1b[2J"}},
};

static const struct template_values values = {
    .values = {[TEMPLATE_CLUSTER] = "acme", [TEMPLATE_OPEN] = "1", [TEMPLATE_TEXT] = "a \"b\"\nc"},
    .events = events,
    .n_events = 2,
};

static void expect(const char *text, enum template_escape escape, size_t max, const char *expected,
                   int rv)
{
    struct buf out = {0};
    struct err err = {""};

    buf_str(&out, ">");
    if (template_check("t", text, 1, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(template_render(text, &values, escape, max, &out), rv);
    assert_string_equal(buf_cstr(&out) + 1, expected);
    buf_free(&out);
}

static void test_rendered(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {"as it is\n", "as it is\n"},
        {"{{cluster}} {{ cluster }} {{rule}}.", "acme acme ."},
        {"{{#open}}{{open}} open{{/open}}{{^open}}none{{/open}}", "1 open"},
        {"{{#rule}}x{{/rule}}{{^rule}}no rule{{/rule}}", "no rule"},
        {"a\n  {{#events}}  \n- {{event}} {{function}}{{server}}\n{{/events}}\nb",
         "a\n- outage 発信\n- node-lost voice-1?[2J\nb"},
        {"{{#events}}{{#function}}{{function}},{{/function}}{{^function}}?,{{/function}}{{/"
         "events}}",
         "発信,?,"},
        {"{{#events}}{{cluster}}{{/events}}", "acmeacme"},
        {"{{^events}}none{{/events}}", ""},
        {"a {{! two\nlines }}b\n{{! alone }}\nc", "a b\nc"},
        {"{{text}}", "a \"b\"\nc"},
        {"{ {cluster} }}", "{ {cluster} }}"},
        {"{{#open}}\r\nx\r\n{{/open}}\r\n", "x\r\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(cases[i].text, TEMPLATE_PLAIN, 1000, cases[i].expected, 0);
    expect("{\"t\": \"{{text}}\"}", TEMPLATE_JSON, 1000, "{\"t\": \"a \\\"b\\\"\\nc\"}", 0);
}

/* Whole characters, and no half escape. */
static void test_cut(void **state)
{
    expect("ああああ", TEMPLATE_PLAIN, 7, "ああ", 1);
    expect("{{#events}}{{function}}{{/events}}{{cluster}}", TEMPLATE_PLAIN, 5, "発", 1);
    expect("{{text}}", TEMPLATE_JSON, 4, "", 1);
    expect("{{cluster}}", TEMPLATE_PLAIN, 4, "acme", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_rendered),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
