/* The bytes of notices: mails that any reader decodes, marks of chats made harmless, signatures. */
#include "act/notify_text.h"
#include "base/mem.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t unbase64(const char *text, size_t len, struct buf *out)
{
    unsigned char *bytes = malloc(len + 4);
    int n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len);

    assert_true(n >= 0 && len % 4 == 0);
    for (size_t i = len; i > 0 && text[i - 1] == '='; i--)
        n--;
    buf_append(out, bytes, (size_t)n);
    free(bytes);
    return (size_t)n;
}

/* RFC 2047 as a reader does it: words of 75 characters at most, lines of 76, the white space
 * between words is none. Each word is whole UTF-8. */
static void decode_header(const char *header, struct buf *out)
{
    const char *at = strchr(header, ':') + 2, *end = header, *word;

    while ((end = strstr(end, "\r\n")) != NULL && end[2] != '\0')
        assert_int_equal(*(end += 2), ' ');
    for (const char *line = header; *line != '\0'; line = strstr(line, "\r\n") + 2)
        assert_true(strcspn(line, "\r\n") <= 76 || strstr(header, "=?") == NULL);
    if (strncmp(at, "=?", 2) != 0) {
        buf_append(out, at, strcspn(at, "\r\n"));
        return;
    }
    for (word = at; (word = strstr(word, "=?UTF-8?B?")) != NULL; word = end) {
        size_t before = out->len;

        end = strstr(word, "?=");
        assert_non_null(end);
        assert_true(end + 2 - word <= 75);
        unbase64(word + 10, (size_t)(end - word - 10), out);
        assert_true(out->len > before && (out->data[before] & 0xc0) != 0x80);
    }
}

static void test_subjects(void **state)
{
    static const char *const subjects[] = {
        "plain",
        "",
        "障害",
        "【緊急】発信・着信ほか3機能 障害発生（復旧済み） [call-centre]",
        "a=?UTF-8?B?x?=",
        "ｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱaｱa",
        "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
    };
    struct buf longest = {0};

    for (int i = 0; i < 80; i++)
        buf_str(&longest, "障");
    for (size_t i = 0; i <= sizeof subjects / sizeof subjects[0]; i++) {
        const char *subject =
            i < sizeof subjects / sizeof subjects[0] ? subjects[i] : buf_cstr(&longest);
        struct buf header = {0}, decoded = {0};

        notify_mail_header("Subject", subject, &header);
        decode_header(buf_cstr(&header), &decoded);
        assert_string_equal(buf_cstr(&decoded), subject);
        for (size_t j = 0; j < header.len; j++)
            assert_true(header.data[j] < 0x80);
        buf_free(&header);
        buf_free(&decoded);
    }
    buf_free(&longest);
}

static void test_body(void **state)
{
    struct channel channel = {.from = "kirikae@example.org"};
    struct notify_message message = {.channel = &channel,
                                     .to = "ops@example.com",
                                     .key = "k",
                                     .thread = "",
                                     .subject = "s",
                                     .body = "発信\n.\n.quit\n日本語の長い行が続いても、"
                                             "途中の機械が折り返したり、書き換えたりしない。\n"};
    struct buf mail = {0}, decoded = {0}, joined = {0};
    char *at, *rest = NULL;

    notify_mail_text(&message, &mail);
    at = strstr((char *)buf_cstr(&mail), "\r\n\r\n");
    assert_non_null(at);
    for (char *line = strtok_r(at, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest)) {
        assert_true(strlen(line) <= 76);
        assert_true(line[0] != '.');
        buf_str(&joined, line);
    }
    unbase64(buf_cstr(&joined), joined.len, &decoded);
    assert_string_equal(buf_cstr(&decoded), "発信\r\n.\r\n.quit\r\n日本語の長い行が続いても、"
                                            "途中の機械が折り返したり、書き換えたりしない。\r\n");
    buf_free(&mail);
    buf_free(&decoded);
    buf_free(&joined);
}

static void cut_to(const char *text, size_t max, notify_escape *escape, const char *expected)
{
    struct buf out = {0};

    notify_cut(text, max, escape, &out);
    assert_string_equal(buf_cstr(&out), expected);
    buf_free(&out);
}

static void test_cut(void **state)
{
    cut_to("", 3, NULL, "");
    cut_to("abc", 3, NULL, "abc");
    cut_to("abcd", 3, NULL, "ab…");
    cut_to("あいう", 3, NULL, "あいう");
    cut_to("あいうえ", 3, NULL, "あい…");
    cut_to("😀😀", 4, NULL, "😀😀");
    cut_to("😀😀", 3, NULL, "😀…");
    cut_to("a😀😀", 3, NULL, "a…");
    /* What is cut is the text, not what it is escaped to. */
    cut_to("<<<<", 4, notify_slack_text, "&lt;&lt;&lt;&lt;");
    cut_to("<<<<", 3, notify_slack_text, "&lt;&lt;…");
    cut_to("[To:1] [/info]", 20, notify_chatwork_text, "［To:1］ ［/info］");
}

static void test_form(void **state)
{
    struct buf out = {0};

    notify_form("a-b_c.d~e f&g=h+i%\n発", &out);
    assert_string_equal(buf_cstr(&out), "a-b_c.d~e%20f%26g%3Dh%2Bi%25%0A%E7%99%BA");
    buf_free(&out);
}

static void test_uuid(void **state)
{
    char a[NOTIFY_UUID_MAX], b[NOTIFY_UUID_MAX];

    notify_uuid("acme.7.ops", a);
    notify_uuid("acme.7.ops", b);
    assert_string_equal(a, b);
    assert_int_equal(strlen(a), 36);
    assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
    assert_true(a[14] == '5' && strchr("89ab", a[19]) != NULL);
    notify_uuid("acme.8.ops", b);
    assert_string_not_equal(a, b);
}

/* The key and the words of RFC 4231's second case, after a time; it is openssl's own word that
 * they come to:
 * printf '1790000000.what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe */
static void test_signature(void **state)
{
    char signature[NOTIFY_SIGNATURE_MAX];

    notify_signature("Jefe", 1790000000, "what do ya want for nothing?", signature);
    assert_string_equal(signature,
                        "v1=79368d676f0012602ea15029a7cad98cbcca320c179f8dfbfb27122c189b86d4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subjects), cmocka_unit_test(test_body),
        cmocka_unit_test(test_cut),      cmocka_unit_test(test_form),
        cmocka_unit_test(test_uuid),     cmocka_unit_test(test_signature),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
